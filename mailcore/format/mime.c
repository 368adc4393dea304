#include "mailcore/format/mime.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/header.h"

/* What a parser keeps between parts. */
struct cutter {
	struct arena *arena;
	size_t parts;
	size_t header_bytes;
};

struct mime_part *
mime_next(const struct mime_part *part)
{
	if (part->child_count > 0)
		return &part->children[0];
	if (part->message != NULL)
		return part->message;
	for (; part->parent != NULL; part = part->parent) {
		const struct mime_part *up = part->parent;
		size_t next;

		if (up->child_count == 0)
			continue; /* the message of a message/rfc822 */
		next = (size_t)(part - up->children) + 1;
		if (next < up->child_count)
			return &up->children[next];
	}
	return NULL;
}

static size_t
depth_of(const struct mime_part *part)
{
	size_t depth = 1;

	for (; part->parent != NULL; part = part->parent)
		depth++;
	return depth;
}

static uint64_t
count_lines(view v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += v.p[i] == '\n';
	return n;
}

/* A delimiter line (RFC 2046 5.1.1) in a body. */
struct delimiter {
	size_t from; /* where the line break before it begins */
	size_t to;   /* behind its own line break */
	bool last;   /* "--" follows the boundary */
};

/* What follows "--boundary" on the line at `v`: true when that makes it a
 * delimiter, whose length `*n` then is. */
static bool
ends_delimiter(view v, size_t *n, bool *last)
{
	view rest = v, line;

	*last = view_starts(v, VIEW("--"));
	if (!view_line(&rest, &line)) {
		*n = 0;
		return true;
	}
	*n = v.n - rest.n;
	return view_trim(view_from(line, *last ? 2 : 0)).n == 0;
}

/* The next delimiter at or behind `at`.  `dashes` is "--boundary". */
static bool
next_delimiter(view body, size_t at, view dashes, struct delimiter *out)
{
	for (;;) {
		size_t found = view_find(view_from(body, at), dashes), n;

		if (found == SIZE_MAX || dashes.n == 0)
			return false;
		found += at;
		at = found + dashes.n;
		if (found > 0 && body.p[found - 1] != '\n')
			continue;
		if (!ends_delimiter(view_from(body, at), &n, &out->last))
			continue;
		out->to = at + n;
		out->from = found;
		if (out->from > 0)
			out->from--;
		if (out->from > 0 && body.p[out->from - 1] == '\r')
			out->from--;
		return true;
	}
}

/* Cut the body of a multipart; with `parts` NULL it only counts. */
static size_t
cut_body(view body, view dashes, struct mime_part *parts, size_t max)
{
	struct delimiter d, next;
	size_t n = 0;

	if (!next_delimiter(body, 0, dashes, &d))
		return 0;
	while (!d.last && n < max) {
		bool more = next_delimiter(body, d.to, dashes, &next);
		size_t end = more ? next.from : body.n;

		/* Two delimiters may share one line break: an empty part. */
		end = end < d.to ? d.to : end;
		if (!more && d.to == body.n)
			break; /* cut off right behind a delimiter */
		if (parts != NULL)
			parts[n].body
			    = view_first(view_from(body, d.to), end - d.to);
		n++;
		if (!more)
			break;
		d = next;
	}
	return n;
}

void
mime_around(const struct mime_part *part, struct arena *arena, view *before,
    view *after)
{
	view boundary = mime_parameter(part, VIEW("boundary"));
	view dashes = arena_print(arena, "--%.*s", (int)boundary.n,
	    boundary.p);
	struct delimiter d = { .last = false };
	bool more = next_delimiter(part->body, 0, dashes, &d);

	*before = view_first(part->body, more ? d.from : part->body.n);
	while (more && !d.last)
		more = next_delimiter(part->body, d.to, dashes, &d);
	*after = more ? view_from(part->body, d.to) : VIEW("");
}

static void
become_opaque(struct mime_part *part)
{
	part->opaque = true;
	part->type = VIEW("application");
	part->subtype = VIEW("octet-stream");
}

/* RFC 2045 5.2: what no rule fits is plain text. */
static void
become_text(struct mime_part *part)
{
	part->type = VIEW("text");
	part->subtype = VIEW("plain");
	part->lines = count_lines(part->body);
}

static void
cut_multipart(struct cutter *c, struct mime_part *part)
{
	view boundary = mime_parameter(part, VIEW("boundary"));
	view dashes = arena_print(c->arena, "--%.*s", (int)boundary.n,
	    boundary.p);
	size_t n = 0;

	/* RFC 2046 5.1.1 has 70; a bound keeps the search linear. */
	if (boundary.n > 0 && boundary.n <= 255)
		n = cut_body(part->body, dashes, NULL, LIMIT_MIME_PARTS + 1);
	if (n == 0) {
		become_text(part);
		return;
	}
	if (n > LIMIT_MIME_PARTS - c->parts) {
		become_opaque(part);
		return;
	}
	part->children = arena_array(c->arena, n, sizeof *part->children);
	if (part->children == NULL)
		return;
	part->child_count = cut_body(part->body, dashes, part->children, n);
	c->parts += n;
	for (size_t i = 0; i < n; i++)
		part->children[i].parent = part;
}

/* RFC 2045 6.1; empty when there is none. */
static view
encoding_of(const struct mime_part *part, struct arena *arena)
{
	struct header_value h = { 0 };
	view raw;

	if (header_find(part->header, VIEW("Content-Transfer-Encoding"),
		arena, &raw))
		header_value(raw, arena, &h);
	return h.value;
}

static bool
is_coded(const struct mime_part *part, struct arena *arena)
{
	view encoding = encoding_of(part, arena);

	return view_same(encoding, VIEW("base64"))
	    || view_same(encoding, VIEW("quoted-printable"));
}

static void
cut_message(struct cutter *c, struct mime_part *part)
{
	if (c->parts >= LIMIT_MIME_PARTS || is_coded(part, c->arena)) {
		become_opaque(part);
		return;
	}
	part->message = arena_alloc(c->arena, sizeof *part->message);
	if (part->message == NULL)
		return;
	c->parts++;
	part->message->parent = part;
	part->message->body = part->body;
}

static bool
is_type(view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_graph(v.p[i]))
			return false;
	return v.n > 0;
}

/* RFC 2046 5.1.5: inside a digest the default is message/rfc822. */
static void
default_type(struct mime_part *part)
{
	bool digest = part->parent != NULL && part->parent->child_count > 0
	    && view_eq(part->parent->subtype, VIEW("digest"));

	part->type = digest ? VIEW("message") : VIEW("text");
	part->subtype = digest ? VIEW("rfc822") : VIEW("plain");
}

static void
read_type(struct mime_part *part, struct arena *arena)
{
	struct header_value h;
	view raw, type, subtype;

	default_type(part);
	if (!header_find(part->header, VIEW("Content-Type"), arena, &raw))
		return;
	header_value(raw, arena, &h);
	subtype = h.value;
	type = view_cut(&subtype, '/');
	if (!is_type(type) || !is_type(subtype)) {
		part->type = VIEW("text");
		part->subtype = VIEW("plain");
		return;
	}
	header_join(&h, arena);
	part->type = arena_lower(arena, type);
	part->subtype = arena_lower(arena, subtype);
	part->parameters = h.parameters;
	part->parameter_count = h.parameter_count;
}

static bool
is_message(const struct mime_part *part)
{
	return view_eq(part->type, VIEW("message"))
	    && (view_eq(part->subtype, VIEW("rfc822"))
		|| view_eq(part->subtype, VIEW("global")));
}

/* `part->body` holds header and body together before. */
static void
cut_part(struct cutter *c, struct mime_part *part)
{
	view whole = part->body;
	size_t n = header_length(whole);

	part->header = view_first(whole, n);
	part->body = (view){ whole.p + n, whole.n - n };
	c->header_bytes += n < LIMIT_HEADER ? n : LIMIT_HEADER;
	if (c->header_bytes > LIMIT_MIME_HEADERS) {
		become_opaque(part);
		return;
	}
	read_type(part, c->arena);
	if (view_eq(part->type, VIEW("text"))
	    || view_eq(part->type, VIEW("message")))
		part->lines = count_lines(part->body);
	if (!view_eq(part->type, VIEW("multipart")) && !is_message(part))
		return;
	if (depth_of(part) >= LIMIT_MIME_DEPTH)
		become_opaque(part);
	else if (is_message(part))
		cut_message(c, part);
	else
		cut_multipart(c, part);
}

result
mime_parse(view message, struct arena *arena, struct mime_part **out)
{
	struct cutter c = { .arena = arena, .parts = 1 };
	struct mime_part *part = arena_alloc(arena, sizeof *part);

	*out = part;
	TRY(arena_result(arena));
	part->body = message.p == NULL ? VIEW("") : message;
	for (; part != NULL; part = mime_next(part)) {
		cut_part(&c, part);
		TRY(arena_result(arena));
	}
	return done();
}

/* The n-th part inside `in`, a message or a multipart. */
static const struct mime_part *
part_inside(const struct mime_part *in, uint32_t n)
{
	if (in->child_count > 0)
		return n <= in->child_count ? &in->children[n - 1] : NULL;
	return n == 1 ? in : NULL;
}

const struct mime_part *
mime_find(const struct mime_part *message, const uint32_t *numbers,
    size_t count)
{
	const struct mime_part *in = message, *part = message;

	for (size_t i = 0; i < count; i++) {
		if (in == NULL || numbers[i] == 0)
			return NULL;
		part = part_inside(in, numbers[i]);
		if (part == NULL)
			return NULL;
		if (part->message != NULL)
			in = part->message;
		else
			in = part->child_count > 0 ? part : NULL;
	}
	return part;
}

view
mime_parameter(const struct mime_part *part, view name)
{
	for (size_t i = 0; i < part->parameter_count; i++)
		if (view_same(part->parameters[i].name, name))
			return part->parameters[i].value;
	return VIEW("");
}

/* One line of RFC 2045 6.7, lenient: what is no code stays.  false: the
 * line goes on behind it (soft line break). */
static bool
decode_quoted_line(view line, struct buf *out)
{
	for (size_t i = 0; i < line.n; i++) {
		int high = ascii_hex((char)view_at(line, i + 1));
		int low = ascii_hex((char)view_at(line, i + 2));

		if (line.p[i] != '=') {
			buf_add_byte(out, line.p[i]);
		} else if (i + 1 == line.n) {
			return false;
		} else if (high >= 0 && low >= 0) {
			buf_add_byte(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_add_byte(out, '=');
		}
	}
	return true;
}

static void
decode_quoted(view body, struct buf *out)
{
	view line;

	while (view_line(&body, &line)) {
		while (line.n > 0 && ascii_is_space(line.p[line.n - 1]))
			line.n--;
		if (decode_quoted_line(line, out))
			buf_add(out, VIEW("\r\n"));
	}
}

void
mime_decode(const struct mime_part *part, struct arena *arena,
    struct buf *out)
{
	view encoding = encoding_of(part, arena);

	if (view_same(encoding, VIEW("base64")))
		decode_base64_mime(out, part->body);
	else if (view_same(encoding, VIEW("quoted-printable")))
		decode_quoted(part->body, out);
	else
		buf_add(out, part->body);
}
