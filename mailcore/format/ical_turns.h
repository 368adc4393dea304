/*
 * ical_turns.h - what a VTIMEZONE says (RFC 5545 3.6.5), asked for one moment
 * at a time.
 *
 * libical writes a zone out over centuries before it answers the first
 * question, and every object brings a zone of its own.  Here a question costs
 * a few steps for each STANDARD and DAYLIGHT.  Where clocks go back the first
 * of two such times is meant, and one that clocks leave out goes by what was
 * before (RFC 5545 3.3.5).
 */
#ifndef FORMAT_ICAL_TURNS_H
#define FORMAT_ICAL_TURNS_H

#include "mailcore/format/ical_inside.h"
#include "mailcore/format/zone.h"

enum {
	ICAL_TURNS = 200, /* in a zone: Casablanca has 189 */
	ICAL_TURNS_YEARLY = 64, /* of them */
	ICAL_ANY_DAY = 7 /* instead of a weekday */
};

/* When clocks change, once or each year. */
struct ical_turn {
	int64_t first; /* wall clock, by the offset before */
	int64_t until; /* the last one, in UTC; INT64_MAX: none */
	int32_t from, to; /* offsets in seconds */
	bool yearly;
	int month;
	int day;          /* that day or the next `weekday`; below 1: so many
	                   * before the last of the month */
	unsigned weekday; /* 0 Sunday, or ICAL_ANY_DAY */
};

struct ical_turns {
	size_t count; /* 0: UTC */
	struct ical_turn list[ICAL_TURNS];
};

/* false: its rules are of another kind. */
bool ical_turns_of(const icaltimezone *, struct ical_turns *out);

/* The same for moments from `since` on: rules that ended before may be of any
 * kind, and take no room. */
bool ical_turns_since(
    const icaltimezone *, int64_t since, struct ical_turns *out);

/* The zone of this system that a VTIMEZONE stands for which tells nothing
 * itself: ical_read puts such ones where there are none.  NULL. */
const struct zone *ical_turns_named(const icaltimezone *);

/* The offset from UTC, in seconds, of a wall clock time. */
int64_t ical_turns_offset(const struct ical_turns *, int64_t wall);

/* The last change that is not after a moment. */
struct ical_change {
	int64_t at; /* in UTC; INT64_MIN: there is none */
	int32_t before, after; /* offsets in seconds */
};
struct ical_change ical_turns_change(
    const struct ical_turns *, int64_t moment);

/* Without the turns that no time from `wall` on goes by. */
void ical_turns_trim(struct ical_turns *, int64_t wall);

#endif
