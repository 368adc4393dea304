/* principal-match of collections (RFC 3744 9.3), and whose clock floating
 * times go by when they are expanded (RFC 4791 7.3). */
#include "tests/unit/dav_talk.h"

#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define MATCH(inside) \
	"<D:principal-match xmlns:D='DAV:'>" inside "</D:principal-match>"
#define BY(name) \
	MATCH("<D:principal-property><D:" name "/></D:principal-property>" \
	      "<D:prop><D:getetag/></D:prop>")
#define SELF MATCH("<D:self/>")

static void
matches(struct talk *t, const char *path, const char *headers,
    const char *body, int count, const char *what)
{
	struct reply r = talk(t, "REPORT", path, headers, body);

	if (!ok(r.status == 207 && reply_count(&r, "<D:response>") == count,
		"%s: %d", what, count))
		note("%u: %.*s", r.status, (int)r.body.n, r.body.p);
	reply_free(&r);
}

static void
put(struct talk *t, const char *path, const char *inside)
{
	char text[512];

	snprintf(text, sizeof text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	    "PRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
	    "DTSTAMP:20260101T000000Z\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
	    path, inside);
	expect(t, "PUT", path, "", text, 201, NULL, "an event");
}

static void
test_match(struct talk *t)
{
	put(t, CALENDAR "a.ics", "DTSTART:20260301T100000Z\r\n");
	put(t, CALENDAR "b.ics", "DTSTART:20260302T100000Z\r\n");
	matches(t, CALENDAR, "", BY("owner"), 2, "both events are one's own");
	matches(t, HOME "Calendar/", "", BY("owner"), 3,
	    "with their calendar, at any depth");
	matches(t, HOME "Contacts/", "", BY("owner"), 1, "a book too");
	matches(t, HOME, "", BY("owner"), 4, "and in all");
	matches(t, HOME, "", BY("group"), 0, "nothing is of a group");
	matches(t, CALENDAR, "", BY("displayname"), 0,
	    "a name is no principal");
	matches(t, CALENDAR, "", BY("none"), 0, "nor is what nobody knows");
	matches(t, CALENDAR, "", SELF, 0, "there are no principals");
	expect(t, "REPORT", CALENDAR, "", MATCH(""), 400, NULL, "by nothing");
	expect(t, "REPORT", CALENDAR, "Depth: 1\n", SELF, 400, NULL,
	    "Depth is 0");
	expect(t, "REPORT", CALENDAR, AS_OTHER, BY("owner"), 404, NULL,
	    "not there for others");
	expect(t, "REPORT", HOME "Calendar/none/", "", SELF, 404, NULL,
	    "nor is what is not there");
	expect(t, "PROPFIND", CALENDAR, "Depth: 0\n",
	    "<propfind xmlns='DAV:'><prop><supported-report-set/></prop>"
	    "</propfind>", 207, "<D:principal-match/>", "it is told of");
}

#define EXPAND \
	"<D:prop xmlns:D='DAV:'><C:calendar-data" \
	" xmlns:C='urn:ietf:params:xml:ns:caldav'>" \
	"<C:expand start='20260701T033000Z' end='20260701T043000Z'/>" \
	"</C:calendar-data></D:prop>"

/* Midnight is at 04:00Z in New York. */
static void
test_clock(struct talk *t)
{
	static const char multiget[] =
	    "<C:calendar-multiget xmlns:C='urn:ietf:params:xml:ns:caldav'>"
	    EXPAND "<D:href xmlns:D='DAV:'>" CALENDAR "f.ics</D:href>"
	    "</C:calendar-multiget>";
	static const char sync[] =
	    "<D:sync-collection xmlns:D='DAV:'><D:sync-token/>"
	    "<D:sync-level>1</D:sync-level>" EXPAND "</D:sync-collection>";
	static const struct {
		const char *body, *what;
	} reports[] = { { multiget, "multiget" }, { sync, "sync" } };

	put(t, CALENDAR "f.ics",
	    "DTSTART:20260701T000000\r\nDURATION:PT1H\r\n"
	    "RRULE:FREQ=DAILY;COUNT=3\r\n");
	for (size_t i = 0; i < COUNT(reports); i++) {
		struct reply r = talk(
		    t, "REPORT", CALENDAR, "", reports[i].body);

		ok(r.status == 207 && reply_count(&r, "20260701T000000") == 0,
		    "%s: by UTC it was before", reports[i].what);
		reply_free(&r);
	}
	expect(t, "PROPPATCH", CALENDAR, "",
	    "<propertyupdate xmlns='DAV:'><set><prop><calendar-timezone-id"
	    " xmlns='urn:ietf:params:xml:ns:caldav'>America/New_York"
	    "</calendar-timezone-id></prop></set></propertyupdate>",
	    207, "200 OK", "the calendar is in New York");
	for (size_t i = 0; i < COUNT(reports); i++)
		expect(t, "REPORT", CALENDAR, "", reports[i].body, 207,
		    "DTSTART:20260701T000000&#13;", reports[i].what);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_match(&t);
	test_clock(&t);
	talk_close(&t);
	return tap_done();
}
