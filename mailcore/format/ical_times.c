#include "mailcore/format/ical_times.h"

#include "mailcore/base/buf.h"
#include "mailcore/format/ical_days.h"
#include "mailcore/format/ical_turns.h"

/*
 * Numbers are of seven bits a byte, the last one marked, with the sign in the
 * lowest bit:
 *
 *	version
 *	n, n times: begin, length          what is written out, in UTC
 *	n, n times: begin                  what no rule gives: EXDATE, overrides
 *	n, n times: zone, length, rule
 */
enum {
	VERSION = 1, /* all times are of a zone, or UTC */
	FLOATING = 2, /* the same, by the clocks of whoever asks */
	FAR_OFF = 1 << 30
};

static void
put(struct buf *b, int64_t n)
{
	uint64_t z = ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);

	while (z > 127) {
		buf_add_byte(b, (char)(z & 127));
		z >>= 7;
	}
	buf_add_byte(b, (char)(unsigned char)(z | 128));
}

struct reader {
	view rest;
	bool bad;
};

static int64_t
take(struct reader *r)
{
	uint64_t z = 0;

	for (unsigned i = 0; i < r->rest.n && i < 10; i++) {
		unsigned char c = (unsigned char)view_at(r->rest, i);

		z |= (uint64_t)(c & 127) << 7 * i;
		if (c < 128)
			continue;
		r->rest = view_from(r->rest, i + 1);
		return (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
	}
	r->bad = true;
	return 0;
}

/* At most `most`, and from 0 on. */
static size_t
take_count(struct reader *r, size_t most)
{
	int64_t n = take(r);

	if (n < 0 || (uint64_t)n > most)
		r->bad = true;
	return r->bad ? 0 : (size_t)n;
}

/* Made. */

struct making {
	struct buf single, rules;
	size_t single_count, rule_count;
	int64_t *excluded;
	size_t excluded_count;
	bool other; /* there is more to it */
	bool floating, fixed; /* an event is */
};

static bool
is_excluded(const struct making *m, int64_t begin)
{
	for (size_t i = 0; i < m->excluded_count; i++)
		if (m->excluded[i] == begin)
			return true;
	return false;
}

static void
add_single(struct making *m, int64_t begin, int64_t length)
{
	if (m->single_count++ == ICAL_TIMES_LIST)
		m->other = true;
	put(&m->single, begin);
	put(&m->single, length);
}

static void
exclude(struct making *m, int64_t begin)
{
	if (m->excluded_count == ICAL_TIMES_LIST)
		m->other = true;
	else if (!is_excluded(m, begin))
		m->excluded[m->excluded_count++] = begin;
}

static void
put_zone(struct buf *b, const struct ical_turns *z)
{
	put(b, (int64_t)z->count);
	for (size_t i = 0; i < z->count; i++) {
		const struct ical_turn *t = &z->list[i];

		put(b, t->first);
		put(b, t->from);
		put(b, t->to);
		put(b, t->yearly);
		if (!t->yearly)
			continue;
		put(b, t->until == INT64_MAX ? 0 : t->until);
		put(b, t->until != INT64_MAX);
		put(b, t->month);
		put(b, t->day);
		put(b, t->weekday);
	}
}

static void
take_zone(struct reader *r, struct ical_turns *z)
{
	z->count = take_count(r, ICAL_TURNS);
	for (size_t i = 0; i < z->count && !r->bad; i++) {
		struct ical_turn *t = &z->list[i];

		*t = (struct ical_turn){ .first = take(r) };
		t->from = (int32_t)take(r);
		t->to = (int32_t)take(r);
		t->yearly = take(r) != 0;
		if (!t->yearly)
			continue;
		t->until = take(r);
		if (take(r) == 0)
			t->until = INT64_MAX;
		t->month = (int)take_count(r, 12);
		t->day = (int)take(r);
		t->weekday = (unsigned)take_count(r, ICAL_ANY_DAY);
		r->bad = r->bad || t->month < 1 || t->day > 31 || t->day < -31;
	}
}

static void
put_days(struct buf *b, const struct ical_days *d)
{
	uint32_t any = 0;

	for (size_t i = 0; i < COUNT(d->nth); i++)
		any |= d->nth[i];
	put(b, d->start);
	put(b, d->until != INT64_MAX);
	put(b, d->until == INT64_MAX ? 0 : d->until);
	put(b, d->every);
	put(b, d->interval);
	put(b, d->week_start);
	put(b, d->months);
	put(b, d->month_days);
	put(b, d->month_days_back);
	put(b, d->weekdays);
	put(b, any != 0);
	for (size_t i = 0; any != 0 && i < COUNT(d->nth); i++)
		put(b, d->nth[i]);
}

static void
take_days(struct reader *r, struct ical_days *d)
{
	bool ends;

	*d = (struct ical_days){ .start = take(r) };
	ends = take(r) != 0;
	d->until = take(r);
	if (!ends)
		d->until = INT64_MAX;
	d->every = (enum ical_days_every)take_count(r, ICAL_EVERY_YEAR);
	d->interval = take(r);
	d->week_start = (unsigned)take_count(r, 6);
	d->months = (uint32_t)take(r);
	d->month_days = (uint32_t)take(r);
	d->month_days_back = (uint32_t)take(r);
	d->weekdays = (uint32_t)take(r);
	if (take(r) != 0)
		for (size_t i = 0; i < COUNT(d->nth); i++)
			d->nth[i] = (uint32_t)take(r);
	r->bad = r->bad || d->interval < 1;
}

/* UNTIL by the wall clock: the last instance at most.  A zone makes a moment
 * of it that ical_is_past knows; the two agree but for the hours around. */
static bool
take_until(const struct icalrecurrencetype *rule,
    const struct icaltimetype *start, const struct ical_turns *zone,
    struct ical_days *days)
{
	struct ical_days_walk w;
	int64_t wall, last = days->start - 1;

	if (icaltime_is_null_time(rule->until))
		return true;
	/* The few days before the end are looked at one by one. */
	days->until = ical_wall(rule->until) + 2 * (int64_t)ICAL_DAY;
	ical_days_begin(
	    &w, days, days->until - 5 * (int64_t)ICAL_DAY, days->until);
	last = days->until - 5 * (int64_t)ICAL_DAY;
	while (ical_days_next(&w, &wall)
	    && !ical_is_past(rule, start, wall,
		wall - ical_turns_offset(zone, wall)))
		last = wall;
	days->until = last;
	return w.left > 0;
}

static void
add_rule(struct making *m, struct icalrecurrencetype rule,
    struct icaltimetype start, int64_t length)
{
	bool zoned = !start.is_date && start.zone != NULL
	    && !icaltime_is_utc(start);
	struct ical_turns zone = { .count = 0 };
	struct ical_days days;

	if (ical_rule_never(&rule))
		return;
	m->rule_count++;
	if (m->rule_count > ICAL_RULES
	    || !ical_days_of(&rule, ical_wall(start), &days)
	    || (zoned
		&& !ical_turns_since(start.zone,
		    ical_wall(start) - 2 * (int64_t)ICAL_DAY, &zone))
	    || !take_until(&rule, &start, &zone, &days)) {
		m->other = true;
		return;
	}
	ical_turns_trim(&zone, days.start);
	put_zone(&m->rules, &zone);
	put(&m->rules, length);
	put_days(&m->rules, &days);
}

/* What has no DTEND that can be believed is told by the object itself. */
static void
add_event(struct making *m, icalcomponent *c)
{
	struct icaltimetype start = ical_property_time(
	    c, ICAL_DTSTART_PROPERTY);
	int64_t begin, length;
	struct ical_moments added;
	icalproperty *p;

	if (!ical_event_time(c, &begin, &length) || length > FAR_OFF) {
		m->other = true;
		return;
	}
	if (start.is_date || start.zone == NULL)
		m->floating = true;
	else
		m->fixed = true;
	if (ical_is_override(c)) {
		m->other = m->other || ical_is_ranged(c);
		add_single(m, begin, length);
		return;
	}
	added = ical_additions(c, start);
	if (!is_excluded(m, begin))
		add_single(m, begin, length);
	for (size_t i = 0; i < added.count; i++)
		if (!is_excluded(m, added.list[i]))
			add_single(m, added.list[i], length);
	ical_moments_free(&added);
	for (p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY))
		add_rule(m, icalproperty_get_rrule(p), start, length);
}

static void
collect_excluded(struct making *m, icalcomponent *c)
{
	struct ical_moments out;
	int64_t t;

	if (ical_is_override(c)) {
		if (ical_moment(c, ICAL_RECURRENCEID_PROPERTY, &t, NULL))
			exclude(m, t);
		return;
	}
	out = ical_exclusions(
	    c, ical_property_time(c, ICAL_DTSTART_PROPERTY));
	for (size_t i = 0; i < out.count; i++)
		exclude(m, out.list[i]);
	ical_moments_free(&out);
}

static void
each_event(struct making *m, icalcomponent *calendar,
    void (*act)(struct making *, icalcomponent *))
{
	icalcompiter i = icalcomponent_begin_component(
	    calendar, ICAL_ANY_COMPONENT);

	for (icalcomponent *c; (c = icalcompiter_deref(&i)) != NULL;
	     (void)icalcompiter_next(&i)) {
		if (icalcomponent_isa(c) == ICAL_VTIMEZONE_COMPONENT)
			continue;
		if (icalcomponent_isa(c) != ICAL_VEVENT_COMPONENT)
			m->other = true;
		else if (!m->other)
			act(m, c);
	}
}

static view
together(struct making *m, struct arena *arena)
{
	struct buf b = buf_new(ICAL_TIMES_MOST);
	view out = VIEW("");

	put(&b, m->floating ? FLOATING : VERSION);
	put(&b, (int64_t)m->single_count);
	buf_add(&b, buf_view(&m->single));
	put(&b, (int64_t)m->excluded_count);
	for (size_t i = 0; i < m->excluded_count; i++)
		put(&b, m->excluded[i]);
	put(&b, (int64_t)m->rule_count);
	buf_add(&b, buf_view(&m->rules));
	if (!m->other && !(m->floating && m->fixed) && buf_result(&b).is == OK
	    && buf_result(&m->single).is == OK
	    && buf_result(&m->rules).is == OK)
		out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

view
ical_times_make(icalcomponent *calendar, struct arena *arena)
{
	struct making m = { .single = buf_new(ICAL_TIMES_MOST),
		.rules = buf_new(ICAL_TIMES_MOST) };
	view out = VIEW("");

	m.excluded = arena_array(arena, ICAL_TIMES_LIST, sizeof *m.excluded);
	if (m.excluded != NULL) {
		each_event(&m, calendar, collect_excluded);
		each_event(&m, calendar, add_event);
		/* What no rule gives need not be taken out of it. */
		if (m.rule_count == 0)
			m.excluded_count = 0;
		out = together(&m, arena);
	}
	buf_free(&m.single);
	buf_free(&m.rules);
	return out;
}

/* Asked. */

struct asking {
	struct reader in;
	struct ical_range range;
	view excluded; /* as it stands there */
	size_t excluded_count;
};

/* RFC 4791 9.9 for VEVENT */
static bool
overlaps(const struct ical_range *r, int64_t begin, int64_t length)
{
	if (length <= 0)
		return r->from <= begin && begin < r->to;
	return r->from < begin + length && begin < r->to;
}

static bool
is_taken_out(const struct asking *a, int64_t begin)
{
	struct reader r = { .rest = a->excluded };

	for (size_t i = 0; i < a->excluded_count; i++)
		if (take(&r) == begin)
			return true;
	return false;
}

static enum ical_touch
ask_rule(struct asking *a)
{
	struct ical_turns zone;
	struct ical_days days;
	struct ical_days_walk w;
	int64_t length, wall, to;

	take_zone(&a->in, &zone);
	length = take(&a->in);
	take_days(&a->in, &days);
	if (a->in.bad)
		return ICAL_TOUCHES_PERHAPS;
	wall = a->range.from < days.start
	    ? days.start
	    : a->range.from - length - ICAL_DAY;
	to = a->range.to > INT64_MAX - ICAL_DAY ? INT64_MAX
						: a->range.to + ICAL_DAY;
	ical_days_begin(&w, &days, wall, to);
	while (ical_days_next(&w, &wall)) {
		int64_t begin = wall - ical_turns_offset(&zone, wall);

		if (overlaps(&a->range, begin, length)
		    && !is_taken_out(a, begin))
			return ICAL_TOUCHES;
	}
	return w.left > 0 ? ICAL_TOUCHES_NOT : ICAL_TOUCHES_PERHAPS;
}

static bool
any_single(struct asking *a)
{
	size_t n = take_count(&a->in, ICAL_TIMES_LIST);
	bool found = false;

	for (size_t i = 0; i < n && !a->in.bad; i++) {
		int64_t begin = take(&a->in), length = take(&a->in);

		found = found || overlaps(&a->range, begin, length);
	}
	return found;
}

enum ical_touch
ical_times_touch(
    view times, int64_t from, int64_t to, const struct ical_clock *clock)
{
	struct asking a = { .in = { .rest = times }, .range = { from, to } };
	enum ical_touch sum = ICAL_TOUCHES_NOT;
	size_t rules;
	int64_t version = take(&a.in);

	if (a.in.bad || (version != VERSION && version != FLOATING))
		return ICAL_TOUCHES_PERHAPS;
	if (version == FLOATING)
		a.range = ical_by_clock(clock, &a.range);
	if (any_single(&a))
		return a.in.bad ? ICAL_TOUCHES_PERHAPS : ICAL_TOUCHES;
	a.excluded_count = take_count(&a.in, ICAL_TIMES_LIST);
	a.excluded = a.in.rest;
	for (size_t i = 0; i < a.excluded_count; i++)
		(void)take(&a.in);
	rules = take_count(&a.in, ICAL_RULES);
	for (size_t i = 0; i < rules && !a.in.bad; i++) {
		enum ical_touch one = ask_rule(&a);

		if (one == ICAL_TOUCHES)
			return one;
		sum = one == ICAL_TOUCHES_NOT ? sum : one;
	}
	return a.in.bad ? ICAL_TOUCHES_PERHAPS : sum;
}
