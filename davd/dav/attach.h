/*
 * attach.h - managed attachments (RFC 8607): files that belong to an event.
 *
 * They lie in the account of the calendar (store/attachment.h), count into
 * its quota, and go when the last copy of the event that names them goes.
 */
#ifndef DAV_ATTACH_H
#define DAV_ATTACH_H

#include "davd/dav/inside.h"

/* POST ?action=attachment-... */
bool attach_is_meant(const struct dav *);
void attach_post(struct dav *);

/* /SOGo/dav/<address>/Attachments/<id>/<name>: to read, for who may read the
 * event, and for those who attend it.  Before somebody has logged in: marks
 * the path as one of a calendar's. */
bool attach_is_file(struct dav *);
void attach_get(struct dav *);

/* Inside account_write: the object `uid` of `c` changes so; empty: it is not
 * there (any more).  DENIED: a MANAGED-ID that is not its own
 * (CALDAV:valid-managed-id). */
CHECKED result attach_changed(struct dav *, const struct collection *c,
    view uid, view old, view new);

#endif
