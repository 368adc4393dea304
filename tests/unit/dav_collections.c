/* Discovery, logins, properties and collections. */
#include "tests/unit/dav_talk.h"

#define PROPFIND(inside)                                                     \
	"<d:propfind xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav'" \
	" xmlns:r='urn:ietf:params:xml:ns:carddav'"                          \
	" xmlns:s='http://calendarserver.org/ns/'"                           \
	" xmlns:a='http://apple.com/ns/ical/'>" inside "</d:propfind>"
#define UPDATE(inside)                             \
	"<d:propertyupdate xmlns:d='DAV:'"         \
	" xmlns:c='urn:ietf:params:xml:ns:caldav'" \
	" xmlns:a='http://apple.com/ns/ical/'>" inside "</d:propertyupdate>"

static const char d0[] = "Depth: 0\n", d1[] = "Depth: 1\n";

/* The steps that every client takes from a bare host. */
static void
test_discovery(struct talk *t)
{
	struct reply r = talk(
	    t, "PROPFIND", "/.well-known/caldav", "Authorization:\n", "");

	is_number(r.status, 307, "the well-known address, with its method");
	ok(reply_header(&r, "Location: http://dav.example.org/SOGo/dav/\n"),
	    "leads to the same origin");
	reply_free(&r);
	expect(t, "GET", "/.well-known/carddav", "Authorization:\n", "", 301,
	    NULL, "and for GET");
	r = talk(t, "PROPFIND", "/SOGo/dav/", "Authorization:\nDepth: 0\n", "");
	is_number(r.status, 401, "who are you?");
	ok(reply_header(&r,
	       "WWW-Authenticate: Basic realm=\"Posthaste\","
	       " charset=\"UTF-8\"\n"),
	    "Basic, in UTF-8");
	reply_free(&r);
	expect(t, "PROPFIND", "/SOGo/dav/", d0,
	    PROPFIND("<d:prop><d:current-user-principal/></d:prop>"), 207,
	    "<D:current-user-principal><D:href>" HOME
	    "</D:href></D:current-user-principal>",
	    "the principal");
	expect(t, "PROPFIND", HOME, d0,
	    PROPFIND("<d:prop><c:calendar-home-set/></d:prop>"), 207,
	    "<C:calendar-home-set><D:href>" HOME "Calendar/</D:href>",
	    "the calendar home");
	expect(t, "PROPFIND", HOME, d0,
	    PROPFIND("<d:prop><r:addressbook-home-set/></d:prop>"), 207,
	    "<CR:addressbook-home-set><D:href>" HOME "Contacts/</D:href>",
	    "the address book home");
	expect(t, "PROPFIND", HOME "Calendar/", d1,
	    PROPFIND("<d:prop><d:resourcetype/></d:prop>"), 207,
	    "<D:href>" CALENDAR "</D:href><D:propstat><D:prop>"
	    "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
	    "</D:prop><D:status>HTTP/1.1 200 OK</D:status>",
	    "a calendar, and nothing else besides");
	expect(t, "PROPFIND", HOME "Contacts/", d1,
	    PROPFIND("<d:prop><d:resourcetype/></d:prop>"), 207,
	    "<D:collection/><CR:addressbook/></D:resourcetype>",
	    "an address book");
	expect(t, "PROPFIND", "/", d0,
	    PROPFIND("<d:prop><d:current-user-principal/></d:prop>"), 207, HOME,
	    "the principal, at the root");
	expect(t, "PROPFIND", "/principals/", d0,
	    PROPFIND("<d:prop><d:current-user-principal/></d:prop>"), 207, HOME,
	    "and where some look first");
	expect(t, "PUT", "/", "Authorization:\n", "", 405, NULL,
	    "PUT / never works");
}

static void
test_options(struct talk *t)
{
	struct reply r = talk(
	    t, "OPTIONS", "/SOGo/dav/", "Authorization:\n", "");

	is_number(r.status, 200, "OPTIONS of the root, without a login");
	ok(reply_header(&r,
	       "DAV: 1, 3, access-control, calendar-access,"
	       " addressbook, extended-mkcol, calendar-proxy,"
	       " calendarserver-sharing, calendar-auto-schedule,"
	       " calendar-availability, calendar-no-timezone,"
	       " calendar-managed-attachments\n"),
	    "what we are");
	reply_free(&r);
	r = talk(t, "OPTIONS", CALENDAR, "", "");
	ok(reply_header(&r, "PUT") && reply_header(&r, "REPORT"),
	    "Allow of a calendar");
	reply_free(&r);
	expect(t, "OPTIONS", CALENDAR, "Authorization:\n", "", 401, NULL,
	    "below it a login is needed");
}

static void
authorization(char to[256], const char *pair)
{
	struct buf b = buf_new(200);

	encode_base64(&b, view_of(pair));
	snprintf(to, 256, "Authorization: Basic %s\nDepth: 0\n", buf_text(&b));
	buf_free(&b);
}

static void
test_logins(struct talk *t)
{
	static const struct {
		const char *pair;
		unsigned status;
	} cases[] = {
		{ "user@example.org:secret", 207 },
		{ "USER@Example.org:secret", 207 },
		{ "user%40example.org:secret", 207 },
		{ "user@example.org:wrong", 401 },
		{ "nobody@example.org:secret", 401 },
		{ "user@example.org:", 401 },
		{ "user@example.org", 401 },
		{ "", 401 },
	};
	char headers[256];

	for (size_t i = 0; i < COUNT(cases); i++) {
		authorization(headers, cases[i].pair);
		expect(t, "PROPFIND", "/SOGo/dav/", headers, "",
		    cases[i].status, NULL, cases[i].pair);
	}
	expect(t, "PROPFIND", "/SOGo/dav/", "Authorization: Basic !!\n", "",
	    401, NULL, "not base64");
	expect(t, "PROPFIND", "/SOGo/dav/", "Authorization: Bearer x\n", "",
	    401, NULL, "another scheme");
}

static void
test_who_may(struct talk *t)
{
	expect(t, "DELETE", CALENDAR, "Depth: 0\n", "", 400, NULL,
	    "DELETE of a collection by halves");
	expect(t, "MKCOL", HOME "Calendar/plain/",
	    "Content-Type: text/plain\n", "x", 415, NULL,
	    "MKCOL with a text");
	expect(t, "PROPFIND", HOME, d0,
	    "<propfind xmlns=\"DAV:\"><allprop/><prop><owner/></prop>"
	    "</propfind>",
	    400, NULL, "two questions at once");
	expect(t, "PROPFIND", "/SOGo/dav/user%40example.org/", d0, "", 207,
	    "<D:href>" HOME "</D:href>", "an encoded @");
	expect(t, "PROPFIND", "/SOGo/dav/user%2540example.org/", d0, "", 207,
	    "<D:href>" HOME "</D:href>", "encoded twice");
	expect(t, "PROPFIND", "/SOGo/dav/User@Example.ORG/Calendar", d0, "",
	    207, "<D:href>" HOME "Calendar/</D:href>", "any case, no slash");
	expect(t, "PROPFIND", "/SOGo/dav/other@example.org/", d0, "", 207,
	    "<D:principal/>", "a colleague's principal");
	expect(t, "PROPFIND", "/SOGo/dav/other@example.org/Calendar/", d0, "",
	    404, "There is nothing here.", "another one's home");
	expect(t, "PROPFIND", "/SOGo/dav/nobody@example.org/Calendar/", d0, "",
	    404,
	    "There is nothing here.", "answers as nobody's");
	expect(t, "PUT", "/SOGo/dav/other@example.org/Calendar/personal/x.ics",
	    "", "x", 404, NULL, "also for PUT");
	expect(t, "PROPFIND", HOME "Else/", d0, "", 404, NULL, "no such home");
	expect(t, "PROPFIND", HOME "Calendar/none/", d0, "", 404, NULL,
	    "no such calendar");
	expect(t, "PROPFIND", "/SOGo/dav//user@example.org/", d0, "", 404, NULL,
	    "an empty segment");
}

static void
test_propfind(struct talk *t)
{
	struct reply r;

	expect(t, "PROPFIND", CALENDAR, "Depth: infinity\n", "", 403,
	    "propfind-finite-depth", "not the whole tree");
	expect(t, "PROPFIND", CALENDAR, "", "", 403, "propfind-finite-depth",
	    "nor by default");
	expect(t, "PROPFIND", CALENDAR, "Depth: 2\n", "", 400, NULL, "Depth 2");
	expect(t, "PROPFIND", CALENDAR, d0, "<a", 400, NULL, "not XML");
	expect(t, "PROPFIND", CALENDAR, d0,
	    "<!DOCTYPE a [<!ENTITY b 'c'>]><propfind xmlns='DAV:'>"
	    "<prop/></propfind>",
	    400, NULL, "a DTD");
	expect(t, "PROPFIND", CALENDAR, d0, "<a xmlns='DAV:'/>", 400, NULL,
	    "another element");
	expect(t, "PROPFIND", CALENDAR, d0, PROPFIND(""), 400, NULL,
	    "asks for nothing");
	r = talk(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:prop><n:b xmlns:n='u:x'/><d:displayname/></d:prop>"));
	ok(view_find(buf_view(&r.body), VIEW("200 OK"))
		< view_find(buf_view(&r.body), VIEW("404 Not Found")),
	    "what is there comes first");
	ok(reply_has(&r, "<x:b xmlns:x=\"u:x\"/>"),
	    "an unknown property by its name");
	ok(reply_has(&r, "Personal Calendar"), "and the known one");
	reply_free(&r);
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\nBrief: t\n",
	    PROPFIND("<d:prop><b xmlns='u:x'/><d:displayname/></d:prop>"), 207,
	    "</D:propstat></D:response></D:multistatus>", "Brief: t");
	r = talk(t, "PROPFIND", CALENDAR, "Depth: 0\nPrefer: return=minimal\n",
	    PROPFIND("<d:prop><b xmlns='u:x'/><d:displayname/></d:prop>"));
	ok(!reply_has(&r, "404") && reply_header(&r, "Preference-Applied"),
	    "Prefer: return=minimal");
	reply_free(&r);
	expect(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:propname/><d:allprop/>"), 400, NULL, "two choices");
	r = talk(t, "PROPFIND", CALENDAR, d0, PROPFIND("<d:propname/>"));
	ok(reply_has(&r, "<D:sync-token/>") && !reply_has(&r, "404"),
	    "propname");
	reply_free(&r);
	r = talk(t, "PROPFIND", CALENDAR, d0, PROPFIND("<d:allprop/>"));
	ok(reply_has(&r, "displayname") && !reply_has(&r, "sync-token")
		&& !reply_has(&r, "404"),
	    "allprop");
	reply_free(&r);
	expect(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:allprop/><d:include><d:sync-token/></d:include>"), 207,
	    "<D:sync-token>http://", "allprop and one more");
}

/* All that the known clients ask of a calendar, and none of it missing. */
static void
test_properties(struct talk *t)
{
	struct reply r = talk(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:prop><d:owner/><d:current-user-privilege-set/>"
		     "<d:supported-privilege-set/><d:supported-report-set/>"
		     "<d:current-user-principal/><d:resource-id/>"
		     "<d:principal-collection-set/><d:quota-used-bytes/>"
		     "<d:sync-token/><s:getctag/><c:max-resource-size/>"
		     "<c:supported-calendar-component-set/>"
		     "<c:supported-calendar-data/></d:prop>"));
	static const char *const parts[] = {
		"<D:privilege><D:write-content/></D:privilege>",
		"<D:privilege><D:bind/></D:privilege>",
		"<D:privilege><D:all/></D:privilege>",
		"<C:comp name=\"VEVENT\"/><C:comp name=\"VTODO\"/>",
		"<D:report><D:sync-collection/></D:report>",
		"<D:report><C:calendar-multiget/></D:report>",
		"<D:href>urn:uuid:",
		"<C:max-resource-size>10485760<",
		"<CS:getctag>http://posthaste.invalid/ns/sync/",
	};

	for (size_t i = 0; i < COUNT(parts); i++)
		ok(reply_has(&r, parts[i]), "%s", parts[i]);
	ok(!reply_has(&r, "404"), "nothing is missing");
	ok(!reply_has(&r, "addressbook"), "no report for cards");
	reply_free(&r);
}

static void
test_proppatch(struct talk *t)
{
	struct reply r;

	expect(t, "PROPPATCH", CALENDAR, "",
	    UPDATE("<d:set><d:prop><d:displayname>A &amp; B</d:displayname>"
		   "<a:calendar-color symbolic-color='blue'>#0000ffff"
		   "</a:calendar-color><n:x xmlns:n='u:n'><n:y n:z='1'>t</n:y>"
		   "</n:x></d:prop></d:set>"),
	    207, "HTTP/1.1 200 OK", "three properties");
	r = talk(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:prop><d:displayname/><a:calendar-color/>"
		     "<x xmlns='u:n'/></d:prop>"));
	ok(reply_has(&r, "<D:displayname>A &amp; B</D:displayname>"),
	    "the name");
	ok(reply_has(&r, ">#0000ffff</A:calendar-color>"), "the colour");
	ok(reply_has(&r, "<n:y xmlns:n=\"u:n\" n:z=\"1\">t</n:y></x:x>"),
	    "one that we know nothing of, with what is in it");
	reply_free(&r);
	r = talk(t, "PROPPATCH", CALENDAR, "",
	    UPDATE("<d:set><d:prop><d:displayname>C</d:displayname>"
		   "<d:getetag>x</d:getetag></d:prop></d:set>"));
	ok(reply_has(&r, "cannot-modify-protected-property"),
	    "a protected one");
	ok(reply_has(&r, "424 Failed Dependency"), "takes the others along");
	reply_free(&r);
	expect(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:prop><d:displayname/></d:prop>"), 207, "A &amp; B",
	    "nothing was changed");
	expect(t, "PROPPATCH", CALENDAR, "",
	    UPDATE("<d:set><d:prop><a:calendar-color>red</a:calendar-color>"
		   "</d:prop></d:set>"),
	    207, "HTTP/1.1 403 Forbidden", "no colour");
	expect(t, "PROPPATCH", CALENDAR, "Prefer: return=minimal\n",
	    UPDATE("<d:remove><d:prop><x xmlns='u:n'/></d:prop></d:remove>"),
	    200, NULL, "minimal: nothing to tell");
	expect(t, "PROPFIND", CALENDAR, d0,
	    PROPFIND("<d:prop><x xmlns='u:n'/></d:prop>"), 207, "404 Not Found",
	    "it is gone");
	expect(t, "PROPPATCH", HOME "Calendar/", "",
	    UPDATE("<d:set><d:prop><x xmlns='u:n'>1</x></d:prop></d:set>"), 207,
	    "403 Forbidden", "a home keeps none");
	expect(t, "PROPPATCH", HOME "Calendar/none/", "",
	    UPDATE("<d:set><d:prop><x xmlns='u:n'>1</x></d:prop></d:set>"), 404,
	    NULL, "no such calendar");
}

static void
test_mkcalendar(struct talk *t)
{
	static const char body[] =
	    "<c:mkcalendar xmlns:d='DAV:'"
	    " xmlns:c='urn:ietf:params:xml:ns:caldav'><d:set><d:prop>"
	    "<d:displayname>Tasks</d:displayname>"
	    "<c:supported-calendar-component-set><c:comp name='VTODO'/>"
	    "</c:supported-calendar-component-set></d:prop></d:set>"
	    "</c:mkcalendar>";
	char text[512];

	expect(t, "MKCALENDAR", HOME "Calendar/tasks/", "", body, 201, NULL,
	    "MKCALENDAR");
	expect(t, "MKCALENDAR", HOME "Calendar/tasks/", "", body, 405, NULL,
	    "twice");
	expect(t, "PROPFIND", HOME "Calendar/tasks/", d0,
	    PROPFIND("<d:prop><c:supported-calendar-component-set/>"
		     "</d:prop>"),
	    207,
	    "component-set><comp xmlns=\"urn:ietf:params:xml:ns:caldav\""
	    " name=\"VTODO\"/></C:supported",
	    "holds tasks alone");
	expect(t, "PUT", HOME "Calendar/tasks/e.ics", "",
	    event(text, "e", "0101"), 403, "supported-calendar-component",
	    "so no event");
	expect(t, "MKCALENDAR", HOME "Calendar/bad/", "",
	    "<c:mkcalendar xmlns:d='DAV:'"
	    " xmlns:c='urn:ietf:params:xml:ns:caldav'><d:set><d:prop>"
	    "<d:getetag>x</d:getetag><d:displayname>y</d:displayname>"
	    "</d:prop></d:set></c:mkcalendar>",
	    207,
	    "<D:response><D:href>" HOME "Calendar/bad/</D:href><D:propstat>",
	    "RFC 4791 5.3.1.1: what could not be set");
	expect(t, "PROPFIND", HOME "Calendar/bad/", d0, "", 404, NULL,
	    "and nothing is made");
	expect(t, "MKCALENDAR", HOME "Contacts/x/", "", "", 403,
	    "calendar-collection-location-ok", "not among the contacts");
	expect(t, "MKCALENDAR", CALENDAR "x/", "", "", 403,
	    "calendar-collection-location-ok", "not in a calendar");
	expect(t, "MKCALENDAR", HOME "Calendar/none/x/", "", "", 409, NULL,
	    "not without a parent");
	expect(
	    t, "DELETE", HOME "Calendar/tasks/", "", "", 204, NULL, "DELETE");
	expect(t, "PROPFIND", HOME "Calendar/tasks/", d0, "", 404, NULL,
	    "is gone");
}

static void
test_mkcol(struct talk *t)
{
	static const char book[] =
	    "<d:mkcol xmlns:d='DAV:'"
	    " xmlns:r='urn:ietf:params:xml:ns:carddav'><d:set><d:prop>"
	    "<d:resourcetype><d:collection/><r:addressbook/>"
	    "</d:resourcetype><d:displayname>Friends</d:displayname>"
	    "</d:prop></d:set></d:mkcol>";

	expect(t, "MKCOL", HOME "Contacts/friends", "", book, 201, NULL,
	    "an extended MKCOL");
	expect(t, "PROPFIND", HOME "Contacts/", d1,
	    PROPFIND("<d:prop><d:displayname/></d:prop>"), 207, "Friends",
	    "is listed by its name");
	expect(t, "MKCOL", HOME "Calendar/friends/", "", book, 403,
	    "<D:valid-resourcetype/>", "not among the calendars");
	expect(t, "PROPFIND", HOME "Calendar/friends/", d0, "", 404, NULL,
	    "and nothing was made");
	expect(t, "MKCOL", HOME "Calendar/w%C3%B6rk/", "", "", 201, NULL,
	    "MKCOL without a body");
	expect(t, "PROPFIND", HOME "Calendar/w%C3%B6rk/", d0,
	    PROPFIND("<d:prop><d:resourcetype/></d:prop>"), 207,
	    "<D:href>" HOME "Calendar/w%C3%B6rk/</D:href><D:propstat><D:prop>"
	    "<D:resourcetype><D:collection/><C:calendar/>",
	    "makes what the home holds");
	expect(t, "MKCOL", HOME "Calendar/", "", "", 405, NULL, "a home");
	expect(t, "MKCOL", HOME "Other/", "", "", 403, NULL, "elsewhere");
	expect(t, "MKCOL", HOME "Calendar/y/", "", "<a/>", 415, NULL,
	    "a body that is something else");
	expect(t, "MKCOL", HOME "Calendar/y/", "", "<a", 400, NULL,
	    "a body that is not XML");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_discovery(&t);
	test_options(&t);
	test_logins(&t);
	test_who_may(&t);
	test_propfind(&t);
	test_properties(&t);
	test_proppatch(&t);
	test_mkcalendar(&t);
	test_mkcol(&t);
	talk_close(&t);
	return tap_done();
}
