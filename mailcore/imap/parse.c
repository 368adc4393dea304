#include "mailcore/imap/parse.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/compose.h"
#include "mailcore/imap/utf7.h"

#include <string.h>

struct parse
parse_over(struct buf *text, struct arena *arena)
{
	return (struct parse){ .s = scan_over(buf_view(text)), .text = text,
		.arena = arena };
}

void
parse_space(struct parse *p)
{
	scan_byte(&p->s, ' ', "RFC 3501 9: a space is missing");
}

bool
parse_more(struct parse *p)
{
	return scan_try_byte(&p->s, ' ');
}

void
parse_end(struct parse *p)
{
	scan_end(&p->s, "RFC 3501 9: junk behind the command");
}

/* ATOM-CHAR of RFC 3501 9. */
static bool
is_atom(char c)
{
	return ascii_is_graph(c) && strchr("(){%*\"\\]", c) == NULL;
}

static bool
is_tag(char c)
{
	return c != '+' && (is_atom(c) || c == ']');
}

static bool
is_astring(char c)
{
	return is_atom(c) || c == ']';
}

static bool
is_pattern(char c)
{
	return is_astring(c) || c == '%' || c == '*';
}

view
parse_tag(struct parse *p)
{
	return scan_run(&p->s, is_tag, 256, "RFC 3501 9: not a tag");
}

view
parse_atom(struct parse *p)
{
	return scan_run(&p->s, is_atom, LIMIT_IMAP_LINE,
	    "RFC 3501 9: an atom is missing");
}

/* The same byte of the text, to be written to. */
static char *
writable(struct parse *p, const char *at)
{
	return p->text->p + (at - p->text->p);
}

static view
parse_quoted(struct parse *p)
{
	view rest = p->s.rest;
	char *to = rest.n == 0 ? NULL : writable(p, rest.p);
	size_t n = 0, i = 0;

	while (i < rest.n && rest.p[i] != '"') {
		if (rest.p[i] == '\\') {
			int next = view_at(rest, i + 1);

			if (next != '"' && next != '\\')
				break;
			i++;
		}
		if (rest.p[i] == '\r' || rest.p[i] == '\n'
		    || rest.p[i] == '\0')
			break;
		to[n++] = rest.p[i++];
	}
	if (view_at(rest, i) != '"') {
		scan_fail(&p->s, MALFORMED,
		    "RFC 3501 9: not a quoted string");
		return VIEW("");
	}
	p->s.rest = view_from(rest, i + 1);
	return (view){ to, n };
}

static view
parse_literal_bytes(struct parse *p)
{
	uint64_t n = scan_number(&p->s, LIMIT_IMAP_LINE,
	    "RFC 3501 9: not a literal");
	view bytes;

	(void)scan_try_byte(&p->s, '+');
	scan_byte(&p->s, '}', "RFC 3501 9: not a literal");
	(void)scan_try_byte(&p->s, '\r');
	scan_byte(&p->s, '\n', "RFC 3501 9: not a literal");
	bytes = scan_bytes(&p->s, n, "RFC 3501 9: literal cut short");
	if (!p->binary && view_find_byte(bytes, '\0') != SIZE_MAX)
		scan_fail(&p->s, MALFORMED, "RFC 3501 9: NUL in a literal");
	return bytes;
}

view
parse_string(struct parse *p)
{
	if (scan_try_byte(&p->s, '"'))
		return parse_quoted(p);
	if (scan_try_byte(&p->s, '{'))
		return parse_literal_bytes(p);
	scan_fail(&p->s, MALFORMED, "RFC 3501 9: a string is missing");
	return VIEW("");
}

static bool
is_string(struct parse *p)
{
	return scan_peek(&p->s) == '"' || scan_peek(&p->s) == '{';
}

view
parse_astring(struct parse *p)
{
	if (is_string(p))
		return parse_string(p);
	return scan_run(&p->s, is_astring, LIMIT_IMAP_LINE,
	    "RFC 3501 9: an astring is missing");
}

bool
parse_nstring(struct parse *p, view *out)
{
	*out = VIEW("");
	if (scan_try(&p->s, VIEW("NIL")))
		return false;
	*out = parse_string(p);
	return scan_ok(&p->s);
}

bool
parse_nstring8(struct parse *p, view *out)
{
	bool there;

	p->binary = scan_try_byte(&p->s, '~') && scan_peek(&p->s) == '{';
	there = parse_nstring(p, out);
	p->binary = false;
	return there;
}

uint64_t
parse_number(struct parse *p, uint64_t max)
{
	return scan_number(&p->s, max, "RFC 3501 9: a number is missing");
}

void
parse_set(struct parse *p, struct idset *out)
{
	size_t count = p->saved == NULL ? 0 : p->saved->count;

	if (!scan_try_byte(&p->s, '$')) {
		idset_scan(&p->s, p->arena, out);
		return;
	}
	/* Its own copy: the command may save another one. */
	*out = (struct idset){ .saved = true };
	out->ranges = arena_array(p->arena, count + 1, sizeof *out->ranges);
	if (out->ranges == NULL) {
		scan_fail(&p->s, OVER_LIMIT, "sequence-set too long");
		return;
	}
	if (count > 0)
		memcpy(out->ranges, p->saved->ranges,
		    count * sizeof *out->ranges);
	out->count = count;
}

/* RFC 9051 5.1: what one client spells in two code points, another finds in
 * one. */
static view
composed(struct parse *p, view name)
{
	view made = compose(name, p->arena);

	p->spelled = view_eq(made, name) ? VIEW("") : name;
	if (made.n > LIMIT_IMAP_MAILBOX_NAME)
		scan_fail(&p->s, OVER_LIMIT, "mailbox name too long");
	return made;
}

/* RFC 3501 5.1: INBOX in any case, also above other names.  A `pattern` that
 * is not modified UTF-7 fits nothing, which is no failure. */
static view
name_from_wire(struct parse *p, view wire, bool pattern)
{
	struct buf name = buf_new(2 * LIMIT_IMAP_MAILBOX_NAME);
	result r = done();
	view copy;

	if (p->utf8 && utf8_is_valid(wire)) {
		buf_add(&name, wire);
	} else if (p->utf8) {
		r = fail(MALFORMED, "RFC 9755 3: a name is not UTF-8");
	} else if (utf7_decode(wire, &name).is != OK) {
		buf_reset(&name);
		buf_add(&name, wire);
		p->impossible = !pattern;
		if (!pattern)
			r = fail(DENIED,
			    "RFC 3501 5.1.3: not modified UTF-7");
	}
	if (scan_ok(&p->s) && r.is != OK)
		scan_fail(&p->s, r.is, r.why);
	if (view_starts_same(buf_view(&name), VIEW("INBOX"))
	    && (name.n == 5 || name.p[5] == '/'))
		memcpy(name.p, "INBOX", 5);
	if (name.n > LIMIT_IMAP_MAILBOX_NAME)
		scan_fail(&p->s, OVER_LIMIT, "mailbox name too long");
	copy = arena_copy(p->arena, buf_view(&name));
	buf_free(&name);
	return scan_ok(&p->s) ? composed(p, copy) : VIEW("");
}

view
parse_mailbox(struct parse *p)
{
	return name_from_wire(p, parse_astring(p), false);
}

view
parse_pattern(struct parse *p)
{
	if (is_string(p))
		return name_from_wire(p, parse_string(p), true);
	return name_from_wire(p, scan_run(&p->s, is_pattern, LIMIT_IMAP_LINE,
				    "RFC 3501 9: a list-mailbox is missing"),
	    true);
}

int64_t
parse_date_time(struct parse *p)
{
	int64_t seconds = 0;
	view text;

	scan_byte(&p->s, '"', "RFC 3501 9: a date-time is quoted");
	text = scan_until(&p->s, '"', "RFC 3501 9: a date-time is quoted");
	scan_byte(&p->s, '"', "RFC 3501 9: a date-time is quoted");
	if (scan_ok(&p->s) && date_parse_imap(text, &seconds).is != OK)
		scan_fail(&p->s, MALFORMED, "RFC 3501 9: not a date-time");
	return seconds;
}

static bool
is_date(char c)
{
	return ascii_is_alnum(c) || c == '-';
}

int64_t
parse_date(struct parse *p)
{
	bool quoted = scan_try_byte(&p->s, '"');
	view text = scan_run(&p->s, is_date, 11, "RFC 3501 9: not a date");
	int64_t seconds = 0;

	if (quoted)
		scan_byte(&p->s, '"', "RFC 3501 9: not a date");
	if (scan_ok(&p->s) && date_parse_imap_day(text, &seconds).is != OK)
		scan_fail(&p->s, MALFORMED, "RFC 3501 9: not a date");
	return seconds;
}

bool
parse_literal(view line, struct literal *out, bool *bad)
{
	view digits = line;

	*bad = false;
	*out = (struct literal){ 0 };
	if (digits.n < 3 || digits.p[digits.n - 1] != '}')
		return false;
	digits.n--;
	if (digits.p[digits.n - 1] == '+') {
		out->plus = true;
		digits.n--;
	}
	line = digits;
	while (digits.n > 0 && ascii_is_digit(digits.p[digits.n - 1]))
		digits.n--;
	if (digits.n == 0 || digits.n == line.n
	    || digits.p[digits.n - 1] != '{')
		return false;
	digits = view_from(line, digits.n);
	*bad = !view_number(digits, INT64_MAX, &out->size);
	return true;
}
