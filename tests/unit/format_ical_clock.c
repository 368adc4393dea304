/* When dates and floating times are, by a clock (RFC 4791 7.3). */
#include "mailcore/base/date.h"
#include "mailcore/format/ical.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { BUDGET = 134217728 };

/* The filter of a calendar-query. */
static bool
matches_by(const struct ical_clock *clock, view text, int64_t from, int64_t to,
    struct arena *arena)
{
	struct buf b = buf_new(4096);
	struct xml_element *root;
	bool out = false;

	buf_add_text(&b,
	    "<C:filter xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
	    "<C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">"
	    "<C:time-range start=\"");
	date_add_ical(&b, from);
	buf_add_text(&b, "\" end=\"");
	date_add_ical(&b, to);
	buf_add_text(&b, "\"/></C:comp-filter></C:comp-filter></C:filter>");
	if (xml_parse(buf_view(&b), arena, &root).is != OK
	    || ical_matches(text, root, clock, arena, &out).is != OK)
		abort();
	buf_free(&b);
	return out;
}

#define NEW_YORK                                                          \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"                   \
	"BEGIN:VTIMEZONE\r\nTZID:Here\r\n"                                 \
	"BEGIN:STANDARD\r\nDTSTART:20071104T020000\r\n"                    \
	"RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n"                        \
	"TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n"      \
	"BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\n"                    \
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n"                         \
	"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\n"      \
	"END:VTIMEZONE\r\n"
#define HOUR 3600

static void
test_objects(void)
{
	static const struct {
		const char *lines;
		int64_t begin; /* in UTC by that clock */
		int64_t length;
	} rows[] = {
		{ "DTSTART;VALUE=DATE:20260115\r\n",
		    1768435200 + 5 * HOUR, 86400 },
		{ "DTSTART:20260115T120000\r\nDURATION:PT1H\r\n",
		    1768478400 + 5 * HOUR, HOUR },
		{ "DTSTART:20260701T120000\r\nDURATION:PT1H\r\n",
		    1782907200 + 4 * HOUR, HOUR },
		{ "DTSTART:20260101T120000\r\nDURATION:PT1H\r\n"
		  "RRULE:FREQ=YEARLY;BYMONTH=7;COUNT=2\r\n",
		    1782907200 + 4 * HOUR, HOUR },
		{ "DTSTART:20260115T120000Z\r\nDURATION:PT1H\r\n",
		    1768478400, HOUR },
	};
	struct arena *arena = arena_new(BUDGET);
	const struct ical_clock *clock = NULL;

	if (ical_clock_read(VIEW(NEW_YORK "END:VCALENDAR\r\n"), arena, &clock)
		.is
	    != OK)
		abort();
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t from = rows[i].begin, to = from + rows[i].length;
		struct ical_facts f;
		view text = arena_print(arena,
		    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
		    "BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
		    "%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
		    rows[i].lines);

		ok(ical_examine(text, arena, &f).is == OK && f.times.n > 0
			&& f.span_from < from && f.span_to > to,
		    "%s", rows[i].lines);
		ok(matches_by(clock, text, from, from + 1, arena)
			&& matches_by(clock, text, to - 1, to, arena)
			&& !matches_by(clock, text, from - 1, from, arena)
			&& !matches_by(clock, text, to, to + 1, arena),
		    "the object");
		ok(ical_times_touch(f.times, from, from + 1, clock)
			    == ICAL_TOUCHES
			&& ical_times_touch(f.times, to - 1, to, clock)
			    == ICAL_TOUCHES
			&& ical_times_touch(f.times, from - 1, from, clock)
			    == ICAL_TOUCHES_NOT
			&& ical_times_touch(f.times, to, to + 1, clock)
			    == ICAL_TOUCHES_NOT,
		    "and what is kept of it");
	}
	arena_free(&arena);
}

static void
test_turns(void)
{
	struct arena *arena = arena_new(BUDGET);
	const struct ical_clock *clock = NULL;

	ok(ical_clock_read(VIEW(NEW_YORK "END:VCALENDAR\r\n"), arena, &clock)
		    .is
		== OK,
	    "a clock");
	ok(ical_clock_moment(clock, INT64_MAX) == INT64_MAX
		&& ical_clock_wall(clock, INT64_MIN) == INT64_MIN
		&& ical_clock_wall(NULL, 7) == 7,
	    "the ends of time stay, and so does UTC");
	/* 2026-03-08 07:00Z and 2026-11-01 06:00Z */
	ok(ical_clock_wall(clock, 1772953200 - 1) == 1772953199 - 5 * HOUR
		&& ical_clock_wall(clock, 1772953200) == 1772953200 - 4 * HOUR
		&& ical_clock_wall(clock, 1793512799) == 1793512799 - 4 * HOUR
		&& ical_clock_wall(clock, 1793512800) == 1793512800 - 5 * HOUR,
	    "where clocks change");
	ok(ical_clock_check(VIEW("junk")).is == MALFORMED
		&& ical_clock_check(VIEW(
		       "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")).is
		    == MALFORMED
		&& ical_clock_check(VIEW(NEW_YORK
		       "BEGIN:VEVENT\r\nUID:u\r\nEND:VEVENT\r\n"
		       "END:VCALENDAR\r\n")).is
		    == MALFORMED,
	    "one VTIMEZONE, and nothing else");
	ok(ical_clock_named(VIEW("Europe/Berlin"), arena, &clock).is == OK
		&& ical_clock_wall(clock, 1768478400) == 1768478400 + HOUR
		&& ical_clock_named(VIEW("No/Where"), arena, &clock).is
		    == NOT_FOUND,
	    "by name");
	arena_free(&arena);
}

int
main(void)
{
	test_objects();
	test_turns();
	return tap_done();
}
