/* The rest of the hostile inputs of docs/dav-tests.md, by their numbers. */
#include "tests/unit/dav_talk.h"

#include "mailcore/base/limits.h"

#define D0 "Depth: 0\n"
#define START "DTSTART:20260101T100000Z\r\n"
#define CAL "xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'"
#define OBJECT "<C:valid-calendar-object-resource/>"
#define DATA "<C:valid-calendar-data/>"

/* Components in one calendar object. */
static void
put(struct talk *t, const char *lines, unsigned status, const char *has,
    const char *what)
{
	struct buf b = buf_new(1048576);
	struct reply r;

	buf_print(&b,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n%s"
	    "END:VCALENDAR\r\n",
	    lines);
	r = talk_bytes(t, "PUT", CALENDAR "x.ics", "", buf_view(&b));
	if (!ok(r.status == status && (has == NULL || reply_has(&r, has)),
		"%s", what))
		note("%u %.*s", r.status, (int)r.body.n, r.body.p);
	reply_free(&r);
	r = talk(t, "DELETE", CALENDAR "x.ics", "", "");
	reply_free(&r);
	buf_free(&b);
}

#define EVENT(lines) "BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n"

static void
test_objects(struct talk *t)
{
	static const struct {
		const char *lines;
		unsigned status;
		const char *has, *what;
	} cases[] = {
		{ EVENT("UID:\r\n" START), 403, OBJECT, "3: an empty UID" },
		{ EVENT("UID:1\r\n" START) EVENT("UID:2\r\n" START), 403,
		    OBJECT, "4: two UIDs" },
		{ EVENT("UID:1\r\n" START "RRULE:FREQ=DAILY\r\n")
		  EVENT("UID:1\r\nRECURRENCE-ID:20260102T100000Z\r\n" START)
		  EVENT("UID:1\r\nRECURRENCE-ID:20260102T100000Z\r\n" START),
		    403, OBJECT, "9: a RECURRENCE-ID twice" },
		{ EVENT("UID:1\r\n" START "RRULE:FREQ=DAILY\r\n")
		  EVENT("UID:1\r\nRECURRENCE-ID;VALUE=DATE:20260102\r\n"
			START),
		    403, OBJECT, "9: one of another type" },
		{ EVENT("UID:1\r\nDTSTART;TZID=Europe/Berlin:"
			"20260101T100000\r\n"),
		    201, NULL, "10: a zone by its name" },
		{ EVENT("UID:1\r\nDTSTART;TZID=No/Where:20260101T100000\r\n"),
		    403, "<C:valid-timezone/>", "10: one that nobody knows" },
		{ EVENT("UID:1\r\n" START "RRULE:FREQ=DAILY;INTERVAL=0\r\n"),
		    403, DATA, "11: INTERVAL=0" },
		{ EVENT("UID:1\r\n" START
			"RRULE:FREQ=MONTHLY;BYMONTHDAY=99\r\n"),
		    403, DATA, "11: BYMONTHDAY=99" },
		{ EVENT("UID:1\r\n" START "RRULE:FREQ=DAILY;COUNT=2\r\n"
			"EXDATE;VALUE=DATE:20260101\r\n"),
		    201, NULL, "14: an EXDATE of another type" },
		{ EVENT("UID:1\r\n" START "DURATION:-PT1H\r\n"), 403, DATA,
		    "15: a DURATION below nothing" },
		{ EVENT("UID:1\r\nDTSTART:00000101T000000Z\r\n"), 201, NULL,
		    "16: the year 0" },
		{ EVENT("UID:1\r\n" START "SUMMARY:caf\xe9\r\n"), 403, DATA,
		    "19: another charset" },
		{ EVENT("UID:a/../b%2f\\;\"<&>\r\n" START), 201, NULL,
		    "47: a UID that would be a bad file name" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		put(t, cases[i].lines, cases[i].status, cases[i].has,
		    cases[i].what);
}

static void
put_many(struct talk *t, const char *line, int n, unsigned status,
    const char *has, const char *what)
{
	struct buf b = buf_new(16777216);
	struct reply r;

	buf_add(&b, VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
			 "BEGIN:VEVENT\r\nUID:many\r\n" START));
	for (int i = 0; i < n; i++)
		buf_print(&b, "%s%d\r\n", line, i);
	buf_add(&b, VIEW("END:VEVENT\r\nEND:VCALENDAR\r\n"));
	r = talk_bytes(t, "PUT", CALENDAR "many.ics", "", buf_view(&b));
	if (!ok(r.status == status && (has == NULL || reply_has(&r, has)),
		"%s", what))
		note("%u %.*s", r.status, (int)r.body.n, r.body.p);
	reply_free(&r);
	buf_free(&b);
}

static void
test_many(struct talk *t)
{
	struct buf b = buf_new(16777216);
	struct reply r;

	put_many(t, "ATTENDEE:mailto:a@example.com.", 10000, 403,
	    "<C:max-attendees-per-instance/>", "21: 10,000 attendees");
	put_many(t, "X-P:", LIMIT_ICAL_PIECES + 1, 403,
	    "<C:max-resource-size/>", "20: lines without end");
	for (int i = 0; i < 1048577; i++)
		buf_add_byte(&b, ' ');
	r = talk_bytes(t, "PROPFIND", CALENDAR, D0, buf_view(&b));
	is_number(r.status, 413, "25: more XML than LIMIT_XML");
	reply_free(&r);
	buf_reset(&b);
	for (int i = 0; i < 10000; i++)
		buf_add(&b, VIEW("<a>"));
	r = talk_bytes(t, "PROPFIND", CALENDAR, D0, buf_view(&b));
	is_number(r.status, 400, "25: 10,000 levels");
	reply_free(&r);
	buf_reset(&b);
	buf_add(&b, VIEW("<a "));
	for (int i = 0; i < 50000; i++)
		buf_print(&b, "a%d='' ", i);
	buf_add(&b, VIEW("/>"));
	r = talk_bytes(t, "PROPFIND", CALENDAR, D0, buf_view(&b));
	is_number(r.status, 400, "25: 50,000 attributes");
	reply_free(&r);
	buf_reset(&b);
	buf_print(&b, "<C:addressbook-query xmlns:D='DAV:'"
		      " xmlns:C='urn:ietf:params:xml:ns:carddav'><C:filter>"
		      "<C:prop-filter name='FN'><C:text-match>");
	for (int i = 0; i < 1048577; i++)
		buf_add_byte(&b, 'x');
	buf_print(&b, "</C:text-match></C:prop-filter></C:filter>"
		      "</C:addressbook-query>");
	r = talk_bytes(t, "REPORT", BOOK, "Depth: 1\n", buf_view(&b));
	is_number(r.status, 413, "52: a text-match of 1 MiB");
	reply_free(&r);
	buf_free(&b);
}

/* One more than LIMIT_MULTIGET, each of them twice. */
static void
test_multiget(struct talk *t)
{
	struct buf b = buf_new(1048576);
	struct reply r;

	buf_print(&b, "<C:calendar-multiget " CAL "><D:prop><D:getetag/>"
		      "</D:prop>");
	for (int i = 0; i <= LIMIT_MULTIGET; i++)
		buf_print(&b, "<D:href>" CALENDAR "%d</D:href>", i);
	buf_print(&b, "</C:calendar-multiget>");
	r = talk_bytes(t, "REPORT", CALENDAR, "", buf_view(&b));
	ok(r.status == 207
		&& reply_count(&r, "404 Not Found") == LIMIT_MULTIGET
		&& reply_has(&r, "507 Insufficient Storage")
		&& reply_has(&r, "number-of-matches-within-limits"),
	    "29: the first LIMIT_MULTIGET of them");
	reply_free(&r);
	buf_reset(&b);
	buf_print(&b, "<C:calendar-multiget " CAL "><D:prop><D:getetag/>"
		      "</D:prop><D:href>" CALENDAR "1</D:href><D:href>"
		      CALENDAR "1</D:href></C:calendar-multiget>");
	r = talk_bytes(t, "REPORT", CALENDAR, "", buf_view(&b));
	is_number(reply_count(&r, "<D:response>"), 1, "29: one of each");
	reply_free(&r);
	buf_free(&b);
}

#define SYNC(inside)                                                      \
	"<D:sync-collection " CAL "><D:prop><D:getetag/></D:prop>" inside \
	"</D:sync-collection>"
#define QUERY(inside)                                                     \
	"<C:calendar-query " CAL "><D:prop><D:getetag/></D:prop>"         \
	"<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter"        \
	" name='VEVENT'>" inside "</C:comp-filter></C:comp-filter>"       \
	"</C:filter></C:calendar-query>"
#define DATA_QUERY(data)                                                  \
	"<C:calendar-query " CAL "><D:prop>" data "</D:prop><C:filter>"   \
	"<C:comp-filter name='VCALENDAR'/></C:filter></C:calendar-query>"
#define BUSY(range) "<C:free-busy-query " CAL ">" range "</C:free-busy-query>"

static void
test_reports(struct talk *t)
{
	static const struct {
		const char *body;
		unsigned status;
		const char *has, *what;
	} cases[] = {
		{ SYNC("<D:sync-token>http://posthaste.invalid/ns/sync/1-"
		       "999999999</D:sync-token>"),
		    403, "<D:valid-sync-token/>", "27: of the future" },
		{ SYNC("<D:limit><D:nresults>99999999999999999999"
		       "</D:nresults></D:limit>"),
		    403, "number-of-matches-within-limits", "28: too many" },
		{ SYNC("<D:sync-token/>"), 207, "<D:sync-token>",
		    "28: no sync-level is 1" },
		{ QUERY("<C:time-range start='20260102T000000Z'"
			" end='20260101T000000Z'/>"),
		    403, "<C:valid-filter/>", "30: from end to start" },
		{ QUERY("<C:time-range start='20260102T000000'/>"), 403,
		    "<C:valid-filter/>", "30: a floating time" },
		{ QUERY("<C:time-range/>"), 403, "<C:valid-filter/>",
		    "30: no time at all" },
		{ "<C:calendar-query " CAL "><C:filter/></C:calendar-query>",
		    403, "<C:valid-filter/>", "30: an empty filter" },
		{ BUSY("<C:time-range start='20260102T000000Z'"
		       " end='20260101T000000Z'/>"),
		    400, NULL, "30: free-busy from end to start" },
		{ BUSY(""), 400, NULL, "30: free-busy at no time" },
		{ DATA_QUERY("<C:calendar-data content-type='text/html'/>"),
		    403, "<C:supported-calendar-data/>", "32: as HTML" },
		{ DATA_QUERY("<C:calendar-data version='3.0'/>"), 403,
		    "<C:supported-calendar-data/>", "32: of the future" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, "REPORT", CALENDAR, "Depth: 1\n", cases[i].body,
		    cases[i].status, cases[i].has, cases[i].what);
	put_many(t, "RRULE:FREQ=SECONDLY;WKST=MO\r\nX-N:", 1, 201, NULL,
	    "12: every second");
	expect(t, "REPORT", CALENDAR, "Depth: 1\n",
	    DATA_QUERY("<C:calendar-data><C:expand start='10000101T000000Z'"
		       " end='20000101T000000Z'/></C:calendar-data>"),
	    403, "number-of-matches-within-limits", "32: 1,000 years");
	expect(t, "REPORT", CALENDAR, "Depth: 0\n", QUERY(""), 207,
	    "/\">\n</D:multistatus>", "a query at Depth 0 finds nothing");
	expect(t, "REPORT", CALENDAR, "Depth: 7\n", QUERY(""), 400, NULL,
	    "nor at Depth 7");
}

#define SET(what)                                                         \
	"<D:propertyupdate " CAL "><D:set><D:prop>" what                  \
	"</D:prop></D:set></D:propertyupdate>"

static void
test_properties(struct talk *t)
{
	expect(t, "PROPPATCH", CALENDAR, "",
	    SET("<C:calendar-timezone>x</C:calendar-timezone>"), 207, DATA,
	    "34: no time zone");
	expect(t, "PROPPATCH", CALENDAR, "",
	    SET("<C:schedule-calendar-transp><C:odd/>"
		"</C:schedule-calendar-transp>"),
	    400, NULL, "34: neither opaque nor transparent");
	expect(t, "PROPFIND", CALENDAR "none.ics", "", "", 404, NULL,
	    "26: of a leaf no Depth is missed");
	expect(t, "MKCALENDAR", HOME "x/", "", "", 403, NULL,
	    "36: beside the homes");
	expect(t, "MKCOL", HOME "Calendar/x/", "",
	    "<D:mkcol " CAL "><D:set><D:prop><D:resourcetype>"
	    "<D:collection/><D:odd/></D:resourcetype></D:prop></D:set>"
	    "</D:mkcol>",
	    403, "<D:valid-resourcetype/>", "37: an unknown kind");
	expect(t, "MKCOL", HOME "Calendar/none/x/", "", "", 409, NULL,
	    "37: no parent");
}

static void
test_conditions(struct talk *t)
{
	char text[512], etag[64], headers[160];
	struct reply r = talk(
	    t, "PUT", CALENDAR "c.ics", "", event(text, "c", "0101"));
	size_t at;

	reply_free(&r);
	r = talk(t, "GET", CALENDAR "c.ics", "", "");
	at = view_find(buf_view(&r.headers), VIEW("ETag: \"")) + 7;
	(void)view_copy(view_first(view_from(buf_view(&r.headers), at), 32),
	    etag, sizeof etag);
	reply_free(&r);
	snprintf(headers, sizeof headers, "If-Match: W/\"%s\"\n", etag);
	expect(t, "PUT", CALENDAR "c.ics", headers, text, 412, NULL,
	    "41: weak is never the same");
	snprintf(headers, sizeof headers, "If-Match: \"a\", %s\n", etag);
	expect(t, "PUT", CALENDAR "c.ics", headers, text, 204, NULL,
	    "41: a list, without quotes");
	expect(t, "PUT", CALENDAR "c.ics", "If-Schedule-Tag-Match: x\n", text,
	    412, NULL, "43: another Schedule-Tag");
	expect(t, "PUT", CALENDAR "c.ics", "If: (<foobar>)\n", text, 412,
	    NULL, "44: a token of a lock");
	expect(t, "MOVE", CALENDAR "c.ics",
	    "Destination: /SOGo/dav/user@example.org/../other@example.org/"
	    "Calendar/personal/c.ics\n",
	    "", 400, NULL, "45: dots in a Destination");
	expect(t, "GET", CALENDAR "./c.ics", "", "", 400, NULL, "46: a dot");
	expect(t, "GET", CALENDAR "c.ics;x", "", "", 404, NULL,
	    "46: a parameter is part of the name");
	expect(t, "GET", HOME "Calendar//personal/c.ics", "", "", 404, NULL,
	    "46: an empty segment");
	expect(t, "DELETE", "/", "", "", 405, NULL, "38: the root");
}

/* A name of LIMIT_DAV_NAME octets, and of one more. */
static void
test_names(struct talk *t)
{
	char target[512] = CALENDAR, text[512];
	size_t n = strlen(target);

	memset(target + n, 'n', LIMIT_DAV_NAME);
	target[n + LIMIT_DAV_NAME] = '\0';
	expect(t, "PUT", target, "", event(text, "name", "0101"), 201, NULL,
	    "46: LIMIT_DAV_NAME");
	target[n + LIMIT_DAV_NAME] = 'n';
	target[n + LIMIT_DAV_NAME + 1] = '\0';
	expect(t, "PUT", target, "", event(text, "name2", "0101"), 409, NULL,
	    "46: and one more");
}

static void
test_cards(struct talk *t)
{
	expect(t, "PUT", BOOK "a.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nN:A;B;;;\r\nEND:VCARD\r\n",
	    201, NULL, "51: no FN");
	expect(t, "PUT", BOOK "b.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:B\r\nN:B;;;;\r\nEND:VCARD\r\n",
	    403, "<CR:valid-address-data/>", "no UID (RFC 6352 5.1)");
	expect(t, "PUT", BOOK "b.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:b\r\nFN:B\r\nN:B;;;;\r\n"
	    "PHOTO;ENCODING=b;TYPE=PNG:!!!!\r\nEND:VCARD\r\n",
	    403, "<CR:valid-address-data/>", "51: a PHOTO that is no base64");
}

#define BUSY_ASKED(end, attendees)                                        \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\n" \
	"BEGIN:VFREEBUSY\r\nUID:q\r\nDTSTAMP:20260101T000000Z\r\n"        \
	"DTSTART:20300101T000000Z\r\nDTEND:" end "\r\n"                    \
	"ORGANIZER:mailto:user@example.org\r\n" attendees                  \
	"END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
#define A "ATTENDEE:mailto:other@example.org\r\n"
#define A10 A A A A A A A A A A
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static void
test_outbox(struct talk *t)
{
	static const char ics[] = "Content-Type: text/calendar\n";

	ok(LIMIT_BUSY_RECIPIENTS == 100, "A100 is as many as may be asked");
	expect(t, "POST", HOME "Calendar/outbox/", ics,
	    BUSY_ASKED("20300102T000000Z", A100), 200, "2.0;Success",
	    "49: 100 are asked");
	expect(t, "POST", HOME "Calendar/outbox/", ics,
	    BUSY_ASKED("20300102T000000Z", A100 A), 403,
	    "<C:max-attendees-per-instance/>", "49: and one more");
	expect(t, "POST", HOME "Calendar/outbox/", ics,
	    BUSY_ASKED("21300102T000000Z", A), 403,
	    "<C:valid-scheduling-message/>", "49: about 100 years");
}

/* What is left of it comes after the time for all of it. */
static void
test_slow(struct talk *t)
{
	struct exchange *x = exchange_new(
	    &t->options, &t->bodies, VIEW(CALENDAR "slow.ics"));

	talk_fields(x, "Content-Type: text/calendar\n");
	ok(exchange_begin(x, "PUT", VIEW("192.0.2.1"), false)
		&& exchange_body(x, VIEW("BEGIN:")),
	    "59: a body begins");
	x->began_ms -= (int64_t)LIMIT_HTTP_BODY_SECONDS * 1000 + 1;
	ok(!exchange_body(x, VIEW("V")), "59: what is too slow is closed");
	exchange_free(&x);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_objects(&t);
	test_many(&t);
	test_multiget(&t);
	test_reports(&t);
	test_properties(&t);
	test_conditions(&t);
	test_names(&t);
	test_cards(&t);
	test_outbox(&t);
	test_slow(&t);
	talk_close(&t);
	return tap_done();
}
