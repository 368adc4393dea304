/* Attachments in the text of a calendar object: which instances get them. */
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_attach.h"
#include "tests/tap.h"

#define EVENT(uid, inside) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" inside \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"
#define NINE "DTSTART:20300301T090000Z\r\nDTEND:20300301T100000Z\r\n"
#define BERLIN_DAILY \
	"DTSTART;TZID=Europe/Berlin:20300301T090000\r\nDURATION:PT1H\r\n" \
	"RRULE:FREQ=DAILY;COUNT=60\r\n"

/* The instances of a series (RFC 8607 3.3.2). */
static void
test_instances(void)
{
	static const char daily[] = EVENT("d", BERLIN_DAILY);
	static const struct {
		const char *text, *rid, *has;
		int lines;
	} cases[] = {
		{ daily, "", "RRULE", 1 },
		{ daily, "M", "RRULE", 1 },
		{ daily, "20300302T080000Z",
		    "RECURRENCE-ID;TZID=Europe/Berlin:20300302T090000", 1 },
		/* Summer time has begun. */
		{ daily, "20300402T070000Z",
		    "RECURRENCE-ID;TZID=Europe/Berlin:20300402T090000", 1 },
		{ daily, "20300302T090000",
		    "RECURRENCE-ID;TZID=Europe/Berlin:20300302T090000", 1 },
		{ daily, "M,20300302T080000Z,20300303T080000Z",
		    "RECURRENCE-ID;TZID=Europe/Berlin:20300303T090000", 3 },
		{ daily, "20300302T090000Z", NULL, 0 },
		{ daily, "20310302T080000Z", NULL, 0 },
		{ daily, "20300302", NULL, 0 },
		{ daily, "M,", "RRULE", 1 },
		{ daily, ",", NULL, 0 },
		{ EVENT("e", "DTSTART;VALUE=DATE:20300301\r\n"
			     "RRULE:FREQ=DAILY\r\n"),
		    "20300305", "RECURRENCE-ID;VALUE=DATE:20300305", 1 },
		{ EVENT("f", NINE "RRULE:FREQ=DAILY\r\n"
				  "EXDATE:20300302T090000Z\r\n"),
		    "20300302T090000Z", NULL, 0 },
		{ EVENT("f", NINE "RRULE:FREQ=DAILY\r\n"),
		    "20300303T090000Z", "RECURRENCE-ID:20300303T090000Z", 1 },
	};
	const struct ical_attachment a = { VIEW("i"), VIEW("https://a/"),
		VIEW("text/plain"), VIEW(""), 1 };
	struct arena *arena = arena_new(67108864);

	for (size_t i = 0; i < COUNT(cases); i++) {
		view out = VIEW(""), rest;
		int lines = 0;
		size_t at;
		result r = ical_attach_add(view_of(cases[i].text),
		    view_of(cases[i].rid), &a, arena, &out);

		rest = out;
		while ((at = view_find(rest, VIEW("ATTACH;MANAGED-ID=i;")))
		    != SIZE_MAX) {
			rest = view_from(rest, at + 1);
			lines++;
		}
		ok(cases[i].has == NULL ? r.is == STALE
					: r.is == OK && lines == cases[i].lines
		    && view_find(out, view_of(cases[i].has)) != SIZE_MAX,
		    "instance \"%s\"", cases[i].rid);
		arena_reset(arena);
	}
	arena_free(&arena);
}

static void
test_many(void)
{
	struct arena *arena = arena_new(134217728);
	view text = VIEW(EVENT("m", NINE));
	result r = done();
	int count = 0;

	while (r.is == OK && count <= LIMIT_ATTACHMENTS) {
		const struct ical_attachment a = {
			arena_print(arena, "i%d", count), VIEW("https://a/"),
			VIEW("text/plain"), VIEW(""), 1 };

		r = ical_attach_add(text, VIEW(""), &a, arena, &text);
		count += r.is == OK;
	}
	ok(r.is == OVER_LIMIT && count == LIMIT_ATTACHMENTS,
	    "LIMIT_ATTACHMENTS: %d", count);
	arena_free(&arena);
}

static void
test_concerns(void)
{
	static const char text[] = "BEGIN:VCALENDAR\r\n"
	    "BEGIN:VEVENT\r\nUID:c\r\n" NINE "RRULE:FREQ=DAILY\r\n"
	    "ORGANIZER:mailto:boss@example.org\r\n"
	    "ATTENDEE:mailto:all@example.org\r\nEND:VEVENT\r\n"
	    "BEGIN:VEVENT\r\nUID:c\r\nRECURRENCE-ID:20300302T090000Z\r\n"
	    "DTSTART:20300302T090000Z\r\n"
	    "ORGANIZER:mailto:boss@example.org\r\n"
	    "ATTENDEE:mailto:All@Example.org\r\n"
	    "ATTENDEE:mailto:once@example.org\r\n"
	    "ATTACH;MANAGED-ID=o:https://a/\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n";
	static const struct {
		view person, id;
		bool concerned;
	} cases[] = {
		{ VIEW_INIT("once@example.org"), VIEW_INIT("o"), true },
		{ VIEW_INIT("all@example.org"), VIEW_INIT("o"), true },
		{ VIEW_INIT("boss@example.org"), VIEW_INIT("o"), true },
		{ VIEW_INIT("nobody@example.org"), VIEW_INIT("o"), false },
		{ VIEW_INIT("once@example.org"), VIEW_INIT("p"), false },
		{ VIEW_INIT("once@example.org"), VIEW_INIT(""), false },
	};
	struct arena *arena = arena_new(67108864);

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(ical_attach_concerns(view_of(text), cases[i].id,
		       &cases[i].person, 1, arena)
			== cases[i].concerned,
		    "who is concerned %zu", i);
	arena_free(&arena);
}

int
main(void)
{
	test_instances();
	test_many();
	test_concerns();
	return tap_done();
}
