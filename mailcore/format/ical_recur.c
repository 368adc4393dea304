#include "mailcore/format/ical_inside.h"

#include "mailcore/base/date.h"
#include "mailcore/format/ical_days.h"
#include "mailcore/format/ical_turns.h"

#include <stdlib.h>

#define FAR (INT64_MAX / 4)

/* An EXDATE or RDATE in the zone and, for a DATE, at the hour of DTSTART. */
static struct icaltimetype
like_start(struct icaltimetype t, struct icaltimetype start)
{
	if (t.is_date && !start.is_date) {
		t.is_date = 0;
		t.hour = start.hour;
		t.minute = start.minute;
		t.second = start.second;
		t.zone = start.zone;
	}
	if (t.zone == NULL && !t.is_date)
		t.zone = start.zone;
	return t;
}

static struct icaltimetype
rdate_time(icalproperty *p)
{
	struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);

	return icaltime_is_null_time(d.time) ? d.period.start : d.time;
}

static bool
has(const struct ical_moments *m, int64_t t)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->list[mid] == t)
			return true;
		if (m->list[mid] < t)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* The wall clock of a component's times, and what it is in UTC. */
struct clock {
	struct icaltimetype start;
	const struct zone *named; /* or NULL */
	struct ical_turns zone;
	bool own; /* `zone` tells; else libical does */
};

static void
clock_of(struct clock *c, struct icaltimetype start)
{
	c->start = start;
	c->own = start.is_date || start.zone == NULL || icaltime_is_utc(start);
	c->zone.count = 0;
	c->named = c->own ? NULL : ical_turns_named(start.zone);
	if (!c->own && c->named == NULL)
		c->own = ical_turns_of(start.zone, &c->zone);
}

static int64_t
clock_seconds(const struct clock *c, int64_t wall)
{
	struct icaltimetype t = c->start;
	struct date d;

	if (c->named != NULL)
		return wall - zone_offset(c->named, wall);
	if (c->own)
		return wall - ical_turns_offset(&c->zone, wall);
	d = date_of(wall);
	t.year = d.year;
	t.month = d.month;
	t.day = d.day;
	t.hour = d.hour;
	t.minute = d.minute;
	t.second = d.second;
	return ical_seconds(t);
}

bool
ical_is_past(const struct icalrecurrencetype *rule,
    const struct icaltimetype *start, int64_t wall, int64_t seconds)
{
	const struct icaltimetype *until = &rule->until;

	if (icaltime_is_null_time(*until))
		return false;
	/* A date is the begin of its day. */
	if (start->is_date)
		return wall > ical_wall(*until);
	if (until->is_date)
		return wall >= ical_wall(*until);
	return seconds > ical_seconds(*until);
}

/* One walk over the instances of a component. */
struct walk {
	icalcomponent *component; /* whose rules these are */
	icalcomponent *shown;     /* as which its instances happen */
	struct icaltimetype start;
	int64_t start_seconds;
	int64_t base;       /* the instance that `shown` itself is */
	int64_t from, next; /* instances that are shown as that */
	struct ical_range window; /* of instance starts that matter */
	const struct ical_moments *overridden;
	struct ical_moments excluded;
	struct ical_moments additions; /* RDATE */
	struct icalrecurrencetype rules[ICAL_RULES];
	unsigned rule_count; /* also of those that have no room */
	ical_test *test;
	void *context;
	unsigned steps;
};

static int
compare_moments(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
ical_sort(int64_t *moments, size_t count)
{
	if (count > 1)
		qsort(moments, count, sizeof *moments, compare_moments);
}

static struct ical_moments
room_for(icalcomponent *c, icalproperty_kind kind, size_t *room)
{
	int n = icalcomponent_count_properties(c, kind);
	struct ical_moments m = { .count = 0 };

	*room = n < 0 ? 0 : (size_t)n;
	m.list = calloc(*room + 1, sizeof *m.list);
	if (m.list == NULL)
		abort();
	return m;
}

void
ical_moments_free(struct ical_moments *m)
{
	free(m->list);
	*m = (struct ical_moments){ .count = 0 };
}

struct ical_moments
ical_exclusions(icalcomponent *c, struct icaltimetype start)
{
	size_t room;
	struct ical_moments m = room_for(c, ICAL_EXDATE_PROPERTY, &room);
	icalproperty *p;

	for (p = icalcomponent_get_first_property(c, ICAL_EXDATE_PROPERTY);
	     p != NULL && m.count < room;
	     p = icalcomponent_get_next_property(c, ICAL_EXDATE_PROPERTY))
		m.list[m.count++] = ical_seconds(like_start(
		    icalproperty_get_datetime_with_component(p, c), start));
	ical_sort(m.list, m.count);
	return m;
}

struct ical_moments
ical_additions(icalcomponent *c, struct icaltimetype start)
{
	size_t room;
	struct ical_moments m = room_for(c, ICAL_RDATE_PROPERTY, &room);
	icalproperty *p;

	for (p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY);
	     p != NULL && m.count < room;
	     p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY))
		m.list[m.count++] = ical_seconds(
		    like_start(rdate_time(p), start));
	return m;
}

static bool
test_one(struct walk *w, int64_t t)
{
	if (t < w->from || t >= w->next || has(&w->excluded, t)
	    || (w->overridden != NULL && has(w->overridden, t)))
		return false;
	return w->test(w->context, w->shown, t - w->base);
}

/* Start not far before the window instead of at DTSTART, where that is
 * allowed. */
static void
skip_ahead(struct walk *w, icalrecur_iterator *i,
    const struct icalrecurrencetype *rule, struct icaltimetype t)
{
	int64_t at = w->window.from < -FAR
	    ? -FAR
	    : w->window.from - 2 * (int64_t)ICAL_DAY;
	struct date d;

	if (rule->count > 0 || at <= w->start_seconds + 366 * (int64_t)ICAL_DAY
	    || at > FAR)
		return;
	d = date_of(at);
	if (d.year > 9000)
		return;
	t.year = d.year;
	t.month = d.month;
	t.day = d.day;
	(void)icalrecur_iterator_set_start(i, t);
}

static bool
walk_days(struct walk *w, const struct icalrecurrencetype *rule,
    const struct ical_days *days)
{
	struct ical_days_walk d;
	struct clock clock;
	int64_t wall = w->window.from, to = w->window.to;

	clock_of(&clock, w->start);
	ical_days_begin(&d, days, wall < -FAR ? -FAR : wall - ICAL_DAY,
	    to > FAR ? INT64_MAX : to + ICAL_DAY);
	while (ical_days_next(&d, &wall)) {
		int64_t s = clock_seconds(&clock, wall);

		if (s > w->window.to || ical_is_past(rule, &w->start, wall, s))
			return false;
		if (++w->steps > ICAL_STEPS)
			return true;
		if (s >= w->window.from && test_one(w, s))
			return true;
	}
	return d.left == 0;
}

/* libical is given a clock without a zone, as an hour that the zone leaves out
 * once would move all instances that follow.  What comes more than once a day
 * goes by hours that pass. */
static bool
walk_clock(struct walk *w, const struct icalrecurrencetype *rule)
{
	bool daily = rule->freq >= ICAL_DAILY_RECURRENCE;
	struct icalrecurrencetype bare = *rule;
	struct icaltimetype t = w->start;
	icalrecur_iterator *i;
	struct clock clock;
	bool found = false;

	clock_of(&clock, w->start);
	if (daily) {
		bare.until = icaltime_null_time();
		t.zone = NULL;
	}
	i = icalrecur_iterator_new(bare, t);
	if (i == NULL)
		return false;
	skip_ahead(w, i, rule, t);
	for (t = icalrecur_iterator_next(i);
	     !found && !icaltime_is_null_time(t);
	     t = icalrecur_iterator_next(i)) {
		int64_t wall = ical_wall(t);
		int64_t s = daily ? clock_seconds(&clock, wall)
				  : ical_seconds(t);

		if (s > w->window.to
		    || (daily && ical_is_past(rule, &w->start, wall, s)))
			break;
		if (++w->steps > ICAL_STEPS)
			found = true;
		else if (s >= w->window.from)
			found = test_one(w, s);
	}
	icalrecur_iterator_free(i);
	return found;
}

static bool
walk_rule(struct walk *w, const struct icalrecurrencetype *rule)
{
	struct ical_days days;

	if (ical_rule_never(rule))
		return false;
	if (ical_days_of(rule, ical_wall(w->start), &days))
		return walk_days(w, rule, &days);
	return !ical_rule_is_harmless(rule) || walk_clock(w, rule);
}

/* `test` uses libical's one iterator of this component's properties, so
 * they are taken out first. */
static void
collect(struct walk *w)
{
	icalproperty *p;

	w->excluded = ical_exclusions(w->component, w->start);
	w->additions = ical_additions(w->component, w->start);
	for (p = icalcomponent_get_first_property(
		 w->component, ICAL_RRULE_PROPERTY);
	     p != NULL; p = icalcomponent_get_next_property(
			    w->component, ICAL_RRULE_PROPERTY)) {
		if (w->rule_count < ICAL_RULES)
			w->rules[w->rule_count] = icalproperty_get_rrule(p);
		w->rule_count++;
	}
}

static bool
walk_all(struct walk *w)
{
	if (test_one(w, w->start_seconds))
		return true;
	for (size_t i = 0; i < w->additions.count; i++)
		if (test_one(w, w->additions.list[i]))
			return true;
	for (unsigned i = 0; i < w->rule_count; i++)
		if (i == ICAL_RULES || walk_rule(w, &w->rules[i]))
			return true;
	return false;
}

/* Whose rules, and which of their instances; false: there are none.  Of more
 * than ICAL_OVERRIDES each is one instance. */
static bool
place(struct walk *w, icalcomponent *c)
{
	size_t others = w->overridden == NULL ? 0 : w->overridden->count;
	icalcomponent *master = NULL;

	w->shown = w->component = c;
	w->from = INT64_MIN;
	w->next = INT64_MAX;
	if (ical_is_override(c)
	    && (!ical_is_ranged(c) || others == 0 || others > ICAL_OVERRIDES
		|| !ical_moment(
		    c, ICAL_RECURRENCEID_PROPERTY, &w->from, NULL)))
		return false;
	if (others > 0 && others <= ICAL_OVERRIDES)
		master = ical_master_of(c, w->from, &w->next);
	if (ical_is_override(c))
		w->component = master;
	if (w->component == NULL)
		return false;
	w->start = ical_property_time(w->component, ICAL_DTSTART_PROPERTY);
	if (icaltime_is_null_time(w->start))
		return false;
	w->start_seconds = ical_seconds(w->start);
	w->base = w->from == INT64_MIN ? w->start_seconds : w->from;
	return true;
}

bool
ical_any_instance(icalcomponent *c, const struct ical_range *range,
    const struct ical_moments *overridden, ical_test *test, void *context)
{
	struct walk w = { .overridden = overridden,
		.test = test,
		.context = context };
	struct ical_range extent = ical_extent(c);
	bool found;

	if (!place(&w, c))
		return test(context, c, 0);
	if (w.component != c && test(context, c, 0))
		return true;
	/* An instance may touch the range when it starts before its end, and
	 * not longer before its beginning than it lasts. */
	w.window.from = range->from < -FAR
	    ? INT64_MIN
	    : range->from - (extent.to - w.base) - ICAL_DAY;
	w.window.to = range->to > FAR
	    ? INT64_MAX
	    : range->to + (w.base - extent.from) + ICAL_DAY;
	/* Of those that share the rules none takes another's steps. */
	if (w.window.from < w.from)
		w.window.from = w.from;
	if (w.window.to > w.next)
		w.window.to = w.next;
	collect(&w);
	found = walk_all(&w);
	ical_moments_free(&w.additions);
	ical_moments_free(&w.excluded);
	return found;
}

static int64_t
last_of_rule(struct icalrecurrencetype rule, struct icaltimetype start)
{
	icalrecur_iterator *i;
	struct icaltimetype t;
	struct ical_days days;
	struct clock clock;
	int64_t last = ical_seconds(start);
	unsigned steps = 0;

	/* UNTIL may be a date or floating: a day more is on the safe side. */
	if (!icaltime_is_null_time(rule.until))
		return ical_seconds(rule.until) + 2 * (int64_t)ICAL_DAY;
	if (ical_rule_never(&rule))
		return last;
	if (rule.count <= 0)
		return INT64_MAX;
	if (ical_days_of(&rule, ical_wall(start), &days)) {
		clock_of(&clock, start);
		return days.until < days.start
		    ? last
		    : clock_seconds(&clock, days.until);
	}
	if (!ical_rule_is_harmless(&rule))
		return INT64_MAX;
	i = icalrecur_iterator_new(rule, start);
	if (i == NULL)
		return INT64_MAX;
	for (t = icalrecur_iterator_next(i);
	     steps <= ICAL_STEPS && !icaltime_is_null_time(t);
	     t = icalrecur_iterator_next(i), steps++)
		last = ical_seconds(t);
	icalrecur_iterator_free(i);
	return steps > ICAL_STEPS ? INT64_MAX : last;
}

void
ical_starts(icalcomponent *c, int64_t *first, int64_t *last)
{
	struct icaltimetype start = ical_property_time(
	    c, ICAL_DTSTART_PROPERTY);
	unsigned rules = 0;
	icalproperty *p;
	int64_t t;

	*first = *last = icaltime_is_null_time(start) ? 0 : ical_seconds(start);
	/* An override is one instance (RFC 5545 3.8.4.4). */
	if (ical_is_single(c))
		return;
	if (ical_is_override(c)) {
		*last = INT64_MAX; /* its master knows; this is near enough */
		return;
	}
	for (p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY)) {
		t = ical_seconds(like_start(rdate_time(p), start));
		*first = t < *first ? t : *first;
		*last = t > *last ? t : *last;
	}
	for (p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY)) {
		t = ++rules > ICAL_RULES || icaltime_is_null_time(start)
		    ? INT64_MAX
		    : last_of_rule(icalproperty_get_rrule(p), start);
		*last = t > *last ? t : *last;
	}
}
