#include "mailcore/format/message.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/header.h"
#include "mailcore/format/nstring.h"

static view
field_of(const struct mime_part *part, view name, struct arena *arena)
{
	view value = VIEW("");

	if (!part->opaque)
		(void)header_find(part->header, name, arena, &value);
	return value;
}

/* A parameter with raw 8-bit bytes in the form of RFC 2231 4. */
static void
add_coded_parameter(struct buf *out, view name, view value)
{
	struct buf coded = buf_new(LIMIT_HEADER * 4);

	buf_add(&coded, view_first(name, 100));
	buf_add_byte(&coded, '*');
	nstring_add_text(out, buf_view(&coded));
	buf_add(out, VIEW(" \""));
	buf_reset(&coded);
	buf_add_text(&coded, utf8_is_valid(value) ? "utf-8''"
						  : "unknown-8bit''");
	encode_percent(&coded, value, VIEW(""));
	buf_add(out, buf_view(&coded));
	buf_add_byte(out, '"');
	buf_free(&coded);
}

static void
add_parameters(struct buf *out, const struct header_value *h)
{
	if (h->parameter_count == 0) {
		buf_add(out, VIEW("NIL"));
		return;
	}
	for (size_t i = 0; i < h->parameter_count; i++) {
		const struct mime_parameter *p = &h->parameters[i];

		buf_add_byte(out, i == 0 ? '(' : ' ');
		if (utf8_is_ascii(p->value)) {
			nstring_add_text(out, p->name);
			buf_add_byte(out, ' ');
			nstring_add_text(out, p->value);
		} else {
			add_coded_parameter(out, p->name, p->value);
		}
	}
	buf_add_byte(out, ')');
}

/* "name" ("key" "value"...) of Content-Disposition. */
static void
add_disposition(struct buf *out, const struct mime_part *part,
    struct arena *arena)
{
	struct header_value h;
	view raw = field_of(part, VIEW("Content-Disposition"), arena);

	header_value(raw, arena, &h);
	header_rejoin(&h, arena);
	if (h.value.n == 0) {
		buf_add(out, VIEW("NIL"));
		return;
	}
	buf_add_byte(out, '(');
	nstring_add_text(out, h.value);
	buf_add_byte(out, ' ');
	add_parameters(out, &h);
	buf_add_byte(out, ')');
}

/* RFC 3282: one tag, or several. */
static void
add_language(struct buf *out, const struct mime_part *part,
    struct arena *arena)
{
	view raw = field_of(part, VIEW("Content-Language"), arena);
	bool several = view_find_byte(raw, ',') != SIZE_MAX, first = true;

	if (!several) {
		nstring_add_text_or_nil(out, raw);
		return;
	}
	buf_add_byte(out, '(');
	while (raw.n > 0) {
		view tag = view_trim(view_cut(&raw, ','));

		if (tag.n == 0 && (raw.n > 0 || !first))
			continue;
		if (!first)
			buf_add_byte(out, ' ');
		nstring_add_text(out, tag);
		first = false;
	}
	buf_add_byte(out, ')');
}

/* What BODYSTRUCTURE has beyond BODY, the same for all parts. */
static void
add_extension(struct buf *out, const struct mime_part *part,
    struct arena *arena)
{
	buf_add_byte(out, ' ');
	add_disposition(out, part, arena);
	buf_add_byte(out, ' ');
	add_language(out, part, arena);
	buf_add_byte(out, ' ');
	nstring_add_text_or_nil(out,
	    field_of(part, VIEW("Content-Location"), arena));
}

/* The parameters as spelled; they belong to the type in the header, not to
 * one that we had to put in its place. */
static void
add_type_parameters(struct buf *out, const struct mime_part *part,
    struct arena *arena)
{
	struct header_value h;
	view raw = field_of(part, VIEW("Content-Type"), arena), type;

	if (raw.n == 0) {
		/* RFC 2045 5.2. */
		buf_add_text(out, view_eq(part->type, VIEW("text"))
			? "(\"charset\" \"us-ascii\")"
			: "NIL");
		return;
	}
	header_value(raw, arena, &h);
	header_rejoin(&h, arena);
	type = h.value;
	if (!view_same(view_cut(&type, '/'), part->type)
	    || !view_same(type, part->subtype))
		h.parameter_count = 0;
	add_parameters(out, &h);
}

static void
add_encoding(struct buf *out, const struct mime_part *part,
    struct arena *arena)
{
	struct header_value h;

	header_value(field_of(part, VIEW("Content-Transfer-Encoding"), arena),
	    arena, &h);
	nstring_add_text(out, h.value.n > 0 ? h.value : VIEW("7bit"));
}

/* RFC 3501 7.4.2: body-fields. */
static void
enter_leaf(struct buf *out, const struct mime_part *part, struct arena *arena)
{
	buf_add_byte(out, '(');
	nstring_add_text(out, part->type);
	buf_add_byte(out, ' ');
	nstring_add_text(out, part->subtype);
	buf_add_byte(out, ' ');
	add_type_parameters(out, part, arena);
	buf_add_byte(out, ' ');
	nstring_add_text_or_nil(out,
	    field_of(part, VIEW("Content-ID"), arena));
	buf_add_byte(out, ' ');
	nstring_add_text_or_nil(out,
	    field_of(part, VIEW("Content-Description"), arena));
	buf_add_byte(out, ' ');
	add_encoding(out, part, arena);
	buf_print(out, " %zu", part->body.n);
	if (part->message != NULL) {
		buf_add_byte(out, ' ');
		message_envelope(out, part->message->header, arena);
		buf_add_byte(out, ' ');
	}
}

static void
leave(struct buf *out, const struct mime_part *part, bool extended,
    struct arena *arena)
{
	if (part->child_count > 0) {
		buf_add_byte(out, ' ');
		nstring_add_text(out, part->subtype);
		if (extended) {
			buf_add_byte(out, ' ');
			add_type_parameters(out, part, arena);
		}
	} else {
		if (part->message != NULL
		    || view_eq(part->type, VIEW("text")))
			buf_print(out, " %llu",
			    (unsigned long long)part->lines);
		if (extended) {
			buf_add_byte(out, ' ');
			nstring_add_text_or_nil(out,
			    field_of(part, VIEW("Content-MD5"), arena));
		}
	}
	if (extended)
		add_extension(out, part, arena);
	buf_add_byte(out, ')');
}

/* Leave all parts between `part`, just finished, and `next`. */
static void
leave_up_to(struct buf *out, const struct mime_part *part,
    const struct mime_part *next, bool extended, struct arena *arena)
{
	const struct mime_part *stop = next == NULL ? NULL : next->parent;

	for (; part != stop; part = part->parent)
		leave(out, part, extended, arena);
}

void
message_structure(struct buf *out, const struct mime_part *root,
    bool extended, struct arena *arena)
{
	const struct mime_part *part = root, *next;

	for (; part != NULL; part = next) {
		next = mime_next(part);
		if (part->child_count > 0)
			buf_add_byte(out, '(');
		else
			enter_leaf(out, part, arena);
		leave_up_to(out, part, next, extended, arena);
	}
}
