#include "mailcore/format/content_line.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

struct content_lines
content_lines_of(view text, struct arena *arena)
{
	struct content_lines c = { .arena = arena, .r = done() };

	if (view_starts(text, VIEW("\xef\xbb\xbf")))
		text = view_from(text, 3);
	c.rest = text;
	if (view_find_byte(text, '\0') != SIZE_MAX)
		c.r = fail(MALFORMED, "RFC 5545 3.1: a NUL in the text");
	else if (!utf8_is_valid(text))
		c.r = fail(MALFORMED, "RFC 5545 3.1.4: not UTF-8");
	return c;
}

static bool
is_continued(view rest)
{
	int next = view_at(rest, 0);

	return next == ' ' || next == '\t';
}

/* One line with its continuations, joined when there are any. */
static bool
unfold(struct content_lines *c, view *out)
{
	view line, all = c->rest, more;
	size_t folded = 0, n = 0;
	bool first = true;
	char *to;

	if (!view_line(&c->rest, &line))
		return false;
	*out = line;
	if (!is_continued(c->rest))
		return true;
	for (more = c->rest; is_continued(more); folded += line.n)
		if (!view_line(&more, &line))
			break;
	to = arena_alloc(c->arena, out->n + folded);
	if (to == NULL) {
		c->r = arena_result(c->arena);
		return false;
	}
	c->rest = all;
	while (view_line(&c->rest, &line)) {
		line = view_from(line, first ? 0 : 1);
		first = false;
		for (size_t i = 0; i < line.n; i++)
			to[n++] = line.p[i];
		if (!is_continued(c->rest))
			break;
	}
	*out = (view){ to, n };
	return true;
}

static bool
is_name(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static view
take_name(view *line)
{
	size_t n = 0;
	view name;

	while (n < line->n && is_name(line->p[n]))
		n++;
	name = view_first(*line, n);
	*line = view_from(*line, n);
	return name;
}

/* Where `byte` first stands outside quotes; SIZE_MAX: nowhere. */
static size_t
find_unquoted(view v, char byte)
{
	bool quoted = false;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '"')
			quoted = !quoted;
		else if (v.p[i] == byte && !quoted)
			return i;
	}
	return SIZE_MAX;
}

static bool
refuse(struct content_lines *c, enum status is, const char *why)
{
	c->r = fail(is, why);
	return false;
}

static bool
cut_line(struct content_lines *c, view line, struct content_line *out)
{
	size_t colon;

	*out = (struct content_line){ .group = VIEW("") };
	out->name = take_name(&line);
	if (view_at(line, 0) == '.') {
		line = view_from(line, 1);
		out->group = out->name;
		out->name = take_name(&line);
	}
	if (out->name.n == 0)
		return refuse(c, MALFORMED, "RFC 5545 3.1: a line has no name");
	if (view_at(line, 0) != ';' && view_at(line, 0) != ':')
		return refuse(c, MALFORMED, "RFC 5545 3.1: a bad name");
	colon = find_unquoted(line, ':');
	if (colon == SIZE_MAX)
		return refuse(
		    c, MALFORMED, "RFC 5545 3.1: a line has no colon");
	out->parameters = view_from(view_first(line, colon), 1);
	out->value = view_from(line, colon + 1);
	return true;
}

bool
content_line_next(struct content_lines *c, struct content_line *out)
{
	view line;

	while (c->r.is == OK && unfold(c, &line)) {
		if (line.n > LIMIT_CONTENT_LINE)
			return refuse(c, OVER_LIMIT, "a line is too long");
		if (view_trim(line).n == 0)
			continue;
		return cut_line(c, line, out);
	}
	return false;
}

/* Take all up to `byte` outside quotes. */
static view
cut_unquoted(view *v, char byte)
{
	size_t at = find_unquoted(*v, byte);
	view first = view_first(*v, at);

	*v = at == SIZE_MAX ? VIEW("") : view_from(*v, at + 1);
	return first;
}

bool
content_parameter_next(view *parameters, view *name, view *value)
{
	if (parameters->n == 0)
		return false;
	*value = cut_unquoted(parameters, ';');
	*name = view_cut(value, '=');
	return true;
}

bool
content_value_next(view *list, view *value)
{
	view v;

	if (list->n == 0)
		return false;
	v = cut_unquoted(list, ',');
	if (v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"')
		v = view_first(view_from(v, 1), v.n - 2);
	*value = v;
	return true;
}

view
content_unescape(view value, struct arena *arena)
{
	size_t n = 0;
	char *to;

	if (view_find_byte(value, '\\') == SIZE_MAX)
		return value;
	to = arena_alloc(arena, value.n);
	if (to == NULL)
		return value;
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\\' && i + 1 < value.n) {
			c = value.p[++i];
			if (c == 'n' || c == 'N')
				c = '\n';
		}
		to[n++] = c;
	}
	return (view){ to, n };
}

enum { FOLD = 75 }; /* RFC 5545 3.1, RFC 6350 3.2 */

static bool
is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void
add_folded(struct buf *to, view text, size_t *column)
{
	while (text.n > 0) {
		size_t n = FOLD - *column;

		if (n >= text.n)
			n = text.n;
		else
			while (n > 0 && is_inside_character(text.p[n]))
				n--;
		buf_add(to, view_first(text, n));
		*column += n;
		text = view_from(text, n);
		if (text.n > 0) {
			buf_add(to, VIEW("\r\n "));
			*column = 1;
		}
	}
}

void
content_line_add(struct buf *to, const struct content_line *line)
{
	size_t column = 0;

	if (line->group.n > 0) {
		add_folded(to, line->group, &column);
		add_folded(to, VIEW("."), &column);
	}
	add_folded(to, line->name, &column);
	if (line->parameters.n > 0) {
		add_folded(to, VIEW(";"), &column);
		add_folded(to, line->parameters, &column);
	}
	add_folded(to, VIEW(":"), &column);
	add_folded(to, line->value, &column);
	buf_add(to, VIEW("\r\n"));
}
