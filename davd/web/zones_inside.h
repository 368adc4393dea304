/*
 * zones_inside.h - what the files of zones.h share.
 */
#ifndef WEB_ZONES_INSIDE_H
#define WEB_ZONES_INSIDE_H

#include "davd/web/zones.h"
#include "mailcore/base/date.h"
#include "mailcore/format/ical_zone_list.h"

#include <pthread.h>

struct zone_entry {
	view tzid;
	view text; /* a VCALENDAR */
	view etag;
	view aliases; /* as they stand in a row, or empty */
};

/* Never changed again, once it is ready. */
struct zones {
	pthread_mutex_t lock;
	bool tried, ready;
	struct arena *arena; /* of all below */
	view version, modified, token;
	struct zone_entry *entries; /* by tzid */
	size_t count;
	struct ical_zone_name *links; /* other names, in order */
	size_t link_count;
	struct buf list; /* the answer that lists all */
	view list_etag;
	struct ical_leap *leaps; /* of seconds */
	size_t leap_count;
	int64_t leaps_until;
};

/* Read by the first who asks. */
bool zones_ready(struct zones *);

/* NULL: not among those that are listed. */
const struct zone_entry *zones_find(const struct zones *, view tzid);

/* Of another name the zone's own; empty: it is none. */
view zones_link(const struct zones *, view tzid);

view zones_etag(view bytes, struct arena *);

/* A JSON string. */
void zones_string(struct buf *, view text);

/* A list up to its first row, and one row. */
void zones_begin(const struct zones *, struct buf *);
void zones_row(const struct zones *, const struct zone_entry *, struct buf *);

#endif
