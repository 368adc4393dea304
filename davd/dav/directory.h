/*
 * directory.h - the people of a domain as one more address book, which nobody
 * writes: ".../Contacts/public/", as with SOGo.  A setting switches it on.
 */
#ifndef DAV_DIRECTORY_H
#define DAV_DIRECTORY_H

#include "davd/dav/prop.h"

/* Is the request to the directory or to somebody in it?  An own book of that
 * name stands before it. */
bool directory_is_meant(struct dav *);

void directory_handle(struct dav *);

/* What a home lists of it; false: not to this client, or there is none. */
bool directory_is_listed(const struct dav *);
struct collection directory_collection(void);

/* Its collection has no number. */
static inline bool
directory_is(const struct resource *r)
{
	return r->collection != NULL && r->collection->id == 0;
}

#endif
