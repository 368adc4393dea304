/* Invitations between two people here, as their clients see them. */
#include "mailcore/schedule/schedule.h"
#include "mailcore/store/queue.h"
#include "tests/unit/dav_event.h"

#define OTHER OTHER_HOME "Calendar/personal/"
#define USER_LINE "ORGANIZER:mailto:user@example.org\r\n"
#define USER_COMES \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:user@example.org\r\n"
#define OTHER_ASKED \
	"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:other@example.org\r\n"
#define OTHER_COMES \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:other@example.org\r\n"
#define AWAY \
	"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:far@elsewhere.example\r\n"
#define TEN "DTSTART:20300301T100000Z\r\nDTEND:20300301T110000Z\r\n"
#define LIST \
	"<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/></D:prop>" \
	"</D:propfind>"

/* The one object of a collection: its path; "" when there is none. */
static const char *
only(struct talk *t, const char *collection, const char *as, char to[256])
{
	char headers[256];
	struct reply r;
	view body, href;
	size_t at;

	snprintf(headers, sizeof headers,
	    "%sDepth: 1\nPrefer: depth-noroot\n", as);
	r = talk(t, "PROPFIND", collection, headers, LIST);
	body = buf_view(&r.body);
	at = view_find(body, VIEW("<D:href>"));
	to[0] = '\0';
	if (at != SIZE_MAX) {
		href = view_from(body, at + 8);
		(void)view_copy(view_cut(&href, '<'), to, 256);
	}
	reply_free(&r);
	return to;
}

static int64_t
queued(struct talk *t)
{
	int64_t messages, recipients, oldest;

	talk_must(
	    queue_counts(t->store, &messages, &recipients, &oldest), "queue");
	return recipients;
}

static void
test_invite(struct talk *t)
{
	char path[256], tag[128], again[128], headers[512];
	struct reply r = talk(t, "PUT", CALENDAR "a.ics", "",
	    EVENT("a", NINE USER_LINE USER_COMES OTHER_ASKED AWAY));

	is_number(r.status, 201, "an invitation");
	ok(!reply_header(&r, "ETag:"), "stored otherwise: no ETag");
	ok(header_of(&r, "Schedule-Tag", tag).n > 2, "a tag");
	reply_free(&r);
	is_number((long)queued(t), 1, "one goes by mail");
	ok(only(t, OTHER, AS_OTHER, path)[0] != '\0', "one is here");
	is_number(count(t, OTHER_HOME "Calendar/inbox/", AS_OTHER), 1,
	    "and has been told");
	expect(t, "GET", CALENDAR "a.ics", "", "", 200,
	    "SCHEDULE-STATUS=1.2:mailto:other", "delivered");
	expect(t, "GET", CALENDAR "a.ics", "", "", 200,
	    "SCHEDULE-STATUS=1.1:mailto:far", "sent");
	expect(t, "PUT", path, AS_OTHER,
	    EVENT("a", TEN USER_LINE USER_COMES OTHER_ASKED AWAY), 403,
	    "allowed-attendee-scheduling-object-change",
	    "a guest moves nothing");
	expect(t, "PUT", path, AS_OTHER,
	    EVENT("a", NINE USER_LINE USER_COMES OTHER_COMES AWAY), 204, NULL,
	    "a guest accepts");
	expect(t, "GET", CALENDAR "a.ics", "", "", 200,
	    "PARTSTAT=ACCEPTED", "the organizer sees it");
	r = talk(t, "GET", CALENDAR "a.ics", "", "");
	same(header_of(&r, "Schedule-Tag", again), view_of(tag),
	    "an answer leaves the tag as it is");
	ok(reply_has(&r, "other@example.org") && !reply_has(&r, "METHOD"),
	    "whole");
	reply_free(&r);
	is_number(count(t, HOME "Calendar/inbox/", ""), 1,
	    "the answer lies in the inbox");
	snprintf(headers, sizeof headers, "If-Schedule-Tag-Match: %s\n", tag);
	expect(t, "PUT", CALENDAR "a.ics", headers,
	    EVENT("a", NINE "SUMMARY:b\r\n" USER_LINE USER_COMES OTHER_ASKED
		       AWAY),
	    204, NULL, "a change by somebody who has not seen the answer");
	expect(t, "GET", CALENDAR "a.ics", "", "", 200,
	    "PARTSTAT=ACCEPTED;X-POSTHASTE-REPLIED", "keeps it");
	expect(t, "GET", path, AS_OTHER, "", 200, "SUMMARY:b",
	    "the guest sees the change");
	expect(t, "PUT", CALENDAR "a.ics", headers,
	    EVENT("a", NINE USER_LINE USER_COMES OTHER_ASKED AWAY), 412, NULL,
	    "the old tag is old");
	snprintf(headers, sizeof headers,
	    "If-Schedule-Tag-Match: %s\nPrefer: return=representation\n", tag);
	expect(t, "PUT", CALENDAR "a.ics", headers,
	    EVENT("a", NINE USER_LINE USER_COMES OTHER_ASKED AWAY), 412,
	    "SUMMARY:b", "RFC 8144 3.2: what is there instead");
	is_number(count(t, OTHER, AS_OTHER), 1, "there is one still");
	expect(t, "DELETE", CALENDAR "a.ics", "", "", 204, NULL,
	    "all is called off");
	is_number(count(t, OTHER, AS_OTHER), 0, "also there");
	is_number((long)queued(t), 3, "and by mail");
}

static void
test_decline(struct talk *t)
{
	char path[256];

	expect(t, "PUT", CALENDAR "b.ics", "",
	    EVENT("b", NINE USER_LINE USER_COMES OTHER_ASKED), 201, NULL,
	    "another one");
	only(t, OTHER, AS_OTHER, path);
	expect(t, "DELETE", path, AS_OTHER, "", 204, NULL, "is removed");
	expect(t, "GET", CALENDAR "b.ics", "", "", 200, "PARTSTAT=DECLINED",
	    "and so declined");
	expect(t, "DELETE", CALENDAR "b.ics", "", "", 204, NULL, "over");
	expect(t, "PUT", CALENDAR "c.ics", "",
	    EVENT("c", NINE USER_LINE USER_COMES OTHER_ASKED), 201, NULL,
	    "a third one");
	only(t, OTHER, AS_OTHER, path);
	expect(t, "DELETE", path, AS_OTHER "Schedule-Reply: F\n", "", 204,
	    NULL, "is removed without a word");
	expect(t, "GET", CALENDAR "c.ics", "", "", 200, "NEEDS-ACTION",
	    "and nobody knows");
	expect(t, "DELETE", CALENDAR "c.ics", "", "", 204, NULL, "over");
}

static void
test_refused(struct talk *t)
{
	static const char invitation[] = EVENT(
	    "d", NINE USER_LINE USER_COMES OTHER_ASKED);

	expect(t, "PUT", CALENDAR "d.ics", "", invitation, 201, NULL,
	    "an invitation");
	expect(t, "PUT", CALENDAR "d.ics", "",
	    EVENT("d", NINE "ORGANIZER:mailto:eve@elsewhere.example\r\n"
			    OTHER_ASKED USER_COMES),
	    403, "allowed-organizer-scheduling-object-change",
	    "another organizer");
	expect(t, "MKCALENDAR", HOME "Calendar/two/", "", "", 201, NULL,
	    "another calendar");
	expect(t, "PUT", HOME "Calendar/two/d.ics", "", invitation, 403,
	    "unique-scheduling-object-resource", "twice");
	expect(t, "COPY", CALENDAR "d.ics",
	    "Destination: " HOME "Calendar/two/d.ics\n", "", 403,
	    "unique-scheduling-object-resource", "a copy");
	expect(t, "MOVE", CALENDAR "d.ics",
	    "Destination: " HOME "Calendar/two/d.ics\n", "", 201, NULL,
	    "moving is nobody's business");
	is_number(count(t, OTHER, AS_OTHER), 1, "and nothing is called off");
	expect(t, "DELETE", HOME "Calendar/two/", "", "", 204, NULL,
	    "the calendar goes");
	is_number(count(t, OTHER, AS_OTHER), 0, "and what was in it");
	expect(t, "DELETE", CALENDAR, "", "", 403, "default-calendar-needed",
	    "the default one stays");
	expect(t, "PUT", CALENDAR "e.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
	    "BEGIN:VEVENT\r\nUID:e\r\n" NINE
	    "RRULE:FREQ=DAILY\r\n" USER_LINE OTHER_ASKED "END:VEVENT\r\n"
	    "BEGIN:VEVENT\r\nUID:e\r\nRECURRENCE-ID:20300302T090000Z\r\n"
	    "DTSTART:20300302T090000Z\r\n"
	    "ORGANIZER:mailto:eve@elsewhere.example\r\n" OTHER_ASKED
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    403, "same-organizer-in-all-components", "two organizers");
	expect(t, "PUT", CALENDAR "f.ics", "",
	    EVENT("f", NINE "ORGANIZER:mailto:eve@elsewhere.example\r\n"
			    OTHER_ASKED),
	    201, NULL, "what does not concern us is only kept");
	is_number(count(t, OTHER, AS_OTHER), 0, "and told to nobody");
	expect(t, "DELETE", CALENDAR "f.ics", "", "", 204, NULL, "over");
}

static void
test_boxes(struct talk *t)
{
#define ASK(prop) \
	"<D:propfind xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<D:prop><" prop "/></D:prop></D:propfind>"
	static const struct {
		const char *path, *ask, *has;
	} cases[] = {
		{ HOME, ASK("C:schedule-inbox-URL"), "/Calendar/inbox/" },
		{ HOME, ASK("C:schedule-outbox-URL"), "/Calendar/outbox/" },
		{ HOME, ASK("C:calendar-user-address-set"),
		    "mailto:user@example.org" },
		{ HOME, ASK("C:calendar-user-type"), "INDIVIDUAL" },
		{ HOME "Calendar/inbox/", ASK("D:resourcetype"),
		    "<C:schedule-inbox/>" },
		{ HOME "Calendar/outbox/", ASK("D:resourcetype"),
		    "<C:schedule-outbox/>" },
		{ HOME "Calendar/inbox/",
		    ASK("C:schedule-default-calendar-URL"),
		    "/Calendar/personal/" },
		{ HOME "Calendar/inbox/", ASK("D:sync-token"), "/ns/sync/" },
		{ HOME "Calendar/inbox/", ASK("D:current-user-privilege-set"),
		    "<C:schedule-deliver/>" },
		{ HOME "Calendar/outbox/", ASK("D:current-user-privilege-set"),
		    "<C:schedule-send/>" },
		{ CALENDAR, ASK("C:schedule-calendar-transp"),
		    "<C:opaque/>" },
		{ CALENDAR, ASK("D:resourcetype"), "<C:calendar/>" },
	};
	struct reply r;

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, "PROPFIND", cases[i].path, "Depth: 0\n",
		    cases[i].ask, 207, cases[i].has, cases[i].has);
	r = talk(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    ASK("D:current-user-privilege-set"));
	ok(!reply_has(&r, "schedule-deliver"), "and only there");
	reply_free(&r);
	expect(t, "PROPFIND", HOME "Calendar/", "Depth: 1\n",
	    ASK("D:resourcetype"), 207, "schedule-inbox", "listed at home");
	expect(t, "PROPFIND", HOME "Calendar/inbox/", AS_OTHER "Depth: 0\n",
	    ASK("D:resourcetype"), 404, NULL, "another's inbox");
	expect(t, "PUT", HOME "Calendar/inbox/x.ics", "",
	    EVENT("x", NINE), 403, NULL, "nothing is put there");
	expect(t, "DELETE", HOME "Calendar/inbox/", "", "", 403, NULL,
	    "nor is it removed");
	expect(t, "MKCALENDAR", HOME "Calendar/outbox/", "", "", 405, NULL,
	    "nor made");
	expect(t, "GET", HOME "Calendar/inbox/", "", "", 405, NULL,
	    "nor exported");
	r = talk(t, "OPTIONS", HOME, "", "");
	ok(reply_header(&r, "calendar-auto-schedule"), "announced");
	reply_free(&r);
}

#define BUSY(organizer, attendees) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"METHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\n" \
	"DTSTAMP:20260101T000000Z\r\nDTSTART:20300301T000000Z\r\n" \
	"DTEND:20300302T000000Z\r\nORGANIZER:mailto:" organizer "\r\n" \
	attendees "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"

static void
test_busy(struct talk *t)
{
	static const char calendar[] = "Content-Type: text/calendar\n";
	static const char ask[] = BUSY("user@example.org",
	    "ATTENDEE:mailto:other@example.org\r\n"
	    "ATTENDEE:mailto:nobody@example.org\r\n");

	expect(t, "PUT", OTHER "z.ics", AS_OTHER, EVENT("z", NINE), 201, NULL,
	    "an appointment");
	expect(t, "POST", HOME "Calendar/outbox/", calendar, ask, 200,
	    "FREEBUSY;FBTYPE=BUSY:20300301T090000Z/20300301T100000Z",
	    "is seen as taken time");
	expect(t, "POST", HOME "Calendar/outbox/", calendar, ask, 200,
	    "2.0;Success", "with success");
	expect(t, "POST", HOME "Calendar/outbox/", calendar, ask, 200, "3.7;",
	    "and nobody is nobody");
	expect(t, "POST", CALENDAR, calendar, ask, 200, "2.0;Success",
	    "also where old clients look for the outbox");
	expect(t, "POST", HOME "Calendar/outbox/", calendar,
	    BUSY("other@example.org", "ATTENDEE:mailto:a@b.example\r\n"), 403,
	    "organizer-allowed", "as somebody else");
	expect(t, "POST", HOME "Calendar/outbox/", calendar,
	    EVENT("z", NINE), 403, "valid-scheduling-message",
	    "an event is no question");
	expect(t, "POST", HOME "Calendar/outbox/", calendar,
	    BUSY("user@example.org", ""), 403, "valid-scheduling-message",
	    "nor is what asks nobody");
	expect(t, "POST", HOME "Calendar/outbox/",
	    "Content-Type: application/xml\n", ask, 403,
	    "supported-calendar-data", "nor what says that it is XML");
	expect(t, "PROPPATCH", OTHER, AS_OTHER,
	    "<D:propertyupdate xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>"
	    "<C:schedule-calendar-transp><C:transparent/>"
	    "</C:schedule-calendar-transp></D:prop></D:set>"
	    "</D:propertyupdate>",
	    207, "200 OK", "a calendar that does not count");
	{
		struct reply r = talk(t, "POST", HOME "Calendar/outbox/",
		    calendar, ask);

		ok(!reply_has(&r, "FREEBUSY;"), "does not count");
		reply_free(&r);
	}
	expect(t, "PROPPATCH", OTHER, AS_OTHER,
	    "<D:propertyupdate xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>"
	    "<C:schedule-calendar-transp><C:often/>"
	    "</C:schedule-calendar-transp></D:prop></D:set>"
	    "</D:propertyupdate>",
	    400, NULL, "often is no word for it");
	expect(t, "PROPPATCH", OTHER, AS_OTHER,
	    "<D:propertyupdate xmlns:D='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><D:remove><D:prop>"
	    "<C:schedule-calendar-transp/></D:prop></D:remove>"
	    "</D:propertyupdate>",
	    207, "200 OK", "and now it does again");
	expect(t, "DELETE", OTHER "z.ics", AS_OTHER, "", 204, NULL, "over");
}

struct set_kind {
	enum schedule_kind kind;
};

static result
set_kind(struct account *a, void *context)
{
	const struct set_kind *k = context;

	return schedule_set_kind(a, k->kind);
}

static void
test_room(struct talk *t)
{
	struct set_kind room = { SCHEDULE_ROOM };
	struct arena *arena = arena_new(65536);
	struct account_info info;
	struct account *a;

	talk_must(account_find(t->store, arena, VIEW("other@example.org"),
		      &info), "find");
	talk_must(account_open(t->store, info.id, &a), "open");
	talk_must(account_write(a, set_kind, &room, DURABLE), "set");
	account_close(&a);
	arena_free(&arena);
	expect(t, "PUT", CALENDAR "r.ics", "",
	    EVENT("r", NINE USER_LINE USER_COMES OTHER_ASKED), 201, NULL,
	    "a room is asked");
	expect(t, "GET", CALENDAR "r.ics", "", "", 200,
	    "PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0", "and is free");
	expect(t, "PUT", CALENDAR "s.ics", "",
	    EVENT("s", "DTSTART:20300301T093000Z\r\n"
		       "DTEND:20300301T103000Z\r\n" USER_LINE USER_COMES
			   OTHER_ASKED),
	    201, NULL, "asked again for that time");
	expect(t, "GET", CALENDAR "s.ics", "", "", 200, "PARTSTAT=DECLINED",
	    "it is not");
}

#define MAIL(method, inside) \
	"From: far@elsewhere.example\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: text/calendar; method=" method "\r\n\r\n" \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"METHOD:" method "\r\nBEGIN:VEVENT\r\nUID:m\r\n" \
	"DTSTAMP:20260101T000000Z\r\n" inside \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"

static void
receive(struct talk *t, const char *from, const char *mail)
{
	struct schedule s = { .store = t->store };
	struct arena *arena = arena_new(65536);
	struct account_info info;

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &info), "find");
	talk_must(schedule_receive_mail(
		      &s, info.id, view_of(from), view_of(mail)), "mail");
	arena_free(&arena);
}

/* RFC 6047 3: by mail, and only from whom it says. */
static void
test_mail(struct talk *t)
{
	static const char ask[] = MAIL("REQUEST",
	    NINE "ORGANIZER:mailto:far@elsewhere.example\r\n"
		 "ATTENDEE:mailto:user@example.org\r\n");
	static const char off[] = MAIL("CANCEL",
	    NINE "SEQUENCE:1\r\nORGANIZER:mailto:far@elsewhere.example\r\n"
		 "ATTENDEE:mailto:user@example.org\r\n");
	int before = count(t, CALENDAR, "");

	receive(t, "", ask);
	receive(t, "eve@elsewhere.example", ask);
	is_number(count(t, CALENDAR, ""), before, "a stranger is not heard");
	receive(t, "Far@Elsewhere.example", ask);
	is_number(count(t, CALENDAR, ""), before + 1, "the organizer is");
	receive(t, "far@elsewhere.example", ask);
	is_number(count(t, CALENDAR, ""), before + 1, "twice is once");
	receive(t, "eve@elsewhere.example", off);
	is_number(count(t, CALENDAR, ""), before + 1,
	    "nobody else calls it off");
	receive(t, "far@elsewhere.example", off);
	is_number(count(t, CALENDAR, ""), before, "he does");
	expect(t, "PUT", CALENDAR "m.ics", "",
	    EVENT("m", NINE USER_LINE USER_COMES AWAY), 201, NULL,
	    "somebody far is asked");
	receive(t, "eve@elsewhere.example",
	    MAIL("REPLY", NINE USER_LINE "ATTENDEE;PARTSTAT=ACCEPTED:mailto:"
					 "far@elsewhere.example\r\n"));
	expect(t, "GET", CALENDAR "m.ics", "", "", 200,
	    "PARTSTAT=NEEDS-ACTION", "nobody answers for him");
	receive(t, "far@elsewhere.example",
	    MAIL("REPLY", NINE USER_LINE "ATTENDEE;PARTSTAT=TENTATIVE:mailto:"
					 "far@elsewhere.example\r\n"));
	expect(t, "GET", CALENDAR "m.ics", "", "", 200, "PARTSTAT=TENTATIVE",
	    "he answers");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_invite(&t);
	test_decline(&t);
	test_refused(&t);
	test_boxes(&t);
	test_busy(&t);
	test_mail(&t);
	test_room(&t);
	talk_close(&t);
	return tap_done();
}
