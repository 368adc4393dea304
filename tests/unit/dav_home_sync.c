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
	step(t, token, 1, CALENDAR, "the first time all calendars come");
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
	step(t, token, 1, CALENDAR, "who is new does not hear of it");
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
		{ "", "<D:sync-level>infinite</D:sync-level>",
		    "<D:sync-traversal-supported/>" },
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

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_steps(&t);
	test_refused(&t);
	talk_close(&t);
	return tap_done();
}
