#include "mailcore/format/split.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/vcard_list.h"

#include <stdlib.h>

/* Whole lines are kept as they are, but for their ends. */

/* One component within a VCALENDAR. */
struct part {
	view id;  /* UID, or TZID of a time zone */
	view raw; /* from BEGIN to END */
	view head; /* of its VCALENDAR: VERSION, PRODID, CALSCALE */
	size_t place;
};

struct parts {
	struct part *list;
	size_t count;
	size_t room;
};

struct cut {
	struct arena *arena;
	view text;
	struct parts events;
	struct parts zones;
	struct buf head;
	struct part now;
	size_t began; /* where `now` did, from the text's beginning */
	int depth;
	bool zone;
};

static void
parts_add(struct parts *p, struct arena *arena, struct part part)
{
	struct part *more = arena_more(
	    arena, p->list, p->count, &p->room, sizeof *more);

	if (more == NULL)
		return;
	p->list = more;
	part.place = p->count;
	p->list[p->count++] = part;
}

/* A line with those that continue it (RFC 5545 3.1); false at the end. */
static bool
folded_line(view *rest, view *raw)
{
	view whole = *rest;
	view line;

	if (!view_line(rest, &line))
		return false;
	while (view_at(*rest, 0) == ' ' || view_at(*rest, 0) == '\t')
		(void)view_line(rest, &line);
	*raw = view_first(whole, whole.n - rest->n);
	return true;
}

static view
unfold(struct arena *arena, view raw)
{
	struct buf out = buf_new(raw.n);
	view line, whole;

	while (view_line(&raw, &line)) {
		bool more = out.n > 0;

		buf_add(&out, view_from(line, more ? 1 : 0));
	}
	whole = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return whole;
}

/* The value of a property of that name; false: another. */
static bool
property(struct arena *arena, view raw, view name, view *value)
{
	int next = view_at(raw, name.n);

	if (!view_starts_same(raw, name) || (next != ':' && next != ';'))
		return false;
	*value = unfold(arena, raw);
	(void)view_cut(value, ':');
	*value = view_trim(*value);
	return true;
}

static void
add_lines(struct buf *out, view raw)
{
	view line;

	while (view_line(&raw, &line)) {
		buf_add(out, line);
		buf_add(out, VIEW("\r\n"));
	}
}

static void
begin(struct cut *c, view name, size_t at)
{
	c->depth++;
	if (c->depth == 1)
		buf_reset(&c->head);
	if (c->depth != 2)
		return;
	c->zone = view_same(name, VIEW("VTIMEZONE"));
	c->began = at;
	c->now = (struct part){ .head = arena_copy(c->arena,
				    buf_view(&c->head)) };
}

static void
end(struct cut *c, size_t at)
{
	if (c->depth == 2) {
		c->now.raw = view_first(view_from(c->text, c->began),
		    at - c->began);
		parts_add(c->zone ? &c->zones : &c->events, c->arena, c->now);
	}
	if (c->depth > 0)
		c->depth--;
}

static void
inside(struct cut *c, view raw)
{
	view value;

	if (c->depth == 1
	    && (property(c->arena, raw, VIEW("VERSION"), &value)
	        || property(c->arena, raw, VIEW("PRODID"), &value)
	        || property(c->arena, raw, VIEW("CALSCALE"), &value)))
		add_lines(&c->head, raw);
	if (c->depth == 2 && c->now.id.n == 0)
		(void)property(c->arena, raw,
		    c->zone ? VIEW("TZID") : VIEW("UID"), &c->now.id);
}

static void
cut(struct cut *c)
{
	view rest = c->text;
	view raw, value;

	if (view_starts(rest, VIEW("\xEF\xBB\xBF")))
		rest = view_from(rest, 3);
	while (folded_line(&rest, &raw)) {
		size_t after = c->text.n - rest.n;

		if (property(c->arena, raw, VIEW("BEGIN"), &value))
			begin(c, value, after - raw.n);
		else if (property(c->arena, raw, VIEW("END"), &value))
			end(c, after);
		else
			inside(c, raw);
	}
}

static int
by_id(const void *a, const void *b)
{
	const struct part *x = a;
	const struct part *y = b;
	int order = view_order(x->id, y->id);

	return order != 0 ? order : (x->place > y->place) - (x->place
	    < y->place);
}

static bool
names_zone(const struct part *events, size_t count, view zone)
{
	for (size_t i = 0; i < count; i++)
		if (zone.n > 0 && view_find(events[i].raw, zone) != SIZE_MAX)
			return true;
	return false;
}

/* All components of one UID with the time zones that they name. */
static result
give_group(const struct cut *c, const struct part *events, size_t count,
    split_visit *visit, void *context)
{
	struct buf out = buf_new(LIMIT_CALENDAR_OBJECT);
	bool fits;
	result r;

	buf_add(&out, VIEW("BEGIN:VCALENDAR\r\n"));
	buf_add(&out, events[0].head);
	for (size_t i = 0; i < c->zones.count; i++)
		if (names_zone(events, count, c->zones.list[i].id))
			add_lines(&out, c->zones.list[i].raw);
	for (size_t i = 0; i < count; i++)
		add_lines(&out, events[i].raw);
	buf_add(&out, VIEW("END:VCALENDAR\r\n"));
	fits = buf_result(&out).is == OK;
	r = visit(context, events[0].id, fits ? buf_view(&out) : VIEW(""));
	buf_free(&out);
	return r;
}

static result
give_groups(struct cut *c, split_visit *visit, void *context)
{
	struct part *all = c->events.list;
	size_t count;

	TRY(arena_result(c->arena));
	if (c->events.count == 0)
		return fail(MALFORMED, "RFC 5545 3.4: no events in it");
	/* Each is looked for in all events. */
	if (c->zones.count > LIMIT_ICAL_ZONES)
		return fail(OVER_LIMIT, "More than LIMIT_ICAL_ZONES.");
	qsort(all, c->events.count, sizeof *all, by_id);
	for (size_t i = 0; i < c->events.count; i += count) {
		count = 1;
		while (all[i].id.n > 0 && i + count < c->events.count
		    && view_eq(all[i].id, all[i + count].id))
			count++;
		TRY(give_group(c, &all[i], count, visit, context));
	}
	return done();
}

result
split_calendar(
    view text, struct arena *arena, split_visit *visit, void *context)
{
	struct cut c = { .arena = arena, .text = text,
		.head = buf_new(LIMIT_CONTENT_LINE) };
	result r;

	cut(&c);
	r = give_groups(&c, visit, context);
	buf_free(&c.head);
	return r;
}

static result
give_card(view raw, split_visit *visit, void *context)
{
	struct buf out = buf_new(2 * raw.n + 2);
	bool fits;
	result r;

	add_lines(&out, raw);
	fits = buf_result(&out).is == OK;
	r = visit(context, VIEW(""), fits ? buf_view(&out) : VIEW(""));
	buf_free(&out);
	return r;
}

/* SOGo's list as a group; what is none is handed on to be refused. */
static result
give_list(view raw, split_visit *visit, void *context)
{
	struct arena *arena = arena_new(LIMIT_VCARD * 4);
	struct buf out = buf_new(LIMIT_VCARD);
	result r = vcard_list_convert(raw, arena, NULL, NULL, &out);

	r = visit(context, VIEW(""), r.is == OK ? buf_view(&out) : raw);
	buf_free(&out);
	arena_free(&arena);
	return r;
}

static bool
is_edge(view line, view word)
{
	if (!view_starts_same(line, word))
		return false;
	line = view_from(line, word.n);
	return view_same(line, VIEW("VCARD")) || view_same(line, VIEW("VLIST"));
}

result
split_cards(view text, split_visit *visit, void *context)
{
	view rest = text;
	size_t began = SIZE_MAX;
	size_t found = 0;
	view line, raw;

	if (view_starts(rest, VIEW("\xEF\xBB\xBF")))
		rest = view_from(rest, 3);
	for (;;) {
		size_t at = text.n - rest.n;

		if (!view_line(&rest, &line))
			break;
		line = view_trim(line);
		if (is_edge(line, VIEW("BEGIN:")))
			began = at;
		if (!is_edge(line, VIEW("END:")) || began == SIZE_MAX)
			continue;
		raw = view_first(view_from(text, began),
		    text.n - rest.n - began);
		TRY((vcard_list_is(raw) ? give_list : give_card)(raw, visit,
		    context));
		began = SIZE_MAX;
		found++;
	}
	return found > 0 ? done()
			 : fail(MALFORMED, "RFC 6350 3.3: no cards in it");
}
