#include "mailcore/format/ical_turns.h"

#include "mailcore/base/date.h"
#include "mailcore/format/zone_run.h"

static const int64_t first_of_time = -62135596800; /* year 1 */
static const int64_t end_of_time = 253402300799;   /* year 9999 */

static int
month_length(int year, int month)
{
	struct date d = { .year = year, .month = month, .day = 31 };

	while (!date_is_valid(&d))
		d.day--;
	return d.day;
}

/* In the year; years are of the wall clock. */
static int64_t
onset(const struct ical_turn *t, int year)
{
	struct date d = { .year = year, .month = t->month };
	int64_t hour = t->first - date_of(t->first).hour * 3600
	    - date_of(t->first).minute * 60 - date_of(t->first).second;
	int64_t day;

	hour = t->first - hour;
	d.day = t->day > 0 ? t->day : month_length(year, t->month) + t->day;
	/* 29 February, in other years */
	if (d.day > month_length(year, t->month))
		d.day = month_length(year, t->month);
	day = date_seconds(&d);
	if (t->weekday != ICAL_ANY_DAY) {
		int now = date_of(day).weekday;

		day += ((int)t->weekday + 7 - now) % 7 * (int64_t)ICAL_DAY;
	}
	return day + hour;
}

static int
year_of(int64_t wall)
{
	if (wall < first_of_time)
		return 1;
	return wall > end_of_time ? 9999 : date_of(wall).year;
}

/* The last change that is not after `wall`; false: none. */
static bool
last_change(const struct ical_turn *t, int64_t wall, int64_t *out)
{
	int year;

	if (wall < t->first)
		return false;
	*out = t->first;
	if (!t->yearly)
		return true;
	if (t->until != INT64_MAX && wall > t->until + t->from)
		wall = t->until + t->from;
	year = year_of(wall);
	for (int y = year; y >= year - 1 && y >= 1; y--) {
		int64_t at = onset(t, y);

		if (at <= wall && at > t->first) {
			*out = at;
			break;
		}
	}
	return true;
}

int64_t
ical_turns_offset(const struct ical_turns *z, int64_t wall)
{
	const struct ical_turn *last = NULL, *earliest = NULL;
	int64_t last_at = 0;

	for (size_t i = 0; i < z->count; i++) {
		const struct ical_turn *t = &z->list[i];
		/* What clocks leave out goes by what was before. */
		int64_t left_out = t->to > t->from ? t->to - t->from : 0;
		int64_t at;

		if (earliest == NULL || t->first < earliest->first)
			earliest = t;
		if (!last_change(t, wall - left_out, &at))
			continue;
		at -= t->from;
		if (last == NULL || at >= last_at) {
			last = t;
			last_at = at;
		}
	}
	if (last != NULL)
		return last->to;
	return earliest == NULL ? 0 : earliest->from;
}

struct ical_change
ical_turns_change(const struct ical_turns *z, int64_t moment)
{
	struct ical_change c = { .at = INT64_MIN };
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < z->count; i++) {
		const struct ical_turn *t = &z->list[i];
		int64_t wall, at;

		if (__builtin_add_overflow(moment, (int64_t)t->from, &wall))
			wall = moment;
		if (last_change(t, wall, &at)) {
			at -= t->from;
			if (at >= c.at)
				c = (struct ical_change){ at, t->from, t->to };
		} else if (c.at == INT64_MIN && t->first < earliest) {
			earliest = t->first;
			c.before = c.after = t->from;
		}
	}
	return c;
}

/* A turn counts on when its own end is later than that of all others: what
 * was in force at `wall`, and what comes after. */
void
ical_turns_trim(struct ical_turns *z, int64_t wall)
{
	int64_t since = INT64_MIN;
	size_t kept = 0;

	wall -= ICAL_DAY;
	for (size_t i = 0; i < z->count; i++) {
		int64_t at;

		if (last_change(&z->list[i], wall, &at)
		    && at - z->list[i].from > since)
			since = at - z->list[i].from;
	}
	for (size_t i = 0; i < z->count; i++) {
		const struct ical_turn *t = &z->list[i];
		int64_t end = t->yearly ? t->until : t->first - t->from;

		if (end >= since)
			z->list[kept++] = *t;
	}
	z->count = kept;
}

/* From libical. */

/* BYMONTHDAY=8,9,10,11,12,13,14 with one weekday: the first from the 8th on. */
static bool
first_of_seven(const struct icalrecurrencetype *r, struct ical_turn *t)
{
	short least = 31, most = 1;
	uint32_t set = 0;

	for (size_t i = 0; i < ICAL_BY_MONTHDAY_SIZE
	     && r->by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX;
	     i++) {
		short d = r->by_month_day[i];

		if (d < 1 || d > 31)
			return false;
		least = d < least ? d : least;
		most = d > most ? d : most;
		set |= 1U << d;
	}
	t->day = least;
	return most == least + 6 && set >> least == 127;
}

static bool
take_days(const struct icalrecurrencetype *r, struct ical_turn *t)
{
	bool listed = r->by_month_day[0] != ICAL_RECURRENCE_ARRAY_MAX;
	int position;

	if (r->by_day[0] == ICAL_RECURRENCE_ARRAY_MAX) {
		t->weekday = ICAL_ANY_DAY;
		if (listed)
			t->day = r->by_month_day[0];
		else
			t->day = date_of(t->first).day;
		return t->day > 0 && t->day < 32
		    && (!listed
			|| r->by_month_day[1] == ICAL_RECURRENCE_ARRAY_MAX);
	}
	if (r->by_day[1] != ICAL_RECURRENCE_ARRAY_MAX)
		return false;
	t->weekday = (unsigned)icalrecurrencetype_day_day_of_week(r->by_day[0])
	    - 1;
	position = icalrecurrencetype_day_position(r->by_day[0]);
	if (t->weekday > 6)
		return false;
	if (listed)
		return position == 0 && first_of_seven(r, t);
	t->day = position > 0 ? 7 * position - 6 : 7 * position + 1;
	return position != 0 && position >= -4 && position <= 4;
}

static bool
take_rule(const struct icalrecurrencetype *r, struct ical_turn *t)
{
	if (r->freq != ICAL_YEARLY_RECURRENCE || r->interval != 1
	    || r->count > 0 || r->rscale != NULL
	    || r->by_second[0] != ICAL_RECURRENCE_ARRAY_MAX
	    || r->by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX
	    || r->by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX
	    || r->by_year_day[0] != ICAL_RECURRENCE_ARRAY_MAX
	    || r->by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX
	    || r->by_set_pos[0] != ICAL_RECURRENCE_ARRAY_MAX)
		return false;
	t->yearly = true;
	t->month = date_of(t->first).month;
	if (r->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX)
		t->month = r->by_month[0];
	else if (r->by_day[0] != ICAL_RECURRENCE_ARRAY_MAX)
		return false;
	if (t->month < 1 || t->month > 12
	    || (r->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX
		&& r->by_month[1] != ICAL_RECURRENCE_ARRAY_MAX))
		return false;
	t->until = icaltime_is_null_time(r->until) ? INT64_MAX
						   : ical_wall(r->until);
	return take_days(r, t);
}

struct taking {
	struct ical_turns *to;
	int64_t since;
	struct ical_turn before; /* the last one that is not after that */
	bool any;
	size_t yearly;
};

static void
keep_before(struct taking *k, struct ical_turn t, int64_t at)
{
	if (k->any && at - t.from < k->before.first - k->before.from)
		return;
	t.yearly = false;
	t.first = at;
	k->before = t;
	k->any = true;
}

static bool
add_turn(struct taking *k, const struct ical_turn *t)
{
	int64_t end = t->yearly ? t->until : t->first - t->from, at;

	if (end < k->since && last_change(t, k->since, &at)) {
		keep_before(k, *t, at);
		return true;
	}
	if (k->to->count == ICAL_TURNS
	    || (t->yearly && k->yearly++ == ICAL_TURNS_YEARLY))
		return false;
	k->to->list[k->to->count++] = *t;
	return true;
}

static bool
take_dates(icalcomponent *c, struct taking *k, struct ical_turn t)
{
	icalproperty *p;

	t.yearly = false;
	for (p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY)) {
		struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);

		if (icaltime_is_null_time(d.time)
		    || icaltime_is_utc(d.time))
			return false;
		t.first = ical_wall(d.time);
		if (!add_turn(k, &t))
			return false;
	}
	return true;
}

/* false: it cannot be followed, and it matters. */
static bool
take_yearly(
    struct taking *k, const struct icalrecurrencetype *r, struct ical_turn *t)
{
	int64_t until;

	if (take_rule(r, t))
		return add_turn(k, t);
	if (icaltime_is_null_time(r->until))
		return false;
	until = ical_wall(r->until);
	if (until >= k->since)
		return false;
	keep_before(k, *t, until + t->from);
	return true;
}

static bool
take_turn(icalcomponent *c, struct taking *k)
{
	struct ical_turn t = { .until = INT64_MAX };
	icalproperty *start = icalcomponent_get_first_property(
	    c, ICAL_DTSTART_PROPERTY);
	icalproperty *from = icalcomponent_get_first_property(
	    c, ICAL_TZOFFSETFROM_PROPERTY);
	icalproperty *to = icalcomponent_get_first_property(
	    c, ICAL_TZOFFSETTO_PROPERTY);
	icalproperty *rule = icalcomponent_get_first_property(
	    c, ICAL_RRULE_PROPERTY);
	struct icalrecurrencetype r;

	if (start == NULL || from == NULL || to == NULL
	    || icaltime_is_utc(icalproperty_get_dtstart(start))
	    || icaltime_is_null_time(icalproperty_get_dtstart(start)))
		return false;
	t.first = ical_wall(icalproperty_get_dtstart(start));
	t.from = icalproperty_get_tzoffsetfrom(from);
	t.to = icalproperty_get_tzoffsetto(to);
	if (rule == NULL)
		return add_turn(k, &t) && take_dates(c, k, t);
	r = icalproperty_get_rrule(rule);
	return icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY) == NULL
	    && take_yearly(k, &r, &t) && take_dates(c, k, t);
}

static icalcomponent *
component_of(const icaltimezone *zone)
{
	union {
		const icaltimezone *in;
		icaltimezone *out; /* nothing in it is changed */
	} z = { .in = zone };

	return icaltimezone_get_component(z.out);
}

static bool
take_all(icalcomponent *all, struct taking *k)
{
	icalcompiter i = icalcomponent_begin_component(
	    all, ICAL_ANY_COMPONENT);
	icalcomponent *c;

	for (c = icalcompiter_deref(&i); c != NULL;
	     c = icalcompiter_next(&i))
		if (!take_turn(c, k))
			return false;
	return true;
}

static bool
take_named(const struct zone *z, struct taking *k)
{
	struct ical_turn always = { .from = z->first->offset,
		.to = z->first->offset };

	if (z->run_count == 0)
		return add_turn(k, &always);
	for (size_t i = 0; i < z->run_count; i++) {
		const struct zone_run *r = &z->runs[i];
		struct ical_turn t = { .first = r->first, .until = r->until,
			.from = r->before->offset, .to = r->after->offset,
			.yearly = r->yearly, .month = r->shape.month,
			.day = r->shape.day, .weekday = r->shape.weekday };

		if (!add_turn(k, &t))
			return false;
	}
	return true;
}

bool
ical_is_zone_name(icalcomponent *c)
{
	icalcompiter i = icalcomponent_begin_component(c, ICAL_ANY_COMPONENT);

	return icalcomponent_isa(c) == ICAL_VTIMEZONE_COMPONENT
	    && icalcompiter_deref(&i) == NULL;
}

const struct zone *
ical_turns_named(const icaltimezone *zone)
{
	icalcomponent *c = component_of(zone);
	icalproperty *id;

	if (c == NULL || !ical_is_zone_name(c))
		return NULL;
	id = icalcomponent_get_first_property(c, ICAL_TZID_PROPERTY);
	return id == NULL ? NULL
			  : zone_find(view_of(icalproperty_get_tzid(id)));
}

bool
ical_turns_since(
    const icaltimezone *zone, int64_t since, struct ical_turns *out)
{
	struct taking k = { .to = out, .since = since };
	const struct zone *named = ical_turns_named(zone);
	icalcomponent *all = component_of(zone);

	out->count = 0;
	if (all == NULL
	    || !(named != NULL ? take_named(named, &k) : take_all(all, &k)))
		return false;
	if (k.any && out->count == ICAL_TURNS)
		return false;
	if (k.any)
		out->list[out->count++] = k.before;
	return out->count > 0;
}

bool
ical_turns_of(const icaltimezone *zone, struct ical_turns *out)
{
	return ical_turns_since(zone, INT64_MIN, out);
}
