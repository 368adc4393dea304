/* Time zones by reference (RFC 7809). */
#include "mailcore/format/ical_zone.h"
#include "tests/unit/dav_talk.h"

#define MINE                                                             \
	"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\n"             \
	"DTSTART:19700101T000000\r\nTZOFFSETFROM:+0200\r\n"              \
	"TZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define BERLIN                                                           \
	"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"    \
	"DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"              \
	"TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define EVENT(zones, uid, zone) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" zones \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" \
	"DTSTART;TZID=" zone ":20300301T090000\r\nDURATION:PT1H\r\n" \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"
#define T "CalDAV-Timezones: T\n"
#define F "CalDAV-Timezones: F\n"
#define ZONE "BEGIN:VTIMEZONE"

static void
test_names(void)
{
	static const struct {
		const char *name;
		bool known;
	} cases[] = {
		{ "Europe/Berlin", true },
		{ "America/Argentina/Buenos_Aires", true },
		{ "US/Eastern", true },
		{ "Asia/Calcutta", true },
		{ "Etc/GMT+5", true },
		{ "UTC", true },
		{ "", false },
		{ "Mine", false },
		{ "europe/berlin", false },
		{ "W. Europe Standard Time", false },
		{ "Europe", false },
		{ "Europe/", false },
		{ "Europe//Berlin", false },
		{ "posixrules", false },
		{ "right/Europe/Berlin", false },
		{ "Europe/../../../../etc/passwd", false },
		{ "/etc/localtime", false },
		{ "/mozilla.org/20050126_1/Europe/Berlin", false },
		{ "Europe/Berlin\r\nX", false },
		{ "America/Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaa",
		    false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(ical_zone_is_known(view_of(cases[i].name))
			== cases[i].known,
		    "\"%.40s\" is %s", cases[i].name,
		    cases[i].known ? "known" : "not known");
}

static void
has(struct talk *t, const char *object, const char *headers, int zones,
    const char *what)
{
	char path[128];
	struct reply r;

	snprintf(path, sizeof path, CALENDAR "%s", object);
	r = talk(t, "GET", path, headers, "");
	if (!ok(r.status == 200 && reply_count(&r, ZONE) == zones
		    && reply_has(&r, "BEGIN:VEVENT"),
		"%s", what))
		note("%u: %.*s", r.status, (int)r.body.n, r.body.p);
	reply_free(&r);
}

static void
test_objects(struct talk *t)
{
	static const char named[] = EVENT("", "n", "Europe/Berlin");
	static const char multiget[] =
	    "<C:calendar-multiget xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop>"
	    "<C:calendar-data/></D:prop><D:href>" CALENDAR "n.ics</D:href>"
	    "<D:href>" CALENDAR "f.ics</D:href></C:calendar-multiget>";
	struct reply r;

	expect(t, "PUT", CALENDAR "n.ics", "", named, 201, NULL,
	    "a zone by its name");
	expect(t, "PUT", CALENDAR "f.ics", "",
	    EVENT(BERLIN, "f", "Europe/Berlin"), 201, NULL, "in full");
	expect(t, "PUT", CALENDAR "m.ics", "", EVENT(MINE, "m", "Mine"), 201,
	    NULL, "one's own");
	expect(t, "PUT", CALENDAR "q.ics", "",
	    EVENT("", "q", "\"Europe/Berlin\""), 201, NULL, "in quotes");
	expect(t, "PUT", CALENDAR "x.ics", "", EVENT("", "x", "Mine"), 403,
	    "<C:valid-timezone/>", "one's own that is nowhere");
	expect(t, "PUT", CALENDAR "x.ics", "", EVENT(BERLIN, "x", "Mine"),
	    403, "<C:valid-timezone/>", "another one is there");
	expect(t, "PUT", CALENDAR "x.ics", "", EVENT("", "x", ""), 403,
	    "<C:valid-timezone/>", "no name");
	r = talk(t, "GET", CALENDAR "n.ics", "", "");
	ok(view_eq(buf_view(&r.body), view_of(named)), "kept as it came");
	ok(reply_header(&r, "Vary: CalDAV-Timezones"), "and varies");
	reply_free(&r);
	expect(t, "PUT", CALENDAR "t.ics", "", EVENT("", "t", "Asia/Tokyo"),
	    201, NULL, "one without summers by now");
	expect(t, "GET", CALENDAR "t.ics", T, "", 200,
	    "DTSTART:19480912T010000\r\n"
	    "RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=2SU;UNTIL=19510909T150000Z",
	    "the last one of 8 September 1951, 15:00Z, is over for all");
	has(t, "n.ics", "", 0, "by name");
	has(t, "n.ics", F, 0, "by name, and none is wanted");
	has(t, "n.ics", T, 1, "by name, and it is wanted");
	has(t, "q.ics", T, 1, "in quotes, and it is wanted");
	has(t, "f.ics", "", 1, "in full");
	has(t, "f.ics", F, 0, "in full, and none is wanted");
	has(t, "f.ics", T, 1, "in full, and it is wanted");
	has(t, "m.ics", F, 1, "nobody else knows one's own");
	expect(t, "GET", CALENDAR "n.ics", T, "", 200,
	    "TZID:Europe/Berlin\r\n", "under the name that is used");
	r = talk(t, "REPORT", CALENDAR, F, multiget);
	is_number(reply_count(&r, ZONE), 0, "multiget without");
	reply_free(&r);
	r = talk(t, "REPORT", CALENDAR, T, multiget);
	is_number(reply_count(&r, ZONE), 2, "multiget with");
	reply_free(&r);
	r = talk(t, "REPORT", CALENDAR, "", multiget);
	is_number(reply_count(&r, ZONE), 1, "multiget as they are");
	reply_free(&r);
	r = talk(t, "OPTIONS", HOME, "", "");
	ok(reply_header(&r, "calendar-no-timezone"), "announced");
	reply_free(&r);
}

#define SET(inside) \
	"<D:propertyupdate xmlns:D='DAV:'" \
	" xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>" inside \
	"</D:prop></D:set></D:propertyupdate>"
#define ASK(name) \
	"<D:propfind xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<D:prop><" name "/></D:prop></D:propfind>"
#define ID "C:calendar-timezone-id"
#define FULL "C:calendar-timezone"
#define CALENDAR_OF(zone) "BEGIN:VCALENDAR\r\n" zone "END:VCALENDAR\r\n"

static void
test_property(struct talk *t)
{
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n", ASK(ID), 207,
	    "404 Not Found", "no zone");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n", ASK(FULL), 207,
	    "404 Not Found", "in no form");
	expect(t, "PROPPATCH", CALENDAR, "",
	    SET("<" ID ">Nowhere/Else</" ID ">"), 207,
	    "<C:valid-timezone/>", "a name that nobody knows");
	expect(t, "PROPPATCH", CALENDAR, "",
	    SET("<" ID ">Asia/Tokyo</" ID ">"), 207, "200 OK", "a name");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n", ASK(ID), 207,
	    "<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>",
	    "is kept");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n", ASK(FULL), 207,
	    "TZOFFSETTO:+0900", "and the zone follows");
	expect(t, "PROPPATCH", CALENDAR, "",
	    SET("<" FULL ">" CALENDAR_OF(BERLIN) "</" FULL ">"), 207,
	    "200 OK", "a zone in full");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n", ASK(ID), 207,
	    "<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>",
	    "and the name follows");
	expect(t, "PROPPATCH", CALENDAR, "",
	    SET("<" FULL ">" CALENDAR_OF(MINE) "</" FULL ">"), 207, "200 OK",
	    "one's own");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n", ASK(ID), 207,
	    "404 Not Found", "has no name");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>", 207,
	    "<C:calendar-timezone/>", "it is named without its value");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:calendar-query xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop><D:getetag/>"
	    "</D:prop><C:filter><C:comp-filter name='VCALENDAR'/></C:filter>"
	    "<C:timezone-id>Nowhere/Else</C:timezone-id></C:calendar-query>",
	    403, "<C:valid-timezone/>", "a query in such a zone");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:calendar-query xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop><D:getetag/>"
	    "</D:prop><C:filter><C:comp-filter name='VCALENDAR'/></C:filter>"
	    "<C:timezone-id>Asia/Tokyo</C:timezone-id></C:calendar-query>",
	    207, "n.ics", "in a known one");
}

#define FLOATING(uid, lines) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" \
	lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define SPAN(asked, from, to, more)                                        \
	"<C:calendar-query xmlns:D='DAV:'"                                 \
	" xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop>" asked          \
	"</D:prop><C:filter><C:comp-filter name='VCALENDAR'>"              \
	"<C:comp-filter name='VEVENT'><C:time-range start='20300601T" from \
	"Z' end='20300601T" to "Z'/></C:comp-filter></C:comp-filter>"      \
	"</C:filter>" more "</C:calendar-query>"
#define ONE_ZONE(zone)                                                \
	"<C:timezone>BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" \
	zone "END:VCALENDAR\r\n</C:timezone>"

/* RFC 4791 7.3: when something is that only says what clocks show. */
static const struct {
	const char *body;
	const char *has;
	const char *what;
} floating[] = {
	{ SPAN("<D:getetag/>", "120000", "120001", ""), NULL,
	    "not at noon in Greenwich" },
	{ SPAN("<D:getetag/>", "160000", "160001", ""), "/noon.ics<",
	    "but when it is noon there" },
	{ SPAN("<D:getetag/>", "100000", "100001",
	      "<C:timezone-id>Europe/Berlin</C:timezone-id>"),
	    "/noon.ics<", "or where the query says" },
	{ SPAN("<D:getetag/>", "100000", "100001", ONE_ZONE(MINE)),
	    "/noon.ics<", "in words of its own" },
	{ SPAN("<C:calendar-data><C:expand start='20300601T160000Z'"
	       " end='20300601T160001Z'/></C:calendar-data>",
	      "160000", "160001", ""),
	    "DTSTART:20300601T120000&#13;", "also to expand it" },
	{ "<C:calendar-query xmlns:D='DAV:'"
	  " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop>"
	  "<C:calendar-data><C:expand start='20300601T160000Z'"
	  " end='20300601T160001Z'/></C:calendar-data></D:prop>"
	  "<C:filter><C:comp-filter name='VCALENDAR'/></C:filter>"
	  "</C:calendar-query>",
	    "DTSTART:20300601T120000&#13;", "of all that there is" },
	{ "<C:calendar-query xmlns:D='DAV:'"
	  " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop>"
	  "<D:getetag/></D:prop><C:filter>"
	  "<C:comp-filter name='vcalendar'>"
	  "<C:comp-filter name='vevent'><C:time-range"
	  " start='20300601T160000Z' end='20300601T160001Z'/>"
	  "</C:comp-filter></C:comp-filter></C:filter>"
	  "</C:calendar-query>",
	    "/noon.ics<", "in small letters" },
};

static void
test_floating(struct talk *t)
{
	expect(t, "PROPPATCH", CALENDAR, "",
	    "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>"
	    "<C:calendar-timezone xmlns:C='urn:ietf:params:xml:ns:caldav'>"
	    "BEGIN:VCALENDAR\r\n" ZONE "\r\nEND:VTIMEZONE\r\n"
	    "END:VCALENDAR\r\n</C:calendar-timezone></D:prop></D:set>"
	    "</D:propertyupdate>",
	    207, "<C:valid-calendar-data/>", "no zone of a calendar");
	expect(t, "PROPPATCH", CALENDAR, "",
	    "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>"
	    "<C:calendar-timezone-id"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'>America/New_York"
	    "</C:calendar-timezone-id></D:prop></D:set>"
	    "</D:propertyupdate>",
	    207, "200 OK", "its zone");
	expect(t, "PUT", CALENDAR "noon.ics", "",
	    FLOATING("noon",
		"DTSTART:20300601T120000\r\nDURATION:PT1H\r\n"),
	    201, NULL, "an event at noon");
	for (size_t i = 0; i < COUNT(floating); i++) {
		const char *has = floating[i].has;
		struct reply r = talk(t, "REPORT", CALENDAR, "",
		    floating[i].body);

		ok(r.status == 207
			&& reply_has(&r, has == NULL ? "noon.ics" : has)
			    == (has != NULL),
		    "%s", floating[i].what);
		reply_free(&r);
	}
	expect(t, "REPORT", CALENDAR, "",
	    SPAN("<D:getetag/>", "100000", "100001", ONE_ZONE("")), 403,
	    "<C:valid-calendar-data/>", "a query with no zone");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
	    "<C:time-range start='20300601T000000Z' end='20300602T000000Z'/>"
	    "</C:free-busy-query>",
	    200, "20300601T160000Z/20300601T170000Z", "and is busy then");
}

/* Is it there within a second that begins so? */
static bool
is_at(struct talk *t, const char *name, const char *from, const char *to)
{
	char body[1024];
	struct reply r;
	bool found;

	snprintf(body, sizeof body, "<C:calendar-query xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop><D:getetag/>"
	    "</D:prop><C:filter><C:comp-filter name='VCALENDAR'>"
	    "<C:comp-filter name='VEVENT'><C:time-range start='%sZ'"
	    " end='%sZ'/></C:comp-filter></C:comp-filter></C:filter>"
	    "</C:calendar-query>", from, to);
	r = talk(t, "REPORT", CALENDAR, "", body);
	found = r.status == 207 && reply_has(&r, name);
	reply_free(&r);
	return found;
}

/* In years that rules of today say other things of. */
static const struct {
	const char *zones, *zone, *start; /* what clocks show */
	const char *before, *at, *after;  /* seconds in UTC */
} past[] = {
	{ "", "Europe/London", "19770325T120000", "19770325T105959",
	    "19770325T110000", "19770325T110001" },
	{ "", "America/Sao_Paulo", "20140220T120000", "20140220T145959",
	    "20140220T150000", "20140220T150001" },
	{ "", "America/Sao_Paulo", "20141019T120000", "20141019T135959",
	    "20141019T140000", "20141019T140001" },
	{ "", "Asia/Tehran", "20190322T120000", "20190322T072959",
	    "20190322T073000", "20190322T073001" },
	{ "", "Africa/Casablanca", "20240320T120000", "20240320T115959",
	    "20240320T120000", "20240320T120001" },
	{ "", "Africa/Cairo", "20231027T120000", "20231027T095959",
	    "20231027T100000", "20231027T100001" },
	{ "", "Europe/Berlin", "20260701T120000", "20260701T095959",
	    "20260701T100000", "20260701T100001" },
	/* What an object says itself goes before that. */
	{ BERLIN, "Europe/Berlin", "20260701T120000", "20260701T105959",
	    "20260701T110000", "20260701T110001" },
};

/* Expanded, also where the time zone comes behind what uses it. */
static void
test_expanded(struct talk *t)
{
	static const char *const texts[] = {
		"BEGIN:VEVENT\r\nUID:past\r\nDTSTAMP:20260101T000000Z\r\n"
		"DTSTART;TZID=Europe/Berlin:20190330T120000\r\n"
		"RRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\n",
		"BEGIN:VEVENT\r\nUID:past\r\nDTSTAMP:20260101T000000Z\r\n"
		"DTSTART;TZID=Mine:20190330T130000\r\n"
		"RRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\n" MINE,
	};
	static const char *const second[] = { "DTSTART:20190331T100000Z",
		"DTSTART:20190331T110000Z" };
	char text[1024];

	for (size_t i = 0; i < COUNT(texts); i++) {
		snprintf(text, sizeof text, "BEGIN:VCALENDAR\r\n"
		    "VERSION:2.0\r\nPRODID:x\r\n%sEND:VCALENDAR\r\n",
		    texts[i]);
		expect(t, "PUT", CALENDAR "past.ics", "", text, 204, NULL,
		    "a rule");
		expect(t, "REPORT", CALENDAR "past.ics", "",
		    "<C:calendar-multiget xmlns:D='DAV:'"
		    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop>"
		    "<C:calendar-data><C:expand start='20190331T000000Z'"
		    " end='20190401T000000Z'/></C:calendar-data></D:prop>"
		    "<D:href>" CALENDAR "past.ics</D:href>"
		    "</C:calendar-multiget>",
		    207, second[i], "expanded");
	}
}

/* Alone, and as the second instance of a rule. */
static void
test_past(struct talk *t)
{
	static const char *const rules[] = { "",
		"RRULE:FREQ=DAILY;COUNT=2\r\n" };
	char text[1024];

	for (size_t i = 0; i < 2 * COUNT(past); i++) {
		const char *rule = rules[i % 2];
		size_t k = i / 2;

		snprintf(text, sizeof text, "BEGIN:VCALENDAR\r\n"
		    "VERSION:2.0\r\nPRODID:x\r\n%sBEGIN:VEVENT\r\n"
		    "UID:past\r\nDTSTAMP:20260101T000000Z\r\n"
		    "DTSTART;TZID=%s:%s\r\n%sDURATION:PT1S\r\n"
		    "END:VEVENT\r\nEND:VCALENDAR\r\n", past[k].zones,
		    past[k].zone, past[k].start, rule);
		expect(t, "PUT", CALENDAR "past.ics", "", text,
		    i == 0 ? 201 : 204, NULL, past[k].zone);
		ok(is_at(t, "past.ics", past[k].at, past[k].after)
			&& !is_at(t, "past.ics", past[k].before, past[k].at),
		    "%s %s %s", past[k].zone, past[k].at, rule);
	}
}

int
main(void)
{
	struct talk t;

	test_names();
	talk_open(&t);
	test_objects(&t);
	test_property(&t);
	test_floating(&t);
	test_past(&t);
	test_expanded(&t);
	talk_close(&t);
	return tap_done();
}
