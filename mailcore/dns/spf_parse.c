/* An SPF record's terms.  All of it is read before any of it is believed:
 * an error anywhere is a permerror (RFC 7208 4.6). */
#include "mailcore/dns/spf_inside.h"

#include "mailcore/base/ascii.h"

#include <arpa/inet.h>
#include <string.h>

enum { IP4_BITS = 32, IP6_BITS = 128 };

static result
bad(const char *why)
{
	return fail(MALFORMED, why);
}

static const struct {
	view name;
	bool may_name, must_name, may_cidr;
} mechanisms[SPF_MECHANISMS] = {
	[SPF_ALL] = { VIEW_INIT("all"), false, false, false },
	[SPF_INCLUDE] = { VIEW_INIT("include"), true, true, false },
	[SPF_A] = { VIEW_INIT("a"), true, false, true },
	[SPF_MX] = { VIEW_INIT("mx"), true, false, true },
	[SPF_PTR] = { VIEW_INIT("ptr"), true, false, false },
	[SPF_IP4] = { VIEW_INIT("ip4"), true, true, true },
	[SPF_IP6] = { VIEW_INIT("ip6"), true, true, true },
	[SPF_EXISTS] = { VIEW_INIT("exists"), true, true, false },
};

/* RFC 7208 7.1: macro-string. */
static result
check_macros(view text, bool explaining)
{
	while (text.n > 0) {
		struct spf_macro m;

		if (text.p[0] == '%') {
			TRY(spf_macro_next(&text, explaining, &m));
			continue;
		}
		if (!ascii_is_graph(text.p[0]))
			return bad("RFC 7208 7.1: not a visible character");
		text = view_from(text, 1);
	}
	return done();
}

/* toplabel: letters, digits and hyphens, not all of them digits. */
static bool
is_top_label(view label)
{
	bool digits = true;

	for (size_t i = 0; i < label.n; i++) {
		if (!ascii_is_alnum(label.p[i]) && label.p[i] != '-')
			return false;
		digits = digits && ascii_is_digit(label.p[i]);
	}
	return label.n > 0 && !digits && view_at(label, 0) != '-'
	    && view_at(label, label.n - 1) != '-';
}

/* domain-end: behind the last macro a dot and a top label, or the macro. */
static result
check_domain(view text)
{
	view rest = text, last = VIEW("");
	bool macro_ends = false;

	if (text.n == 0)
		return bad("RFC 7208 7.1: a domain is missing");
	TRY(check_macros(text, false));
	while (rest.n > 0) {
		struct spf_macro m;

		macro_ends = rest.p[0] == '%';
		if (macro_ends) {
			TRY(spf_macro_next(&rest, false, &m));
			last = rest;
		} else {
			rest = view_from(rest, 1);
		}
	}
	if (macro_ends)
		return done();
	if (last.p == NULL || last.n == 0)
		last = text;
	if (view_ends(last, VIEW(".")))
		last = view_first(last, last.n - 1);
	rest = last;
	if (view_find_byte(last, '.') == SIZE_MAX)
		return bad("RFC 7208 7.1: a domain of one label");
	(void)view_cut_last(&rest, '.');
	return is_top_label(rest) ? done()
	                          : bad("RFC 7208 7.1: a bad top label");
}

/* Digits without a leading zero, at most `most`. */
static bool
cidr(view digits, unsigned most, unsigned *out)
{
	uint64_t n;

	if (!view_number(digits, most, &n)
	    || (digits.n > 1 && digits.p[0] == '0'))
		return false;
	*out = (unsigned)n;
	return true;
}

/* Where the digits at the end of `v` begin; v.n when there are none. */
static size_t
digits_at_end(view v)
{
	size_t n = v.n;

	while (n > 0 && ascii_is_digit(v.p[n - 1]))
		n--;
	return n;
}

/* Take "/24", "//64" or "/24//64" off the end of `*v`. */
static result
take_dual_cidr(view *v, struct spf_term *t)
{
	size_t at = digits_at_end(*v);

	if (at < v->n && at >= 2 && v->p[at - 1] == '/'
	    && v->p[at - 2] == '/') {
		if (!cidr(view_from(*v, at), IP6_BITS, &t->bits6))
			return bad("RFC 7208 5.6: a bad prefix length");
		*v = view_first(*v, at - 2);
		at = digits_at_end(*v);
	}
	if (at < v->n && at >= 1 && v->p[at - 1] == '/') {
		if (!cidr(view_from(*v, at), IP4_BITS, &t->bits4))
			return bad("RFC 7208 5.6: a bad prefix length");
		*v = view_first(*v, at - 1);
	}
	return done();
}

static result
parse_network(view text, struct spf_term *t)
{
	bool four = t->kind == SPF_IP4;
	char host[INET6_ADDRSTRLEN];
	view bits = text;
	view address = view_cut(&bits, '/');

	if (address.n < text.n
	    && !cidr(bits, four ? IP4_BITS : IP6_BITS,
	        four ? &t->bits4 : &t->bits6))
		return bad("RFC 7208 5.6: a bad prefix length");
	if (!view_copy(address, host, sizeof host)
	    || inet_pton(four ? AF_INET : AF_INET6, host, t->address) != 1)
		return bad("RFC 7208 5.6: a bad address");
	return done();
}

static result
parse_argument(view rest, struct spf_term *t)
{
	bool named = view_starts(rest, VIEW(":"));
	bool network = t->kind == SPF_IP4 || t->kind == SPF_IP6;

	if (named && !mechanisms[t->kind].may_name)
		return bad("RFC 7208 5.1: all takes no argument");
	if (!named && mechanisms[t->kind].must_name)
		return bad("RFC 7208 5: an argument is missing");
	if (named)
		rest = view_from(rest, 1);
	if (network)
		return parse_network(rest, t);
	if (mechanisms[t->kind].may_cidr)
		TRY(take_dual_cidr(&rest, t));
	if (!named)
		return rest.n == 0 ? done()
		                   : bad("RFC 7208 4.6.1: junk in a term");
	t->domain = rest;
	return check_domain(rest);
}

static enum spf_result
qualifier(view *term)
{
	static const struct {
		char sign;
		enum spf_result result;
	} rows[] = {
		{ '+', SPF_PASS }, { '-', SPF_FAIL }, { '~', SPF_SOFTFAIL },
		{ '?', SPF_NEUTRAL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (view_at(*term, 0) != rows[i].sign)
			continue;
		*term = view_from(*term, 1);
		return rows[i].result;
	}
	return SPF_PASS;
}

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static size_t
name_length(view term)
{
	size_t n = 0;

	if (term.n == 0 || !ascii_is_alpha(term.p[0]))
		return 0;
	while (n < term.n && is_name_byte(term.p[n]))
		n++;
	return n;
}

static result
parse_modifier(view name, view value, struct spf_record *out)
{
	bool redirects = view_same(name, VIEW("redirect"));
	view *where = redirects ? &out->redirect : &out->explanation;

	if (!redirects && !view_same(name, VIEW("exp")))
		return check_macros(value, true);
	if (where->n > 0)
		return bad("RFC 7208 6: a modifier is there twice");
	*where = value;
	return check_domain(value);
}

static result
parse_directive(view term, struct spf_record *out)
{
	struct spf_term *t = &out->terms[out->count];
	size_t n;
	view name;

	*t = (struct spf_term){ .bits4 = IP4_BITS, .bits6 = IP6_BITS };
	t->qualifier = qualifier(&term);
	n = name_length(term);
	name = view_first(term, n);
	for (size_t i = 0; i < SPF_MECHANISMS; i++) {
		if (!view_same(name, mechanisms[i].name))
			continue;
		t->kind = (enum spf_kind)i;
		out->all = out->all || t->kind == SPF_ALL;
		out->count++;
		return parse_argument(view_from(term, n), t);
	}
	return bad("RFC 7208 4.6.1: an unknown mechanism");
}

result
spf_parse(view text, struct arena *arena, struct spf_record *out)
{
	size_t most = 0;

	*out = (struct spf_record){ .count = 0 };
	text = view_from(text, VIEW("v=spf1").n);
	for (size_t i = 0; i < text.n; i++)
		most += text.p[i] == ' ';
	if (most > SPF_TERMS_MOST)
		return fail(OVER_LIMIT, "RFC 7208 4.6.4: too many terms");
	out->terms = arena_array(arena, most + 1, sizeof *out->terms);
	TRY(arena_result(arena));
	while (text.n > 0) {
		view term = view_cut(&text, ' ');
		size_t n = name_length(term);

		if (term.n == 0)
			continue;
		if (n > 0 && view_at(term, n) == '=')
			TRY(parse_modifier(view_first(term, n),
			    view_from(term, n + 1), out));
		else
			TRY(parse_directive(term, out));
	}
	return done();
}
