/*
 * place.h - whose mailbox a name means, and what this session may do there.
 *
 * The mailboxes of others lie below "Other Users/" and the owner's address
 * (RFC 2342 5).  Rights are those of store/right.h and are asked for with
 * each command.  What somebody may not look up (RFC 4314 2.1, "l") answers
 * as if it were not there (RFC 4314 6), unless he has the very right that the
 * command needs.
 *
 * Flags belong to the mailbox, \Seen too: whoever has "s" sets it for all.
 */
#ifndef IMAP_PLACE_H
#define IMAP_PLACE_H

#include "mailcore/imap/session.h"
#include "mailcore/store/right.h"

#define PLACE_OTHERS COLLECTION_OTHERS

struct place {
	int64_t owner;
	view prefix; /* of names in that account; "" in one's own */
	view name;   /* in that account */
	struct right_set set;
	unsigned rights;         /* on `there` */
	struct collection there; /* of place_find; `name` as the client has it
	                          */
};

/* Whose is it?  NOT_FOUND: of nobody who shares anything. */
CHECKED result place_of(
    struct imap *, struct command *, view name, struct place *out);

/* The mailbox, in which the session has all the rights of `need`, or with
 * `any` one of them; its owner's account is c->account.  NOT_FOUND, DENIED. */
CHECKED result place_find(struct imap *, struct command *, view name,
    unsigned need, struct place *out);
CHECKED result place_find_any(struct imap *, struct command *, view name,
    unsigned any, struct place *out);

/* What a lack of rights is called, to somebody who has these. */
CHECKED result place_refuse(unsigned rights);

/* May a mailbox of that name be made in the account of `p`, or moved there?
 * RFC 4314 4: "k" on the nearest one above; `*above` is its id, or 0. */
CHECKED result place_check_make(struct command *, const struct place *p,
    view name, int64_t *above);

/* A mailbox was made below `above` (0: below none): what is granted there is
 * granted on it too (RFC 4314 4). */
CHECKED result place_inherit(struct imap *, struct command *, int64_t owner,
    int64_t above, int64_t made);

/* A mailbox was removed, and with it what was granted. */
CHECKED result place_forget(
    struct imap *, struct command *, int64_t owner, int64_t gone);

/* The rights on the selected mailbox, as they are now. */
CHECKED result place_of_box(struct imap *, struct command *);

/* The flags that may be set and cleared with these rights: RFC 4314 4. */
uint32_t place_flags(unsigned rights);

/* The mailboxes of others that may be looked up, with the names that the
 * session knows them by and its own subscriptions; in the arena. */
struct place_shared {
	struct collection c;
	int64_t owner;
	unsigned rights;
};
CHECKED result place_list(struct imap *, struct command *,
    struct place_shared **out, size_t *count);

/* Subscribe the person to another's mailbox, or end it. */
CHECKED result place_subscribe(
    struct imap *, struct command *, const struct place *, bool);

/* Letters, with the "c" and "d" that RFC 4314 2.1.1 wants. */
void place_add_letters(unsigned rights, struct buf *out);

#endif
