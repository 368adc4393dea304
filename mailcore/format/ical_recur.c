#include "mailcore/format/ical_inside.h"

#include "mailcore/base/date.h"

#include <stdlib.h>

enum { FEW_PER_DAY = 4 };

#define FAR (INT64_MAX / 4)

static size_t
list_length(const short *list, size_t room)
{
	size_t n = 0;

	while (n < room && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

/*
 * libical looks for the next instance second by second when a rule selects
 * seconds that hardly ever come.  Such rules are not followed: those below
 * DAILY with any BY part, and those with more than a few times a day.
 */
static bool
is_harmless(const struct icalrecurrencetype *r)
{
	size_t times = 1, n;
	bool by = false;
	const struct {
		const short *list;
		size_t room;
		bool time;
	} parts[] = {
		{ r->by_second, ICAL_BY_SECOND_SIZE, true },
		{ r->by_minute, ICAL_BY_MINUTE_SIZE, true },
		{ r->by_hour, ICAL_BY_HOUR_SIZE, true },
		{ r->by_day, ICAL_BY_DAY_SIZE, false },
		{ r->by_month_day, ICAL_BY_MONTHDAY_SIZE, false },
		{ r->by_year_day, ICAL_BY_YEARDAY_SIZE, false },
		{ r->by_week_no, ICAL_BY_WEEKNO_SIZE, false },
		{ r->by_month, ICAL_BY_MONTH_SIZE, false },
		{ r->by_set_pos, ICAL_BY_SETPOS_SIZE, false },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		n = list_length(parts[i].list, parts[i].room);
		by = by || n > 0;
		if (n > 0 && parts[i].time)
			times *= n;
	}
	if (r->rscale != NULL || r->interval < 1)
		return false;
	if (r->freq < ICAL_DAILY_RECURRENCE)
		return !by;
	return r->freq != ICAL_NO_RECURRENCE && times <= FEW_PER_DAY;
}

/* Time zones are expanded over centuries at once: only yearly rules without
 * times of day may do that. */
static void
tame_zone(icalcomponent *observance)
{
	icalproperty *p, *next;

	for (p = icalcomponent_get_first_property(
		 observance, ICAL_RRULE_PROPERTY);
	     p != NULL; p = next) {
		struct icalrecurrencetype r = icalproperty_get_rrule(p);

		next = icalcomponent_get_next_property(
		    observance, ICAL_RRULE_PROPERTY);
		if (r.freq == ICAL_YEARLY_RECURRENCE && is_harmless(&r)
		    && list_length(r.by_day, ICAL_BY_DAY_SIZE) <= 1)
			continue;
		icalcomponent_remove_property(observance, p);
		icalproperty_free(p);
	}
}

static void
tame_zones(icalcomponent *calendar)
{
	icalcomponent *zone, *c;

	for (zone = icalcomponent_get_first_component(
		 calendar, ICAL_VTIMEZONE_COMPONENT);
	     zone != NULL; zone = icalcomponent_get_next_component(
			       calendar, ICAL_VTIMEZONE_COMPONENT))
		for (c = icalcomponent_get_first_component(
			 zone, ICAL_ANY_COMPONENT);
		     c != NULL; c = icalcomponent_get_next_component(
				    zone, ICAL_ANY_COMPONENT))
			tame_zone(c);
}

icalcomponent *
ical_read(const char *text)
{
	icalcomponent *calendar = icalparser_parse_string(text);

	if (calendar == NULL)
		return NULL;
	if (icalcomponent_isa(calendar) != ICAL_VCALENDAR_COMPONENT) {
		icalcomponent_free(calendar);
		return NULL;
	}
	tame_zones(calendar);
	return calendar;
}

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

/* One walk over the instances of a component. */
struct walk {
	icalcomponent *component;
	struct icaltimetype start;
	int64_t start_seconds;
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

static void
collect_excluded(struct walk *w)
{
	int n = icalcomponent_count_properties(
	    w->component, ICAL_EXDATE_PROPERTY);
	icalproperty *p;

	if (n <= 0)
		return;
	w->excluded.list = calloc((size_t)n, sizeof *w->excluded.list);
	if (w->excluded.list == NULL)
		abort();
	for (p = icalcomponent_get_first_property(
		 w->component, ICAL_EXDATE_PROPERTY);
	     p != NULL && w->excluded.count < (size_t)n;
	     p = icalcomponent_get_next_property(
		 w->component, ICAL_EXDATE_PROPERTY))
		w->excluded.list[w->excluded.count++] = ical_seconds(like_start(
		    icalproperty_get_datetime_with_component(p, w->component),
		    w->start));
	qsort(w->excluded.list, w->excluded.count, sizeof *w->excluded.list,
	    compare_moments);
}

static bool
test_one(struct walk *w, int64_t t)
{
	if (has(&w->excluded, t)
	    || (w->overridden != NULL && has(w->overridden, t)))
		return false;
	return w->test(w->context, w->component, t - w->start_seconds);
}

/* Start not far before the window instead of at DTSTART, where that is
 * allowed. */
static void
skip_ahead(struct walk *w, icalrecur_iterator *i,
    const struct icalrecurrencetype *rule)
{
	int64_t at = w->window.from - 2 * (int64_t)ICAL_DAY;
	struct icaltimetype t = w->start;
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
walk_rule(struct walk *w, struct icalrecurrencetype rule)
{
	icalrecur_iterator *i;
	struct icaltimetype t;
	bool found = false;

	if (!is_harmless(&rule))
		return true;
	i = icalrecur_iterator_new(rule, w->start);
	if (i == NULL)
		return false;
	skip_ahead(w, i, &rule);
	for (t = icalrecur_iterator_next(i);
	     !found && !icaltime_is_null_time(t);
	     t = icalrecur_iterator_next(i)) {
		int64_t s = ical_seconds(t);

		if (s > w->window.to)
			break;
		if (++w->steps > ICAL_STEPS)
			found = true;
		else if (s >= w->window.from)
			found = test_one(w, s);
	}
	icalrecur_iterator_free(i);
	return found;
}

/* `test` uses libical's one iterator of this component's properties, so
 * they are taken out first. */
static void
collect_additions(struct walk *w)
{
	int n = icalcomponent_count_properties(
	    w->component, ICAL_RDATE_PROPERTY);
	icalproperty *p;

	w->additions.list = calloc((size_t)n + 1, sizeof *w->additions.list);
	if (w->additions.list == NULL)
		abort();
	for (p = icalcomponent_get_first_property(
		 w->component, ICAL_RDATE_PROPERTY);
	     p != NULL && w->additions.count < (size_t)n;
	     p = icalcomponent_get_next_property(
		 w->component, ICAL_RDATE_PROPERTY))
		w->additions.list[w->additions.count++] = ical_seconds(
		    like_start(rdate_time(p), w->start));
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
		if (i == ICAL_RULES || walk_rule(w, w->rules[i]))
			return true;
	return false;
}

bool
ical_any_instance(icalcomponent *c, const struct ical_range *range,
    const struct ical_moments *overridden, ical_test *test, void *context)
{
	struct walk w = { .component = c,
		.overridden = overridden,
		.test = test,
		.context = context };
	struct ical_range extent = ical_extent(c);
	bool found;

	w.start = ical_property_time(c, ICAL_DTSTART_PROPERTY);
	if (icaltime_is_null_time(w.start))
		return test(context, c, 0);
	w.start_seconds = ical_seconds(w.start);
	/* An instance may touch the range when it starts before its end, and
	 * not longer before its beginning than it lasts. */
	w.window.from = range->from < -FAR
	    ? INT64_MIN
	    : range->from - (extent.to - w.start_seconds) - ICAL_DAY;
	w.window.to = range->to > FAR
	    ? INT64_MAX
	    : range->to + (w.start_seconds - extent.from) + ICAL_DAY;
	collect_excluded(&w);
	collect_additions(&w);
	found = walk_all(&w);
	free(w.additions.list);
	free(w.excluded.list);
	return found;
}

static int64_t
last_of_rule(struct icalrecurrencetype rule, struct icaltimetype start)
{
	icalrecur_iterator *i;
	struct icaltimetype t;
	int64_t last = ical_seconds(start);
	unsigned steps = 0;

	/* UNTIL may be a date or floating: a day more is on the safe side. */
	if (!icaltime_is_null_time(rule.until))
		return ical_seconds(rule.until) + 2 * (int64_t)ICAL_DAY;
	if (rule.count <= 0 || !is_harmless(&rule))
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
