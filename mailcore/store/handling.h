/*
 * handling.h - what a person wants done with mail that comes (account.db):
 * Sieve scripts, forwarding, automatic replies, and what is remembered for
 * them.
 */
#ifndef STORE_HANDLING_H
#define STORE_HANDLING_H

#include "mailcore/store/store.h"

struct handling {
	view script_name; /* of the active script; empty: none */
	view script;
	view forward;      /* addresses, one a line; empty: none */
	bool forward_keep; /* the mailbox gets it too */
	bool vacation;
	view vacation_subject, vacation_text;
	int64_t vacation_from, vacation_until; /* seconds; 0: no bound */
	int64_t vacation_every;                /* seconds */
};

/* All of it; zeroes where nothing was set.  Views live in `arena`. */
CHECKED result handling_get(struct account *, struct arena *,
    struct handling *out);

/* Inside account_write. */
CHECKED result handling_set_forward(struct account *, view addresses,
    bool keep);
CHECKED result handling_set_vacation(struct account *,
    const struct handling *);

struct script {
	view name;
	bool active;
	uint64_t size;
};

/* By name; views live in `arena`. */
CHECKED result script_list(struct account *, struct arena *,
    struct script **out, size_t *count);
CHECKED result script_get(struct account *, struct arena *, view name,
    view *text);

/* Inside account_write.  Replaces one of the same name.  OVER_LIMIT: too
 * large, too many, or too long a name. */
CHECKED result script_put(struct account *, view name, view text);
/* `name` empty: none is active.  NOT_FOUND. */
CHECKED result script_activate(struct account *, view name);
/* DENIED: it is active (RFC 5804 2.10).  NOT_FOUND. */
CHECKED result script_remove(struct account *, view name);
/* EXISTS: the new name is taken.  NOT_FOUND. */
CHECKED result script_rename(struct account *, view from, view to);

/* Would script_put take it?  (RFC 5804 2.5) */
CHECKED result script_room(struct account *, view name, uint64_t size);

/* Is `what` remembered at `now`? */
CHECKED result remembered(struct account *, view what, int64_t now,
    bool *out);

/* Inside account_write: remember `what` until then.  `*fresh`: it was not
 * yet.  Forgets what is over; OVER_LIMIT: too much is remembered. */
CHECKED result remember(struct account *, view what, int64_t now,
    int64_t until, bool *fresh);

/* Steps that scripts took in the hour before `now`. */
CHECKED result script_cost(struct account *, int64_t now, int64_t *steps);
/* Inside account_write. */
CHECKED result script_charge(struct account *, int64_t now, int64_t steps);

#endif
