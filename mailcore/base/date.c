#include "mailcore/base/date.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/scan.h"

#include <string.h>

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	"Fri", "Sat" };

enum { DAY = 86400, ERA_DAYS = 146097, EPOCH_DAYS = 719468 };

/* Days since 1970-01-01 of the proleptic Gregorian calendar; years are
 * counted from March, so that the leap day is the last of its year. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2)
		/ 5
	    + day - 1;

	return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4
	    - year_of_era / 100 + day_of_year - EPOCH_DAYS;
}

struct date
date_of(int64_t seconds)
{
	int64_t days = seconds / DAY, rest = seconds % DAY;
	int64_t z, era, doe, yoe, doy, mp;
	struct date d;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	z = days + EPOCH_DAYS;
	era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
	doe = z - era * ERA_DAYS;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	d.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	d.year = (int)(yoe + era * 400 + (d.month <= 2));
	d.hour = (int)(rest / 3600);
	d.minute = (int)(rest / 60 % 60);
	d.second = (int)(rest % 60);
	d.weekday = (int)(((days + 4) % 7 + 7) % 7);
	return d;
}

int64_t
date_seconds(const struct date *d)
{
	return days_of(d->year, d->month, d->day) * DAY + d->hour * 3600
	    + d->minute * 60 + d->second;
}

bool
date_is_valid(const struct date *d)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = d->year % 4 == 0
	    && (d->year % 100 != 0 || d->year % 400 == 0);

	if (d->year < 1 || d->year > 9999 || d->month < 1 || d->month > 12)
		return false;
	if (d->day < 1 || d->day > days[d->month - 1]
	    || (d->month == 2 && d->day == 29 && !leap))
		return false;
	return d->hour >= 0 && d->hour < 24 && d->minute >= 0 && d->minute < 60
	    && d->second >= 0 && d->second <= 60;
}

void
date_add_rfc5322(struct buf *b, int64_t seconds)
{
	struct date d = date_of(seconds);

	buf_print(b, "%s, %02d %s %04d %02d:%02d:%02d +0000",
	    weekdays[d.weekday], d.day, months[d.month - 1], d.year, d.hour,
	    d.minute, d.second);
}

/* Of 0 to 99; where to go on. */
static char *
put_two_digits(char *to, int n, char tens)
{
	*to++ = (char)(n < 10 ? tens : '0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

/* Without printf, and added at once: lists of thousands of messages have one
 * each. */
void
date_add_imap(struct buf *b, int64_t seconds)
{
	static const char form[] = "dd-Mon-yyyy hh:mm:ss +0000";
	struct date d = date_of(seconds);
	char text[sizeof form], *to = text;

	if (d.year < 0 || d.year > 9999) {
		buf_print(b, "%2d-%s-%04d %02d:%02d:%02d +0000", d.day,
		    months[d.month - 1], d.year, d.hour, d.minute, d.second);
		return;
	}
	memcpy(text, form, sizeof form);
	to = put_two_digits(to, d.day, ' ');
	memcpy(to + 1, months[d.month - 1], 3);
	to = put_two_digits(to + 5, d.year / 100, '0');
	to = put_two_digits(to, d.year % 100, '0');
	to = put_two_digits(to + 1, d.hour, '0');
	to = put_two_digits(to + 1, d.minute, '0');
	(void)put_two_digits(to + 1, d.second, '0');
	buf_add(b, (view){ text, sizeof form - 1 });
}

void
date_add_http(struct buf *b, int64_t seconds)
{
	struct date d = date_of(seconds);

	buf_print(b, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[d.weekday],
	    d.day, months[d.month - 1], d.year, d.hour, d.minute, d.second);
}

void
date_add_rfc3339(struct buf *b, int64_t seconds)
{
	struct date d = date_of(seconds);

	buf_print(b, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month, d.day,
	    d.hour, d.minute, d.second);
}

void
date_add_ical(struct buf *b, int64_t seconds)
{
	struct date d = date_of(seconds);

	buf_print(b, "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day,
	    d.hour, d.minute, d.second);
}

static int
scan_month(struct scan *s, const char *why)
{
	for (int i = 0; i < 12; i++)
		if (scan_try(s, view_of(months[i])))
			return i + 1;
	scan_fail(s, MALFORMED, why);
	return 1;
}

/* Exactly `n` digits. */
static int
scan_digits(struct scan *s, size_t n, const char *why)
{
	view digits = scan_bytes(s, n, why);
	uint64_t value = 0;

	if (scan_ok(s) && !view_number(digits, 9999, &value))
		scan_fail(s, MALFORMED, why);
	return (int)value;
}

/* "+hhmm" or "-hhmm", as seconds east of Greenwich. */
static int
scan_zone(struct scan *s, const char *why)
{
	int sign = scan_try_byte(s, '-') ? -1 : 1;
	int hours, minutes;

	if (sign == 1)
		scan_byte(s, '+', why);
	hours = scan_digits(s, 2, why);
	minutes = scan_digits(s, 2, why);
	return sign * (hours * 3600 + minutes * 60);
}

static result
finish(struct scan *s, const struct date *d, int zone, int64_t *out)
{
	int64_t moment;
	int year;

	TRY(scan_result(s));
	if (!date_is_valid(d))
		return fail(MALFORMED, "no such date");
	moment = date_seconds(d) - zone;
	year = date_of(moment).year;
	if (year < 1 || year > 9999)
		return fail(MALFORMED, "no such date");
	*out = moment;
	return done();
}

/* Folding white space and comments, without nesting beyond eight. */
static void
skip_space(struct scan *s)
{
	int depth = 0;

	while (scan_ok(s) && !scan_at_end(s)) {
		int c = scan_peek(s);

		if (c == '(' && depth < 8)
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !ascii_is_space((char)c))
			return;
		(void)scan_bytes(s, 1, "");
	}
}

/* The zone names of RFC 5322 4.3; unknown ones count as -0000. */
static int
zone_name(view name)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EDT", -4 }, { "EST", -5 }, { "CDT", -5 },
		{ "CST", -6 }, { "MDT", -6 }, { "MST", -7 }, { "PDT", -7 },
		{ "PST", -8 } };

	for (size_t i = 0; i < COUNT(zones); i++)
		if (view_same(name, view_of(zones[i].name)))
			return zones[i].hours * 3600;
	return 0;
}

/* Two- and three-digit years as RFC 5322 4.3 reads them. */
static int
whole_year(uint64_t year, size_t digits)
{
	if (digits == 2)
		return (int)(year < 50 ? year + 2000 : year + 1900);
	return (int)(digits == 3 ? year + 1900 : year);
}

static void
scan_clock(struct scan *s, struct date *d, const char *why)
{
	d->hour = (int)scan_number(s, 23, why);
	skip_space(s);
	scan_byte(s, ':', why);
	skip_space(s);
	d->minute = (int)scan_number(s, 59, why);
	skip_space(s);
	if (scan_try_byte(s, ':')) {
		skip_space(s);
		d->second = (int)scan_number(s, 60, why);
		skip_space(s);
	}
}

result
date_parse_rfc5322(view v, int64_t *out)
{
	static const char why[] = "RFC 5322 3.3: not a date-time";
	struct scan s = scan_over(v);
	struct date d = { 0 };
	int zone = 0;
	size_t before;

	skip_space(&s);
	if (scan_peek(&s) >= 0 && ascii_is_alpha((char)scan_peek(&s))) {
		(void)scan_while(&s, ascii_is_alpha);
		skip_space(&s);
		(void)scan_try_byte(&s, ',');
		skip_space(&s);
	}
	d.day = (int)scan_number(&s, 31, why);
	skip_space(&s);
	d.month = scan_month(&s, why);
	skip_space(&s);
	before = s.rest.n;
	d.year = (int)scan_number(&s, 9999, why);
	d.year = whole_year((uint64_t)d.year, before - s.rest.n);
	skip_space(&s);
	scan_clock(&s, &d, why);
	if (scan_peek(&s) == '+' || scan_peek(&s) == '-')
		zone = scan_zone(&s, why);
	else
		zone = zone_name(scan_while(&s, ascii_is_alpha));
	return finish(&s, &d, zone, out);
}

/* "hh:mm:ss" and no other form. */
static void
scan_exact_clock(struct scan *s, struct date *d, const char *why)
{
	d->hour = scan_digits(s, 2, why);
	scan_byte(s, ':', why);
	d->minute = scan_digits(s, 2, why);
	scan_byte(s, ':', why);
	d->second = scan_digits(s, 2, why);
}

result
date_parse_imap(view v, int64_t *out)
{
	static const char why[] = "RFC 9051: not a date-time";
	struct scan s = scan_over(v);
	struct date d = { 0 };
	int zone;

	d.day = scan_try_byte(&s, ' ') ? scan_digits(&s, 1, why)
				       : scan_digits(&s, 2, why);
	scan_byte(&s, '-', why);
	d.month = scan_month(&s, why);
	scan_byte(&s, '-', why);
	d.year = scan_digits(&s, 4, why);
	scan_byte(&s, ' ', why);
	scan_exact_clock(&s, &d, why);
	scan_byte(&s, ' ', why);
	zone = scan_zone(&s, why);
	scan_end(&s, why);
	return finish(&s, &d, zone, out);
}

result
date_parse_imap_day(view v, int64_t *out)
{
	static const char why[] = "RFC 9051: not a date";
	struct scan s = scan_over(v);
	struct date d = { 0 };

	d.day = (int)scan_number(&s, 31, why);
	scan_byte(&s, '-', why);
	d.month = scan_month(&s, why);
	scan_byte(&s, '-', why);
	d.year = scan_digits(&s, 4, why);
	scan_end(&s, why);
	return finish(&s, &d, 0, out);
}

/* "06 Nov 1994 08:49:37 GMT", "06-Nov-94 08:49:37 GMT" */
static void
scan_http_day(struct scan *s, char between, struct date *d, const char *why)
{
	d->day = scan_digits(s, 2, why);
	scan_byte(s, between, why);
	d->month = scan_month(s, why);
	scan_byte(s, between, why);
	if (between == ' ') {
		d->year = scan_digits(s, 4, why);
	} else {
		/* The century of two digits is that of POSIX. */
		d->year = scan_digits(s, 2, why);
		d->year += d->year < 69 ? 2000 : 1900;
	}
	scan_byte(s, ' ', why);
	scan_exact_clock(s, d, why);
	scan_word(s, VIEW(" GMT"), why);
}

/* "Nov  6 08:49:37 1994" */
static void
scan_asctime(struct scan *s, struct date *d, const char *why)
{
	d->month = scan_month(s, why);
	scan_byte(s, ' ', why);
	d->day = scan_digits(s, scan_try_byte(s, ' ') ? 1 : 2, why);
	scan_byte(s, ' ', why);
	scan_exact_clock(s, d, why);
	scan_byte(s, ' ', why);
	d->year = scan_digits(s, 4, why);
}

result
date_parse_http(view v, int64_t *out)
{
	static const char why[] = "RFC 9110 5.6.7: not a date";
	struct scan s = scan_over(v);
	struct date d = { 0 };
	size_t day = scan_while(&s, ascii_is_alpha).n;

	if (day > 3) {
		scan_word(&s, VIEW(", "), why);
		scan_http_day(&s, '-', &d, why);
	} else if (scan_try(&s, VIEW(", "))) {
		scan_http_day(&s, ' ', &d, why);
	} else {
		scan_byte(&s, ' ', why);
		scan_asctime(&s, &d, why);
	}
	scan_end(&s, why);
	if (day < 3)
		scan_fail(&s, MALFORMED, why);
	return finish(&s, &d, 0, out);
}

result
date_parse_ical_utc(view v, int64_t *out)
{
	static const char why[] = "RFC 5545 3.3.5: not a date-time in UTC";
	struct scan s = scan_over(v);
	struct date d = { 0 };

	d.year = scan_digits(&s, 4, why);
	d.month = scan_digits(&s, 2, why);
	d.day = scan_digits(&s, 2, why);
	scan_byte(&s, 'T', why);
	d.hour = scan_digits(&s, 2, why);
	d.minute = scan_digits(&s, 2, why);
	d.second = scan_digits(&s, 2, why);
	scan_byte(&s, 'Z', why);
	scan_end(&s, why);
	return finish(&s, &d, 0, out);
}
