/* The people of a domain as an address book, and calendars that are kept
 * elsewhere. */
#include "tests/unit/dav_talk.h"

#define OWNER "/SOGo/dav/user@example.org/"
/* other@example.org:secret */
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define D0 "Depth: 0\n"
#define D1 "Depth: 1\n"

static void
test_directory(struct talk *t)
{
#define PEOPLE OWNER "Contacts/public/"
#define CARDDAV " xmlns:C=\"urn:ietf:params:xml:ns:carddav\" xmlns=\"DAV:\""
	static const char query[] =
	    "<C:addressbook-query" CARDDAV "><prop><C:address-data/></prop>"
	    "<C:filter><C:prop-filter name=\"EMAIL\"><C:text-match>third"
	    "</C:text-match></C:prop-filter></C:filter></C:addressbook-query>";
	struct reply r;

	expect(t, "PROPFIND", PEOPLE, D0, "", 404, NULL, "off by default");
	t->services.directory = true;
	expect(t, "PROPFIND", OWNER "Contacts/", D1, "", 207,
	    "<D:collection/><CR:addressbook/><CR:directory/>", "a directory");
	r = talk(t, "PROPFIND", OWNER "Contacts/",
	    D1 "User-Agent: iOS/18.1.1 (22B91) dataaccessd/1.0\n", "");
	ok(!reply_has(&r, "CR:directory"), "Apple's do not list it");
	reply_free(&r);
	expect(t, "PROPFIND", OWNER, D0,
	    "<C:propfind xmlns:C=\"DAV:\"><C:prop><directory-gateway"
	    " xmlns=\"urn:ietf:params:xml:ns:carddav\"/></C:prop>"
	    "</C:propfind>",
	    207, "<D:href>" PEOPLE "</D:href>", "but search it");
	r = talk(t, "PROPFIND", PEOPLE, D1, "");
	ok(reply_count(&r, ".vcf</D:href>") == 3, "everyone of the domain");
	reply_free(&r);
	r = talk(t, "PROPFIND", PEOPLE, D0,
	    "<propfind xmlns=\"DAV:\"><prop><current-user-privilege-set/>"
	    "</prop></propfind>");
	ok(reply_has(&r, "<D:read/>") && !reply_has(&r, "<D:bind/>"),
	    "to read");
	reply_free(&r);
	r = talk(t, "REPORT", PEOPLE, "", query);
	ok(reply_count(&r, "BEGIN:VCARD") == 1
		&& reply_has(&r, "third@example.org"),
	    "a search");
	reply_free(&r);
	expect(t, "REPORT", PEOPLE, "",
	    "<C:addressbook-multiget" CARDDAV "><prop><getetag/></prop><href>"
	    PEOPLE "third@example.org.vcf</href></C:addressbook-multiget>",
	    207, "200 OK", "multiget");
	expect(t, "GET", PEOPLE "third@example.org.vcf", "", "", 200,
	    "EMAIL;TYPE=INTERNET:third@example.org", "a card");
	expect(t, "GET", PEOPLE "user@strange.example.vcf", "", "", 404, NULL,
	    "nobody else's");
	expect(t, "PUT", PEOPLE "x.vcf", "", "x", 403, "<D:need-privileges>",
	    "nobody writes");
	expect(t, "DELETE", PEOPLE, "", "", 403, "<D:need-privileges>",
	    "or removes");
	expect(t, "GET", PEOPLE "third@example.org.vcf", AS_OTHER, "", 404,
	    NULL, "everyone has his own");
	t->services.directory = false;
}

static void
test_bound(struct talk *t)
{
	struct reply r;

	t->services.directory = true;
	r = talk(t, "REPORT", PEOPLE, "",
	    "<C:addressbook-query" CARDDAV "><prop><getetag/></prop>"
	    "<C:filter/><C:limit><C:nresults>2</C:nresults></C:limit>"
	    "</C:addressbook-query>");
	ok(reply_count(&r, ".vcf</D:href>") == 2
		&& reply_has(&r, "507 Insufficient Storage"),
	    "no more than asked for");
	reply_free(&r);
	expect(t, "REPORT", OWNER "Contacts/personal/", "",
	    "<C:addressbook-query" CARDDAV "><prop><getetag/></prop><C:filter>"
	    "<C:prop-filter name=\"FN\">"
	    "<C:text-match match-type=\"sounds-like\">x</C:text-match>"
	    "</C:prop-filter></C:filter>"
	    "</C:addressbook-query>",
	    403, "<CR:supported-filter/>", "a match that nobody knows");
	expect(t, "MKCOL", PEOPLE, "", "", 403, NULL, "not in its place");
	t->services.directory = false;
	expect(t, "MKCOL", PEOPLE, "", "", 201, NULL, "an own book");
	t->services.directory = true;
	expect(t, "PROPFIND", PEOPLE, D0,
	    "<propfind xmlns=\"DAV:\"><prop><sync-token/></prop></propfind>",
	    207, "/ns/sync/",
	    "stands before it");
	t->services.directory = false;
}

/* As Apple's Calendar makes one that is elsewhere. */
static void
test_subscribed(struct talk *t)
{
#define NEWS OWNER "Calendar/news/"
#define MAKE(type)                                                          \
	"<C:mkcalendar xmlns:C=\"urn:ietf:params:xml:ns:caldav\""           \
	" xmlns=\"DAV:\" xmlns:S=\"http://calendarserver.org/ns/\"><set>"   \
	"<prop><resourcetype><collection/>" type "</resourcetype><S:source>" \
	"<href>webcal://news.example/x.ics</href></S:source></prop></set>"   \
	"</C:mkcalendar>"
	static const char ask[] =
	    "<propfind xmlns=\"DAV:\"><prop><resourcetype/><S:source"
	    " xmlns:S=\"http://calendarserver.org/ns/\"/></prop></propfind>";
	char bytes[512];
	struct reply r;

	expect(t, "MKCALENDAR", NEWS, "", MAKE("<C:calendar/><S:subscribed/>"),
	    207, "<D:valid-resourcetype/>", "not both");
	expect(t, "MKCALENDAR", NEWS, "", MAKE("<S:subscribed/>"), 201, NULL,
	    "a subscription to elsewhere");
	r = talk(t, "PROPFIND", NEWS, D0, ask);
	ok(reply_has(&r, "<D:collection/><CS:subscribed/></D:resourcetype>")
		&& reply_has(&r, "webcal://news.example/x.ics"),
	    "is told as it was made");
	reply_free(&r);
	expect(t, "PUT", NEWS "a.ics", "", event(bytes, "a", "0315"), 403,
	    NULL, "and holds nothing");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_mailbox(&t, VIEW("third@example.org"));
	test_directory(&t);
	test_bound(&t);
	test_subscribed(&t);
	talk_close(&t);
	return tap_done();
}
