#include "mailcore/format/header.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/word.h"

#include <string.h>

size_t
header_length(view message)
{
	view rest = message, line;

	while (view_line(&rest, &line))
		if (line.n == 0)
			return message.n - rest.n;
	return message.n;
}

static bool
is_continuation(view rest)
{
	return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

bool
header_next(view *header, view *field, view *name, view *value)
{
	view start = *header, line;

	if (!view_line(header, &line) || line.n == 0)
		return false;
	while (is_continuation(*header))
		(void)view_line(header, &line);
	*field = view_first(start, start.n - header->n);
	*value = *field;
	if (view_find_byte(*field, ':') == SIZE_MAX) {
		/* Not a field (RFC 5322 2.2); a name that nobody asks for. */
		*name = VIEW("");
		return true;
	}
	*name = view_trim(view_cut(value, ':'));
	return true;
}

bool
header_find(view header, view name, struct arena *arena, view *value)
{
	view field, found, raw;

	header = view_first(header, LIMIT_HEADER);
	for (size_t i = 0; i < LIMIT_HEADER_FIELDS; i++) {
		if (!header_next(&header, &field, &found, &raw))
			return false;
		if (view_same(found, name)) {
			*value = header_unfold(raw, arena);
			return true;
		}
	}
	return false;
}

static bool
is_folded(view v)
{
	return view_find_byte(v, '\n') != SIZE_MAX
	    || view_find_byte(v, '\r') != SIZE_MAX
	    || view_find_byte(v, '\0') != SIZE_MAX;
}

view
header_unfold(view raw, struct arena *arena)
{
	view v = view_trim(raw);
	char *to;
	size_t n = 0;

	if (!is_folded(v))
		return v;
	to = arena_array(arena, v.n, 1);
	if (to == NULL)
		return VIEW("");
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '\n' && v.p[i] != '\r' && v.p[i] != '\0')
			to[n++] = v.p[i];
	return view_trim((view){ to, n });
}

void
header_skip(view *v)
{
	size_t depth = 0, i = 0;

	for (; i < v->n; i++) {
		char c = v->p[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			i++;
		else if (depth == 0 && !ascii_is_space(c))
			break;
	}
	*v = view_from(*v, i);
}

/* Where the quoted string that begins `v` has its closing quote. */
static size_t
quoted_end(view v)
{
	size_t i = 1;

	while (i < v.n && v.p[i] != '"')
		i += v.p[i] == '\\' ? 2 : 1;
	return i < v.n ? i : v.n;
}

view
header_quoted(view *v, struct arena *arena)
{
	view inside = view_first(*v, quoted_end(*v));
	char *to = arena_array(arena, inside.n + 1, 1);
	size_t n = 0;

	*v = view_from(*v, inside.n + 1);
	if (to == NULL)
		return VIEW("");
	for (size_t i = 1; i < inside.n; i++) {
		if (inside.p[i] == '\\' && i + 1 < inside.n)
			i++;
		if (inside.p[i] != '\r' && inside.p[i] != '\n'
		    && inside.p[i] != '\0')
			to[n++] = inside.p[i];
	}
	return (view){ to, n };
}

bool
header_is_atom(char c)
{
	return (unsigned char)c >= 0x80
	    || (ascii_is_graph(c) && strchr("()<>[]:;@\\,.\"", c) == NULL);
}

/* RFC 2045 5.1, but as lenient as mail is: whatever cannot end a value. */
static bool
is_token(char c)
{
	return !ascii_is_space(c) && !ascii_is_control(c) && c != ';'
	    && c != '"' && c != '(' && c != ')';
}

static view
take_token(view *v, bool in_name)
{
	size_t n = 0;

	while (n < v->n && is_token(v->p[n]) && !(in_name && v->p[n] == '='))
		n++;
	view token = view_first(*v, n);
	*v = view_from(*v, n);
	return token;
}

/* Values with spaces in them, unquoted, are common: "filename=a b.pdf". */
static view
take_loose(view *v)
{
	view all = *v;
	size_t end = view_find_byte(all, ';');

	all = view_first(all, end);
	*v = view_from(*v, all.n);
	if (view_find_byte(all, '(') != SIZE_MAX)
		return take_token(&all, false);
	return view_trim(all);
}

static bool
take_parameter(view *v, struct arena *arena, struct mime_parameter *out)
{
	header_skip(v);
	out->name = take_token(v, true);
	header_skip(v);
	if (view_at(*v, 0) != '=')
		return false;
	*v = view_from(*v, 1);
	header_skip(v);
	if (view_at(*v, 0) == '"')
		out->value = header_quoted(v, arena);
	else
		out->value = take_loose(v);
	return out->name.n > 0;
}

/* "text / plain" is given without its spaces. */
static view
take_value(view *v, struct arena *arena)
{
	view first, second, third = VIEW("");

	header_skip(v);
	first = take_token(v, false);
	header_skip(v);
	second = take_token(v, false);
	if (second.n == 0)
		return first;
	if (second.n == 1) { /* the slash alone */
		header_skip(v);
		third = take_token(v, false);
	}
	return arena_print(arena, "%.*s%.*s%.*s", (int)first.n, first.p,
	    (int)second.n, second.p, (int)third.n, third.p);
}

void
header_value(view raw, struct arena *arena, struct header_value *out)
{
	struct mime_parameter one, all[LIMIT_MIME_PARAMETERS];
	view rest = header_unfold(raw, arena);
	size_t n = 0;

	*out = (struct header_value){ .value = take_value(&rest, arena) };
	while (n < LIMIT_MIME_PARAMETERS) {
		(void)view_cut(&rest, ';');
		if (rest.n == 0)
			break;
		if (take_parameter(&rest, arena, &one))
			all[n++] = one;
	}
	if (n == 0)
		return;
	out->parameters = arena_array(arena, n, sizeof *out->parameters);
	if (out->parameters == NULL)
		return;
	memcpy(out->parameters, all, n * sizeof *all);
	out->parameter_count = n;
}

/* A name "filename*2*" as its three facts (RFC 2231 3, 4). */
struct piece {
	view base;
	int number; /* -1: none */
	bool coded;
};

static struct piece
piece_of(view name)
{
	struct piece piece = { .number = -1 };
	uint64_t n;

	if (name.n > 1 && name.p[name.n - 1] == '*') {
		piece.coded = true;
		name.n--;
	}
	piece.base = view_cut(&name, '*');
	if (name.n > 0 && view_number(name, LIMIT_MIME_PARAMETERS, &n))
		piece.number = (int)n;
	return piece;
}

/* "%41" and so on; what is no code stays. */
static void
add_percent(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++) {
		int high = i + 2 < v.n ? ascii_hex(v.p[i + 1]) : -1;
		int low = i + 2 < v.n ? ascii_hex(v.p[i + 2]) : -1;

		if (v.p[i] == '%' && high >= 0 && low >= 0) {
			buf_add_byte(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_add_byte(out, v.p[i]);
		}
	}
}

/* The pieces of `base` in order, joined in `bytes`; their charset. */
static view
join_pieces(const struct header_value *h, view base, struct buf *bytes)
{
	view charset = VIEW("");

	for (int wanted = -1; wanted < LIMIT_MIME_PARAMETERS; wanted++) {
		bool found = false;

		for (size_t i = 0; i < h->parameter_count; i++) {
			struct piece p = piece_of(h->parameters[i].name);
			view value = h->parameters[i].value;

			if (p.number != wanted || !view_same(p.base, base))
				continue;
			found = true;
			if (p.coded && wanted <= 0) {
				charset = view_cut(&value, '\'');
				(void)view_cut(&value, '\'');
			}
			if (p.coded)
				add_percent(bytes, value);
			else
				buf_add(bytes, value);
			break;
		}
		/* A whole value ends here; so does a gap. */
		if (found ? wanted == -1 : wanted >= 0)
			break;
	}
	return charset;
}

static bool
is_first_of_base(const struct header_value *h, size_t at, view base)
{
	for (size_t i = 0; i < at; i++)
		if (view_same(h->parameters[i].name, base))
			return false;
	return true;
}

void
header_join(struct header_value *h, struct arena *arena)
{
	struct mime_parameter joined[LIMIT_MIME_PARAMETERS];
	struct header_value seen = { .parameters = joined };

	for (size_t i = 0; i < h->parameter_count; i++) {
		struct mime_parameter *to = &joined[seen.parameter_count];
		struct buf bytes = buf_new(LIMIT_HEADER);
		struct buf text = buf_new(LIMIT_HEADER * 4);
		view base = piece_of(h->parameters[i].name).base;
		view charset;

		if (base.n == 0 || !is_first_of_base(&seen,
				       seen.parameter_count, base))
			continue;
		charset = join_pieces(h, base, &bytes);
		if (charset.n == 0)
			word_decode(buf_view(&bytes), &text);
		else
			(void)word_to_utf8(charset, buf_view(&bytes),
			    &text);
		to->name = base;
		to->value = arena_copy(arena, buf_view(&text));
		seen.parameter_count++;
		buf_free(&bytes);
		buf_free(&text);
	}
	if (seen.parameter_count > 0)
		memcpy(h->parameters, joined,
		    seen.parameter_count * sizeof *joined);
	h->parameter_count = seen.parameter_count;
}

/* The piece of `base` with that number, or SIZE_MAX. */
static size_t
find_piece(const struct header_value *h, view base, int number)
{
	for (size_t i = 0; i < h->parameter_count; i++) {
		struct piece p = piece_of(h->parameters[i].name);

		if (p.number == number && view_same(p.base, base))
			return i;
	}
	return SIZE_MAX;
}

/* A coded value that yet has raw bytes in it. */
static void
add_ascii(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 128)
			buf_add_byte(out, v.p[i]);
		else
			encode_percent(out, (view){ v.p + i, 1 }, VIEW(""));
}

/* All pieces of `base`, from the first to a gap; `used` marks them. */
static struct mime_parameter
rejoin(const struct header_value *h, view base, struct arena *arena,
    bool used[LIMIT_MIME_PARAMETERS])
{
	struct buf text = buf_new(LIMIT_HEADER * 4);
	struct mime_parameter out = { .name = base };
	bool coded = false;
	size_t at;

	for (int n = 0; (at = find_piece(h, base, n)) != SIZE_MAX; n++) {
		coded = coded || piece_of(h->parameters[at].name).coded;
		used[at] = true;
	}
	for (int n = 0; (at = find_piece(h, base, n)) != SIZE_MAX; n++) {
		bool is_coded = piece_of(h->parameters[at].name).coded;

		/* Only the first one says the charset. */
		if (n == 0 && coded && !is_coded)
			buf_add(&text, VIEW("''"));
		if (coded && !is_coded)
			encode_percent(&text, h->parameters[at].value,
			    VIEW(""));
		else if (coded)
			add_ascii(&text, h->parameters[at].value);
		else
			buf_add(&text, h->parameters[at].value);
	}
	if (coded)
		out.name = arena_print(arena, "%.*s*", (int)base.n, base.p);
	out.value = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	return out;
}

void
header_rejoin(struct header_value *h, struct arena *arena)
{
	struct mime_parameter all[LIMIT_MIME_PARAMETERS];
	bool used[LIMIT_MIME_PARAMETERS] = { false };
	size_t n = 0;

	for (size_t i = 0; i < h->parameter_count; i++) {
		struct piece p = piece_of(h->parameters[i].name);
		size_t first = p.number < 0 ? SIZE_MAX
					    : find_piece(h, p.base, 0);

		if (used[i])
			continue;
		if (first != SIZE_MAX && !used[first])
			all[n++] = rejoin(h, p.base, arena, used);
		/* No piece, or one behind a gap. */
		if (!used[i])
			all[n++] = h->parameters[i];
	}
	if (n > 0)
		memcpy(h->parameters, all, n * sizeof *all);
	h->parameter_count = n;
}
