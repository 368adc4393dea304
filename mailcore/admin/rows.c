#include "mailcore/admin/rows.h"

#include "mailcore/base/buf.h"

/* What a database writes for a tab, a line end and a backslash. */
static view
unescape(view field, struct arena *arena)
{
	struct buf out;

	if (view_eq(field, VIEW("NULL")))
		return VIEW("");
	if (view_find_byte(field, '\\') == SIZE_MAX)
		return field;
	out = buf_new(field.n + 1);
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];

		if (c == '\\' && i + 1 < field.n) {
			c = field.p[++i];
			c = (char)(c == 't' ? '\t' : c == 'n' ? '\n'
			    : c == '0' ? '\0' : c);
		}
		buf_add_byte(&out, c);
	}
	field = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return field;
}

/* Of one row, from the left. */
struct cutting {
	view line;
	bool more; /* a separator stood behind the last field */
};

static view
cut_plain(struct cutting *c, char separator)
{
	c->more = view_find_byte(c->line, separator) != SIZE_MAX;
	return view_trim(view_cut(&c->line, separator));
}

/* RFC 4180 2: in quotes a comma is one, and two quotes are one. */
static result
cut_quoted(struct cutting *c, struct arena *arena, view *out)
{
	view v = c->line;
	struct buf b = buf_new(v.n + 1);
	size_t i = 1;

	for (; i < v.n; i++) {
		if (v.p[i] == '"' && view_at(v, i + 1) != '"')
			break;
		i += v.p[i] == '"' ? 1 : 0;
		buf_add_byte(&b, v.p[i]);
	}
	*out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	if (i >= v.n)
		return fail(MALFORMED, "RFC 4180 2: a quote without its end");
	c->line = view_from(v, i + 1);
	if (cut_plain(c, ',').n > 0)
		return fail(MALFORMED, "RFC 4180 2: text behind a quote");
	return done();
}

static result
split(char separator, view line, struct arena *arena,
    view fields[ROWS_COLUMNS], size_t *count)
{
	struct cutting c = { line, true };

	for (*count = 0; c.more; ++*count) {
		view *out = &fields[*count];

		if (*count == ROWS_COLUMNS)
			return fail(MALFORMED, "more columns than there are");
		if (separator == '\t') {
			*out = unescape(cut_plain(&c, '\t'), arena);
			continue;
		}
		c.line = view_trim(c.line);
		if (view_at(c.line, 0) == '"')
			TRY(cut_quoted(&c, arena, out));
		else
			*out = cut_plain(&c, ',');
	}
	return arena_result(arena);
}

/* A line without its end; empty ones are passed over. */
static bool
take_line(struct rows *r, view *line)
{
	while (view_line(&r->rest, line)) {
		r->line++;
		if (view_trim(*line).n > 0)
			return true;
	}
	return false;
}

result
rows_begin(struct rows *r, view text, const char *const *names, size_t count,
    struct arena *arena)
{
	view fields[ROWS_COLUMNS], line = VIEW("");
	bool first = false;

	if (view_starts(text, VIEW("\xef\xbb\xbf")))
		text = view_from(text, 3);
	*r = (struct rows){ .rest = text, .arena = arena, .names = count };
	if (!take_line(r, &line))
		return fail(MALFORMED, "expected a table");
	r->separator = view_find_byte(line, '\t') != SIZE_MAX ? '\t' : ',';
	TRY(split(r->separator, line, arena, fields, &r->fields));
	for (size_t i = 0; i < r->fields; i++) {
		size_t k = 0;

		while (k < count && !view_same(fields[i], view_of(names[k])))
			k++;
		if (k == count)
			return fail(MALFORMED, "an unknown name of a column in"
			    " the first line");
		for (size_t before = 0; before < i; before++)
			if (r->column[before] == k)
				return fail(MALFORMED, "a column twice");
		r->column[i] = k;
		first = first || k == 0;
	}
	return first ? done()
		     : fail(MALFORMED, "the most important column is missing");
}

result
rows_next(struct rows *r, view values[ROWS_COLUMNS])
{
	view fields[ROWS_COLUMNS], line;
	size_t count;

	for (size_t i = 0; i < ROWS_COLUMNS; i++)
		values[i] = VIEW("");
	if (!take_line(r, &line))
		return fail(NOT_FOUND, "the end");
	TRY(split(r->separator, line, r->arena, fields, &count));
	if (count != r->fields)
		return fail(MALFORMED, "another number of fields than the"
		    " first line has");
	for (size_t i = 0; i < count; i++)
		values[r->column[i]] = fields[i];
	return done();
}
