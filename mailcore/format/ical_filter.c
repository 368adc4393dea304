#include "mailcore/format/ical_inside.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

#include <string.h>

#define CALDAV VIEW("urn:ietf:params:xml:ns:caldav")

result
ical_filter_time(const struct xml_element *e, int64_t *first, int64_t *last)
{
	view from = xml_attribute(e, VIEW("start"));
	view to = xml_attribute(e, VIEW("end"));

	*first = INT64_MIN;
	*last = INT64_MAX;
	if (from.n == 0 && to.n == 0)
		return fail(MALFORMED, "RFC 4791 9.9: neither start nor end");
	if (from.n > 0 && date_parse_ical_utc(from, first).is != OK)
		return fail(MALFORMED, "RFC 4791 9.9: start is not UTC");
	if (to.n > 0 && date_parse_ical_utc(to, last).is != OK)
		return fail(MALFORMED, "RFC 4791 9.9: end is not UTC");
	if (*first >= *last)
		return fail(MALFORMED, "RFC 4791 9.9: start is not before end");
	return done();
}

/* Which components stand in which, and when they are (RFC 4791 9.9); of those
 * that are not here nothing is known. */
static const struct component {
	view name;
	view in[2];
	bool timed;
} components[] = {
	{ VIEW_INIT("VCALENDAR"), { VIEW_INIT(""), VIEW_INIT("") }, false },
	{ VIEW_INIT("VEVENT"), { VIEW_INIT("VCALENDAR"), VIEW_INIT("") },
	    true },
	{ VIEW_INIT("VTODO"), { VIEW_INIT("VCALENDAR"), VIEW_INIT("") },
	    true },
	{ VIEW_INIT("VJOURNAL"), { VIEW_INIT("VCALENDAR"), VIEW_INIT("") },
	    true },
	{ VIEW_INIT("VFREEBUSY"), { VIEW_INIT("VCALENDAR"), VIEW_INIT("") },
	    true },
	{ VIEW_INIT("VTIMEZONE"), { VIEW_INIT("VCALENDAR"), VIEW_INIT("") },
	    false },
	{ VIEW_INIT("STANDARD"), { VIEW_INIT("VTIMEZONE"), VIEW_INIT("") },
	    false },
	{ VIEW_INIT("DAYLIGHT"), { VIEW_INIT("VTIMEZONE"), VIEW_INIT("") },
	    false },
	{ VIEW_INIT("VALARM"), { VIEW_INIT("VEVENT"), VIEW_INIT("VTODO") },
	    true },
};

static const struct component *
component_find(view name)
{
	for (size_t i = 0; i < COUNT(components); i++)
		if (view_same(name, components[i].name))
			return &components[i];
	return NULL;
}

/* RFC 4791 7.8: a comp-filter in one of something that never holds it is not
 * valid. */
static bool
component_fits(const struct xml_element *e, const struct xml_element *parent)
{
	const struct component *c = component_find(
				   xml_attribute(e, VIEW("name"))),
			       *in = component_find(
				   xml_attribute(parent, VIEW("name")));

	return c == NULL || in == NULL || view_same(c->in[0], in->name)
	    || view_same(c->in[1], in->name);
}

/* ... and neither is a range of time in what has no time. */
static bool
range_fits(const struct xml_element *parent)
{
	static const icalvalue_kind timeless[] = { ICAL_TEXT_VALUE,
		ICAL_URI_VALUE, ICAL_INTEGER_VALUE, ICAL_CALADDRESS_VALUE,
		ICAL_DURATION_VALUE, ICAL_RECUR_VALUE, ICAL_UTCOFFSET_VALUE,
		ICAL_GEO_VALUE };
	char name[32];
	icalvalue_kind kind;
	view v = xml_attribute(parent, VIEW("name"));
	const struct component *c = component_find(v);

	if (xml_is(parent, CALDAV, VIEW("comp-filter")))
		return c != NULL && c->timed;
	if (v.n >= sizeof name)
		return true;
	memcpy(name, v.p, v.n);
	name[v.n] = '\0';
	kind = icalproperty_kind_to_value_kind(
	    icalproperty_string_to_kind(name));
	for (size_t i = 0; i < COUNT(timeless); i++)
		if (kind == timeless[i])
			return false;
	return true; /* of others nobody knows */
}

/* RFC 4791 9.7: is-not-defined stands alone, and of these there is one.  What
 * is of another namespace counts for nothing (RFC 4918 17). */
static bool
is_well_formed(const struct xml_element *e)
{
	return (xml_count(e, CALDAV, VIEW("is-not-defined")) == 0
		   || xml_count(e, CALDAV, VIEW("")) == 1)
	    && xml_count(e, CALDAV, VIEW("time-range")) <= 1
	    && xml_count(e, CALDAV, VIEW("text-match")) <= 1
	    && (!xml_is(e, CALDAV, VIEW("filter"))
		|| xml_count(e, CALDAV, VIEW("comp-filter")) == 1);
}

/* The depth is bounded by xml_parse. */
static result
check(const struct xml_element *e, const struct xml_element *parent,
    unsigned *nodes)
{
	static const view named[] = {
		VIEW_INIT("comp-filter"),
		VIEW_INIT("prop-filter"),
		VIEW_INIT("param-filter"),
	};

	int64_t from, to;

	if (++*nodes > LIMIT_FILTER_NODES)
		return fail(MALFORMED, "more filters than LIMIT_FILTER_NODES");
	if (!is_well_formed(e))
		return fail(MALFORMED, "RFC 4791 9.7: too much in a filter");
	for (size_t i = 0; i < COUNT(named); i++)
		if (xml_is(e, CALDAV, named[i])
		    && xml_attribute(e, VIEW("name")).n == 0)
			return fail(MALFORMED, "RFC 4791 9.7: no name");
	if (xml_is(e, CALDAV, VIEW("comp-filter"))
	    && !component_fits(e, parent))
		return fail(MALFORMED,
		    "RFC 4791 7.8: one never holds the other");
	if (xml_is(e, CALDAV, VIEW("time-range"))) {
		TRY(ical_filter_time(e, &from, &to));
		if (!range_fits(parent))
			return fail(MALFORMED,
			    "RFC 4791 7.8: that has no time");
	}
	for (struct xml_element *c = e->first; c != NULL; c = c->next)
		TRY(check(c, e, nodes));
	return done();
}

static bool
is_component(view name)
{
	return view_same(name, VIEW("VEVENT")) || view_same(name, VIEW("VTODO"))
	    || view_same(name, VIEW("VJOURNAL"));
}

/* The one component that is asked for; NULL: none, or several. */
static const struct xml_element *
only_component(const struct xml_element *top)
{
	const struct xml_element *found = NULL;

	for (struct xml_element *e = top->first; e != NULL; e = e->next) {
		if (!xml_is(e, CALDAV, VIEW("comp-filter")))
			continue;
		if (found != NULL
		    || !is_component(xml_attribute(e, VIEW("name")))
		    || xml_child(e, CALDAV, VIEW("is-not-defined")) != NULL)
			return NULL;
		found = e;
	}
	return found;
}

static bool
has_conditions(const struct xml_element *e, bool components_too)
{
	return xml_child(e, CALDAV, VIEW("time-range")) != NULL
	    || xml_child(e, CALDAV, VIEW("prop-filter")) != NULL
	    || xml_child(e, CALDAV, VIEW("is-not-defined")) != NULL
	    || (components_too
		&& xml_child(e, CALDAV, VIEW("comp-filter")) != NULL);
}

result
ical_filter_check(const struct xml_element *filter, bool *whole)
{
	const struct xml_element *top = xml_child(
				     filter, CALDAV, VIEW("comp-filter")),
				 *one;
	unsigned nodes = 0;

	*whole = false;
	if (top == NULL
	    || !view_same(xml_attribute(top, VIEW("name")), VIEW("VCALENDAR")))
		return fail(MALFORMED, "RFC 4791 9.7.1: VCALENDAR comes first");
	TRY(check(filter, filter, &nodes));
	if (has_conditions(top, false))
		return done();
	one = only_component(top);
	*whole = one == NULL
	    ? xml_child(top, CALDAV, VIEW("comp-filter")) == NULL
	    : !has_conditions(one, true);
	return done();
}

/* Elements of other names count for nothing, as in ical_matches. */
static bool
has_only(const struct xml_element *e, view name)
{
	static const view conditions[] = { VIEW_INIT("comp-filter"),
		VIEW_INIT("prop-filter"), VIEW_INIT("time-range"),
		VIEW_INIT("is-not-defined") };
	size_t found = 0;

	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		for (size_t i = 0; i < COUNT(conditions); i++) {
			if (!xml_is(c, CALDAV, conditions[i]))
				continue;
			found++;
			if (!view_eq(conditions[i], name))
				return false;
		}
	return found == 1;
}

bool
ical_filter_is_range(const struct xml_element *filter)
{
	const struct xml_element *top = xml_child(
	    filter, CALDAV, VIEW("comp-filter"));
	const struct xml_element *one = top == NULL ? NULL
						    : only_component(top);

	return one != NULL && has_only(top, VIEW("comp-filter"))
	    && has_only(one, VIEW("time-range"))
	    && view_same(xml_attribute(one, VIEW("name")), VIEW("VEVENT"));
}

void
ical_filter_range(const struct xml_element *filter, view *component,
    int64_t *from, int64_t *to)
{
	const struct xml_element *top = xml_child(
	    filter, CALDAV, VIEW("comp-filter"));
	const struct xml_element *one = top == NULL ? NULL
						    : only_component(top);
	const struct xml_element *range = one == NULL
	    ? NULL
	    : xml_child(one, CALDAV, VIEW("time-range"));
	const struct component *known = one == NULL
	    ? NULL
	    : component_find(xml_attribute(one, VIEW("name")));

	/* In capitals, as items have it. */
	*component = known == NULL ? VIEW("") : known->name;
	*from = INT64_MIN;
	*to = INT64_MAX;
	if (range != NULL && ical_filter_time(range, from, to).is != OK) {
		*from = INT64_MIN;
		*to = INT64_MAX;
	}
}
