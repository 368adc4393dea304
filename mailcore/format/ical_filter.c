#include "mailcore/format/ical.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

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

/* The depth is bounded by xml_parse. */
static result
check(const struct xml_element *e, unsigned *nodes)
{
	static const view named[] = {
		VIEW_INIT("comp-filter"),
		VIEW_INIT("prop-filter"),
		VIEW_INIT("param-filter"),
	};

	int64_t from, to;

	if (++*nodes > LIMIT_FILTER_NODES)
		return fail(MALFORMED, "more filters than LIMIT_FILTER_NODES");
	for (size_t i = 0; i < COUNT(named); i++)
		if (xml_is(e, CALDAV, named[i])
		    && xml_attribute(e, VIEW("name")).n == 0)
			return fail(MALFORMED, "RFC 4791 9.7: no name");
	if (xml_is(e, CALDAV, VIEW("time-range")))
		TRY(ical_filter_time(e, &from, &to));
	for (struct xml_element *c = e->first; c != NULL; c = c->next)
		TRY(check(c, nodes));
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
	for (struct xml_element *e = top->first; e != NULL; e = e->next)
		if (xml_is(e, CALDAV, VIEW("comp-filter"))
		    && view_same(
			xml_attribute(e, VIEW("name")), VIEW("VCALENDAR")))
			return fail(MALFORMED,
			    "RFC 4791 9.7.1: VCALENDAR does not nest");
	TRY(check(filter, &nodes));
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

	*component = one == NULL ? VIEW("") : xml_attribute(one, VIEW("name"));
	*from = INT64_MIN;
	*to = INT64_MAX;
	if (range != NULL && ical_filter_time(range, from, to).is != OK) {
		*from = INT64_MIN;
		*to = INT64_MAX;
	}
}
