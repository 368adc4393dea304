#include "mailcore/format/plist.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/utf8.h"

enum { UNKNOWN = 0xFFFD, OCTAL_DIGITS = 3, HEX_DIGITS = 4 };

static const char why[] = "not a property list";

struct reading {
	struct scan s;
	struct arena *arena;
	unsigned depth;
};

/* Of a string without quotes. */
static bool
is_plain(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '$' || c == '/'
	    || c == ':' || c == '.' || c == '-' || c == '+';
}

static bool
is_inside_angles(char c)
{
	return c != '>';
}

static int
digit_of(char c, int base)
{
	int n = ascii_is_digit(c) ? c - '0'
	    : c >= 'a' && c <= 'f' ? c - 'a' + 10
	    : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                           : base;

	return n < base ? n : -1;
}

static uint32_t
number(view *v, size_t most, int base)
{
	uint32_t n = 0;

	for (size_t i = 0; i < most && v->n > 0
	     && digit_of(v->p[0], base) >= 0; i++) {
		n = n * (uint32_t)base + (uint32_t)digit_of(v->p[0], base);
		*v = view_from(*v, 1);
	}
	return n;
}

/* "\U00F6"; two of them are one code point beyond FFFF (UTF-16). */
static uint32_t
unicode(view *v)
{
	uint32_t high = number(v, HEX_DIGITS, 16), low;
	view after = *v;

	if (high < 0xD800 || high > 0xDFFF)
		return high;
	if (view_at(after, 0) != '\\'
	    || (view_at(after, 1) != 'U' && view_at(after, 1) != 'u'))
		return UNKNOWN;
	after = view_from(after, 2);
	low = number(&after, HEX_DIGITS, 16);
	if (high > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
		return UNKNOWN;
	*v = after;
	return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* What stands behind a backslash. */
static uint32_t
escaped(view *v)
{
	static const char letters[] = "abfnrtv", bytes[] = "\a\b\f\n\r\t\v";
	char c = (char)view_at(*v, 0);

	if (c >= '0' && c <= '7')
		return number(v, OCTAL_DIGITS, 8);
	*v = view_from(*v, 1);
	if (c == 'U' || c == 'u')
		return unicode(v);
	for (size_t i = 0; i < sizeof letters - 1; i++)
		if (letters[i] == c)
			return (unsigned char)bytes[i];
	return (unsigned char)c;
}

/* Between quotes: all up to one that no backslash stands before. */
static view
cut_quoted(struct scan *s, bool *plain)
{
	view v = s->rest;
	size_t n = 0;

	*plain = true;
	while (n < v.n && v.p[n] != '"') {
		if (v.p[n] == '\\')
			*plain = false;
		n += v.p[n] == '\\' ? 2 : 1;
	}
	if (n >= v.n) {
		scan_fail(s, MALFORMED, "a string without its end");
		return VIEW("");
	}
	s->rest = view_from(v, n + 1);
	return view_first(v, n);
}

static view
read_quoted(struct reading *r)
{
	struct buf out;
	bool plain;
	view v = cut_quoted(&r->s, &plain);

	if (plain)
		return v;
	out = buf_new(v.n + 1); /* no escape is shorter than what it means */
	while (v.n > 0) {
		size_t n = view_find_byte(v, '\\');
		char code[4];
		uint32_t c;

		buf_add(&out, view_first(v, n));
		v = view_from(v, n == SIZE_MAX ? v.n : n + 1);
		if (n == SIZE_MAX)
			break;
		/* A byte of UTF-8 goes on as it is. */
		if ((unsigned char)view_at(v, 0) >= 0x80)
			continue;
		c = escaped(&v);
		buf_add(&out, (view){ code, utf8_put(code, c) });
	}
	v = arena_copy(r->arena, buf_view(&out));
	buf_free(&out);
	return v;
}

static void
skip_space(struct reading *r)
{
	(void)scan_while(&r->s, ascii_is_space);
}

static view
read_string(struct reading *r)
{
	view text;

	if (scan_try_byte(&r->s, '"'))
		return read_quoted(r);
	if (scan_try_byte(&r->s, '<')) {
		text = scan_while(&r->s, is_inside_angles);
		scan_byte(&r->s, '>', why);
		return text;
	}
	return scan_run(&r->s, is_plain, SIZE_MAX, why);
}

static struct plist *read_value(struct reading *r);

static void
append(struct plist *to, struct plist **last, struct plist *one)
{
	if (one == NULL)
		return;
	if (*last == NULL)
		to->first = one;
	else
		(*last)->next = one;
	*last = one;
}

static void
read_array(struct reading *r, struct plist *to)
{
	struct plist *last = NULL;

	skip_space(r);
	while (scan_ok(&r->s) && !scan_try_byte(&r->s, ')')) {
		append(to, &last, read_value(r));
		skip_space(r);
		if (!scan_try_byte(&r->s, ',') && scan_peek(&r->s) != ')')
			scan_fail(&r->s, MALFORMED, why);
		skip_space(r);
	}
}

static void
read_dictionary(struct reading *r, struct plist *to)
{
	struct plist *last = NULL;

	skip_space(r);
	while (scan_ok(&r->s) && !scan_try_byte(&r->s, '}')) {
		view key = read_string(r);
		struct plist *one;

		skip_space(r);
		scan_byte(&r->s, '=', why);
		one = read_value(r);
		if (one != NULL)
			one->key = key;
		append(to, &last, one);
		skip_space(r);
		scan_byte(&r->s, ';', why);
		skip_space(r);
	}
}

/* NULL after a failure. */
static struct plist *
read_value(struct reading *r)
{
	struct plist *p = arena_alloc(r->arena, sizeof *p);

	if (p == NULL) {
		scan_fail(&r->s, OVER_LIMIT, "the property list is too large");
		return NULL;
	}
	if (r->depth == PLIST_DEPTH) {
		scan_fail(&r->s, OVER_LIMIT, "a property list too deep");
		return NULL;
	}
	r->depth++;
	skip_space(r);
	if (scan_try_byte(&r->s, '(')) {
		p->kind = PLIST_ARRAY;
		read_array(r, p);
	} else if (scan_try_byte(&r->s, '{')) {
		p->kind = PLIST_DICTIONARY;
		read_dictionary(r, p);
	} else {
		p->text = read_string(r);
	}
	r->depth--;
	return p;
}

result
plist_read(view text, struct arena *arena, struct plist **out)
{
	struct reading r = { .s = scan_over(text), .arena = arena };

	*out = read_value(&r);
	skip_space(&r);
	scan_end(&r.s, why);
	TRY(arena_result(arena));
	return scan_result(&r.s);
}

const struct plist *
plist_find(const struct plist *p, view key)
{
	if (p == NULL || p->kind != PLIST_DICTIONARY)
		return NULL;
	for (const struct plist *c = p->first; c != NULL; c = c->next)
		if (view_eq(c->key, key))
			return c;
	return NULL;
}

view
plist_text(const struct plist *p, view key)
{
	const struct plist *found = plist_find(p, key);

	return found != NULL && found->kind == PLIST_STRING ? found->text
	                                                    : VIEW("");
}
