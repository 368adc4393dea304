/* What one client or another cannot do without, each under its name. */
#include "tests/unit/dav_talk.h"

#define DAV_NS "xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' "
#define CARD_NS "xmlns:CR='urn:ietf:params:xml:ns:carddav'"
#define FIND(props)                                                   \
	"<D:propfind " DAV_NS CARD_NS "><D:prop>" props "</D:prop></" \
							"D:propfind>"
#define SYNC(token)                                                  \
	"<D:sync-collection " DAV_NS CARD_NS "><D:sync-token>" token \
	"</D:sync-token><D:sync-level>1</D:sync-level><D:prop>"      \
	"<D:getetag/><CR:address-data/></D:prop></D:sync-collection>"

static void
test_apple(struct talk *t)
{
	static const char apple[] = "User-Agent: iOS/18.4 (22E240) "
				    "dataaccessd/1.0\nDepth: 0\n";

	expect(t, "PROPFIND", CALENDAR, apple, FIND("<D:resourcetype/>"), 207,
	    "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>",
	    "Apple drops a calendar that is anything else besides");
	expect(t, "PROPFIND", "/SOGo/dav/user%40example.org/Calendar/personal/",
	    apple, FIND("<D:getetag/>"), 207, "<D:href>" CALENDAR "</D:href>",
	    "iOS 18.4 writes %40; the answer does not");
	expect(t, "PROPFIND",
	    "/SOGo/dav/user%2540example.org/Calendar/personal/", apple,
	    FIND("<D:getetag/>"), 207, "<D:href>" CALENDAR "</D:href>",
	    "or %2540");
	expect(t, "PROPFIND", "/", apple, FIND("<D:current-user-principal/>"),
	    207, "<D:href>" HOME "</D:href>", "Apple asks / who it is");
	expect(t, "PROPFIND", "/principals/", apple,
	    FIND("<D:current-user-principal/>"), 207,
	    "<D:href>" HOME "</D:href>", "and /principals/");
	expect(t, "MKCALENDAR", HOME "Calendar/reminders/", apple,
	    "<C:mkcalendar " DAV_NS "><D:set><D:prop>"
	    "<C:supported-calendar-component-set><C:comp name='VTODO'/>"
	    "</C:supported-calendar-component-set><A:calendar-order "
	    "xmlns:A='http://apple.com/ns/ical/'>1</A:calendar-order>"
	    "</D:prop></D:set></C:mkcalendar>",
	    201, NULL, "Apple makes calendars of one component");
	expect(t, "PROPFIND", HOME "Calendar/reminders/", apple,
	    FIND("<C:supported-calendar-component-set/>"), 207,
	    "<C:supported-calendar-component-set><comp "
	    "xmlns=\"urn:ietf:params:xml:ns:caldav\" name=\"VTODO\"/></C:",
	    "and reads them so");
	expect(t, "PROPPATCH", CALENDAR, "Prefer: return=minimal\n",
	    "<D:propertyupdate " DAV_NS "><D:set><D:prop><A:calendar-color "
	    "xmlns:A='http://apple.com/ns/ical/' symbolic-color='red'>"
	    "#FF2968FF</A:calendar-color></D:prop></D:set>"
	    "</D:propertyupdate>",
	    200, NULL, "a colour with a name");
}

static void
test_thunderbird(struct talk *t)
{
	static const char agent[] = "User-Agent: Mozilla/5.0 (X11; Linux "
				    "x86_64; rv:128.0) Gecko/20100101 "
				    "Thunderbird/128.5.0\nDepth: 1\n";
	char text[512];
	struct reply r;
	size_t first;

	expect(t, "PUT", BOOK "tb.vcf", agent, card(text, "tb", "Tb"), 201,
	    NULL, "Thunderbird writes without conditions");
	r = talk(t, "REPORT", BOOK, agent, SYNC(""));
	ok(r.status == 207 && reply_has(&r, "UID:tb"),
	    "cards come inside of sync-collection, at Depth: 1");
	reply_free(&r);
	expect(t, "REPORT", BOOK, agent, SYNC("1700000000"), 400,
	    "<D:valid-sync-token/>",
	    "only 400 makes Thunderbird start an address book again");
	expect(t, "REPORT", CALENDAR, agent, SYNC("1700000000"), 403,
	    "<D:valid-sync-token/>", "a calendar not");
	r = talk(t, "PROPFIND", HOME "Contacts/", agent,
	    FIND("<D:nothing/><D:resourcetype/><D:displayname/>"));
	first = view_find(buf_view(&r.body), VIEW("<D:status>"));
	ok(first != SIZE_MAX
		&& view_starts(view_from(buf_view(&r.body), first),
		    VIEW("<D:status>HTTP/1.1 200 OK</D:status>")),
	    "the first status is 200 OK, byte for byte");
	reply_free(&r);
}

static void
test_davx5(struct talk *t)
{
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    FIND("<D:supported-report-set/>"), 207, "<D:sync-collection/>",
	    "DAVx5 looks for sync-collection");
	expect(t, "PROPFIND", BOOK, "Depth: 0\n",
	    FIND("<CR:supported-address-data/>"), 207, "version=\"4.0\"",
	    "and for vCard 4.0");
	expect(t, "REPORT", CALENDAR, "",
	    SYNC("http://posthaste.invalid/ns/sync/99-1"), 403,
	    "<D:valid-sync-token/>", "in any error it looks for the element");
}

static void
test_evolution(struct talk *t)
{
	struct reply r = talk(t, "OPTIONS", CALENDAR, "", "");

	ok(reply_header(&r, "PUT") && reply_header(&r, "DELETE"),
	    "Evolution reads in Allow that it may write");
	ok(reply_header(&r, "calendar-access"), "and what this is in DAV");
	reply_free(&r);
	r = talk(t, "REPORT", CALENDAR, "Depth: 0\n", SYNC(""));
	ok(reply_has(&r, "<D:sync-token>http://"),
	    "it throws tokens away that have no ':' or '/'");
	reply_free(&r);
}

static void
test_others(struct talk *t)
{
	char text[512];

	expect(t, "REPORT", CALENDAR, "Depth: 1\n",
	    "<C:calendar-query " DAV_NS "><D:prop><D:getetag/></D:prop>"
	    "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter "
	    "name='VJOURNAL'/></C:comp-filter></C:filter></C:calendar-query>",
	    207, "</D:multistatus>",
	    "KDE asks for journals where there are none");
	expect(t, "PUT", CALENDAR "ocs.ics", "If-Match: \"1\"\n",
	    event(text, "ocs", "0315"), 412, NULL,
	    "Outlook's synchroniser updates what is not there");
	expect(t, "REPORT", HOME "Calendar/", "", SYNC(""), 207,
	    "<D:sync-token>", "eM Client syncs the home");
	expect(t, "PROPFIND", HOME "Calendar/", "Depth: 1\n",
	    "<x:propfind xmlns:x='DAV:' xmlns:D='urn:ietf:params:xml:ns:"
	    "caldav'><x:prop><D:calendar-home-set/><x:resourcetype/></x:prop>"
	    "</x:propfind>",
	    207, "<C:calendar/>", "python-caldav swaps prefixes");
	expect(t, "PUT", BOOK "cdfb.vcf", "", card(text, "c", "C"), 201, NULL,
	    "a card");
	expect(t, "PROPFIND", BOOK, "Depth: 1\n", FIND("<CR:address-data/>"),
	    207, "UID:c", "carddav2fb reads cards by PROPFIND");
	expect(t, "REPORT", CALENDAR, "", SYNC("1700000000"), 403,
	    "<D:error xmlns:D=\"DAV:\"", "a token of SOGo is no token");
}

/* RFC 8144 */
static void
test_preferences(struct talk *t)
{
	static const char prefer[] = "Prefer: return=representation\n";
	char text[512];
	struct reply r = talk(
	    t, "PUT", CALENDAR "p.ics", prefer, event(text, "p", "0315"));

	is_number(r.status, 201, "PUT that wants to see");
	same(buf_view(&r.body), view_of(text), "what was stored");
	ok(reply_header(&r, "Preference-Applied: return=representation"),
	    "as it was preferred");
	ok(reply_header(&r, "ETag: \""), "with its ETag");
	reply_free(&r);
	expect(t, "PUT", CALENDAR "p.ics", prefer, event(text, "p", "0316"),
	    200, "DTSTART:20260316", "and again");
	expect(t, "PUT", CALENDAR "p.ics",
	    "Prefer: return=representation\nIf-Match: \"old\"\n",
	    event(text, "p", "0317"), 412, "DTSTART:20260316",
	    "412 shows what is there");
	expect(t, "PUT", CALENDAR "q.ics",
	    "Prefer: return=representation\nIf-Match: \"old\"\n",
	    event(text, "q", "0317"), 412, "has changed",
	    "or says why when nothing is");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_apple(&t);
	test_thunderbird(&t);
	test_davx5(&t);
	test_evolution(&t);
	test_others(&t);
	test_preferences(&t);
	talk_close(&t);
	return tap_done();
}
