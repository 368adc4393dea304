/* When dates and floating times are, by a clock (RFC 4791 7.3). */
#include "mailcore/base/date.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/ical_view.h"
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

/* RFC 4791 9.6.6: an override that floats is where the clock puts it. */
static void
test_limited(void)
{
	static const view text = VIEW_INIT(
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
	    "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20260101T120000\r\n"
	    "DURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n"
	    "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20260115T120000\r\n"
	    "DTSTART:20260115T230000\r\nDURATION:PT1H\r\n"
	    "SUMMARY:Moved\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	struct arena *arena = arena_new(BUDGET);
	/* 2026-01-16 04:30Z is half past eleven there. */
	struct ical_view v = { .limit = true, .from = 1768537800,
		.to = 1768537801 };
	struct buf b = buf_new(4096);

	if (ical_clock_read(VIEW(NEW_YORK "END:VCALENDAR\r\n"), arena,
		&v.clock)
		.is
	    != OK)
		abort();
	ok(ical_view_write(&v, text, arena, &b).is == OK
		&& view_find(buf_view(&b), VIEW("Moved")) != SIZE_MAX,
	    "an override is kept");
	buf_reset(&b);
	v.clock = NULL;
	ok(ical_view_write(&v, text, arena, &b).is == OK
		&& view_find(buf_view(&b), VIEW("Moved")) == SIZE_MAX,
	    "by UTC it is elsewhere");
	buf_free(&b);
	arena_free(&arena);
}

/* Around the hours when clocks change. */

enum { ROUNDS = 4000, NEAR = 3 * HOUR };

static const struct {
	const char *zone;
	int64_t forth, back; /* when clocks change, in UTC */
	int32_t most;
} zones[] = {
	{ "Europe/Berlin", 1774746000, 1792890000, HOUR },
	{ "America/New_York", 1772953200, 1793512800, HOUR },
	{ "Pacific/Auckland", 1790431200, 1775311200, HOUR },
	{ "Australia/Lord_Howe", 1791041400, 1775314800, HOUR / 2 },
};

static int64_t
dice(int64_t n)
{
	return random() % n;
}

static void
test_change(const char *zone, const struct ical_clock *clock, int64_t at,
    int32_t by)
{
	int64_t before = ical_clock_wall(clock, at - 1) + 1 - at;
	size_t wrong = 0;

	for (int64_t t = at - 2 * NEAR; t < at + 2 * NEAR; t += 60)
		wrong += ical_clock_wall(clock, t)
		    != t + before + (t < at ? 0 : by);
	ok(wrong == 0, "%s: %zu moments are shown wrong", zone, wrong);
}

/* Is it found by its times, and is that what the object says? */
static bool
is_found(const struct ical_clock *clock, view text, int64_t from, int64_t to,
    struct arena *arena, size_t *differ)
{
	struct ical_facts f;
	bool by_object = matches_by(clock, text, from, to, arena);

	if (ical_examine(text, arena, &f).is != OK)
		abort();
	*differ += ical_times_touch(f.times, from, to, clock)
	    != (by_object ? ICAL_TOUCHES : ICAL_TOUCHES_NOT);
	if (by_object)
		*differ += f.span_from >= to || f.span_to <= from;
	return by_object;
}

/* An event of some minutes near a change, and a range near the same. */
static void
test_near(const struct ical_clock *clock, int64_t at, size_t *lost,
    size_t *more, size_t *differ)
{
	struct arena *arena = arena_new(BUDGET);
	int64_t begin = ical_clock_wall(clock, at) - NEAR
	    + dice(2 * NEAR / 300) * 300;
	int64_t end = begin + 300 * (1 + dice(20));
	int64_t from = at - NEAR + dice(2 * NEAR / 300) * 300;
	int64_t to = from + 300 * (1 + dice(12));
	int64_t real_begin = ical_clock_moment(clock, begin);
	int64_t real_end = ical_clock_moment(clock, end);
	struct buf b = buf_new(4096);
	bool there = from < real_end && real_begin < to, found;

	buf_add_text(&b,
	    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:");
	date_add_ical(&b, begin);
	buf_cut(&b, buf_view(&b).n - 1);
	buf_print(&b,
	    "\r\nDURATION:PT%dS\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
	    (int)(end - begin), dice(2) == 0 ? "RRULE:FREQ=YEARLY\r\n" : "");
	found = is_found(clock, buf_view(&b), from, to, arena, differ);
	*lost += there && !found;
	/* Only where one time is shown twice, or never. */
	*more += found && !there && (from > at + HOUR || to < at);
	buf_free(&b);
	arena_free(&arena);
}

/* These have rules, some of them old, that are not followed. */
static void
test_all_kinds(void)
{
	static const struct {
		const char *zone;
		int64_t winter, summer; /* what clocks show */
	} rows[] = {
		{ "Europe/London", 0, HOUR },
		{ "Europe/Paris", HOUR, 2 * HOUR },
		{ "Asia/Tokyo", 9 * HOUR, 9 * HOUR },
		{ "America/Toronto", -5 * HOUR, -4 * HOUR },
		{ "America/Sao_Paulo", -3 * HOUR, -3 * HOUR },
		{ "America/Santiago", -3 * HOUR, -4 * HOUR },
		{ "Australia/Sydney", 11 * HOUR, 10 * HOUR },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new(BUDGET);
		const struct ical_clock *clock = NULL;

		if (ical_clock_named(view_of(rows[i].zone), arena, &clock).is
		    != OK)
			abort();
		/* 2026-01-15, 2026-07-01 */
		ok(ical_clock_wall(clock, 1768478400)
			    == 1768478400 + rows[i].winter
			&& ical_clock_wall(clock, 1782907200)
			    == 1782907200 + rows[i].summer,
		    "%s", rows[i].zone);
		arena_free(&arena);
	}
}

static void
test_changes(void)
{
	struct arena *arena = arena_new(BUDGET);

	srandom(4791);
	for (size_t i = 0; i < COUNT(zones); i++) {
		const struct ical_clock *clock = NULL;
		size_t lost = 0, more = 0, differ = 0;

		if (ical_clock_named(view_of(zones[i].zone), arena, &clock).is
		    != OK)
			abort();
		test_change(zones[i].zone, clock, zones[i].forth,
		    zones[i].most);
		test_change(zones[i].zone, clock, zones[i].back,
		    -zones[i].most);
		for (unsigned n = 0; n < ROUNDS; n++)
			test_near(clock,
			    n % 2 == 0 ? zones[i].forth : zones[i].back,
			    &lost, &more, &differ);
		ok(lost == 0, "%s: %zu events are not found", zones[i].zone,
		    lost);
		ok(more == 0, "%s: %zu are found at other times",
		    zones[i].zone, more);
		ok(differ == 0, "%s: of %zu what is kept says another thing",
		    zones[i].zone, differ);
	}
	arena_free(&arena);
}

/* A day on which the hour does not come moves none of those that follow
 * (2027-03-14T02:30 in New York), whatever zone or rule it is. */
static void
test_gap(void)
{
#define DAILY ";INTERVAL=1;BYHOUR=2,9;BYSECOND=0"
	static const struct {
		const char *zone, *rule;
		int64_t day; /* 02:30 by that clock, in UTC */
		bool comes;
	} rows[] = {
		/* 2027-03-13, -14 (03:30 on the clock) and -15, and 2030. */
		{ "Here", DAILY, 1804923000, true },
		{ "Here", DAILY, 1805009400, true },
		{ "Here", DAILY, 1805092200, true },
		{ "Here", DAILY, 1805095800, false },
		{ "America/New_York", DAILY, 1805009400, true },
		{ "America/New_York", DAILY, 1805092200, true },
		{ "America/New_York", DAILY, 1805095800, false },
		{ "America/New_York", DAILY ";COUNT=2000", 1805092200, true },
		{ "America/New_York", DAILY ";COUNT=2000", 1805095800, false },
		{ "America/New_York", DAILY ";UNTIL=20270315T063000Z",
		    1805092200, true },
		{ "America/New_York", DAILY ";UNTIL=20270315T062959Z",
		    1805092200, false },
	};
	struct arena *arena = arena_new(BUDGET);

	for (size_t i = 0; i < COUNT(rows); i++) {
		view text = arena_print(arena,
		    NEW_YORK "BEGIN:VEVENT\r\nUID:u\r\n"
		    "DTSTART;TZID=%s:20270301T023000\r\nDURATION:PT1M\r\n"
		    "RRULE:FREQ=DAILY%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		    rows[i].zone, rows[i].rule);

		ok(matches_by(NULL, text, rows[i].day, rows[i].day + 60, arena)
			== rows[i].comes,
		    "%lld by %s, %s", (long long)rows[i].day, rows[i].zone,
		    rows[i].rule);
	}
	arena_free(&arena);
}

int
main(void)
{
	test_objects();
	test_turns();
	test_limited();
	test_all_kinds();
	test_changes();
	test_gap();
	return tap_done();
}
