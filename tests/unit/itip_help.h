/*
 * itip_help.h - events and messages of Ann, who invites, Bob and Cat.
 */
#ifndef TESTS_ITIP_HELP_H
#define TESTS_ITIP_HELP_H

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

static inline struct itip *
itip_of(const char *text, struct arena *arena)
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

static inline void
itip_who(const struct itip *a, const struct itip *b, const char *self,
    struct arena *arena, struct itip_people *people)
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

#define MESSAGE(method, inside) VCALENDAR("METHOD:" method "\r\n" inside)
#define ASK(inside) MESSAGE("REQUEST", VEVENT(inside))
#define OFF(inside) MESSAGE("CANCEL", VEVENT(inside))
#define SAY(inside) MESSAGE("REPLY", VEVENT(inside))
#define ALARM \
	"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\n" \
	"END:VALARM\r\n"

#endif
