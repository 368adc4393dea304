/*
 * lost.h - names that stay subscribed when their mailboxes are deleted: a
 * server does not take them off the list by itself (RFC 3501 6.3.6).
 *
 * They are subscriptions of one's own account, to a collection that is gone.
 */
#ifndef IMAP_LOST_H
#define IMAP_LOST_H

#include "mailcore/store/collection.h"

/* Inside account_write: `c` is subscribed, and removed now.  Beyond
 * LIMIT_IMAP_LOST the oldest is forgotten, and so is what is too long. */
CHECKED result lost_keep(struct account *, struct arena *,
    const struct collection *c);

/* Inside account_write.  `*was`: the name stood there, and does no more. */
CHECKED result lost_take(struct account *, struct arena *, view name,
    bool *was);

/* Views live in `arena`. */
CHECKED result lost_list(struct account *, struct arena *, view **out,
    size_t *count);

#endif
