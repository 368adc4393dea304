/*
 * ical.h - iCalendar objects (RFC 5545) as far as a store must understand
 * them, by libical, under limits.  Thread-safe.
 */
#ifndef FORMAT_ICAL_H
#define FORMAT_ICAL_H

#include "mailcore/base/arena.h"
#include "mailcore/format/xml_in.h"

struct ical_facts {
	view uid;
	view component;   /* "VEVENT", "VTODO", "VJOURNAL"... */
	int64_t span_from; /* seconds; floating times widened by 14 hours */
	int64_t span_to;   /* INT64_MAX: without end */
};

/* A calendar object resource (RFC 4791 4.1): one component type, one UID, no
 * METHOD.  `why` of a failure names the precondition's rule.
 * MALFORMED: valid-calendar-data; DENIED: valid-calendar-object-resource;
 * NOT_FOUND: supported-calendar-component (none, or an unknown one). */
CHECKED result ical_examine(view text, struct arena *,
    struct ical_facts *out);

/* Does the object match a CALDAV:filter element (RFC 4791 9.7)?
 * MALFORMED: valid-filter; DENIED: supported-filter. */
CHECKED result ical_matches(view text, const struct xml_element *filter,
    struct arena *, bool *out);

/* The component name and time range that any match must have, from a
 * filter: to narrow the candidates.  Full range when it gives none. */
void ical_filter_range(const struct xml_element *filter, view *component,
    int64_t *from, int64_t *to);

#endif
