/* sync-collection, multiget, queries, and lists longer than one piece. */
#include "tests/unit/dav_talk.h"

#define SYNC(token, more)                                        \
	"<d:sync-collection xmlns:d='DAV:'><d:sync-token>" token \
	"</d:sync-token><d:sync-level>1</d:sync-level>" more     \
	"<d:prop><d:getetag/><d:getcontenttype/></d:prop>"       \
	"</d:sync-collection>"
#define QUERY(inside)                                                   \
	"<c:calendar-query xmlns:d='DAV:'"                              \
	" xmlns:c='urn:ietf:params:xml:ns:caldav'><d:prop><d:getetag/>" \
	"</d:prop><c:filter><c:comp-filter name='VCALENDAR'>" inside    \
	"</c:comp-filter></c:filter></c:calendar-query>"
#define BOOK_QUERY(inside)                                   \
	"<r:addressbook-query xmlns:d='DAV:'"                \
	" xmlns:r='urn:ietf:params:xml:ns:carddav'><d:prop>" \
	"<r:address-data/></d:prop>" inside "</r:addressbook-query>"

static void
put_event(struct talk *t, const char *uid, const char *day)
{
	char target[128], text[512];
	struct reply r;

	snprintf(target, sizeof target, CALENDAR "%s.ics", uid);
	r = talk(t, "PUT", target, "", event(text, uid, day));
	if (r.status != 201 && r.status != 204)
		talk_must(fail(FAILED, "PUT"), uid);
	reply_free(&r);
}

static void
put_card(struct talk *t, const char *uid, const char *name)
{
	char target[128], text[512];
	struct reply r;

	snprintf(target, sizeof target, BOOK "%s.vcf", uid);
	r = talk(t, "PUT", target, "", card(text, uid, name));
	if (r.status != 201)
		talk_must(fail(FAILED, "PUT"), uid);
	reply_free(&r);
}

static void
token_of(const struct reply *r, char to[128])
{
	view rest = buf_view(&r->body);
	size_t at = view_find(rest, VIEW("<D:sync-token>"));

	rest = view_from(rest, at == SIZE_MAX ? rest.n : at + 14);
	(void)view_copy(view_cut(&rest, '<'), to, 128);
}

static struct reply
sync_from(struct talk *t, const char *token)
{
	char body[1024];

	snprintf(body, sizeof body, SYNC("%s", ""), token);
	return talk(t, "REPORT", CALENDAR, "Depth: 1\n", body);
}

static void
test_sync(struct talk *t)
{
	char token[128], first[128];
	struct reply r;

	put_event(t, "s1", "0101");
	put_event(t, "s2", "0102");
	put_event(t, "s3", "0103");
	expect(t, "DELETE", CALENDAR "s3.ics", "", "", 204, NULL, "one goes");
	r = sync_from(t, "");
	is_number(r.status, 207, "the first time");
	is_number(reply_count(&r, "<D:response>"), 2, "what is there");
	ok(!reply_has(&r, "s3.ics"), "and nothing of what is gone");
	ok(reply_has(&r, ">text/calendar; charset=utf-8; component=vevent<"),
	    "with its type");
	token_of(&r, first);
	reply_free(&r);
	r = sync_from(t, first);
	is_number(reply_count(&r, "<D:response>"), 0, "nothing is new");
	token_of(&r, token);
	same(view_of(token), view_of(first), "so the token stays");
	reply_free(&r);
	put_event(t, "s4", "0104");
	put_event(t, "s1", "0111");
	expect(t, "DELETE", CALENDAR "s2.ics", "", "", 204, NULL, "one goes");
	r = sync_from(t, first);
	is_number(reply_count(&r, "<D:response>"), 3, "three changes");
	ok(reply_has(&r, "s2.ics</D:href><D:status>HTTP/1.1 404 Not Found<"),
	    "one of them a removal");
	token_of(&r, token);
	ok(strcmp(token, first) != 0, "another token");
	reply_free(&r);
	put_event(t, "s2", "0105");
	r = sync_from(t, token);
	is_number(reply_count(&r, "<D:response>"), 1, "a name comes back");
	ok(!reply_has(&r, "404"), "as something new only");
	reply_free(&r);
}

static void
test_sync_pages(struct talk *t)
{
	char token[128] = "", body[1024];
	int seen = 0, pages = 0;
	struct reply r;
	bool more;

	do {
		snprintf(body, sizeof body,
		    SYNC("%s",
			"<d:limit><d:nresults>2</d:nresults>"
			"</d:limit>"),
		    token);
		r = talk(t, "REPORT", CALENDAR, "", body);
		more = reply_has(&r, "HTTP/1.1 507 Insufficient Storage");
		seen += reply_count(&r, "<D:response>") - more;
		token_of(&r, token);
		reply_free(&r);
	} while (more && ++pages < 9);
	is_number(seen, 3, "by pages of two: all three");
	is_number(pages, 1, "on two pages");
	r = sync_from(t, token);
	is_number(reply_count(&r, "<D:response>"), 0, "and then no more");
	reply_free(&r);
}

static void
test_bad_tokens(struct talk *t)
{
	static const char *const bad[] = {
		"1234",
		"1700000000",
		"http://posthaste.invalid/ns/sync/",
		"http://posthaste.invalid/ns/sync/1",
		"http://posthaste.invalid/ns/sync/1-x",
		"http://posthaste.invalid/ns/sync/999999-1",
		"http://posthaste.invalid/ns/sync/1-99999999999999999999999",
		"http://sabre.io/ns/sync/3",
	};
	struct reply r;

	for (size_t i = 0; i < COUNT(bad); i++) {
		r = sync_from(t, bad[i]);
		ok(r.status == 403 && reply_has(&r, "<D:valid-sync-token/>"),
		    "refused: %s", bad[i]);
		reply_free(&r);
	}
	expect(t, "REPORT", BOOK, "User-Agent: X Thunderbird/153.0\n",
	    SYNC("1234", ""), 400, "<D:valid-sync-token/>",
	    "400 for Thunderbird's address books");
	expect(t, "REPORT", BOOK, "", SYNC("1234", ""), 403,
	    "<D:valid-sync-token/>", "403 for others");
	expect(t, "REPORT", CALENDAR, "",
	    SYNC("", "<d:limit><d:nresults>0</d:nresults></d:limit>"), 403,
	    "number-of-matches-within-limits", "pages of nothing");
}

static void
test_multiget(struct talk *t)
{
	struct reply r = talk(t, "REPORT", CALENDAR, "Depth: 1\n",
	    "<c:calendar-multiget xmlns:d='DAV:'"
	    " xmlns:c='urn:ietf:params:xml:ns:caldav'><d:prop><d:getetag/>"
	    "<c:calendar-data/></d:prop>"
	    "<d:href>" CALENDAR "s1.ics</d:href>"
	    "<d:href>http://dav.example.org" CALENDAR "s2.ics</d:href>"
	    "<d:href>/SOGo/dav/user%40example.org/Calendar/personal/"
	    "s4.ics</d:href>"
	    "<d:href>" CALENDAR "none.ics</d:href>"
	    "<d:href>/SOGo/dav/other@example.org/Calendar/personal/s1.ics"
	    "</d:href>"
	    "<d:href>http://else.example/s1.ics</d:href>"
	    "<d:href>" CALENDAR "../x</d:href>"
	    "<d:href>" BOOK "k1.vcf</d:href>"
	    "</c:calendar-multiget>");

	is_number(r.status, 207, "multiget");
	is_number(reply_count(&r, "<D:response>"), 8, "an answer for each");
	is_number(reply_count(&r, "SUMMARY:An event &amp; more&#13;"), 3,
	    "three with their bytes");
	is_number(reply_count(&r, "<D:status>HTTP/1.1 404 Not Found<"), 5,
	    "five are not to be had");
	reply_free(&r);
}

#define AT(ns, report, inside)                              \
	"<c:" report " xmlns:d='DAV:' xmlns:c='" ns "'>"     \
	"<d:prop><d:getetag/></d:prop>" inside "</c:" report ">"
#define CAL "urn:ietf:params:xml:ns:caldav"
#define CARDS "urn:ietf:params:xml:ns:carddav"

/* RFC 4791 7, RFC 6352 8: objects know these reports too, about themselves. */
static void
test_at_objects(struct talk *t)
{
	static const struct {
		const char *at;
		const char *body;
		int found;
		const char *what;
	} cases[] = {
		{ CALENDAR "s1.ics",
		    AT(CAL, "calendar-multiget",
			"<d:href>" CALENDAR "s1.ics</d:href>"
			"<d:href>" CALENDAR "s2.ics</d:href>"),
		    1, "multiget at an event" },
		{ CALENDAR "s1.ics", QUERY("<c:comp-filter name='VEVENT'/>"),
		    1, "query at an event" },
		{ CALENDAR "s1.ics", QUERY("<c:comp-filter name='VTODO'/>"),
		    0, "that is no task" },
		{ CALENDAR "s1.ics",
		    QUERY("<c:comp-filter name='VEVENT'><c:time-range"
			  " start='20300101T000000Z'/></c:comp-filter>"),
		    0, "nor in that time" },
		{ BOOK "k1.vcf",
		    AT(CARDS, "addressbook-multiget",
			"<d:href>" BOOK "k1.vcf</d:href>"),
		    1, "multiget at a card" },
		{ BOOK "k1.vcf",
		    AT(CARDS, "addressbook-query",
			"<c:filter><c:prop-filter name='FN'><c:text-match>"
			"ann</c:text-match></c:prop-filter></c:filter>"),
		    1, "query at a card" },
		{ BOOK "k2.vcf",
		    AT(CARDS, "addressbook-query",
			"<c:filter><c:prop-filter name='FN'><c:text-match>"
			"ann</c:text-match></c:prop-filter></c:filter>"),
		    0, "of somebody else" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = talk(
		    t, "REPORT", cases[i].at, "", cases[i].body);

		ok(r.status == 207
			&& reply_count(&r, "<D:getetag>") == cases[i].found,
		    "%s", cases[i].what);
		reply_free(&r);
	}
	expect(t, "REPORT", CALENDAR "none.ics", "",
	    QUERY("<c:comp-filter name='VEVENT'/>"), 404, NULL,
	    "at none of them");
}

static void
test_calendar_query(struct talk *t)
{
	static const struct {
		const char *filter;
		int found;
		const char *what;
	} cases[] = {
		{ QUERY("<c:comp-filter name='VEVENT'/>"), 3, "all events" },
		{ QUERY(""), 3, "everything" },
		{ QUERY("<c:comp-filter name='VTODO'/>"), 0, "all tasks" },
		{ QUERY("<c:comp-filter name='VEVENT'><c:time-range"
			" start='20260104T100000Z' end='20260105T100000Z'/>"
			"</c:comp-filter>"),
		    1, "from an event's start to the next one's" },
		{ QUERY("<c:comp-filter name='VEVENT'><c:time-range"
			" start='20260104T110000Z' end='20260105T100001Z'/>"
			"</c:comp-filter>"),
		    1, "from an event's end, a second into the next" },
		{ QUERY("<c:comp-filter name='VEVENT'><c:time-range"
			" start='20260104T000000Z'/></c:comp-filter>"),
		    3, "open to the future" },
		{ QUERY("<c:comp-filter name='VEVENT'><c:prop-filter"
			" name='UID'><c:text-match>S1</c:text-match>"
			"</c:prop-filter></c:comp-filter>"),
		    1, "a UID, in any case" },
		{ QUERY("<c:comp-filter name='VEVENT'><c:prop-filter"
			" name='UID'><c:text-match collation='i;octet'>S1"
			"</c:text-match></c:prop-filter></c:comp-filter>"),
		    0, "in just this case" },
		{ QUERY("<c:comp-filter name='VTODO'><c:prop-filter"
			" name='X-FOO'/></c:comp-filter>"),
		    0, "an unknown property" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = talk(
		    t, "REPORT", CALENDAR, "Depth: 1\n", cases[i].filter);

		ok(r.status == 207
			&& reply_count(&r, "<D:response>") == cases[i].found,
		    "%s", cases[i].what);
		reply_free(&r);
	}
	expect(t, "REPORT", CALENDAR, "",
	    QUERY("<c:comp-filter name='VEVENT'><c:time-range"
		  " start='20260104'/></c:comp-filter>"),
	    403, "<C:valid-filter/>", "a range that is not UTC");
	expect(t, "REPORT", CALENDAR, "",
	    QUERY("<c:comp-filter name='VEVENT'><c:prop-filter name='UID'>"
		  "<c:text-match collation='x'>a</c:text-match>"
		  "</c:prop-filter></c:comp-filter>"),
	    403, "<C:supported-collation/>", "an unknown collation");
}

static void
test_book_query(struct talk *t)
{
	static const struct {
		const char *filter;
		int found;
		const char *what;
	} cases[] = {
		{ BOOK_QUERY("<r:filter/>"), 2, "all cards" },
		{ BOOK_QUERY("<r:filter><r:prop-filter name='FN'>"
			     "<r:text-match>J\xc3\x9cRG</r:text-match>"
			     "</r:prop-filter></r:filter>"),
		    1, "an umlaut in another case" },
		{ BOOK_QUERY("<r:filter><r:prop-filter name='FN'>"
			     "<r:text-match match-type='starts-with'>an"
			     "</r:text-match></r:prop-filter></r:filter>"),
		    1, "a beginning" },
		{ BOOK_QUERY("<r:filter><r:prop-filter name='EMAIL'>"
			     "<r:param-filter name='TYPE'><r:text-match>work"
			     "</r:text-match></r:param-filter>"
			     "</r:prop-filter></r:filter>"),
		    0, "a parameter" },
		{ BOOK_QUERY("<r:filter><r:prop-filter name='NOTE'>"
			     "<r:is-not-defined/></r:prop-filter></r:filter>"),
		    2, "what is not defined" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = talk(
		    t, "REPORT", BOOK, "Depth: 1\n", cases[i].filter);

		ok(r.status == 207
			&& reply_count(&r, "BEGIN:VCARD") == cases[i].found,
		    "%s", cases[i].what);
		reply_free(&r);
	}
	expect(t, "REPORT", BOOK, "",
	    BOOK_QUERY("<r:filter/><r:limit><r:nresults>1</r:nresults>"
		       "</r:limit>"),
	    207, "HTTP/1.1 507 Insufficient Storage", "one and no more");
}

static void
test_other_reports(struct talk *t)
{
	expect(t, "REPORT", CALENDAR, "", "<x xmlns='u:x'/>", 403,
	    "<D:supported-report/>", "an unknown report");
	expect(t, "REPORT", HOME, "", SYNC("", ""), 403,
	    "<D:supported-report/>", "one that is for collections");
	expect(t, "REPORT", CALENDAR, "", "", 400, NULL, "no report");
	expect(t, "REPORT", HOME "Calendar/none/", "", SYNC("", ""), 404, NULL,
	    "no such collection");
	expect(t, "REPORT", CALENDAR, "",
	    "<d:expand-property xmlns:d='DAV:'><d:property name='owner'>"
	    "<d:property name='calendar-home-set'"
	    " namespace='urn:ietf:params:xml:ns:caldav'/></d:property>"
	    "</d:expand-property>",
	    207,
	    "<D:owner><D:response><D:href>" HOME "</D:href><D:propstat>"
	    "<D:prop><C:calendar-home-set>",
	    "expand-property");
	expect(t, "REPORT", CALENDAR, "",
	    "<d:expand-property xmlns:d='DAV:'><d:property name='x'"
	    " namespace='.http://a/'/></d:expand-property>", 400, NULL,
	    "no XML could hold such a property");
}

/* An answer of several pieces, with the account free between them. */
static void
test_long_list(struct talk *t)
{
	enum { EVENTS = 700 };
	char uid[32];
	struct reply r;

	for (int i = 0; i < EVENTS; i++) {
		snprintf(uid, sizeof uid, "long%d", i);
		put_event(t, uid, "0601");
	}
	r = talk(t, "PROPFIND", CALENDAR, "Depth: 1\n",
	    "<propfind xmlns='DAV:'><prop><getetag/>"
	    "<c:calendar-data xmlns:c='urn:ietf:params:xml:ns:caldav'/>"
	    "</prop></propfind>");
	ok(r.pieces > 1, "a long list is streamed");
	is_number(reply_count(&r, "<D:response>"), 1 + 3 + EVENTS,
	    "nothing is left out");
	is_number(
	    reply_count(&r, "END:VCALENDAR"), 3 + EVENTS, "with all bytes");
	ok(view_ends(buf_view(&r.body), VIEW("</D:multistatus>")),
	    "up to its end");
	reply_free(&r);
	r = sync_from(t, "");
	is_number(reply_count(&r, "<D:response>"), 3 + EVENTS,
	    "nor of the first sync");
	ok(reply_has(&r, "</D:sync-token></D:multistatus>"), "with a token");
	reply_free(&r);
	r = talk(t, "REPORT", CALENDAR, "",
	    QUERY("<c:comp-filter name='VEVENT'><c:time-range"
		  " start='20260601T000000Z' end='20260602T000000Z'/>"
		  "</c:comp-filter>"));
	is_number(reply_count(&r, "<D:response>"), EVENTS, "nor of a query");
	reply_free(&r);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_sync(&t);
	test_sync_pages(&t);
	test_bad_tokens(&t);
	put_card(&t, "k1", "Ann");
	put_card(&t, "k2", "J\xc3\xbcrgen");
	test_multiget(&t);
	test_at_objects(&t);
	test_calendar_query(&t);
	test_book_query(&t);
	test_other_reports(&t);
	test_long_list(&t);
	talk_close(&t);
	return tap_done();
}
