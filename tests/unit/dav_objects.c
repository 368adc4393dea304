/* PUT, GET, DELETE: what is kept, what is refused, and with which words. */
#include "tests/unit/dav_talk.h"

#include <pthread.h>

static const char put_calendar[] = "Content-Type: text/calendar\n";
static const char put_card[] = "Content-Type: text/vcard; charset=utf-8\n";

static view
etag_of(const struct reply *r, char to[64])
{
	view rest = buf_view(&r->headers), line;

	while (view_line(&rest, &line)) {
		if (!view_starts_same(line, VIEW("ETag: ")))
			continue;
		(void)view_copy(view_from(line, 6), to, 64);
		return view_of(to);
	}
	to[0] = '\0';
	return VIEW("");
}

static void
test_round_trip(struct talk *t)
{
	char text[512], etag[64], headers[128];
	struct reply r = talk(t, "PUT", CALENDAR "a%20b.ics",
	    "Content-Type: text/calendar; charset=utf-8\nIf-None-Match: *\n",
	    event(text, "a", "0315"));

	is_number(r.status, 201, "a new event");
	ok(etag_of(&r, etag).n > 2 && etag[0] == '"', "a strong ETag: %s",
	    etag);
	reply_free(&r);
	r = talk(t, "GET", CALENDAR "a%20b.ics", "", "");
	is_number(r.status, 200, "is there");
	same(buf_view(&r.body), view_of(text), "byte for byte");
	ok(reply_header(&r, etag), "with that ETag");
	ok(reply_header(&r, "Content-Type: text/calendar; charset=utf-8"),
	    "with its type");
	reply_free(&r);
	snprintf(headers, sizeof headers, "If-None-Match: %s\n", etag);
	expect(t, "GET", CALENDAR "a%20b.ics", headers, "", 304, NULL,
	    "not modified");
	expect(t, "PUT", CALENDAR "a%20b.ics", "If-None-Match: *\n", text, 412,
	    NULL, "If-None-Match: * on what is there");
	expect(t, "PUT", CALENDAR "a%20b.ics", "If-Match: \"other\"\n", text,
	    412, NULL, "If-Match with another version");
	snprintf(headers, sizeof headers, "If-Match: \"x\", %s\n", etag);
	expect(t, "PUT", CALENDAR "a%20b.ics", headers,
	    event(text, "a", "0316"), 204, NULL, "If-Match with the right one");
	expect(t, "DELETE", CALENDAR "a%20b.ics", headers, "", 412, NULL,
	    "DELETE of an old version");
	expect(t, "PUT", CALENDAR "none.ics", "If-Match: *\n", text, 412, NULL,
	    "If-Match: * on nothing");
	expect(t, "DELETE", CALENDAR "a%20b.ics", "", "", 204, NULL, "DELETE");
	expect(t, "DELETE", CALENDAR "a%20b.ics", "", "", 404, NULL, "again");
	expect(t, "GET", CALENDAR "a%20b.ics", "", "", 404, NULL, "is gone");
}

static void
test_refused_events(struct talk *t)
{
	static const struct {
		const char *body;
		const char *condition;
		const char *what;
	} cases[] = {
		{ "", "valid-calendar-data", "nothing" },
		{ "hello", "valid-calendar-data", "not a calendar" },
		{ "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		    "supported-calendar-component", "nothing in it" },
		{ "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
		  "DTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
		  "END:VCALENDAR\r\n",
		    "valid-calendar-object-resource", "no UID" },
		{ "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
		  "UID:m\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
		  "END:VCALENDAR\r\n",
		    "valid-calendar-object-resource", "a METHOD" },
		{ "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n"
		  "DTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
		  "BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
		    "valid-calendar-object-resource", "two kinds" },
		{ "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n"
		  "DTSTART:20260101T000000Z\r\nRRULE:FREQ=FOO\r\n"
		  "END:VEVENT\r\nEND:VCALENDAR\r\n",
		    "valid-calendar-data", "a rule that is none" },
		{ "BEGIN:VCARD\r\nEND:VCARD\r\n", "valid-calendar-data",
		    "a card" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(t, "PUT", CALENDAR "bad.ics", put_calendar,
		    cases[i].body, 403, cases[i].condition, cases[i].what);
	expect(t, "PUT", CALENDAR "bad.ics", "Content-Type: text/plain\n", "x",
	    403, "supported-calendar-data", "another media type");
	expect(t, "PUT", CALENDAR "bad.ics", "Content-Encoding: gzip\n", "x",
	    415, NULL, "a content coding");
	expect(t, "PUT", CALENDAR "bad.ics", "Content-Range: bytes 0-1/9\n",
	    "x", 400, NULL, "a part");
	expect(t, "GET", CALENDAR "bad.ics", "", "", 404, NULL,
	    "none of them is kept");
}

static void
test_uid_conflict(struct talk *t)
{
	char text[512];

	expect(t, "PUT", CALENDAR "u1.ics", put_calendar,
	    event(text, "same", "0401"), 201, NULL, "a UID");
	expect(t, "PUT", CALENDAR "u2.ics", put_calendar, text, 403,
	    "<C:no-uid-conflict><D:href>" CALENDAR "u1.ics</D:href>",
	    "the same under another name, told where");
	expect(t, "PUT", CALENDAR "u1.ics", put_calendar,
	    event(text, "new", "0401"), 403, "no-uid-conflict",
	    "another UID under the same name");
	expect(t, "PUT", BOOK "u1.vcf", put_card, card(text, "same", "Ann"),
	    201, NULL, "a card may have it");
	expect(t, "PUT", BOOK "u2.vcf", put_card, text, 403,
	    "<CR:no-uid-conflict><D:href>" BOOK "u1.vcf</D:href>",
	    "but one card only");
}

static void
test_cards(struct talk *t)
{
	char text[512];
	struct reply r;

	expect(t, "PUT", BOOK "c.vcf", put_card, "BEGIN:VCARD\r\n", 403,
	    "valid-address-data", "half a card");
	expect(t, "PUT", BOOK "c.vcf", put_card,
	    "BEGIN:VCARD\r\nVERSION:2.1\r\nN:x\r\nEND:VCARD\r\n", 403,
	    "supported-address-data", "vCard 2.1");
	expect(t, "PUT", BOOK "c.vcf", put_calendar, "x", 403,
	    "supported-address-data", "a calendar");
	expect(t, "PUT", BOOK "c.vcf", put_card, card(text, "c", "J\xc3\xbcrg"),
	    201, NULL, "a card");
	r = talk(t, "GET", BOOK "c.vcf", "", "");
	same(buf_view(&r.body), view_of(text), "byte for byte");
	ok(reply_header(&r, "Content-Type: text/vcard; charset=utf-8"),
	    "with its type");
	reply_free(&r);
}

static void
test_limits(struct talk *t)
{
	enum { MOST = 5242880 };
	char *big = malloc(MOST + 1);
	static const char head[] = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:big\r\n"
				   "PHOTO;ENCODING=b:";
	static const char tail[] = "\r\nEND:VCARD\r\n";
	struct reply r;

	if (big == NULL)
		abort();
	memset(big, 'A', MOST + 1);
	memcpy(big, head, sizeof head - 1);
	memcpy(big + MOST - (sizeof tail - 1), tail, sizeof tail - 1);
	r = talk_bytes(t, "PUT", BOOK "big.vcf", put_card, (view){ big, MOST });
	is_number(r.status, 201, "a card of LIMIT_VCARD");
	reply_free(&r);
	memset(big, 'A', MOST + 1);
	memcpy(big, head, sizeof head - 1);
	memcpy(big + MOST + 1 - (sizeof tail - 1), tail, sizeof tail - 1);
	r = talk_bytes(
	    t, "PUT", BOOK "big.vcf", put_card, (view){ big, MOST + 1 });
	ok(r.status == 403 && reply_has(&r, "max-resource-size"),
	    "one byte more");
	reply_free(&r);
	free(big);
	expect(t, "DELETE", BOOK "big.vcf", "", "", 204, NULL, "gone again");
}

static void
test_places(struct talk *t)
{
	char text[512];

	event(text, "p", "0501");
	expect(t, "PUT", HOME "Calendar/none/p.ics", put_calendar, text, 409,
	    NULL, "PUT without a parent");
	expect(t, "PUT", CALENDAR "d/e.ics", put_calendar, text, 409, NULL,
	    "PUT too deep");
	expect(t, "PUT", CALENDAR, put_calendar, text, 403, NULL,
	    "PUT on a collection");
	expect(t, "PUT", HOME "Calendar/", put_calendar, text, 403, NULL,
	    "PUT on a home");
	expect(t, "DELETE", CALENDAR, "", "", 403, NULL,
	    "the personal calendar stays");
	expect(
	    t, "DELETE", HOME "Contacts/", "", "", 403, NULL, "a home stays");
	expect(t, "PATCH", CALENDAR "u1.ics", "", "", 405, NULL, "no PATCH");
	expect(t, "LOCK", CALENDAR "u1.ics", "", "", 405, NULL, "no LOCK");
	expect(t, "GET", CALENDAR "%2e%2e/x", "", "", 400, NULL, "dots");
	expect(t, "GET", CALENDAR "a%00b", "", "", 400, NULL, "a NUL");
	expect(t, "GET", CALENDAR "a%2Fb", "", "", 400, NULL, "a slash");
	expect(t, "GET", CALENDAR "a%zz", "", "", 400, NULL, "a bad escape");
	expect(t, "GET", CALENDAR "%ff", "", "", 400, NULL, "not UTF-8");
}

/* Many clients that read a number, add one and write it back under If-Match:
 * in the end nothing may be missing. */
enum { WRITERS = 16, ROUNDS = 8 };

static void
count_up(struct talk *t)
{
	char text[512], etag[64], headers[128];
	struct reply r = talk(t, "GET", CALENDAR "n.ics", "", "");
	size_t at = view_find(buf_view(&r.body), VIEW("LOCATION:"));
	unsigned long n = strtoul(buf_text(&r.body) + at + 9, NULL, 10);

	snprintf(headers, sizeof headers, "If-Match: %.*s\n",
	    (int)etag_of(&r, etag).n, etag);
	reply_free(&r);
	snprintf(text, sizeof text,
	    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:n\r\n"
	    "DTSTART:20260101T000000Z\r\nLOCATION:%lu\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n",
	    n + 1);
	r = talk(t, "PUT", CALENDAR "n.ics", headers, text);
	at = r.status;
	reply_free(&r);
	if (at == 412)
		count_up(t);
}

static void *
writer(void *context)
{
	for (int i = 0; i < ROUNDS; i++)
		count_up(context);
	return NULL;
}

static void
test_no_lost_update(struct talk *t)
{
	pthread_t threads[WRITERS];
	struct reply r = talk(t, "PUT", CALENDAR "n.ics", put_calendar,
	    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:n\r\n"
	    "DTSTART:20260101T000000Z\r\nLOCATION:0\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n");

	reply_free(&r);
	for (int i = 0; i < WRITERS; i++)
		if (pthread_create(&threads[i], NULL, writer, t) != 0)
			abort();
	for (int i = 0; i < WRITERS; i++)
		(void)pthread_join(threads[i], NULL);
	r = talk(t, "GET", CALENDAR "n.ics", "", "");
	ok(reply_has(&r, "LOCATION:128\r\n"), "no update is lost");
	reply_free(&r);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_round_trip(&t);
	test_refused_events(&t);
	test_uid_conflict(&t);
	test_cards(&t);
	test_limits(&t);
	test_places(&t);
	test_no_lost_update(&t);
	talk_close(&t);
	return tap_done();
}
