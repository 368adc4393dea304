#include "mailcore/format/ical_inside.h"

#include "mailcore/base/date.h"
#include "mailcore/format/ical_turns.h"

enum { CALENDARS = 28, FAR_YEAR = 2100, LAST_YEAR = 9999 };

int64_t
ical_wall(struct icaltimetype t)
{
	struct date d = {
		.year = t.year < 1  ? 1
		    : t.year > 9999 ? 9999
				    : t.year,
		.month = t.month,
		.day = t.day,
		.hour = t.is_date ? 0 : t.hour,
		.minute = t.is_date ? 0 : t.minute,
		.second = t.is_date ? 0 : t.second,
	};

	return date_is_valid(&d) ? date_seconds(&d) : 0;
}

/* The days from its first one to the first of the next, and what day of the
 * week it begins with, say all of a year's calendar. */
static int
calendar_of(int year)
{
	struct date first = { .year = year, .month = 1, .day = 1 };
	struct date next = { .year = year + 1, .month = 1, .day = 1 };
	int64_t days = date_seconds(&first) / ICAL_DAY;
	int64_t length = date_seconds(&next) / ICAL_DAY - days;

	return (int)(length * 7 + days % 7);
}

/* libical follows a zone from its beginning to the year that it is asked for,
 * and beyond 2582 each time anew.  28 years have all calendars that there
 * are, so one of them stands for any year that is far away. */
static int
near_year(int year)
{
	int near = FAR_YEAR - CALENDARS;

	if (year < FAR_YEAR || year >= LAST_YEAR)
		return year < FAR_YEAR ? year : near;
	while (near < FAR_YEAR && calendar_of(near) != calendar_of(year))
		near++;
	return near;
}

static int64_t
offset_of(struct icaltimetype t, int64_t wall)
{
	union {
		const icaltimezone *in;
		icaltimezone *out; /* libical's cache of changes */
	} zone = { .in = t.zone };
	const struct zone *named = ical_turns_named(t.zone);
	struct ical_turns own;

	if (named != NULL)
		return zone_offset(named, wall);
	if (!ical_turns_of(t.zone, &own)) {
		t.year = near_year(t.year);
		return icaltimezone_get_utc_offset(zone.out, &t, NULL);
	}
	return ical_turns_offset(&own, wall);
}

int64_t
ical_seconds(struct icaltimetype t)
{
	int64_t wall = ical_wall(t);

	if (t.is_date || t.zone == NULL || icaltime_is_utc(t))
		return wall;
	return wall - offset_of(t, wall);
}

struct icaltimetype
ical_property_time(icalcomponent *c, icalproperty_kind kind)
{
	icalproperty *p = icalcomponent_get_first_property(c, kind);

	return p == NULL ? icaltime_null_time()
			 : icalproperty_get_datetime_with_component(p, c);
}

bool
ical_is_override(icalcomponent *c)
{
	return icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY)
	    != NULL;
}

bool
ical_is_ranged(icalcomponent *c)
{
	icalproperty *p = icalcomponent_get_first_property(
	    c, ICAL_RECURRENCEID_PROPERTY);
	icalparameter *range = p == NULL
	    ? NULL
	    : icalproperty_get_first_parameter(p, ICAL_RANGE_PARAMETER);

	return range != NULL
	    && icalparameter_get_range(range) == ICAL_RANGE_THISANDFUTURE;
}

bool
ical_is_single(icalcomponent *c)
{
	return ical_is_override(c) && !ical_is_ranged(c);
}

/* Of the same event?  AVAILABLEs of several may lie in one component. */
static bool
is_kin(icalcomponent *a, icalcomponent *b)
{
	const char *x = icalcomponent_get_uid(a), *y = icalcomponent_get_uid(b);

	return icalcomponent_isa(a) == icalcomponent_isa(b)
	    && view_eq(view_of(x), view_of(y));
}

/* An iterator of its own: callers may be in the middle of one. */
icalcomponent *
ical_master_of(icalcomponent *c, int64_t from, int64_t *next)
{
	icalcomponent *parent = icalcomponent_get_parent(c), *found = NULL;
	icalcomponent *other;
	icalcompiter i;
	int64_t t;

	*next = INT64_MAX;
	if (parent == NULL)
		return ical_is_override(c) ? NULL : c;
	i = icalcomponent_begin_component(parent, ICAL_ANY_COMPONENT);
	while ((other = icalcompiter_deref(&i)) != NULL) {
		(void)icalcompiter_next(&i);
		if (other != c && !is_kin(other, c))
			continue;
		if (!ical_is_override(other))
			found = found == NULL ? other : found;
		else if (ical_is_ranged(other)
		    && ical_moment(
			other, ICAL_RECURRENCEID_PROPERTY, &t, NULL)
		    && t > from && t < *next)
			*next = t;
	}
	return found;
}

bool
ical_moment(
    icalcomponent *c, icalproperty_kind kind, int64_t *out, bool *floating)
{
	struct icaltimetype t = ical_property_time(c, kind);

	if (icaltime_is_null_time(t))
		return false;
	*out = ical_seconds(t);
	if (floating != NULL)
		*floating = t.is_date || t.zone == NULL;
	return true;
}

/* false: no DURATION.  A century is the most that is believed. */
static bool
duration_of(icalcomponent *c, int64_t *out)
{
	icalproperty *p = icalcomponent_get_first_property(
	    c, ICAL_DURATION_PROPERTY);
	struct icaldurationtype d;
	int64_t n;

	if (p == NULL)
		return false;
	d = icalproperty_get_duration(p);
	n = ((int64_t)d.weeks * 7 + (int64_t)d.days) * ICAL_DAY
	    + (int64_t)d.hours * 3600 + (int64_t)d.minutes * 60
	    + (int64_t)d.seconds;
	if (d.is_neg || n < 0)
		n = 0;
	*out = n > (int64_t)36525 * ICAL_DAY ? (int64_t)36525 * ICAL_DAY : n;
	return true;
}

static bool
is_date(icalcomponent *c)
{
	return ical_property_time(c, ICAL_DTSTART_PROPERTY).is_date != 0;
}

bool
ical_event_time(icalcomponent *c, int64_t *begin, int64_t *length)
{
	int64_t end;

	if (!ical_moment(c, ICAL_DTSTART_PROPERTY, begin, NULL))
		return false;
	if (ical_moment(c, ICAL_DTEND_PROPERTY, &end, NULL))
		*length = end - *begin;
	else if (!duration_of(c, length))
		*length = is_date(c) ? ICAL_DAY : 0;
	return true;
}

/* RFC 4791 9.9, the table for VEVENT. */
static bool
event_overlaps(icalcomponent *c, const struct ical_range *r)
{
	int64_t begin, length;

	if (!ical_event_time(c, &begin, &length))
		return false;
	if (length <= 0)
		return r->from <= begin && r->to > begin;
	return r->from < begin + length && r->to > begin;
}

static bool
undated_todo_overlaps(icalcomponent *c, const struct ical_range *r)
{
	int64_t completed, created;
	bool is_completed = ical_moment(
	    c, ICAL_COMPLETED_PROPERTY, &completed, NULL);
	bool is_created = ical_moment(c, ICAL_CREATED_PROPERTY, &created, NULL);

	if (is_completed && is_created)
		return (r->from <= created || r->from <= completed)
		    && (r->to >= created || r->to >= completed);
	if (is_completed)
		return r->from <= completed && r->to >= completed;
	return !is_created || r->to > created;
}

static bool
todo_overlaps(icalcomponent *c, const struct ical_range *r)
{
	int64_t from, due, n;
	bool starts = ical_moment(c, ICAL_DTSTART_PROPERTY, &from, NULL);
	bool ends = ical_moment(c, ICAL_DUE_PROPERTY, &due, NULL);

	if (starts && ends)
		return (r->from < due || r->from <= from)
		    && (r->to > from || r->to >= due);
	if (starts && duration_of(c, &n))
		return r->from <= from + n
		    && (r->to > from || r->to >= from + n);
	if (starts)
		return r->from <= from && r->to > from;
	if (ends)
		return r->from < due && r->to >= due;
	return undated_todo_overlaps(c, r);
}

static bool
journal_overlaps(icalcomponent *c, const struct ical_range *r)
{
	int64_t from;

	if (!ical_moment(c, ICAL_DTSTART_PROPERTY, &from, NULL))
		return false;
	if (is_date(c))
		return r->from < from + ICAL_DAY && r->to > from;
	return r->from <= from && r->to > from;
}

bool
ical_overlaps(icalcomponent *c, const struct ical_range *r)
{
	icalcomponent_kind kind = icalcomponent_isa(c);

	if (kind == ICAL_VEVENT_COMPONENT)
		return event_overlaps(c, r);
	if (kind == ICAL_VTODO_COMPONENT)
		return todo_overlaps(c, r);
	if (kind == ICAL_VJOURNAL_COMPONENT)
		return journal_overlaps(c, r);
	return true;
}

struct ical_range
ical_extent(icalcomponent *c)
{
	struct ical_range all = { INT64_MIN, INT64_MAX }, e;
	bool floating, other;
	int64_t t;

	if (!ical_moment(c, ICAL_DTSTART_PROPERTY, &e.from, &floating))
		return all;
	e.to = e.from;
	if (ical_moment(c, ICAL_DTEND_PROPERTY, &t, &other)
	    || ical_moment(c, ICAL_DUE_PROPERTY, &t, &other)) {
		e.to = t > e.to ? t : e.to;
		e.from = t < e.from ? t : e.from;
		floating = floating || other;
	} else if (duration_of(c, &t)) {
		e.to += t;
	} else if (is_date(c)) {
		e.to += ICAL_DAY;
	}
	/* The tables have some <= where an index has <. */
	e.from -= 1 + (floating ? ICAL_FLOAT : 0);
	e.to += 1 + (floating ? ICAL_FLOAT : 0);
	return e;
}
