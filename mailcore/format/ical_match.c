#include "mailcore/format/ical_inside.h"

#include "mailcore/format/content_line.h"
#include "mailcore/format/match.h"

#define CALDAV VIEW("urn:ietf:params:xml:ns:caldav")

struct match {
	struct arena *arena;
	const struct ical_clock *clock; /* of floating times */
	icalcomponent *calendar;
	struct ical_moments overridden;
};

static bool
is_filter(const struct xml_element *e, view name)
{
	return xml_is(e, CALDAV, name);
}

static const struct xml_element *
child(const struct xml_element *e, view name)
{
	return xml_child(e, CALDAV, name);
}

static struct ical_range
shifted(const struct ical_range *r, int64_t by)
{
	struct ical_range s = *r;

	if (s.from != INT64_MIN && __builtin_sub_overflow(s.from, by, &s.from))
		s.from = INT64_MIN;
	if (s.to != INT64_MAX && __builtin_sub_overflow(s.to, by, &s.to))
		s.to = INT64_MAX;
	return s;
}

static bool
instance_overlaps(void *context, icalcomponent *c, int64_t shift)
{
	struct ical_range r = shifted(context, shift);

	return ical_overlaps(c, &r);
}

static int64_t
seconds_of(struct icaldurationtype d)
{
	int64_t n = ((int64_t)d.weeks * 7 + (int64_t)d.days) * 86400
	    + (int64_t)d.hours * 3600 + (int64_t)d.minutes * 60
	    + (int64_t)d.seconds;

	if (n < 0 || n > (int64_t)36525 * 86400)
		n = (int64_t)36525 * 86400;
	return d.is_neg ? -n : n;
}

/* When an alarm of `parent` as it stands rings first; false: never. */
static bool
alarm_moment(icalcomponent *alarm, icalcomponent *parent, int64_t *out)
{
	icalproperty *p = icalcomponent_get_first_property(
	    alarm, ICAL_TRIGGER_PROPERTY);
	struct icaltriggertype t;
	icalparameter *related;
	int64_t length;

	if (p == NULL)
		return false;
	t = icalproperty_get_trigger(p);
	if (!icaltime_is_null_time(t.time)) {
		*out = ical_seconds(t.time);
		return true;
	}
	related = icalproperty_get_first_parameter(p, ICAL_RELATED_PARAMETER);
	if (related != NULL
	    && icalparameter_get_related(related) == ICAL_RELATED_END) {
		if (!ical_moment(parent, ICAL_DTEND_PROPERTY, out, NULL)
		    && !ical_moment(parent, ICAL_DUE_PROPERTY, out, NULL)
		    && !ical_moment(parent, ICAL_DTSTART_PROPERTY, out, NULL))
			return false;
		p = icalcomponent_get_first_property(
		    parent, ICAL_DURATION_PROPERTY);
		length = p == NULL ? 0
				   : seconds_of(icalproperty_get_duration(p));
		*out += length;
	} else if (!ical_moment(parent, ICAL_DTSTART_PROPERTY, out, NULL)
	    && !ical_moment(parent, ICAL_DUE_PROPERTY, out, NULL)) {
		return false;
	}
	*out += seconds_of(t.duration);
	return true;
}

/* How often it rings again, and after how long each time; 0: never. */
static int64_t
alarm_repeats(icalcomponent *alarm, int64_t *step)
{
	icalproperty *repeat = icalcomponent_get_first_property(
	    alarm, ICAL_REPEAT_PROPERTY);
	icalproperty *gap = icalcomponent_get_first_property(
	    alarm, ICAL_DURATION_PROPERTY);
	int64_t times;

	if (repeat == NULL || gap == NULL)
		return 0;
	*step = seconds_of(icalproperty_get_duration(gap));
	times = icalproperty_get_repeat(repeat);
	return *step <= 0 || times <= 0 ? 0 : times;
}

/* RFC 4791 9.9, VALARM: the first ring or a repetition is in the range. */
static bool
alarm_rings(icalcomponent *alarm, int64_t first, const struct ical_range *r)
{
	int64_t step, times, skip;

	if (r->from <= first && r->to > first)
		return true;
	if (r->from <= first)
		return false;
	times = alarm_repeats(alarm, &step);
	if (times == 0)
		return false;
	skip = (r->from - first + step - 1) / step;
	return skip <= times && r->to > first + skip * step;
}

static bool
is_absolute(icalcomponent *alarm)
{
	icalproperty *p = icalcomponent_get_first_property(
	    alarm, ICAL_TRIGGER_PROPERTY);

	return p != NULL
	    && !icaltime_is_null_time(icalproperty_get_trigger(p).time);
}

struct alarm_search {
	icalcomponent *alarm;
	struct ical_range range;
};

static bool
instance_rings(void *context, icalcomponent *c, int64_t shift)
{
	struct alarm_search *s = context;
	struct ical_range r = shifted(&s->range, shift);
	int64_t first;

	return alarm_moment(s->alarm, c, &first)
	    && alarm_rings(s->alarm, first, &r);
}

static bool
alarm_in_range(struct match *m, icalcomponent *alarm, icalcomponent *parent,
    const struct ical_range *range)
{
	struct alarm_search s = { alarm, *range };
	struct ical_range wide = *range;
	int64_t start, first, off, step, times;

	/* RFC 5545 3.8.6.3: a moment is the same for all instances. */
	if (ical_is_single(parent) || is_absolute(alarm)
	    || !ical_moment(parent, ICAL_DTSTART_PROPERTY, &start, NULL))
		return instance_rings(&s, parent, 0);
	if (!alarm_moment(alarm, parent, &first))
		return false;
	/* Its instances are looked for where the alarm puts them. */
	off = first - start;
	times = alarm_repeats(alarm, &step);
	wide = shifted(&wide, off > 0 ? off : 0);
	if (times > 0)
		wide = shifted(&wide, times * step);
	wide.to = shifted(range, off < 0 ? off : 0).to;
	return ical_any_instance(
	    parent, &wide, &m->overridden, instance_rings, &s);
}

static bool
component_in_range(struct match *m, icalcomponent *c, icalcomponent *parent,
    struct ical_range range)
{
	if (icalcomponent_isa(c) == ICAL_VALARM_COMPONENT) {
		if (parent != NULL && ical_floats(parent) && !is_absolute(c))
			range = ical_by_clock(m->clock, &range);
		return alarm_in_range(m, c, parent, &range);
	}
	if (ical_floats(c))
		range = ical_by_clock(m->clock, &range);
	if (ical_is_single(c))
		return ical_overlaps(c, &range);
	return ical_any_instance(
	    c, &range, &m->overridden, instance_overlaps, &range);
}

static bool
is_property(icalproperty *p, view name)
{
	char *found = icalproperty_get_property_name_r(p);
	bool same = view_same(view_of(found), name);

	icalmemory_free_buffer(found);
	return same;
}

/* Its value, to be freed; NULL: it is not there.  libical finds those that it
 * does not know only as they are spelled (RFC 5545 2: in any case). */
static char *
parameter_value(struct match *m, icalproperty *p, view name)
{
	icalparameter *at;
	char *found = NULL;

	for (at = icalproperty_get_first_parameter(p, ICAL_ANY_PARAMETER);
	     at != NULL && found == NULL;
	     at = icalproperty_get_next_parameter(p, ICAL_ANY_PARAMETER)) {
		char *line = icalparameter_as_ical_string_r(at);
		view rest = view_of(line);
		view spelled = view_cut(&rest, '=');
		const char *own = view_same(spelled, name)
		    ? arena_text(m->arena, spelled) : NULL;

		icalmemory_free_buffer(line);
		if (own != NULL)
			found = icalproperty_get_parameter_as_string_r(p, own);
	}
	return found;
}

static bool
parameter_matches(
    struct match *m, icalproperty *p, const struct xml_element *filter)
{
	char *found = parameter_value(
	    m, p, xml_attribute(filter, VIEW("name")));
	const struct xml_element *text = child(filter, VIEW("text-match"));
	bool matches;

	if (child(filter, VIEW("is-not-defined")) != NULL)
		matches = found == NULL;
	else if (text == NULL || found == NULL)
		matches = found != NULL;
	else
		matches = match_text(
		    text, view_of(found), VIEW("i;ascii-casemap"), m->arena);
	icalmemory_free_buffer(found);
	return matches;
}

static bool
value_matches(struct match *m, icalproperty *p, const struct xml_element *text)
{
	char *value = icalproperty_get_value_as_string_r(p);
	bool matches = value != NULL
	    && match_text(text, content_unescape(view_of(value), m->arena),
		VIEW("i;ascii-casemap"), m->arena);

	icalmemory_free_buffer(value);
	return matches;
}

static bool
moment_in_range(struct match *m, icalproperty *p, icalcomponent *c,
    const struct xml_element *e)
{
	struct icaltimetype t = icalproperty_get_datetime_with_component(p, c);
	struct ical_range range;
	int64_t s;

	if (icaltime_is_null_time(t)
	    || ical_filter_time(e, &range.from, &range.to).is != OK)
		return false;
	if (t.is_date || t.zone == NULL)
		range = ical_by_clock(m->clock, &range);
	s = ical_seconds(t);
	return range.from <= s && range.to > s;
}

static bool
one_property_matches(struct match *m, icalproperty *p, icalcomponent *c,
    const struct xml_element *filter)
{
	for (struct xml_element *e = filter->first; e != NULL; e = e->next) {
		if (is_filter(e, VIEW("text-match"))) {
			if (!value_matches(m, p, e))
				return false;
		} else if (is_filter(e, VIEW("param-filter"))) {
			if (!parameter_matches(m, p, e))
				return false;
		} else if (is_filter(e, VIEW("time-range"))) {
			if (!moment_in_range(m, p, c, e))
				return false;
		}
	}
	return true;
}

/* RFC 4791 9.7.2. */
static bool
property_matches(
    struct match *m, icalcomponent *c, const struct xml_element *filter)
{
	view name = xml_attribute(filter, VIEW("name"));
	bool absent = child(filter, VIEW("is-not-defined")) != NULL;
	icalproperty *p;

	for (p = icalcomponent_get_first_property(c, ICAL_ANY_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_ANY_PROPERTY)) {
		if (!is_property(p, name))
			continue;
		if (absent)
			return false;
		if (one_property_matches(m, p, c, filter))
			return true;
	}
	return absent;
}

static bool component_matches(struct match *, icalcomponent *,
    icalcomponent *parent, const struct xml_element *filter);

/* Is there a component in `parent` that the comp-filter describes?  An
 * iterator of its own, as libical's inner one does not nest. */
static bool
any_matches(
    struct match *m, icalcomponent *parent, const struct xml_element *filter)
{
	bool absent = child(filter, VIEW("is-not-defined")) != NULL;
	view name = xml_attribute(filter, VIEW("name"));
	icalcompiter i = icalcomponent_begin_component(
	    parent, ICAL_ANY_COMPONENT);
	icalcomponent *c;

	while ((c = icalcompiter_deref(&i)) != NULL) {
		(void)icalcompiter_next(&i);
		if (!view_same(name,
			view_of(icalcomponent_kind_to_string(
			    icalcomponent_isa(c))))
		    || ical_is_zone_name(c))
			continue;
		if (absent)
			return false;
		if (component_matches(m, c, parent, filter))
			return true;
	}
	return absent;
}

/* RFC 4791 9.7.1: all that the filter says holds for this component. */
static bool
component_matches(struct match *m, icalcomponent *c, icalcomponent *parent,
    const struct xml_element *filter)
{
	struct ical_range range;

	for (struct xml_element *e = filter->first; e != NULL; e = e->next) {
		if (is_filter(e, VIEW("prop-filter"))) {
			if (!property_matches(m, c, e))
				return false;
		} else if (is_filter(e, VIEW("comp-filter"))) {
			if (!any_matches(m, c, e))
				return false;
		} else if (is_filter(e, VIEW("time-range"))) {
			if (ical_filter_time(e, &range.from, &range.to).is != OK
			    || !component_in_range(m, c, parent, range))
				return false;
		}
	}
	return true;
}

static void
collect_overridden(struct match *m)
{
	int n = icalcomponent_count_components(m->calendar, ICAL_ANY_COMPONENT);
	icalcomponent *c;

	m->overridden.list = arena_array(
	    m->arena, (size_t)n, sizeof *m->overridden.list);
	if (m->overridden.list == NULL)
		return;
	for (c = icalcomponent_get_first_component(
		 m->calendar, ICAL_ANY_COMPONENT);
	     c != NULL; c = icalcomponent_get_next_component(
			    m->calendar, ICAL_ANY_COMPONENT))
		if (ical_is_override(c)
		    && ical_moment(c, ICAL_RECURRENCEID_PROPERTY,
			&m->overridden.list[m->overridden.count], NULL))
			m->overridden.count++;
	ical_sort(m->overridden.list, m->overridden.count);
}

static bool
wants_properties(const struct xml_element *filter)
{
	for (const struct xml_element *e = filter->first; e != NULL;
	     e = e->next)
		if (is_filter(e, VIEW("prop-filter")) || wants_properties(e))
			return true;
	return false;
}

result
ical_matches(view text, const struct xml_element *filter,
    const struct ical_clock *clock, struct arena *arena, bool *out)
{
	const struct xml_element *top = child(filter, VIEW("comp-filter"));
	struct match m = { .arena = arena, .clock = clock };
	bool whole;

	*out = false;
	TRY(ical_filter_check(filter, &whole));
	m.calendar = ical_read(text, !wants_properties(top), arena);
	if (m.calendar == NULL)
		return done();
	collect_overridden(&m);
	if (arena_result(arena).is == OK)
		*out = child(top, VIEW("is-not-defined")) == NULL
		    && component_matches(&m, m.calendar, NULL, top);
	icalcomponent_free(m.calendar);
	return arena_result(arena);
}
