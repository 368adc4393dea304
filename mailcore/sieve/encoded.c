#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/tree.h"

/* Larger than any character; numbers of any length stop there. */
enum { HUGE = 0x1000000 };

/* One hexadecimal number off `*v`; false at its end or on anything else. */
static bool
take_number(view *v, size_t most, uint32_t *out)
{
	size_t n = 0;

	*v = view_trim(*v);
	*out = 0;
	for (; n < v->n && n < most && ascii_hex(v->p[n]) >= 0; n++)
		if (*out < HUGE)
			*out = *out << 4 | (uint32_t)ascii_hex(v->p[n]);
	*v = view_from(*v, n);
	return n > 0 && (v->n == 0 || ascii_is_space(v->p[0]));
}

static bool
is_character(uint32_t n)
{
	return n <= 0x10ffff && (n < 0xd800 || n > 0xdfff);
}

/* The inside of "${...}": false leaves it as it is.  `*unknown`: it is well
 * formed, but no character. */
static bool
decode_one(view inside, struct buf *out, bool *unknown)
{
	bool hex = view_starts_same(inside, VIEW("hex:"));
	size_t before = out->n;
	bool known = true;
	uint32_t n;

	if (!hex && !view_starts_same(inside, VIEW("unicode:")))
		return false;
	inside = view_trim(view_from(inside, hex ? 4 : 8));
	if (inside.n == 0)
		return false;
	while (inside.n > 0) {
		char text[4];

		if (!take_number(&inside, hex ? 2 : SIZE_MAX, &n)) {
			buf_cut(out, before);
			return false;
		}
		known = known && (hex || is_character(n));
		if (hex)
			buf_add_byte(out, (char)n);
		else if (known)
			buf_add(out, (view){ text, utf8_put(text, n) });
	}
	*unknown = *unknown || !known;
	return true;
}

size_t
sieve_reference_end(view inside)
{
	return view_find_byte(view_first(inside, view_find_byte(inside, '$')),
	    '}');
}

result
sieve_decode(struct arena *arena, view *text)
{
	struct buf out;
	view rest = *text;
	bool unknown = false;

	if (view_find(*text, VIEW("${")) == SIZE_MAX)
		return done();
	out = buf_new(text->n);
	while (rest.n > 0) {
		size_t at = view_find(rest, VIEW("${"));
		size_t end;

		buf_add(&out, view_first(rest, at));
		rest = view_from(rest, at);
		end = sieve_reference_end(view_from(rest, 2));
		if (end != SIZE_MAX && decode_one(view_first(view_from(rest,
			2), end), &out, &unknown)) {
			rest = view_from(rest, end + 3);
			continue;
		}
		buf_add(&out, view_first(rest, 2));
		rest = view_from(rest, 2);
	}
	if (!unknown)
		*text = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return unknown ? fail(MALFORMED, "RFC 5228 2.4.2.4: no character")
		       : arena_result(arena);
}
