/*
 * schedule.h - scheduling messages on their way between accounts.
 *
 * A change and the messages that it causes are one transaction of the
 * organizer's account.  Each recipient takes a message in together with its
 * number, so that taking it twice does nothing; in the house stands which
 * accounts may have some left, for who comes after a crash.
 */
#ifndef STORE_SCHEDULE_H
#define STORE_SCHEDULE_H

#include "mailcore/store/collection.h"

struct schedule_message {
	int64_t id;
	int method; /* enum itip_method */
	bool quiet;
	view sender;
	view recipients; /* one a line */
	view text;
};

/* Inside account_write. */
CHECKED result schedule_outbox_add(
    struct account *, const struct schedule_message *);
CHECKED result schedule_outbox_remove(struct account *, int64_t up_to);

/* The first one behind `after`.  NOT_FOUND. */
CHECKED result schedule_outbox_next(struct account *, struct arena *,
    int64_t after, struct schedule_message *out);

/* Inside account_write: EXISTS when this one, or a later one, of `sender`
 * was taken in before. */
CHECKED result schedule_take(struct account *, int64_t sender, int64_t id);

/* RFC 5545 3.2.3 CUTYPE, as far as it matters here. */
enum schedule_kind { SCHEDULE_PERSON, SCHEDULE_ROOM, SCHEDULE_RESOURCE };
CHECKED result schedule_kind(struct account *, enum schedule_kind *out);
CHECKED result schedule_set_kind(struct account *, enum schedule_kind);

/* The inbox (RFC 6638 2.2), made when it is not there; inside
 * account_write.  `keep` of its messages stay, with the one to come. */
CHECKED result schedule_inbox(struct account *, struct arena *, size_t keep,
    struct collection *out);

/* Accounts that may have messages left, by `mark`, a name of one change.
 * Durable with the next thing that is. */
CHECKED result schedule_due_add(struct store *, int64_t account,
    int64_t mark);
CHECKED result schedule_due_remove(struct store *, int64_t account,
    int64_t mark);

struct schedule_due {
	int64_t account, mark;
};
CHECKED result schedule_due_list(struct store *, struct arena *,
    struct schedule_due **out, size_t *count);

/* All addresses that lead to an account, the primary one first. */
CHECKED result schedule_addresses(struct store *, struct arena *,
    int64_t account, view **out, size_t *count);

#endif
