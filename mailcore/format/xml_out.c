#include "mailcore/format/xml_out.h"

#include "mailcore/base/utf8.h"

struct xml_out
xml_to(struct buf *to)
{
	struct xml_out x = { .to = to };

	buf_add(to, VIEW("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"));
	return x;
}

static void
close_tag(struct xml_out *x)
{
	if (x->open)
		buf_add_byte(x->to, '>');
	x->open = false;
}

/* XML 1.0 2.2: Char. */
static bool
is_char(uint32_t code)
{
	return code == '\t' || code == '\n' || code == '\r'
	    || (code >= 0x20 && code < 0xd800)
	    || (code >= 0xe000 && code < 0xfffe)
	    || (code >= 0x10000 && code <= 0x10ffff);
}

/* What stands for a byte that cannot stand for itself; NULL: it can. */
static const char *
escape(uint32_t code, bool quoted)
{
	switch (code) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r': /* else a parser makes a line feed of it (2.11) */
		return "&#13;";
	case '"':
		return quoted ? "&quot;" : NULL;
	case '\n':
		return quoted ? "&#10;" : NULL;
	case '\t':
		return quoted ? "&#9;" : NULL;
	default:
		return is_char(code) ? NULL : "\xef\xbf\xbd";
	}
}

/* How many bytes at the front are ASCII that stands for itself anywhere: of
 * what DAV answers are made of nearly all. */
static size_t
plain_run(view v)
{
	/* Of 0 to 63 and of 64 to 127, a bit each: no controls but DEL, none
	 * of "&<>. */
	static const uint64_t plain[2] = { 0xafffffbb00000000,
		UINT64_MAX };
	size_t n = 0;

	while (n < v.n) {
		unsigned char c = (unsigned char)v.p[n];

		if (c >= 0x80 || (plain[c >> 6] >> (c & 63) & 1) == 0)
			break;
		n++;
	}
	return n;
}

static void
add_escaped(struct buf *to, view text, bool quoted)
{
	view plain = { text.p, 0 };

	while (text.n > 0) {
		size_t run = plain_run(text), taken;
		view before;
		uint32_t code;
		const char *other;

		plain.n += run;
		text = view_from(text, run);
		if (text.n == 0)
			break;
		before = text;
		code = utf8_next(&text);
		taken = before.n - text.n;
		other = escape(code, quoted);
		/* utf8_next tells a malformed byte as U+FFFD of one byte. */
		if (other == NULL && code == 0xfffd && taken < 3)
			other = "\xef\xbf\xbd";
		if (other == NULL) {
			plain.n += taken;
			continue;
		}
		buf_add(to, plain);
		buf_add_text(to, other);
		plain = (view){ text.p, 0 };
	}
	buf_add(to, plain);
}

void
xml_start(struct xml_out *x, const char *name)
{
	close_tag(x);
	buf_add_byte(x->to, '<');
	buf_add_text(x->to, name);
	x->open = true;
}

void
xml_set(struct xml_out *x, const char *name, view value)
{
	buf_add_byte(x->to, ' ');
	buf_add_text(x->to, name);
	buf_add(x->to, VIEW("=\""));
	add_escaped(x->to, value, true);
	buf_add_byte(x->to, '"');
}

void
xml_text(struct xml_out *x, view text)
{
	if (text.n == 0)
		return;
	close_tag(x);
	add_escaped(x->to, text, false);
}

void
xml_end(struct xml_out *x, const char *name)
{
	if (x->open) {
		buf_add(x->to, VIEW("/>"));
		x->open = false;
		return;
	}
	buf_add(x->to, VIEW("</"));
	buf_add_text(x->to, name);
	buf_add_byte(x->to, '>');
}

void
xml_leaf(struct xml_out *x, const char *name, view text)
{
	xml_start(x, name);
	xml_text(x, text);
	xml_end(x, name);
}

void
xml_raw(struct xml_out *x, view xml)
{
	if (xml.n == 0)
		return;
	close_tag(x);
	buf_add(x->to, xml);
}
