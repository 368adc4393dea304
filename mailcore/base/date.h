/*
 * date.h - moments, as the protocols write them.  All are UTC seconds since
 * 1970 (int64_t); years 1 to 9999.  No locale, no time zone database.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "mailcore/base/buf.h"

struct date {
	int year;    /* 1 to 9999 */
	int month;   /* 1 to 12 */
	int day;     /* 1 to 31 */
	int hour;    /* 0 to 23 */
	int minute;  /* 0 to 59 */
	int second;  /* 0 to 60 */
	int weekday; /* 0 Sunday; only set by date_of */
};

struct date date_of(int64_t seconds);
int64_t date_seconds(const struct date *);

/* Right day for its month, right hour and so on. */
bool date_is_valid(const struct date *);

/* "Fri, 21 Nov 1997 09:55:06 +0000" (RFC 5322 3.3). */
void date_add_rfc5322(struct buf *, int64_t seconds);

/* Lenient reading of the same and its obsolete forms (RFC 5322 4.3). */
CHECKED result date_parse_rfc5322(view, int64_t *out);

/* "17-Jul-1996 02:44:25 +0000", day space-padded (RFC 9051 date-time,
 * without the quotes). */
void date_add_imap(struct buf *, int64_t seconds);
CHECKED result date_parse_imap(view, int64_t *out);

/* "1-Feb-1994" (RFC 9051 date, without quotes): midnight UTC of that day. */
CHECKED result date_parse_imap_day(view, int64_t *out);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). */
void date_add_http(struct buf *, int64_t seconds);

/* In any of its three forms. */
CHECKED result date_parse_http(view, int64_t *out);

/* "2003-12-13T18:30:02Z" (RFC 3339). */
void date_add_rfc3339(struct buf *, int64_t seconds);

/* "20031213T183002Z" (RFC 5545 3.3.5 form 2). */
void date_add_ical(struct buf *, int64_t seconds);
CHECKED result date_parse_ical_utc(view, int64_t *out);

#endif
