/*
 * ical_days.h - the rules that choose days (RFC 5545 3.3.10): DAILY to
 * YEARLY, with BYMONTH, BYMONTHDAY and BYDAY, at the hour of DTSTART.  That is
 * nearly every rule there is; libical follows the others.
 *
 * Times here are wall clock: seconds since 1970 as if there were no zones.
 * Whether a day is chosen depends on that day alone, so a walk may begin
 * anywhere, and looks at ICAL_DAYS_MOST days at most.
 */
#ifndef FORMAT_ICAL_DAYS_H
#define FORMAT_ICAL_DAYS_H

#include "mailcore/format/ical_inside.h"

enum { ICAL_DAYS_MOST = 40000 };

enum ical_days_every {
	ICAL_EVERY_DAY,
	ICAL_EVERY_WEEK,
	ICAL_EVERY_MONTH,
	ICAL_EVERY_YEAR
};

struct ical_days {
	int64_t start;           /* DTSTART */
	int64_t until;           /* the last one at most; INT64_MAX: none */
	enum ical_days_every every;
	int64_t interval;
	unsigned week_start;     /* 0 Sunday */
	uint32_t months;         /* bits 1 to 12; 0: all */
	uint32_t month_days;     /* bits 1 to 31, from its begin */
	uint32_t month_days_back; /* bits 1 to 31, from its end */
	uint32_t weekdays;       /* bits 0 to 6, Sunday first */
	uint32_t nth[7];         /* of a weekday: bits 1 to 5 from the begin of
	                          * the month, 9 to 13 from its end */
};

/* false: it is none of these.  COUNT becomes `until`; UNTIL is left to the
 * caller, who knows the zone. */
bool ical_days_of(const struct icalrecurrencetype *, int64_t start,
    struct ical_days *out);

struct ical_days_walk {
	const struct ical_days *rule;
	int64_t day; /* since 1970 */
	int year, month, month_day, length;
	unsigned weekday;
	int64_t first_day, first_week, first_month;
	int64_t last;  /* nothing after it is asked for */
	unsigned left; /* days that may be looked at */
};

/* All from `from` to `to`. */
void ical_days_begin(struct ical_days_walk *, const struct ical_days *,
    int64_t from, int64_t to);

/* false: there is no more, or `left` is 0 and nobody knows. */
bool ical_days_next(struct ical_days_walk *, int64_t *wall);

#endif
