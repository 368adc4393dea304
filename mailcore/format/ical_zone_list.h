/*
 * ical_zone_list.h - all time zones that this system has (zone.h), for a
 * service that hands them on (RFC 7808).  Thread-safe.
 */
#ifndef FORMAT_ICAL_ZONE_LIST_H
#define FORMAT_ICAL_ZONE_LIST_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* A name; `of`: the one that it stands for, or empty. */
struct ical_zone_name {
	view name, of;
};

/* All that the tz database calls zones, then, from `*zones` on, all that it
 * calls links to one of these; both in order. */
CHECKED result ical_zone_list(struct arena *, struct ical_zone_name **names,
    size_t *zones, size_t *count);

/* What the tz database calls this version ("2025b"), or "unknown", and when it
 * came here (seconds since 1970). */
void ical_zone_version(struct arena *, view *version, int64_t *when);

/* A VCALENDAR with the VTIMEZONE of that name; `of` as above.  NOT_FOUND. */
CHECKED result ical_zone_fresh(view tzid, view of, struct buf *out);

/* From when on which offset holds. */
struct ical_onset {
	int64_t at;       /* UTC */
	int32_t from, to; /* offsets in seconds, before and after */
	view name;        /* "CEST" */
};

enum {
	ICAL_ONSETS = 1000,    /* in one answer */
	ICAL_ZONE_END = 2500 /* the year before which they are */
};

/* What holds at `from`, which is no change of offsets unless there is one just
 * then, and each change before `to`, by time.  NOT_FOUND; OVER_LIMIT: more
 * than ICAL_ONSETS, or `to` is after ICAL_ZONE_END. */
CHECKED result ical_zone_onsets(view tzid, int64_t from, int64_t to,
    struct arena *, struct ical_onset **out, size_t *count);

/* From when on (UTC) by how many seconds TAI is ahead of UTC. */
struct ical_leap {
	int64_t at;
	unsigned ahead;
};

enum { ICAL_LEAPS = 256 }; /* those that come after are left out */

/* What this system knows of them, by time, none when it knows nothing; more
 * than that is not known after `expires`. */
CHECKED result ical_zone_leaps(struct arena *, struct ical_leap **out,
    size_t *count, int64_t *expires);

/* The same from the text of IERS's leap-seconds.list. */
CHECKED result ical_leaps_read(view table, struct arena *,
    struct ical_leap **out, size_t *count, int64_t *expires);

#endif
