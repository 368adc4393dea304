/* RFC 7208 7: macros. */
#include "mailcore/dns/spf_inside.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"

#include <arpa/inet.h>

enum {
	/* RFC 7208 7.1: at least 128 parts can be asked for. */
	PARTS_MOST = 1000,
	EXPANDED_MOST = 8192,
	PARTS_KEPT = 512
};

static result
bad(const char *why)
{
	return fail(MALFORMED, why);
}

static bool
is_delimiter(char c)
{
	return view_find_byte(VIEW(".-+,/_="), c) != SIZE_MAX;
}

static result
read_letter(view *rest, bool explaining, struct spf_macro *out)
{
	view letters = explaining ? VIEW("slodiphcrtv") : VIEW("slodiphv");
	char c;

	if (rest->n == 0)
		return bad("RFC 7208 7.1: a macro without an end");
	c = rest->p[0];
	out->letter = ascii_lower(c);
	out->escaped = ascii_is_upper(c);
	if (view_find_byte(letters, out->letter) == SIZE_MAX)
		return bad("RFC 7208 7.2: an unknown macro letter");
	*rest = view_from(*rest, 1);
	return done();
}

static result
read_transformers(view *rest, struct spf_macro *out)
{
	size_t n = 0;
	uint64_t keep = 0;

	while (n < rest->n && ascii_is_digit(rest->p[n]))
		n++;
	if (n > 0 && (!view_number(view_first(*rest, n), UINT32_MAX, &keep)
	        || keep == 0))
		return bad("RFC 7208 7.1: a macro keeps no part");
	out->keep = keep > PARTS_MOST ? PARTS_MOST : (unsigned)keep;
	*rest = view_from(*rest, n);
	out->reversed = ascii_lower((char)view_at(*rest, 0)) == 'r'
	    && rest->n > 0;
	if (out->reversed)
		*rest = view_from(*rest, 1);
	n = 0;
	while (n < rest->n && is_delimiter(rest->p[n]))
		n++;
	out->delimiters = n > 0 ? view_first(*rest, n) : VIEW(".");
	*rest = view_from(*rest, n);
	if (view_at(*rest, 0) != '}')
		return bad("RFC 7208 7.1: a macro without an end");
	*rest = view_from(*rest, 1);
	return done();
}

result
spf_macro_next(view *text, bool explaining, struct spf_macro *out)
{
	view rest = view_from(*text, 1);
	int c = view_at(rest, 0);

	*out = (struct spf_macro){ .letter = '%' };
	if (c == '%' || c == '_' || c == '-') {
		out->letter = (char)c;
		*text = view_from(rest, 1);
		return done();
	}
	if (c != '{')
		return bad("RFC 7208 7.1: a lone %");
	rest = view_from(rest, 1);
	TRY(read_letter(&rest, explaining, out));
	TRY(read_transformers(&rest, out));
	*text = rest;
	return done();
}

/* RFC 7208 7.3: dotted decimal, or nibbles with dots. */
static view
dotted_ip(const struct spf *s)
{
	static const char hex[] = "0123456789ABCDEF";
	char text[64];
	size_t n = 0;

	if (s->ip.n == 4) {
		(void)inet_ntop(AF_INET, s->ip.p, text, sizeof text);
		return arena_copy(s->arena, view_of(text));
	}
	for (size_t i = 0; i < s->ip.n; i++) {
		unsigned char octet = (unsigned char)s->ip.p[i];

		text[n++] = hex[octet >> 4];
		text[n++] = '.';
		text[n++] = hex[octet & 15];
		if (i + 1 < s->ip.n)
			text[n++] = '.';
	}
	return arena_copy(s->arena, (view){ text, n });
}

static view
readable_ip(const struct spf *s)
{
	char text[INET6_ADDRSTRLEN];

	(void)inet_ntop(s->ip.n == 4 ? AF_INET : AF_INET6, s->ip.p, text,
	    sizeof text);
	return arena_copy(s->arena, view_of(text));
}

static view
value_of(struct spf *s, char letter, view domain)
{
	switch (letter) {
	case 's':
		return arena_print(s->arena, "%.*s@%.*s", (int)s->local.n,
		    s->local.p, (int)s->sender_domain.n, s->sender_domain.p);
	case 'l':
		return s->local;
	case 'o':
		return s->sender_domain;
	case 'd':
		return domain;
	case 'i':
		return dotted_ip(s);
	case 'p':
		return spf_validated_name(s, domain);
	case 'v':
		return s->ip.n == 4 ? VIEW("in-addr") : VIEW("ip6");
	case 'h':
		return s->question->hello;
	case 'c':
		return readable_ip(s);
	case 'r':
		return s->question->receiver.n > 0 ? s->question->receiver
		                                   : VIEW("unknown");
	case 't':
		return arena_print(s->arena, "%lld",
		    (long long)s->question->now);
	default:
		return VIEW("");
	}
}

struct parts {
	view part[PARTS_KEPT];
	size_t count;
};

static void
split(view text, view delimiters, struct parts *out)
{
	size_t begin = 0;

	out->count = 0;
	for (size_t i = 0; i <= text.n && out->count < PARTS_KEPT; i++) {
		if (i < text.n && view_find_byte(delimiters, text.p[i])
		        == SIZE_MAX)
			continue;
		out->part[out->count++]
		    = view_first(view_from(text, begin), i - begin);
		begin = i + 1;
	}
}

/* RFC 7208 7.3: an upper-case letter escapes all that RFC 3986 reserves. */
static void
add_part(struct buf *out, view part, bool escaped)
{
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (!escaped || ascii_is_alnum(c)
		    || view_find_byte(VIEW("-._~"), c) != SIZE_MAX)
			buf_add_byte(out, c);
		else
			buf_print(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}

static void
add_macro(struct spf *s, const struct spf_macro *m, view domain,
    struct buf *out)
{
	view value = value_of(s, m->letter, domain);
	struct parts parts;
	size_t first;

	split(value, m->delimiters, &parts);
	first = m->keep > 0 && m->keep < parts.count
	    ? parts.count - m->keep : 0;
	for (size_t i = first; i < parts.count; i++) {
		/* The right-hand parts of what is turned around first. */
		size_t at = m->reversed ? parts.count - 1 - i : i;

		if (i > first)
			buf_add_byte(out, '.');
		add_part(out, parts.part[at], m->escaped);
	}
}

static void
add_literal(struct buf *out, char letter)
{
	switch (letter) {
	case '_':
		buf_add_byte(out, ' ');
		break;
	case '-':
		buf_add(out, VIEW("%20"));
		break;
	default:
		buf_add_byte(out, '%');
	}
}

static bool
is_literal(char letter)
{
	return letter == '%' || letter == '_' || letter == '-';
}

static view
shorten(view name)
{
	if (view_ends(name, VIEW(".")))
		name = view_first(name, name.n - 1);
	while (name.n > SPF_NAME_MOST)
		(void)view_cut(&name, '.');
	return name;
}

view
spf_expand(struct spf *s, view text, view domain, bool explaining)
{
	struct buf out = buf_new(EXPANDED_MOST);
	struct spf_macro m;
	view name;

	while (text.n > 0) {
		if (text.p[0] != '%') {
			buf_add_byte(&out, text.p[0]);
			text = view_from(text, 1);
			continue;
		}
		if (spf_macro_next(&text, explaining, &m).is != OK) {
			buf_fail(&out, MALFORMED, "RFC 7208 7.1");
			break;
		}
		if (is_literal(m.letter))
			add_literal(&out, m.letter);
		else
			add_macro(s, &m, domain, &out);
	}
	name = buf_result(&out).is == OK
	    ? arena_copy(s->arena, buf_view(&out)) : VIEW("");
	buf_free(&out);
	return explaining ? name : shorten(name);
}
