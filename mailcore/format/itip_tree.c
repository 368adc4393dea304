#include "mailcore/format/itip_tree.h"

#include "mailcore/base/limits.h"

enum { DEPTH_MOST = 8 };

struct reading {
	struct arena *arena;
	struct itip_part *open[DEPTH_MOST];
	struct itip_part *root;
	size_t depth;
	size_t lines;
};

struct itip_part *
itip_part_new(struct arena *arena, view name)
{
	struct itip_part *p = arena_alloc(arena, sizeof *p);

	if (p != NULL)
		p->name = name;
	return p;
}

void
itip_part_add(struct itip_part *to, struct itip_part *child)
{
	if (to == NULL || child == NULL)
		return;
	child->next = NULL;
	if (to->child == NULL)
		to->child = child;
	else
		to->last_child->next = child;
	to->last_child = child;
}

void
itip_part_remove(struct itip_part *from, struct itip_part *child)
{
	struct itip_part **at = &from->child, *before = NULL;

	while (*at != NULL && *at != child) {
		before = *at;
		at = &(*at)->next;
	}
	if (*at == NULL)
		return;
	*at = child->next;
	if (from->last_child == child)
		from->last_child = before;
}

bool
itip_part_is(const struct itip_part *p, view name)
{
	return view_same(p->name, name);
}

static result
open_part(struct reading *r, view name)
{
	struct itip_part *p = itip_part_new(r->arena, view_trim(name));

	if (p == NULL)
		return arena_result(r->arena);
	if (r->depth == DEPTH_MOST)
		return fail(MALFORMED, "components are nested too deep");
	if (r->depth == 0 && (r->root != NULL
		|| !itip_part_is(p, VIEW("VCALENDAR"))))
		return fail(MALFORMED, "RFC 5545 3.4: not one VCALENDAR");
	if (r->depth == 0)
		r->root = p;
	else
		itip_part_add(r->open[r->depth - 1], p);
	r->open[r->depth++] = p;
	return done();
}

static result
close_part(struct reading *r, view name)
{
	if (r->depth == 0
	    || !itip_part_is(r->open[r->depth - 1], view_trim(name)))
		return fail(MALFORMED, "RFC 5545 3.6: END without its BEGIN");
	r->depth--;
	return done();
}

static void
add_line(struct itip_part *p, struct arena *arena,
    const struct content_line *text)
{
	struct itip_line *l = arena_alloc(arena, sizeof *l);

	if (l == NULL)
		return;
	l->text = *text;
	if (p->first == NULL)
		p->first = l;
	else
		p->last->next = l;
	p->last = l;
}

static result
take_line(struct reading *r, const struct content_line *line)
{
	if (++r->lines > LIMIT_ICAL_PIECES)
		return fail(OVER_LIMIT, "more lines than LIMIT_ICAL_PIECES");
	if (view_same(line->name, VIEW("BEGIN")))
		return open_part(r, line->value);
	if (view_same(line->name, VIEW("END")))
		return close_part(r, line->value);
	if (r->depth == 0)
		return fail(MALFORMED, "RFC 5545 3.4: no BEGIN:VCALENDAR");
	add_line(r->open[r->depth - 1], r->arena, line);
	return arena_result(r->arena);
}

result
itip_tree_read(view text, struct arena *arena, struct itip_part **out)
{
	struct content_lines lines = content_lines_of(text, arena);
	struct reading r = { .arena = arena };
	struct content_line line;

	*out = NULL;
	while (content_line_next(&lines, &line))
		TRY(take_line(&r, &line));
	TRY(lines.r);
	if (r.root == NULL || r.depth > 0)
		return fail(MALFORMED, "RFC 5545 3.4: END:VCALENDAR missing");
	*out = r.root;
	return arena_result(arena);
}

void
itip_tree_write(const struct itip_part *p, struct buf *out)
{
	struct content_line edge = { .name = VIEW("BEGIN"),
		.value = p->name };

	content_line_add(out, &edge);
	for (const struct itip_line *l = p->first; l != NULL; l = l->next)
		content_line_add(out, &l->text);
	for (const struct itip_part *c = p->child; c != NULL; c = c->next)
		itip_tree_write(c, out);
	edge.name = VIEW("END");
	content_line_add(out, &edge);
}

struct itip_part *
itip_part_copy(const struct itip_part *p, struct arena *arena)
{
	struct itip_part *copy = itip_part_new(arena, p->name);

	if (copy == NULL)
		return NULL;
	for (const struct itip_line *l = p->first; l != NULL; l = l->next)
		add_line(copy, arena, &l->text);
	for (const struct itip_part *c = p->child; c != NULL; c = c->next)
		itip_part_add(copy, itip_part_copy(c, arena));
	return copy;
}

bool
itip_line_is(const struct itip_line *l, view name)
{
	return view_same(l->text.name, name);
}

struct itip_line *
itip_line_find(const struct itip_part *p, view name)
{
	struct itip_line *l = p->first;

	while (l != NULL && !itip_line_is(l, name))
		l = l->next;
	return l;
}

struct itip_line *
itip_line_again(const struct itip_line *line)
{
	struct itip_line *l = line->next;

	while (l != NULL && !itip_line_is(l, line->text.name))
		l = l->next;
	return l;
}

view
itip_value(const struct itip_part *p, view name)
{
	const struct itip_line *l = itip_line_find(p, name);

	return l == NULL ? VIEW("") : view_trim(l->text.value);
}

void
itip_line_add(struct itip_part *p, struct arena *arena, view name,
    view parameters, view value)
{
	const struct content_line text = { .group = VIEW(""), .name = name,
		.parameters = parameters, .value = value };

	add_line(p, arena, &text);
}

void
itip_line_copy(struct itip_part *p, struct arena *arena,
    const struct itip_line *l)
{
	add_line(p, arena, &l->text);
}

static void
unlink_line(struct itip_part *p, struct itip_line *before,
    const struct itip_line *l)
{
	if (before == NULL)
		p->first = l->next;
	else
		before->next = l->next;
	if (p->last == l)
		p->last = before;
}

void
itip_line_remove(struct itip_part *p, const struct itip_line *line)
{
	struct itip_line *before = NULL;

	for (struct itip_line *l = p->first; l != NULL; l = l->next) {
		if (l == line) {
			unlink_line(p, before, l);
			return;
		}
		before = l;
	}
}

void
itip_line_drop(struct itip_part *p, view name)
{
	struct itip_line *before = NULL;

	for (struct itip_line *l = p->first; l != NULL; l = l->next) {
		if (itip_line_is(l, name))
			unlink_line(p, before, l);
		else
			before = l;
	}
}

void
itip_line_drop_all(struct itip_part *p, bool (*is)(view name))
{
	struct itip_line *before = NULL;

	for (struct itip_line *l = p->first; l != NULL; l = l->next) {
		if (is(l->text.name))
			unlink_line(p, before, l);
		else
			before = l;
	}
}

void
itip_line_set(struct itip_part *p, struct arena *arena, view name, view value)
{
	itip_line_drop(p, name);
	itip_line_add(p, arena, name, VIEW(""), value);
}

view
itip_parameter(const struct itip_line *l, view name)
{
	view rest = l->text.parameters, key, list, value;

	while (content_parameter_next(&rest, &key, &list))
		if (view_same(view_trim(key), name))
			return content_value_next(&list, &value)
			    ? value : VIEW("");
	return VIEW("");
}

static bool
needs_quotes(view value)
{
	return view_find_byte(value, ':') != SIZE_MAX
	    || view_find_byte(value, ';') != SIZE_MAX
	    || view_find_byte(value, ',') != SIZE_MAX;
}

void
itip_parameter_set(struct itip_line *l, struct arena *arena, view name,
    view value)
{
	view rest = l->text.parameters, key, list;
	struct buf b = buf_new(LIMIT_CONTENT_LINE);

	while (content_parameter_next(&rest, &key, &list)) {
		/* ";;" has one without a name, which nobody would read. */
		if (view_trim(key).n == 0 || view_same(view_trim(key), name))
			continue;
		if (b.n > 0)
			buf_add_byte(&b, ';');
		buf_add(&b, key);
		buf_add_byte(&b, '=');
		buf_add(&b, list);
	}
	if (value.n > 0) {
		const char *quote = needs_quotes(value) ? "\"" : "";

		if (b.n > 0)
			buf_add_byte(&b, ';');
		buf_add(&b, name);
		buf_add_byte(&b, '=');
		buf_add_text(&b, quote);
		buf_add(&b, value);
		buf_add_text(&b, quote);
	}
	l->text.parameters = arena_copy(arena, buf_view(&b));
	buf_free(&b);
}
