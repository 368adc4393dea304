/*
 * sender.h - what people, domains and the server say of those who send them
 * mail: allow and deny lists, the scores that count, greylisting
 * (posthaste.db).
 */
#ifndef STORE_SENDER_H
#define STORE_SENDER_H

#include "mailcore/store/store.h"

/* Whose lists and levels: a mailbox's (account), else a domain's, else the
 * server's (both 0). */
struct sender_owner {
	int64_t account;
	int64_t domain;
};

struct sender_rule {
	view pattern;
	bool allow;
};

/* A pattern as it is kept: "a@example.org", "@example.org" (also from
 * "*@example.org"), ".example.org" (from "*.example.org", "*@*.example.org"),
 * in lower case and A-labels.  MALFORMED: none of these. */
CHECKED result sender_pattern(view text, struct arena *, view *out);

/* EXISTS: it stands in the other list.  OVER_LIMIT: LIMIT_SENDER_RULES. */
CHECKED result sender_rule_set(struct store *, struct sender_owner,
    view pattern, bool allow);
CHECKED result sender_rule_remove(struct store *, struct sender_owner,
    view pattern);

/* By pattern; views live in `arena`. */
CHECKED result sender_rule_list(struct store *, struct arena *,
    struct sender_owner, struct sender_rule **out, size_t *count);

enum sender_said { SENDER_UNKNOWN, SENDER_ALLOWED, SENDER_DENIED };
enum sender_level { SENDER_BY_SERVER, SENDER_BY_DOMAIN, SENDER_BY_MAILBOX };

struct sender_verdict {
	enum sender_said said;
	enum sender_level level;
	view pattern;
};

/* What holds for mail from `address` to a mailbox.  The server's lists come
 * first, then the domain's, then the mailbox's; in each the most exact
 * pattern.  Who is not `proven` is never allowed. */
CHECKED result sender_ask(struct store *, struct arena *, int64_t account,
    view address, bool proven, struct sender_verdict *out);

/* Tenths of a point; greylisting is 0 or 1. */
#define SENDER_UNSET INT64_MIN

struct sender_levels {
	int64_t mark;
	int64_t reject;
	int64_t greylist;
};

/* What is not SENDER_UNSET is set; `clear`: what is, is as above again. */
CHECKED result sender_levels_set(struct store *, struct sender_owner,
    const struct sender_levels *, bool clear);

/* As set at this very owner. */
CHECKED result sender_levels_get(struct store *, struct sender_owner,
    struct sender_levels *out);

/* What holds for a mailbox: its own, its domain's, the server's, and else
 * 8 points to mark, 15 to refuse, no greylisting. */
CHECKED result sender_levels_of(struct store *, int64_t account,
    struct sender_levels *out);

/* Greylisting.  OK: let it in.  BUSY: not yet; `*wait` in seconds. */
struct greylist_key {
	view network; /* "192.0.2.0/24" */
	view sender;
	view recipient;
};
CHECKED result greylist_ask(struct store *, const struct greylist_key *,
    int64_t now, int64_t delay, int64_t *wait);

/* All that waits for `recipient` (empty: for anybody) may come in now. */
CHECKED result greylist_release(struct store *, view recipient, int64_t now,
    int64_t *count);

/* What waits, the newest first, at most `room`. */
struct greylist_row {
	view network, sender, recipient;
	int64_t first;
};
CHECKED result greylist_list(struct store *, struct arena *,
    struct greylist_row *out, size_t room, size_t *count);

#endif
