/* Parts without their transfer encoding: BINARY (RFC 3516) and PREVIEW
 * (RFC 8970). */
#include "mailcore/imap/fetch.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/header.h"
#include "mailcore/format/nstring.h"
#include "mailcore/format/word.h"

enum {
	PREVIEW_CHARACTERS = 200, /* RFC 8970 3.2: at most */
	PREVIEW_BYTES = 16384     /* of the part, that are looked at */
};

static bool
is_known_encoding(const struct mime_part *part, struct arena *arena)
{
	static const char *const known[] = { "", "7bit", "8bit", "binary",
		"base64", "quoted-printable" };
	struct header_value encoding = { .value = VIEW("") };
	view raw;

	if (header_find(part->header, VIEW("Content-Transfer-Encoding"), arena,
		&raw))
		header_value(raw, arena, &encoding);
	for (size_t i = 0; i < COUNT(known); i++)
		if (view_same(view_trim(encoding.value), view_of(known[i])))
			return true;
	return false;
}

/* The decoded part in o->arena; `*there` false: no such part. */
static result
decode_section(struct fetched *o, const struct section *s, view *out,
    bool *there)
{
	struct buf bytes = buf_new(LIMIT_MESSAGE);
	const struct mime_part *part;
	result r;

	*out = VIEW("");
	TRY(fetched_mime(o));
	part = s->count == 0 ? o->mime
			     : mime_find(o->mime, s->numbers, s->count);
	*there = part != NULL;
	if (part == NULL)
		return done();
	if (s->count == 0 || part->child_count > 0 || part->message != NULL) {
		*out = s->count == 0 ? o->body.bytes : part->body;
		return done();
	}
	if (!is_known_encoding(part, o->arena)) {
		o->code = "[UNKNOWN-CTE] ";
		return fail(DENIED, "RFC 3516 4.3: unknown encoding");
	}
	mime_decode(part, o->arena, &bytes);
	r = buf_result(&bytes);
	*out = arena_copy(o->arena, buf_view(&bytes));
	buf_free(&bytes);
	TRY(r);
	return arena_result(o->arena);
}

result
fetch_write_binary(struct fetched *o, const struct fetch_item *item,
    struct fetch_tail *tail, struct buf *out)
{
	view content;
	bool there;

	TRY(decode_section(o, &item->section, &content, &there));
	fetch_add_name(item, out);
	buf_add_byte(out, ' ');
	if (item->kind == FETCH_BINARY_SIZE) {
		buf_print(out, "%zu", content.n);
		return done();
	}
	if (!there) {
		buf_add(out, VIEW("NIL"));
		return done();
	}
	if (item->partial)
		content = view_first(view_from(content, item->from),
		    item->length);
	if (view_find_byte(content, '\0') != SIZE_MAX)
		buf_add_byte(out, '~'); /* literal8 */
	fetch_add_literal(o, content, tail, out);
	return done();
}

/* The first part that is there to be read: plain text before HTML. */
static const struct mime_part *
find_text(struct mime_part *message)
{
	const struct mime_part *html = NULL;

	for (struct mime_part *p = message; p != NULL; p = mime_next(p)) {
		if (p->child_count > 0 || p->message != NULL
		    || !view_eq(p->type, VIEW("text")))
			continue;
		if (view_eq(p->subtype, VIEW("plain")))
			return p;
		if (html == NULL && view_eq(p->subtype, VIEW("html")))
			html = p;
	}
	return html;
}

/* Tags are left out, and what stands in <style>, <script>, <head>. */
static void
drop_tags(view html, struct buf *out)
{
	static const char *const hidden[] = { "style", "script", "head" };

	while (html.n > 0) {
		size_t open = view_find_byte(html, '<'), close;
		view tag;

		buf_add(out, view_first(html, open));
		if (open == SIZE_MAX)
			return;
		tag = view_from(html, open + 1);
		close = view_find_byte(tag, '>');
		for (size_t i = 0; i < COUNT(hidden); i++) {
			struct buf end = buf_new(32);

			if (view_starts_same(tag, view_of(hidden[i]))) {
				buf_print(&end, "</%s", hidden[i]);
				close = view_find_same(tag, buf_view(&end));
			}
			buf_free(&end);
		}
		if (close == SIZE_MAX)
			return;
		html = view_from(tag, view_at(tag, close) == '>' ? close + 1
								  : close);
		buf_add_byte(out, ' ');
	}
}

/* One line, single spaces, so many characters. */
static void
squeeze(view text, struct buf *out)
{
	size_t characters = 0;
	bool blank = false;

	while (text.n > 0 && characters < PREVIEW_CHARACTERS) {
		uint32_t code = utf8_next(&text);
		char bytes[4];

		if (code <= ' ' || code == 0x7f || code == 0xa0
		    || code == 0xfeff) {
			blank = out->n > 0;
			continue;
		}
		if (blank && characters + 2 > PREVIEW_CHARACTERS)
			return;
		if (blank)
			buf_add_byte(out, ' ');
		characters += 1 + blank;
		blank = false;
		buf_add(out, (view){ bytes, utf8_put(bytes, code) });
	}
}

static void
preview_of(const struct mime_part *part, struct arena *arena, struct buf *out)
{
	struct mime_part some = *part;
	struct buf bytes = buf_new(4 * PREVIEW_BYTES);
	struct buf text = buf_new(16 * PREVIEW_BYTES);
	struct buf plain = buf_new(16 * PREVIEW_BYTES);

	some.body = view_first(part->body, PREVIEW_BYTES);
	mime_decode(&some, arena, &bytes);
	(void)word_to_utf8(mime_parameter(part, VIEW("charset")),
	    buf_view(&bytes), &text);
	if (view_eq(part->subtype, VIEW("html")))
		drop_tags(buf_view(&text), &plain);
	else
		buf_add(&plain, buf_view(&text));
	squeeze(buf_view(&plain), out);
	buf_free(&bytes);
	buf_free(&text);
	buf_free(&plain);
}

result
fetch_write_preview(struct fetched *o, struct buf *out)
{
	struct buf text = buf_new(8 * PREVIEW_CHARACTERS);
	const struct mime_part *part;

	TRY(fetched_mime(o));
	part = find_text(o->mime);
	if (part != NULL)
		preview_of(part, o->arena, &text);
	buf_add(out, VIEW("PREVIEW "));
	nstring_add(out, buf_view(&text));
	buf_free(&text);
	return done();
}

/* A quoted string at the front, without its quotes. */
static void
take_quoted(view *rest, struct buf *out)
{
	size_t i = 1;

	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		buf_add_byte(out, rest->p[i]);
	}
	*rest = view_from(*rest, i + 1);
}

static void
put_quoted(view text, struct buf *out)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out,
		    c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
	}
	buf_add_byte(out, '"');
}

void
fetch_upgrade(view envelope, struct buf *out)
{
	struct buf raw = buf_new(LIMIT_ENVELOPE);
	struct buf text = buf_new(4 * LIMIT_ENVELOPE);

	while (envelope.n > 0) {
		int c = view_at(envelope, 0);

		if (c == '{') { /* a literal, and what may look like a quote */
			buf_add(out, envelope);
			break;
		}
		if (c != '"') {
			buf_add_byte(out, (char)c);
			envelope = view_from(envelope, 1);
			continue;
		}
		buf_reset(&raw);
		buf_reset(&text);
		take_quoted(&envelope, &raw);
		word_decode(buf_view(&raw), &text);
		put_quoted(buf_view(&text), out);
	}
	buf_free(&raw);
	buf_free(&text);
}

/* "utf-8''%C3%A4.txt", as format/structure.c makes it. */
static bool
decode_parameter(view value, struct buf *text)
{
	view begin = VIEW("utf-8''");

	return view_starts(value, begin)
	    && decode_percent(text, view_from(value, begin.n)).is == OK
	    && utf8_is_valid(buf_view(text));
}

/* A literal at the front, as it is. */
static void
copy_literal(view *rest, struct buf *out)
{
	view head = view_first(*rest, view_find_byte(*rest, '}'));
	uint64_t n = 0;
	view all = VIEW("");

	if (view_number(view_from(head, 1), rest->n, &n))
		all = view_first(*rest, head.n + 3 + (size_t)n);
	if (all.n == 0) /* none after all */
		all = *rest;
	buf_add(out, all);
	*rest = view_from(*rest, all.n);
}

/* A quoted string at the front; behind a name with a star it is decoded, and
 * `name`, which was held back, loses its star. */
static void
upgrade_string(view *rest, struct buf *name, struct buf *out)
{
	struct buf plain = buf_new(LIMIT_ENVELOPE);
	struct buf text = buf_new(LIMIT_ENVELOPE);
	bool star, decoded;

	take_quoted(rest, &plain);
	decoded = name->n > 0
	    && decode_parameter(buf_view(&plain), &text);
	if (name->n > 0) {
		buf_cut(name, name->n - (decoded ? 1 : 0));
		put_quoted(buf_view(name), out);
		buf_add_byte(out, ' ');
		buf_reset(name);
	}
	star = !decoded && plain.n > 1 && plain.p[plain.n - 1] == '*'
	    && view_starts(*rest, VIEW(" \""));
	if (star) {
		buf_add(name, buf_view(&plain));
		*rest = view_from(*rest, 1);
	} else {
		put_quoted(buf_view(decoded ? &text : &plain), out);
	}
	buf_free(&plain);
	buf_free(&text);
}

void
fetch_upgrade_structure(view structure, struct buf *out)
{
	struct buf name = buf_new(LIMIT_ENVELOPE);

	if (view_find(structure, VIEW("*\" \"")) == SIZE_MAX) {
		buf_add(out, structure);
		structure = VIEW("");
	}
	while (structure.n > 0) {
		int c = view_at(structure, 0);

		if (c == '"') {
			upgrade_string(&structure, &name, out);
		} else if (c == '{') {
			copy_literal(&structure, out);
		} else {
			buf_add_byte(out, (char)c);
			structure = view_from(structure, 1);
		}
	}
	buf_free(&name);
}
