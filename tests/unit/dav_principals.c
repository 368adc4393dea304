/* Who there is, and a place to add to: the reports about principals and
 * POST of new members. */
#include "tests/unit/dav_talk.h"

#define ROOT "/SOGo/dav/"

static void
search(struct talk *t, const char *target, const char *test, const char *inner,
    int found, const char *what)
{
	char body[1024];
	struct reply r;

	snprintf(body, sizeof body,
	    "<D:principal-property-search xmlns:D='DAV:' "
	    "xmlns:C='urn:ietf:params:xml:ns:caldav'%s>%s"
	    "<D:prop><D:displayname/><D:principal-URL/></D:prop>"
	    "</D:principal-property-search>",
	    test, inner);
	r = talk(t, "REPORT", target, "Depth: 0\n", body);
	if (!ok(r.status == 207 && reply_count(&r, "<D:response>") == found,
		"%s", what))
		note("%u %.*s", r.status, (int)r.body.n, r.body.p);
	reply_free(&r);
}

#define NAMED(text)                                                          \
	"<D:property-search><D:prop><D:displayname/></D:prop><D:match>" text \
	"</D:match></D:property-search>"

static void
test_search(struct talk *t)
{
	search(t, ROOT, "", NAMED("use"), 1, "a part of the name");
	search(t, ROOT, "", NAMED("nobody"), 0, "of nobody");
	search(t, ROOT, "", NAMED(""), 1,
	    "python-caldav searches for nothing, and finds all");
	search(t, ROOT, "", NAMED("User") NAMED("nobody"), 0, "all of both");
	search(t, ROOT, " test='anyof'", NAMED("User") NAMED("nobody"), 1,
	    "any of both");
	search(t, ROOT, "",
	    "<D:property-search><D:prop><C:calendar-home-set/></D:prop>"
	    "<D:match>/SOGo/dav/user@example.org/Calendar</D:match>"
	    "</D:property-search>",
	    1, "Lightning searches by the home");
	search(t, ROOT, "",
	    "<D:property-search><D:prop><C:calendar-user-address-set/>"
	    "</D:prop><D:match>user@example.org</D:match>"
	    "</D:property-search>",
	    1, "Evolution searches by the address");
	search(t, ROOT, "",
	    "<D:property-search><D:prop><x:foo xmlns:x='y'/></D:prop>"
	    "<D:match>u</D:match></D:property-search>",
	    0, "by what nobody has");
	search(t, CALENDAR, "",
	    "<D:property-search><D:prop><D:displayname/></D:prop>"
	    "<D:match>User</D:match></D:property-search>"
	    "<D:apply-to-principal-collection-set/>",
	    1, "... and at a calendar");
	search(t, HOME "Calendar/", "",
	    NAMED("User") "<D:apply-to-principal-collection-set/>", 1,
	    "from anywhere");
	search(t, HOME "Calendar/", "", NAMED("User"), 0, "not below a home");
	expect(t, "REPORT", ROOT, "",
	    "<D:principal-property-search xmlns:D='DAV:'/>", 400, NULL,
	    "a search for nothing at all");
}

static void
test_reports(struct talk *t)
{
	expect(t, "REPORT", ROOT, "",
	    "<D:principal-search-property-set xmlns:D='DAV:'/>", 200,
	    "<D:prop><CS:email-address-set/></D:prop>",
	    "what one may search by");
	expect(t, "REPORT", ROOT, "",
	    "<D:principal-match xmlns:D='DAV:'><D:self/></D:principal-match>",
	    207, "<D:href>" HOME "</D:href>", "principal-match");
	expect(t, "REPORT", ROOT, "",
	    "<D:principal-match xmlns:D='DAV:'><D:principal-property>"
	    "<D:owner/></D:principal-property></D:principal-match>",
	    207, "<D:href>" HOME "</D:href>", "by the owner");
	expect(t, "REPORT", ROOT, "", "<D:principal-match xmlns:D='DAV:'/>",
	    400, NULL, "by nothing");
	expect(t, "REPORT", ROOT, "Depth: 1\n",
	    "<D:principal-match xmlns:D='DAV:'><D:self/></D:principal-match>",
	    400, NULL, "RFC 3744 9.3 wants Depth: 0");
	expect(t, "REPORT", ROOT, "Depth: 0\n",
	    "<D:principal-match xmlns:D='DAV:'><D:self/></D:principal-match>",
	    207, NULL, "which may be said");
	expect(t, "REPORT", ROOT, "",
	    "<D:principal-match xmlns:D='DAV:'><D:self/><D:prop/><D:prop/>"
	    "</D:principal-match>",
	    400, NULL, "and one DAV:prop");
	expect(t, "REPORT", CALENDAR, "",
	    "<D:acl-principal-prop-set xmlns:D='DAV:'><D:prop>"
	    "<D:displayname/></D:prop></D:acl-principal-prop-set>",
	    207,
	    "<D:href>" HOME "</D:href><D:propstat><D:prop>"
	    "<D:displayname>User</D:displayname>",
	    "acl-principal-prop-set");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:prop><D:acl/>"
	    "<D:supported-report-set/></D:prop></D:propfind>",
	    207, "<D:acl><D:ace><D:principal><D:property><D:owner/>",
	    "the acl");
	expect(t, "PROPFIND", HOME, "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:prop><D:group-membership/>"
	    "</D:prop></D:propfind>",
	    207, "<D:group-membership/></D:prop><D:status>HTTP/1.1 200 OK",
	    "DAVx5 asks for groups");
}

static void
test_add_member(struct talk *t)
{
	char text[512], where[256] = "";
	view rest, line;
	struct reply r;

	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:prop><D:add-member/></D:prop>"
	    "</D:propfind>",
	    207, "<D:add-member><D:href>" CALENDAR "?add-member</D:href>",
	    "Apple asks where to add");
	r = talk(t, "POST", CALENDAR "?add-member",
	    "Content-Type: text/calendar\n", event(text, "posted", "0315"));
	is_number(r.status, 201, "POST adds a member");
	ok(reply_header(&r, "ETag: \""), "with its ETag");
	rest = buf_view(&r.headers);
	while (view_line(&rest, &line))
		if (view_starts(line, VIEW("Location: ")))
			(void)view_copy(
			    view_from(line, 10), where, sizeof where);
	reply_free(&r);
	ok(view_starts(view_of(where), VIEW(CALENDAR)), "there: %s", where);
	expect(t, "GET", where, "", "", 200, "UID:posted", "where it is");
	expect(t, "POST", CALENDAR "?add-member",
	    "Content-Type: text/calendar\n", text, 403, "no-uid-conflict",
	    "not twice");
	expect(t, "POST", BOOK "?add-member", "Content-Type: text/vcard\n",
	    card(text, "posted", "P"), 201, NULL, "a card too");
	expect(t, "POST", CALENDAR, "Content-Type: text/plain\n", "x", 405,
	    NULL, "not anywhere");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_search(&t);
	test_reports(&t);
	test_add_member(&t);
	talk_close(&t);
	return tap_done();
}
