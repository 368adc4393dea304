#include "mailcore/format/itip.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_inside.h"

#include <stdlib.h>

static const struct {
	view name;
	enum itip_method method;
} methods[] = {
	{ VIEW_INIT("REQUEST"), ITIP_REQUEST },
	{ VIEW_INIT("REPLY"), ITIP_REPLY },
	{ VIEW_INIT("CANCEL"), ITIP_CANCEL },
};

const char *
itip_method_name(enum itip_method m)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (methods[i].method == m)
			return methods[i].name.p;
	return "";
}

static enum itip_method
take_method(struct itip_part *calendar)
{
	view name = itip_value(calendar, VIEW("METHOD"));
	enum itip_method m = ITIP_NONE;

	if (itip_line_find(calendar, VIEW("METHOD")) != NULL)
		m = ITIP_OTHER;
	for (size_t i = 0; i < COUNT(methods); i++)
		if (view_same(name, methods[i].name))
			m = methods[i].method;
	itip_line_drop(calendar, VIEW("METHOD"));
	return m;
}

view
itip_text(const struct itip_part *calendar, enum itip_method m,
    struct arena *arena)
{
	struct buf b = buf_new(2 * (size_t)LIMIT_CALENDAR_OBJECT);
	struct itip_part whole = *calendar;
	struct itip_line first = { .next = calendar->first,
		.text = { .group = VIEW(""), .name = VIEW("METHOD"),
		    .parameters = VIEW("") } };
	view out;

	first.text.value = view_of(itip_method_name(m));
	if (m != ITIP_NONE)
		whole.first = &first;
	itip_tree_write(&whole, &b);
	out = buf_result(&b).is == OK ? arena_copy(arena, buf_view(&b))
				      : VIEW("");
	buf_free(&b);
	return out;
}

static result
take_people(struct itip *i, struct itip_instance *n)
{
	size_t count = 0;

	n->organizer = VIEW("");
	for (struct itip_line *l = n->part->first; l != NULL; l = l->next)
		count += itip_line_is(l, VIEW("ATTENDEE"));
	n->attendees = arena_array(i->arena, count + 1, sizeof *n->attendees);
	TRY(arena_result(i->arena));
	for (struct itip_line *l = n->part->first; l != NULL; l = l->next) {
		if (itip_line_is(l, VIEW("ATTENDEE")))
			n->attendees[n->attendee_count++]
			    = (struct itip_attendee){
				      itip_address(l, i->arena), l };
		if (itip_line_is(l, VIEW("ORGANIZER"))
		    && n->organizer_line == NULL) {
			n->organizer_line = l;
			n->organizer = itip_address(l, i->arena);
		}
	}
	return arena_result(i->arena);
}

/* As a RECURRENCE-ID it has the type of DTSTART (RFC 5545 3.8.4.4). */
static bool
has_type(const struct itip_instance *n, struct itip_named *named)
{
	const struct itip_line like = { .text = {
		.parameters = named->parameters, .value = named->value } };
	view type = itip_parameter(&like, VIEW("VALUE"));

	if (!n->date)
		return named->value.n > 8
		    && (type.n == 0 || view_same(type, VIEW("DATE-TIME")));
	named->parameters = VIEW("VALUE=DATE");
	return named->value.n == 8;
}

static int
compare_named(const void *a, const void *b)
{
	const struct itip_named *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The zone of that name for `c`: a VTIMEZONE around it, or a known one.  Only
 * a property with a time has one in libical. */
static const icaltimezone *
zone_of(icalcomponent *c, const char *tzid)
{
	icalproperty *p = icalproperty_new_exdate(
	    icaltime_from_string("20000101T000000"));
	struct icaltimetype t;

	icalproperty_add_parameter(p, icalparameter_new_tzid(tzid));
	t = icalproperty_get_datetime_with_component(p, c);
	icalproperty_free(p);
	return t.zone;
}

/* From our own text: libical's property of it is null when it is far away,
 * and there is none when it reads less than we do. */
static int64_t
moment_of(const struct itip *i, icalcomponent *c,
    const struct itip_named *named)
{
	const struct itip_line like = { .text = {
		.parameters = named->parameters } };
	const char *value = arena_text(i->arena, named->value);
	const char *tzid = arena_text(
	    i->arena, itip_parameter(&like, VIEW("TZID")));
	struct icaltimetype t;

	if (value == NULL || tzid == NULL)
		return 0;
	t = icaltime_from_string(value);
	if (*tzid != '\0' && !t.is_date && !icaltime_is_utc(t))
		t.zone = zone_of(c, tzid);
	return ical_seconds(t);
}

/* What nobody can be told of as a RECURRENCE-ID is left out. */
static void
exclude(struct itip *i, struct itip_instance *n, icalcomponent *c,
    const struct itip_line *l, view value)
{
	struct itip_named named = { .value = value,
		.parameters = l->text.parameters };
	int64_t wall;

	if (!itip_wall(value, i->arena, &wall) || !has_type(n, &named))
		return;
	named.id = moment_of(i, c, &named);
	n->excluded[n->excluded_count++] = named;
}

static size_t
count_excluded(const struct itip_line *l)
{
	size_t count = 0;

	for (; l != NULL; l = itip_line_again(l)) {
		view list = l->text.value;

		for (; list.n > 0; count++)
			(void)view_cut(&list, ',');
	}
	return count;
}

static void
take_excluded(struct itip *i, struct itip_instance *n, icalcomponent *c)
{
	const struct itip_line *first
	    = itip_line_find(n->part, VIEW("EXDATE"));
	size_t most = count_excluded(first);

	if (most == 0)
		return;
	n->excluded = arena_array(i->arena, most, sizeof *n->excluded);
	for (const struct itip_line *l = first;
	     l != NULL && n->excluded != NULL; l = itip_line_again(l)) {
		view list = l->text.value;

		while (list.n > 0)
			exclude(i, n, c, l, view_trim(view_cut(&list, ',')));
	}
	if (n->excluded_count > 1)
		qsort(n->excluded, n->excluded_count, sizeof *n->excluded,
		    compare_named);
}

static void
take_times(struct itip *i, struct itip_instance *n, icalcomponent *c)
{
	struct ical_range extent = ical_extent(c);
	struct icaltimetype start = ical_property_time(
	    c, ICAL_DTSTART_PROPERTY);
	bool floating = false;
	uint64_t sequence = 0;

	n->master = !ical_is_override(c);
	n->date = start.is_date != 0;
	if (!n->master
	    && !ical_moment(c, ICAL_RECURRENCEID_PROPERTY, &n->id, NULL))
		n->id = INT64_MIN;
	n->from = n->to = 0;
	if (ical_moment(c, ICAL_DTSTART_PROPERTY, &n->from, &floating)
	    && extent.to != INT64_MAX)
		n->to = extent.to - 1 - (floating ? ICAL_FLOAT : 0);
	else
		(void)ical_moment(c, ICAL_DUE_PROPERTY, &n->to, NULL);
	(void)view_number(itip_value(n->part, VIEW("SEQUENCE")), INT32_MAX,
	    &sequence);
	n->sequence = (int64_t)sequence;
	if (date_parse_ical_utc(itip_value(n->part, VIEW("DTSTAMP")),
		&n->stamp).is != OK)
		n->stamp = 0;
	take_excluded(i, n, c);
}

static int
compare(const void *a, const void *b)
{
	const struct itip_instance *x = a, *y = b;

	if (x->master != y->master)
		return x->master ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void
take_whole(struct itip *i)
{
	i->organizer = VIEW("");
	for (size_t k = 0; k < i->count; k++) {
		const struct itip_instance *n = &i->list[k];

		if (k == 0)
			i->organizer = n->organizer;
		else if (!view_eq(i->organizer, n->organizer))
			i->mixed = true;
		if (i->organizer.n == 0)
			i->organizer = n->organizer;
	}
}

static bool
is_zone(const struct itip_part *p)
{
	return itip_part_is(p, VIEW("VTIMEZONE"));
}

/* Both trees have the components in the same order. */
static result
pair(struct itip *i, icalcomponent *calendar)
{
	icalcomponent *c = icalcomponent_get_first_component(
	    calendar, ICAL_ANY_COMPONENT);

	for (struct itip_part *p = i->calendar->child; p != NULL;
	     p = p->next) {
		struct itip_instance *n = &i->list[i->count];

		if (is_zone(p))
			continue;
		while (c != NULL
		    && icalcomponent_isa(c) == ICAL_VTIMEZONE_COMPONENT)
			c = icalcomponent_get_next_component(
			    calendar, ICAL_ANY_COMPONENT);
		if (c == NULL)
			return fail(MALFORMED, "a component cannot be read");
		n->part = p;
		TRY(take_people(i, n));
		TRY(itip_prepare(n, i->arena));
		take_times(i, n, c);
		i->count++;
		c = icalcomponent_get_next_component(
		    calendar, ICAL_ANY_COMPONENT);
	}
	return arena_result(i->arena);
}

static result
read_instances(struct itip *i, view text)
{
	icalcomponent *calendar;
	size_t count = 0;
	result r;

	for (const struct itip_part *p = i->calendar->child; p != NULL;
	     p = p->next)
		count += !is_zone(p);
	i->list = arena_array(i->arena, count + 1, sizeof *i->list);
	TRY(arena_result(i->arena));
	calendar = ical_read(text, true, i->arena);
	if (calendar == NULL)
		return fail(MALFORMED, "RFC 5545 3.4: not iCalendar");
	r = pair(i, calendar);
	icalcomponent_free(calendar);
	qsort(i->list, i->count, sizeof *i->list, compare);
	take_whole(i);
	return r;
}

result
itip_again(struct itip_part *calendar, struct arena *arena,
    struct itip **out)
{
	struct itip *i = arena_alloc(arena, sizeof *i);
	struct ical_facts facts;
	view text;

	*out = NULL;
	if (i == NULL)
		return arena_result(arena);
	i->arena = arena;
	i->calendar = calendar;
	i->method = take_method(calendar);
	text = itip_text(calendar, ITIP_NONE, arena);
	TRY(arena_result(arena));
	TRY(ical_validate(text, arena, &facts));
	i->uid = facts.uid;
	i->component = facts.component;
	TRY(read_instances(i, text));
	*out = i;
	return done();
}

result
itip_read(view text, struct arena *arena, struct itip **out)
{
	struct itip_part *calendar;

	*out = NULL;
	TRY(itip_tree_read(text, arena, &calendar));
	return itip_again(calendar, arena, out);
}

static bool
there(void *context, icalcomponent *c, int64_t shift)
{
	const int64_t *wanted = context;
	int64_t start;

	return ical_moment(c, ICAL_DTSTART_PROPERTY, &start, NULL)
	    && start + shift == *wanted;
}

void
itip_recurs(const struct itip *i, const int64_t *ids, size_t count, bool *out)
{
	view text = itip_text(i->calendar, ITIP_NONE, i->arena);
	icalcomponent *calendar = ical_read(text, true, i->arena), *c;

	for (size_t k = 0; k < count; k++)
		out[k] = k >= ITIP_RECURRENCES;
	if (calendar == NULL)
		return;
	c = icalcomponent_get_first_component(calendar, ICAL_ANY_COMPONENT);
	while (c != NULL
	    && (icalcomponent_isa(c) == ICAL_VTIMEZONE_COMPONENT
		|| ical_is_override(c)))
		c = icalcomponent_get_next_component(
		    calendar, ICAL_ANY_COMPONENT);
	for (size_t k = 0; c != NULL && k < count; k++) {
		struct ical_range range = { ids[k] - ICAL_DAY,
			ids[k] + ICAL_DAY };
		int64_t wanted = ids[k];

		if (k < ITIP_RECURRENCES)
			out[k] = ical_any_instance(
			    c, &range, NULL, there, &wanted);
	}
	icalcomponent_free(calendar);
}
