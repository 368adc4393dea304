/*
 * attach.h - managed attachments (RFC 8607): files that belong to an event.
 *
 * They lie in the account of the calendar (store/attachment.h), count into
 * its quota, and go when the last copy of the event that names them goes.
 */
#ifndef DAV_ATTACH_H
#define DAV_ATTACH_H

#include "davd/dav/inside.h"
#include "mailcore/format/ical_attach.h"

/* POST ?action=attachment-... */
bool attach_is_meant(const struct dav *);
void attach_post(struct dav *);

/* /SOGo/dav/<address>/Attachments/<id>/<name>: to read, for who may read the
 * event, and for those who attend it.  Before somebody has logged in: marks
 * the path as one of a calendar's. */
bool attach_is_file(struct dav *);
void attach_get(struct dav *);

/* May the one who asks read the attachment `id` of the event `uid`?
 * NOT_FOUND. */
CHECKED result attach_readable(struct dav *, view id, view uid);

/* Do events `uid` name it, but none that he may read? */
CHECKED result attach_is_hidden(
    struct dav *, view id, view uid, bool *out);

/* A new id, and the folder that it stands for; in the request's arena. */
void attach_place(struct dav *, struct ical_attachment *);

/* Inside account_write: what the object `uid` names of other events, and who
 * writes it may read, is copied; `text` then names the copies.  DENIED: of one
 * with its own UID, where he may not read it. */
CHECKED result attach_adopt(struct dav *, view uid, view old, view *text);

/* Inside account_write: the object `uid` of `c` changes so; empty: it is not
 * there (any more).  DENIED: a MANAGED-ID that is not its own
 * (CALDAV:valid-managed-id). */
CHECKED result attach_changed(struct dav *, const struct collection *c,
    view uid, view old, view new);

#endif
