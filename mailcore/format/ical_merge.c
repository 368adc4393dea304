#include "mailcore/format/ical_merge.h"

#include "mailcore/format/content_line.h"

/* A TZID that was written; of two zones of one name the first stays. */
struct ical_zone {
	struct ical_zone *next;
	view id;
};

static result
take_zone(struct ical_merge *m, view id, bool *fresh)
{
	struct ical_zone *z;

	*fresh = false;
	for (z = m->zones; z != NULL; z = z->next)
		if (view_eq(z->id, id))
			return done();
	z = arena_alloc(m->arena, sizeof *z);
	if (z == NULL)
		return arena_result(m->arena);
	z->id = arena_copy(m->arena, id);
	z->next = m->zones;
	m->zones = z;
	*fresh = true;
	return arena_result(m->arena);
}

/* One component that ended; ends with a line break. */
static result
add_component(
    struct ical_merge *m, view text, bool zone, view id, struct buf *out)
{
	bool fresh = true;

	if (zone)
		TRY(take_zone(m, id, &fresh));
	if (!fresh)
		return done();
	buf_add(out, text);
	if (!view_ends(text, VIEW("\n")))
		buf_add(out, VIEW("\r\n"));
	return buf_result(out);
}

static view
slice(view text, size_t from, size_t to)
{
	return view_first(view_from(text, from), to - from);
}

result
ical_merge_add(
    struct ical_merge *m, view text, struct arena *scratch, struct buf *out)
{
	struct content_lines lines = content_lines_of(text, scratch);
	struct content_line line;
	size_t begin = 0, before = text.n - lines.rest.n;
	view id = VIEW("");
	bool zone = false;
	size_t depth = 0;

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
				TRY(add_component(m,
				    slice(text, begin, text.n - lines.rest.n),
				    zone, id, out));
			depth -= depth > 0;
		} else if (depth == 2 && view_same(line.name, VIEW("TZID"))) {
			id = view_trim(line.value);
		}
	}
	return done();
}

void
ical_add_text(struct buf *out, view name, view text)
{
	struct buf b = buf_new(65536);
	struct content_line line = { .name = name };

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\\' || c == ';' || c == ',')
			buf_add_byte(&b, '\\');
		if (c == '\n')
			buf_add(&b, VIEW("\\n"));
		else if (c != '\r')
			buf_add_byte(&b, c);
	}
	line.value = buf_view(&b);
	content_line_add(out, &line);
	buf_free(&b);
}
