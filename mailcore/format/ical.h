/*
 * ical.h - iCalendar objects (RFC 5545) as far as a store must understand
 * them, by libical, under limits.  Thread-safe.
 */
#ifndef FORMAT_ICAL_H
#define FORMAT_ICAL_H

#include "mailcore/base/arena.h"
#include "mailcore/format/ical_clock.h"
#include "mailcore/format/xml_in.h"

struct ical_facts {
	view uid;
	view component;   /* "VEVENT", "VTODO", "VJOURNAL"... */
	int64_t span_from; /* seconds; floating times widened by 14 hours */
	int64_t span_to;   /* INT64_MAX: without end */
	uint64_t attendees; /* of the component that has the most */
	view unknown_zone; /* a TZID that is neither defined nor known, and so
			    * tells no time; empty: none */
	view times;        /* all that ical_times_touch needs; may be empty */
};

/* A calendar object resource (RFC 4791 4.1): one component type, one UID, no
 * METHOD.  `why` of a failure names the precondition's rule.
 * MALFORMED: valid-calendar-data; DENIED: valid-calendar-object-resource;
 * NOT_FOUND: supported-calendar-component (none, or an unknown one). */
CHECKED result ical_examine(view text, struct arena *,
    struct ical_facts *out);

/* The same without the spans, which a rule may take long to tell. */
CHECKED result ical_validate(view text, struct arena *,
    struct ical_facts *out);

/* Does the object match a CALDAV:filter element (RFC 4791 9.7)?  Dates and
 * floating times are by `clock`; NULL: UTC.
 * MALFORMED: valid-filter; DENIED: supported-filter. */
CHECKED result ical_matches(view text, const struct xml_element *filter,
    const struct ical_clock *clock, struct arena *, bool *out);

/* What the times of an object (ical_facts.times) say about a range of time.
 * Empty ones say nothing. */
enum ical_touch {
	ICAL_TOUCHES_NOT,
	ICAL_TOUCHES,
	ICAL_TOUCHES_PERHAPS /* only the object itself can tell */
};
enum ical_touch ical_times_touch(view times, int64_t from, int64_t to,
    const struct ical_clock *);

/* Does the filter ask for a component type in a range of time, and for
 * nothing else?  Then the times decide. */
bool ical_filter_is_range(const struct xml_element *filter);

/* The component name and time range that any match must have, from a
 * filter: to narrow the candidates.  Full range when it gives none. */
void ical_filter_range(const struct xml_element *filter, view *component,
    int64_t *from, int64_t *to);

/* The bounds of a time-range element (RFC 4791 9.9), one of which may be
 * open: INT64_MIN, INT64_MAX.  MALFORMED. */
CHECKED result ical_filter_time(const struct xml_element *, int64_t *from,
    int64_t *to);

/* Is the filter well-formed?  `whole`: it asks for a component type and
 * nothing else, so that every candidate matches unseen.
 * MALFORMED: valid-filter. */
CHECKED result ical_filter_check(const struct xml_element *filter,
    bool *whole);

#endif
