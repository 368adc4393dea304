#include "mailcore/format/ical_days.h"

#include "mailcore/base/date.h"

static const int64_t first_of_time = -62135596800; /* year 1 */
static const int64_t end_of_time = 253402300799;   /* year 9999 */

static int64_t
floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return q - (a % b < 0);
}

static int
month_length(int year, int month)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return lengths[month - 1] + (month == 2 && leap);
}

static int64_t
week_of(const struct ical_days *r, int64_t day)
{
	/* Day 0 was a Thursday. */
	return floor_div(day + 4 - (int64_t)r->week_start, 7);
}

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
ical_days_begin(struct ical_days_walk *w, const struct ical_days *r,
    int64_t from, int64_t to)
{
	struct date d = date_of(r->start);

	*w = (struct ical_days_walk){ .rule = r, .left = ICAL_DAYS_MOST };
	w->last = earliest(earliest(r->until, to), end_of_time);
	w->first_day = floor_div(r->start, ICAL_DAY);
	w->first_week = week_of(r, w->first_day);
	w->first_month = (int64_t)d.year * 12 + d.month;
	if (from < r->start)
		from = r->start;
	if (from > end_of_time) {
		w->day = floor_div(end_of_time, ICAL_DAY) + 1;
		return;
	}
	w->day = floor_div(from, ICAL_DAY);
	/* Later on that day than DTSTART is: it is over. */
	if (from - w->day * ICAL_DAY
	    > r->start - w->first_day * (int64_t)ICAL_DAY)
		w->day++;
	d = date_of(w->day * ICAL_DAY);
	w->year = d.year;
	w->month = d.month;
	w->month_day = d.day;
	w->weekday = (unsigned)d.weekday;
	w->length = month_length(d.year, d.month);
}

/* To the next day, or the first of the next month. */
static void
step(struct ical_days_walk *w, bool month)
{
	int days = month ? w->length - w->month_day + 1 : 1;

	w->day += days;
	w->weekday = (w->weekday + (unsigned)days) % 7;
	w->month_day += days;
	if (w->month_day <= w->length)
		return;
	w->month_day = 1;
	if (++w->month > 12) {
		w->month = 1;
		w->year++;
	}
	w->length = month_length(w->year, w->month);
}

static bool
has_bit(uint32_t set, int bit)
{
	return (set >> bit & 1) != 0;
}

static bool
is_in_step(const struct ical_days_walk *w)
{
	const struct ical_days *r = w->rule;

	if (r->interval == 1)
		return true;
	switch (r->every) {
	case ICAL_EVERY_DAY:
		return (w->day - w->first_day) % r->interval == 0;
	case ICAL_EVERY_WEEK:
		return (week_of(r, w->day) - w->first_week) % r->interval == 0;
	case ICAL_EVERY_MONTH:
		return ((int64_t)w->year * 12 + w->month - w->first_month)
		    % r->interval
		    == 0;
	case ICAL_EVERY_YEAR:
	default:
		return (w->year - (w->first_month - 1) / 12) % r->interval == 0;
	}
}

static bool
is_chosen(const struct ical_days_walk *w)
{
	const struct ical_days *r = w->rule;
	int from_end = w->length - w->month_day;
	uint32_t nth = r->nth[w->weekday];

	if ((r->month_days | r->month_days_back) != 0
	    && !has_bit(r->month_days, w->month_day)
	    && !has_bit(r->month_days_back, from_end + 1))
		return false;
	return has_bit(r->weekdays, (int)w->weekday)
	    || has_bit(nth, (w->month_day - 1) / 7 + 1)
	    || has_bit(nth, from_end / 7 + 9);
}

bool
ical_days_next(struct ical_days_walk *w, int64_t *wall)
{
	const struct ical_days *r = w->rule;
	int64_t hour = r->start - w->first_day * ICAL_DAY;

	while (w->day * ICAL_DAY + hour <= w->last && w->left > 0) {
		bool month = r->months == 0 || has_bit(r->months, w->month);
		bool found = month && is_chosen(w) && is_in_step(w);

		w->left--;
		*wall = w->day * ICAL_DAY + hour;
		step(w, !month);
		if (found)
			return true;
	}
	return false;
}

/* From libical. */

static size_t
list_length(const short *list, size_t room)
{
	size_t n = 0;

	while (n < room && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

static bool
has_other_parts(const struct icalrecurrencetype *r)
{
	return r->rscale != NULL
	    || list_length(r->by_second, ICAL_BY_SECOND_SIZE) > 0
	    || list_length(r->by_minute, ICAL_BY_MINUTE_SIZE) > 0
	    || list_length(r->by_hour, ICAL_BY_HOUR_SIZE) > 0
	    || list_length(r->by_year_day, ICAL_BY_YEARDAY_SIZE) > 0
	    || list_length(r->by_week_no, ICAL_BY_WEEKNO_SIZE) > 0
	    || list_length(r->by_set_pos, ICAL_BY_SETPOS_SIZE) > 0;
}

static bool
take_months(const struct icalrecurrencetype *r, struct ical_days *out)
{
	size_t n = list_length(r->by_month, ICAL_BY_MONTH_SIZE);

	for (size_t i = 0; i < n; i++) {
		if (r->by_month[i] < 1 || r->by_month[i] > 12)
			return false;
		out->months |= 1U << r->by_month[i];
	}
	return true;
}

static bool
take_month_days(const struct icalrecurrencetype *r, struct ical_days *out)
{
	size_t n = list_length(r->by_month_day, ICAL_BY_MONTHDAY_SIZE);

	for (size_t i = 0; i < n; i++) {
		short d = r->by_month_day[i];

		if (d == 0 || d < -31 || d > 31)
			return false;
		if (d > 0)
			out->month_days |= 1U << d;
		else
			out->month_days_back |= 1U << -d;
	}
	return true;
}

static bool
take_weekdays(const struct icalrecurrencetype *r, struct ical_days *out)
{
	size_t n = list_length(r->by_day, ICAL_BY_DAY_SIZE);

	for (size_t i = 0; i < n; i++) {
		int at = icalrecurrencetype_day_position(r->by_day[i]);
		int day = (int)icalrecurrencetype_day_day_of_week(r->by_day[i])
		    - 1;

		if (day < 0 || day > 6 || at < -5 || at > 5)
			return false;
		/* The nth of a year, of a week, of a day in a list. */
		if (at != 0
		    && (out->every < ICAL_EVERY_MONTH
			|| (out->every == ICAL_EVERY_YEAR && out->months == 0)
			|| (out->month_days | out->month_days_back) != 0))
			return false;
		if (at == 0)
			out->weekdays |= 1U << day;
		else
			out->nth[day] |= 1U << (at > 0 ? at : 8 - at);
	}
	if (n == 0)
		out->weekdays = 127;
	return true;
}

/* What DTSTART says where the rule is silent (RFC 5545 3.3.10). */
static void
add_defaults(struct ical_days *out, bool any_weekday)
{
	struct date d = date_of(out->start);
	bool any_day = (out->month_days | out->month_days_back) == 0;

	if (!any_weekday)
		return;
	if (out->every == ICAL_EVERY_WEEK)
		out->weekdays = 1U << d.weekday;
	if (out->every >= ICAL_EVERY_MONTH && any_day)
		out->month_days = 1U << d.day;
	if (out->every == ICAL_EVERY_YEAR && any_day && out->months == 0)
		out->months = 1U << d.month;
}

static bool
take_count(int count, struct ical_days *out)
{
	struct ical_days_walk w;
	int64_t wall, last = out->start - 1;

	if (count <= 0)
		return true;
	ical_days_begin(&w, out, out->start, INT64_MAX);
	for (int i = 0; i < count && i < ICAL_STEPS; i++) {
		if (!ical_days_next(&w, &wall))
			break;
		last = wall;
	}
	out->until = last;
	return w.left > 0 && count <= ICAL_STEPS;
}

bool
ical_days_of(const struct icalrecurrencetype *r, int64_t start,
    struct ical_days *out)
{
	static const int every[] = {
		[ICAL_DAILY_RECURRENCE] = ICAL_EVERY_DAY,
		[ICAL_WEEKLY_RECURRENCE] = ICAL_EVERY_WEEK,
		[ICAL_MONTHLY_RECURRENCE] = ICAL_EVERY_MONTH,
		[ICAL_YEARLY_RECURRENCE] = ICAL_EVERY_YEAR,
	};
	bool any_weekday = list_length(r->by_day, ICAL_BY_DAY_SIZE) == 0;

	*out = (struct ical_days){ .start = start, .until = INT64_MAX };
	if (r->freq < ICAL_DAILY_RECURRENCE || r->freq > ICAL_YEARLY_RECURRENCE
	    || r->interval < 1 || r->week_start < ICAL_SUNDAY_WEEKDAY
	    || has_other_parts(r) || start < first_of_time
	    || start > end_of_time)
		return false;
	out->every = (enum ical_days_every)every[r->freq];
	out->interval = r->interval;
	out->week_start = (unsigned)(r->week_start - ICAL_SUNDAY_WEEKDAY);
	if (!take_months(r, out) || !take_month_days(r, out)
	    || !take_weekdays(r, out)
	    || (out->every == ICAL_EVERY_WEEK
		&& (out->month_days | out->month_days_back) != 0))
		return false;
	add_defaults(out, any_weekday);
	return take_count(r->count, out);
}
