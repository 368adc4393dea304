/*
 * ical_clock.h - what clocks show in a time zone: when dates and floating
 * times are (RFC 4791 7.3).
 */
#ifndef FORMAT_ICAL_CLOCK_H
#define FORMAT_ICAL_CLOCK_H

#include "mailcore/base/arena.h"

struct ical_clock;

/* From a VCALENDAR with one VTIMEZONE and nothing else, which is freed with
 * the arena.  Rules that cannot be followed count as UTC.  MALFORMED. */
CHECKED result ical_clock_read(
    view calendar, struct arena *, const struct ical_clock **out);

/* The same of a zone by its name (RFC 7809).  NOT_FOUND. */
CHECKED result ical_clock_named(
    view tzid, struct arena *, const struct ical_clock **out);

/* Is it one?  MALFORMED. */
CHECKED result ical_clock_check(view calendar);

/* What the clock shows at a moment, and the moment when it shows that; NULL
 * is UTC.  INT64_MIN and INT64_MAX stay. */
int64_t ical_clock_wall(const struct ical_clock *, int64_t moment);
int64_t ical_clock_moment(const struct ical_clock *, int64_t wall);

#endif
