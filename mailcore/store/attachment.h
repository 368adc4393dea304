/*
 * attachment.h - files that belong to events (RFC 8607): in the account of the
 * calendar, in a collection that nothing lists (COLLECTION_ATTACHMENTS).
 *
 * An item's name is the MANAGED-ID, its key "<id> <UID of the event>", its
 * component the media type.  It goes with the last copy of the event that
 * names it, and lies in the history as long as that event's versions do.
 */
#ifndef STORE_ATTACHMENT_H
#define STORE_ATTACHMENT_H

#include "mailcore/store/item.h"

#define ATTACHMENTS "attachments" /* the collection's name */

/* NOT_FOUND. */
CHECKED result attachment_find(struct account *, struct arena *, view id,
    struct collection *, struct item *out);

/* The UID that it belongs to. */
view attachment_uid(const struct item *);

/* Inside account_write: another one for the event `uid`, under another id,
 * with the same body.  NO_SPACE: quota, LIMIT_ATTACHMENTS_KEPT. */
CHECKED result attachment_copy(struct account *, struct arena *,
    const struct collection *, const struct item *, view id, view uid);

/* Inside account_write: the event `uid` of this collection does not name it
 * any more.  Unless another copy of the event does, it goes. */
CHECKED result attachment_let_go(struct account *, struct arena *,
    int64_t collection, view uid, view id);

/* Inside account_write: the event `uid` of this collection was `now` (empty:
 * not there), and is `then` again.  What only `now` names goes; what `then`
 * names comes back, when it is still kept.  NO_SPACE: quota. */
CHECKED result attachment_undone(struct account *, struct arena *,
    int64_t collection, view uid, view now, view then);

/* The same for all events of a collection that is back. */
CHECKED result attachment_undone_all(struct account *, struct arena *,
    int64_t collection);

#endif
