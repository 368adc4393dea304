/*
 * ical_view.h - a calendar object as a CALDAV:calendar-data element asks for
 * it (RFC 4791 9.6): chosen components and properties, recurrences written
 * out, or only the overrides of a range of time.
 *
 * Lines that are kept are kept as they were, folded anew.  Bounded: a range
 * to expand spans ICAL_EXPAND_DAYS at most, an object gives at most
 * ICAL_EXPAND_MOST instances.
 */
#ifndef FORMAT_ICAL_VIEW_H
#define FORMAT_ICAL_VIEW_H

#include "mailcore/base/buf.h"
#include "mailcore/format/ical_clock.h"
#include "mailcore/format/xml_in.h"

enum {
	ICAL_EXPAND_DAYS = 7320, /* twenty years */
	ICAL_EXPAND_MOST = 20000
};

struct ical_view {
	bool whole; /* the object as it is */
	bool expand;
	bool limit;
	int64_t from, to;               /* of the two above */
	const struct xml_element *comp; /* NULL: all */
	const struct ical_clock *clock; /* of floating times; NULL: UTC */
};

/* MALFORMED: a range that is none.  OVER_LIMIT: a range too long to expand.
 * DENIED: another media type or version (supported-calendar-data). */
CHECKED result ical_view_read(
    const struct xml_element *calendar_data, struct ical_view *out);

/* What is stored and cannot be read is given as it is. */
CHECKED result ical_view_write(
    const struct ical_view *, view text, struct arena *, struct buf *out);

#endif
