/*
 * proxy.h - calendar-proxy-read and -write of a principal (caldav-proxy.txt
 * of Apple's server): whom somebody lets see, or keep, all of his calendars;
 * and lists of principals, as properties and reports name them.
 */
#ifndef DAV_PROXY_H
#define DAV_PROXY_H

#include "davd/dav/acl.h"
#include "davd/dav/change.h"

struct persons {
	struct dav_person *list;
	size_t count, room;
};

/* Once each. */
CHECKED result persons_add(
    struct persons *, struct arena *, const struct dav_person *);

/* Members of one of the principal's two groups. */
CHECKED result proxy_members(struct dav *, struct arena *, enum dav_what proxy,
    struct persons *out);

/* Whose calendars who asks may keep, or only see: by calendar-proxy, or by a
 * calendar that he has subscribed to. */
CHECKED result proxy_owners(struct dav *, struct arena *, enum dav_what proxy,
    struct persons *out);

/* PROPPATCH of DAV:group-member-set. */
CHECKED result proxy_set(struct dav *, const struct changes *);

/* Tell of another's principal in place of the request's. */
struct proxy_stand_in {
	struct dav_person tree, owner;
	struct right_set rights;
};
void proxy_stand_in(struct dav *, const struct dav_person *,
    struct proxy_stand_in *back);
void proxy_stand_back(struct dav *, const struct proxy_stand_in *back);

#endif
