/* The base subject: RFC 5256 2.1.  Every step takes something off or is the
 * last of its kind, so all of it is one walk from both ends. */
#include "mailcore/imap/order.h"

#include "mailcore/base/ascii.h"
#include "mailcore/format/header.h"
#include "mailcore/format/text.h"
#include "mailcore/format/word.h"

/* White space becomes single spaces, none at the ends. */
static view
squeeze(view text, struct arena *arena)
{
	struct buf out = buf_new(LIMIT_IMAP_SORT_TEXT);
	view copy;

	text = view_first(view_trim(text), LIMIT_IMAP_SORT_TEXT);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';

		if (!blank)
			buf_add_byte(&out, c);
		else if (out.n > 0 && out.p[out.n - 1] != ' ')
			buf_add_byte(&out, ' ');
	}
	copy = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return copy;
}

/* "[...] " at the front; what stands behind it. */
static bool
skip_blob(view *text)
{
	if (view_at(*text, 0) != '[')
		return false;
	for (size_t i = 1; i < text->n; i++) {
		if (text->p[i] == '[')
			return false;
		if (text->p[i] == ']') {
			*text = view_trim(view_from(*text, i + 1));
			return true;
		}
	}
	return false;
}

/* "re [x] :", "fwd:" and so on, blobs in front of it too. */
static bool
skip_leader(view *text)
{
	view rest = *text;

	while (skip_blob(&rest))
		;
	if (view_starts_same(rest, VIEW("re")))
		rest = view_from(rest, 2);
	else if (view_starts_same(rest, VIEW("fwd")))
		rest = view_from(rest, 3);
	else if (view_starts_same(rest, VIEW("fw")))
		rest = view_from(rest, 2);
	else
		return false;
	rest = view_trim(rest);
	(void)skip_blob(&rest);
	if (view_at(rest, 0) != ':')
		return false;
	*text = view_trim(view_from(rest, 1));
	return true;
}

/* A blob in front of something is no part of it. */
static bool
skip_blobs(view *text)
{
	bool any = false;

	for (view rest = *text; skip_blob(&rest) && rest.n > 0; any = true)
		*text = rest;
	return any;
}

static bool
skip_trailer(view *text)
{
	bool any = false;

	while (view_ends_same(*text, VIEW("(fwd)"))) {
		*text = view_trim(view_first(*text, text->n - 5));
		any = true;
	}
	return any;
}

static view
base_of(view text, bool *reply)
{
	for (;;) {
		bool again = true;

		*reply |= skip_trailer(&text);
		while (again) {
			again = skip_leader(&text);
			*reply |= again;
			again |= skip_blobs(&text);
		}
		if (!view_starts_same(text, VIEW("[fwd:"))
		    || view_at(text, text.n - 1) != ']')
			return text;
		text = view_trim(view_from(view_first(text, text.n - 1), 5));
		*reply = true;
	}
}

void
order_fold(view text, struct buf *out)
{
	size_t before = out->n;

	text_fold(text, out);
	for (size_t i = before; i < out->n; i++)
		out->p[i] = ascii_upper(out->p[i]);
}

view
subject_base(view raw, struct arena *arena, bool *reply)
{
	struct buf text = buf_new(LIMIT_HEADER * 4);
	view base;

	*reply = false;
	word_decode(header_unfold(view_first(raw, 4 * LIMIT_IMAP_SORT_TEXT),
			arena),
	    &text);
	base = base_of(squeeze(buf_view(&text), arena), reply);
	buf_reset(&text);
	order_fold(base, &text);
	base = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	return base;
}
