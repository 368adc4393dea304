/* Files that belong to events (RFC 8607). */
#include "mailcore/base/limits.h"
#include "mailcore/store/right.h"
#include "tests/unit/dav_event.h"

#define TEXT "Content-Type: text/plain; charset=utf-8\n"
#define NAMED(name) \
	"Content-Disposition: attachment; filename=\"" name "\"\n"
#define WHOLE "Prefer: return=representation\n"

/* The path of the first attachment of an event. */
static void
path_of(struct talk *t, const char *event, const char *as, char to[256])
{
	struct reply r = talk(t, "GET", event, as, "");
	view rest;
	size_t at;

	unfold(&r.body);
	rest = buf_view(&r.body);
	at = view_find(rest, VIEW("/SOGo/dav/user@example.org/Attachments/"));
	to[0] = '\0';
	if (at != SIZE_MAX) {
		view url = view_from(rest, at);

		(void)view_copy(view_cut(&url, '\r'), to, 256);
	}
	reply_free(&r);
}

static void
add(struct talk *t, const char *event, char id[128])
{
	char url[256];
	struct reply r;

	snprintf(url, sizeof url, "%s?action=attachment-add", event);
	r = talk(t, "POST", url, TEXT NAMED("a.txt"), "hello");
	ok(r.status == 201, "a file for %s", event);
	header_of(&r, "Cal-Managed-ID", id);
	reply_free(&r);
}

static void
test_life(struct talk *t)
{
	static const char event[] = CALENDAR "a.ics";
	char id[128], again[128], path[256], headers[256];
	struct reply r;

	expect(t, "PUT", event, "", EVENT("a", NINE), 201, NULL, "an event");
	r = talk(t, "POST", CALENDAR "a.ics?action=attachment-add",
	    TEXT NAMED("../caf\xc3\xa9, \\\"b^.txt") WHOLE, "hello");
	unfold(&r.body);
	is_number(r.status, 201, "a file");
	ok(header_of(&r, "Cal-Managed-ID", id).n == 32, "has an id");
	ok(reply_header(&r, "Location: http://dav.example.org/SOGo/dav/"
			    "user@example.org/Attachments/"),
	    "and a place");
	ok(reply_has(&r, ";FMTTYPE=text/plain;SIZE=5;"
			 "FILENAME=\"caf\xc3\xa9, ^'b^^.txt\":"
			 "http://dav.example.org/SOGo/dav/user@example.org/"
			 "Attachments/"),
	    "and a line that tells of it");
	ok(reply_header(&r, "ETag:") && reply_header(&r, "Preference-Applied"),
	    "which is given back");
	reply_free(&r);
	path_of(t, event, "", path);
	r = talk(t, "GET", path, "", "");
	ok(r.status == 200 && view_eq(buf_view(&r.body), VIEW("hello")),
	    "it is read");
	ok(reply_header(&r, "Content-Type: text/plain")
		&& reply_header(&r, "Content-Disposition: attachment")
		&& reply_header(&r, "Content-Security-Policy: default-src"
				    " 'none'; sandbox")
		&& reply_header(&r, "X-Content-Type-Options: nosniff"),
	    "and is not shown among our pages");
	snprintf(headers, sizeof headers, "If-None-Match: %s\n",
	    header_of(&r, "ETag", again).p);
	reply_free(&r);
	expect(t, "GET", path, headers, "", 304, NULL, "and read once");
	expect(t, "PUT", path, "", "x", 405, NULL, "it is not written");
	expect(t, "GET", path, "Authorization:\n", "", 401, NULL,
	    "not without a login");
	expect(t, "GET", path, AS_OTHER, "", 404, NULL, "not by others");
	is_number(kept(t), 1, "one is kept");
	expect(t, "DELETE", event, "", "", 204, NULL, "over");
	is_number(kept(t), 0, "also for the file");
}

static void
test_versions(struct talk *t)
{
	static const char event[] = CALENDAR "v.ics";
	char id[128], again[128], path[256], url[256];
	struct reply r;

	expect(t, "PUT", event, "", EVENT("v", NINE), 201, NULL, "an event");
	add(t, event, id);
	path_of(t, event, "", path);
	snprintf(url, sizeof url,
	    "%s?action=attachment-update&managed-id=%s", event, id);
	r = talk(t, "POST", url, "Content-Type: text/x-other\n", "again");
	is_number(r.status, 204, "another version");
	ok(header_of(&r, "Cal-Managed-ID", again).n == 32
		&& !view_eq(view_of(id), view_of(again)),
	    "of another id");
	reply_free(&r);
	expect(t, "GET", path, "", "", 404, NULL, "the old one is gone");
	is_number(kept(t), 1, "one is kept still");
	path_of(t, event, "", path);
	expect(t, "GET", path, "", "", 200, "again", "the new one is there");
	snprintf(url, sizeof url,
	    "%s?action=attachment-remove&managed-id=%s", event, id);
	expect(t, "POST", url, "", "", 403, "<C:valid-managed-id-parameter/>",
	    "the old id is none");
	snprintf(url, sizeof url,
	    "%s?action=attachment-remove&managed-id=%s", event, again);
	expect(t, "POST", url, "", "", 204, NULL, "taken away");
	r = talk(t, "GET", event, "", "");
	ok(!reply_has(&r, "ATTACH"), "also from the event");
	reply_free(&r);
	is_number(kept(t), 0, "none is kept");
	expect(t, "DELETE", event, "", "", 204, NULL, "over");
}

static void
test_parameters(struct talk *t)
{
	static const struct {
		const char *query, *condition;
	} cases[] = {
		{ "action=attachment-eat", "<C:valid-action-parameter/>" },
		{ "action=", "<C:valid-action-parameter/>" },
		{ "action=attachment-add&rid=20300302T090000Z",
		    "<C:valid-rid-parameter/>" },
		{ "action=attachment-add&rid=", "<C:valid-rid-parameter/>" },
		{ "action=attachment-add&rid=M,tomorrow",
		    "<C:valid-rid-parameter/>" },
		{ "action=attachment-add&rid=20300301",
		    "<C:valid-rid-parameter/>" },
		{ "action=attachment-add&managed-id=x",
		    "<C:valid-managed-id-parameter/>" },
		{ "action=attachment-update",
		    "<C:valid-managed-id-parameter/>" },
		{ "action=attachment-update&managed-id=x",
		    "<C:valid-managed-id-parameter/>" },
		{ "action=attachment-update&managed-id=x&rid=M",
		    "<C:valid-rid-parameter/>" },
		{ "action=attachment-remove&managed-id=",
		    "<C:valid-managed-id-parameter/>" },
		{ "action=attachment-remove&managed-id=../../x",
		    "<C:valid-managed-id-parameter/>" },
	};
	char url[256];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(url, sizeof url, CALENDAR "r.ics?%s",
		    cases[i].query);
		expect(t, "POST", url, TEXT, "x", 403, cases[i].condition,
		    cases[i].query);
	}
}

static void
test_large(struct talk *t)
{
	struct buf big = buf_new(LIMIT_ATTACHMENT + 1);
	struct reply r;

	for (int more = 0; more < 2; more++) {
		size_t n = LIMIT_ATTACHMENT + (size_t)more;

		memset(buf_reserve(&big, n), 'x', n);
		big.n = n;
		r = talk_bytes(t, "POST",
		    CALENDAR "r.ics?action=attachment-add", TEXT,
		    buf_view(&big));
		ok(more ? r.status == 403
			    && reply_has(&r, "<C:max-attachment-size/>")
			: r.status == 201,
		    "LIMIT_ATTACHMENT and %d", more);
		reply_free(&r);
		buf_reset(&big);
	}
	buf_free(&big);
}

static void
test_refused(struct talk *t)
{
	expect(t, "PUT", CALENDAR "r.ics", "", EVENT("r", NINE), 201, NULL,
	    "an event");
	test_parameters(t);
	test_large(t);
	expect(t, "POST", CALENDAR "none.ics?action=attachment-add", TEXT,
	    "x", 404, NULL, "no event");
	expect(t, "POST", CALENDAR "r.ics?action=attachment-add",
	    TEXT "If-Match: \"old\"\n", "x", 412, NULL, "an old one");
	expect(t, "POST", CALENDAR "r.ics?action=attachment-add",
	    TEXT AS_OTHER, "x", 404, NULL, "somebody else's");
	expect(t, "POST", CALENDAR "r.ics", TEXT, "x", 405, NULL,
	    "no action");
	expect(t, "PUT", CALENDAR "s.ics", "",
	    EVENT("s", NINE "ATTACH;MANAGED-ID=abc:https://a.example/b\r\n"),
	    403, "<C:valid-managed-id/>", "an id that nobody gave");
	expect(t, "GET",
	    "/SOGo/dav/user@example.org/Attachments/%2e%2e/x", "", "", 400,
	    NULL, "no way out");
	expect(t, "GET", "/SOGo/dav/user@example.org/Attachments/x/y", "", "",
	    404, NULL, "no such file");
	expect(t, "GET", "/SOGo/dav/nobody@example.org/Attachments/x/y", "",
	    "", 404, NULL, "nobody's file");
	expect(t, "DELETE", CALENDAR "r.ics", "", "", 204, NULL, "over");
	is_number(kept(t), 0, "and nothing is left");
}

/* The file goes with the last that names it. */
static void
test_garbage(struct talk *t)
{
	char id[128], text[1024], path[256];
	struct reply r;

	expect(t, "MKCALENDAR", HOME "Calendar/two/", "", "", 201, NULL,
	    "two calendars");
	expect(t, "PUT", CALENDAR "g.ics", "", EVENT("g", NINE), 201, NULL,
	    "an event");
	add(t, CALENDAR "g.ics", id);
	r = talk(t, "GET", CALENDAR "g.ics", "", "");
	(void)view_copy(buf_view(&r.body), text, sizeof text);
	reply_free(&r);
	expect(t, "PUT", CALENDAR "g.ics", "", text, 204, NULL,
	    "written as it is");
	is_number(kept(t), 1, "it is kept");
	expect(t, "PUT", CALENDAR "h.ics", "",
	    EVENT("h", NINE "ATTACH;MANAGED-ID=x:https://a.example/b\r\n"),
	    403, "<C:valid-managed-id/>", "not another's id");
	expect(t, "COPY", CALENDAR "g.ics",
	    "Destination: " HOME "Calendar/two/g.ics\n", "", 201, NULL,
	    "a copy");
	expect(t, "DELETE", CALENDAR "g.ics", "", "", 204, NULL, "goes");
	is_number(kept(t), 1, "the other one has it");
	path_of(t, HOME "Calendar/two/g.ics", "", path);
	expect(t, "GET", path, "", "", 200, "hello", "it is read");
	expect(t, "MOVE", HOME "Calendar/two/g.ics",
	    "Destination: " CALENDAR "g.ics\n", "", 201, NULL, "moved back");
	is_number(kept(t), 1, "with its file");
	expect(t, "PUT", CALENDAR "g.ics", "", EVENT("g", NINE), 204, NULL,
	    "written without it");
	is_number(kept(t), 0, "it is gone");
	add(t, CALENDAR "g.ics", id);
	expect(t, "MOVE", CALENDAR "g.ics",
	    "Destination: " HOME "Calendar/two/g.ics\n", "", 201, NULL,
	    "moved");
	expect(t, "DELETE", HOME "Calendar/two/", "", "", 204, NULL,
	    "the calendar goes");
	is_number(kept(t), 0, "and what was in it");
}

static void
grant(struct talk *t, unsigned rights)
{
	struct arena *arena = arena_new(65536);
	struct account_info owner, third;
	struct right_grant g = { .whom = RIGHT_ACCOUNT,
		.kind = COLLECTION_CALENDAR, .rights = rights };

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &owner), "find");
	talk_must(account_find(t->store, arena, VIEW("third@example.org"),
		      &third), "find");
	g.id = third.id;
	talk_must(right_grant(t->store, owner.id, &g), "grant");
	arena_free(&arena);
}

/* Who may read the event may read the file. */
static void
test_readers(struct talk *t)
{
	static const char event[] = CALENDAR "s.ics";
	char id[128], path[256], hers[256];

	expect(t, "PUT", event, "",
	    EVENT("s", NINE "ORGANIZER:mailto:user@example.org\r\n"
			    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:"
			    "other@example.org\r\n"),
	    201, NULL, "an invitation");
	add(t, event, id);
	path_of(t, event, "", path);
	expect(t, "GET", path, AS_OTHER, "", 200, "hello", "who attends");
	expect(t, "GET", path, AS_THIRD, "", 404, NULL, "who does not");
	{
		struct reply r = talk(t, "GET",
		    OTHER_HOME "Calendar/personal/", AS_OTHER, "");

		unfold(&r.body);
		ok(reply_has(&r, path), "the guest's copy tells of it");
		reply_free(&r);
	}
	grant(t, RIGHTS_TIMES);
	expect(t, "GET", path, AS_THIRD, "", 404, NULL,
	    "nor who sees only when");
	grant(t, RIGHTS_READ);
	expect(t, "GET", path, AS_THIRD, "", 200, "hello", "who may read");
	expect(t, "POST", CALENDAR "s.ics?action=attachment-add",
	    TEXT AS_THIRD, "x", 403, "need-privileges", "but not write");
	grant(t, RIGHTS_WRITE);
	expect(t, "POST", CALENDAR "s.ics?action=attachment-add",
	    TEXT AS_THIRD, "x", 403, "<C:schedule-send/>",
	    "nor tell the guests");
	expect(t, "PUT", CALENDAR "p.ics", "",
	    EVENT("p", NINE "CLASS:PRIVATE\r\n"), 201, NULL, "a secret");
	add(t, CALENDAR "p.ics", id);
	path_of(t, CALENDAR "p.ics", "", hers);
	expect(t, "GET", hers, AS_THIRD, "", 404, NULL, "is one");
	expect(t, "PUT", event, "",
	    EVENT("s", NINE "ORGANIZER:mailto:user@example.org\r\n"), 204,
	    NULL, "called off, and without it");
	expect(t, "GET", path, AS_OTHER, "", 404, NULL, "it is gone");
	grant(t, 0);
	expect(t, "DELETE", event, "", "", 204, NULL, "over");
	expect(t, "DELETE", CALENDAR "p.ics", "", "", 204, NULL, "over");
	is_number(kept(t), 0, "none is left");
}

/* Who is no longer invited reads no more. */
static void
test_uninvited(struct talk *t)
{
	char id[128], path[256], text[2048];
	struct reply r;
	view rest, line;
	struct buf b = buf_new(4096);

	expect(t, "PUT", CALENDAR "u.ics", "",
	    EVENT("u", NINE "ORGANIZER:mailto:user@example.org\r\n"
			    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:"
			    "other@example.org\r\n"),
	    201, NULL, "an invitation");
	add(t, CALENDAR "u.ics", id);
	path_of(t, CALENDAR "u.ics", "", path);
	expect(t, "GET", path, AS_OTHER, "", 200, "hello", "who attends");
	r = talk(t, "GET", CALENDAR "u.ics", "", "");
	unfold(&r.body);
	rest = buf_view(&r.body);
	while (view_line(&rest, &line))
		if (!view_starts(line, VIEW("ATTENDEE"))) {
			buf_add(&b, line);
			buf_add(&b, VIEW("\r\n"));
		}
	(void)view_copy(buf_view(&b), text, sizeof text);
	reply_free(&r);
	buf_free(&b);
	expect(t, "PUT", CALENDAR "u.ics", "", text, 204, NULL,
	    "nobody is invited any more");
	expect(t, "GET", path, AS_OTHER, "", 404, NULL, "nor reads");
	expect(t, "GET", path, "", "", 200, "hello", "the owner does");
	expect(t, "DELETE", CALENDAR "u.ics", "", "", 204, NULL, "over");
}

static void
test_announced(struct talk *t)
{
#define ASK(name) \
	"<D:propfind xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<D:prop><C:" name "/></D:prop></D:propfind>"
	struct reply r = talk(t, "OPTIONS", CALENDAR "x.ics", "", "");

	ok(reply_header(&r, "calendar-managed-attachments"), "announced");
	ok(reply_header(&r, "POST"), "and allowed");
	reply_free(&r);
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    ASK("max-attachment-size"), 207, ">8388608<", "how large");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    ASK("max-attachments-per-resource"), 207, ">100<", "how many");
	expect(t, "PROPFIND", HOME "Calendar/", "Depth: 0\n",
	    ASK("managed-attachments-server-URL"), 207,
	    "200 OK", "on this server");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_mailbox(&t, VIEW("third@example.org"));
	test_life(&t);
	test_versions(&t);
	test_refused(&t);
	test_garbage(&t);
	test_readers(&t);
	test_uninvited(&t);
	test_announced(&t);
	talk_close(&t);
	return tap_done();
}
