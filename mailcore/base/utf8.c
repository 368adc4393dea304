#include "mailcore/base/utf8.h"

/* The length that a lead byte announces and the smallest code point that may
 * be written so (RFC 3629 section 3). */
static size_t
lead_length(unsigned char lead, uint32_t *code, uint32_t *least)
{
	if (lead < 0x80) {
		*code = lead;
		*least = 0;
		return 1;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		*code = lead & 0x1f;
		*least = 0x80;
		return 2;
	}
	if ((lead & 0xf0) == 0xe0) {
		*code = lead & 0x0f;
		*least = 0x800;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*code = lead & 0x07;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

/* How many bytes the next code point takes; 0 when malformed. */
static size_t
decode(view v, uint32_t *out)
{
	uint32_t code = 0, least = 0;
	size_t n = lead_length((unsigned char)v.p[0], &code, &least);

	if (n == 0 || n > v.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	if (code < least || code > 0x10ffff
	    || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out = code;
	return n;
}

bool
utf8_is_valid(view v)
{
	uint32_t code;

	while (v.n > 0) {
		size_t n = decode(v, &code);

		if (n == 0)
			return false;
		v = view_from(v, n);
	}
	return true;
}

bool
utf8_is_ascii(view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] >= 0x80)
			return false;
	return true;
}

uint32_t
utf8_next(view *v)
{
	uint32_t code = 0xfffd;
	size_t n = decode(*v, &code);

	*v = view_from(*v, n == 0 ? 1 : n);
	return code;
}

size_t
utf8_put(char to[4], uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

view
utf8_first(view v, size_t most)
{
	size_t n = v.n < most ? v.n : most;

	while (n < v.n && n > 0 && (view_at(v, n) & 0xC0) == 0x80)
		n--;
	return view_first(v, n);
}
