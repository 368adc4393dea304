/* What somebody does not see whole: nothing about it tells more, and nothing
 * that he does destroys it.  And what one account may cause elsewhere. */
#include "mailcore/base/limits.h"
#include "mailcore/schedule/schedule.h"
#include "mailcore/store/queue.h"
#include "tests/unit/dav_talk.h"

#define WORK HOME "Calendar/work/"
#define OTHER "/SOGo/dav/other@example.org/"
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define XML "Content-Type: application/xml\n"
#define INVERSE " xmlns=\"urn:inverse:params:xml:ns:inverse-dav\""
#define EVENT(uid, inside) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" \
	"DTSTART:20300301T090000Z\r\nDTEND:20300301T100000Z\r\n" \
	inside "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define PEOPLE \
	"ORGANIZER:mailto:user@example.org\r\n" \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:user@example.org\r\n" \
	"ATTENDEE:mailto:third@example.org\r\n"
#define PROPERTIES \
	"<propfind xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<prop><getetag/><getcontentlength/><C:schedule-tag/></prop>" \
	"</propfind>"

static void
set_roles(struct talk *t, const char *calendar, const char *roles)
{
	char body[512];

	snprintf(body, sizeof body,
	    "<acl-query" INVERSE "><set-roles user=\"other@example.org\">%s"
	    "</set-roles></acl-query>",
	    roles);
	expect(t, "POST", calendar, XML, body, 204, NULL, roles);
}

/* What stands after `start` up to `end` in the body. */
static void
cut(const struct reply *r, const char *start, const char *end, char to[256])
{
	view body = buf_view(&r->body);
	size_t at = view_find(body, view_of(start));

	to[0] = '\0';
	if (at == SIZE_MAX)
		return;
	body = view_from(body, at + strlen(start));
	body = view_first(body, view_find(body, view_of(end)));
	(void)view_copy(body, to, 256);
}

static void
etag_of(struct talk *t, const char *as, char to[256])
{
	struct reply r = talk(t, "PROPFIND", WORK "s.ics", as, PROPERTIES);

	cut(&r, "<D:getetag>\"", "\"", to);
	reply_free(&r);
}

static void
test_told(struct talk *t)
{
	char whole[256], masked[256], again[256], headers[512];
	struct reply r;

	expect(t, "PUT", WORK "s.ics", "",
	    EVENT("s", "CLASS:PRIVATE\r\nSUMMARY:Surgeon\r\n" PEOPLE), 201,
	    NULL, "a secret with guests");
	set_roles(t, WORK, "<PublicModifier/><ObjectEraser/>");
	etag_of(t, "", whole);
	etag_of(t, AS_OTHER, masked);
	ok(strlen(whole) == 32 && masked[0] != '\0'
		&& strcmp(whole, masked) != 0,
	    "another ETag: %s, %s", whole, masked);
	r = talk(t, "PROPFIND", WORK "s.ics", AS_OTHER, PROPERTIES);
	ok(!reply_has(&r, "<D:getcontentlength>")
		&& !reply_has(&r, "<C:schedule-tag>"),
	    "no length, no Schedule-Tag");
	reply_free(&r);
	r = talk(t, "GET", WORK "s.ics", AS_OTHER, "");
	ok(r.status == 200 && reply_header(&r, masked)
		&& !reply_header(&r, "Schedule-Tag:"),
	    "nor when it is read");
	reply_free(&r);
	r = talk(t, "GET", WORK "s.ics", "", "");
	ok(reply_header(&r, whole) && reply_header(&r, "Schedule-Tag:"),
	    "the owner has all of them");
	reply_free(&r);
	snprintf(headers, sizeof headers, AS_OTHER "If-None-Match: \"%s\"\n",
	    masked);
	expect(t, "GET", WORK "s.ics", headers, "", 304, NULL, "not twice");
	snprintf(headers, sizeof headers, AS_OTHER "If-Match: \"%s\"\n",
	    whole);
	expect(t, "DELETE", WORK "s.ics", headers, "", 412, NULL,
	    "a guess of the bytes is not confirmed");
	set_roles(t, WORK,
	    "<PublicModifier/><ObjectEraser/><PrivateViewer/>");
	etag_of(t, AS_OTHER, again);
	ok(strcmp(again, whole) == 0, "who sees it whole has its ETag");
}

/* More rights, other bytes: what was kept is not what is there. */
static void
test_token(struct talk *t)
{
	static const char form[] =
	    "<sync-collection xmlns='DAV:'><sync-token>%s</sync-token>"
	    "<sync-level>1</sync-level><prop><getetag/></prop>"
	    "</sync-collection>";
	char token[256], body[1024];
	struct reply r;

	set_roles(t, WORK, "<PublicModifier/>");
	snprintf(body, sizeof body, form, "");
	r = talk(t, "REPORT", WORK, AS_OTHER, body);
	cut(&r, "<D:sync-token>", "<", token);
	reply_free(&r);
	snprintf(body, sizeof body, form, token);
	expect(t, "REPORT", WORK, AS_OTHER, body, 207, token,
	    "a token that holds");
	expect(t, "REPORT", WORK, "", body, 403, "<D:valid-sync-token",
	    "not for somebody else");
	set_roles(t, WORK, "<PublicModifier/><PrivateViewer/>");
	expect(t, "REPORT", WORK, AS_OTHER, body, 403, "<D:valid-sync-token",
	    "who sees more starts again");
}

static void
test_replaced(struct talk *t)
{
	static const char to[] = AS_OTHER "Destination: " WORK "p.ics\n";

	expect(t, "MKCALENDAR", HOME "Calendar/two/", "", "", 201, NULL,
	    "a second calendar");
	expect(t, "PUT", WORK "p.ics", "",
	    EVENT("p", "CLASS:PRIVATE\r\nSUMMARY:Surgeon\r\n"), 201, NULL,
	    "a secret");
	set_roles(t, WORK, "<PublicModifier/><ObjectCreator/>");
	set_roles(t, HOME "Calendar/two/",
	    "<PublicModifier/><ObjectCreator/><ObjectEraser/>");
	expect(t, "PUT", HOME "Calendar/two/p.ics", AS_OTHER,
	    EVENT("p", "SUMMARY:Nothing\r\n"), 201, NULL, "one of that UID");
	expect(t, "COPY", HOME "Calendar/two/p.ics", to, "", 403,
	    "<D:need-privileges>", "is not copied over it");
	expect(t, "MOVE", HOME "Calendar/two/p.ics", to, "", 403,
	    "<D:need-privileges>", "nor moved");
	expect(t, "GET", WORK "p.ics", "", "", 200, "Surgeon", "it is there");
	expect(t, "PUT", WORK "q.ics", "", EVENT("q", "SUMMARY:Open\r\n"),
	    201, NULL, "what he sees");
	expect(t, "PUT", HOME "Calendar/two/q.ics", AS_OTHER,
	    EVENT("q", "SUMMARY:New\r\n"), 201, NULL, "and another of it");
	expect(t, "COPY", HOME "Calendar/two/q.ics",
	    AS_OTHER "Destination: " WORK "q.ics\n", "", 204, NULL,
	    "he replaces");
}

static result
make_room(struct account *a, void *context)
{
	(void)context;
	return schedule_set_kind(a, SCHEDULE_ROOM);
}

static struct account *
open_account(struct talk *t, const char *address)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;
	struct account *a;

	talk_must(
	    account_find(t->store, arena, view_of(address), &info), "find");
	talk_must(account_open(t->store, info.id, &a), "open");
	arena_free(&arena);
	return a;
}

/* A search tells of whom it finds, not of who asks. */
static void
test_found(struct talk *t)
{
	static const char search[] =
	    "<principal-property-search xmlns='DAV:'"
	    " xmlns:C='urn:ietf:params:xml:ns:caldav'><property-search><prop>"
	    "<C:calendar-user-address-set/></prop><match>third@example.org"
	    "</match></property-search><prop><C:calendar-user-type/>"
	    "<C:calendar-user-address-set/></prop>"
	    "</principal-property-search>";
	struct account *a = open_account(t, "third@example.org");
	struct reply r;

	talk_must(account_write(a, make_room, NULL, DURABLE), "room");
	talk_must(alias_add(t->store, VIEW("hidden@example.org"),
		      account_id(a)), "alias");
	account_close(&a);
	r = talk(t, "REPORT", "/SOGo/dav/", "Depth: 0\n", search);
	ok(reply_has(&r, "<C:calendar-user-type>ROOM<")
		&& reply_has(&r, "mailto:third@example.org"),
	    "a room is found as one");
	ok(!reply_has(&r, "hidden@"), "without its other addresses");
	reply_free(&r);
}

static int64_t
queued(struct talk *t)
{
	int64_t messages, recipients, oldest;

	talk_must(
	    queue_counts(t->store, &messages, &recipients, &oldest), "queue");
	return recipients;
}

/* An event of so many people elsewhere, at that hour. */
static const char *
crowd(struct buf *b, int people, int hour)
{
	buf_reset(b);
	buf_print(b,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
	    "BEGIN:VEVENT\r\nUID:crowd\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DTSTART:20300301T%02d0000Z\r\nDURATION:PT1H\r\n"
	    "ORGANIZER:mailto:user@example.org\r\n",
	    hour);
	for (int i = 0; i < people; i++)
		buf_print(b, "ATTENDEE:mailto:p%d@far.example\r\n", i);
	buf_add(b, VIEW("END:VEVENT\r\nEND:VCALENDAR\r\n"));
	buf_add_byte(b, '\0');
	return b->p;
}

static void
test_flood(struct talk *t)
{
	struct buf b = buf_new(1048576);
	int half = LIMIT_SCHEDULE_MAILED / 2;

	expect(t, "PUT", CALENDAR "c.ics", "", crowd(&b, half, 10), 201, NULL,
	    "as many as one may write to");
	expect(t, "PUT", CALENDAR "c.ics", "", crowd(&b, half, 11), 204, NULL,
	    "in two changes");
	is_number(queued(t), 2 * half, "are written to");
	expect(t, "PUT", CALENDAR "c.ics", "", crowd(&b, half, 12), 429,
	    "try again", "and then no more");
	is_number(queued(t), 2 * half, "nor are they");
	expect(t, "GET", CALENDAR "c.ics", "", "", 200, "T110000Z",
	    "nor is it stored");
	expect(t, "DELETE", CALENDAR "c.ics", "", "", 429, NULL,
	    "nor called off");
	expect(t, "PUT", CALENDAR "d.ics", "", EVENT("d", PEOPLE), 201, NULL,
	    "those who are here are asked all the same");
	buf_free(&b);
}

struct broken {
	struct spool *bytes;
};

static result
add_broken(struct account *a, void *context)
{
	struct broken *w = context;
	struct arena *arena = arena_new(65536);
	struct item_new new = { .name = VIEW("b.ics"), .key = VIEW("b"),
		.keywords = VIEW(""), .etag = VIEW("b"),
		.component = VIEW("VEVENT"), .span_to = 1,
		.bytes = w->bytes };
	struct collection *list;
	struct item out;
	size_t count;
	result r = collection_list(
	    a, arena, COLLECTION_CALENDAR, &list, &count);

	if (r.is == OK)
		r = item_add(a, list[0].id, &new, &out);
	arena_free(&arena);
	return r;
}

/* Nobody can say whose it is, so it is not a stranger's to replace. */
static void
test_unreadable(struct talk *t)
{
	static const char mail[] =
	    "From: far@elsewhere.example\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/calendar; method=REQUEST\r\n\r\n"
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
	    "METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:b\r\n"
	    "DTSTAMP:20260101T000000Z\r\nDTSTART:20300301T090000Z\r\n"
	    "ORGANIZER:mailto:far@elsewhere.example\r\n"
	    "ATTENDEE:mailto:user@example.org\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n";
	struct schedule s = { .store = t->store };
	struct account *a = open_account(t, "user@example.org");
	struct broken w = { spool_new(t->store, 1024) };
	int64_t id = account_id(a);

	spool_add(w.bytes, VIEW("older than the rules"));
	talk_must(account_write(a, add_broken, &w, DURABLE), "broken");
	spool_free(&w.bytes);
	account_close(&a);
	talk_must(schedule_receive_mail(&s, id,
		      VIEW("far@elsewhere.example"), view_of(mail)), "mail");
	expect(t, "GET", CALENDAR "b.ics", "", "", 200, "older than the rules",
	    "what cannot be read stays");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_mailbox(&t, VIEW("third@example.org"));
	expect(&t, "MKCALENDAR", WORK, "", "", 201, NULL, "a calendar");
	test_told(&t);
	test_token(&t);
	test_replaced(&t);
	test_found(&t);
	test_unreadable(&t);
	test_flood(&t);
	talk_close(&t);
	return tap_done();
}
