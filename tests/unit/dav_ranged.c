/* An override that changes all that follow it (RFC 5545 3.2.13). */
#include "tests/unit/dav_talk.h"

/* The 2nd to the 11th of March at 8, without the 8th; from the 5th on at 12
 * and longer, but the 7th at 20; from the 10th on at 6. */
#define SERIES(rule) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n" \
	"DTSTART:20260302T080000Z\r\nDTEND:20260302T090000Z\r\n" \
	"RRULE:FREQ=DAILY;" rule "\r\nEXDATE:20260308T080000Z\r\n" \
	"SUMMARY:First\r\nEND:VEVENT\r\n" \
	"BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n" \
	"RECURRENCE-ID;RANGE=THISANDFUTURE:20260305T080000Z\r\n" \
	"DTSTART:20260305T120000Z\r\nDTEND:20260305T140000Z\r\n" \
	"SUMMARY:Later\r\n" \
	"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:a\r\n" \
	"TRIGGER:-PT1H\r\nEND:VALARM\r\nEND:VEVENT\r\n" \
	"BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n" \
	"RECURRENCE-ID:20260307T080000Z\r\n" \
	"DTSTART:20260307T200000Z\r\nDTEND:20260307T210000Z\r\n" \
	"SUMMARY:Once\r\nEND:VEVENT\r\n" \
	"BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n" \
	"RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T080000Z\r\n" \
	"DTSTART:20260310T060000Z\r\nDURATION:PT30M\r\n" \
	"SUMMARY:Early\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
#define SPACES " xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'"

static void
test_expand(struct talk *t)
{
	static const char *const lines[] = {
		"DTSTART:20260304T080000Z&#13;\nDTEND:20260304T090000Z&#13;\n"
		"RECURRENCE-ID:20260304T080000Z&#13;\n",
		"DTSTART:20260305T120000Z&#13;\nDTEND:20260305T140000Z&#13;\n"
		"RECURRENCE-ID:20260305T080000Z&#13;\n",
		"DTSTART:20260306T120000Z&#13;\nDTEND:20260306T140000Z&#13;\n"
		"RECURRENCE-ID:20260306T080000Z&#13;\n",
		"DTSTART:20260307T200000Z&#13;\nDTEND:20260307T210000Z&#13;\n"
		"RECURRENCE-ID:20260307T080000Z&#13;\n",
		"DTSTART:20260309T120000Z&#13;\n",
		"DTSTART:20260310T060000Z&#13;\n",
		"DTSTART:20260311T060000Z&#13;\n"
		"RECURRENCE-ID:20260311T080000Z&#13;\n",
	};
	struct reply r = talk(t, "REPORT", CALENDAR, "Depth: 1\n",
	    "<C:calendar-multiget" SPACES "><D:prop><C:calendar-data>"
	    "<C:expand start='20260301T000000Z' end='20260312T000000Z'/>"
	    "</C:calendar-data></D:prop><D:href>" CALENDAR "r.ics</D:href>"
	    "</C:calendar-multiget>");

	is_number(reply_count(&r, "BEGIN:VEVENT"), 9, "nine instances");
	is_number(reply_count(&r, "RECURRENCE-ID:"), 9, "each named once");
	is_number(reply_count(&r, "RANGE"), 0, "each for itself");
	is_number(reply_count(&r, "SUMMARY:Later"), 3, "three as changed");
	is_number(reply_count(&r, "SUMMARY:Early"), 2, "two changed again");
	for (size_t i = 0; i < COUNT(lines); i++)
		if (!ok(reply_has(&r, lines[i]), "%s", lines[i]))
			note("%.*s", (int)r.body.n, r.body.p);
	reply_free(&r);
}

static void
query(struct talk *t, const char *inside, const char *from, const char *to,
    bool found)
{
	char body[1024];
	struct reply r;

	snprintf(body, sizeof body,
	    "<C:calendar-query" SPACES "><D:prop><D:getetag/></D:prop>"
	    "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter"
	    " name='VEVENT'>%s<C:time-range start='%s' end='%s'/>%s"
	    "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
	    inside, from, to, inside[0] == '\0' ? "" : "</C:comp-filter>");
	r = talk(t, "REPORT", CALENDAR, "Depth: 1\n", body);
	ok(r.status == 207 && reply_has(&r, "r.ics") == found, "%s%s to %s",
	    inside, from, to);
	reply_free(&r);
}

static void
test_query(struct talk *t, bool ends)
{
	static const char alarm[] = "<C:comp-filter name='VALARM'>";

	query(t, "", "20260304T080000Z", "20260304T083000Z", true);
	query(t, "", "20260305T080000Z", "20260305T120000Z", false);
	query(t, "", "20260306T080000Z", "20260306T090000Z", false);
	query(t, "", "20260306T133000Z", "20260306T150000Z", true);
	query(t, "", "20260307T120000Z", "20260307T140000Z", false);
	query(t, "", "20260308T000000Z", "20260309T000000Z", false);
	query(t, "", "20260310T080000Z", "20260310T230000Z", false);
	query(t, "", "20260311T060000Z", "20260311T061000Z", true);
	query(t, "", "20260312T060000Z", "20260312T061000Z", !ends);
	query(t, "", "20360312T060000Z", "20360312T061000Z", !ends);
	query(t, "", "20360312T080000Z", "20360312T090000Z", false);
	query(t, alarm, "20260306T110000Z", "20260306T110100Z", true);
	query(t, alarm, "20260304T070000Z", "20260304T070100Z", false);
	query(t, alarm, "20260311T050000Z", "20260311T110100Z", false);
}

static void
test_busy(struct talk *t)
{
	static const char *const periods[] = {
		"20260304T080000Z/20260304T090000Z\r\n",
		"20260305T120000Z/20260305T140000Z\r\n",
		"20260306T120000Z/20260306T140000Z\r\n",
		"20260307T200000Z/20260307T210000Z\r\n",
		"20260309T120000Z/20260309T140000Z\r\n",
		"20260310T060000Z/20260310T063000Z\r\n",
		"20260311T060000Z/20260311T063000Z\r\n",
	};
	struct reply r = talk(t, "REPORT", CALENDAR, "Depth: 1\n",
	    "<C:free-busy-query" SPACES "><C:time-range"
	    " start='20260304T000000Z' end='20260312T000000Z'/>"
	    "</C:free-busy-query>");

	is_number(reply_count(&r, "FREEBUSY;"), 7, "seven periods");
	for (size_t i = 0; i < COUNT(periods); i++)
		ok(reply_has(&r, periods[i]), "%s", periods[i]);
	reply_free(&r);
}

/* Beyond a bound each override is the one instance that it names. */
static void
test_many(struct talk *t, int overrides, bool follows)
{
	struct buf b = buf_new(262144);

	buf_add(&b,
	    VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
		"BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n"
		"DTSTART:20260101T080000Z\r\nDTEND:20260101T090000Z\r\n"
		"RRULE:FREQ=DAILY\r\nEND:VEVENT\r\n"));
	for (int i = 0; i < overrides; i++)
		buf_print(&b,
		    "BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n"
		    "RECURRENCE-ID;RANGE=THISANDFUTURE:2027%02d%02dT080000Z\r\n"
		    "DTSTART:2027%02d%02dT120000Z\r\n"
		    "DTEND:2027%02d%02dT130000Z\r\nEND:VEVENT\r\n",
		    1 + i / 28, 1 + i % 28, 1 + i / 28, 1 + i % 28, 1 + i / 28,
		    1 + i % 28);
	buf_add(&b, VIEW("END:VCALENDAR\r\n"));
	expect(t, "PUT", CALENDAR "r.ics", "", buf_text(&b), 204, NULL,
	    "many overrides");
	query(t, "", "20280101T120000Z", "20280101T123000Z", follows);
	query(t, "", "20280101T080000Z", "20280101T083000Z", !follows);
	query(t, "", "20270102T120000Z", "20270102T123000Z", true);
	buf_free(&b);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	expect(&t, "PUT", CALENDAR "r.ics", "", SERIES("COUNT=10"), 201, NULL,
	    "a series that is moved twice");
	test_expand(&t);
	test_query(&t, true);
	test_busy(&t);
	expect(&t, "PUT", CALENDAR "r.ics", "", SERIES("INTERVAL=1"), 204,
	    NULL, "without an end");
	test_expand(&t);
	test_query(&t, false);
	test_busy(&t);
	test_many(&t, 256, true);
	test_many(&t, 257, false);
	talk_close(&t);
	return tap_done();
}
