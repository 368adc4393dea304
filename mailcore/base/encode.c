#include "mailcore/base/encode.h"

#include "mailcore/base/ascii.h"

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
add_base64(struct buf *out, view bytes, const char *alphabet, bool pad)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		view group = view_first(view_from(bytes, i), 3);
		uint32_t bits = 0;
		char text[4] = "====";

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8
			    | (j < group.n ? (unsigned char)group.p[j] : 0);
		for (size_t j = 0; j <= group.n; j++)
			text[j] = alphabet[bits >> (18 - 6 * j) & 63];
		buf_add(out, (view){ text, pad ? 4 : group.n + 1 });
	}
}

void
encode_base64(struct buf *out, view bytes)
{
	add_base64(out, bytes, base64, true);
}

enum { LINE_BYTES = 57 }; /* 76 letters */

void
encode_base64_lines(struct buf *out, view bytes)
{
	while (bytes.n > 0) {
		encode_base64(out, view_first(bytes, LINE_BYTES));
		buf_add(out, VIEW("\r\n"));
		bytes = view_from(bytes, LINE_BYTES);
	}
}

void
encode_base64url(struct buf *out, view bytes)
{
	add_base64(out, bytes, base64url, false);
}

static int
base64_value(char c)
{
	if (ascii_is_upper(c))
		return c - 'A';
	if (ascii_is_alpha(c))
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* `n` values of six bits, 2 to 4 of them, as n - 1 bytes. */
static void
add_group(struct buf *out, const int values[4], size_t n)
{
	uint32_t bits = 0;
	char bytes[3];

	for (size_t i = 0; i < 4; i++)
		bits = bits << 6 | (i < n ? (uint32_t)values[i] : 0);
	for (size_t i = 0; i < 3; i++)
		bytes[i] = (char)(bits >> (16 - 8 * i) & 255);
	buf_add(out, (view){ bytes, n - 1 });
}

result
decode_base64_strict(struct buf *out, view text)
{
	static const char why[] = "RFC 4648 4: not base64";

	if (text.n % 4 != 0)
		return fail(MALFORMED, why);
	while (text.n > 0) {
		view group = view_first(text, 4);
		int values[4] = { 0 };
		size_t n = 0;

		text = view_from(text, 4);
		while (n < 4 && base64_value(group.p[n]) >= 0) {
			values[n] = base64_value(group.p[n]);
			n++;
		}
		for (size_t i = n; i < 4; i++)
			if (group.p[i] != '=' || text.n > 0)
				return fail(MALFORMED, why);
		if (n < 2)
			return fail(MALFORMED, why);
		add_group(out, values, n);
	}
	return buf_result(out);
}

result
decode_base64url(struct buf *out, view text)
{
	static const char why[] = "RFC 4648 5: not base64url";

	while (text.n > 0) {
		view group = view_first(text, 4);
		int values[4] = { 0 };

		text = view_from(text, 4);
		for (size_t i = 0; i < group.n; i++) {
			char c = group.p[i];

			values[i] = c == '-' ? 62 : c == '_' ? 63
			    : c == '+' || c == '/' ? -1 : base64_value(c);
			if (values[i] < 0)
				return fail(MALFORMED, why);
		}
		if (group.n < 2)
			return fail(MALFORMED, why);
		add_group(out, values, group.n);
	}
	return buf_result(out);
}

void
decode_base64_mime(struct buf *out, view text)
{
	int values[4] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
		int value = base64_value(text.p[i]);

		if (value < 0)
			continue;
		values[n++] = value;
		if (n == 4) {
			add_group(out, values, n);
			n = 0;
		}
	}
	if (n >= 2)
		add_group(out, values, n);
}

static const char hex[] = "0123456789abcdef";

void
encode_hex(struct buf *out, view bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		buf_add_byte(out, hex[c >> 4]);
		buf_add_byte(out, hex[c & 15]);
	}
}

result
decode_hex(struct buf *out, view text)
{
	if (text.n % 2 != 0)
		return fail(MALFORMED, "RFC 4648 8: odd number of digits");
	for (size_t i = 0; i < text.n; i += 2) {
		int high = ascii_hex(text.p[i]);
		int low = ascii_hex(text.p[i + 1]);

		if (high < 0 || low < 0)
			return fail(MALFORMED, "RFC 4648 8: not hexadecimal");
		buf_add_byte(out, (char)(high << 4 | low));
	}
	return buf_result(out);
}

static bool
stands_for_itself(char c, view keep)
{
	return ascii_is_alnum(c)
	    || view_find_byte(VIEW("-._~/"), c) != SIZE_MAX
	    || view_find_byte(keep, c) != SIZE_MAX;
}

void
encode_percent(struct buf *out, view bytes, view keep)
{
	while (bytes.n > 0) {
		size_t run = 0;

		while (run < bytes.n && stands_for_itself(bytes.p[run], keep))
			run++;
		buf_add(out, view_first(bytes, run));
		bytes = view_from(bytes, run);
		if (bytes.n == 0)
			return;
		buf_print(out, "%%%02X", (unsigned char)bytes.p[0]);
		bytes = view_from(bytes, 1);
	}
}

result
decode_percent(struct buf *out, view text)
{
	for (size_t i = 0; i < text.n; i++) {
		int high, low;

		if (text.p[i] != '%') {
			buf_add_byte(out, text.p[i]);
			continue;
		}
		high = ascii_hex((char)view_at(text, i + 1));
		low = ascii_hex((char)view_at(text, i + 2));
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return fail(MALFORMED, "RFC 3986 2.1: bad escape");
		buf_add_byte(out, (char)(high << 4 | low));
		i += 2;
	}
	return buf_result(out);
}
