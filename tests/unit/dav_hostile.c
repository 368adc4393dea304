/* Input that breaks servers, and the right answer to it. */
#include "tests/unit/dav_talk.h"

static void
put(struct talk *t, const char *lines, unsigned status, const char *has,
    const char *what)
{
	static int n;
	char text[2048], target[128];

	snprintf(target, sizeof target, CALENDAR "h%d.ics", ++n);
	snprintf(text, sizeof text,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
	    "BEGIN:VEVENT\r\nUID:h%d\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
	    n, lines);
	expect(t, "PUT", target, "", text, status, has, what);
}

static void
test_events(struct talk *t)
{
	static const struct {
		const char *lines;
		unsigned status;
		const char *has;
		const char *what;
	} cases[] = {
		{ "DTSTART:20260101T000000Z\r\nRRULE:FREQ=FOO\r\n", 403,
		    "<C:valid-calendar-data/>", "a rule that is none" },
		{ "DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n", 201,
		    NULL, "every second, for ever" },
		{ "DTSTART:20260101T000000Z\r\n"
		  "RRULE:FREQ=DAILY;COUNT=2147483647\r\n",
		    201, NULL, "2147483647 times" },
		{ "DTSTART:20260101T000000Z\r\n"
		  "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n",
		    201, NULL, "30 February" },
		{ "DTSTART:20260101T000000Z\r\nRRULE:FREQ=DAILY;COUNT=1\r\n"
		  "EXDATE:20260101T000000Z\r\n",
		    201, NULL, "every instance excluded" },
		{ "DTSTART:20260102T000000Z\r\nDTEND:20260101T000000Z\r\n", 403,
		    "<C:valid-calendar-data/>", "ends before it starts" },
		{ "DTSTART:10000101T000000Z\r\nRRULE:FREQ=DAILY\r\n", 201, NULL,
		    "daily since the year 1000" },
		{ "DTSTART:99991231T000000Z\r\n", 201, NULL, "the year 9999" },
		{ "DTSTART:20260101T000000Z\r\nSUMMARY:\xff\xfe\r\n", 403,
		    "<C:valid-calendar-data/>", "not UTF-8" },
		{ "DTSTART:20260101T000000Z\r\nSUMMARY:a/b\\, \"<&>\r\n", 201,
		    NULL, "punctuation" },
		{ "SUMMARY:no start\r\n", 403,
		    "DTSTART is missing</X:error-description>",
		    "and what is wrong is told to people" },
		{ "SUMMARY:no start\r\n", 403, "<C:valid-calendar-data/>",
		    "no DTSTART" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		put(t, cases[i].lines, cases[i].status, cases[i].has,
		    cases[i].what);
	expect(t, "REPORT", CALENDAR, "",
	    "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav' "
	    "xmlns:D='DAV:'><D:prop><C:calendar-data/></D:prop><C:filter>"
	    "<C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>"
	    "<C:time-range start='20260101T000000Z' end='20270101T000000Z'/>"
	    "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
	    207, "</D:multistatus>", "a query over all of them ends");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
	    "<C:time-range start='20260101T000000Z' end='20270101T000000Z'/>"
	    "</C:free-busy-query>",
	    200, "END:VFREEBUSY", "and free-busy too");
}

static void
test_bytes(struct talk *t)
{
	static const char nul[] =
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:n\r\n"
	    "DTSTART:20260101T000000Z\r\nSUMMARY:a\0b\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n";
	struct reply r = talk_bytes(
	    t, "PUT", CALENDAR "nul.ics", "", (view){ nul, sizeof nul - 1 });

	ok(r.status == 403 && reply_has(&r, "<C:valid-calendar-data/>"),
	    "a NUL");
	reply_free(&r);
	expect(t, "PUT", CALENDAR "bom.ics", "",
	    "\xef\xbb\xbf"
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:bom\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n",
	    201, NULL, "a byte order mark");
	expect(t, "GET", HOME "Calendar/personal.ics", "", "", 200,
	    "UID:bom\r\n", "and it is exported");
}

/* Pasted from word processors; a client that is refused never syncs again.
 * XML has no way to write them. */
static void
test_controls(struct talk *t)
{
	expect(t, "PUT", CALENDAR "vt.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:vt\r\nDTSTART:20260101T000000Z\r\nSUMMARY:a\vb\x01\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    201, NULL, "controls in a text");
	expect(t, "GET", CALENDAR "vt.ics", "", "", 200,
	    "SUMMARY:a\vb\x01\r\n", "come back as they were sent");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:calendar-multiget xmlns:C='urn:ietf:params:xml:ns:caldav'"
	    " xmlns:D='DAV:'><D:prop><C:calendar-data/></D:prop><D:href>"
	    CALENDAR "vt.ics</D:href></C:calendar-multiget>",
	    207, "SUMMARY:a\xef\xbf\xbd" "b\xef\xbf\xbd", "and XML stays XML");
	expect(t, "PUT", CALENDAR "name.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:name\r\nDTSTART:20260101T000000Z\r\nSUM\vMARY:a\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    403, "<C:valid-calendar-data/>", "but in no name");
	expect(t, "PUT", BOOK "vt.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:vt\r\nFN:a\vb\r\n"
	    "N:b;a;;;\r\nEND:VCARD\r\n",
	    201, NULL, "controls in a card");
	expect(t, "GET", BOOK "vt.vcf", "", "", 200, "FN:a\vb\r\n",
	    "come back as well");
}

static void
test_xml(struct talk *t)
{
	static const struct {
		const char *method, *body;
		unsigned status;
		const char *has, *what;
	} cases[] = {
		{ "PROPFIND",
		    "<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>"
		    "<D:propfind xmlns:D='DAV:'><D:prop>&b;</D:prop>"
		    "</D:propfind>",
		    400, NULL, "a DTD" },
		{ "PROPFIND",
		    "<!DOCTYPE l SYSTEM 'file:///etc/passwd'>"
		    "<D:propfind xmlns:D='DAV:'/>",
		    400, NULL, "an external entity" },
		{ "PROPFIND", "<D:propfind xmlns:D='DAV:'><D:prop>", 400, NULL,
		    "XML that ends too soon" },
		{ "PROPFIND", "<x/>", 400, NULL, "another root" },
		{ "REPORT", "<x:y xmlns:x='z'/>", 403, "<D:supported-report/>",
		    "a report that is none" },
		{ "REPORT",
		    "<D:sync-collection xmlns:D='DAV:'><D:sync-level>2"
		    "</D:sync-level></D:sync-collection>",
		    400, NULL, "sync-level 2" },
		{ "REPORT",
		    "<D:sync-collection xmlns:D='DAV:'><D:limit><D:nresults>-1"
		    "</D:nresults></D:limit></D:sync-collection>",
		    403, "number-of-matches-within-limits", "-1 results" },
		{ "REPORT",
		    "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
		    "<C:filter><C:comp-filter name='VEVENT'/></C:filter>"
		    "</C:calendar-query>",
		    403, "<C:valid-filter/>", "VEVENT outside of VCALENDAR" },
		{ "REPORT",
		    "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
		    "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter "
		    "name='VEVENT'><C:time-range start='20260101'/>"
		    "</C:comp-filter></C:comp-filter></C:filter>"
		    "</C:calendar-query>",
		    403, "<C:valid-filter/>", "a date for a time" },
		{ "REPORT",
		    "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
		    "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter "
		    "name='VEVENT'><C:prop-filter name='SUMMARY'><C:text-match "
		    "collation='i;klingon'>x</C:text-match></C:prop-filter>"
		    "</C:comp-filter></C:comp-filter></C:filter>"
		    "</C:calendar-query>",
		    403, "<C:supported-collation/>", "an unknown collation" },
		{ "PROPPATCH",
		    "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>"
		    "<D:getetag>x</D:getetag><D:displayname>y</D:displayname>"
		    "</D:prop></D:set></D:propertyupdate>",
		    207, "HTTP/1.1 424 Failed Dependency",
		    "a protected property" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, cases[i].method, CALENDAR, "Depth: 0\n",
		    cases[i].body, cases[i].status, cases[i].has,
		    cases[i].what);
}

static void
test_targets(struct talk *t)
{
	static const struct {
		const char *method, *target, *headers;
		unsigned status;
	} cases[] = {
		{ "PROPFIND", CALENDAR, "Depth: infinity\n", 403 },
		{ "PROPFIND", CALENDAR, "Depth: 2\n", 400 },
		{ "PROPFIND", CALENDAR "%2e%2e/x", "Depth: 0\n", 400 },
		{ "PROPFIND", CALENDAR "%00", "Depth: 0\n", 400 },
		{ "PROPFIND", CALENDAR "%ff.ics", "Depth: 0\n", 400 },
		{ "PROPFIND", CALENDAR "a%2fb.ics", "Depth: 0\n", 400 },
		{ "PROPFIND", CALENDAR "%zz", "Depth: 0\n", 400 },
		{ "DELETE", "/SOGo/dav/", "", 403 },
		{ "DELETE", HOME, "", 403 },
		{ "DELETE", HOME "Calendar/", "", 403 },
		{ "DELETE", CALENDAR, "", 403 },
		{ "DELETE", BOOK, "", 403 },
		{ "PUT", HOME "Calendar/", "", 403 },
		{ "MKCALENDAR", CALENDAR, "", 405 },
		{ "MKCALENDAR", CALENDAR "inner/", "", 403 },
		{ "MKCALENDAR", HOME "Contacts/x/", "", 403 },
		{ "LOCK", CALENDAR, "", 405 },
		{ "TRACE", CALENDAR, "", 405 },
		{ "PUT", CALENDAR "r.ics", "Content-Range: bytes 0-1/2\n",
		    400 },
		{ "PUT", CALENDAR "g.ics", "Content-Encoding: gzip\n", 415 },
		{ "PUT", CALENDAR "j.ics", "Content-Type: application/json\n",
		    403 },
		{ "GET", CALENDAR "x.ics", "Authorization: Basic !!!!\n", 401 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, cases[i].method, cases[i].target, cases[i].headers,
		    "", cases[i].status, NULL, cases[i].target);
}

static void
test_multiget(struct talk *t)
{
	static const char body[] =
	    "<C:calendar-multiget xmlns:C='urn:ietf:params:xml:ns:caldav' "
	    "xmlns:D='DAV:'><D:prop><D:getetag/></D:prop>"
	    "<D:href>http://elsewhere.example" CALENDAR "h2.ics</D:href>"
	    "<D:href>" CALENDAR "../personal/h2.ics</D:href>"
	    "<D:href>/SOGo/dav/other@example.org/Calendar/personal/h2.ics"
	    "</D:href><D:href>/etc/passwd</D:href><D:href></D:href>"
	    "</C:calendar-multiget>";
	struct reply r = talk(t, "REPORT", CALENDAR, "", body);

	is_number(r.status, 207, "multiget of what is elsewhere");
	is_number(reply_count(&r, "HTTP/1.1 404 Not Found"), 5,
	    "404 for each, nothing is told");
	reply_free(&r);
}

static void
test_cards(struct talk *t)
{
	static const struct {
		const char *body;
		const char *has, *what;
	} cases[] = {
		{ "BEGIN:VCARD\r\nVERSION:2.1\r\nN:a\r\nEND:VCARD\r\n",
		    "<CR:supported-address-data/>", "vCard 2.1" },
		{ "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\nEND:VCARD\r\n"
		  "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:b\r\nEND:VCARD\r\n",
		    "<CR:valid-address-data/>", "two vCards" },
		{ "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		    "<CR:valid-address-data/>", "a calendar among cards" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, "PUT", BOOK "h.vcf", "", cases[i].body, 403,
		    cases[i].has, cases[i].what);
	expect(t, "PUT", BOOK "uri.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uri\r\nFN:a\r\nN:a;;;;\r\n"
	    "PHOTO;VALUE=uri:file:///etc/passwd\r\nEND:VCARD\r\n",
	    201, NULL, "a picture elsewhere");
	expect(t, "GET", BOOK "uri.vcf", "Accept: text/vcard; version=4.0\n",
	    "", 200, "PHOTO:file:///etc/passwd", "is never fetched");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_events(&t);
	test_bytes(&t);
	test_controls(&t);
	test_xml(&t);
	test_targets(&t);
	test_multiget(&t);
	test_cards(&t);
	talk_close(&t);
	return tap_done();
}
