/* Header fields and bodies as people read them: decoded, in UTF-8, without
 * case. */
#include "mailcore/imap/search.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/header.h"
#include "mailcore/format/mime.h"
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
search_fold(view text, struct buf *out)
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

/* Does decoded text hold the key's? */
static bool
holds(view text, const struct key *k)
{
	struct buf folded = buf_new(SIZE_MAX / 2);
	bool found;

	search_fold(text, &folded);
	found = view_find(buf_view(&folded), k->text) != SIZE_MAX;
	buf_free(&folded);
	return found;
}

static bool
field_holds(view raw, const struct key *k, struct arena *arena)
{
	struct buf text = buf_new(LIMIT_HEADER * 4);
	bool found;

	word_decode(header_unfold(raw, arena), &text);
	found = holds(buf_view(&text), k);
	buf_free(&text);
	return found;
}

/* Any field of a header block, its name too (TEXT), or those of one name. */
static bool
header_holds(view header, const struct key *k, bool any)
{
	struct arena *arena = arena_new(LIMIT_MIME_WORK);
	view field, name, value;
	bool found = false;

	header = view_first(header, LIMIT_HEADER);
	while (!found && header_next(&header, &field, &name, &value)) {
		if (any)
			found = field_holds(field, k, arena);
		else if (view_same(name, k->word))
			found = k->text.n == 0
			    || field_holds(value, k, arena);
	}
	arena_free(&arena);
	return found;
}

static bool
need_body(struct candidate *c)
{
	result r = done();

	if (!c->body_open) {
		r = body_open(c->account, c->item->body, &c->body);
		c->body_open = r.is == OK;
		c->read += c->item->size;
	}
	/* Expunged in between: it does not fit, and that is all. */
	if (r.is != OK && r.is != NOT_FOUND)
		c->r = r;
	return c->body_open;
}

bool
search_header(struct candidate *c, const struct key *k)
{
	view header = c->summary == NULL ? VIEW("") : c->summary->header;

	if (header.n == 0) {
		if (!need_body(c))
			return false;
		header = view_first(c->body.bytes,
		    header_length(c->body.bytes));
	}
	return header_holds(header, k, false);
}

/* "+0130" somewhere behind the time, in seconds. */
static int64_t
zone_of(view date)
{
	for (size_t i = date.n; i-- > 0;) {
		uint64_t n;

		if (date.n - i < 5 || (date.p[i] != '+' && date.p[i] != '-')
		    || !view_number(view_first(view_from(date, i + 1), 4),
			9999, &n))
			continue;
		n = (n / 100 * 60 + n % 100) * 60;
		return date.p[i] == '-' ? -(int64_t)n : (int64_t)n;
	}
	return 0;
}

int64_t
search_sent(const struct candidate *c)
{
	struct arena *arena;
	int64_t sent;
	view date;

	if (c->summary == NULL || c->summary->sent == 0)
		return 0;
	sent = c->summary->sent;
	arena = arena_new(LIMIT_HEADER + 4096);
	if (header_find(c->summary->header, VIEW("Date"), arena, &date))
		sent += zone_of(date);
	arena_free(&arena);
	return sent;
}

static bool
part_holds(const struct mime_part *part, const struct key *k,
    struct arena *arena)
{
	struct buf bytes = buf_new(LIMIT_MESSAGE), text = buf_new(SIZE_MAX / 2);
	bool found;

	mime_decode(part, arena, &bytes);
	(void)word_to_utf8(mime_parameter(part, VIEW("charset")),
	    buf_view(&bytes), &text);
	found = holds(buf_view(&text), k);
	buf_free(&bytes);
	buf_free(&text);
	return found;
}

static bool
is_text(const struct mime_part *part)
{
	return part->child_count == 0 && part->message == NULL
	    && (view_eq(part->type, VIEW("text"))
		|| view_eq(part->type, VIEW("message")));
}

bool
search_body(struct candidate *c, const struct key *k)
{
	struct arena *arena = arena_new(LIMIT_MIME_WORK);
	struct mime_part *part = NULL;
	bool found = false;

	if (need_body(c) && mime_parse(c->body.bytes, arena, &part).is == OK) {
		if (k->kind == KEY_TEXT)
			found = header_holds(part->header, k, true);
		for (; !found && part != NULL; part = mime_next(part)) {
			/* The headers of parts and of messages inside belong
			 * to the body. */
			if (part->parent != NULL)
				found = header_holds(part->header, k, true);
			if (!found && is_text(part))
				found = part_holds(part, k, arena);
		}
	}
	arena_free(&arena);
	return found;
}
