#include "mailcore/format/ical_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/ical_times.h"
#include "mailcore/format/ical_zone.h"

#include <pthread.h>
#include <stdlib.h>

enum { DEPTH_MOST = 8, NAME_MOST = 64 };

/*
 * Two looks at an object.  The first, over content lines, holds it to the
 * rules of RFC 4791 4.1 and to bounds that libical does not have; the second
 * lets libical read the times.
 */
struct look {
	struct arena *arena;
	struct ical_facts *facts;
	view open[DEPTH_MOST]; /* names of the components around */
	size_t depth;
	uint64_t pieces; /* lines, parameters, values of lists */
	view uid;        /* of the component at depth 2 */
	view instance;   /* its RECURRENCE-ID */
	view start;      /* its DTSTART */
	uint64_t attendees;
	/* Which kinds of time all have: enum kind_of_time. */
	unsigned starts, recurrences;
	view *instances;
	size_t instance_count, instance_room;
	struct ical_zones zones;
	uint32_t times[4]; /* how many of timed[] there are */
	bool spans;        /* are asked for */
};

enum kind_of_time { IS_DATE = 1, IS_TIME = 2 };

static const struct {
	view name;
	icalproperty_kind kind;
} timed[] = {
	{ VIEW_INIT("DTSTART"), ICAL_DTSTART_PROPERTY },
	{ VIEW_INIT("DTEND"), ICAL_DTEND_PROPERTY },
	{ VIEW_INIT("DUE"), ICAL_DUE_PROPERTY },
	{ VIEW_INIT("RRULE"), ICAL_RRULE_PROPERTY },
};

static void
start_library(void)
{
	icalerror_set_errors_are_fatal(false);
	ical_set_unknown_token_handling_setting(ICAL_ASSUME_IANA_TOKEN);
	(void)icaltimezone_get_builtin_timezones();
}

void
ical_start_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, start_library);
}

static bool
is_one_of(view name, const view *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_same(name, list[i]))
			return true;
	return false;
}

static uint64_t
count_bytes(view v, char byte)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == byte;
	return n;
}

/* Everything that libical makes an object of its own of. */
static result
count_pieces(struct look *l, const struct content_line *line)
{
	static const view lists[] = {
		VIEW_INIT("EXDATE"),
		VIEW_INIT("RDATE"),
		VIEW_INIT("FREEBUSY"),
		VIEW_INIT("CATEGORIES"),
		VIEW_INIT("RESOURCES"),
	};

	l->pieces += 1 + count_bytes(line->parameters, ';');
	if (is_one_of(line->name, lists, COUNT(lists)))
		l->pieces += count_bytes(line->value, ',');
	if (l->pieces > LIMIT_ICAL_PIECES)
		return fail(
		    OVER_LIMIT, "more properties than LIMIT_ICAL_PIECES");
	return done();
}

static result
take_component_name(struct look *l, view name)
{
	static const view known[] = {
		VIEW_INIT("VEVENT"),
		VIEW_INIT("VTODO"),
		VIEW_INIT("VJOURNAL"),
	};

	if (view_same(name, VIEW("VTIMEZONE")))
		return done();
	for (size_t i = 0; i < COUNT(known); i++) {
		if (!view_same(name, known[i]))
			continue;
		if (l->facts->component.n > 0
		    && !view_same(l->facts->component, name))
			return fail(DENIED,
			    "RFC 4791 4.1: more than one component type");
		l->facts->component = known[i];
		return done();
	}
	return fail(NOT_FOUND, "only VEVENT, VTODO and VJOURNAL are kept");
}

static result
open_component(struct look *l, view name)
{
	name = view_trim(name);
	if (name.n > NAME_MOST)
		return fail(MALFORMED, "RFC 5545 3.6: a component's name");
	if (l->depth == DEPTH_MOST)
		return fail(MALFORMED, "components are nested too deep");
	if (l->depth == 0 && !view_same(name, VIEW("VCALENDAR")))
		return fail(MALFORMED, "RFC 5545 3.4: no BEGIN:VCALENDAR");
	if (l->depth == 1) {
		TRY(take_component_name(l, name));
		l->uid = l->instance = l->start = VIEW("");
		l->attendees = 0;
	}
	l->open[l->depth++] = name;
	return done();
}

static void
keep_instance(struct look *l)
{
	view *more = arena_more(l->arena, l->instances, l->instance_count,
	    &l->instance_room, sizeof *more);

	if (more == NULL)
		return;
	l->instances = more;
	l->instances[l->instance_count++] = l->instance;
}

/* RFC 5545 3.8.4.4: of the kind that the DTSTART of the series is. */
static void
keep_kinds(struct look *l)
{
	view time = l->instance.n > 0 ? l->instance : l->start;
	/* libical takes "2026-03-01" and blanks behind it, too. */
	unsigned kind = view_find_byte(time, 'T') == SIZE_MAX ? IS_DATE
							      : IS_TIME;

	if (l->instance.n > 0)
		l->recurrences |= kind;
	else if (time.n > 0)
		l->starts |= kind;
	if (l->attendees > l->facts->attendees)
		l->facts->attendees = l->attendees;
}

static result
close_component(struct look *l, view name)
{
	if (l->depth == 0 || !view_same(view_trim(name), l->open[l->depth - 1]))
		return fail(MALFORMED, "RFC 5545 3.6: END without its BEGIN");
	l->depth--;
	if (l->depth != 1 || view_same(l->open[1], VIEW("VTIMEZONE")))
		return done();
	if (l->uid.n == 0)
		return fail(DENIED, "RFC 4791 4.1: a component has no UID");
	if (l->facts->uid.n > 0 && !view_eq(l->facts->uid, l->uid))
		return fail(DENIED, "RFC 4791 4.1: more than one UID");
	l->facts->uid = l->uid;
	keep_instance(l);
	keep_kinds(l);
	return arena_result(l->arena);
}

static result
take_property(struct look *l, const struct content_line *line)
{
	if (l->depth == 0)
		return fail(MALFORMED, "RFC 5545 3.4: no BEGIN:VCALENDAR");
	for (size_t i = 0; i < COUNT(timed); i++)
		l->times[i] += view_same(line->name, timed[i].name);
	if (l->depth == 1 && view_same(line->name, VIEW("METHOD")))
		return fail(DENIED, "RFC 4791 4.1: METHOD is for messages");
	if (line->parameters.n > 0)
		ical_zones_use(&l->zones, line->parameters);
	if (l->depth != 2)
		return done();
	if (view_same(l->open[1], VIEW("VTIMEZONE"))
	    && view_same(line->name, VIEW("TZID")))
		ical_zones_define(&l->zones, line->value);
	/* Of two the first counts, as it does to libical. */
	if (view_same(line->name, VIEW("UID")) && l->uid.n == 0)
		l->uid = view_trim(content_unescape(line->value, l->arena));
	if (view_same(line->name, VIEW("RECURRENCE-ID"))
	    && l->instance.n == 0)
		l->instance = view_trim(line->value);
	if (view_same(line->name, VIEW("DTSTART")) && l->start.n == 0)
		l->start = view_trim(line->value);
	l->attendees += view_same(line->name, VIEW("ATTENDEE"));
	return view_same(line->name, VIEW("DURATION"))
		&& view_at(view_trim(line->value), 0) == '-'
	    ? fail(MALFORMED, "RFC 5545 3.8.2.5: it ends too early")
	    : done();
}

static int
compare_views(const void *a, const void *b)
{
	const view *x = a, *y = b;

	return view_order(*x, *y);
}

/* At most one component without RECURRENCE-ID, and one for each. */
static result
check_instances(struct look *l)
{
	if (l->instance_count == 0)
		return done();
	qsort(l->instances, l->instance_count, sizeof *l->instances,
	    compare_views);
	for (size_t i = 1; i < l->instance_count; i++)
		if (view_eq(l->instances[i - 1], l->instances[i]))
			return fail(DENIED,
			    "RFC 5545 3.8.4.4: one RECURRENCE-ID twice");
	if (l->starts != 0 && (l->recurrences & ~l->starts) != 0)
		return fail(DENIED,
		    "RFC 5545 3.8.4.4: RECURRENCE-ID of another type");
	return done();
}

static result
look_at_lines(struct look *l, view text)
{
	struct content_lines lines = content_lines_of(text, l->arena);
	struct content_line line;
	bool closed = false;

	while (content_line_next(&lines, &line)) {
		if (closed)
			return fail(
			    MALFORMED, "RFC 4791 4.1: more than one VCALENDAR");
		TRY(count_pieces(l, &line));
		if (view_same(line.name, VIEW("BEGIN"))) {
			TRY(open_component(l, line.value));
		} else if (view_same(line.name, VIEW("END"))) {
			TRY(close_component(l, line.value));
			closed = l->depth == 0;
		} else {
			TRY(take_property(l, &line));
		}
	}
	TRY(lines.r);
	if (!closed)
		return fail(MALFORMED, "RFC 5545 3.4: END:VCALENDAR missing");
	return check_instances(l);
}

static uint32_t
count_properties(icalcomponent *c, icalproperty_kind kind)
{
	uint32_t n = (uint32_t)icalcomponent_count_properties(c, kind);
	icalcomponent *child;

	for (child = icalcomponent_get_first_component(c, ICAL_ANY_COMPONENT);
	     child != NULL;
	     child = icalcomponent_get_next_component(c, ICAL_ANY_COMPONENT))
		n += count_properties(child, kind);
	return n;
}

static result
check_component(icalcomponent *c)
{
	int64_t start, end;
	bool started = ical_moment(c, ICAL_DTSTART_PROPERTY, &start, NULL);

	if (!started && icalcomponent_isa(c) == ICAL_VEVENT_COMPONENT)
		return fail(MALFORMED, "RFC 5545 3.6.1: DTSTART is missing");
	if (started && ical_moment(c, ICAL_DTEND_PROPERTY, &end, NULL)
	    && end < start)
		return fail(MALFORMED, "RFC 5545 3.8.2.2: it ends too early");
	return done();
}

static int64_t
sum(int64_t t, int64_t by)
{
	int64_t s;

	if (t == INT64_MAX || t == INT64_MIN)
		return t;
	if (__builtin_add_overflow(t, by, &s))
		return by > 0 ? INT64_MAX : INT64_MIN;
	return s;
}

/* The component's extent, moved to its first and its last recurrence. */
static void
widen(struct ical_facts *facts, icalcomponent *c)
{
	struct ical_range extent = ical_extent(c);
	int64_t first, last, start;

	ical_starts(c, &first, &last);
	if (!ical_moment(c, ICAL_DTSTART_PROPERTY, &start, NULL))
		start = 0;
	extent.from = sum(extent.from, first - start);
	extent.to = last == INT64_MAX ? INT64_MAX
				      : sum(extent.to, last - start);
	if (extent.from < facts->span_from)
		facts->span_from = extent.from;
	if (extent.to > facts->span_to)
		facts->span_to = extent.to;
}

static result
look_at_times(struct look *l, icalcomponent *calendar)
{
	icalcomponent *c;

	for (size_t i = 0; i < COUNT(timed); i++)
		if (count_properties(calendar, timed[i].kind) < l->times[i])
			return fail(MALFORMED,
			    "RFC 5545 3.3: a time or rule cannot be read");
	l->facts->span_from = INT64_MAX;
	l->facts->span_to = INT64_MIN;
	for (c = icalcomponent_get_first_component(
		 calendar, ICAL_ANY_COMPONENT);
	     c != NULL; c = icalcomponent_get_next_component(
			    calendar, ICAL_ANY_COMPONENT)) {
		if (icalcomponent_isa(c) == ICAL_VTIMEZONE_COMPONENT)
			continue;
		TRY(check_component(c));
		if (l->spans)
			widen(l->facts, c);
	}
	return done();
}

static result
examine(view text, struct arena *arena, bool spans, struct ical_facts *out)
{
	struct look l = { .arena = arena, .facts = out, .spans = spans };
	icalcomponent *calendar;
	result r;

	*out = (struct ical_facts){ .uid = VIEW(""), .component = VIEW(""),
		.times = VIEW(""),
		.unknown_zone = VIEW("") };
	TRY(look_at_lines(&l, text));
	out->unknown_zone = ical_zones_unknown(&l.zones);
	if (out->component.n == 0)
		return fail(NOT_FOUND, "there is no component to keep");
	calendar = ical_read(text, true, arena);
	TRY(arena_result(arena));
	if (calendar == NULL)
		return fail(MALFORMED, "RFC 5545 3.4: not iCalendar");
	r = look_at_times(&l, calendar);
	if (r.is == OK && spans)
		out->times = ical_times_make(calendar, arena);
	icalcomponent_free(calendar);
	return r;
}

result
ical_examine(view text, struct arena *arena, struct ical_facts *out)
{
	return examine(text, arena, true, out);
}

result
ical_validate(view text, struct arena *arena, struct ical_facts *out)
{
	return examine(text, arena, false, out);
}
