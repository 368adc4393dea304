/*
 * bulk.h - many objects in one request (calendarserver-bulk-change.txt of
 * Apple's server): a calendar or a file of cards to be cut up ("simple"), or
 * a list of what to create, update and delete ("crud").
 *
 * Each object is put or deleted as if it had come by itself, with all
 * conditions and its own result; at most LIMIT_BULK of them.
 */
#ifndef DAV_BULK_H
#define DAV_BULK_H

#include "davd/dav/acl.h"

/* Is this POST a simple one? */
bool bulk_is_meant(const struct dav *);
void bulk_simple(struct dav *);

/* MM:multiput, as a command of subscribe.c's table. */
void bulk_crud(
    struct dav *, const struct xml_element *, const struct collection *);

/* A name for a new object that nobody has given one; empty: no random bytes. */
view bulk_name(struct arena *, enum dav_what);

#endif
