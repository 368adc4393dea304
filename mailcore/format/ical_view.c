#include "mailcore/format/ical_view.h"

#include "mailcore/base/date.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/ical_inside.h"

#define CALDAV VIEW("urn:ietf:params:xml:ns:caldav")

/* One component directly inside of VCALENDAR, and what becomes of it. */
struct part {
	view text; /* from BEGIN to END */
	bool zone;
	icalcomponent *component; /* NULL for a zone */
	bool drop;
	bool convert;    /* its times are written anew */
	bool recurs;     /* and its instances get a RECURRENCE-ID */
	int64_t *shifts; /* of its instances, ascending; when it converts */
	size_t count;
};

struct writing {
	const struct ical_view *v;
	struct arena *arena;
	struct buf *out;
	struct part *parts;
	size_t count;
	struct ical_moments overridden;
};

static result
read_range(const struct xml_element *e, struct ical_view *v)
{
	if (xml_attribute(e, VIEW("start")).n == 0
	    || xml_attribute(e, VIEW("end")).n == 0)
		return fail(MALFORMED, "RFC 4791 9.6.5: start and end");
	return ical_filter_time(e, &v->from, &v->to);
}

result
ical_view_read(const struct xml_element *e, struct ical_view *out)
{
	const struct xml_element *expand = xml_child(e, CALDAV, VIEW("expand")),
				 *limit = xml_child(
				     e, CALDAV, VIEW("limit-recurrence-set"));
	view type = xml_attribute(e, VIEW("content-type"));
	view version = xml_attribute(e, VIEW("version"));

	*out = (struct ical_view){ .comp = xml_child(e, CALDAV, VIEW("comp")) };
	if ((type.n > 0 && !view_same(type, VIEW("text/calendar")))
	    || (version.n > 0 && !view_eq(version, VIEW("2.0"))))
		return fail(DENIED, "RFC 4791 9.6: not a type that we have");
	out->expand = expand != NULL;
	out->limit = expand == NULL && limit != NULL;
	out->whole = !out->expand && !out->limit && out->comp == NULL;
	if (expand != NULL)
		TRY(read_range(expand, out));
	else if (limit != NULL)
		TRY(read_range(limit, out));
	if (out->expand
	    && out->to - out->from > (int64_t)ICAL_EXPAND_DAYS * ICAL_DAY)
		return fail(OVER_LIMIT, "more days than ICAL_EXPAND_DAYS");
	return done();
}

/* The element for a component inside of what `comp` chose.  false: it is not
 * chosen; NULL: all of it.  An empty element asks for all (RFC 4791 7.8.1). */
static bool
choose_component(
    const struct xml_element *comp, view name, const struct xml_element **out)
{
	*out = NULL;
	if (comp == NULL || comp->first == NULL
	    || xml_child(comp, CALDAV, VIEW("allcomp")) != NULL)
		return true;
	for (const struct xml_element *e = comp->first; e != NULL; e = e->next)
		if (xml_is(e, CALDAV, VIEW("comp"))
		    && view_same(xml_attribute(e, VIEW("name")), name)) {
			*out = e;
			return true;
		}
	return false;
}

static bool
choose_property(const struct xml_element *comp, struct content_line *line)
{
	if (comp == NULL || comp->first == NULL
	    || xml_child(comp, CALDAV, VIEW("allprop")) != NULL)
		return true;
	for (const struct xml_element *e = comp->first; e != NULL;
	     e = e->next) {
		if (!xml_is(e, CALDAV, VIEW("prop"))
		    || !view_same(xml_attribute(e, VIEW("name")), line->name))
			continue;
		if (view_eq(xml_attribute(e, VIEW("novalue")), VIEW("yes")))
			line->value = VIEW("");
		return true;
	}
	return false;
}

/* As UTC, or as DATE or floating time when DTSTART is. */
static void
add_time(
    struct writing *w, const char *name, int64_t t, struct icaltimetype like)
{
	struct buf b = buf_new(64);

	buf_add_text(w->out, name);
	date_add_ical(&b, t);
	if (like.is_date) {
		buf_add(w->out, VIEW(";VALUE=DATE"));
		buf_cut(&b, 8);
	} else if (like.zone == NULL && !icaltime_is_utc(like)) {
		buf_cut(&b, 15);
	}
	buf_add_byte(w->out, ':');
	buf_add(w->out, buf_view(&b));
	buf_add(w->out, VIEW("\r\n"));
	buf_free(&b);
}

static void
add_moment(struct writing *w, const struct part *p, icalproperty_kind kind,
    const char *name, int64_t shift)
{
	struct icaltimetype t = ical_property_time(p->component, kind);

	if (!icaltime_is_null_time(t))
		add_time(w, name, ical_seconds(t) + shift, t);
}

/* The times of one instance. */
static void
add_times(struct writing *w, const struct part *p, int64_t shift,
    const struct xml_element *comp)
{
	static const struct {
		const char *name;
		icalproperty_kind kind;
	} rows[] = {
		{ "DTSTART", ICAL_DTSTART_PROPERTY },
		{ "DTEND", ICAL_DTEND_PROPERTY },
		{ "DUE", ICAL_DUE_PROPERTY },
		{ "RECURRENCE-ID", ICAL_RECURRENCEID_PROPERTY },
	};
	struct icaltimetype start = ical_property_time(
	    p->component, ICAL_DTSTART_PROPERTY);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct content_line line = { .name = view_of(rows[i].name) };

		if (choose_property(comp, &line))
			add_moment(w, p, rows[i].kind, rows[i].name, shift);
	}
	/* Which instance it is must be known, whatever was chosen. */
	if (p->recurs && !icaltime_is_null_time(start))
		add_time(
		    w, "RECURRENCE-ID", ical_seconds(start) + shift, start);
}

static bool
is_time_line(view name)
{
	static const view names[] = {
		VIEW_INIT("DTSTART"),
		VIEW_INIT("DTEND"),
		VIEW_INIT("DUE"),
		VIEW_INIT("RECURRENCE-ID"),
		VIEW_INIT("RRULE"),
		VIEW_INIT("RDATE"),
		VIEW_INIT("EXDATE"),
		VIEW_INIT("EXRULE"),
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(name, names[i]))
			return true;
	return false;
}

enum { DEPTH_MOST = 8 };

struct level {
	const struct xml_element *comp[DEPTH_MOST];
	bool shown[DEPTH_MOST];
	size_t depth; /* of the component whose lines come now */
};

static void
enter(struct writing *w, struct level *l, const struct content_line *line)
{
	const struct xml_element *comp = NULL;
	bool shown = l->shown[l->depth]
	    && choose_component(
		l->comp[l->depth], view_trim(line->value), &comp);

	if (shown)
		content_line_add(w->out, line);
	l->depth++;
	l->comp[l->depth] = comp;
	l->shown[l->depth] = shown;
}

/* A component's lines, once; `comp` chooses in VCALENDAR. */
static result
write_part(struct writing *w, const struct part *p, int64_t shift)
{
	struct content_lines lines = content_lines_of(p->text, w->arena);
	struct content_line line;
	struct level l = { .comp = { w->v->comp }, .shown = { true } };

	while (content_line_next(&lines, &line)) {
		if (view_same(line.name, VIEW("BEGIN"))) {
			if (l.depth + 1 == DEPTH_MOST)
				return fail(MALFORMED, "nested too deep");
			enter(w, &l, &line);
			if (l.depth == 1 && l.shown[1] && p->convert)
				add_times(w, p, shift, l.comp[1]);
		} else if (view_same(line.name, VIEW("END"))) {
			if (l.shown[l.depth])
				content_line_add(w->out, &line);
			l.depth -= l.depth > 0;
		} else if (l.shown[l.depth]
		    && !(l.depth == 1 && p->convert && is_time_line(line.name))
		    && choose_property(l.comp[l.depth], &line)) {
			content_line_add(w->out, &line);
		}
	}
	return lines.r;
}

static bool
has_rules(icalcomponent *c)
{
	return icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY) != NULL
	    || icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY) != NULL;
}

struct gather {
	struct writing *w;
	struct ical_range range;
	struct part *part;
	size_t room;
};

static bool
gather_one(void *context, icalcomponent *c, int64_t shift)
{
	struct gather *g = context;
	struct part *p = g->part;
	struct ical_range r = { g->range.from - shift, g->range.to - shift };
	int64_t *more;

	if (!ical_overlaps(c, &r))
		return false;
	more = p->count > ICAL_EXPAND_MOST ? NULL
	    : arena_more(g->w->arena, p->shifts, p->count, &g->room,
		sizeof *more);
	if (more == NULL)
		return true;
	p->shifts = more;
	p->shifts[p->count++] = shift;
	return false;
}

/* DTSTART is often also the first instance of the rule. */
static void
sort_once(struct part *p)
{
	size_t n = 0;

	if (p->count == 0)
		return;
	ical_sort(p->shifts, p->count);
	for (size_t i = 0; i < p->count; i++)
		if (n == 0 || p->shifts[n - 1] != p->shifts[i])
			p->shifts[n++] = p->shifts[i];
	p->count = n > ICAL_EXPAND_MOST ? ICAL_EXPAND_MOST : n;
}

static void
plan_expanded(struct writing *w, struct part *p)
{
	struct gather g = { w, { w->v->from, w->v->to }, p, 0 };

	if (ical_floats(p->component))
		g.range = ical_by_clock(w->v->clock, &g.range);
	p->convert = true;
	p->recurs = has_rules(p->component) && !ical_is_override(p->component);
	if (!p->recurs && !ical_is_ranged(p->component)) {
		(void)gather_one(&g, p->component, 0);
		return;
	}
	(void)ical_any_instance(
	    p->component, &g.range, &w->overridden, gather_one, &g);
	sort_once(p);
}

/* RFC 4791 9.6.6: an override matters when it is in the range, or was. */
static void
plan_limited(struct writing *w, struct part *p)
{
	struct ical_range r = { w->v->from, w->v->to };
	icalproperty *id = icalcomponent_get_first_property(
	    p->component, ICAL_RECURRENCEID_PROPERTY);
	int64_t start, old;

	if (ical_floats(p->component))
		r = ical_by_clock(w->v->clock, &r);
	if (id == NULL || ical_overlaps(p->component, &r)
	    || !ical_moment(p->component, ICAL_DTSTART_PROPERTY, &start, NULL)
	    || !ical_moment(
		p->component, ICAL_RECURRENCEID_PROPERTY, &old, NULL))
		return;
	if (icalproperty_get_first_parameter(id, ICAL_RANGE_PARAMETER) != NULL)
		return;
	r.from += start - old;
	r.to += start - old;
	p->drop = !ical_overlaps(p->component, &r);
}

static void
collect_overridden(struct writing *w)
{
	w->overridden.list = arena_array(
	    w->arena, w->count + 1, sizeof *w->overridden.list);
	if (w->overridden.list == NULL)
		return;
	for (size_t i = 0; i < w->count; i++)
		if (!w->parts[i].zone
		    && ical_is_override(w->parts[i].component)
		    && ical_moment(w->parts[i].component,
			ICAL_RECURRENCEID_PROPERTY,
			&w->overridden.list[w->overridden.count], NULL))
			w->overridden.count++;
	ical_sort(w->overridden.list, w->overridden.count);
}

/* libical puts time zones first, also those that the text only names; all else
 * stays in order. */
static bool
pair(struct writing *w, icalcomponent *calendar)
{
	icalcomponent *c;
	size_t n = 0;

	for (c = icalcomponent_get_first_component(
		 calendar, ICAL_ANY_COMPONENT);
	     c != NULL; c = icalcomponent_get_next_component(
			    calendar, ICAL_ANY_COMPONENT)) {
		if (icalcomponent_isa(c) == ICAL_VTIMEZONE_COMPONENT)
			continue;
		while (n < w->count && w->parts[n].zone)
			n++;
		if (n == w->count)
			return false;
		w->parts[n++].component = c;
	}
	while (n < w->count && w->parts[n].zone)
		n++;
	return n == w->count;
}

static void
plan(struct writing *w)
{
	collect_overridden(w);
	for (size_t i = 0; i < w->count; i++) {
		if (w->parts[i].zone)
			w->parts[i].drop = w->v->expand;
		else if (w->v->expand)
			plan_expanded(w, &w->parts[i]);
		else
			plan_limited(w, &w->parts[i]);
	}
}

static result
add_part(struct writing *w, size_t *room, bool zone, view text)
{
	struct part *more = arena_more(
	    w->arena, w->parts, w->count, room, sizeof *more);

	if (more == NULL)
		return arena_result(w->arena);
	w->parts = more;
	w->parts[w->count++] = (struct part){ .zone = zone,
		.text = text };
	return done();
}

/* Where the components are. */
static result
find_parts(struct writing *w, view text)
{
	struct content_lines lines = content_lines_of(text, w->arena);
	struct content_line line;
	size_t begin = 0, before = text.n - lines.rest.n;
	size_t depth = 0, room = 0;
	bool zone = false;

	for (; content_line_next(&lines, &line);
	     before = text.n - lines.rest.n) {
		if (view_same(line.name, VIEW("BEGIN"))) {
			if (++depth != 2)
				continue;
			begin = before;
			zone = view_same(
			    view_trim(line.value), VIEW("VTIMEZONE"));
		} else if (view_same(line.name, VIEW("END"))) {
			if (depth == 2)
				TRY(add_part(w, &room, zone,
				    view_first(view_from(text, begin),
					text.n - lines.rest.n - begin)));
			depth -= depth > 0;
		}
	}
	return lines.r;
}

/* RFC 5545 3.6: without these two it is no calendar. */
static bool
is_needed(view name)
{
	return view_same(name, VIEW("VERSION"))
	    || view_same(name, VIEW("PRODID"));
}

static result
write_parts(struct writing *w, const struct part *p)
{
	if (p->drop)
		return done();
	if (!p->convert)
		return write_part(w, p, 0);
	for (size_t i = 0; i < p->count; i++)
		TRY(write_part(w, p, p->shifts[i]));
	return done();
}

static result
write_all(struct writing *w, view text)
{
	struct content_lines lines = content_lines_of(text, w->arena);
	struct content_line line;
	size_t depth = 0, at = 0;

	while (content_line_next(&lines, &line)) {
		bool begin = view_same(line.name, VIEW("BEGIN"));
		bool end = view_same(line.name, VIEW("END"));

		depth += begin;
		if (depth == 1
		    && (begin || end || is_needed(line.name)
			|| choose_property(w->v->comp, &line)))
			content_line_add(w->out, &line);
		if (begin && depth == 2 && at < w->count)
			TRY(write_parts(w, &w->parts[at++]));
		depth -= end && depth > 0;
	}
	TRY(lines.r);
	return buf_result(w->out);
}

result
ical_view_write(
    const struct ical_view *v, view text, struct arena *arena, struct buf *out)
{
	struct writing w = { .v = v, .arena = arena, .out = out };
	icalcomponent *calendar = NULL;
	size_t before = out->n;
	result r;

	if (v->whole) {
		buf_add(out, text);
		return buf_result(out);
	}
	r = find_parts(&w, text);
	if (r.is == OK && (v->expand || v->limit)) {
		calendar = ical_read(text, true, arena);
		if (calendar == NULL || !pair(&w, calendar))
			r = fail(MALFORMED, "RFC 5545 3.4: not iCalendar");
		else
			plan(&w);
	}
	if (r.is == OK)
		r = arena_result(arena);
	if (r.is == OK)
		r = write_all(&w, text);
	if (calendar != NULL)
		icalcomponent_free(calendar);
	if (r.is != MALFORMED)
		return r;
	buf_cut(out, before);
	buf_add(out, text);
	return buf_result(out);
}
