/* Invitations where somebody else writes, and where they come to. */
#include "mailcore/store/right.h"
#include "tests/unit/dav_event.h"

#define THIRD_HOME "/SOGo/dav/third@example.org/"
#define TWO HOME "Calendar/two/"
#define INBOX HOME "Calendar/inbox/"
#define PLAIN(uid, inside) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" \
	"DTSTART:20300301T090000Z\r\nDTEND:20300301T100000Z\r\n" inside \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"
#define INVITES(who, whom) \
	"ORGANIZER:mailto:" who "@example.org\r\n" \
	"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:" whom "@example.org\r\n"
#define SET(inside) \
	"<D:propertyupdate xmlns:D='DAV:'" \
	" xmlns:C='urn:ietf:params:xml:ns:caldav'>" inside \
	"</D:propertyupdate>"
#define CHOOSE(inside) \
	SET("<D:set><D:prop><C:schedule-default-calendar-URL>" inside \
	    "</C:schedule-default-calendar-URL></D:prop></D:set>")
#define CHOSEN \
	"<D:propfind xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<D:prop><C:schedule-default-calendar-URL/></D:prop></D:propfind>"

static void
test_default(struct talk *t)
{
	static const char *const refused[] = {
		CHOOSE("<D:href>" OTHER_HOME "Calendar/personal/</D:href>"),
		CHOOSE("<D:href>" HOME "Calendar/none/</D:href>"),
		CHOOSE("<D:href>" HOME "Contacts/personal/</D:href>"),
		CHOOSE("<D:href>" INBOX "</D:href>"),
		CHOOSE("<D:href>" HOME "Calendar/tasks/</D:href>"),
		CHOOSE("<D:href>https://elsewhere.example" TWO "</D:href>"),
		CHOOSE("<D:href>" TWO "</D:href><D:href>" TWO "</D:href>"),
		CHOOSE(""),
	};

	expect(t, "MKCALENDAR", TWO, "", "", 201, NULL, "a second calendar");
	expect(t, "MKCALENDAR", HOME "Calendar/tasks/", "",
	    "<C:mkcalendar xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>"
	    "<C:supported-calendar-component-set><C:comp name='VTODO'/>"
	    "</C:supported-calendar-component-set></D:prop></D:set>"
	    "</C:mkcalendar>",
	    201, NULL, "one for tasks");
	for (size_t i = 0; i < COUNT(refused); i++)
		expect(t, "PROPPATCH", INBOX, "", refused[i], 207,
		    "<C:valid-schedule-default-calendar-URL/>",
		    "no place for invitations");
	expect(t, "PROPPATCH", TWO, "",
	    CHOOSE("<D:href>" TWO "</D:href>"), 207,
	    "cannot-modify-protected-property", "only the inbox has it");
	expect(t, "PROPPATCH", INBOX, "",
	    CHOOSE("<D:href>" TWO "</D:href>"), 207, "200 OK", "chosen");
	expect(t, "PROPFIND", INBOX, "Depth: 0\n", CHOSEN, 207,
	    "<D:href>" TWO "</D:href>", "and told");
	expect(t, "PUT", OTHER_HOME "Calendar/personal/a.ics", AS_OTHER,
	    PLAIN("a", INVITES("other", "user")), 201, NULL, "an invitation");
	is_number(count(t, TWO, ""), 1, "comes there");
	is_number(count(t, CALENDAR, ""), 0, "and not here");
	expect(t, "DELETE", TWO, "", "", 204, NULL, "it may be removed");
	expect(t, "PROPFIND", INBOX, "Depth: 0\n", CHOSEN, 207,
	    "<D:href>" CALENDAR "</D:href>", "and the first one is back");
	expect(t, "PUT", OTHER_HOME "Calendar/personal/b.ics", AS_OTHER,
	    PLAIN("b", INVITES("other", "user")), 201, NULL, "another one");
	is_number(count(t, CALENDAR, ""), 1, "comes here");
	expect(t, "DELETE", CALENDAR, "", "", 403,
	    "<C:default-calendar-needed/>", "which stays");
	expect(t, "MKCALENDAR", TWO, "", "", 201, NULL, "once more");
	expect(t, "PROPFIND", INBOX, "Depth: 0\n", CHOSEN, 207,
	    "<D:href>" CALENDAR "</D:href>", "is another calendar");
	expect(t, "PROPPATCH", INBOX, "",
	    CHOOSE("<D:href>" TWO "</D:href>"), 207, "200 OK", "chosen");
	expect(t, "PROPPATCH", INBOX, "",
	    SET("<D:remove><D:prop><C:schedule-default-calendar-URL/>"
		"</D:prop></D:remove>"),
	    207, "200 OK", "and no more");
	expect(t, "PROPFIND", INBOX, "Depth: 0\n", CHOSEN, 207,
	    "<D:href>" CALENDAR "</D:href>", "the first one again");
	expect(t, "DELETE", OTHER_HOME "Calendar/personal/a.ics", AS_OTHER,
	    "", 204, NULL, "over");
	expect(t, "DELETE", OTHER_HOME "Calendar/personal/b.ics", AS_OTHER,
	    "", 204, NULL, "over");
}

static void
grant(struct talk *t, unsigned rights)
{
	struct arena *arena = arena_new(65536);
	struct account_info owner, other;
	struct right_grant g = { .whom = RIGHT_ACCOUNT,
		.kind = COLLECTION_CALENDAR, .rights = rights };

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &owner), "find");
	talk_must(account_find(t->store, arena, VIEW("other@example.org"),
		      &other), "find");
	g.id = other.id;
	talk_must(right_grant(t->store, owner.id, &g), "grant");
	arena_free(&arena);
}

/* RFC 6638 6.2 */
static void
test_delegate(struct talk *t)
{
	static const char asked[] = PLAIN("d", INVITES("user", "third"));
	static const char third[] = THIRD_HOME "Calendar/personal/";

	grant(t, RIGHTS_WRITE);
	expect(t, "PUT", CALENDAR "p.ics", AS_OTHER, PLAIN("p", ""), 201,
	    NULL, "who may write writes");
	expect(t, "PUT", CALENDAR "d.ics", AS_OTHER, asked, 403,
	    "<C:schedule-send/>", "but invites nobody");
	expect(t, "GET", CALENDAR "d.ics", "", "", 404, NULL,
	    "and nothing is kept");
	is_number(count(t, third, AS_THIRD), 0, "nobody was asked");
	expect(t, "PUT", CALENDAR "d.ics", "", asked, 201, NULL,
	    "the owner does");
	is_number(count(t, third, AS_THIRD), 1, "and it is there");
	expect(t, "PUT", CALENDAR "d.ics", AS_OTHER,
	    PLAIN("d", "LOCATION:far\r\n" INVITES("user", "third")), 403,
	    "need-privileges", "a change that is told");
	expect(t, "PUT", CALENDAR "d.ics", AS_OTHER,
	    PLAIN("d", "X-NOTE:mine\r\n" INVITES("user", "third")), 204, NULL,
	    "one that is not");
	expect(t, "DELETE", CALENDAR "d.ics", AS_OTHER, "", 403,
	    "<C:schedule-send/>", "calling it off is told");
	expect(t, "MKCALENDAR", HOME "Calendar/three/", "", "", 201, NULL,
	    "another calendar");
	grant(t, RIGHTS_WRITE | RIGHT_POST);
	expect(t, "PROPFIND", CALENDAR, AS_OTHER "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:prop>"
	    "<D:current-user-privilege-set/></D:prop></D:propfind>",
	    207, "<C:schedule-send/>", "granted");
	expect(t, "PUT", CALENDAR "d.ics", AS_OTHER,
	    PLAIN("d", "LOCATION:far\r\n" INVITES("user", "third")), 204, NULL,
	    "then he changes it");
	expect(t, "DELETE", CALENDAR "d.ics", AS_OTHER, "", 204, NULL,
	    "and calls it off");
	is_number(count(t, third, AS_THIRD), 0, "for everybody");
	grant(t, 0);
}

static void
test_acl(struct talk *t)
{
#define GRANT(privilege) \
	"<D:acl xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<D:ace><D:principal><D:href>" OTHER_HOME "</D:href></D:principal>" \
	"<D:grant><D:privilege><D:read/></D:privilege><D:privilege>" \
	"<D:write/></D:privilege><D:privilege>" privilege \
	"</D:privilege></D:grant></D:ace></D:acl>"
	expect(t, "ACL", CALENDAR, "", GRANT("<C:schedule-deliver/>"), 403,
	    "no-abstract", "who delivers is nobody's choice");
	expect(t, "ACL", CALENDAR, "", GRANT("<C:schedule-send/>"), 200, NULL,
	    "granted by ACL");
	expect(t, "PUT", CALENDAR "e.ics", AS_OTHER,
	    PLAIN("e", INVITES("user", "third")), 201, NULL, "he invites");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:prop><D:acl/></D:prop>"
	    "</D:propfind>",
	    207, "<C:schedule-send/>", "and the list says so");
	expect(t, "ACL", CALENDAR, "", GRANT("<D:write-content/>"), 200, NULL,
	    "taken back by ACL");
	expect(t, "DELETE", CALENDAR "e.ics", AS_OTHER, "", 403, NULL,
	    "he does no more");
	expect(t, "DELETE", CALENDAR "e.ics", "", "", 204, NULL, "over");
	expect(t, "ACL", CALENDAR, "", "<D:acl xmlns:D='DAV:'/>", 200, NULL,
	    "no grants");
	expect(t, "PROPPATCH", HOME "calendar-proxy-write/", "",
	    SET("<D:set><D:prop><D:group-member-set><D:href>" OTHER_HOME
		"</D:href></D:group-member-set></D:prop></D:set>"),
	    207, "200 OK", "who writes in his place");
	expect(t, "PUT", CALENDAR "e.ics", AS_OTHER,
	    PLAIN("e", INVITES("user", "third")), 201, NULL,
	    "speaks in his place");
	expect(t, "DELETE", CALENDAR "e.ics", "", "", 204, NULL, "over");
	expect(t, "PROPPATCH", HOME "calendar-proxy-write/", "",
	    SET("<D:set><D:prop><D:group-member-set/></D:prop></D:set>"), 207,
	    "200 OK", "and no longer");
}

/* What takes the place of an invitation calls it off. */
static void
test_replaced(struct talk *t)
{
	static const char other[] = OTHER_HOME "Calendar/personal/";

	for (int move = 0; move < 2; move++) {
		expect(t, "PUT", CALENDAR "m.ics", "",
		    PLAIN("m", INVITES("user", "other")), 201, NULL,
		    "an invitation");
		is_number(count(t, other, AS_OTHER), 1, "has come");
		expect(t, "PUT", TWO "m.ics", "", PLAIN("m", ""), 201, NULL,
		    "one's own of that UID elsewhere");
		expect(t, move ? "MOVE" : "COPY", TWO "m.ics",
		    "Overwrite: F\nDestination: " CALENDAR "m.ics\n", "", 412,
		    NULL, "not over it");
		is_number(count(t, other, AS_OTHER), 1, "it is still there");
		expect(t, move ? "MOVE" : "COPY", TWO "m.ics",
		    "Destination: " CALENDAR "m.ics\n", "", 204, NULL,
		    "over it");
		is_number(count(t, other, AS_OTHER), 0, "it is called off");
		expect(t, "DELETE", CALENDAR "m.ics", "", "", 204, NULL,
		    "over");
		expect(t, "DELETE", TWO "m.ics", "", "", move ? 404 : 204,
		    NULL, "over");
	}
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_mailbox(&t, VIEW("third@example.org"));
	test_default(&t);
	test_delegate(&t);
	test_acl(&t);
	test_replaced(&t);
	talk_close(&t);
	return tap_done();
}
