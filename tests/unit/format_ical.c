/* iCalendar: what may be kept, where it lies in time, what matches a filter. */
#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/sys/clock.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGET = 134217728, HOSTILE_MS = 2000 };

#define OBJECT(inside) "BEGIN:VCALENDAR\r\n" inside "END:VCALENDAR\r\n"
#define EVENT(inside) \
	OBJECT("BEGIN:VEVENT\r\nUID:u\r\n" inside "END:VEVENT\r\n")
#define BERLIN                                                           \
	"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:DAYLIGHT\r\n"             \
	"DTSTART:19810329T020000\r\nTZOFFSETFROM:+0100\r\n"              \
	"TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n" \
	"END:DAYLIGHT\r\nBEGIN:STANDARD\r\nDTSTART:19961027T030000\r\n"  \
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"                     \
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"    \
	"END:VTIMEZONE\r\n"

static void
test_examine(void)
{
	static const struct {
		const char *text;
		enum status is;
	} cases[] = {
		{ EVENT("DTSTART:20260101T000000Z\r\n"), OK },
		{ "\xef\xbb\xbf" EVENT("DTSTART:20260101T000000Z\r\n"), OK },
		{ OBJECT("BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n"), OK },
		{ OBJECT("BEGIN:VJOURNAL\nUID:t\nEND:VJOURNAL\n"), OK },
		{ EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=YEARLY;"
			"BYMONTH=2;BYMONTHDAY=30\r\n"),
		    OK },
		{ "", MALFORMED },
		{ "x", MALFORMED },
		{ "BEGIN:VCALENDAR\r\n", MALFORMED },
		{ "END:VCALENDAR\r\n", MALFORMED },
		{ "BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", MALFORMED },
		{ EVENT(""), MALFORMED },
		{ EVENT("DTSTART:tomorrow\r\n"), MALFORMED },
		{ EVENT("DTSTART:20260102T000000Z\r\n"
			"DTEND:20260101T000000Z\r\n"),
		    MALFORMED },
		{ EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=FOO\r\n"),
		    MALFORMED },
		{ EVENT("DTSTART:20260101T000000Z\r\nSUMMARY:\xff\r\n"),
		    MALFORMED },
		{ EVENT("DTSTART:20260101T000000Z\r\n")
			EVENT("DTSTART:20260101T000000Z\r\n"),
		    MALFORMED },
		{ OBJECT("METHOD:REQUEST\r\nBEGIN:VTODO\r\nUID:t\r\n"
			 "END:VTODO\r\n"),
		    DENIED },
		{ OBJECT("BEGIN:VTODO\r\nEND:VTODO\r\n"), DENIED },
		{ OBJECT("BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\n"
			 "BEGIN:VTODO\r\nUID:2\r\nEND:VTODO\r\n"),
		    DENIED },
		{ OBJECT("BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\n"
			 "BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\n"),
		    DENIED },
		{ OBJECT(""), NOT_FOUND },
		{ OBJECT("BEGIN:VFREEBUSY\r\nUID:1\r\nEND:VFREEBUSY\r\n"),
		    NOT_FOUND },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct ical_facts facts;
		result r = ical_examine(view_of(cases[i].text), arena, &facts);

		ok(r.is == cases[i].is, "case %zu: %s", i, r.why);
		arena_free(&arena);
	}
}

/* The span may be wider than the object, but not by more than a day, and
 * never narrower. */
static void
test_spans(void)
{
	static const struct {
		const char *text;
		int64_t from, to;
	} cases[] = {
		{ EVENT("DTSTART:20260101T000000Z\r\n"
			"DTEND:20260101T010000Z\r\n"),
		    1767225600, 1767229200 },
		{ EVENT("DTSTART;VALUE=DATE:20260101\r\n"), 1767225600,
		    1767312000 },
		{ EVENT("DTSTART:20260101T000000Z\r\nDURATION:PT1H\r\n"
			"RRULE:FREQ=DAILY;COUNT=3\r\n"),
		    1767225600, 1767402000 },
		{ EVENT("DTSTART:20260101T000000Z\r\n"
			"RDATE:20250101T000000Z,20270101T000000Z\r\n"),
		    1735689600, 1798761600 },
		{ OBJECT(BERLIN "BEGIN:VEVENT\r\nUID:u\r\n"
				"DTSTART;TZID=Mine:20260701T120000\r\n"
				"END:VEVENT\r\n"),
		    1782900000, 1782900000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct ical_facts f;
		result r = ical_examine(view_of(cases[i].text), arena, &f);

		ok(r.is == OK && f.span_from <= cases[i].from
			&& f.span_from >= cases[i].from - 86400,
		    "span %zu begins at %lld", i, (long long)f.span_from);
		ok(f.span_to >= cases[i].to && f.span_to <= cases[i].to + 86400,
		    "span %zu ends at %lld", i, (long long)f.span_to);
		arena_free(&arena);
	}
}

static bool
matches(const char *text, const char *inside)
{
	struct arena *arena = arena_new(BUDGET);
	struct xml_element *filter;
	char xml[1024];
	bool match = false;
	result r;

	snprintf(xml, sizeof xml,
	    "<c:filter xmlns:c='urn:ietf:params:xml:ns:caldav'>"
	    "<c:comp-filter name='VCALENDAR'>%s</c:comp-filter></c:filter>",
	    inside);
	r = xml_parse(view_of(xml), arena, &filter);
	if (r.is == OK)
		r = ical_matches(
		    view_of(text), filter, NULL, arena, &match);
	if (r.is != OK)
		note("%s: %s", xml, r.why);
	arena_free(&arena);
	return match;
}

static bool
in_range(
    const char *text, const char *component, const char *from, const char *to)
{
	char inside[512];

	snprintf(inside, sizeof inside,
	    "<c:comp-filter name='%s'><c:time-range start='%s' end='%s'/>"
	    "</c:comp-filter>",
	    component, from, to);
	return matches(text, inside);
}

static void
test_ranges(void)
{
	static const char weekly[] = OBJECT(
	    "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20260101T100000Z\r\n"
	    "DTEND:20260101T110000Z\r\n"
	    "RRULE:FREQ=WEEKLY;INTERVAL=2\r\n"
	    "EXDATE:20260115T100000Z\r\nEND:VEVENT\r\n"
	    "BEGIN:VEVENT\r\nUID:u\r\n"
	    "RECURRENCE-ID:20260129T100000Z\r\n"
	    "DTSTART:20260130T180000Z\r\n"
	    "DTEND:20260130T190000Z\r\nEND:VEVENT\r\n");
	static const char summer[] = OBJECT(
	    BERLIN "BEGIN:VEVENT\r\nUID:u\r\n"
		   "DTSTART;TZID=Mine:20260101T120000\r\nDURATION:PT1H\r\n"
		   "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\n");
	static const struct {
		const char *text, *from, *to;
		bool match;
	} cases[] = {
		{ weekly, "20260101T000000Z", "20260101T100000Z", false },
		{ weekly, "20260101T000000Z", "20260101T100001Z", true },
		{ weekly, "20260101T110000Z", "20260102T000000Z", false },
		{ weekly, "20260108T000000Z", "20260109T000000Z", false },
		{ weekly, "20260115T000000Z", "20260116T000000Z", false },
		{ weekly, "20260129T000000Z", "20260130T000000Z", false },
		{ weekly, "20260130T000000Z", "20260131T000000Z", true },
		{ weekly, "20260212T000000Z", "20260213T000000Z", true },
		{ weekly, "20360103T000000Z", "20360104T000000Z", true },
		{ weekly, "20360110T000000Z", "20360111T000000Z", false },
		{ weekly, "20251201T000000Z", "20260101T000000Z", false },
		{ summer, "20260201T110000Z", "20260201T110001Z", true },
		{ summer, "20260201T105900Z", "20260201T110000Z", false },
		{ summer, "20260701T100000Z", "20260701T100001Z", true },
		{ summer, "20260701T110000Z", "20260701T110001Z", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(in_range(cases[i].text, "VEVENT", cases[i].from, cases[i].to)
			== cases[i].match,
		    "range %zu: %s to %s", i, cases[i].from, cases[i].to);
}

static void
test_todos(void)
{
	static const char due[] = OBJECT(
	    "BEGIN:VTODO\r\nUID:t\r\nDUE:20260110T000000Z\r\nEND:VTODO\r\n");
	static const char bare[] = OBJECT(
	    "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n");

	ok(in_range(due, "VTODO", "20260109T000000Z", "20260110T000000Z"),
	    "due at the end");
	ok(!in_range(due, "VTODO", "20260110T000000Z", "20260111T000000Z"),
	    "due at the start");
	ok(in_range(bare, "VTODO", "20260110T000000Z", "20260111T000000Z"),
	    "without a date: always");
	ok(!in_range(bare, "VEVENT", "20260110T000000Z", "20260111T000000Z"),
	    "another component");
}

static void
test_alarms(void)
{
	static const char text[] = EVENT(
	    "DTSTART:20260101T100000Z\r\nRRULE:FREQ=DAILY\r\n"
	    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-P2D\r\nREPEAT:2\r\n"
	    "DURATION:PT10M\r\nEND:VALARM\r\n");
	/* RFC 5545 3.8.6.3: it rings once, whatever comes again. */
	static const char once[] = EVENT(
	    "DTSTART:20260101T100000Z\r\nRRULE:FREQ=DAILY\r\n"
	    "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
	    "TRIGGER;VALUE=DATE-TIME:20260103T070000Z\r\nEND:VALARM\r\n");
	/* Long after the last of what it belongs to. */
	static const char again[] = EVENT(
	    "DTSTART:20260101T100000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
	    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:PT0S\r\nREPEAT:9\r\n"
	    "DURATION:P1W\r\nEND:VALARM\r\n");
	static const struct {
		const char *text, *from, *to;
		bool match;
	} cases[] = {
		{ text, "20251230T100000Z", "20251230T100001Z", true },
		{ text, "20251230T100500Z", "20251230T100900Z", false },
		{ text, "20251230T101500Z", "20251230T102001Z", true },
		{ text, "20251230T102100Z", "20251230T110000Z", false },
		{ text, "20260601T090000Z", "20260601T103000Z", true },
		{ text, "20260601T110000Z", "20260601T120000Z", false },
		{ once, "20260103T070000Z", "20260103T070001Z", true },
		{ once, "20260104T060000Z", "20260104T080000Z", false },
		{ again, "20260102T100000Z", "20260102T100001Z", true },
		{ again, "20260306T090000Z", "20260306T110000Z", true },
		{ again, "20260307T090000Z", "20260307T110000Z", false },
		{ again, "20260312T090000Z", "20260312T110000Z", false },
	};
	char inside[512];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(inside, sizeof inside,
		    "<c:comp-filter name='VEVENT'><c:comp-filter"
		    " name='VALARM'><c:time-range start='%s' end='%s'/>"
		    "</c:comp-filter></c:comp-filter>",
		    cases[i].from, cases[i].to);
		ok(matches(cases[i].text, inside) == cases[i].match,
		    "alarm %zu: %s", i, cases[i].from);
	}
}

static void
test_filters(void)
{
	static const char text[] = EVENT(
	    "DTSTART:20260101T100000Z\r\nSUMMARY:Caf\xc3\xa9\\, then work\r\n"
	    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.c\r\nX-OWN:1\r\n");
	static const struct {
		const char *inside;
		bool match;
	} cases[] = {
#define PROP(name, inside)                                                    \
	"<c:comp-filter name='VEVENT'><c:prop-filter name='" name "'>" inside \
	"</c:prop-filter></c:comp-filter>"
#define TEXT(attributes, text) \
	"<c:text-match" attributes ">" text "</c:text-match>"
		{ PROP("SUMMARY", ""), true },
		{ PROP("summary", ""), true },
		{ PROP("LOCATION", ""), false },
		{ PROP("X-OWN", ""), true },
		{ PROP("LOCATION", "<c:is-not-defined/>"), true },
		{ PROP("SUMMARY", "<c:is-not-defined/>"), false },
		{ PROP("SUMMARY", TEXT("", ", THEN")), true },
		{ PROP("SUMMARY", TEXT(" collation='i;octet'", "THEN")),
		    false },
		{ PROP("SUMMARY", TEXT("", "CAF\xc3\x89")), false },
		{ PROP("SUMMARY",
		      TEXT(" collation='i;unicode-casemap'", "CAF\xc3\x89")),
		    true },
		{ PROP("SUMMARY", TEXT(" negate-condition='yes'", "then")),
		    false },
		{ PROP("SUMMARY", TEXT(" negate-condition='yes'", "else")),
		    true },
		{ PROP("ATTENDEE",
		      "<c:param-filter name='PARTSTAT'>" TEXT(
			  "", "accepted") "</c:param-filter>"),
		    true },
		{ PROP("ATTENDEE",
		      "<c:param-filter name='CN'>"
		      "<c:is-not-defined/></c:param-filter>"),
		    true },
		{ PROP("DTSTART",
		      "<c:time-range start='20260101T000000Z'"
		      " end='20260102T000000Z'/>"),
		    true },
		{ PROP("DTSTART", "<c:time-range start='20260102T000000Z'/>"),
		    false },
		{ "<c:comp-filter name='VEVENT'><c:comp-filter name='VALARM'/>"
		  "</c:comp-filter>",
		    false },
		{ "<c:comp-filter name='X-A'><c:comp-filter name='VALARM'/>"
		  "</c:comp-filter>",
		    false },
		{ PROP("X-A", "<c:time-range start='20260102T000000Z'/>"),
		    false },
		{ "<c:comp-filter name='VTODO'><c:is-not-defined/>"
		  "</c:comp-filter>",
		    true },
		{ "", true },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(matches(text, cases[i].inside) == cases[i].match, "%s",
		    cases[i].inside);
}

/* From the beginning of time on, also of what libical goes through. */
static void
test_no_start(void)
{
	ok(matches(EVENT("DTSTART:20260101T100000Z\r\n"
			 "RRULE:FREQ=HOURLY;INTERVAL=7\r\n"),
	       "<c:comp-filter name='VEVENT'><c:time-range"
	       " end='20260102T000000Z'/></c:comp-filter>"),
	    "a range without begin");
	ok(!matches(EVENT("DTSTART:20260101T100000Z\r\n"
			  "RRULE:FREQ=HOURLY;INTERVAL=7\r\n"),
	       "<c:comp-filter name='VEVENT'><c:time-range"
	       " end='20260101T100000Z'/></c:comp-filter>"),
	    "before it begins");
}

#define IN_CALENDAR(inside)                                      \
	"<c:filter xmlns:c='%s'><c:comp-filter name='VCALENDAR'>" \
	inside "</c:comp-filter></c:filter>"
#define IN(name, inside) \
	"<c:comp-filter name='" name "'>" inside "</c:comp-filter>"
#define RANGE "<c:time-range start='20260101T000000Z'/>"

static void
test_bad_filters(void)
{
	static const char *const bad[] = {
		"<c:filter xmlns:c='%s'/>",
		"<c:filter xmlns:c='%s'><c:comp-filter name='VEVENT'/>"
		"</c:filter>",
		"<c:filter xmlns:c='%s'><c:comp-filter name='VCALENDAR'>"
		"<c:comp-filter/></c:comp-filter></c:filter>",
		IN_CALENDAR(IN("VEVENT", "<c:time-range/>")),
		IN_CALENDAR(IN("VEVENT",
		    "<c:time-range start='20260101T000000Z'"
		    " end='20260101T000000Z'/>")),
		IN_CALENDAR(
		    IN("VEVENT", "<c:time-range start='20260101'/>")),
		IN_CALENDAR(RANGE),
		IN_CALENDAR(IN("VALARM", "")),
		IN_CALENDAR(IN("VCALENDAR", "")),
		IN_CALENDAR(IN("VEVENT", IN("VEVENT", ""))),
		IN_CALENDAR(IN("VEVENT", IN("VALARM", IN("VEVENT", "")))),
		IN_CALENDAR(IN("VTIMEZONE", RANGE)),
		IN_CALENDAR(IN("VTIMEZONE", IN("STANDARD", RANGE))),
		IN_CALENDAR(IN("VEVENT", IN("X-A", RANGE))),
		IN_CALENDAR(IN("VEVENT",
		    "<c:prop-filter name='SUMMARY'>" RANGE
		    "</c:prop-filter>")),
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct xml_element *filter;
		struct buf xml = buf_new(4096);
		view before = view_of(bad[i]);
		bool whole;
		size_t at = view_find(before, VIEW("%s"));

		buf_add(&xml, view_first(before, at));
		buf_add(&xml, VIEW("urn:ietf:params:xml:ns:caldav"));
		buf_add(&xml, view_from(before, at + 2));
		ok(xml_parse(buf_view(&xml), arena, &filter).is == OK
			&& ical_filter_check(filter, &whole).is == MALFORMED,
		    "%s", bad[i]);
		buf_free(&xml);
		arena_free(&arena);
	}
}

/* Objects that would keep a library busy for minutes or for ever. */
static void
test_hostile(void)
{
	static const char *const rules[] = {
		"FREQ=SECONDLY",
		"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=MINUTELY;BYSETPOS=2",
		"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=DAILY;COUNT=2147483647",
		"FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2;BYMONTH=2",
		"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
		"FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
	};
	int64_t began = clock_steady_ms();
	char text[1024];

	for (size_t i = 0; i < COUNT(rules); i++) {
		snprintf(text, sizeof text,
		    EVENT("DTSTART:10000101T000000Z\r\nRRULE:%s\r\n"),
		    rules[i]);
		(void)in_range(
		    text, "VEVENT", "20260101T000000Z", "20260102T000000Z");
		snprintf(text, sizeof text,
		    OBJECT("BEGIN:VTIMEZONE\r\nTZID:E\r\nBEGIN:STANDARD\r\n"
			   "DTSTART:00010101T000000\r\nTZOFFSETFROM:+0100\r\n"
			   "TZOFFSETTO:+0200\r\nRRULE:%s\r\nEND:STANDARD\r\n"
			   "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u\r\n"
			   "DTSTART;TZID=E:20260101T000000\r\nEND:VEVENT\r\n"),
		    rules[i]);
		(void)in_range(
		    text, "VEVENT", "20260101T000000Z", "20260102T000000Z");
	}
	ok(clock_steady_ms() - began < HOSTILE_MS, "hostile rules: %lld ms",
	    (long long)(clock_steady_ms() - began));
}

/* LIMIT_ICAL_PIECES at n and n + 1: parameters are the cheapest pieces. */
static void
test_pieces(void)
{
	struct buf b = buf_new(10485760);
	struct arena *arena = arena_new(BUDGET);
	struct ical_facts facts;
	size_t at;

	buf_add(&b, VIEW("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nX-A"));
	at = b.n;
	for (size_t i = 0; i < LIMIT_ICAL_PIECES - 5; i++)
		buf_add(&b, VIEW(";a=b"));
	buf_add(&b, VIEW(":x\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"));
	ok(ical_examine(buf_view(&b), arena, &facts).is == OK,
	    "LIMIT_ICAL_PIECES");
	b.p[at + 1] = ';'; /* ";;=b": one parameter more */
	ok(ical_examine(buf_view(&b), arena, &facts).is == OVER_LIMIT,
	    "one more");
	buf_free(&b);
	arena_free(&arena);
}

static void
test_every_prefix(void)
{
	view text = view_of(OBJECT(BERLIN
	    "BEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=\"Mine\":20260701T120000"
	    "\r\nSUMMARY:fol\r\n ded\r\nEND:VEVENT\r\n"));
	int accepted = 0;

	for (size_t n = 1; n <= text.n; n++) {
		struct arena *arena = arena_new(BUDGET);
		struct ical_facts facts;
		char *exact = malloc(n);

		if (exact == NULL)
			abort();
		memcpy(exact, text.p, n);
		accepted += ical_examine((view){ exact, n }, arena, &facts).is
		    == OK;
		free(exact);
		arena_free(&arena);
	}
	is_number(accepted, 3, "only the end may lack its CRLF");
}

int
main(void)
{
	test_examine();
	test_spans();
	test_ranges();
	test_todos();
	test_alarms();
	test_filters();
	test_no_start();
	test_bad_filters();
	test_hostile();
	test_pieces();
	test_every_prefix();
	return tap_done();
}
