#include "mailcore/format/ical_clock.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical_turns.h"
#include "mailcore/format/ical_zone.h"

enum { CHECK_MEMORY = 33554432 };

struct ical_clock {
	const struct zone *zone; /* of this system; NULL: `turns` tell */
	struct ical_turns turns;
};

/* The one component; NULL: none, or others beside it. */
static icalcomponent *
only_zone(icalcomponent *calendar)
{
	icalcompiter i = icalcomponent_begin_component(
	    calendar, ICAL_ANY_COMPONENT);
	icalcomponent *first = icalcompiter_deref(&i);

	if (first == NULL
	    || icalcomponent_isa(first) != ICAL_VTIMEZONE_COMPONENT
	    || icalcompiter_next(&i) != NULL
	    || icalcomponent_get_first_property(first, ICAL_TZID_PROPERTY)
		== NULL)
		return NULL;
	return first;
}

/* Zones once had rules of all kinds; where these cannot be followed, the last
 * years matter more than the ones before. */
static bool
turns_of(const icaltimezone *z, struct ical_turns *out)
{
	static const int64_t since[] = { INT64_MIN,
		946684800,    /* 2000 */
		1735689600 }; /* 2025 */

	for (size_t i = 0; i < COUNT(since); i++)
		if (ical_turns_since(z, since[i], out))
			return true;
	return false;
}

static result
read_turns(icalcomponent *calendar, struct ical_turns *out)
{
	icalcomponent *zone = only_zone(calendar);
	icaltimezone *z;

	if (zone == NULL
	    || icalcomponent_count_components(zone, ICAL_ANY_COMPONENT) == 0)
		return fail(MALFORMED, "RFC 4791 5.2.2: not one VTIMEZONE");
	z = icaltimezone_new();
	if (z == NULL)
		return fail(NO_SPACE, "out of memory");
	icalcomponent_remove_component(calendar, zone);
	if (!icaltimezone_set_component(z, zone))
		icalcomponent_free(zone);
	else if (!turns_of(z, out))
		out->count = 0;
	icaltimezone_free(z, 1);
	return done();
}

result
ical_clock_read(
    view calendar, struct arena *arena, const struct ical_clock **out)
{
	struct ical_clock *clock = arena_alloc(arena, sizeof *clock);
	icalcomponent *c;
	result r;

	TRY(arena_result(arena));
	c = ical_read(calendar, false, arena);
	if (c == NULL)
		return fail(MALFORMED, "RFC 5545 3.4: not iCalendar");
	clock->zone = NULL;
	clock->turns.count = 0;
	r = read_turns(c, &clock->turns);
	icalcomponent_free(c);
	*out = clock;
	return r;
}

result
ical_clock_named(
    view tzid, struct arena *arena, const struct ical_clock **out)
{
	const struct zone *zone = zone_find(tzid);
	struct ical_clock *clock;
	struct buf text = buf_new(LIMIT_CALENDAR_OBJECT);
	result r;

	if (zone != NULL) {
		clock = arena_alloc(arena, sizeof *clock);
		TRY(arena_result(arena));
		clock->zone = zone;
		*out = clock;
		return done();
	}
	r = ical_zone_calendar(tzid, arena, &text);
	if (r.is == OK)
		r = ical_clock_read(buf_view(&text), arena, out);
	buf_free(&text);
	return r;
}

result
ical_clock_check(view calendar)
{
	struct arena *arena = arena_new(CHECK_MEMORY);
	const struct ical_clock *clock;
	result r = ical_clock_read(calendar, arena, &clock);

	arena_free(&arena);
	return r;
}

static int64_t
offset_of(const struct ical_clock *c, int64_t wall)
{
	return c->zone != NULL ? zone_offset(c->zone, wall)
			       : ical_turns_offset(&c->turns, wall);
}

/* The last change that is not after a moment. */
static struct ical_change
change_of(const struct ical_clock *c, int64_t moment)
{
	struct zone_turn t;

	if (c->zone == NULL)
		return ical_turns_change(&c->turns, moment);
	t = zone_last(c->zone, moment);
	return (struct ical_change){ t.at, t.before->offset,
		t.after->offset };
}

int64_t
ical_clock_moment(const struct ical_clock *clock, int64_t wall)
{
	int64_t moment;

	if (clock == NULL || wall == INT64_MIN || wall == INT64_MAX
	    || __builtin_sub_overflow(
		wall, offset_of(clock, wall), &moment))
		return wall;
	return moment;
}

bool
ical_floats(icalcomponent *c)
{
	int64_t t;
	bool floating;

	return (ical_moment(c, ICAL_DTSTART_PROPERTY, &t, &floating)
		   || ical_moment(c, ICAL_DUE_PROPERTY, &t, &floating))
	    && floating;
}

static bool
is_moved(const struct ical_clock *clock, int64_t moment)
{
	return clock != NULL && moment != INT64_MIN && moment != INT64_MAX;
}

static int64_t
sum(int64_t moment, int32_t offset)
{
	int64_t wall;

	return __builtin_add_overflow(moment, (int64_t)offset, &wall) ? moment
								      : wall;
}

int64_t
ical_clock_wall(const struct ical_clock *clock, int64_t moment)
{
	if (!is_moved(clock, moment))
		return moment;
	return sum(moment, change_of(clock, moment).after);
}

/* What ends later than the moment ends later than this, by the clock: also
 * what has a time that clocks leave out. */
static int64_t
wall_from(const struct ical_clock *clock, int64_t moment)
{
	struct ical_change c;

	if (!is_moved(clock, moment))
		return moment;
	c = change_of(clock, moment);
	if (c.after > c.before && moment - c.at < c.after - c.before)
		return sum(moment, c.before);
	return sum(moment, c.after);
}

/* What begins before the moment begins before this: also when clocks show an
 * hour for the second time, of which all begins in the first. */
static int64_t
wall_to(const struct ical_clock *clock, int64_t moment)
{
	struct ical_change c;

	if (!is_moved(clock, moment))
		return moment;
	c = change_of(clock, moment);
	if (c.after < c.before && moment - c.at < c.before - c.after)
		return sum(c.at, c.before);
	return sum(moment, moment == c.at ? c.before : c.after);
}

struct ical_range
ical_by_clock(const struct ical_clock *clock, const struct ical_range *r)
{
	return (struct ical_range){ wall_from(clock, r->from),
		wall_to(clock, r->to) };
}
