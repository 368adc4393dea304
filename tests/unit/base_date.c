/* date.h: there and back, and what real mail writes. */
#include "mailcore/base/date.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static void
test_calendar(void)
{
	struct date d;
	int wrong = 0;

	/* Every 11th hour and a bit from year 1 to 9999. */
	for (int64_t t = -62135596800; t < 253402300800; t += 40000003) {
		d = date_of(t);
		wrong += !date_is_valid(&d) || date_seconds(&d) != t;
	}
	is_number(wrong, 0, "every moment of years 1 to 9999 comes back");
	d = date_of(951782400);
	ok(d.year == 2000 && d.month == 2 && d.day == 29 && d.weekday == 2,
	    "29 February 2000 was a Tuesday");
	d.year = 1900;
	ok(!date_is_valid(&d), "1900 had no 29 February");
}

static void
test_rfc5322(void)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: malformed */
	} cases[] = {
		{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706 },
		{ "21 Nov 97 09:55:06 GMT", 880106106 },
		{ "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
		    880127706 },
		{ " Thu,\r\n 13\tFeb 1969 23:32 -0330 (Newfoundland Time)",
		    -27723480 },
		{ "Tue, 1 Jul 2003 10:52 EST", 1057074720 },
		{ "1 Jan 2025 00:00:00 +0000", 1735689600 },
		{ "1 Jan 125 00:00:00 +0000", 1735689600 },
		{ "31 Feb 2025 00:00:00 +0000", -1 },
		{ "1 Foo 2025 00:00:00 +0000", -1 },
		{ "1 Jan 2025", -1 },
		{ "1 Jan 2025 25:00:00 +0000", -1 },
		{ "((((((((((((", -1 },
		{ "", -1 },
	};
	struct buf b = buf_new(64);

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t t = -1;
		result r = date_parse_rfc5322(view_of(cases[i].text), &t);

		ok((r.is == OK) == (cases[i].seconds != -1)
			&& (r.is != OK || t == cases[i].seconds),
		    "'%s' (%lld)", cases[i].text, (long long)t);
	}
	date_add_rfc5322(&b, 880127706);
	same(buf_view(&b), VIEW("Fri, 21 Nov 1997 15:55:06 +0000"), "written");
	buf_free(&b);
}

static void
test_protocols(void)
{
	int64_t t = 0;

	ok(date_parse_imap(VIEW(" 7-Jul-1996 02:44:25 -0700"), &t).is == OK,
	    "IMAP date-time");
	is_number(t, 836732665, "with its zone");
	ok(date_parse_imap(VIEW("7-Jul-1996 02:44:25 -0700"), &t).is
		== MALFORMED,
	    "the day has two places");
	ok(date_parse_imap_day(VIEW("1-Feb-1994"), &t).is == OK, "IMAP date");
	is_number(t, 760060800, "midnight");
	ok(date_parse_http(VIEW("Sun, 06 Nov 1994 08:49:37 GMT"), &t).is == OK,
	    "HTTP date");
	is_number(t, 784111777, "right");
	t = 0;
	ok(date_parse_http(VIEW("Sunday, 06-Nov-94 08:49:37 GMT"), &t).is
		== OK && t == 784111777,
	    "as RFC 850 had it");
	t = 0;
	ok(date_parse_http(VIEW("Sun Nov  6 08:49:37 1994"), &t).is == OK
	    && t == 784111777, "as asctime has it");
	ok(date_parse_http(VIEW("Sun Nov 16 08:49:37 1994"), &t).is == OK
	    && t == 784975777, "a day of two digits");
	ok(date_parse_http(VIEW("Friday, 06-Nov-26 08:49:37 GMT"), &t).is
		== OK && t == 1793954977,
	    "a year of this century");
	ok(date_parse_http(VIEW("Sun, 06-Nov-94 08:49:37 GMT"), &t).is
		== MALFORMED,
	    "no mixture of two");
	ok(date_parse_http(VIEW("Su, 06 Nov 1994 08:49:37 GMT"), &t).is
		== MALFORMED,
	    "no day of two letters");
	ok(date_parse_ical_utc(VIEW("19970714T173000Z"), &t).is == OK,
	    "iCalendar date-time");
	is_number(t, 868901400, "right");
	ok(date_parse_ical_utc(VIEW("19970714T173000"), &t).is == MALFORMED,
	    "floating is not UTC");
}

/* Zones and leap seconds lead out of them, to where no protocol has a way to
 * write the year. */
static void
test_ends(void)
{
	static const struct {
		const char *text;
		enum status is;
	} cases[] = {
		{ "31-Dec-9999 23:59:59 +0000", OK },
		{ "31-Dec-9999 22:59:59 -0100", OK },
		{ "31-Dec-9999 23:00:00 -0100", MALFORMED },
		{ "31-Dec-9999 23:59:60 +0000", MALFORMED },
		{ "01-Jan-0001 00:00:00 +0000", OK },
		{ "01-Jan-0001 00:59:59 +0100", MALFORMED },
		{ "01-Jan-0001 01:00:00 +0100", OK },
	};
	struct buf b = buf_new(64);

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t t = 0;
		result r = date_parse_imap(view_of(cases[i].text), &t);

		is_number(r.is, cases[i].is, cases[i].text);
		if (r.is != OK)
			continue;
		buf_reset(&b);
		date_add_imap(&b, t);
		is_number((int64_t)b.n, sizeof "17-Jul-1996 02:44:25 +0000" - 1,
		    "written as long as any");
	}
	ok(date_parse_rfc5322(VIEW("31 Dec 9999 23:00 -0100"), &(int64_t){ 0 })
	            .is == MALFORMED, "in mail, too");
	buf_free(&b);
}

static void
test_written(void)
{
	static const struct {
		void (*add)(struct buf *, int64_t);
		const char *text;
	} forms[] = {
		{ date_add_imap, "17-Jul-1996 02:44:25 +0000" },
		{ date_add_http, "Wed, 17 Jul 1996 02:44:25 GMT" },
		{ date_add_rfc3339, "1996-07-17T02:44:25Z" },
		{ date_add_ical, "19960717T024425Z" },
	};
	struct buf b = buf_new(64);

	for (size_t i = 0; i < COUNT(forms); i++) {
		buf_reset(&b);
		forms[i].add(&b, 837571465);
		same(buf_view(&b), view_of(forms[i].text), forms[i].text);
	}
	buf_free(&b);
}

/* Every prefix of good dates, each in a block of exactly its size. */
static void
test_every_prefix(void)
{
	static const char text[] = "Fri, 21 Nov 1997 09:55:06 -0600";
	static const struct {
		result (*parse)(view, int64_t *);
		const char *text;
		int whole; /* prefixes that are dates by themselves */
	} cases[] = {
		{ date_parse_rfc5322, text, 6 },
		{ date_parse_imap, "17-Jul-1996 02:44:25 -0700", 1 },
		{ date_parse_http, "Sun, 06 Nov 1994 08:49:37 GMT", 1 },
		{ date_parse_ical_utc, "19970714T173000Z", 1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int good = 0;

		for (size_t n = 0; n <= strlen(cases[i].text); n++) {
			char *exact = malloc(n + 1);
			int64_t t;

			if (exact == NULL)
				abort();
			memcpy(exact, cases[i].text, n);
			exact = realloc(exact, n == 0 ? 1 : n);
			if (exact == NULL)
				abort();
			good += cases[i].parse((view){ exact, n }, &t).is == OK;
			free(exact);
		}
		is_number(good, cases[i].whole, cases[i].text);
	}
}

int
main(void)
{
	test_calendar();
	test_rfc5322();
	test_protocols();
	test_ends();
	test_written();
	test_every_prefix();
	return tap_done();
}
