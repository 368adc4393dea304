#include "mailcore/format/word.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

enum {
	CHARSET_NAME = 40,
	/* RFC 2047 2: 75 bytes, of which the longest frame,
	 * "=?unknown-8bit?Q??=", takes 19. */
	WORD_Q = 56,
	WORD_B = 42 /* bytes before base64 */
};

static void
add_code(struct buf *out, uint32_t code)
{
	char bytes[4];

	buf_add(out, (view){ bytes, utf8_put(bytes, code) });
}

static void
add_utf8(struct buf *out, view v)
{
	while (v.n > 0)
		add_code(out, utf8_next(&v));
}

/* What windows-1252 has at 80 to 9F (ISO-8859-1 has nothing that text
 * uses there; the Web and mail read both alike). */
static const uint16_t windows_1252[32] = {
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
	0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

static void
add_windows_1252(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		add_code(out,
		    c >= 0x80 && c < 0xa0 ? windows_1252[c - 0x80] : c);
	}
}

/* Families of charsets that mail is written in: nothing else may choose a
 * converter of the C library. */
static const char *const families[] = {
	"iso-8859-", "iso8859-", "windows-125", "cp125", "cp437", "cp850",
	"cp866", "cp93", "cp949", "koi8-", "gb2312", "gbk", "gb18030", "big5",
	"euc-jp", "euc-kr", "shift_jis", "shift-jis", "sjis", "iso-2022-jp",
	"iso-2022-kr", "ks_c_5601", "utf-16", "utf-32", "utf-7", "macintosh",
	"tis-620", "windows-874", "windows-31j", "viscii",
};

static bool
is_known_family(view charset)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (view_starts_same(charset, view_of(families[i])))
			return true;
	return false;
}

static bool
is_plain_name(view charset)
{
	for (size_t i = 0; i < charset.n; i++)
		if (!ascii_is_alnum(charset.p[i])
		    && strchr("-_.:", charset.p[i]) == NULL)
			return false;
	return charset.n > 0;
}

static void
run_iconv(iconv_t converter, view bytes, struct buf *out)
{
	/* iconv's interface lacks a const; it does not write there. */
	union {
		const char *from;
		char *iconv;
	} in = { .from = bytes.p };
	size_t left = bytes.n;

	while (left > 0 && buf_result(out).is == OK) {
		char piece[1024], *to = piece;
		size_t room = sizeof piece;
		size_t r = iconv(converter, &in.iconv, &left, &to, &room);
		int error = r == (size_t)-1 ? errno : 0;

		buf_add(out, (view){ piece, sizeof piece - room });
		if (error == 0 || (error == E2BIG && room < sizeof piece))
			continue;
		add_code(out, 0xfffd);
		if (error != EILSEQ)
			break;
		in.iconv++;
		left--;
	}
}

static bool
add_by_iconv(view charset, view bytes, struct buf *out)
{
	char name[CHARSET_NAME];
	iconv_t converter;

	if (!is_known_family(charset) || !is_plain_name(charset)
	    || !view_copy(charset, name, sizeof name))
		return false;
	converter = iconv_open("UTF-8", name);
	/* iconv_t is a pointer by POSIX, and -1 its failure. */
	if ((intptr_t)converter == -1)
		return false;
	run_iconv(converter, bytes, out);
	(void)iconv_close(converter);
	return true;
}

static bool
is_any_of(view v, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_same(v, view_of(names[i])))
			return true;
	return false;
}

bool
word_to_utf8(view charset, view bytes, struct buf *out)
{
	static const char *const utf8[] = { "utf-8", "utf8", "us-ascii",
		"ascii" };
	static const char *const latin[] = { "iso-8859-1", "iso8859-1",
		"latin1", "windows-1252", "cp1252" };
	bool known = is_any_of(charset, utf8, COUNT(utf8));

	if (is_any_of(charset, latin, COUNT(latin))) {
		add_windows_1252(out, bytes);
		return true;
	}
	if (!known && add_by_iconv(charset, bytes, out))
		return true;
	if (known || utf8_is_valid(bytes))
		add_utf8(out, bytes);
	else
		add_windows_1252(out, bytes);
	return known;
}

/* One "=?charset?e?text?=". */
struct word {
	view charset;
	char encoding; /* 'q' or 'b' */
	view text;
};

static bool
take_word(view *v, struct word *out)
{
	view rest = view_from(*v, 2), charset, encoding;
	size_t end;

	if (!view_starts(*v, VIEW("=?")))
		return false;
	/* A frame has no spaces; looking no further keeps this linear. */
	rest = view_first(rest, 1000);
	charset = view_cut(&rest, '?');
	encoding = view_cut(&rest, '?');
	end = view_find(rest, VIEW("?="));
	if (charset.n == 0 || charset.n > 2 * CHARSET_NAME || encoding.n != 1
	    || end == SIZE_MAX)
		return false;
	out->charset = view_cut(&charset, '*'); /* RFC 2231 5: language */
	out->encoding = ascii_lower(encoding.p[0]);
	out->text = view_first(rest, end);
	if (out->encoding != 'q' && out->encoding != 'b')
		return false;
	*v = view_from(*v, (size_t)(out->text.p - v->p) + end + 2);
	return true;
}

static void
add_q(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++) {
		int high = i + 2 < v.n ? ascii_hex(v.p[i + 1]) : -1;
		int low = i + 2 < v.n ? ascii_hex(v.p[i + 2]) : -1;

		if (v.p[i] == '=' && high >= 0 && low >= 0) {
			buf_add_byte(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_add_byte(out, v.p[i] == '_' ? ' ' : v.p[i]);
		}
	}
}

/* Words in the same charset are joined before they are converted: many
 * programs cut characters in two. */
static void
flush_words(struct buf *bytes, view charset, struct buf *out)
{
	if (bytes->n > 0)
		(void)word_to_utf8(charset, buf_view(bytes), out);
	buf_reset(bytes);
}

static view
take_spaces(view *v)
{
	size_t n = 0;

	while (n < v->n && ascii_is_space(v->p[n]))
		n++;
	view spaces = view_first(*v, n);
	*v = view_from(*v, n);
	return spaces;
}

static void
add_plain(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == '\t')
			buf_add_byte(out, ' ');
		else if (v.p[i] != '\r' && v.p[i] != '\n' && v.p[i] != '\0')
			buf_add_byte(out, v.p[i]);
}

/* Printable ASCII without an encoded word: nearly every value. */
static bool
is_decoded(view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < ' ' || c >= 0x7f
		    || (c == '?' && i > 0 && v.p[i - 1] == '='))
			return false;
	}
	return true;
}

void
word_decode(view text, struct buf *out)
{
	struct buf bytes = buf_new(out->limit);
	view charset = VIEW("");
	bool after_word = false;
	struct word w;

	if (is_decoded(text)) {
		buf_add(out, text);
		return;
	}
	while (text.n > 0) {
		view spaces = take_spaces(&text);

		if (take_word(&text, &w)) {
			if (!after_word)
				add_plain(out, spaces);
			else if (!view_same(charset, w.charset))
				flush_words(&bytes, charset, out);
			charset = w.charset;
			after_word = true;
			if (w.encoding == 'b')
				decode_base64_mime(&bytes, w.text);
			else
				add_q(&bytes, w.text);
			continue;
		}
		flush_words(&bytes, charset, out);
		after_word = false;
		add_plain(out, spaces);
		/* One byte at least; then up to what may be a word. */
		size_t n = 1;
		while (n < text.n && !ascii_is_space(text.p[n])
		    && text.p[n] != '=')
			n++;
		n = n < text.n ? n : text.n;
		(void)word_to_utf8(VIEW(""), view_first(text, n), out);
		text = view_from(text, n);
	}
	flush_words(&bytes, charset, out);
	buf_free(&bytes);
}

static bool
is_q_plain(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '!' || c == '*'
	    || c == '+' || c == '/';
}

static size_t
q_length(view v)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += is_q_plain(v.p[i]) || v.p[i] == ' ' ? 1 : 3;
	return n;
}

/* The longest beginning of `v` whose encoding fits; whole characters when it
 * is UTF-8. */
static view
take_chunk(view *v, bool utf8, bool b)
{
	view rest = *v, chunk;

	while (rest.n > 0) {
		view before = rest;

		if (utf8)
			(void)utf8_next(&rest);
		else
			rest = view_from(rest, 1);
		chunk = view_first(*v, v->n - rest.n);
		if (b ? chunk.n > WORD_B : q_length(chunk) > WORD_Q) {
			rest = before;
			break;
		}
	}
	chunk = view_first(*v, v->n - rest.n);
	*v = rest;
	return chunk;
}

static void
put_q(struct buf *out, view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (is_q_plain(v.p[i]))
			buf_add_byte(out, v.p[i]);
		else if (v.p[i] == ' ')
			buf_add_byte(out, '_');
		else
			buf_print(out, "=%02X", (unsigned char)v.p[i]);
	}
}

static void
encode_run(view run, struct buf *out)
{
	bool utf8 = utf8_is_valid(run);
	bool b = q_length(run) > (run.n + 2) / 3 * 4;
	bool first = true;

	while (run.n > 0 && buf_result(out).is == OK) {
		view chunk = take_chunk(&run, utf8, b);

		buf_print(out, "%s=?%s?%c?", first ? "" : " ",
		    utf8 ? "utf-8" : "unknown-8bit", b ? 'B' : 'Q');
		if (b)
			encode_base64(out, chunk);
		else
			put_q(out, chunk);
		buf_add(out, VIEW("?="));
		first = false;
	}
}

static view
take_solid(view *v)
{
	size_t n = 0;

	while (n < v->n && !ascii_is_space(v->p[n]))
		n++;
	view solid = view_first(*v, n);
	*v = view_from(*v, n);
	return solid;
}

/* All words from here that need encoding, with the spaces between them. */
static view
take_run(view *v)
{
	view start = *v, rest = *v;

	while (rest.n > 0) {
		(void)take_spaces(&rest);
		if (utf8_is_ascii(take_solid(&rest)))
			break;
		*v = rest;
	}
	return view_first(start, start.n - v->n);
}

void
word_encode(view text, struct buf *out)
{
	if (utf8_is_ascii(text)) {
		buf_add(out, text);
		return;
	}
	while (text.n > 0) {
		view rest;

		buf_add(out, take_spaces(&text));
		rest = text;
		if (utf8_is_ascii(take_solid(&rest))) {
			buf_add(out, view_first(text, text.n - rest.n));
			text = rest;
		} else {
			encode_run(take_run(&text), out);
		}
	}
}
