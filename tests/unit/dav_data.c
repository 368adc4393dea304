/* Objects in another form: chosen parts, expanded recurrences, free and busy
 * times, whole collections. */
#include "tests/unit/dav_talk.h"

#define QUERY                                                               \
	"<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav' "        \
	"xmlns:D='DAV:'><D:prop>%s</D:prop><C:filter><C:comp-filter "       \
	"name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range "      \
	"start='20260301T000000Z' end='20260401T000000Z'/></C:comp-filter>" \
	"</C:comp-filter></C:filter></C:calendar-query>"

static const char weekly[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
    "END:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Europe/Berlin:20260302T090000\r\n"
    "DTEND;TZID=Europe/Berlin:20260302T100000\r\nRRULE:FREQ=WEEKLY\r\n"
    "EXDATE;TZID=Europe/Berlin:20260309T090000\r\nSUMMARY:Weekly\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
    "END:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:20260101T000000Z\r\n"
    "RECURRENCE-ID;TZID=Europe/Berlin:20260316T090000\r\n"
    "DTSTART;TZID=Europe/Berlin:20260317T090000\r\n"
    "DTEND;TZID=Europe/Berlin:20260317T100000\r\nSUMMARY:Moved\r\n"
    "END:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:20260101T000000Z\r\n"
    "RECURRENCE-ID;TZID=Europe/Berlin:20260601T090000\r\n"
    "DTSTART;TZID=Europe/Berlin:20260602T090000\r\n"
    "DTEND;TZID=Europe/Berlin:20260602T100000\r\nSUMMARY:June\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

static struct reply
ask(struct talk *t, const char *data)
{
	char body[2048];

	snprintf(body, sizeof body, QUERY, data);
	return talk(t, "REPORT", CALENDAR, "Depth: 1\n", body);
}

static void
has(const struct reply *r, const char *text, bool wanted, const char *what)
{
	if (!ok(reply_has(r, text) == wanted, "%s", what))
		note("%.*s", (int)r->body.n, r->body.p);
}

static void
test_expand(struct talk *t)
{
	struct reply r = ask(t,
	    "<C:calendar-data><C:expand start='20260301T000000Z' "
	    "end='20260401T000000Z'/></C:calendar-data>");

	is_number(r.status, 207, "expand");
	is_number(reply_count(&r, "BEGIN:VEVENT"), 4, "four instances");
	has(&r, "DTSTART:20260302T080000Z", true, "the first, in UTC");
	has(&r, "RECURRENCE-ID:20260302T080000Z", true, "each is named");
	has(&r, "DTSTART:20260309T080000Z", false, "not the excluded one");
	has(&r, "DTSTART:20260317T080000Z", true, "the moved one");
	has(&r, "RECURRENCE-ID:20260316T080000Z", true, "by its old time");
	has(&r, "DTSTART:20260316T080000Z", false, "and only there");
	has(&r, "DTSTART:20260330T070000Z", true, "after the clocks changed");
	has(&r, "DTEND:20260330T080000Z", true, "with its end");
	has(&r, "RRULE", false, "no rule");
	has(&r, "EXDATE", false, "no exception");
	has(&r, "VTIMEZONE", false, "no zone");
	is_number(reply_count(&r, "BEGIN:VALARM"), 3, "alarms stay");
	reply_free(&r);
}

static void
test_limit(struct talk *t)
{
	struct reply r = ask(t,
	    "<C:calendar-data><C:limit-recurrence-set "
	    "start='20260301T000000Z' end='20260401T000000Z'/>"
	    "</C:calendar-data>");

	has(&r, "SUMMARY:Weekly", true, "limit-recurrence-set: the master");
	has(&r, "SUMMARY:Moved", true, "the override in the range");
	has(&r, "SUMMARY:June", false, "none outside");
	has(&r, "RRULE:FREQ=WEEKLY", true, "with the rule");
	has(&r, "BEGIN:VTIMEZONE", true, "and the zone");
	reply_free(&r);
	r = ask(t,
	    "<C:calendar-data><C:limit-recurrence-set "
	    "start='20260531T000000Z' end='20260601T120000Z'/>"
	    "</C:calendar-data>");
	has(&r, "SUMMARY:June", true, "one that was moved out of the range");
	has(&r, "SUMMARY:Moved", false, "but no other");
	reply_free(&r);
}

static void
test_parts(struct talk *t)
{
	struct reply r = ask(t,
	    "<C:calendar-data><C:comp name='VCALENDAR'>"
	    "<C:prop name='VERSION'/><C:comp name='VEVENT'>"
	    "<C:prop name='SUMMARY'/><C:prop name='UID'/>"
	    "<C:prop name='DTSTART' novalue='yes'/></C:comp>"
	    "<C:comp name='VTIMEZONE'/></C:comp></C:calendar-data>");

	has(&r, "SUMMARY:Weekly", true, "a chosen property");
	has(&r, "DTSTART;TZID=Europe/Berlin:&#13;", true, "without its value");
	has(&r, "DTEND", false, "not another one");
	has(&r, "VALARM", false, "no component that was not chosen");
	has(&r, "TZOFFSETTO:+0200", true, "all of an empty one");
	reply_free(&r);
	r = ask(t,
	    "<C:calendar-data><C:comp name='VCALENDAR'><C:allprop/>"
	    "<C:comp name='VEVENT'><C:allprop/></C:comp></C:comp>"
	    "<C:expand start='20260301T000000Z' end='20260310T000000Z'/>"
	    "</C:calendar-data>");
	has(&r, "DTSTART:20260302T080000Z", true, "chosen and expanded");
	has(&r, "VALARM", false, "without what was not chosen");
	reply_free(&r);
}

static void
test_refused(struct talk *t)
{
	static const struct {
		const char *data;
		unsigned status;
		const char *has;
	} cases[] = {
		{ "<C:calendar-data content-type='application/pdf'/>", 403,
		    "<C:supported-calendar-data/>" },
		{ "<C:calendar-data version='1.0'/>", 403,
		    "<C:supported-calendar-data/>" },
		{ "<C:calendar-data><C:expand start='10260301T000000Z' "
		  "end='20260401T000000Z'/></C:calendar-data>",
		    403, "<D:number-of-matches-within-limits/>" },
		{ "<C:calendar-data><C:expand start='20260301T000000Z'/>"
		  "</C:calendar-data>",
		    400, NULL },
		{ "<C:calendar-data><C:expand start='20260301T000000Z' "
		  "end='20260301T000000Z'/></C:calendar-data>",
		    400, NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = ask(t, cases[i].data);

		is_number(r.status, cases[i].status, cases[i].data);
		if (cases[i].has != NULL)
			has(&r, cases[i].has, true, "and its condition");
		reply_free(&r);
	}
}

/* However a rule is made, expanding ends. */
static void
test_bounds(struct talk *t)
{
	static const char *const rules[] = { "FREQ=SECONDLY",
		"FREQ=MINUTELY;COUNT=2147483647",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=SECONDLY;BYSECOND=59;BYMINUTE=59;BYYEARDAY=366" };
	char text[1024], name[128];
	struct reply r;

	for (size_t i = 0; i < COUNT(rules); i++) {
		snprintf(name, sizeof name, HOME "Calendar/hostile/%zu.ics", i);
		snprintf(text, sizeof text,
		    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
		    "BEGIN:VEVENT\r\nUID:h%zu\r\nDTSTART:20260301T000000Z\r\n"
		    "RRULE:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		    i, rules[i]);
		expect(t, "PUT", name, "", text, 201, NULL, rules[i]);
	}
	snprintf(text, sizeof text, QUERY,
	    "<C:calendar-data><C:expand start='20260301T000000Z' "
	    "end='20260401T000000Z'/></C:calendar-data>");
	r = talk(t, "REPORT", HOME "Calendar/hostile/", "", text);
	is_number(r.status, 207, "hostile rules expanded");
	has(&r, "</D:multistatus>", true, "to the end");
	reply_free(&r);
}

static const char busy_query[] =
    "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
    "<C:time-range start='20260316T000000Z' end='20260325T000000Z'/>"
    "</C:free-busy-query>";

static void
put_event(struct talk *t, const char *name, const char *lines)
{
	char text[1024], target[128];

	snprintf(target, sizeof target, CALENDAR "%s.ics", name);
	snprintf(text, sizeof text,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:%s\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
	    name, lines);
	expect(t, "PUT", target, "", text, 201, NULL, name);
}

static void
test_busy(struct talk *t)
{
	struct reply r;

	put_event(t, "after", "DTSTART:20260317T090000Z\r\nDURATION:PT30M\r\n");
	put_event(t, "free",
	    "DTSTART:20260318T090000Z\r\nDURATION:PT30M\r\n"
	    "TRANSP:TRANSPARENT\r\n");
	put_event(t, "off",
	    "DTSTART:20260318T090000Z\r\nDURATION:PT30M\r\n"
	    "STATUS:CANCELLED\r\n");
	put_event(t, "perhaps",
	    "DTSTART:20260319T090000Z\r\nDTEND:20260319T093000Z\r\n"
	    "STATUS:TENTATIVE\r\n");
	put_event(t, "long", "DTSTART;VALUE=DATE:20260324\r\n");
	r = talk(t, "REPORT", CALENDAR, "Depth: 1\n", busy_query);
	is_number(r.status, 200, "free-busy-query");
	ok(reply_header(&r, "Content-Type: text/calendar"), "is a calendar");
	has(&r, "FREEBUSY;FBTYPE=BUSY:20260317T080000Z/20260317T093000Z", true,
	    "what touches is joined");
	has(&r, "FREEBUSY;FBTYPE=BUSY:20260323T080000Z/20260323T090000Z", true,
	    "a recurrence");
	has(&r, "20260318", false, "what is transparent or cancelled is not");
	has(&r,
	    "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260319T090000Z/"
	    "20260319T093000Z",
	    true, "tentative");
	has(&r, "FREEBUSY;FBTYPE=BUSY:20260324T000000Z/20260325T000000Z", true,
	    "a whole day, cut at the end");
	reply_free(&r);
	expect(t, "REPORT", HOME, "Depth: infinity\n", busy_query, 200,
	    "FREEBUSY;FBTYPE=BUSY:20260317T080000Z/20260317T093000Z",
	    "Evolution asks the principal, with Depth: infinity");
	expect(t, "REPORT", HOME "Calendar/", "", busy_query, 200, "FREEBUSY",
	    "the home");
	expect(t, "REPORT", BOOK, "", busy_query, 403, "supported-report",
	    "not an address book");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'/>", 400,
	    NULL, "without a range");
	expect(t, "REPORT", CALENDAR, "",
	    "<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>"
	    "<C:time-range start='19260316T000000Z' end='20260325T000000Z'/>"
	    "</C:free-busy-query>",
	    403, "number-of-matches-within-limits", "a century");
}

static void
test_busy_url(struct talk *t)
{
	expect(t, "GET",
	    HOME "freebusy.ifb?start=20260316T000000Z&end=20260325T000000Z", "",
	    "", 200, "FREEBUSY;FBTYPE=BUSY:20260317T080000Z/20260317T093000Z",
	    "freebusy.ifb");
	expect(t, "GET", HOME "freebusy.ifb?start=20260316T000000Z&period=P9D",
	    "", "", 200, "DTEND:20260325T000000Z", "with a period");
	expect(t, "GET", HOME "freebusy.ifb", "", "", 200, "BEGIN:VFREEBUSY",
	    "without both");
	expect(t, "GET", HOME "freebusy.ifb?start=yesterday", "", "", 400, NULL,
	    "with something else");
	expect(t, "GET", HOME "freebusy.ifb?start=20260316T000000Z&period=-P9D",
	    "", "", 400, NULL, "with a period to the past");
	expect(t, "PUT", HOME "freebusy.ifb", "", "x", 409, NULL,
	    "is not written to");
}

static void
test_export(struct talk *t)
{
	char text[512], etag[160] = "", headers[256];
	view rest, line;
	struct reply r;

	expect(t, "PUT", CALENDAR "utc.ics", "", event(text, "utc", "0401"),
	    201, NULL, "one more");
	r = talk(t, "GET", CALENDAR, "", "");
	is_number(r.status, 200, "GET of a calendar");
	is_number(reply_count(&r, "BEGIN:VCALENDAR\r\n"), 1, "is one object");
	is_number(reply_count(&r, "END:VCALENDAR\r\n"), 1, "whole");
	is_number(reply_count(&r, "BEGIN:VTIMEZONE\r\n"), 1, "a zone once");
	is_number(reply_count(&r, "BEGIN:VEVENT\r\n"), 9, "and all events");
	has(&r, "X-WR-CALNAME:", true, "with its name");
	rest = buf_view(&r.headers);
	while (view_line(&rest, &line))
		if (view_starts(line, VIEW("ETag: ")))
			(void)view_copy(view_from(line, 6), etag, sizeof etag);
	reply_free(&r);
	snprintf(headers, sizeof headers, "If-None-Match: %s\n", etag);
	expect(t, "GET", CALENDAR, headers, "", 304, NULL, "not modified");
	expect(t, "GET", HOME "Calendar/personal.ics", headers, "", 304, NULL,
	    "by the name of its file");
	expect(t, "PUT", CALENDAR "v.ics", "", event(text, "v", "0401"), 201,
	    NULL, "a change");
	expect(t, "GET", CALENDAR, headers, "", 200, "UID:v", "is seen");
	expect(t, "GET", HOME "Calendar/none.ics", "", "", 404, NULL,
	    "none of another");
	expect(t, "PUT", BOOK "1.vcf", "", card(text, "1", "One"), 201, NULL,
	    "a card");
	expect(t, "PUT", BOOK "2.vcf", "", card(text, "2", "Two"), 201, NULL,
	    "another");
	r = talk(t, "GET", HOME "Contacts/personal.vcf", "", "");
	is_number(reply_count(&r, "BEGIN:VCARD\r\n"), 2, "all cards");
	ok(reply_header(&r, "Content-Type: text/vcard"), "of that type");
	reply_free(&r);
}

static void
card_as(struct talk *t, const char *data, unsigned status, const char *has,
    const char *what)
{
	char body[1024];

	snprintf(body, sizeof body,
	    "<CR:addressbook-multiget xmlns:D='DAV:' "
	    "xmlns:CR='urn:ietf:params:xml:ns:carddav'><D:prop>%s</D:prop>"
	    "<D:href>" BOOK "4.vcf</D:href></CR:addressbook-multiget>",
	    data);
	expect(t, "REPORT", BOOK, "", body, status, has, what);
}

static void
test_versions(struct talk *t)
{
	static const char four[] =
	    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:4\r\nFN:Four\r\n"
	    "KIND:individual\r\nTEL;PREF=1:5\r\nEND:VCARD\r\n";

	expect(t, "PUT", BOOK "4.vcf", "", four, 201, NULL, "a card of 4.0");
	expect(t, "GET", BOOK "4.vcf", "", "", 200, four, "as it was put");
	expect(t, "GET", BOOK "4.vcf",
	    "Accept: text/html, text/vcard; q=1; version=\"3.0\"\n", "", 200,
	    "TEL;TYPE=PREF:5", "GET of 3.0 by Accept");
	expect(t, "GET", BOOK "4.vcf", "Accept: text/vcard;version=4.0\n", "",
	    200, four, "GET of 4.0");
	card_as(t, "<CR:address-data/>", 207,
	    "X-ADDRESSBOOKSERVER-KIND:individual", "Apple takes 3.0 alone");
	card_as(t, "<CR:address-data content-type='text/vcard' version='4.0'/>",
	    207, "VERSION:4.0", "DAVx5 asks for 4.0");
	card_as(t, "<CR:address-data version='2.1'/>", 403,
	    "<CR:supported-address-data/>", "2.1");
	card_as(t, "<CR:address-data content-type='text/plain'/>", 403,
	    "<CR:supported-address-data/>", "text/plain");
	card_as(t,
	    "<CR:address-data version='4.0'><CR:prop name='FN'/>"
	    "</CR:address-data>",
	    207,
	    "BEGIN:VCARD&#13;\nVERSION:4.0&#13;\nFN:Four&#13;\n"
	    "END:VCARD&#13;\n",
	    "chosen properties");
}

/* Longer than a piece. */
static void
test_stream(struct talk *t)
{
	char text[512], uid[64], target[128];
	struct reply r;
	bool good = true;

	for (int i = 0; i < 1000; i++) {
		snprintf(uid, sizeof uid, "s%d", i);
		snprintf(
		    target, sizeof target, HOME "Calendar/hostile/%s.ics", uid);
		r = talk(t, "PUT", target, "", event(text, uid, "0401"));
		good = good && r.status == 201;
		reply_free(&r);
	}
	ok(good, "a thousand events");
	r = talk(t, "GET", HOME "Calendar/hostile/", "", "");
	is_number(reply_count(&r, "UID:s"), 1000, "all come");
	is_number(reply_count(&r, "END:VCALENDAR\r\n"), 1, "to the end");
	reply_free(&r);
}

static struct exchange *
begun(struct talk *t, const char *method, const char *target,
    const char *headers)
{
	struct exchange *x = exchange_new(&t->options, &t->bodies,
	    view_of(target));

	talk_fields(x, headers);
	if (exchange_begin(x, method, VIEW("192.0.2.1"), false))
		exchange_run(x);
	return x;
}

/* The account goes while it is read: what was sent is not the whole. */
static void
test_broken(struct talk *t)
{
	struct exchange *x[] = {
		begun(t, "GET", BOOK, ""),
		begun(t, "GET", HOME "Calendar/hostile/", ""),
		begun(t, "PROPFIND", HOME "Calendar/hostile/", "Depth: 1\n"),
	};
	struct arena *arena = arena_new(65536);
	struct account_info info;
	char piece[4096];

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
	              &info), "find");
	talk_must(account_remove(t->store, info.id), "remove");
	for (size_t i = 0; i < COUNT(x); i++) {
		ok(x[i]->answer.stream != NULL, "answer %zu has begun", i);
		while (exchange_read(x[i], piece, sizeof piece) > 0)
			continue;
		ok(x[i]->stream_broken, "and is broken off");
		exchange_free(&x[i]);
	}
	arena_free(&arena);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	expect(&t, "MKCALENDAR", HOME "Calendar/hostile/", "", "", 201, NULL,
	    "a calendar");
	expect(&t, "PUT", CALENDAR "weekly.ics", "", weekly, 201, NULL,
	    "a recurring event");
	test_expand(&t);
	test_limit(&t);
	test_parts(&t);
	test_refused(&t);
	test_bounds(&t);
	test_busy(&t);
	test_busy_url(&t);
	test_export(&t);
	test_versions(&t);
	test_stream(&t);
	test_broken(&t);
	talk_close(&t);
	return tap_done();
}
