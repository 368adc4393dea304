/* What comes and goes in a home. */
#include "tests/unit/dav_talk.h"

#define CALENDARS HOME "Calendar/"

static struct reply
ask(struct talk *t, const char *token, const char *more)
{
	char body[1024];

	snprintf(body, sizeof body,
	    "<D:sync-collection xmlns:D='DAV:'><D:sync-token>%s"
	    "</D:sync-token>%s<D:prop><D:displayname/><D:sync-token/>"
	    "</D:prop></D:sync-collection>",
	    token, more);
	return talk(t, "REPORT", CALENDARS, "Depth: 1\n", body);
}

/* The last token of an answer is that of the home. */
static void
token_of(const struct reply *r, char to[256])
{
	view rest = buf_view(&r->body), tag = VIEW("<D:sync-token>");
	size_t at;

	to[0] = '\0';
	while ((at = view_find(rest, tag)) != SIZE_MAX) {
		view value;

		rest = view_from(rest, at + tag.n);
		value = rest;
		(void)view_copy(view_cut(&value, '<'), to, 256);
	}
}

static void
step(struct talk *t, char token[256], int count, const char *has,
    const char *what)
{
	struct reply r = ask(t, token, "<D:sync-level>1</D:sync-level>");

	if (!ok(r.status == 207 && reply_count(&r, "<D:response>") == count
		    && (has == NULL || reply_has(&r, has)),
		"%s", what))
		note("%u %.*s", r.status, (int)r.body.n, r.body.p);
	token_of(&r, token);
	reply_free(&r);
}

static void
test_steps(struct talk *t)
{
	char token[256] = "", text[512];

	expect(t, "PROPFIND", CALENDARS, "Depth: 0\n",
	    "<D:propfind xmlns:D='DAV:'><D:prop><D:sync-token/></D:prop>"
	    "</D:propfind>",
	    207, "<D:sync-token>http", "a home has a token");
	step(t, token, 3, CALENDAR, "the first time all calendars come");
	step(t, token, 0, NULL, "then nothing");
	expect(t, "MKCALENDAR", CALENDARS "work/", "", "", 201, NULL,
	    "a new calendar");
	step(t, token, 1, CALENDARS "work/</D:href><D:propstat>", "is told");
	expect(t, "PUT", CALENDAR "a.ics", "", event(text, "a", "0315"), 201,
	    NULL, "a new event");
	step(t, token, 1, CALENDAR, "its calendar is told");
	expect(t, "MOVE", CALENDARS "work/",
	    "Destination: " CALENDARS "play/\n", "", 201, NULL, "another name");
	step(t, token, 2, CALENDARS "play/</D:href><D:propstat>",
	    "the new name, and that the old one is gone");
	expect(t, "DELETE", CALENDARS "play/", "", "", 204, NULL, "removed");
	step(t, token, 1,
	    CALENDARS "play/</D:href><D:status>HTTP/1.1 404 Not Found",
	    "is told as gone");
	step(t, token, 0, NULL, "once");
	token[0] = '\0';
	step(t, token, 3, CALENDAR, "who is new does not hear of it");
}

static void
test_refused(struct talk *t)
{
	static const struct {
		const char *token, *more, *has;
	} cases[] = {
		{ "1700000000", "", "<D:valid-sync-token/>" },
		{ "http://posthaste.invalid/ns/sync/home-3-1", "",
		    "<D:valid-sync-token/>" },
		{ "http://posthaste.invalid/ns/sync/home-2-99999999", "",
		    "<D:valid-sync-token/>" },
		{ "", "<D:limit><D:nresults>0</D:nresults></D:limit>",
		    "<D:number-of-matches-within-limits/>" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = ask(t, cases[i].token, cases[i].more);

		ok(r.status == 403 && reply_has(&r, cases[i].has), "%s %s",
		    cases[i].token, cases[i].more);
		reply_free(&r);
	}
}

#define SEPARATE(href, condition) \
	"<D:response><D:href>" href "</D:href>" \
	"<D:status>HTTP/1.1 403 Forbidden</D:status>" \
	"<D:error><D:" condition "/></D:error></D:response>"

static void
step_down(struct talk *t, char token[256], int count, const char *has,
    const char *what)
{
	struct reply r = ask(t, token, "<D:sync-level>infinite</D:sync-level>");

	if (!ok(r.status == 207 && reply_count(&r, "<D:response>") == count
		    && !reply_has(&r, "<D:propstat>")
		    && (has == NULL || reply_has(&r, has)),
		"%s", what))
		note("%u %.*s", r.status, (int)r.body.n, r.body.p);
	token_of(&r, token);
	reply_free(&r);
}

/* RFC 6578 3.3: what is to be asked itself is said once. */
static void
test_depth(struct talk *t)
{
	char token[256] = "", text[512];
	struct reply r;

	step_down(t, token, 3,
	    SEPARATE(CALENDARS "inbox/", "sync-traversal-supported"),
	    "a whole home: each collection apart");
	step_down(t, token, 0, NULL, "then nothing");
	expect(t, "PUT", CALENDAR "b.ics", "", event(text, "b", "0315"), 201,
	    NULL, "a new event");
	step_down(t, token, 0, NULL, "is for the calendar's own report");
	expect(t, "MKCALENDAR", CALENDARS "new/", "", "", 201, NULL,
	    "a new calendar");
	step_down(t, token, 1,
	    SEPARATE(CALENDARS "new/", "sync-traversal-supported"),
	    "is said");
	expect(t, "MOVE", CALENDARS "new/",
	    "Destination: " CALENDARS "newer/\n", "", 201, NULL, "moved");
	step_down(t, token, 2,
	    SEPARATE(CALENDARS "newer/", "sync-traversal-supported"),
	    "is said with both names");
	expect(t, "DELETE", CALENDARS "newer/", "", "", 204, NULL, "removed");
	step_down(t, token, 1,
	    CALENDARS "newer/</D:href><D:status>HTTP/1.1 404",
	    "is told as gone");
	r = talk(t, "REPORT", CALENDARS, "Depth: infinity\n",
	    "<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:prop/>"
	    "</D:sync-collection>");
	ok(r.status == 207
		&& reply_has(&r,
		    SEPARATE(CALENDARS "outbox/", "supported-report")),
	    "Depth where there is no sync-level; an outbox has no report");
	reply_free(&r);
	r = talk(t, "REPORT", HOME "Contacts/", "Depth: 1\n",
	    "<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:sync-level>1"
	    "</D:sync-level><D:prop/></D:sync-collection>");
	ok(r.status == 207 && !reply_has(&r, "box/"), "no inbox among books");
	reply_free(&r);
}

/* What happens to the inbox is told, and to nobody else. */
static void
test_inbox(struct talk *t)
{
	char token[256] = "";

	step(t, token, 3, CALENDARS "inbox/</D:href><D:propstat>",
	    "the inbox is in it");
	expect(t, "PROPPATCH", CALENDARS "inbox/", "",
	    "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>"
	    "<X:a xmlns:X='urn:x'>1</X:a></D:prop></D:set>"
	    "</D:propertyupdate>", 207, "200 OK", "a property of the inbox");
	step(t, token, 1, CALENDARS "inbox/</D:href><D:propstat>", "is told");
	step(t, token, 0, NULL, "once");
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_steps(&t);
	test_depth(&t);
	test_inbox(&t);
	test_refused(&t);
	talk_close(&t);
	return tap_done();
}
