/*
 * annotation.h - what mail programs keep with mailboxes (RFC 5464): values by
 * name, some for all who use the mailbox, some for one person alone.
 *
 * They are removed with their mailbox.  An account keeps LIMIT_ANNOTATIONS of
 * them and LIMIT_ANNOTATION_BYTES in all.
 */
#ifndef STORE_ANNOTATION_H
#define STORE_ANNOTATION_H

#include "mailcore/store/collection.h"

/* Whose: what the administrator keeps with an account. */
enum { ANNOTATION_OF_HOUSE = -1 };
#define ANNOTATION_IMAP_WITHOUT "/imap-without"

struct annotation {
	view name; /* "/comment" */
	view value;
};

/* By name; `collection` 0: of the account itself; `whose` 0: shared. */
CHECKED result annotation_list(struct account *, struct arena *,
    int64_t collection, int64_t whose, struct annotation **out,
    size_t *count);

/* All that are shared or one's own, by collection, the shared ones of each
 * first, and by name.  `n` lives until the visit returns. */
typedef void annotation_visit(void *context, int64_t collection, bool shared,
    const struct annotation *n);
CHECKED result annotation_each(struct account *, int64_t whose,
    annotation_visit *, void *context);

/* NOT_FOUND: there is none. */
CHECKED result annotation_get(struct account *, struct arena *,
    int64_t collection, int64_t whose, view name, view *value);

/* Inside account_write.  OVER_LIMIT: too many, or too much.  Removing what is
 * not there is no failure. */
CHECKED result annotation_set(struct account *, int64_t collection,
    int64_t whose, const struct annotation *);
CHECKED result annotation_remove(struct account *, int64_t collection,
    int64_t whose, view name);

/* All of a mailbox that goes; for collection.c. */
CHECKED result annotation_forget(struct account *, int64_t collection);

#endif
