/* Text as people read it. */
#include "mailcore/format/text.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"
#include "mailcore/format/header.h"
#include "mailcore/format/word.h"

/* Simple case folding of the scripts that have case and that people search
 * in: Latin, Greek, Cyrillic, Armenian. */
static const struct {
	uint32_t from, to;
	int32_t step; /* 0: odd ones are the small letters; 1: even ones */
} cases[] = {
	{ 'A', 'Z', 32 },
	{ 0xc0, 0xd6, 32 },
	{ 0xd8, 0xde, 32 },
	{ 0x100, 0x137, 0 },
	{ 0x139, 0x148, 1 },
	{ 0x14a, 0x177, 0 },
	{ 0x179, 0x17e, 1 },
	{ 0x1de, 0x1ef, 0 },
	{ 0x1f8, 0x21f, 0 },
	{ 0x222, 0x233, 0 },
	{ 0x388, 0x38a, 37 },
	{ 0x391, 0x3a1, 32 },
	{ 0x3a3, 0x3ab, 32 },
	{ 0x400, 0x40f, 80 },
	{ 0x410, 0x42f, 32 },
	{ 0x460, 0x481, 0 },
	{ 0x48a, 0x4bf, 0 },
	{ 0x4d0, 0x52f, 0 },
	{ 0x531, 0x556, 48 },
	{ 0x1e00, 0x1e95, 0 },
	{ 0x1ea0, 0x1eff, 0 },
};

static uint32_t
fold(uint32_t code)
{
	if (code == 0x3c2) /* final sigma */
		return 0x3c3;
	if (code == 0x386)
		return 0x3ac;
	for (size_t i = 0; i < COUNT(cases) && code >= cases[i].from; i++) {
		if (code > cases[i].to)
			continue;
		if (cases[i].step > 1)
			return code + (uint32_t)cases[i].step;
		return cases[i].step == 0 ? code | 1 : code + (code & 1);
	}
	return code;
}

/* Takes the ASCII at the front. */
static void
fold_ascii(view *text, struct buf *out)
{
	char *to = buf_reserve(out, text->n);
	size_t n = 0;

	if (to == NULL)
		return;
	for (; n < text->n && (unsigned char)text->p[n] < 0x80; n++)
		to[n] = ascii_lower(text->p[n]);
	out->n += n;
	*text = view_from(*text, n);
}

void
text_fold(view text, struct buf *out)
{
	while (text.n > 0) {
		char bytes[4];

		fold_ascii(&text, out);
		if (text.n == 0)
			break;
		buf_add(out,
		    (view){ bytes, utf8_put(bytes, fold(utf8_next(&text))) });
	}
}

/* Who looks, and memory that all pieces use. */
struct looking {
	text_visit *visit;
	void *context;
	struct arena *arena;
	struct buf raw, text, folded;
};

static struct looking
look(text_visit *visit, void *context)
{
	return (struct looking){ .visit = visit, .context = context,
		.arena = arena_new(LIMIT_MIME_WORK),
		.raw = buf_new(LIMIT_MESSAGE),
		.text = buf_new(SIZE_MAX / 2),
		.folded = buf_new(SIZE_MAX / 2) };
}

static bool
look_away(struct looking *l, bool found)
{
	arena_free(&l->arena);
	buf_free(&l->raw);
	buf_free(&l->text);
	buf_free(&l->folded);
	return found;
}

static bool
show(struct looking *l)
{
	buf_reset(&l->folded);
	text_fold(buf_view(&l->text), &l->folded);
	return l->visit(l->context, buf_view(&l->folded));
}

static bool
show_field(struct looking *l, view raw)
{
	buf_reset(&l->text);
	l->text.limit = LIMIT_HEADER * 4;
	word_decode(header_unfold(raw, l->arena), &l->text);
	return show(l);
}

/* A field of addresses that has them otherwise than they are shown: with
 * quotes, with comments, with spaces in the middle. */
static bool
is_spelled(view name, view value)
{
	static const view fields[] = { VIEW_INIT("From"), VIEW_INIT("To"),
		VIEW_INIT("Cc"), VIEW_INIT("Bcc"), VIEW_INIT("Sender"),
		VIEW_INIT("Reply-To") };
	size_t i = 0;

	while (i < COUNT(fields) && !view_same(name, fields[i]))
		i++;
	if (i == COUNT(fields))
		return false;
	for (i = 0; i < value.n; i++)
		if (value.p[i] == '"' || value.p[i] == '(' || value.p[i] == '\\'
		    || (value.p[i] == '@'
			&& (!ascii_is_graph((char)view_at(value, i - 1))
			    || !ascii_is_graph((char)view_at(value, i + 1)))))
			return true;
	return false;
}

static void
add_address(struct looking *l, const struct address_item *a)
{
	view before = buf_view(&l->text);

	if (before.n > 0 && a->kind != ADDRESS_GROUP_END)
		buf_add_text(&l->text,
		    before.p[before.n - 1] == ':' ? " " : ", ");
	word_decode(a->name, &l->text);
	if (a->kind == ADDRESS_GROUP)
		buf_add_byte(&l->text, ':');
	else if (a->kind == ADDRESS_GROUP_END)
		buf_add_byte(&l->text, ';');
	if (a->kind != ADDRESS_MAILBOX)
		return;
	buf_add_text(&l->text, a->name.n > 0 ? " <" : "<");
	buf_add(&l->text, a->local);
	buf_add_byte(&l->text, '@');
	buf_add(&l->text, a->domain);
	buf_add_byte(&l->text, '>');
}

/* Name and address as ENVELOPE has them, which is what is looked for
 * (RFC 3501 6.4.4). */
static bool
show_addresses(struct looking *l, view value)
{
	struct address_walk walk = address_walk(header_unfold(value, l->arena),
	    l->arena);
	struct address_item item;

	buf_reset(&l->text);
	l->text.limit = LIMIT_HEADER * 4;
	while (address_next(&walk, &item))
		add_address(l, &item);
	return show(l);
}

static bool
show_header(struct looking *l, view header, const view *wanted, bool whole)
{
	view field, name, value;

	header = view_first(header, LIMIT_HEADER);
	while (header_next(&header, &field, &name, &value))
		if ((wanted == NULL || view_same(name, *wanted))
		    && (show_field(l, whole ? field : value)
			|| (is_spelled(name, value)
			    && show_addresses(l, value))))
			return true;
	return false;
}

bool
text_header(view header, const view *name, bool whole, text_visit *visit,
    void *context)
{
	struct looking l = look(visit, context);

	return look_away(&l, show_header(&l, header, name, whole));
}

static bool
show_part(struct looking *l, const struct mime_part *part)
{
	buf_reset(&l->raw);
	buf_reset(&l->text);
	l->text.limit = SIZE_MAX / 2;
	mime_decode(part, l->arena, &l->raw);
	(void)word_to_utf8(mime_parameter(part, VIEW("charset")),
	    buf_view(&l->raw), &l->text);
	return show(l);
}

static bool
is_text(const struct mime_part *part)
{
	return part->child_count == 0 && part->message == NULL
	    && (view_eq(part->type, VIEW("text"))
		|| view_eq(part->type, VIEW("message")));
}

bool
text_message(view message, bool header, text_visit *visit, void *context)
{
	struct looking l = look(visit, context);
	struct mime_part *part = NULL;
	bool found = false;

	if (mime_parse(message, l.arena, &part).is != OK)
		return look_away(&l, false);
	for (; !found && part != NULL; part = mime_next(part)) {
		/* The headers of parts and of messages inside belong to the
		 * body. */
		if (header || part->parent != NULL)
			found = show_header(&l, part->header, NULL, true);
		if (!found && is_text(part))
			found = show_part(&l, part);
	}
	return look_away(&l, found);
}
