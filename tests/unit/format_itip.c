/* Who is told what when an event changes, and what becomes of it where the
 * message arrives. */
#include "mailcore/base/limits.h"
#include "mailcore/format/itip_apply.h"
#include "mailcore/format/itip_diff.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANN "ORGANIZER;CN=Ann:mailto:Ann@example.org\r\n"
#define ANN_COMES \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org\r\n"
#define BOB "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org\r\n"
#define BOB_YES "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\r\n"
#define CAT "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:cat@example.net\r\n"
#define NINE "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\n"
#define TEN "DTSTART:20260301T100000Z\r\nDTEND:20260301T110000Z\r\n"
#define DAILY NINE "RRULE:FREQ=DAILY;COUNT=5\r\n"
#define SECOND \
	"RECURRENCE-ID:20260302T090000Z\r\nDTSTART:20260302T090000Z\r\n" \
	"DTEND:20260302T100000Z\r\n"
#define SECOND_LATE \
	"RECURRENCE-ID:20260302T090000Z\r\nDTSTART:20260302T120000Z\r\n" \
	"DTEND:20260302T130000Z\r\n"
#define VEVENT(inside) \
	"BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n" inside \
	"END:VEVENT\r\n"
#define VCALENDAR(inside) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" inside \
	"END:VCALENDAR\r\n"
#define EVENT(inside) VCALENDAR(VEVENT(inside))

enum { NOW = 1767225600 };

static struct arena *arena;

static struct itip *
read_text(const char *text)
{
	struct itip *i;

	if (text == NULL)
		return NULL;
	if (itip_read(view_of(text), arena, &i).is != OK) {
		printf("Bail out! cannot read %s\n", text);
		exit(1);
	}
	return i;
}

static void
who(const struct itip *a, const struct itip *b, const char *self,
    struct itip_people *people)
{
	if (itip_people_of(a, b, arena, people).is != OK)
		exit(1);
	for (size_t i = 0; i < people->count; i++) {
		struct itip_person *p = &people->list[i];

		p->self = view_eq(p->address, view_of(self));
		p->status = view_ends(p->address, VIEW("example.org"))
		    ? VIEW("1.2") : VIEW("1.1");
	}
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

#define MESSAGE(method, inside) VCALENDAR("METHOD:" method "\r\n" inside)
#define ASK(inside) MESSAGE("REQUEST", VEVENT(inside))
#define OFF(inside) MESSAGE("CANCEL", VEVENT(inside))
#define SAY(inside) MESSAGE("REPLY", VEVENT(inside))
#define ALARM \
	"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\n" \
	"END:VALARM\r\n"

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

int
main(void)
{
	static void (*const tests[])(void) = { test_organizer, test_attendee,
		test_apply, test_zones, test_addresses, test_speaking,
		test_stable, test_limits };

	for (size_t i = 0; i < COUNT(tests); i++) {
		arena = arena_new(256 * 1024 * 1024);
		tests[i]();
		ok(arena_result(arena).is == OK, "within the arena");
		arena_free(&arena);
	}
	return tap_done();
}
