/* Filters of queries: parameters nobody knows, and what is none (RFC 4791 9.7,
 * RFC 6352 10.5); what is told of reports is what there is; who is busy. */
#include "tests/unit/dav_talk.h"

#define QUERY(ns, name, inside)                                             \
	"<x:" name " xmlns:x='urn:ietf:params:xml:ns:" ns                   \
	"'><D:prop xmlns:D='DAV:'><D:getetag/></D:prop><x:filter>" inside  \
	"</x:filter></x:" name ">"
#define CAL(inside) QUERY("caldav", "calendar-query", inside)
#define EVENT(inside)                                                       \
	CAL("<x:comp-filter name='VCALENDAR'><x:comp-filter name='VEVENT'>" \
	    inside "</x:comp-filter></x:comp-filter>")
#define PROP(name, inside) \
	"<x:prop-filter name='" name "'>" inside "</x:prop-filter>"
#define PARAM(name, inside) \
	"<x:param-filter name='" name "'>" inside "</x:param-filter>"
#define TEXT(text) "<x:text-match>" text "</x:text-match>"
#define NOT "<x:is-not-defined/>"
#define UNKNOWN "<more xmlns='urn:x' test='x'/>" /* RFC 4918 17 */
#define CARDS(inside) QUERY("carddav", "addressbook-query", inside)

static void
test_parameters(struct talk *t)
{
	static const struct {
		const char *query;
		bool found;
	} rows[] = {
		{ EVENT(PROP("X-OWN", PARAM("X-KEY", TEXT("one")))), true },
		{ EVENT(PROP("x-own", PARAM("x-key", TEXT("ONE")))), true },
		{ EVENT(PROP("X-OWN", PARAM("x-key", TEXT("two")))), false },
		{ EVENT(PROP("X-OWN", PARAM("X-Kes", ""))), false },
		{ EVENT(PROP("X-OWN", PARAM("x-key", NOT))), false },
		{ EVENT(PROP("X-OWN", PARAM("x-ke", NOT))), true },
		{ EVENT(PROP("X-OWN", PARAM("x-ke", NOT UNKNOWN))), true },
		{ EVENT(PROP("X-OWN", UNKNOWN NOT)), false },
		{ EVENT(PROP("SUMMARY", PARAM("language", TEXT("EN")))),
		    true },
		{ EVENT(PROP("SUMMARY", PARAM("new-one", TEXT("x, y")))),
		    true },
	};

	expect(t, "PUT", CALENDAR "a.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:a\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DTSTART:20260301T100000Z\r\nX-OWN;X-Key=one:v\r\n"
	    "SUMMARY;NEW-ONE=\"x, y\";LANGUAGE=en:s\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    201, NULL, "an event");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply r = talk(
		    t, "REPORT", CALENDAR, "Depth: 1\n", rows[i].query);

		ok(r.status == 207 && reply_has(&r, "a.ics") == rows[i].found,
		    "%s", rows[i].query + 140);
		reply_free(&r);
	}
}

static void
test_refused(struct talk *t)
{
	static const char *const events[] = {
		CAL("<x:comp-filter name='VCALENDAR'/>"
		    "<x:comp-filter name='VCALENDAR'/>"),
		EVENT(NOT "<x:time-range start='20260101T000000Z'/>"),
		EVENT(PROP("SUMMARY", NOT TEXT("x"))),
		EVENT(PROP("SUMMARY", TEXT("x") TEXT("y"))),
		EVENT(PROP("SUMMARY", PARAM("X", NOT TEXT("x")))),
		EVENT("<x:time-range start='20260101T000000Z'/>"
		      "<x:time-range start='20260101T000000Z'/>"),
	};
	static const char *const cards[] = {
		CARDS(PROP("FN", NOT TEXT("x"))),
		CARDS(PROP("FN", PARAM("X", NOT TEXT("x")))),
		CARDS("<x:prop-filter name='FN' test='some'/>"),
	};

	for (size_t i = 0; i < COUNT(events); i++)
		expect(t, "REPORT", CALENDAR, "Depth: 1\n", events[i], 403,
		    "<C:valid-filter/>", "no filter of events");
	for (size_t i = 0; i < COUNT(cards); i++)
		expect(t, "REPORT", BOOK, "Depth: 1\n", cards[i], 403,
		    "<CR:valid-filter/>", "no filter of cards");
	expect(t, "REPORT", BOOK, "Depth: 1\n",
	    CARDS("<x:prop-filter name='FN' test='allof'>" TEXT("x") TEXT("y")
		  "</x:prop-filter>"),
	    207, NULL, "two texts are one of cards");
	expect(t, "REPORT", BOOK, "Depth: 1\n", CARDS(PROP("X", NOT UNKNOWN)),
	    207, NULL, "what nobody knows is as if it were not there");
}

/* RFC 4791 7, RFC 6352 8: it MUST be told of each object. */
static void
test_told(struct talk *t)
{
	static const char find[] =
	    "<propfind xmlns='DAV:'><prop><supported-report-set/></prop>"
	    "</propfind>";
	char text[512];

	expect(t, "PUT", BOOK "a.vcf", "", card(text, "a", "A"), 201, NULL,
	    "a card");
	expect(t, "PROPFIND", CALENDAR "a.ics", "Depth: 0\n", find, 207,
	    "<C:calendar-query/>", "an event has a query");
	expect(t, "PROPFIND", CALENDAR "a.ics", "Depth: 0\n", find, 207,
	    "<C:calendar-multiget/>", "and a multiget");
	expect(t, "PROPFIND", BOOK "a.vcf", "Depth: 0\n", find, 207,
	    "<CR:addressbook-query/>", "a card has a query");
	expect(t, "PROPFIND", BOOK "a.vcf", "Depth: 0\n", find, 207,
	    "<CR:addressbook-multiget/>", "and a multiget");
	expect(t, "REPORT", CALENDAR "a.ics", "", EVENT(""), 207, "a.ics",
	    "which answer");
	expect(t, "REPORT", BOOK "a.vcf", "", CARDS(""), 207, "a.vcf",
	    "for each");
}

/* RFC 5545 3.6.4 */
static void
test_busy(struct talk *t)
{
	static const char query[] =
	    "<free-busy-query xmlns='urn:ietf:params:xml:ns:caldav'>"
	    "<time-range start='20260301T000000Z' end='20260302T000000Z'/>"
	    "</free-busy-query>";

	expect(t, "REPORT", CALENDAR, "Depth: 1\n", query, 200,
	    "BEGIN:VFREEBUSY\r\nUID:", "free-busy time has a UID");
	expect(t, "GET", HOME "freebusy.ifb", "", "", 200,
	    "BEGIN:VFREEBUSY\r\nUID:", "as a file too");
}

#define OWN "mailto:user@example.org"

/* Whoever has declined is not busy, and who may come is so perhaps. */
static void
test_answers(struct talk *t)
{
	static const char query[] =
	    "<free-busy-query xmlns='urn:ietf:params:xml:ns:caldav'>"
	    "<time-range start='20300301T000000Z' end='20300302T000000Z'/>"
	    "</free-busy-query>";
	static const struct {
		const char *who, *said, *type; /* NULL: free */
	} rows[] = {
		{ OWN, "ACCEPTED", "BUSY:" },
		{ OWN, "NEEDS-ACTION", "BUSY:" },
		{ OWN, "TENTATIVE", "BUSY-TENTATIVE:" },
		{ OWN, "DECL\r\n INED", NULL },
		{ OWN, "T\r\n\tENTATIVE", "BUSY-TENTATIVE:" },
		{ "MAILTO:USER@example.org", "DECLINED", NULL },
		{ "mailto:user%40example.org", "DECLINED", NULL },
		{ HOME, "DECLINED", NULL },
		{ "urn:uuid:1", "DECLINED;EMAIL=\"user@example.org\"", NULL },
		{ "urn:uuid:1", "DECLINED", "BUSY:" },
		{ "mailto:other@example.org", "DECLINED", "BUSY:" },
		{ "mailto:x@elsewhere.example", "DECLINED", "BUSY:" },
	};
	char text[1024], type[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply r;

		snprintf(text, sizeof text,
		    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
		    "BEGIN:VEVENT\r\nUID:answer\r\n"
		    "DTSTART:20300301T090000Z\r\nDURATION:PT1H\r\n"
		    "ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:a@b.example\r\n"
		    "ATTENDEE;PARTSTAT=%s:%s\r\n"
		    "END:VEVENT\r\nEND:VCALENDAR\r\n",
		    rows[i].said, rows[i].who);
		r = talk(t, "PUT", CALENDAR "answer.ics", "", text);
		ok(r.status == 201, "%s: %s", rows[i].who, rows[i].said);
		reply_free(&r);
		snprintf(type, sizeof type, "FREEBUSY;FBTYPE=%s",
		    rows[i].type == NULL ? "" : rows[i].type);
		r = talk(t, "REPORT", CALENDAR, "Depth: 1\n", query);
		ok(r.status == 200
			&& reply_has(&r, type) == (rows[i].type != NULL),
		    "takes time as %s",
		    rows[i].type == NULL ? "nothing" : rows[i].type);
		reply_free(&r);
		expect(t, "DELETE", CALENDAR "answer.ics",
		    "Schedule-Reply: F\n", "", 204, NULL, "gone");
	}
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_parameters(&t);
	test_refused(&t);
	test_told(&t);
	test_busy(&t);
	test_answers(&t);
	talk_close(&t);
	return tap_done();
}
