/* Many objects in one request, each with its own result. */
#include "tests/unit/dav_talk.h"

#include "mailcore/base/limits.h"

#define ICS "Content-Type: text/calendar; charset=utf-8\n"
#define VCF "Content-Type: text/vcard\n"
#define XML "Content-Type: application/xml\n"
#define MULTIPUT                                                          \
	"<MM:multiput xmlns:D=\"DAV:\""                                   \
	" xmlns:MM=\"http://me.com/_namespace/\""                         \
	" xmlns:C=\"urn:ietf:params:xml:ns:caldav\""                      \
	" xmlns:CR=\"urn:ietf:params:xml:ns:carddav\">"
#define PUT_CARD(data)                                                    \
	"<D:set><D:prop><CR:address-data>" data                           \
	"</CR:address-data></D:prop></D:set>"
#define CARD(uid)                                                         \
	"BEGIN:VCARD\nVERSION:3.0\nUID:" uid "\nFN:A\nN:A;;;;\nEND:VCARD\n"

static void
add_event(struct buf *b, const char *uid, const char *more)
{
	buf_print(b, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
		     "DTSTART;TZID=Z:20260101T000000\r\n%sEND:VEVENT\r\n",
	    uid, more);
}

/* Each zone is looked for in each event. */
static void
test_zones(struct talk *t, int count, unsigned status, const char *what)
{
	struct buf b = buf_new(65536);
	struct reply r;

	buf_add(&b, VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"));
	for (int i = 0; i < count; i++)
		buf_print(&b, "BEGIN:VTIMEZONE\r\nTZID:Z%d\r\n"
			      "END:VTIMEZONE\r\n", i);
	buf_add(&b, VIEW("BEGIN:VEVENT\r\nUID:zones\r\n"
			 "DTSTAMP:20260101T000000Z\r\n"
			 "DTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
			 "END:VCALENDAR\r\n"));
	r = talk_bytes(t, "POST", CALENDAR, ICS, buf_view(&b));
	is_number(r.status, status, what);
	reply_free(&r);
	buf_free(&b);
}

static void
test_simple(struct talk *t)
{
	struct buf b = buf_new(65536);
	struct reply r;

	buf_add(&b, VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
			 "BEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\n"
			 "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
			 "TZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
			 "END:VTIMEZONE\r\n"));
	add_event(&b, "one", "RRULE:FREQ=DAILY\r\n");
	add_event(&b, "two", "");
	add_event(&b, "bad", "RRULE:FREQ=FOO\r\n");
	add_event(&b, "one", "RECURRENCE-ID;TZID=Z:20260102T000000\r\n");
	buf_add(&b, VIEW("END:VCALENDAR\r\n"));
	r = talk_bytes(t, "POST", CALENDAR, ICS, buf_view(&b));
	is_number(r.status, 207, "a whole calendar");
	is_number(reply_count(&r, "<D:response>"), 3, "a result for each UID");
	ok(reply_has(&r, "<CS:uid>one</CS:uid></D:prop>"
			 "<D:status>HTTP/1.1 200 OK"),
	    "created");
	ok(reply_has(&r, "<D:href/><D:status>HTTP/1.1 403 Forbidden"
			 "</D:status><D:error><C:valid-calendar-data/>")
		&& reply_has(&r, "<CS:uid>bad</CS:uid></D:error>"),
	    "refused, and why");
	ok(reply_header(&r, "CTag: http"), "CTag");
	reply_free(&r);
	r = talk(t, "GET", CALENDAR, "", "");
	is_number(reply_count(&r, "BEGIN:VEVENT"), 3, "what is there");
	reply_free(&r);
	r = talk_bytes(t, "POST", CALENDAR, ICS, buf_view(&b));
	is_number(reply_count(&r, "<C:no-uid-conflict><D:href>"), 2,
	    "the second time they are there");
	reply_free(&r);
	expect(t, "POST", CALENDAR, ICS, "BEGIN:VCALENDAR\r\n", 403,
	    "<C:valid-calendar-data/>", "nothing in it");
	buf_free(&b);
}

static void
test_cards(struct talk *t)
{
	struct reply r = talk(t, "POST", BOOK, VCF,
	    CARD("c1") "BEGIN:VCARD\nVERSION:3.0\nFN:B\nEND:VCARD\n");

	ok(r.status == 207 && reply_count(&r, "<D:response>") == 2
		&& reply_has(&r, "<CS:uid>c1</CS:uid>")
		&& reply_has(&r, "<CR:valid-address-data/>"),
	    "cards, one of them without a UID");
	reply_free(&r);
	expect(t, "POST", BOOK, "Authorization: Basic "
	    "b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n" VCF, CARD("c2"), 404, NULL,
	    "by somebody else");
	expect(t, "PROPFIND", BOOK, "Depth: 0\n",
	    "<propfind xmlns=\"DAV:\"><prop><bulk-requests"
	    " xmlns=\"http://me.com/_namespace/\"/></prop></propfind>",
	    207, "<MM:crud><MM:max-resources>100</MM:max-resources>",
	    "bulk-requests");
}

static void
test_crud(struct talk *t)
{
	struct reply r;

	expect(t, "PUT", BOOK "u.vcf", VCF, CARD("u"), 201, NULL, "a card");
	expect(t, "PUT", BOOK "d.vcf", VCF, CARD("d"), 201, NULL, "a card");
	r = talk(t, "POST", BOOK, XML,
	    MULTIPUT "<MM:resource>" PUT_CARD(CARD("n")) "</MM:resource>"
	    "<MM:resource><D:href>" BOOK "u.vcf</D:href>"
	    "<MM:if-match><D:getetag>\"old\"</D:getetag></MM:if-match>"
	    PUT_CARD(CARD("u")) "</MM:resource>"
	    "<MM:resource><D:href>" BOOK "u.vcf</D:href>"
	    PUT_CARD(CARD("u")) "</MM:resource>"
	    "<MM:resource><D:href>" BOOK "none.vcf</D:href>"
	    PUT_CARD(CARD("v")) "</MM:resource>"
	    "<MM:resource><D:href>" BOOK "d.vcf</D:href><MM:delete/>"
	    "</MM:resource>"
	    "<MM:resource><D:href>" CALENDAR "d.vcf</D:href><MM:delete/>"
	    "</MM:resource>"
	    "<MM:resource><D:href>/SOGo/dav/other@example.org/Contacts/"
	    "personal/d.vcf</D:href><MM:delete/></MM:resource>"
	    "<MM:resource><D:set><D:prop><D:displayname>x</D:displayname>"
	    "</D:prop></D:set></MM:resource></MM:multiput>");
	is_number(r.status, 207, "create, update, delete");
	is_number(reply_count(&r, "<D:response>"), 8, "a result each");
	ok(reply_has(&r, "<CS:uid>n</CS:uid>"), "created");
	is_number(reply_count(&r, "412 Precondition Failed"), 2,
	    "another version, and none to update");
	is_number(reply_count(&r, "200 OK"), 3, "what went well");
	is_number(reply_count(&r, "404 Not Found"), 2, "what is elsewhere");
	ok(reply_has(&r, "<D:href/><D:status>HTTP/1.1 403 Forbidden"),
	    "only the data is set");
	reply_free(&r);
	expect(t, "GET", BOOK "d.vcf", "", "", 404, NULL, "deleted");
	r = talk(t, "GET", BOOK "u.vcf", "", "");
	ok(reply_has(&r, "UID:u\r\n"), "with the ends of lines of the format");
	reply_free(&r);
	expect(t, "POST", BOOK, XML, MULTIPUT "</MM:multiput>", 400, NULL,
	    "nothing to do");
	expect(t, "POST", BOOK, XML,
	    MULTIPUT "<MM:resource><D:set><CR:address-data>" CARD("bare")
	    "</CR:address-data></D:set></MM:resource></MM:multiput>",
	    207, "<CS:uid>bare</CS:uid>", "DAV:prop may be left out");
}

static void
test_ctag(struct talk *t)
{
	char headers[512], token[256];
	struct reply r = talk(t, "PROPFIND", BOOK, "Depth: 0\n",
	    "<propfind xmlns=\"DAV:\"><prop><getctag"
	    " xmlns=\"http://calendarserver.org/ns/\"/></prop></propfind>");
	view rest = view_from(buf_view(&r.body),
	    view_find(buf_view(&r.body), VIEW("<CS:getctag>")) + 12);
	struct buf b = buf_new(1024);

	(void)view_copy(view_cut(&rest, '<'), token, sizeof token);
	reply_free(&r);
	encode_percent(&b, view_of(token), VIEW(""));
	buf_add_byte(&b, '\0');
	snprintf(headers, sizeof headers,
	    VCF "If: (<http://me.com/_namespace/ctag/%s>)\n", b.p);
	expect(t, "POST", BOOK, headers, CARD("t1"), 207, "<CS:uid>t1<",
	    "nothing has changed");
	expect(t, "POST", BOOK, headers, CARD("t2"), 412, "<MM:ctag-ok/>",
	    "something has");
	expect(t, "POST", BOOK, VCF "If: (<foobar>)\n", CARD("t2"), 412,
	    "<MM:ctag-ok/>", "another token");
	buf_free(&b);
}

static void
test_bound(struct talk *t)
{
	for (int more = 0; more < 2; more++) {
		struct buf b = buf_new(65536);
		struct reply r;

		for (int i = 0; i < LIMIT_BULK + more; i++)
			buf_print(&b, "BEGIN:VCARD\nVERSION:3.0\nUID:l%d-%d\n"
				      "FN:A\nN:A;;;;\nEND:VCARD\n",
			    more, i);
		r = talk_bytes(t, "POST", BOOK, VCF, buf_view(&b));
		is_number(r.status, more ? 413 : 207, "LIMIT_BULK");
		is_number(reply_count(&r, "200 OK"), more ? 0 : LIMIT_BULK,
		    "all or none of them");
		reply_free(&r);
		buf_free(&b);
	}
}

static void
test_add_member(struct talk *t)
{
	char text[512];
	struct reply r;

	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    "<propfind xmlns=\"DAV:\"><prop><add-member/></prop></propfind>",
	    207, "<D:href>" CALENDAR "?add-member</D:href>", "add-member");
	r = talk(t, "POST", CALENDAR "?add-member", ICS,
	    event(text, "member", "0501"));
	ok(r.status == 201 && reply_header(&r, "Location: " CALENDAR)
		&& reply_header(&r, "ETag: \""),
	    "RFC 5995: 201 with where and what");
	reply_free(&r);
	expect(t, "POST", CALENDAR "?add-member", ICS,
	    event(text, "member", "0501"), 403, "no-uid-conflict",
	    "of each UID one");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_simple(&t);
	test_cards(&t);
	test_crud(&t);
	test_ctag(&t);
	test_bound(&t);
	test_zones(&t, LIMIT_ICAL_ZONES, 207, "LIMIT_ICAL_ZONES");
	test_zones(&t, LIMIT_ICAL_ZONES + 1, 413, "and one more");
	test_add_member(&t);
	talk_close(&t);
	return tap_done();
}
