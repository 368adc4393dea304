/* What a scheduling object says: zones, addresses, who speaks, its tag. */
#include "tests/unit/itip_help.h"

static struct arena *arena;

static struct itip *
read_text(const char *text)
{
	return itip_of(text, arena);
}

static void
who(const struct itip *a, const struct itip *b, const char *self,
    struct itip_people *people)
{
	itip_who(a, b, self, arena, people);
}

static bool
has(view text, const char *part)
{
	return view_find(text, view_of(part)) != SIZE_MAX;
}

#define BERLIN \
	"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n" \
	"BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n" \
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n" \
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n" \
	"BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\n" \
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n" \
	"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n" \
	"END:VTIMEZONE\r\n"

/* An hour stays an hour by the clock on the wall, across its change. */
static void
test_zones(void)
{
	struct itip *i = read_text(VCALENDAR(BERLIN VEVENT(
	    "DTSTART;TZID=Europe/Berlin:20260327T230000\r\n"
	    "DTEND;TZID=Europe/Berlin:20260328T030000\r\n"
	    "RRULE:FREQ=DAILY;COUNT=5\r\n"
	    "EXDATE;TZID=Europe/Berlin:20260328T230000\r\n" ANN BOB)));
	const struct itip_instance *m = itip_master(i);
	struct itip *day;
	struct itip_part *p;
	view text;

	ok(m->excluded_count == 1, "one EXDATE");
	ok(m->excluded[0].id == m->from + 86400, "a day later");
	p = itip_derive(i, &m->excluded[0]);
	text = itip_text(p, ITIP_NONE, arena);
	ok(has(text, "DTSTART;TZID=Europe/Berlin:20260328T230000")
		&& has(text, "DTEND;TZID=Europe/Berlin:20260329T030000")
		&& has(text, "RECURRENCE-ID;TZID=Europe/Berlin:20260328T2300"),
	    "by the wall clock");
	day = read_text(VCALENDAR(BERLIN VEVENT(
	    "RECURRENCE-ID:20260329T210000Z\r\n"
	    "DTSTART;TZID=Europe/Berlin:20260329T230000\r\n"
	    "DTEND;TZID=Europe/Berlin:20260330T030000\r\n" ANN BOB)));
	{
		bool found;

		itip_recurs(i, &day->list[0].id, 1, &found);
		ok(found, "the same moment, in UTC behind the change");
		itip_recurs(i, &m->excluded[0].id, 1, &found);
		ok(!found, "an EXDATE is none");
	}
}

static const struct {
	const char *line, *address;
} addresses[] = {
	{ "ATTENDEE:mailto:Bob@Example.ORG", "bob@example.org" },
	{ "ATTENDEE:MAILTO:bob%2Bx@example.org", "bob+x@example.org" },
	{ "ATTENDEE:/SOGo/dav/bob@example.org/", "bob@example.org" },
	{ "ATTENDEE:https://h/SOGo/dav/bob%40example.org/",
	    "bob@example.org" },
	{ "ATTENDEE;EMAIL=bob@example.org:urn:uuid:1", "bob@example.org" },
	{ "ATTENDEE:urn:uuid:1", "urn:uuid:1" },
	{ "ATTENDEE:bob@example.org", "bob@example.org" },
};

static void
test_addresses(void)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		view text = arena_print(arena,
		    VCALENDAR("BEGIN:VEVENT\r\nUID:u\r\n" NINE ANN
			      "%s\r\nEND:VEVENT\r\n"),
		    addresses[i].line);
		struct itip *it;

		if (itip_read(text, arena, &it).is != OK)
			exit(1);
		same(it->list[0].attendees[0].address,
		    view_of(addresses[i].address), addresses[i].line);
	}
}

static void
test_speaking(void)
{
	struct itip *ask = read_text(ASK(NINE ANN BOB));
	struct itip *by = read_text(ASK(NINE
	    "ORGANIZER;SENT-BY=\"mailto:sec@example.org\":mailto:"
	    "ann@example.org\r\n" BOB));
	struct itip *far = read_text(ASK(NINE
	    "ORGANIZER;SENT-BY=\"mailto:eve@evil.example\":mailto:"
	    "ann@example.org\r\n" BOB));
	struct itip *say = read_text(SAY(NINE ANN BOB_YES));

	ok(itip_speaks_for(ask, VIEW("ann@example.org")), "the organizer");
	ok(!itip_speaks_for(ask, VIEW("bob@example.org")), "not a guest");
	ok(!itip_speaks_for(ask, VIEW("")), "not nobody");
	ok(itip_speaks_for(by, VIEW("sec@example.org")), "who sends for him");
	ok(!itip_speaks_for(far, VIEW("eve@evil.example")),
	    "but not from another domain");
	ok(itip_speaks_for(say, VIEW("bob@example.org")), "the guest answers");
	ok(!itip_speaks_for(say, VIEW("ann@example.org")),
	    "nobody answers for him");
	ok(!itip_speaks_for(read_text(SAY(NINE ANN BOB_YES CAT)),
		VIEW("bob@example.org")),
	    "nor for others");
}

/* RFC 6638 3.2.10 */
static void
test_stable(void)
{
	const char *a = EVENT(NINE ANN BOB CAT);
	const char *b = EVENT(NINE ANN BOB_YES CAT);
	struct itip_people ann, bob;
	struct itip *i = read_text(a);

	who(i, NULL, "ann@example.org", &ann);
	who(i, NULL, "bob@example.org", &bob);
	same(itip_stable(view_of(a), &ann, arena),
	    itip_stable(view_of(b), &ann, arena), "an answer changes nothing");
	ok(!view_eq(itip_stable(view_of(a), &bob, arena),
	       itip_stable(view_of(b), &bob, arena)),
	    "but to who gave it");
	ok(!view_eq(itip_stable(view_of(a), &ann, arena),
	       itip_stable(view_of(EVENT(TEN ANN BOB CAT)), &ann, arena)),
	    "another time does");
}

static void
test_limits(void)
{
	for (int more = 0; more <= 1; more++) {
		struct buf b = buf_new(1 << 20);
		struct itip_people people;
		struct itip *i;

		buf_add(&b, VIEW("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n"
				 NINE ANN));
		for (int k = 0; k < LIMIT_ATTENDEES + more; k++)
			buf_print(&b, "ATTENDEE:mailto:a%d@example.org\r\n",
			    k);
		buf_add(&b, VIEW("END:VEVENT\r\nEND:VCALENDAR\r\n"));
		if (itip_read(buf_view(&b), arena, &i).is != OK)
			exit(1);
		ok((itip_people_of(i, NULL, arena, &people).is == OK) != more,
		    "%d attendees", LIMIT_ATTENDEES + more);
		buf_free(&b);
	}
}

/* Of two DTSTARTs the first says what kind of series it is. */
static void
test_two_starts(void)
{
	struct itip *i = read_text(VCALENDAR(VEVENT(
	    "DTSTART:20260301T090000Z\r\nDTSTART;VALUE=DATE:20260301\r\n"
	    "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB) VEVENT(
	    "RECURRENCE-ID:20260302T090000Z\r\n"
	    "DTSTART:20260302T100000Z\r\n" ANN BOB)));

	ok(i->count == 2 && !itip_master(i)->date, "moments");
}

int
main(void)
{
	static void (*const tests[])(void) = { test_zones, test_addresses,
		test_speaking, test_stable, test_limits, test_two_starts };

	for (size_t i = 0; i < COUNT(tests); i++) {
		arena = arena_new(256 * 1024 * 1024);
		tests[i]();
		ok(arena_result(arena).is == OK, "within the arena");
		arena_free(&arena);
	}
	return tap_done();
}
