/*
 * ical_zone.h - time zones by reference (RFC 7809): the names of the IANA
 * database stand for themselves, with or without a VTIMEZONE.  Thread-safe.
 */
#ifndef FORMAT_ICAL_ZONE_H
#define FORMAT_ICAL_ZONE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* A name that everybody knows: "Europe/Berlin", not "/mozilla.org/...". */
bool ical_zone_is_known(view tzid);

/* The time zones of an object, in `arena`: those that its VTIMEZONEs define
 * and those that it speaks of. */
enum { ICAL_ZONES_MOST = 100 };
struct ical_zones {
	view defined[ICAL_ZONES_MOST], used[ICAL_ZONES_MOST];
	size_t defined_count, used_count;
	bool more; /* there are more: not all is known */
};
void ical_zones_define(struct ical_zones *, view tzid);
void ical_zones_use(struct ical_zones *, view parameters);

bool ical_zones_has(const struct ical_zones *, view tzid); /* defined */

/* One that is neither defined there nor known; empty: none. */
view ical_zones_unknown(const struct ical_zones *);

/* An object with a VTIMEZONE for every known zone that it uses, or without
 * those that are known.  MALFORMED, OVER_LIMIT. */
CHECKED result ical_zones_write(
    view text, bool with, struct arena *, struct buf *out);

/* A VCALENDAR with the VTIMEZONE of that name.  NOT_FOUND. */
CHECKED result ical_zone_calendar(view tzid, struct arena *, struct buf *out);

/* The name of the one known zone that a text defines; empty: none. */
view ical_zone_name(view text, struct arena *);

#endif
