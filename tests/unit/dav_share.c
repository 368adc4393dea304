/* Calendars that are shared: how others find them, see them and lose them. */
#include "tests/unit/dav_talk.h"

#define OWNER "/SOGo/dav/user@example.org/"
#define OTHER "/SOGo/dav/other@example.org/"
#define WORK OWNER "Calendar/work/"
#define ALIAS OTHER "Calendar/user_A_example_D_org_work/"
/* other@example.org:secret, third@example.org:secret */
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define AS_THIRD "Authorization: Basic dGhpcmRAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define XML "Content-Type: application/xml\n"
#define D0 "Depth: 0\n"
#define D1 "Depth: 1\n"
#define INVERSE " xmlns=\"urn:inverse:params:xml:ns:inverse-dav\""
#define SERVER " xmlns=\"http://calendarserver.org/ns/\""

static void
set_roles(struct talk *t, const char *user, const char *roles, unsigned status)
{
	char body[512];

	snprintf(body, sizeof body,
	    "<acl-query" INVERSE "><set-roles user=\"%s\">%s</set-roles>"
	    "</acl-query>",
	    user, roles);
	expect(t, "POST", WORK, XML, body, status, NULL, roles);
}

static void
test_sogo(struct talk *t)
{
	expect(t, "POST", WORK, AS_OTHER XML, "<subscribe" INVERSE "/>", 404,
	    NULL, "what is not shared cannot be subscribed to");
	set_roles(t, "other@example.org", "<PublicViewer/>", 204);
	set_roles(t, "nobody@example.org", "<PublicViewer/>", 404);
	set_roles(t, "other@example.org", "<Emperor/>", 400);
	expect(t, "POST", WORK, XML,
	    "<acl-query" INVERSE "><user-list/></acl-query>", 207,
	    "<user-list><user><id>other@example.org</id>"
	    "<displayName>User</displayName>"
	    "<email>other@example.org</email></user></user-list>",
	    "acl-query user-list");
	expect(t, "POST", WORK, XML,
	    "<acl-query" INVERSE "><roles user=\"other@example.org\"/>"
	    "</acl-query>",
	    207, "<roles><PublicViewer/></roles>", "acl-query roles");
	expect(t, "POST", WORK, AS_OTHER XML,
	    "<acl-query" INVERSE "><user-list/></acl-query>", 403,
	    "<D:write-acl/>", "not for those who read");
	expect(t, "POST", WORK, XML, "<subscribe" INVERSE "/>", 403, NULL,
	    "nobody subscribes to his own");
	expect(t, "POST", WORK, AS_OTHER XML, "<subscribe" INVERSE "/>", 200,
	    NULL, "subscribe");
	expect(t, "POST", WORK, AS_OTHER XML, "<subscribe" INVERSE "/>", 200,
	    NULL, "again");
}

/* What is told of the resource of that href. */
static bool
is_read_only(const struct reply *r, const char *href)
{
	view text = buf_view(&r->body);
	view about = view_from(text, view_find(text, view_of(href)));

	about = view_first(about, view_find(about, VIEW("</D:response>")));
	return view_find(about, VIEW("<D:read/>")) != SIZE_MAX
	    && view_find(about, VIEW("<D:write-content/>")) == SIZE_MAX;
}

static void
test_home(struct talk *t)
{
	struct reply r = talk(
	    t, "PROPFIND", OTHER "Calendar/", AS_OTHER D1,
	    "<propfind xmlns=\"DAV:\"><prop><displayname/><resourcetype/>"
	    "<owner/><current-user-privilege-set/></prop></propfind>");

	ok(reply_has(&r, "<D:href>" ALIAS "</D:href>"), "in the home");
	ok(reply_has(&r, "<D:displayname>work (user@example.org)"), "named");
	ok(reply_has(&r, "<D:owner><D:href>" OWNER "</D:href>"), "owned");
	ok(reply_has(&r, "<D:collection/><C:calendar/></D:resourcetype>"),
	    "exactly a calendar");
	ok(is_read_only(&r, "<D:href>" ALIAS "</D:href>"), "only to read");
	reply_free(&r);
	r = talk(t, "PROPFIND", OTHER "Calendar/",
	    AS_OTHER D1 "User-Agent: macOS/13.0 (22A380) dataaccessd/1.0\n",
	    "");
	ok(!reply_has(&r, ALIAS), "Apple's clients find it by proxy");
	reply_free(&r);
	r = talk(t, "PROPFIND", OWNER "Calendar/", AS_OTHER D1, "");
	ok(reply_has(&r, WORK) && !reply_has(&r, CALENDAR),
	    "in the owner's home only that");
	reply_free(&r);
	expect(t, "PROPFIND", OWNER "Calendar/", AS_THIRD D1, "", 404, NULL,
	    "and nothing for others");
	expect(t, "PROPFIND", OWNER "Calendar/none/", AS_OTHER D0, "", 404,
	    "There is nothing here.", "what is not there");
	expect(t, "PROPFIND", CALENDAR, AS_OTHER D0, "", 404,
	    "There is nothing here.", "looks like what is not shown");
}

static void
test_read(struct talk *t)
{
	char bytes[512];
	struct reply r;

	expect(t, "PUT", WORK "a.ics", "", event(bytes, "a", "0315"), 201,
	    NULL, "the owner writes");
	expect(t, "GET", ALIAS "a.ics", AS_OTHER, "", 200, "SUMMARY:An event",
	    "the other reads");
	expect(t, "PUT", ALIAS "b.ics", AS_OTHER, event(bytes, "b", "0315"),
	    403, "<D:href>" ALIAS "b.ics</D:href><D:privilege><D:bind/>",
	    "and does not write");
	r = talk(t, "REPORT", ALIAS, AS_OTHER,
	    "<sync-collection xmlns=\"DAV:\"><sync-token/><sync-level>1"
	    "</sync-level><prop><getetag/></prop></sync-collection>");
	ok(r.status == 207 && reply_has(&r, "<D:href>" ALIAS "a.ics</D:href>"),
	    "sync-collection, by the names of the subscriber's tree");
	reply_free(&r);
	r = talk(t, "REPORT", ALIAS, AS_OTHER,
	    "<C:calendar-multiget xmlns=\"DAV:\""
	    " xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop><getetag/>"
	    "<C:calendar-data/></prop><href>" ALIAS "a.ics</href>"
	    "<href>" WORK "a.ics</href></C:calendar-multiget>");
	ok(reply_count(&r, "BEGIN:VEVENT") == 1
		&& reply_count(&r, "404 Not Found") == 1,
	    "multiget");
	reply_free(&r);
}

static void
test_write(struct talk *t)
{
	char bytes[512];

	set_roles(t, "other@example.org",
	    "<PublicModifier/><ObjectCreator/><ObjectEraser/>", 204);
	expect(t, "PUT", ALIAS "b.ics", AS_OTHER, event(bytes, "b", "0316"),
	    201, NULL, "an editor adds");
	expect(t, "GET", WORK "b.ics", "", "", 200, "UID:b", "to the owner's");
	expect(t, "COPY", ALIAS "b.ics",
	    AS_OTHER "Destination: " ALIAS "c.ics\nOverwrite: F\n", "", 403,
	    "<C:no-uid-conflict>", "COPY keeps to its rules");
	expect(t, "MOVE", ALIAS "b.ics",
	    AS_OTHER "Destination: " ALIAS "d.ics\n", "", 201, NULL, "MOVE");
	expect(t, "MOVE", ALIAS "d.ics",
	    AS_OTHER "Destination: " OTHER "Calendar/none/d.ics\n", "", 409,
	    NULL, "not to a calendar that is not there");
	expect(t, "DELETE", ALIAS "d.ics", AS_OTHER, "", 204, NULL, "DELETE");
	expect(t, "DELETE", WORK, AS_OTHER, "", 403, "<D:need-privileges>",
	    "the calendar itself is the owner's");
}

static void
test_own_properties(struct talk *t)
{
	static const char color[] =
	    "<propertyupdate xmlns=\"DAV:\"><set><prop><C:calendar-color"
	    " xmlns:C=\"http://apple.com/ns/ical/\">#123456</C:calendar-color>"
	    "<displayname>Theirs</displayname></prop></set></propertyupdate>";
	static const char ask[] =
	    "<propfind xmlns=\"DAV:\"><prop><displayname/><C:calendar-color"
	    " xmlns:C=\"http://apple.com/ns/ical/\"/></prop></propfind>";

	expect(t, "PROPPATCH", ALIAS, AS_OTHER, color, 207, "200 OK",
	    "a colour for oneself");
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, ask, 207, "#123456",
	    "is shown");
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, ask, 207,
	    "<D:displayname>Theirs</D:displayname>", "and the name");
	expect(t, "PROPFIND", WORK, D0, ask, 207,
	    "<D:displayname>work</D:displayname>", "the owner has his");
	set_roles(t, "other@example.org", "<PublicViewer/>", 204);
	expect(t, "PROPPATCH", ALIAS, AS_OTHER,
	    "<propertyupdate xmlns=\"DAV:\"><set><prop><x xmlns=\"urn:y\">1</x>"
	    "</prop></set></propertyupdate>",
	    207, "<D:need-privileges/>", "what all see is not his to change");
}

static void
test_secrets(struct talk *t)
{
	static const char secret[] =
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
	    "BEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DTSTART:20260320T100000Z\r\nDTEND:20260320T110000Z\r\n"
	    "CLASS:PRIVATE\r\nSUMMARY:Surgeon\r\nLOCATION:Clinic\r\n"
	    "ATTENDEE:mailto:doctor@example.com\r\n"
	    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Surgeon\r\n"
	    "TRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
	static const char *const reads[] = { "GET", "GET", "PROPFIND" };
	static const char *const targets[] = { ALIAS "s.ics", ALIAS, ALIAS };
	struct reply r;

	expect(t, "PUT", WORK "s.ics", "", secret, 201, NULL, "a secret");
	for (size_t i = 0; i < COUNT(reads); i++) {
		r = talk(t, reads[i], targets[i], AS_OTHER D1,
		    i < 2 ? ""
			  : "<propfind xmlns=\"DAV:\"><prop><C:calendar-data"
			    " xmlns:C=\"urn:ietf:params:xml:ns:caldav\"/>"
			    "</prop></propfind>");
		ok(reply_has(&r, "DTSTART:20260320T100000Z")
			&& reply_has(&r, "(Private event)")
			&& !reply_has(&r, "Surgeon") && !reply_has(&r, "Clinic")
			&& !reply_has(&r, "doctor")
			&& !reply_has(&r, "VALARM"),
		    "%s %s: when, and nothing else", reads[i], targets[i]);
		reply_free(&r);
	}
	r = talk(t, "REPORT", ALIAS, AS_OTHER D1,
	    "<C:calendar-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\""
	    " xmlns=\"DAV:\"><prop><getetag/></prop><C:filter><C:comp-filter"
	    " name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\"><C:prop-filter"
	    " name=\"SUMMARY\"><C:text-match>surgeon</C:text-match>"
	    "</C:prop-filter></C:comp-filter></C:comp-filter></C:filter>"
	    "</C:calendar-query>");
	ok(r.status == 207 && !reply_has(&r, "s.ics"), "nor by a search");
	reply_free(&r);
	set_roles(t, "other@example.org", "<PublicModifier/>", 204);
	expect(t, "PUT", ALIAS "s.ics", AS_OTHER, secret, 403,
	    "<D:need-privileges>", "nobody writes over what he does not see");
	set_roles(
	    t, "other@example.org", "<PublicViewer/><PrivateViewer/>", 204);
	expect(t, "GET", ALIAS "s.ics", AS_OTHER, "", 200, "Surgeon",
	    "who may see private ones, sees it");
	expect(t, "GET", WORK "s.ics", "", "", 200, "Surgeon", "the owner");
}

static void
test_revoked(struct talk *t)
{
	set_roles(t, "other@example.org", "", 204);
	expect(t, "GET", ALIAS "a.ics", AS_OTHER, "", 404, NULL,
	    "taken away is gone at once");
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, "", 404, NULL, "all of it");
	expect(t, "GET", WORK "a.ics", AS_OTHER, "", 404, NULL, "everywhere");
	set_roles(t, "other@example.org", "<PublicViewer/>", 204);
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, "", 207, NULL,
	    "given again is there again");
	expect(t, "DELETE", ALIAS, AS_OTHER, "", 204, NULL,
	    "DELETE of a subscription");
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, "", 404, NULL, "ends it");
	expect(t, "PROPFIND", WORK, AS_OTHER D0, "", 207, NULL, "alone");
	set_roles(t, "other@example.org", "", 204);
}

static void
test_acl(struct talk *t)
{
#define ACL(inside) "<acl xmlns=\"DAV:\">" inside "</acl>"
#define ACE(principal, inside) \
	"<ace><principal>" principal "</principal>" inside "</ace>"
#define HIM "<href>" OTHER "</href>"
#define READ "<grant><privilege><read/></privilege></grant>"
	static const struct {
		const char *body;
		unsigned status;
		const char *has;
	} cases[] = {
		{ ACL(ACE(HIM, "<deny><privilege><read/></privilege></deny>")),
		    403, "<D:grant-only/>" },
		{ ACL("<ace><invert><principal>" HIM "</principal></invert>"
		      READ "</ace>"), 403, "<D:no-invert/>" },
		{ ACL(ACE("<href>/SOGo/dav/nobody@example.org/</href>", READ)),
		    403, "<D:recognized-principal/>" },
		{ ACL(ACE("<href>/elsewhere/</href>", READ)), 403,
		    "<D:recognized-principal/>" },
		{ ACL(ACE("<self/>", READ)), 403, "<D:allowed-principal/>" },
		{ ACL(ACE(HIM, "<grant><privilege><fly/></privilege></grant>")),
		    403, "<D:not-supported-privilege/>" },
		{ ACL(ACE(HIM,
		      "<grant><privilege><unlock/></privilege></grant>")),
		    403, "<D:no-abstract/>" },
		{ ACL("<ace/>"), 400, NULL },
		{ "<ace xmlns=\"DAV:\"/>", 400, NULL },
		{ "", 400, NULL },
		{ ACL(ACE(HIM, READ) ACE("<authenticated/>",
		      "<grant><privilege><C:read-free-busy"
		      " xmlns:C=\"urn:ietf:params:xml:ns:caldav\"/>"
		      "</privilege></grant>")), 200, NULL },
	};
	struct reply r;

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, "ACL", WORK, XML, cases[i].body, cases[i].status,
		    cases[i].has, cases[i].body);
	r = talk(t, "PROPFIND", WORK, D0,
	    "<propfind xmlns=\"DAV:\"><prop><acl/></prop></propfind>");
	ok(reply_has(&r, "<D:href>" OTHER "</D:href></D:principal><D:grant>"
			 "<D:privilege><D:read/></D:privilege></D:grant>"),
	    "the acl says so");
	ok(reply_has(&r, "<D:authenticated/></D:principal><D:grant>"
			 "<D:privilege><C:read-free-busy/>"),
	    "and what all may");
	ok(reply_has(&r, "<D:protected/>"), "and the owner");
	reply_free(&r);
	expect(t, "REPORT", WORK, "",
	    "<acl-principal-prop-set xmlns=\"DAV:\"><prop><displayname/></prop>"
	    "</acl-principal-prop-set>",
	    207, "<D:href>" OTHER "</D:href>", "who is in it");
	expect(t, "GET", WORK "a.ics", AS_OTHER, "", 200, NULL, "it counts");
	expect(t, "GET", WORK "a.ics", AS_THIRD, "", 403,
	    "<D:need-privileges>", "only when");
	expect(t, "ACL", WORK, AS_OTHER XML, ACL(""), 403, "<D:write-acl/>",
	    "not for him");
	expect(t, "ACL", WORK "a.ics", XML, ACL(""), 405, NULL, "an object");
	expect(t, "ACL", WORK, XML, ACL(""), 200, NULL, "all taken back");
	expect(t, "GET", WORK "a.ics", AS_OTHER, "", 404, NULL, "it counts");
}

static void
test_proxies(struct talk *t)
{
	static const char join[] =
	    "<propertyupdate xmlns=\"DAV:\"><set><prop><group-member-set>"
	    "<href>" OTHER "</href></group-member-set></prop></set>"
	    "</propertyupdate>";
	static const char leave[] =
	    "<propertyupdate xmlns=\"DAV:\"><set><prop><group-member-set/>"
	    "</prop></set></propertyupdate>";
	static const char expand[] =
	    "<expand-property xmlns=\"DAV:\"><property"
	    " name=\"calendar-proxy-write-for\""
	    " namespace=\"http://calendarserver.org/ns/\"><property"
	    " name=\"displayname\"/><property name=\"email-address-set\""
	    " namespace=\"http://calendarserver.org/ns/\"/></property>"
	    "</expand-property>";
	struct reply r;

	expect(t, "PROPFIND", OWNER "calendar-proxy-write/", D0, "", 207,
	    "<D:principal/><CS:calendar-proxy-write/>", "a group");
	expect(t, "PROPPATCH", OWNER "calendar-proxy-write/", AS_OTHER, join,
	    403, "<D:need-privileges>", "nobody joins by himself");
	expect(t, "PROPPATCH", OWNER "calendar-proxy-write/", XML, join, 207,
	    "200 OK", "a delegate");
	expect(t, "PROPFIND", OWNER "calendar-proxy-write/", D0,
	    "<propfind xmlns=\"DAV:\"><prop><group-member-set/></prop>"
	    "</propfind>",
	    207, "<D:href>" OTHER "</D:href>", "is a member");
	r = talk(t, "REPORT", OTHER, AS_OTHER D0, expand);
	ok(reply_has(&r, "<CS:calendar-proxy-write-for><D:response><D:href>"
		OWNER "</D:href>")
		&& reply_has(&r, "<CS:email-address>user@example.org"),
	    "finds whose it is, as Apple's clients ask");
	reply_free(&r);
	expect(t, "PROPFIND", OTHER, AS_OTHER D0,
	    "<propfind xmlns=\"DAV:\"><prop><group-membership/></prop>"
	    "</propfind>",
	    207, "<D:href>" OWNER "calendar-proxy-write/</D:href>",
	    "as DAVx5 asks");
	r = talk(t, "PROPFIND", OWNER "Calendar/", AS_OTHER D1, "");
	ok(reply_has(&r, CALENDAR) && reply_has(&r, WORK), "all calendars");
	reply_free(&r);
	expect(t, "DELETE", WORK "a.ics", AS_OTHER, "", 204, NULL, "to keep");
	expect(t, "PROPPATCH", OWNER "calendar-proxy-write/", XML, leave, 207,
	    "200 OK", "dismissed");
	expect(t, "PROPFIND", OWNER "Calendar/", AS_OTHER D1, "", 404, NULL,
	    "at once");
}

static void
test_apple(struct talk *t)
{
	expect(t, "POST", WORK, XML,
	    "<CS:share xmlns:CS=\"http://calendarserver.org/ns/\""
	    " xmlns=\"DAV:\"><CS:set><href>mailto:other@example.org</href>"
	    "<CS:read-write/></CS:set></CS:share>",
	    200, NULL, "share");
	expect(t, "PROPFIND", WORK, D0,
	    "<propfind xmlns=\"DAV:\"><prop><x:invite"
	    " xmlns:x=\"http://calendarserver.org/ns/\"/></prop></propfind>",
	    207, "<CS:read-write/>", "invite tells of it");
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, "", 207, NULL,
	    "and he has it at once");
	expect(t, "POST", WORK, XML,
	    "<CS:share xmlns:CS=\"http://calendarserver.org/ns/\""
	    " xmlns=\"DAV:\"><CS:remove><href>mailto:other@example.org</href>"
	    "</CS:remove></CS:share>",
	    200, NULL, "and no longer");
	expect(t, "PROPFIND", ALIAS, AS_OTHER D0, "", 404, NULL, "has it");
	expect(t, "POST", WORK, XML,
	    "<CS:share xmlns:CS=\"http://calendarserver.org/ns/\""
	    " xmlns=\"DAV:\"><CS:set><href>mailto:x@elsewhere.example</href>"
	    "</CS:set></CS:share>",
	    403, NULL, "nobody from elsewhere");
}

static void
test_public(struct talk *t)
{
#define OPEN "/SOGo/dav/public/user@example.org/"
	char bytes[512];

	expect(t, "PUT", WORK "p.ics", "", event(bytes, "p", "0317"), 201,
	    NULL, "an event");
	expect(t, "GET", OPEN "Calendar/work.ics", "Authorization:\n", "", 404,
	    NULL, "not open");
	expect(t, "POST", WORK, XML, "<publish-calendar" SERVER "/>", 202,
	    NULL, "publish");
	expect(t, "GET", OPEN "Calendar/work.ics", "Authorization:\n", "", 200,
	    "UID:p", "open");
	expect(t, "PROPFIND", WORK, D0,
	    "<propfind xmlns=\"DAV:\"><prop><x:publish-url"
	    " xmlns:x=\"http://calendarserver.org/ns/\"/></prop></propfind>",
	    207, "<D:href>" OPEN "Calendar/work.ics</D:href>", "and where");
	expect(t, "GET", OPEN "Calendar/personal.ics", "Authorization:\n", "",
	    404, NULL, "not all");
	expect(t, "PUT", OPEN "Calendar/work/x.ics", "", "x", 405, NULL,
	    "never to write");
	expect(t, "GET", OPEN, "Authorization:\n", "", 404, NULL, "no home");
	expect(t, "GET", "/SOGo/dav/public/", "Authorization:\n", "", 404,
	    NULL, "no list of people");
	expect(t, "GET", WORK, "Authorization:\n", "", 401, NULL,
	    "elsewhere a login is needed");
	expect(t, "POST", WORK, XML, "<unpublish-calendar" SERVER "/>", 204,
	    NULL, "unpublish");
	expect(t, "GET", OPEN "Calendar/work.ics", "Authorization:\n", "", 404,
	    NULL, "closed");
	t->services.publish = false;
	expect(t, "POST", WORK, XML, "<publish-calendar" SERVER "/>", 403,
	    NULL, "switched off");
	t->services.publish = true;
}

static void
test_search(struct talk *t)
{
#define SEARCH(what)                                                       \
	"<principal-property-search xmlns=\"DAV:\"><property-search><prop>" \
	"<x:email-address-set xmlns:x=\"http://calendarserver.org/ns/\"/>"  \
	"</prop><match>" what "</match></property-search><prop>"            \
	"<displayname/></prop></principal-property-search>"
	struct reply r;

	expect(t, "REPORT", "/SOGo/dav/", "", SEARCH("other@example.org"), 207,
	    OTHER, "somebody by his address");
	r = talk(t, "REPORT", "/SOGo/dav/", "", SEARCH("o"));
	ok(r.status == 207 && !reply_has(&r, OTHER), "not by a piece of it");
	reply_free(&r);
	expect(t, "POST", WORK, XML, "<publish-calendar" SERVER "/>", 202,
	    NULL, "an open calendar");
	t->services.directory = true;
	r = talk(t, "REPORT", OPEN "Calendar/", "Authorization:\n",
	    "<principal-property-search xmlns=\"DAV:\">"
	    "<apply-to-principal-collection-set/><property-search><prop>"
	    "<displayname/></prop><match>U</match></property-search><prop>"
	    "<displayname/></prop></principal-property-search>");
	ok(r.status == 207 && !reply_has(&r, "<D:response>"),
	    "who does not log in finds nobody");
	reply_free(&r);
	r = talk(t, "REPORT", OPEN "Calendar/work/", "Authorization:\n",
	    "<expand-property xmlns=\"DAV:\"><property name=\"owner\">"
	    "<property name=\"displayname\"/></property></expand-property>");
	ok(r.status == 207 && !reply_has(&r, "User"), "and nobody's name");
	reply_free(&r);
	r = talk(t, "OPTIONS", OPEN "Calendar/work/", "Authorization:\n", "");
	ok(r.status == 200 && !reply_header(&r, "PUT"),
	    "Allow says that it is to read");
	reply_free(&r);
	expect(t, "POST", WORK, XML, "<unpublish-calendar" SERVER "/>", 204,
	    NULL, "closed again");
	expect(t, "REPORT", "/SOGo/dav/", "", SEARCH("oth"), 207, OTHER,
	    "unless there is a directory");
	t->services.directory = false;
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_mailbox(&t, VIEW("third@example.org"));
	expect(&t, "MKCALENDAR", WORK, "", "", 201, NULL, "a calendar");
	test_sogo(&t);
	test_home(&t);
	test_read(&t);
	test_write(&t);
	test_own_properties(&t);
	test_secrets(&t);
	test_revoked(&t);
	test_acl(&t);
	test_proxies(&t);
	test_apple(&t);
	test_public(&t);
	test_search(&t);
	talk_close(&t);
	return tap_done();
}
