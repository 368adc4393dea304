/* When events are: what is kept of an object, the object itself, and libical
 * going through one instance after the other say the same. */
#include "mailcore/base/buf.h"
#include "mailcore/base/date.h"
#include "mailcore/format/ical.h"
#include "tests/tap.h"

#include <libical/ical.h>
#include <stdlib.h>

enum { BUDGET = 134217728, ROUNDS = 600, RANGES = 12, MOST = 400 };

#define OBJECT(inside) "BEGIN:VCALENDAR\r\n" inside "END:VCALENDAR\r\n"
#define EVENT(inside) "BEGIN:VEVENT\r\nUID:u\r\n" inside "END:VEVENT\r\n"
#define ZONE                                                             \
	"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:DAYLIGHT\r\n"             \
	"DTSTART:19810329T020000\r\nTZOFFSETFROM:+0100\r\n"              \
	"TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n" \
	"END:DAYLIGHT\r\nBEGIN:STANDARD\r\nDTSTART:19961027T030000\r\n"  \
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"                     \
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"    \
	"END:VTIMEZONE\r\n"

static int64_t
utc(const char *text)
{
	int64_t t = 0;

	ok(date_parse_ical_utc(view_of(text), &t).is == OK, "%s", text);
	return t;
}

static void
add_utc(struct buf *b, int64_t t)
{
	struct date d = date_of(t);

	buf_print(b, "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day,
	    d.hour, d.minute, d.second);
}

/* The filter of a calendar-query. */
static bool
matches(view text, int64_t from, int64_t to, struct arena *arena)
{
	struct buf b = buf_new(4096);
	struct xml_element *root = NULL;
	bool out = false;

	buf_add_text(&b,
	    "<C:filter xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
	    "<C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">"
	    "<C:time-range start=\"");
	add_utc(&b, from);
	buf_add_text(&b, "\" end=\"");
	add_utc(&b, to);
	buf_add_text(&b, "\"/></C:comp-filter></C:comp-filter></C:filter>");
	if (xml_parse(buf_view(&b), arena, &root).is != OK
	    || ical_matches(text, root, NULL, arena, &out).is != OK
	    || !ical_filter_is_range(root))
		ok(false, "a filter: %s", buf_text(&b));
	buf_free(&b);
	return out;
}

static const struct {
	const char *name, *text, *from, *to;
	enum ical_touch touch;
} cases[] = {
	{ "an event", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"DTEND:20260105T110000Z\r\n")),
	    "20260105T105959Z", "20260105T120000Z", ICAL_TOUCHES },
	{ "its end is not of it", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"DTEND:20260105T110000Z\r\n")),
	    "20260105T110000Z", "20260105T120000Z", ICAL_TOUCHES_NOT },
	{ "a moment", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n")),
	    "20260105T100000Z", "20260105T100001Z", ICAL_TOUCHES },
	{ "a day", OBJECT(EVENT("DTSTART;VALUE=DATE:20260105\r\n")),
	    "20260105T235959Z", "20260106T120000Z", ICAL_TOUCHES },
	{ "a floating time", OBJECT(EVENT("DTSTART:20260105T100000\r\n"
		"DURATION:PT1H\r\n")),
	    "20260105T105959Z", "20260105T120000Z", ICAL_TOUCHES },
	{ "summer time", OBJECT(ZONE EVENT("DTSTART;TZID=Mine:20260102T090000"
		"\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n")),
	    "20260701T070000Z", "20260701T070001Z", ICAL_TOUCHES },
	{ "not winter time", OBJECT(ZONE EVENT(
		"DTSTART;TZID=Mine:20260102T090000\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY\r\n")),
	    "20260701T080000Z", "20260701T090000Z", ICAL_TOUCHES_NOT },
	{ "an hour that clocks leave out", OBJECT(ZONE EVENT(
		"DTSTART;TZID=Mine:20260328T023000\r\nRRULE:FREQ=DAILY\r\n")),
	    "20260329T013000Z", "20260329T013001Z", ICAL_TOUCHES },
	{ "the first of an hour that comes twice", OBJECT(ZONE EVENT(
		"DTSTART;TZID=Mine:20261024T023000\r\nRRULE:FREQ=DAILY\r\n")),
	    "20261025T003000Z", "20261025T003001Z", ICAL_TOUCHES },
	{ "EXDATE", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=WEEKLY\r\nEXDATE:20260112T100000Z\r\n")),
	    "20260112T000000Z", "20260113T000000Z", ICAL_TOUCHES_NOT },
	{ "EXDATE of all", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"EXDATE:20260105T100000Z\r\n")),
	    "20000101T000000Z", "20400101T000000Z", ICAL_TOUCHES_NOT },
	{ "RDATE", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RDATE:20270112T100000Z\r\n")),
	    "20270112T000000Z", "20270113T000000Z", ICAL_TOUCHES },
	{ "an override's time", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=WEEKLY\r\n")
		EVENT("RECURRENCE-ID:20260112T100000Z\r\n"
		      "DTSTART:20260113T100000Z\r\n")),
	    "20260113T000000Z", "20260114T000000Z", ICAL_TOUCHES },
	{ "the time that was overridden", OBJECT(EVENT(
		"DTSTART:20260105T100000Z\r\nRRULE:FREQ=WEEKLY\r\n")
		EVENT("RECURRENCE-ID:20260112T100000Z\r\n"
		      "DTSTART:20260113T100000Z\r\n")),
	    "20260112T000000Z", "20260113T000000Z", ICAL_TOUCHES_NOT },
	{ "an override before the first", OBJECT(EVENT(
		"DTSTART:20260105T100000Z\r\nRRULE:FREQ=WEEKLY\r\n")
		EVENT("RECURRENCE-ID:20260112T100000Z\r\n"
		      "DTSTART:20251201T100000Z\r\n")),
	    "20251201T000000Z", "20251202T000000Z", ICAL_TOUCHES },
	{ "overrides alone", OBJECT(
		EVENT("RECURRENCE-ID:20260112T100000Z\r\n"
		      "DTSTART:20251201T100000Z\r\n")),
	    "20260112T000000Z", "20260113T000000Z", ICAL_TOUCHES_NOT },
	{ "the year 1", OBJECT(EVENT("DTSTART:00010101T100000Z\r\n"
		"RRULE:FREQ=YEARLY\r\n")),
	    "20260101T000000Z", "20260102T000000Z", ICAL_TOUCHES },
	{ "the year 9999", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=MONTHLY\r\n")),
	    "99991205T100000Z", "99991205T100001Z", ICAL_TOUCHES },
	{ "29 February", OBJECT(EVENT("DTSTART:20240229T100000Z\r\n"
		"RRULE:FREQ=YEARLY\r\n")),
	    "20260101T000000Z", "20271231T000000Z", ICAL_TOUCHES_NOT },
	{ "30 February", OBJECT(EVENT("DTSTART:20240105T100000Z\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")),
	    "20250101T000000Z", "20990101T000000Z", ICAL_TOUCHES_NOT },
	{ "COUNT", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=DAILY;COUNT=3\r\n")),
	    "20260108T000000Z", "20270108T000000Z", ICAL_TOUCHES_NOT },
	{ "UNTIL is of it", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=DAILY;UNTIL=20260107T100000Z\r\n")),
	    "20260107T000000Z", "20270108T000000Z", ICAL_TOUCHES },
	{ "UNTIL before the begin", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=DAILY;UNTIL=20200107T100000Z\r\n")),
	    "20260106T000000Z", "20270108T000000Z", ICAL_TOUCHES_NOT },
	/* What libical has to follow is not told. */
	{ "every second", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=SECONDLY\r\n")),
	    "20260101T000000Z", "20270101T000000Z", ICAL_TOUCHES_PERHAPS },
	{ "a place in a list", OBJECT(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1\r\n")),
	    "20260101T000000Z", "20270101T000000Z", ICAL_TOUCHES_PERHAPS },
	{ "a task", OBJECT("BEGIN:VTODO\r\nUID:u\r\nEND:VTODO\r\n"),
	    "20260101T000000Z", "20270101T000000Z", ICAL_TOUCHES_PERHAPS },
	/* Looked at for as many days as is agreed, and no longer. */
	{ "once in a thousand years", OBJECT(EVENT(
		"DTSTART:20260105T100000Z\r\nRRULE:FREQ=YEARLY;INTERVAL=999"
		"\r\n")),
	    "20270101T000000Z", "29990101T000000Z", ICAL_TOUCHES_PERHAPS },
	{ "in months that never come", OBJECT(EVENT(
		"DTSTART:20240505T100000Z\r\nRRULE:FREQ=MONTHLY;INTERVAL=2;"
		"BYMONTH=2,10\r\n")),
	    "20270101T000000Z", "20280101T000000Z", ICAL_TOUCHES_NOT },
};

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(BUDGET);
		int64_t from = utc(cases[i].from), to = utc(cases[i].to);
		view text = view_of(cases[i].text);
		struct ical_facts f;
		enum ical_touch touch;

		ok(ical_examine(text, arena, &f).is == OK, "%s: kept",
		    cases[i].name);
		touch = ical_times_touch(f.times, from, to, NULL);
		ok(touch == cases[i].touch, "%s: %d", cases[i].name, touch);
		ok(touch == ICAL_TOUCHES_PERHAPS
			|| matches(text, from, to, arena)
			    == (touch == ICAL_TOUCHES),
		    "%s: so says the object", cases[i].name);
		ok(touch != ICAL_TOUCHES
			|| (f.span_from < to && f.span_to > from),
		    "%s: within its span", cases[i].name);
		arena_free(&arena);
	}
}

/* Random ones. */

struct made {
	struct buf text;
	struct icaltimetype start;
	struct icalrecurrencetype rule;
	bool zoned, floating;
	int64_t length;
	int64_t begins[MOST + 8];
	size_t count;
};

static void
add_moment(struct made *m, int64_t t)
{
	add_utc(&m->text, t);
	if (m->floating)
		buf_cut(&m->text, buf_view(&m->text).n - 1);
}

static unsigned
dice(unsigned n)
{
	return (unsigned)(random() % n);
}

/* libical is wrong about days of the month in DAILY and in YEARLY without
 * BYMONTH, about weeks that are left out, and about what is said twice. */
static void
make_rule(char *rule, size_t room, unsigned weekday)
{
	static const char *const every[] = { "DAILY", "WEEKLY", "MONTHLY",
		"YEARLY" };
	static const char *const days[] = { "SU", "MO", "TU", "WE", "TH", "FR",
		"SA" };
	unsigned f = dice(4);
	struct buf b = buf_new(room);

	buf_print(&b, "FREQ=%s;INTERVAL=%u", every[f], 1 + dice(3));
	if (dice(3) == 0)
		buf_print(&b, ";COUNT=%u", 1 + dice(30));
	else if (dice(2) == 0)
		buf_print(&b, ";UNTIL=20%02u%02u%02uT101500Z", 24 + dice(4),
		    1 + dice(12), 1 + dice(28));
	if (f != 2 && dice(3) == 0) {
		buf_print(&b, ";BYMONTH=%u,%u", 1 + dice(6), 7 + dice(6));
		if (f == 3 && dice(2) == 0)
			buf_print(&b, ";BYMONTHDAY=%d,%u",
			    -1 - (int)dice(28), 1 + dice(28));
	}
	if (f == 2 && dice(3) == 0)
		buf_print(&b, ";BYMONTHDAY=%d,%u", -1 - (int)dice(28),
		    1 + dice(28));
	else if (f == 2 && dice(2) == 0)
		buf_print(&b, ";BYDAY=%d%s", dice(2) == 0 ? -2 : 3,
		    days[dice(7)]);
	else if (f == 1)
		buf_print(&b, ";BYDAY=%s", days[weekday]);
	(void)snprintf(rule, room, "%s", buf_text(&b));
	buf_free(&b);
}

static int64_t
seconds_of(const struct made *m, struct icaltimetype t)
{
	struct date d = { .year = t.year, .month = t.month, .day = t.day,
		.hour = t.hour, .minute = t.minute, .second = t.second };
	int64_t wall = date_seconds(&d);
	struct date turn = { .year = t.year, .month = 3, .day = 31, .hour = 2 };
	int64_t summer, winter;

	if (!m->zoned || t.is_date)
		return wall;
	summer = date_seconds(&turn);
	summer -= date_of(summer).weekday * 86400;
	turn.month = 10;
	winter = date_seconds(&turn) + 3600;
	winter -= date_of(winter).weekday * 86400;
	return wall - (wall >= summer && wall < winter ? 7200 : 3600);
}

static void
go_through(struct made *m)
{
	icalrecur_iterator *i = icalrecur_iterator_new(m->rule, m->start);
	struct icaltimetype t;

	m->begins[m->count++] = seconds_of(m, m->start);
	while (i != NULL && m->count < MOST
	    && !icaltime_is_null_time(t = icalrecur_iterator_next(i)))
		m->begins[m->count++] = seconds_of(m, t);
	icalrecur_iterator_free(i);
}

/* One of them is taken out, one comes in, one is moved. */
static void
change_some(struct made *m)
{
	int64_t out = m->begins[dice((unsigned)m->count)];
	int64_t moved = m->begins[dice((unsigned)m->count)];
	int64_t in = m->begins[0] + (int64_t)dice(400) * 86400 + 1800;

	buf_add_text(&m->text, "EXDATE:");
	add_moment(m, out);
	buf_add_text(&m->text, "\r\nRDATE:");
	add_moment(m, in);
	buf_add_text(&m->text, "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
			       "RECURRENCE-ID:");
	add_moment(m, moved);
	buf_add_text(&m->text, "\r\nDTSTART:");
	for (size_t i = 0; i < m->count; i++)
		if (m->begins[i] == out || m->begins[i] == moved)
			m->begins[i] = in;
	m->begins[m->count++] = in;
	moved += ((int64_t)dice(800) - 400) * 86400;
	add_moment(m, moved);
	m->begins[m->count++] = moved;
	buf_print(&m->text, "\r\nDURATION:PT%dS\r\n", (int)m->length);
}

static void
make(struct made *m)
{
	unsigned kind = dice(4);
	char rule[256], start[32];
	struct date d = { .year = 2024, .month = 1 + (int)dice(12),
		.day = 1 + (int)dice(28) };

	d = date_of(date_seconds(&d));
	*m = (struct made){ .text = buf_new(65536), .zoned = kind == 0,
		.floating = kind == 3 };
	make_rule(rule, sizeof rule, (unsigned)d.weekday);
	(void)snprintf(start, sizeof start, "%04d%02d%02d%s", d.year, d.month,
	    d.day, kind == 1 ? "" : "T101500");
	m->start = icaltime_from_string(start);
	m->rule = icalrecurrencetype_from_string(rule);
	m->length = kind == 1 ? 86400 : 600 * (int64_t)dice(400);
	go_through(m);
	buf_print(&m->text, "BEGIN:VCALENDAR\r\n%sBEGIN:VEVENT\r\nUID:u\r\n"
	    "DTSTART%s:%s%s\r\nDURATION:PT%dS\r\nRRULE:%s\r\n",
	    m->zoned ? ZONE : "",
	    m->zoned ? ";TZID=Mine" : kind == 1 ? ";VALUE=DATE" : "",
	    start, kind == 2 ? "Z" : "", (int)m->length, rule);
	if (kind != 1 && m->count < MOST)
		change_some(m);
	buf_add_text(&m->text, "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

static bool
brute(const struct made *m, int64_t from, int64_t to)
{
	for (size_t i = 0; i < m->count; i++) {
		int64_t b = m->begins[i];

		if (m->length > 0 ? from < b + m->length && b < to
				  : from <= b && b < to)
			return true;
	}
	return false;
}

/* false: something is not as it should be. */
static bool
try_ranges(struct made *m, struct arena *arena)
{
	view text = buf_view(&m->text);
	int64_t last = m->begins[0];
	struct ical_facts f;

	if (ical_examine(text, arena, &f).is != OK || f.times.n == 0)
		return false;
	for (size_t i = 0; i < m->count; i++)
		last = m->begins[i] > last ? m->begins[i] : last;
	/* Past what was gone through there may be more. */
	for (unsigned i = 0; i < RANGES; i++) {
		int64_t from = m->begins[dice((unsigned)m->count)]
		    + ((int64_t)dice(7) - 3) * 40000;
		int64_t to = from + 1 + (int64_t)dice(90) * 40000;
		bool touches;

		if (m->count >= MOST && to > m->begins[MOST - 1])
			continue;
		touches = brute(m, from, to);
		if (ical_times_touch(f.times, from, to, NULL)
		    != (touches ? ICAL_TOUCHES : ICAL_TOUCHES_NOT))
			return false;
		if (matches(text, from, to, arena) != touches)
			return false;
		if (touches && (f.span_from >= to || f.span_to <= from))
			return false;
	}
	return true;
}

static void
test_random(void)
{
	unsigned good = 0;

	srandom(4791);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct arena *arena = arena_new(BUDGET);
		struct made m;

		make(&m);
		if (try_ranges(&m, arena))
			good++;
		else
			ok(false, "round %u: %s", i, buf_text(&m.text));
		buf_free(&m.text);
		arena_free(&arena);
	}
	ok(good == ROUNDS, "%u of %d events are when they are", good, ROUNDS);
}

/* What is kept may be cut short by nothing but a fault of ours; it says no
 * more then than that it does not know. */
static void
test_prefixes(void)
{
	view text = view_of(OBJECT(ZONE EVENT(
	    "DTSTART;TZID=Mine:20260102T090000\r\nDURATION:PT1H\r\n"
	    "RRULE:FREQ=MONTHLY;BYDAY=2MO\r\nEXDATE:20260209T080000Z\r\n")));
	struct arena *arena = arena_new(BUDGET);
	struct ical_facts f;
	size_t sure = 0;

	ok(ical_examine(text, arena, &f).is == OK && f.times.n > 40
		&& f.times.n < 120,
	    "%zu bytes", f.times.n);
	for (size_t n = 0; n < f.times.n; n++) {
		char *exact = malloc(n + 1);

		if (exact == NULL)
			abort();
		for (size_t i = 0; i < n; i++)
			exact[i] = f.times.p[i];
		sure += ical_times_touch((view){ exact, n }, 1, 2, NULL)
		    != ICAL_TOUCHES_PERHAPS;
		free(exact);
	}
	ok(sure == 0, "%zu prefixes say more than they know", sure);
	arena_free(&arena);
}

int
main(void)
{
	test_cases();
	test_random();
	test_prefixes();
	return tap_done();
}
