#include "mailcore/imap/utf7.h"

#include "mailcore/base/utf8.h"

static const char alphabet[]
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int
value_of(char c)
{
	size_t at = view_find_byte(VIEW("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"abcdefghijklmnopqrstuvwxyz"
					"0123456789+,"), c);

	return at == SIZE_MAX ? -1 : (int)at;
}

/* UTF-16 units on their way to UTF-8. */
struct units {
	uint32_t high; /* a surrogate that waits for its other half; 0 */
	bool bad;
	struct buf *out;
};

static void
add_unit(struct units *u, uint32_t unit)
{
	char bytes[4];
	uint32_t code = unit;

	if (unit >= 0xdc00 && unit <= 0xdfff) {
		if (u->high == 0) {
			u->bad = true;
			return;
		}
		code = 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00);
		u->high = 0;
	} else if (u->high != 0) {
		u->bad = true;
		return;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		u->high = unit;
		return;
	}
	if (code >= ' ' && code < 127)
		u->bad = true;
	buf_add(u->out, (view){ bytes, utf8_put(bytes, code) });
}

/* The base64 between '&' and '-'. */
static result
decode_shifted(view base64, struct buf *out)
{
	struct units u = { .out = out };
	uint32_t bits = 0, unit = 0;
	unsigned count = 0;

	for (size_t i = 0; i < base64.n; i++) {
		int value = value_of(base64.p[i]);

		if (value < 0)
			return fail(MALFORMED,
			    "RFC 3501 5.1.3: not modified base64");
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 16) {
			count -= 16;
			unit = bits >> count & 0xffff;
			bits &= (1U << count) - 1;
			add_unit(&u, unit);
		}
	}
	if (u.bad || u.high != 0 || count >= 6 || bits != 0)
		return fail(MALFORMED, "RFC 3501 5.1.3: not modified UTF-7");
	return done();
}

result
utf7_decode(view name, struct buf *out)
{
	while (name.n > 0) {
		view plain = name, base64;
		size_t at = view_find_byte(name, '&');

		plain = view_first(name, at);
		for (size_t i = 0; i < plain.n; i++)
			if (plain.p[i] < ' ' || plain.p[i] > '~')
				return fail(MALFORMED,
				    "RFC 3501 5.1.3: not modified UTF-7");
		buf_add(out, plain);
		if (at == SIZE_MAX)
			break;
		name = view_from(name, at + 1);
		if (view_find_byte(name, '-') == SIZE_MAX)
			return fail(MALFORMED,
			    "RFC 3501 5.1.3: no '-' behind '&'");
		base64 = view_cut(&name, '-');
		if (base64.n == 0)
			buf_add_byte(out, '&');
		else
			TRY(decode_shifted(base64, out));
	}
	return buf_result(out);
}

/* Bits that wait for the next base64 digit. */
struct shift {
	uint32_t bits;
	unsigned count;
};

static void
put_unit(struct shift *s, uint32_t unit, struct buf *out)
{
	s->bits = s->bits << 16 | unit;
	s->count += 16;
	while (s->count >= 6) {
		s->count -= 6;
		buf_add_byte(out, alphabet[s->bits >> s->count & 63]);
	}
	s->bits &= (1U << s->count) - 1;
}

static view
encode_shifted(view utf8, struct buf *out)
{
	struct shift s = { 0 };

	buf_add_byte(out, '&');
	while (utf8.n > 0 && (utf8.p[0] < ' ' || utf8.p[0] > '~')) {
		uint32_t code = utf8_next(&utf8);

		if (code >= 0x10000) {
			code -= 0x10000;
			put_unit(&s, 0xd800 + (code >> 10), out);
			code = 0xdc00 + (code & 0x3ff);
		}
		put_unit(&s, code, out);
	}
	if (s.count > 0)
		buf_add_byte(out, alphabet[s.bits << (6 - s.count) & 63]);
	buf_add_byte(out, '-');
	return utf8;
}

void
utf7_encode(view utf8, struct buf *out)
{
	while (utf8.n > 0) {
		char c = utf8.p[0];

		if (c < ' ' || c > '~') {
			utf8 = encode_shifted(utf8, out);
			continue;
		}
		buf_add_byte(out, c);
		if (c == '&')
			buf_add_byte(out, '-');
		utf8 = view_from(utf8, 1);
	}
}
