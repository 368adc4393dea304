/* Properties that clients keep with events, contacts and files. */
#include "tests/unit/dav_talk.h"

#include "mailcore/base/limits.h"

#define OBJECT CALENDAR "e.ics"
#define D0 "Depth: 0\n"
#define HOST "Destination: http://dav.example.org"
#define SET(what)                                                       \
	"<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set>"  \
	"<D:prop>" what "</D:prop></D:set></D:propertyupdate>"
#define FIND(what)                                                      \
	"<D:propfind xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:prop>" what  \
	"</D:prop></D:propfind>"

static void
test_kept(struct talk *t, const char *target)
{
	struct reply r;
	char etag[128], before[128];
	view rest;

	r = talk(t, "PROPFIND", target, D0, FIND("<D:getetag/>"));
	rest = view_from(buf_view(&r.body),
	    view_find(buf_view(&r.body), VIEW("<D:getetag>")));
	(void)view_copy(view_first(rest, 50), before, sizeof before);
	reply_free(&r);
	expect(t, "PROPPATCH", target, "",
	    "<D:propertyupdate xmlns:D=\"DAV:\" xml:lang=\"de\"><D:set>"
	    "<D:prop><a xmlns=\"urn:x\" >\n <b c=\"&quot;1&amp;\">t&lt; "
	    "</b><b xml:lang=\"fr\"/></a><n xmlns=\"\">none</n>"
	    "<e xmlns=\"urn:x\"/></D:prop></D:set></D:propertyupdate>",
	    207, "200 OK", target);
	expect(t, "PROPFIND", target, D0, FIND("<x:a/>"), 207,
	    "<x:a xmlns:x=\"urn:x\" xml:lang=\"de\">\n "
	    "<b xmlns=\"urn:x\" c=\"&quot;1&amp;\">t&lt; </b>"
	    "<b xmlns=\"urn:x\" xml:lang=\"fr\"/></x:a>",
	    "what stood in it, and its language");
	expect(t, "PROPFIND", target, D0, FIND("<n xmlns=''/>"), 207,
	    "<n xml:lang=\"de\">none</n>", "of no namespace");
	expect(t, "PROPFIND", target, D0, FIND("<x:e/>"), 207,
	    "<x:e xmlns:x=\"urn:x\" xml:lang=\"de\"/></D:prop>"
	    "<D:status>HTTP/1.1 200 OK",
	    "an empty one is one");
	expect(t, "PROPFIND", target, D0,
	    "<D:propfind xmlns:D=\"DAV:\"><D:allprop/></D:propfind>", 207,
	    "<n xml:lang=\"de\">none</n>", "allprop");
	r = talk(t, "PROPFIND", target, D0,
	    "<D:propfind xmlns:D=\"DAV:\"><D:propname/></D:propfind>");
	ok(reply_has(&r, "<x:a xmlns:x=\"urn:x\"/>"), "propname");
	reply_free(&r);
	r = talk(t, "PROPFIND", target, D0, FIND("<D:getetag/>"));
	rest = view_from(buf_view(&r.body),
	    view_find(buf_view(&r.body), VIEW("<D:getetag>")));
	(void)view_copy(view_first(rest, 50), etag, sizeof etag);
	same(view_of(etag), view_of(before), "the ETag is of the bytes alone");
	reply_free(&r);
	expect(t, "PROPPATCH", target, "",
	    "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:remove>"
	    "<D:prop><x:e/><x:never/></D:prop></D:remove><D:set><D:prop>"
	    "<x:a>new</x:a></D:prop></D:set></D:propertyupdate>",
	    207, "200 OK", "removed, and replaced");
	expect(t, "PROPFIND", target, D0, FIND("<x:e/><x:a/>"), 207,
	    "<x:a xmlns:x=\"urn:x\">new</x:a>", "without a language");
	expect(t, "PROPFIND", target, D0, FIND("<x:e/>"), 207,
	    "404 Not Found", "gone");
	expect(t, "PROPPATCH", target, "",
	    SET("<x:a>other</x:a><D:getetag>1</D:getetag>"), 207,
	    "424 Failed Dependency", "all or nothing");
	expect(t, "PROPFIND", target, D0, FIND("<x:a/>"), 207, ">new</x:a>",
	    "nothing");
	expect(t, "PROPPATCH", target, "If-Match: \"x\"\n",
	    SET("<x:a>other</x:a>"), 412, NULL, "If-Match");
}

/* 64 octets of a language are kept. */
static void
test_language(struct talk *t)
{
	for (int more = 0; more < 2; more++) {
		char body[512], language[66] = "";
		struct reply r;

		memset(language, 'l', (size_t)(64 + more));
		snprintf(body, sizeof body,
		    SET("<x:l xml:lang='%s'>t</x:l>"), language);
		expect(t, "PROPPATCH", OBJECT, "", body, 207, "200 OK",
		    "a language");
		r = talk(t, "PROPFIND", OBJECT, D0, FIND("<x:l/>"));
		ok(reply_has(&r, ">t</x:l>")
			&& reply_has(&r, language) == (more == 0),
		    "of %d octets", 64 + more);
		reply_free(&r);
	}
}

static void
test_follows(struct talk *t)
{
	char text[512];
	static const char *const asked = FIND("<x:a/>");

	expect(t, "PUT", OBJECT, "", event(text, "e", "0401"), 204, NULL,
	    "another version");
	expect(t, "PROPFIND", OBJECT, D0, asked, 207, ">new</x:a>",
	    "keeps them");
	expect(t, "COPY", OBJECT, HOST HOME "Calendar/work/c.ics\n", "", 201,
	    NULL, "COPY");
	expect(t, "PROPFIND", HOME "Calendar/work/c.ics", D0, asked, 207,
	    ">new</x:a>", "takes them along");
	expect(t, "MOVE", OBJECT, HOST CALENDAR "m.ics\n", "", 201, NULL,
	    "another name");
	expect(t, "PROPFIND", CALENDAR "m.ics", D0, asked, 207, ">new</x:a>",
	    "keeps them");
	expect(t, "DELETE", CALENDAR "m.ics", "", "", 204, NULL, "DELETE");
	expect(t, "MOVE", HOME "Calendar/work/c.ics",
	    HOST CALENDAR "c.ics\n", "", 201, NULL, "another calendar");
	expect(t, "PROPFIND", CALENDAR "c.ics", D0, asked, 207, ">new</x:a>",
	    "keeps them");
	expect(t, "DELETE", CALENDAR "c.ics", "", "", 204, NULL, "DELETE");
	expect(t, "PUT", CALENDAR "c.ics", "", event(text, "e", "0401"), 201,
	    NULL, "a new one");
	expect(t, "PROPFIND", CALENDAR "c.ics", D0, asked, 207,
	    "404 Not Found", "has none");
}

static int64_t
used(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &info),
	    "account");
	talk_must(account_get(t->store, arena, info.id, &info), "account");
	arena_free(&arena);
	return info.used;
}

static void
patch(struct talk *t, const char *target, const char *name, size_t n,
    bool fits)
{
	struct buf b = buf_new(1048576);
	struct reply r;

	buf_print(&b, "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop>"
		      "<%s xmlns=\"u\">", name);
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&b, 'v');
	buf_print(&b, "</%s></D:prop></D:set></D:propertyupdate>", name);
	r = talk_bytes(t, "PROPPATCH", target, "", buf_view(&b));
	ok(r.status == 207
		&& reply_has(&r, fits ? "200 OK" : "507 Insufficient Storage")
		&& reply_has(&r, "quota-not-exceeded") == !fits,
	    "%s of %zu: %s", name, n, fits ? "kept" : "refused");
	reply_free(&r);
	buf_free(&b);
}

/* Of one, and of all of an object: LIMIT_DAV_DEAD is four times as much. */
static void
test_bounds(struct talk *t)
{
	static const char *const targets[] = { HOME "Calendar/work/",
		CALENDAR "c.ics" };
	int64_t before = used(t);

	for (size_t i = 0; i < COUNT(targets); i++) {
		patch(t, targets[i], "a", LIMIT_DAV_PROPERTY, true);
		patch(t, targets[i], "a", (size_t)LIMIT_DAV_PROPERTY + 1,
		    false);
		patch(t, targets[i], "b", LIMIT_DAV_PROPERTY, true);
		patch(t, targets[i], "c", LIMIT_DAV_PROPERTY, true);
		/* "u a" to "u d" are three octets each. */
		patch(t, targets[i], "d", LIMIT_DAV_PROPERTY - 12, true);
		patch(t, targets[i], "d", LIMIT_DAV_PROPERTY - 11, false);
	}
	is_number(used(t) - before, LIMIT_DAV_DEAD, "counts into the quota");
	expect(t, "DELETE", CALENDAR "c.ics", "", "", 204, NULL, "DELETE");
	ok(used(t) < before, "gives it back");
}

/* LIMIT_DAV_PROPERTIES of one request. */
static void
test_many(struct talk *t)
{
	for (int more = 0; more < 2; more++) {
		struct buf b = buf_new(1048576);
		struct reply r;

		buf_add(&b, VIEW("<D:propertyupdate xmlns:D=\"DAV:\"><D:set>"
				 "<D:prop>"));
		for (int i = 0; i < LIMIT_DAV_PROPERTIES + more; i++)
			buf_print(&b, "<p%d/>", i);
		buf_add(&b, VIEW("</D:prop></D:set></D:propertyupdate>"));
		r = talk_bytes(t, "PROPPATCH", CALENDAR, "", buf_view(&b));
		ok(r.status == 207
			&& reply_has(&r, "507 Insufficient") == (more == 1),
		    "%d properties", LIMIT_DAV_PROPERTIES + more);
		reply_free(&r);
		buf_free(&b);
	}
}

int
main(void)
{
	struct talk t;
	char text[512];

	talk_open(&t);
	expect(&t, "MKCALENDAR", HOME "Calendar/work/", "", "", 201, NULL,
	    "a calendar");
	expect(&t, "PUT", OBJECT, "", event(text, "e", "0301"), 201, NULL,
	    "an event");
	expect(&t, "PUT", BOOK "c.vcf", "Content-Type: text/vcard\n",
	    card(text, "c", "Card"), 201, NULL, "a card");
	expect(&t, "PUT", HOME "Files/f", "", "x", 201, NULL, "a file");
	test_kept(&t, OBJECT);
	test_kept(&t, BOOK "c.vcf");
	test_kept(&t, HOME "Files/f");
	test_language(&t);
	test_follows(&t);
	test_bounds(&t);
	test_many(&t);
	talk_close(&t);
	return tap_done();
}
