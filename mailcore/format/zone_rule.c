#include "mailcore/format/zone_rule.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

enum {
	DAY = 86400,
	OFFSET_HOURS = 24, /* POSIX 8.3 */
	TIME_HOURS = 167   /* RFC 9636 3.3.1 */
};

static const char why_date[] = "RFC 9636 3.3.1: a date of a rule";

static bool
is_quoted(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-';
}

static view
read_name(struct scan *s)
{
	static const char why[] = "RFC 9636 3.3.1: a name of a rule";
	view name;

	if (!scan_try_byte(s, '<'))
		return scan_run(s, ascii_is_alpha, LIMIT_ZONE_LABEL, why);
	name = scan_run(s, is_quoted, LIMIT_ZONE_LABEL, why);
	scan_byte(s, '>', why);
	return name;
}

static int32_t
read_hours(struct scan *s, uint64_t most)
{
	static const char why[] = "RFC 9636 3.3.1: hours of a rule";
	bool minus = scan_try_byte(s, '-');
	uint64_t n;

	if (!minus)
		(void)scan_try_byte(s, '+');
	n = 3600 * scan_number(s, most, why);
	if (scan_try_byte(s, ':')) {
		n += 60 * scan_number(s, 59, why);
		if (scan_try_byte(s, ':'))
			n += scan_number(s, 59, why);
	}
	if (!scan_ok(s))
		return 0;
	return minus ? -(int32_t)n : (int32_t)n;
}

static int
read_number(struct scan *s, uint64_t least, uint64_t most)
{
	uint64_t n = scan_number(s, most, why_date);

	if (n < least)
		scan_fail(s, MALFORMED, why_date);
	return scan_ok(s) ? (int)n : 0;
}

static struct zone_date
read_date(struct scan *s)
{
	struct zone_date d = { .kind = ZONE_OF_YEAR };

	scan_byte(s, ',', why_date);
	if (scan_try_byte(s, 'M')) {
		d.kind = ZONE_OF_MONTH;
		d.month = read_number(s, 1, 12);
		scan_byte(s, '.', why_date);
		d.week = read_number(s, 1, 5);
		scan_byte(s, '.', why_date);
		d.day = read_number(s, 0, 6);
	} else if (scan_try_byte(s, 'J')) {
		d.kind = ZONE_OF_365;
		d.day = read_number(s, 1, 365);
	} else {
		d.day = read_number(s, 0, 365);
	}
	d.time = scan_try_byte(s, '/') ? read_hours(s, TIME_HOURS) : 2 * 3600;
	return d;
}

result
zone_rule_read(view text, struct zone_rule *out)
{
	struct scan s = scan_over(text);

	*out = (struct zone_rule){ .any = true };
	out->standard.name = read_name(&s);
	out->standard.offset = -read_hours(&s, OFFSET_HOURS);
	if (scan_ok(&s) && !scan_at_end(&s)) {
		out->changes = true;
		out->summer.summer = true;
		out->summer.name = read_name(&s);
		out->summer.offset = scan_peek(&s) == ','
		    ? out->standard.offset + 3600
		    : -read_hours(&s, OFFSET_HOURS);
		out->begin = read_date(&s);
		out->end = read_date(&s);
	}
	scan_end(&s, "RFC 9636 3.3.1: more than a rule");
	if (!scan_ok(&s))
		*out = (struct zone_rule){ .any = false };
	return scan_result(&s);
}

int
zone_month_length(int year, int month)
{
	struct date d = { .year = year, .month = month, .day = 31 };

	while (!date_is_valid(&d))
		d.day--;
	return d.day;
}

static int
limited(int year)
{
	if (year < ZONE_FIRST_YEAR)
		return ZONE_FIRST_YEAR;
	return year > ZONE_LAST_YEAR ? ZONE_LAST_YEAR : year;
}

/* Midnight of a day, by the wall clock. */
static int64_t
midnight(int year, int month, int day)
{
	struct date d = { .year = year, .month = month, .day = 1 };

	return date_seconds(&d) + (int64_t)(day - 1) * DAY;
}

static int64_t
date_wall(const struct zone_date *d, int year)
{
	struct zone_shape s = { .month = d->month, .day = 7 * d->week - 6,
		.weekday = (unsigned)d->day, .time = 0 };
	int skipped;

	if (d->kind == ZONE_OF_MONTH) {
		if (d->week == 5)
			s.day = -6;
		return zone_shape_wall(&s, year) + d->time;
	}
	skipped = d->kind == ZONE_OF_365 && d->day >= 60
	    && zone_month_length(year, 2) == 29;
	return midnight(year, 1, d->day + (d->kind == ZONE_OF_YEAR) + skipped)
	    + d->time;
}

int64_t
zone_rule_turn(const struct zone_rule *r, bool to_summer, int year)
{
	year = limited(year);
	return to_summer ? date_wall(&r->begin, year) - r->standard.offset
			 : date_wall(&r->end, year) - r->summer.offset;
}

int64_t
zone_shape_wall(const struct zone_shape *s, int year)
{
	int length = zone_month_length(limited(year), s->month);
	int day = s->day > 0 ? s->day : length + s->day;
	int64_t at = midnight(
	    limited(year), s->month, day > length ? length : day);

	if (s->weekday != ZONE_ANY_DAY)
		at += ((int)s->weekday + 7 - date_of(at).weekday) % 7
		    * (int64_t)DAY;
	return at + s->time;
}

/* Hours past midnight, or before it, are those of another day. */
static bool
month_shape(const struct zone_date *d, int shift, struct zone_shape *out)
{
	/* February's end moves. */
	int length = d->month == 2 ? 28 : zone_month_length(1970, d->month);

	out->month = d->month;
	out->weekday = (unsigned)((d->day + shift + 35) % 7);
	if (d->week == 5 && shift == 0) {
		out->day = -6;
		return true;
	}
	if (d->week == 5 && d->month == 2)
		return false;
	out->day = (d->week == 5 ? length - 6 : 7 * d->week - 6) + shift;
	return out->day > 0 && out->day + 6 <= length;
}

bool
zone_shape_of(const struct zone_date *d, struct zone_shape *out)
{
	int shift = (d->time + 14 * DAY) / DAY - 14;
	int day = d->day;

	out->time = d->time - shift * DAY;
	if (d->kind == ZONE_OF_MONTH)
		return month_shape(d, shift, out);
	if (d->kind == ZONE_OF_YEAR || shift != 0)
		return false;
	out->weekday = ZONE_ANY_DAY;
	for (out->month = 1; day > zone_month_length(1970, out->month);
	     out->month++)
		day -= zone_month_length(1970, out->month);
	out->day = day;
	return true;
}
