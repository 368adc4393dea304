/*
 * zone_rule.h - the TZ string of POSIX, as RFC 9636 3.3.1 has it at the end of
 * a file: how clocks change each year from then on.
 */
#ifndef FORMAT_ZONE_RULE_H
#define FORMAT_ZONE_RULE_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

enum {
	ZONE_FIRST_YEAR = 1,
	ZONE_LAST_YEAR = 9999, /* asked for others, these two answer */
	ZONE_ANY_DAY = 7       /* instead of a weekday */
};

/* What clocks show for a time. */
struct zone_type {
	int32_t offset; /* seconds east */
	bool summer;    /* "daylight saving"; may be behind, as in Dublin */
	view name;      /* "CEST" */
};

enum zone_day {
	ZONE_OF_MONTH, /* Mm.w.d */
	ZONE_OF_365,   /* Jn: 29 February is not counted */
	ZONE_OF_YEAR   /* n: from 0 */
};

struct zone_date {
	enum zone_day kind;
	int month, week; /* week 5: the last one */
	int day;         /* of the week, 0 Sunday, or of the year */
	int32_t time;    /* seconds after midnight; days before and behind */
};

struct zone_rule {
	bool any;     /* there is a rule */
	bool changes; /* there is more than `standard` */
	struct zone_type standard, summer;
	struct zone_date begin, end; /* of summer */
};

/* Names are views of the text.  MALFORMED, OVER_LIMIT. */
CHECKED result zone_rule_read(view text, struct zone_rule *out);

/* A change in the year, of a rule that changes: to summer, or from it.  In
 * UTC. */
int64_t zone_rule_turn(const struct zone_rule *, bool to_summer, int year);

/* A day of each year, as iCalendar names it. */
struct zone_shape {
	int month;
	int day;          /* that day or the next `weekday`; below 1: so many
	                   * before the last of the month */
	unsigned weekday; /* 0 Sunday, or ZONE_ANY_DAY */
	int32_t time;     /* seconds after midnight, below a day */
};

/* false: it is on days that no one RRULE names. */
bool zone_shape_of(const struct zone_date *, struct zone_shape *out);

/* When it is in a year, by the wall clock. */
int64_t zone_shape_wall(const struct zone_shape *, int year);

int zone_month_length(int year, int month);

#endif
