/*
 * push.h - WebDAV-Push (draft-bitfire-webdav-push): a client has itself told
 * of changes by its push service.  What it is told is davd/push.h's.
 *
 * A registration's URL is /SOGo/dav/push/<account>-<token>; the account is
 * the owner's of the collection.  Nobody but who registered may end it.
 */
#ifndef DAV_PUSH_H
#define DAV_PUSH_H

#include "davd/dav/prop.h"

/* Is this POST a registration?  Then push_post answers it. */
bool push_is_meant(struct dav *);
void push_post(struct dav *);

/* Is the URL that of a registration? */
bool push_is_registration(const struct dav *);
void push_registration(struct dav *);

/* Push-Dont-Notify: the registrations that it names are not told of what this
 * request changes.  Between the two the owner's account is open. */
void push_hush(struct dav *);
void push_hush_end(struct dav *);

#endif
