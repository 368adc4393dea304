/*
 * When somebody can be had at all (RFC 7953 5): the components are laid over
 * each other by their PRIORITY, each hiding what those below say of its time.
 */
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_inside.h"
#include "mailcore/format/itip_tree.h"

#include <stdlib.h>

enum { CHECK_MEMORY = 33554432 };

/* One VAVAILABILITY. */
struct layer {
	icalcomponent *component;
	int priority;  /* 1 is the highest, 10 stands for 0: the lowest */
	int64_t from, to;
	enum ical_taken kind;
};

static bool
is_available(const struct itip_part *p)
{
	return itip_part_is(p, VIEW("AVAILABLE"))
	    && itip_line_find(p, VIEW("DTSTART")) != NULL;
}

static bool
is_availability(const struct itip_part *p, size_t *count)
{
	++*count;
	if (!itip_part_is(p, VIEW("VAVAILABILITY")))
		return false;
	for (p = p->child; p != NULL; p = p->next, ++*count)
		if (!is_available(p))
			return false;
	return true;
}

static result
check(view text, struct arena *arena)
{
	struct itip_part *calendar;
	size_t count = 0;

	TRY(itip_tree_read(text, arena, &calendar));
	for (const struct itip_part *p = calendar->child; p != NULL;
	     p = p->next) {
		if (itip_part_is(p, VIEW("VTIMEZONE")))
			continue;
		if (!is_availability(p, &count))
			return fail(MALFORMED,
			    "RFC 7953 7.2.4: VAVAILABILITY alone");
		if (count > LIMIT_AVAILABLE)
			return fail(OVER_LIMIT, "more than LIMIT_AVAILABLE");
	}
	return count > 0
	    ? done()
	    : fail(MALFORMED, "RFC 7953 7.2.4: no VAVAILABILITY");
}

result
ical_available_check(view text)
{
	struct arena *arena = arena_new(CHECK_MEMORY);
	icalcomponent *calendar = NULL;
	result r = check(text, arena);

	if (r.is == OK) {
		calendar = ical_read(text, false, arena);
		if (calendar == NULL)
			r = fail(MALFORMED, "RFC 5545 3.4: not iCalendar");
		else
			icalcomponent_free(calendar);
	}
	arena_free(&arena);
	return r;
}

static int
priority_of(icalcomponent *c)
{
	icalproperty *p = icalcomponent_get_first_property(
	    c, ICAL_PRIORITY_PROPERTY);
	int n = p == NULL ? 0 : icalproperty_get_priority(p);

	return n >= 1 && n <= 9 ? n : 10;
}

/* RFC 7953 3.2: what we do not know is BUSY-UNAVAILABLE. */
static enum ical_taken
kind_of(icalcomponent *c)
{
	icalproperty *p = icalcomponent_get_first_property(
	    c, ICAL_BUSYTYPE_PROPERTY);
	enum icalproperty_busytype type = p == NULL
	    ? ICAL_BUSYTYPE_BUSYUNAVAILABLE
	    : icalproperty_get_busytype(p);

	if (type == ICAL_BUSYTYPE_BUSY)
		return ICAL_TAKEN;
	return type == ICAL_BUSYTYPE_BUSYTENTATIVE ? ICAL_TENTATIVE
						   : ICAL_UNAVAILABLE;
}

/* Without DTSTART or DTEND it has no beginning or no end. */
static struct layer
layer_of(icalcomponent *c, const struct ical_busy *b)
{
	struct layer l = { .component = c, .priority = priority_of(c),
		.from = b->from, .to = b->to, .kind = kind_of(c) };
	icalproperty *p = icalcomponent_get_first_property(
	    c, ICAL_DURATION_PROPERTY);
	int64_t t;

	if (ical_moment(c, ICAL_DTSTART_PROPERTY, &t, NULL) && t > l.from)
		l.from = t;
	if (ical_moment(c, ICAL_DTEND_PROPERTY, &t, NULL) && t < l.to)
		l.to = t;
	else if (p != NULL && ical_extent(c).to - 1 < l.to)
		l.to = ical_extent(c).to - 1;
	return l;
}

/* The moments at which another AVAILABLE of that UID stands in. */
static struct ical_moments
overrides_of(struct layer *l, const char *uid, struct arena *arena)
{
	int n = icalcomponent_count_components(
	    l->component, ICAL_XAVAILABLE_COMPONENT);
	struct ical_moments m = { .list = arena_array(
				      arena, (size_t)n + 1, sizeof *m.list) };
	icalcompiter i = icalcomponent_begin_component(
	    l->component, ICAL_XAVAILABLE_COMPONENT);
	icalcomponent *c;

	while (m.list != NULL && m.count < (size_t)n
	    && (c = icalcompiter_deref(&i)) != NULL) {
		const char *other = icalcomponent_get_uid(c);

		if (uid != NULL && other != NULL
		    && view_eq(view_of(uid), view_of(other))
		    && ical_is_override(c)
		    && ical_moment(c, ICAL_RECURRENCEID_PROPERTY,
			&m.list[m.count], NULL))
			m.count++;
		(void)icalcompiter_next(&i);
	}
	ical_sort(m.list, m.count);
	return m;
}

static int
compare(const void *a, const void *b)
{
	const struct ical_period *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* When the layer says that he can be had; by their beginnings. */
static result
open_times(struct layer *l, struct ical_busy *open, struct arena *scratch)
{
	icalcompiter i = icalcomponent_begin_component(
	    l->component, ICAL_XAVAILABLE_COMPONENT);
	icalcomponent *c;

	while ((c = icalcompiter_deref(&i)) != NULL) {
		struct ical_moments m = overrides_of(
		    l, icalcomponent_get_uid(c), scratch);

		TRY(arena_result(scratch));
		if (!ical_busy_instances(open, c, &m, ICAL_TAKEN))
			return fail(OVER_LIMIT, "more than ICAL_BUSY_MOST");
		(void)icalcompiter_next(&i);
	}
	if (open->count > 1)
		qsort(open->list, open->count, sizeof *open->list, compare);
	return arena_result(scratch);
}

static bool
keep(struct ical_busy *to, int64_t from, int64_t until, enum ical_taken kind)
{
	const struct ical_period p = { from, until, kind };

	return from >= until || ical_busy_keep(to, &p);
}

/* What lies below, as far as the layer leaves it. */
static bool
add_below(struct ical_busy *to, const struct ical_busy *below,
    const struct layer *l)
{
	for (size_t i = 0; i < below->count; i++) {
		const struct ical_period *p = &below->list[i];
		int64_t first = p->to < l->from ? p->to : l->from;
		int64_t second = p->from > l->to ? p->from : l->to;

		if (!keep(to, p->from, first, p->kind)
		    || !keep(to, second, p->to, p->kind))
			return false;
	}
	return true;
}

static bool
add_closed(struct ical_busy *to, const struct ical_busy *open,
    const struct layer *l)
{
	int64_t at = l->from;

	for (size_t i = 0; i < open->count; i++) {
		if (!keep(to, at, open->list[i].from, l->kind))
			return false;
		if (open->list[i].to > at)
			at = open->list[i].to;
	}
	return keep(to, at, l->to, l->kind);
}

static result
lay(struct layer *l, struct ical_busy *all, struct arena *scratch)
{
	struct ical_busy open = { .from = l->from, .to = l->to,
		.arena = scratch };
	struct ical_busy next = { .from = all->from, .to = all->to,
		.arena = scratch };

	if (l->from >= l->to)
		return done();
	TRY(open_times(l, &open, scratch));
	if (!add_below(&next, all, l) || !add_closed(&next, &open, l))
		return fail(OVER_LIMIT, "more periods than ICAL_BUSY_MOST");
	*all = next;
	return done();
}

static int
by_priority(const void *a, const void *b)
{
	const struct layer *x = a, *y = b;

	return y->priority - x->priority;
}

static result
add(struct ical_busy *b, icalcomponent *calendar, struct arena *scratch)
{
	int n = icalcomponent_count_components(
	    calendar, ICAL_VAVAILABILITY_COMPONENT);
	struct layer *layers = arena_array(
	    scratch, (size_t)n + 1, sizeof *layers);
	struct ical_busy all = { .from = b->from, .to = b->to,
		.arena = scratch };
	icalcomponent *c;
	size_t count = 0;

	TRY(arena_result(scratch));
	for (c = icalcomponent_get_first_component(
		 calendar, ICAL_VAVAILABILITY_COMPONENT);
	     c != NULL && count < (size_t)n;
	     c = icalcomponent_get_next_component(
		 calendar, ICAL_VAVAILABILITY_COMPONENT))
		layers[count++] = layer_of(c, b);
	if (count > 1)
		qsort(layers, count, sizeof *layers, by_priority);
	for (size_t i = 0; i < count; i++)
		TRY(lay(&layers[i], &all, scratch));
	for (size_t i = 0; i < all.count; i++)
		if (!ical_busy_keep(b, &all.list[i]))
			return fail(OVER_LIMIT, "more than ICAL_BUSY_MOST");
	return done();
}

result
ical_available_add(struct ical_busy *b, view text, struct arena *scratch)
{
	icalcomponent *calendar = ical_read(text, false, scratch);
	result r = done();

	if (calendar == NULL)
		return arena_result(scratch);
	r = add(b, calendar, scratch);
	icalcomponent_free(calendar);
	return r;
}
