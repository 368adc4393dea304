/* COPY and MOVE: what goes where, and what is refused. */
#include "tests/unit/dav_talk.h"

#define WORK HOME "Calendar/work/"
#define HOST "Destination: http://dav.example.org"

static void
put(struct talk *t, const char *target, const char *body)
{
	expect(t, "PUT", target, "", body, 201, NULL, target);
}

static void
test_objects(struct talk *t)
{
	char text[512];

	expect(t, "MKCALENDAR", WORK, "", "", 201, NULL, "a second calendar");
	put(t, CALENDAR "a.ics", event(text, "a", "0315"));
	put(t, CALENDAR "b.ics", event(text, "b", "0316"));
	expect(t, "MOVE", CALENDAR "a.ics", HOST CALENDAR "c.ics\n", "", 201,
	    NULL, "MOVE within a calendar");
	expect(t, "GET", CALENDAR "a.ics", "", "", 404, NULL, "is gone there");
	expect(t, "GET", CALENDAR "c.ics", "", "", 200, "UID:a", "is here");
	expect(t, "MOVE", CALENDAR "c.ics", "Destination: " WORK "a.ics\n", "",
	    201, NULL, "MOVE to another one, by a path");
	expect(t, "GET", WORK "a.ics", "", "", 200, "UID:a", "is there");
	expect(t, "COPY", WORK "a.ics", HOST ":80" CALENDAR "a.ics\n", "", 201,
	    NULL, "COPY");
	expect(t, "GET", CALENDAR "a.ics", "", "", 200, "UID:a", "the copy");
	expect(t, "COPY", WORK "a.ics", HOST CALENDAR "a.ics\nOverwrite: F\n",
	    "", 412, NULL, "Overwrite: F");
	expect(t, "COPY", WORK "a.ics", HOST CALENDAR "a.ics\n", "", 204, NULL,
	    "over another version");
	expect(t, "COPY", WORK "a.ics", HOST CALENDAR "x.ics\n", "", 403,
	    "<C:no-uid-conflict><D:href>" CALENDAR "a.ics", "the UID is there");
	expect(t, "MOVE", WORK "a.ics", HOST CALENDAR "b.ics\n", "", 403,
	    "<C:no-uid-conflict><D:href>" CALENDAR "b.ics",
	    "over another event");
	expect(t, "COPY", CALENDAR "a.ics", HOST CALENDAR "d.ics\n", "", 403,
	    "no-uid-conflict", "a twin within a calendar");
	expect(t, "MOVE", CALENDAR "a.ics", HOST CALENDAR "a.ics\n", "", 403,
	    NULL, "onto itself");
	expect(t, "MOVE", CALENDAR "a.ics",
	    HOST CALENDAR "e.ics\nIf-Match: \"old\"\n", "", 412, NULL,
	    "of a stale version");
	expect(t, "MOVE", WORK "a.ics", HOST CALENDAR "a.ics\n", "", 204, NULL,
	    "MOVE over another version");
	expect(t, "GET", WORK "a.ics", "", "", 404, NULL, "it went");
}

static void
test_refused(struct talk *t)
{
	static const struct {
		const char *method, *from, *headers;
		unsigned status;
		const char *has;
	} cases[] = {
		{ "MOVE", CALENDAR "b.ics", "", 400, "no Destination" },
		{ "MOVE", CALENDAR "b.ics", "Destination: b.ics\n", 400,
		    "bad Destination" },
		{ "MOVE", CALENDAR "b.ics",
		    "Destination: " HOME "../x/Calendar/personal/b.ics\n", 400,
		    "bad Destination" },
		{ "COPY", CALENDAR "b.ics",
		    "Destination: http://elsewhere.example" WORK "b.ics\n", 502,
		    NULL },
		{ "COPY", CALENDAR "b.ics",
		    HOST "/SOGo/dav/other@example.org/Calendar/personal/b.ics"
			 "\n",
		    403, "<D:privilege><D:bind/>" },
		{ "COPY", CALENDAR "b.ics",
		    HOST "/SOGo/dav/nobody@example.org/Calendar/personal/b.ics"
			 "\n",
		    403, "<D:privilege><D:bind/>" },
		{ "COPY", CALENDAR "b.ics", HOST BOOK "b.vcf\n", 403,
		    "<CR:supported-address-data/>" },
		{ "COPY", CALENDAR "b.ics", HOST HOME "Calendar/none/b.ics\n",
		    409, NULL },
		{ "COPY", CALENDAR "b.ics", HOST CALENDAR "b/b/b.ics\n", 409,
		    NULL },
		{ "MOVE", CALENDAR "b.ics", HOST WORK "\n", 403, NULL },
		{ "MOVE", CALENDAR "b.ics", HOST "/robots.txt\n", 403, NULL },
		{ "MOVE", CALENDAR "none.ics", HOST CALENDAR "x.ics\n", 404,
		    NULL },
		{ "MOVE", CALENDAR "b.ics",
		    HOST CALENDAR "x.ics\nOverwrite: maybe\n", 400, NULL },
		{ "COPY", WORK, HOST HOME "Calendar/x/\n", 405, NULL },
		{ "MOVE", CALENDAR, HOST HOME "Calendar/x/\n", 403, NULL },
		{ "MOVE", HOME "Calendar/", HOST HOME "Calendar/x/\n", 405,
		    NULL },
		{ "MOVE", WORK, HOST CALENDAR "\n", 403, NULL },
		{ "MOVE", WORK, HOST CALENDAR "x\n", 403,
		    "calendar-collection-location-ok" },
		{ "MOVE", WORK, HOST HOME "Contacts/x/\n", 403, NULL },
		{ "MOVE", WORK, HOST HOME "Calendar/x/\nDepth: 0\n", 400,
		    NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, cases[i].method, cases[i].from, cases[i].headers, "",
		    cases[i].status, cases[i].has, cases[i].headers);
}

/* What was chosen for a calendar holds for what is carried there. */
static void
test_component(struct talk *t)
{
	expect(t, "MKCALENDAR", HOME "Calendar/tasks/", "",
	    "<C:mkcalendar xmlns:C='urn:ietf:params:xml:ns:caldav' "
	    "xmlns:D='DAV:'><D:set><D:prop>"
	    "<C:supported-calendar-component-set><C:comp name='VTODO'/>"
	    "</C:supported-calendar-component-set></D:prop></D:set>"
	    "</C:mkcalendar>",
	    201, NULL, "a calendar of tasks");
	expect(t, "COPY", CALENDAR "b.ics", HOST HOME "Calendar/tasks/b.ics\n",
	    "", 403, "<C:supported-calendar-component/>", "takes no event");
}

static void
test_collections(struct talk *t)
{
	char text[512];

	put(t, WORK "w.ics", event(text, "w", "0317"));
	expect(t, "MOVE", WORK, HOST HOME "Calendar/renamed\n", "", 201, NULL,
	    "a calendar gets another name");
	expect(t, "GET", HOME "Calendar/renamed/w.ics", "", "", 200, "UID:w",
	    "with what is in it");
	expect(t, "PROPFIND", WORK, "Depth: 0\n", "", 404, NULL, "is gone");
	expect(t, "MOVE", HOME "Calendar/renamed/",
	    HOST HOME "Calendar/tasks/\nOverwrite: F\n", "", 412, NULL,
	    "not over another one");
	expect(t, "MOVE", HOME "Calendar/renamed/",
	    HOST HOME "Calendar/tasks/\n", "", 204, NULL, "but when it may");
	expect(t, "GET", HOME "Calendar/tasks/w.ics", "", "", 200, "UID:w",
	    "it took its place");
}

/* What changed since `token`, which becomes the next one. */
static struct reply
sync_from(struct talk *t, char token[128], const char *limit)
{
	char body[512];
	struct reply r;
	view rest;
	size_t at;

	snprintf(body, sizeof body,
	    "<D:sync-collection xmlns:D='DAV:'><D:sync-token>%s"
	    "</D:sync-token><D:sync-level>1</D:sync-level>%s"
	    "<D:prop><D:getetag/></D:prop></D:sync-collection>",
	    token, limit);
	r = talk(t, "REPORT", CALENDAR, "", body);
	rest = buf_view(&r.body);
	at = view_find(rest, VIEW("<D:sync-token>"));
	rest = view_from(rest, at == SIZE_MAX ? rest.n : at + 14);
	(void)view_copy(view_cut(&rest, '<'), token, 128);
	return r;
}

/* A change log tells both names, and loses none between two pages. */
static void
test_sync(struct talk *t)
{
	static const char one[] = "<D:limit><D:nresults>1</D:nresults>"
				  "</D:limit>";
	char token[128] = "", before[128];
	struct reply r = sync_from(t, token, "");

	reply_free(&r);
	memcpy(before, token, sizeof before);
	expect(t, "MOVE", CALENDAR "b.ics", HOST CALENDAR "z.ics\n", "", 201,
	    NULL, "MOVE after a sync");
	r = sync_from(t, token, "");
	ok(reply_has(
	       &r, CALENDAR "b.ics</D:href><D:status>HTTP/1.1 404 Not Found"),
	    "the old name is gone");
	ok(reply_has(&r, CALENDAR "z.ics</D:href><D:propstat>"),
	    "the new one is there");
	is_number(reply_count(&r, "<D:response>"), 2, "and no more");
	reply_free(&r);
	r = sync_from(t, before, one);
	ok(reply_has(&r, "b.ics<") && !reply_has(&r, "z.ics<")
		&& reply_has(&r, "HTTP/1.1 507 "),
	    "one at a time: first what is gone");
	reply_free(&r);
	r = sync_from(t, before, one);
	ok(reply_has(&r, "z.ics<") && !reply_has(&r, "HTTP/1.1 507 "),
	    "then what is there");
	same(view_of(before), view_of(token), "up to the same token");
	reply_free(&r);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_objects(&t);
	test_refused(&t);
	test_component(&t);
	test_collections(&t);
	test_sync(&t);
	talk_close(&t);
	return tap_done();
}
