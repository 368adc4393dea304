/* A calendar object: examined, then matched by range, property and alarm.
 * What has a span matches nothing outside it, and what is kept of its times
 * says the same as the object. */
#include "mailcore/format/ical.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FILTER(inside)                                   \
	"<filter xmlns='urn:ietf:params:xml:ns:caldav'>" \
	"<comp-filter name='VCALENDAR'>" inside "</comp-filter></filter>"
/* The same in seconds. */
enum { RANGE_FROM = 1767225600, RANGE_TO = 1769904000 };
#define RANGE "<time-range start='20260101T000000Z' end='20260201T000000Z'/>"

static bool
matches(view text, const char *xml, struct arena *arena)
{
	struct xml_element *filter;
	bool match = false;

	if (xml_parse(view_of(xml), arena, &filter).is != OK)
		abort();
	if (ical_matches(text, filter, NULL, arena, &match).is != OK)
		return false;
	return match;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(134217728);
	struct ical_facts facts;
	enum ical_touch touch;
	bool found;

	if (ical_examine(text, arena, &facts).is != OK)
		facts = (struct ical_facts){ .span_from = INT64_MIN,
			.span_to = INT64_MAX };
	if (facts.span_from > facts.span_to)
		abort();
	found = matches(text,
	    FILTER("<comp-filter name='VEVENT'>" RANGE "</comp-filter>"),
	    arena);
	touch = ical_times_touch(
	    facts.times, RANGE_FROM, RANGE_TO, NULL);
	if (touch != ICAL_TOUCHES_PERHAPS && found != (touch == ICAL_TOUCHES)
	    && arena_result(arena).is == OK)
		abort();
	(void)matches(text,
	    FILTER("<comp-filter name='VTODO'>" RANGE "</comp-filter>"), arena);
	(void)matches(text,
	    FILTER(
		"<comp-filter name='VEVENT'><comp-filter name='VALARM'>" RANGE
		"</comp-filter></comp-filter>"),
	    arena);
	(void)matches(text,
	    FILTER("<comp-filter name='VEVENT'><prop-filter name='SUMMARY'>"
		   "<text-match collation='i;unicode-casemap'>x</text-match>"
		   "<param-filter name='LANGUAGE'/></prop-filter>"
		   "<prop-filter name='DTSTART'>" RANGE "</prop-filter>"
		   "</comp-filter>"),
	    arena);
	arena_free(&arena);
	return 0;
}
