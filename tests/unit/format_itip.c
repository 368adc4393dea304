/* Who is told what when an event changes, and what becomes of it where the
 * message arrives. */
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

/* "CANCEL cat@example.net; request bob@example.org" (small: quietly). */
static view
told(const struct itip_outcome *o)
{
	struct buf b = buf_new(4096);
	view out;

	if (o->fault != ITIP_FINE)
		buf_add(&b, VIEW("refused"));
	for (const struct itip_message *m = o->first; m != NULL;
	     m = m->next) {
		const char *name = itip_method_name(m->method);

		if (m != o->first)
			buf_add(&b, VIEW("; "));
		buf_add_text(&b, m->quiet ? "quiet " : "");
		buf_add_text(&b, name);
		for (size_t i = 0; i < m->count; i++) {
			view address = m->to[i];

			buf_add_byte(&b, ' ');
			buf_add(&b, view_cut(&address, '@'));
		}
	}
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static bool
has(view text, const char *part)
{
	return view_find(text, view_of(part)) != SIZE_MAX;
}

static const struct organized {
	const char *what, *old, *new;
	const char *told;
	const char *first; /* in the first message; "!x": not in it */
	const char *stored;
} organized[] = {
	{ "nobody is invited", NULL, EVENT(NINE ANN ANN_COMES), "", NULL,
	    NULL },
	{ "two are invited", NULL, EVENT(NINE ANN ANN_COMES BOB CAT),
	    "REQUEST bob cat", "METHOD:REQUEST",
	    "SCHEDULE-STATUS=1.1:mailto:cat" },
	{ "the client does it itself", NULL,
	    EVENT(NINE ANN "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:"
			   "bob@example.org\r\n" CAT),
	    "REQUEST cat", NULL, NULL },
	{ "nobody does it", NULL,
	    EVENT(NINE ANN "ATTENDEE;SCHEDULE-AGENT=NONE:mailto:"
			   "bob@example.org\r\n"),
	    "", NULL, NULL },
	{ "nothing changes", EVENT(NINE ANN BOB), EVENT(NINE ANN BOB), "",
	    NULL, NULL },
	{ "an alarm is one's own", EVENT(NINE ANN BOB),
	    EVENT(NINE ANN BOB "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
			       "TRIGGER:-PT5M\r\nEND:VALARM\r\n"),
	    "", NULL, NULL },
	{ "a new time asks again", EVENT(NINE ANN BOB_YES CAT),
	    EVENT(TEN ANN BOB_YES CAT), "REQUEST bob cat", "SEQUENCE:1",
	    "PARTSTAT=NEEDS-ACTION;RSVP=TRUE" },
	{ "a title does not ask again", EVENT(NINE ANN BOB_YES "SUMMARY:a\r\n"),
	    EVENT(NINE ANN BOB_YES "SUMMARY:b\r\n"), "REQUEST bob",
	    "PARTSTAT=ACCEPTED", "PARTSTAT=ACCEPTED" },
	{ "DURATION in place of DTEND is no change",
	    EVENT(NINE ANN BOB_YES),
	    EVENT("DTSTART:20260301T090000Z\r\nDURATION:PT1H\r\n" ANN BOB_YES),
	    "", NULL, NULL },
	{ "parts of a rule in another order", EVENT(DAILY ANN BOB_YES),
	    EVENT(NINE "RRULE:COUNT=5;FREQ=DAILY\r\n" ANN BOB_YES), "", NULL,
	    NULL },
	{ "one more is invited", EVENT(NINE ANN BOB_YES),
	    EVENT(NINE ANN BOB_YES CAT), "quiet REQUEST bob; REQUEST cat",
	    NULL, NULL },
	{ "one is no longer wanted", EVENT(NINE ANN BOB_YES CAT),
	    EVENT(NINE ANN BOB_YES), "CANCEL cat; quiet REQUEST bob",
	    "!mailto:bob", NULL },
	{ "all is called off", EVENT(NINE ANN BOB_YES CAT), NULL,
	    "CANCEL bob cat", "STATUS:CANCELLED", NULL },
	{ "a day is taken out", EVENT(DAILY ANN BOB_YES),
	    EVENT(DAILY "EXDATE:20260302T090000Z\r\n" ANN BOB_YES),
	    "CANCEL bob", "RECURRENCE-ID:20260302T090000Z", NULL },
	{ "a day whose end libical alone reads is taken out",
	    EVENT("DTSTART:20260301T090000Z\r\nDTEND:20260301T10000[Z\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB_YES),
	    EVENT(DAILY "EXDATE:20260302T090000Z\r\n" ANN BOB_YES),
	    "CANCEL bob", "DTEND:20260302T100000Z", NULL },
	{ "a day that nobody can read is taken out", EVENT(DAILY ANN BOB_YES),
	    EVENT(DAILY "EXDATE;VALUE=E:4052060~\r\n" ANN BOB_YES),
	    "", NULL, NULL },
	{ "a day with a clock is none of whole days",
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB_YES),
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n"
		  "EXDATE:20260302T000000Z\r\n" ANN BOB_YES), "", NULL, NULL },
	{ "a day of a type that nobody knows is one",
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB_YES),
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n"
		  "EXDATE;VALUE=E:20260302\r\n" ANN BOB_YES),
	    "CANCEL bob", "RECURRENCE-ID;VALUE=DATE:20260302", NULL },
	{ "a day of a zone is named as it was",
	    EVENT("DTSTART;TZID=Europe/Berlin:20260301T090000\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB_YES),
	    EVENT("DTSTART;TZID=Europe/Berlin:20260301T090000\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n"
		  "EXDATE;TZID=Europe/Berlin:2026,20260302T090000\r\n"
		  ANN BOB_YES),
	    "CANCEL bob",
	    "RECURRENCE-ID;TZID=Europe/Berlin:20260302T090000", NULL },
	{ "whole days that get a clock are another series",
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB_YES),
	    EVENT(DAILY "EXDATE:20260302T090000Z\r\n" ANN BOB_YES),
	    "REQUEST bob", NULL, NULL },
	{ "and another time changes", EVENT(DAILY ANN BOB_YES),
	    EVENT(DAILY "EXDATE:20260302T090000Z\r\nSUMMARY:b\r\n" ANN
		      BOB_YES),
	    "CANCEL bob; REQUEST bob", NULL, NULL },
	{ "two days in one line", EVENT(DAILY ANN BOB_YES),
	    EVENT(DAILY "EXDATE:20260302T090000Z,20260303T090000Z\r\n" ANN
		      BOB_YES),
	    "CANCEL bob", "RECURRENCE-ID:20260303T090000Z", NULL },
	{ "a day is moved", EVENT(DAILY ANN BOB_YES),
	    VCALENDAR(VEVENT(DAILY ANN BOB_YES)
		    VEVENT(SECOND_LATE ANN BOB_YES)),
	    "REQUEST bob", "!RRULE", "PARTSTAT=NEEDS-ACTION" },
	{ "a guest of one day", EVENT(DAILY ANN BOB_YES),
	    VCALENDAR(VEVENT(DAILY ANN BOB_YES)
		    VEVENT(SECOND ANN BOB_YES CAT)),
	    "quiet REQUEST bob; REQUEST cat", NULL, NULL },
	{ "and what he sees", VCALENDAR(VEVENT(DAILY ANN BOB_YES)),
	    VCALENDAR(VEVENT(DAILY ANN) VEVENT(SECOND ANN BOB_YES)),
	    "CANCEL bob; REQUEST bob", NULL, NULL },
	{ "who does not come on one day", EVENT(DAILY ANN BOB_YES CAT),
	    VCALENDAR(VEVENT(DAILY ANN BOB_YES CAT)
		    VEVENT(SECOND ANN BOB_YES)),
	    "CANCEL cat; quiet REQUEST bob; quiet REQUEST cat",
	    "RECURRENCE-ID:20260302T090000Z", NULL },
	{ "a guest of one day, uninvited",
	    VCALENDAR(VEVENT(DAILY ANN BOB) VEVENT(SECOND ANN BOB CAT)),
	    VCALENDAR(VEVENT(DAILY ANN BOB) VEVENT(SECOND ANN BOB)),
	    "CANCEL cat; quiet REQUEST bob", NULL, NULL },
	{ "his day is taken out",
	    VCALENDAR(VEVENT(DAILY ANN) VEVENT(SECOND ANN CAT)),
	    EVENT(DAILY "EXDATE:20260302T090000Z\r\n" ANN), "CANCEL cat",
	    NULL, NULL },
	{ "a day that was moved is as all others",
	    VCALENDAR(VEVENT(DAILY ANN BOB) VEVENT(SECOND_LATE ANN BOB)),
	    EVENT(DAILY ANN BOB), "REQUEST bob", "RRULE", NULL },
	{ "whole days", EVENT("DTSTART;VALUE=DATE:20260301\r\n"
			      "RRULE:FREQ=DAILY;COUNT=3\r\n" ANN BOB),
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=3\r\n"
		  "EXDATE;VALUE=DATE:20260302\r\n" ANN BOB),
	    "CANCEL bob", "RECURRENCE-ID;VALUE=DATE:20260302", NULL },
	{ "forced", EVENT(NINE ANN BOB),
	    EVENT(NINE ANN "ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST:mailto:"
			   "bob@example.org\r\n"),
	    "REQUEST bob", "!FORCE", "!FORCE" },
	{ "another organizer", EVENT(NINE ANN BOB),
	    EVENT(NINE "ORGANIZER:mailto:eve@example.org\r\n" BOB),
	    "refused", NULL, NULL },
	{ "no organizer any more", EVENT(NINE ANN BOB), EVENT(NINE),
	    "CANCEL bob", NULL, NULL },
};

static void
check_part(view text, const char *wanted, const char *what)
{
	bool no = wanted != NULL && wanted[0] == '!';

	if (wanted != NULL
	    && !ok(has(text, wanted + no) != no, "%s: %s", what, wanted))
		note("%.*s", (int)text.n, text.p);
}

static void
test_organizer(void)
{
	for (size_t i = 0; i < COUNT(organized); i++) {
		const struct organized *c = &organized[i];
		struct itip *old = read_text(c->old), *new = read_text(c->new);
		struct itip_people people;
		struct itip_outcome o;

		who(old, new, "ann@example.org", &people);
		ok(itip_organize(old, new, &people, NOW, &o).is == OK, "%s",
		    c->what);
		same(told(&o), view_of(c->told), c->what);
		if (o.first != NULL)
			check_part(o.first->text, c->first, c->what);
		check_part(o.text, c->stored, c->what);
		for (struct itip_message *m = o.first; m != NULL; m = m->next)
			(void)read_text(arena_text(arena, m->text));
	}
}

static const struct organized attended[] = {
	{ "a first copy, not answered", NULL, EVENT(NINE ANN BOB), "", NULL,
	    NULL },
	{ "a first copy, accepted", NULL, EVENT(NINE ANN BOB_YES),
	    "REPLY ann", "PARTSTAT=ACCEPTED", "SCHEDULE-STATUS=1.2" },
	{ "accepted", EVENT(NINE ANN BOB CAT), EVENT(NINE ANN BOB_YES CAT),
	    "REPLY ann", "!cat@", "PARTSTAT=ACCEPTED" },
	{ "an alarm", EVENT(NINE ANN BOB),
	    EVENT(NINE ANN BOB "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
			       "TRIGGER:-PT5M\r\nEND:VALARM\r\n"),
	    "", NULL, NULL },
	{ "another time", EVENT(NINE ANN BOB), EVENT(TEN ANN BOB), "refused",
	    NULL, NULL },
	{ "another title", EVENT(NINE ANN BOB "SUMMARY:a\r\n"),
	    EVENT(NINE ANN BOB "SUMMARY:b\r\n"), "refused", NULL, NULL },
	{ "one more guest", EVENT(NINE ANN BOB), EVENT(NINE ANN BOB CAT),
	    "refused", NULL, NULL },
	{ "oneself no longer", EVENT(NINE ANN BOB), EVENT(NINE ANN),
	    "refused", NULL, NULL },
	{ "another organizer", EVENT(NINE ANN BOB),
	    EVENT(NINE "ORGANIZER:mailto:eve@example.org\r\n" BOB),
	    "refused", NULL, NULL },
	{ "another rule", EVENT(DAILY ANN BOB), EVENT(NINE ANN BOB),
	    "refused", NULL, NULL },
	{ "what the client lost comes back",
	    EVENT(NINE ANN BOB "DESCRIPTION:long\r\n"),
	    EVENT(NINE ANN BOB_YES), "REPLY ann", NULL, "DESCRIPTION:long" },
	{ "what others said is theirs", EVENT(NINE ANN BOB CAT),
	    EVENT(NINE ANN BOB "ATTENDEE;PARTSTAT=DECLINED:mailto:"
			       "cat@example.net\r\n"),
	    "", NULL, "!DECLINED" },
	{ "not on the second day", EVENT(DAILY ANN BOB_YES),
	    VCALENDAR(VEVENT(DAILY ANN BOB_YES) VEVENT(SECOND ANN
		    "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org\r\n")),
	    "REPLY ann", "RECURRENCE-ID:20260302T090000Z", NULL },
	{ "a day that is none", EVENT(DAILY ANN BOB_YES),
	    VCALENDAR(VEVENT(DAILY ANN BOB_YES)
		    VEVENT("RECURRENCE-ID:20260402T090000Z\r\n"
			   "DTSTART:20260402T090000Z\r\n"
			   "DTEND:20260402T100000Z\r\n" ANN BOB)),
	    "refused", NULL, NULL },
	{ "a day is taken out", EVENT(DAILY ANN BOB_YES),
	    EVENT(DAILY "EXDATE:20260302T090000Z\r\n" ANN BOB_YES),
	    "REPLY ann", "PARTSTAT=DECLINED", NULL },
	{ "removed", EVENT(NINE ANN BOB_YES), NULL, "REPLY ann",
	    "PARTSTAT=DECLINED", NULL },
	{ "removed after it was declined",
	    EVENT(NINE ANN "ATTENDEE;PARTSTAT=DECLINED:mailto:"
			   "bob@example.org\r\n"),
	    NULL, "", NULL, NULL },
	{ "forced", EVENT(NINE ANN BOB_YES),
	    EVENT(NINE "ORGANIZER;SCHEDULE-FORCE-SEND=REPLY:mailto:"
		       "ann@example.org\r\n" BOB_YES),
	    "REPLY ann", "!FORCE", "!FORCE" },
};

static void
test_attendee(void)
{
	for (size_t i = 0; i < COUNT(attended); i++) {
		const struct organized *c = &attended[i];
		struct itip *old = read_text(c->old), *new = read_text(c->new);
		struct itip_people people;
		struct itip_outcome o;

		who(old, new, "bob@example.org", &people);
		ok(itip_attend(old, new, &people, NOW, &o).is == OK, "%s",
		    c->what);
		same(told(&o), view_of(c->told), c->what);
		if (o.first != NULL)
			check_part(o.first->text, c->first, c->what);
		check_part(o.text, c->stored, c->what);
	}
}

static const struct applied {
	const char *what, *self, *stored, *message;
	enum itip_effect effect;
	const char *has, *has_not;
} applied[] = {
	{ "an invitation", "bob@example.org", NULL, ASK(NINE ANN BOB),
	    ITIP_STORE, "mailto:bob", "METHOD" },
	{ "with somebody else's alarm", "bob@example.org", NULL,
	    ASK(NINE ANN BOB ALARM), ITIP_STORE, "mailto:bob", "VALARM" },
	{ "of somebody else", "bob@example.org", NULL, ASK(NINE ANN CAT),
	    ITIP_IGNORED, NULL, NULL },
	{ "from oneself", "ann@example.org", NULL, ASK(NINE ANN BOB),
	    ITIP_IGNORED, NULL, NULL },
	{ "a new title", "bob@example.org",
	    EVENT(NINE ANN BOB_YES ALARM "TRANSP:TRANSPARENT\r\n"),
	    ASK(NINE ANN BOB "SUMMARY:b\r\nSEQUENCE:1\r\n"), ITIP_STORE,
	    "PARTSTAT=ACCEPTED", NULL },
	{ "keeps the alarm", "bob@example.org", EVENT(NINE ANN BOB_YES ALARM),
	    ASK(NINE ANN BOB "SUMMARY:b\r\nSEQUENCE:1\r\n"), ITIP_STORE,
	    "VALARM", NULL },
	{ "a new time", "bob@example.org", EVENT(NINE ANN BOB_YES),
	    ASK(TEN ANN BOB "SEQUENCE:1\r\n"), ITIP_STORE, "NEEDS-ACTION",
	    "ACCEPTED" },
	{ "an old version", "bob@example.org",
	    EVENT(TEN ANN BOB "SEQUENCE:2\r\n"),
	    ASK(NINE ANN BOB "SEQUENCE:1\r\n"), ITIP_IGNORED, NULL, NULL },
	{ "a moment of a series of whole days", "bob@example.org",
	    EVENT("DTSTART;VALUE=DATE:20260301\r\n"
		  "RRULE:FREQ=DAILY;COUNT=5\r\n" ANN BOB),
	    ASK(SECOND_LATE ANN BOB "SEQUENCE:1\r\n"), ITIP_IGNORED, NULL,
	    NULL },
	{ "of another organizer", "bob@example.org", EVENT(NINE ANN BOB),
	    ASK(NINE "ORGANIZER:mailto:eve@example.org\r\n" BOB
		     "SEQUENCE:9\r\n"),
	    ITIP_IGNORED, NULL, NULL },
	{ "one day of many", "bob@example.org", EVENT(DAILY ANN BOB_YES),
	    ASK(SECOND_LATE ANN BOB "SEQUENCE:1\r\n"), ITIP_STORE,
	    "DTSTART:20260302T120000Z", NULL },
	{ "keeps the others", "bob@example.org", EVENT(DAILY ANN BOB_YES),
	    ASK(SECOND_LATE ANN BOB "SEQUENCE:1\r\n"), ITIP_STORE, "RRULE",
	    NULL },
	{ "one day alone", "bob@example.org", NULL,
	    ASK(SECOND ANN BOB), ITIP_STORE, "RECURRENCE-ID", NULL },
	{ "a day that one had taken out", "bob@example.org",
	    EVENT(DAILY "EXDATE:20260302T090000Z,20260303T090000Z\r\n" ANN
		      BOB_YES),
	    ASK(SECOND_LATE ANN BOB "SEQUENCE:1\r\n"), ITIP_STORE,
	    "EXDATE:20260303T090000Z", "EXDATE:20260302" },
	{ "all is called off", "bob@example.org", EVENT(NINE ANN BOB),
	    OFF(NINE ANN BOB "SEQUENCE:1\r\n"), ITIP_REMOVE, NULL, NULL },
	{ "by somebody else", "bob@example.org", EVENT(NINE ANN BOB),
	    OFF(NINE "ORGANIZER:mailto:eve@example.org\r\n" BOB
		     "SEQUENCE:1\r\n"),
	    ITIP_IGNORED, NULL, NULL },
	{ "for others", "bob@example.org", EVENT(NINE ANN BOB CAT),
	    OFF(NINE ANN CAT "SEQUENCE:1\r\n"), ITIP_IGNORED, NULL, NULL },
	{ "one day is called off", "bob@example.org", EVENT(DAILY ANN BOB),
	    OFF(SECOND ANN BOB "SEQUENCE:1\r\n"), ITIP_STORE,
	    "EXDATE:20260302T090000Z", NULL },
	{ "one that was moved", "bob@example.org",
	    VCALENDAR(VEVENT(DAILY ANN BOB) VEVENT(SECOND_LATE ANN BOB)),
	    OFF(SECOND_LATE ANN BOB "SEQUENCE:1\r\n"), ITIP_STORE,
	    "EXDATE:20260302T090000Z", "T120000Z" },
	{ "the only one", "bob@example.org", EVENT(SECOND ANN BOB),
	    OFF(SECOND ANN BOB "SEQUENCE:1\r\n"), ITIP_REMOVE, NULL, NULL },
	{ "an answer", "ann@example.org", EVENT(NINE ANN BOB CAT),
	    SAY(NINE ANN BOB_YES "REQUEST-STATUS:2.0;Success\r\n"),
	    ITIP_STORE, "PARTSTAT=ACCEPTED", NULL },
	{ "of somebody not asked", "ann@example.org", EVENT(NINE ANN CAT),
	    SAY(NINE ANN BOB_YES), ITIP_IGNORED, NULL, NULL },
	{ "to an old version", "ann@example.org",
	    EVENT(NINE ANN BOB "SEQUENCE:2\r\n"),
	    SAY(NINE ANN BOB_YES "SEQUENCE:1\r\n"), ITIP_IGNORED, NULL,
	    NULL },
	{ "overtaken by another", "ann@example.org",
	    EVENT(NINE ANN "ATTENDEE;" ITIP_REPLIED
			   "=20260201T000000Z:mailto:bob@example.org\r\n"),
	    SAY(NINE ANN BOB_YES), ITIP_IGNORED, NULL, NULL },
	{ "of one day", "ann@example.org", EVENT(DAILY ANN BOB),
	    SAY(SECOND ANN BOB_YES), ITIP_STORE,
	    "RECURRENCE-ID:20260302T090000Z", NULL },
	{ "of a day that is none", "ann@example.org", EVENT(DAILY ANN BOB),
	    SAY("RECURRENCE-ID:20270302T090000Z\r\n"
		"DTSTART:20270302T090000Z\r\n" ANN BOB_YES),
	    ITIP_IGNORED, NULL, NULL },
	{ "to what is not there", "ann@example.org", NULL,
	    SAY(NINE ANN BOB_YES), ITIP_IGNORED, NULL, NULL },
	{ "another method", "bob@example.org", NULL,
	    MESSAGE("PUBLISH", VEVENT(NINE ANN BOB)), ITIP_IGNORED, NULL,
	    NULL },
};

static void
test_apply(void)
{
	for (size_t i = 0; i < COUNT(applied); i++) {
		const struct applied *c = &applied[i];
		struct itip *stored = read_text(c->stored),
			    *message = read_text(c->message);
		struct itip_people people;
		struct itip_applied a;

		who(stored, message, c->self, &people);
		if (itip_apply(stored, message, &people, &a).is != OK)
			exit(1);
		if (!ok(a.effect == c->effect, "%s", c->what))
			note("%d %s", (int)a.effect, a.why);
		check_part(a.text, c->has, c->what);
		if (c->has_not != NULL)
			ok(!has(a.text, c->has_not), "%s: no %s", c->what,
			    c->has_not);
		if (a.effect == ITIP_STORE)
			(void)read_text(arena_text(arena, a.text));
	}
}

int
main(void)
{
	static void (*const tests[])(void) = { test_organizer, test_attendee,
		test_apply };

	for (size_t i = 0; i < COUNT(tests); i++) {
		arena = arena_new(256 * 1024 * 1024);
		tests[i]();
		ok(arena_result(arena).is == OK, "within the arena");
		arena_free(&arena);
	}
	return tap_done();
}
