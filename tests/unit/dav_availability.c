/* When somebody can be had (RFC 7953), as all who ask for it are told. */
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_busy.h"
#include "tests/unit/dav_talk.h"

#define OTHER_HOME "/SOGo/dav/other@example.org/"
#define OUTBOX HOME "Calendar/outbox/"
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define OBJECT(inside) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" inside \
	"END:VCALENDAR\r\n"
#define LAYER(lines) \
	"BEGIN:VAVAILABILITY\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n" lines \
	"END:VAVAILABILITY\r\n"
#define OPEN(uid, lines) \
	"BEGIN:AVAILABLE\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" \
	lines "END:AVAILABLE\r\n"
/* Nine to five in Berlin, from Tuesday, 1 January 2030 on. */
#define OFFICE \
	OPEN("o", "DTSTART;TZID=Europe/Berlin:20300101T090000\r\n" \
		  "DTEND;TZID=Europe/Berlin:20300101T170000\r\n" \
		  "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n")
#define SET(ns, text) \
	"<D:propertyupdate xmlns:D='DAV:' xmlns:A='" ns "'><D:set><D:prop>" \
	"<A:calendar-availability>" text "</A:calendar-availability>" \
	"</D:prop></D:set></D:propertyupdate>"
#define GET(ns) \
	"<D:propfind xmlns:D='DAV:' xmlns:A='" ns "'><D:prop>" \
	"<A:calendar-availability/></D:prop></D:propfind>"
#define CALDAV "urn:ietf:params:xml:ns:caldav"
#define APPLE "http://calendarserver.org/ns/"

/* Friday, 1 March, to Sunday, 3 March 2030. */
enum { BUDGET = 16777216 };
#define FROM INT64_C(1898553600)
#define TO (FROM + 2 * INT64_C(86400))

/* "from-to:kind" of each period, in hours from FROM. */
static void
periods(const char *text, char to[512])
{
	struct arena *arena = arena_new(BUDGET), *scratch = arena_new(BUDGET);
	struct ical_busy b = { .from = FROM, .to = TO, .arena = arena };
	result r = ical_available_add(&b, view_of(text), scratch);
	size_t n = 0;

	to[0] = '\0';
	if (r.is != OK)
		snprintf(to, 512, "%s", r.why);
	for (size_t i = 0; r.is == OK && i < b.count && n < 480; i++)
		n += (size_t)snprintf(to + n, 512 - n, "%d-%d:%c ",
		    (int)((b.list[i].from - FROM) / 3600),
		    (int)((b.list[i].to - FROM) / 3600),
		    "BTU"[b.list[i].kind]);
	arena_free(&scratch);
	arena_free(&arena);
}

static void
test_periods(void)
{
	static const struct {
		const char *text, *expected, *what;
	} cases[] = {
		{ OBJECT(LAYER("")), "0-48:U ", "never" },
		{ OBJECT(LAYER(OFFICE)), "0-8:U 16-48:U ", "office hours" },
		{ OBJECT(LAYER("BUSYTYPE:BUSY\r\n" OFFICE)),
		    "0-8:B 16-48:B ", "busy otherwise" },
		{ OBJECT(LAYER("BUSYTYPE:BUSY-TENTATIVE\r\n" OFFICE)),
		    "0-8:T 16-48:T ", "perhaps" },
		{ OBJECT(LAYER("BUSYTYPE:X-GONE\r\n" OFFICE)),
		    "0-8:U 16-48:U ", "an unknown type" },
		{ OBJECT(LAYER("DTSTART:20300301T000000Z\r\n"
			       "DTEND:20300301T120000Z\r\n" OFFICE)),
		    "0-8:U ", "half a day is spoken of" },
		{ OBJECT(LAYER("DTSTART:20300301T000000Z\r\n"
			       "DURATION:PT6H\r\n")),
		    "0-6:U ", "so long" },
		{ OBJECT(LAYER("DTSTART:20400101T000000Z\r\n")), "",
		    "later on" },
		{ OBJECT(LAYER(OFFICE
			OPEN("o", "RECURRENCE-ID;TZID=Europe/Berlin:"
				  "20300301T090000\r\n"
				  "DTSTART:20300301T100000Z\r\n"
				  "DTEND:20300301T110000Z\r\n"))),
		    "0-10:U 11-48:U ", "another time on one day" },
		{ OBJECT(LAYER(OFFICE
			OPEN("p", "DTSTART:20300301T120000Z\r\n"
				  "DURATION:PT12H\r\n"))),
		    "0-8:U 24-48:U ", "two that overlap" },
		{ OBJECT(LAYER(
			OPEN("o", "DTSTART:20300101T090000Z\r\n"
				  "DURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
				  "EXDATE:20300301T090000Z\r\n"))),
		    "0-33:U 34-48:U ", "not that day" },
		{ OBJECT(LAYER("PRIORITY:9\r\n" OFFICE)
			LAYER("PRIORITY:1\r\nBUSYTYPE:BUSY\r\n"
			      "DTSTART:20300301T080000Z\r\n"
			      "DTEND:20300301T120000Z\r\n")),
		    "0-8:U 16-48:U 8-12:B ", "a holiday on top" },
		{ OBJECT(LAYER("PRIORITY:1\r\n"
			       "DTSTART:20300301T000000Z\r\n"
			       "DTEND:20300302T000000Z\r\n" OFFICE)
			LAYER("BUSYTYPE:BUSY\r\n")),
		    "24-48:B 0-8:U 16-24:U ", "no priority is the lowest" },
		{ "no calendar", "", "what cannot be read" },
	};
	char found[512];

	for (size_t i = 0; i < COUNT(cases); i++) {
		periods(cases[i].text, found);
		same(view_of(found), view_of(cases[i].expected), cases[i].what);
	}
}

static void
test_check(void)
{
	static const char one[] = OPEN("o", "DTSTART:20300101T090000Z\r\n");
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ OBJECT(LAYER(OFFICE)), true },
		{ OBJECT(LAYER("") LAYER("")), true },
		{ OBJECT(""), false },
		{ OBJECT("BEGIN:VEVENT\r\nEND:VEVENT\r\n"), false },
		{ OBJECT(LAYER("") "BEGIN:VEVENT\r\nEND:VEVENT\r\n"), false },
		{ OBJECT(LAYER("BEGIN:VALARM\r\nEND:VALARM\r\n")), false },
		{ OBJECT(LAYER("BEGIN:AVAILABLE\r\nEND:AVAILABLE\r\n")),
		    false },
		{ LAYER(""), false },
		{ "", false },
	};
	struct buf b = buf_new(BUDGET);

	for (size_t i = 0; i < COUNT(cases); i++)
		ok((ical_available_check(view_of(cases[i].text)).is == OK)
			== cases[i].good, "check %zu", i);
	for (size_t more = 0; more < 2; more++) {
		buf_reset(&b);
		buf_add(&b, VIEW("BEGIN:VCALENDAR\r\n"
				 "BEGIN:VAVAILABILITY\r\n"));
		for (size_t i = 0; i + 1 < LIMIT_AVAILABLE + more; i++)
			buf_add_text(&b, one);
		buf_add(&b, VIEW("END:VAVAILABILITY\r\nEND:VCALENDAR\r\n"));
		ok((ical_available_check(buf_view(&b)).is == OK)
			== (more == 0), "LIMIT_AVAILABLE and %zu", more);
	}
	buf_free(&b);
}

static void
test_property(struct talk *t)
{
	static const char inbox[] = HOME "Calendar/inbox/";
	struct reply r;

	expect(t, "PROPPATCH", inbox, "", SET(CALDAV, "nine to five"), 207,
	    "<C:valid-calendar-data/>", "words are no availability");
	expect(t, "PROPPATCH", inbox, "",
	    SET(CALDAV, "BEGIN:VAVAILABILITY\r\nEND:VAVAILABILITY\r\n"), 207,
	    "403 Forbidden", "nor is half of one");
	expect(t, "PROPPATCH", inbox, "",
	    SET(APPLE, OBJECT(LAYER("SUMMARY:a &amp; b\r\n" OFFICE))), 207,
	    "200 OK", "set by Apple's name");
	expect(t, "PROPFIND", inbox, "Depth: 0\n", GET(CALDAV), 207,
	    "SUMMARY:a &amp; b", "and read by the standard's");
	expect(t, "PROPFIND", inbox, "Depth: 0\n", GET(APPLE), 207,
	    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "and by Apple's");
	expect(t, "PROPFIND", inbox, AS_OTHER "Depth: 0\n", GET(CALDAV), 404,
	    NULL, "not by others");
	r = talk(t, "OPTIONS", HOME, "", "");
	ok(reply_header(&r, "calendar-availability"), "announced");
	reply_free(&r);
}

static const char ask[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
    "METHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:20300301T000000Z\r\n"
    "DTEND:20300302T000000Z\r\nORGANIZER:mailto:other@example.org\r\n"
    "ATTENDEE:mailto:user@example.org\r\n"
    "END:VFREEBUSY\r\nEND:VCALENDAR\r\n";
static const char query[] =
    "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
    "<C:time-range start='20300301T000000Z' end='20300302T000000Z'/>"
    "</C:free-busy-query>";
static const char morning[] =
    "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20300301T000000Z/20300301T080000Z";

static void
test_told(struct talk *t)
{
	struct reply r;

	expect(t, "POST", OTHER_HOME "Calendar/outbox/",
	    AS_OTHER "Content-Type: text/calendar\n", ask, 200, morning,
	    "by the outbox");
	expect(t, "REPORT", CALENDAR, "Depth: 1\n", query, 200, morning,
	    "by the report on a calendar");
	expect(t, "REPORT", HOME "Calendar/", "Depth: infinity\n", query, 200,
	    morning, "by the report on the home");
	expect(t, "GET", HOME "freebusy.ifb?start=20300301T000000Z"
			      "&end=20300302T000000Z",
	    "", "", 200, morning, "by the free-busy file");
	expect(t, "PUT", CALENDAR "e.ics", "",
	    OBJECT("BEGIN:VEVENT\r\nUID:e\r\nDTSTART:20300301T070000Z\r\n"
		   "DTEND:20300301T090000Z\r\nEND:VEVENT\r\n"),
	    201, NULL, "an event across the edge");
	expect(t, "REPORT", CALENDAR, "Depth: 1\n", query, 200,
	    "FREEBUSY;FBTYPE=BUSY:20300301T070000Z/20300301T090000Z",
	    "is told as well");
	r = talk(t, "GET", "/SOGo/dav/public/user@example.org/freebusy.ifb"
			   "?start=20300301T000000Z&end=20300302T000000Z",
	    "Authorization:\n", "");
	ok(!reply_has(&r, "UNAVAILABLE"), "not to strangers");
	reply_free(&r);
	r = talk(t, "PROPPATCH", HOME "Calendar/inbox/", "",
	    "<D:propertyupdate xmlns:D='DAV:' xmlns:A='" CALDAV "'>"
	    "<D:remove><D:prop><A:calendar-availability/></D:prop>"
	    "</D:remove></D:propertyupdate>");
	is_number(r.status, 207, "taken back");
	reply_free(&r);
	r = talk(t, "REPORT", CALENDAR, "Depth: 1\n", query);
	ok(r.status == 200 && !reply_has(&r, "UNAVAILABLE"),
	    "and nothing is left of it");
	reply_free(&r);
}

int
main(void)
{
	struct talk t;

	test_periods();
	test_check();
	talk_open(&t);
	test_property(&t);
	test_told(&t);
	talk_close(&t);
	return tap_done();
}
