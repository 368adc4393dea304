#include "mailcore/format/address.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/host.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/utf8.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5321 4.1.2 with RFC 6531 3.3. */
static bool
is_atext(char c)
{
	return (unsigned char)c >= 0x80
	    || (ascii_is_graph(c) && strchr("()<>[]:;@\\,.\"", c) == NULL);
}

static bool
is_local(char c)
{
	return is_atext(c) || c == '.';
}

/* Quoted-string of RFC 5321 4.1.2, without its quotes. */
static view
scan_quoted(struct scan *s, struct arena *arena)
{
	char *to = arena_array(arena, LIMIT_LOCAL_PART, 1);
	size_t n = 0;

	scan_byte(s, '"', "RFC 5321 4.1.2: a quoted string begins with \"");
	while (scan_ok(s) && scan_peek(s) != '"') {
		(void)scan_try_byte(s, '\\');
		view c = scan_bytes(s, 1, "RFC 5321 4.1.2: no closing quote");

		if (!scan_ok(s))
			break;
		if (ascii_is_control(c.p[0]))
			scan_fail(s, MALFORMED,
			    "RFC 5321 4.1.2: control byte in a local part");
		else if (n == LIMIT_LOCAL_PART)
			scan_fail(s, OVER_LIMIT,
			    "RFC 5321 4.5.3.1.1: local part too long");
		else if (to != NULL)
			to[n++] = c.p[0];
	}
	scan_byte(s, '"', "RFC 5321 4.1.2: no closing quote");
	return to == NULL ? VIEW("") : (view){ to, n };
}

static view
scan_dot_string(struct scan *s)
{
	view local = scan_run(s, is_local, LIMIT_LOCAL_PART,
	    "RFC 5321 4.5.3.1.1: a local part has 1 to 64 bytes");

	if (!scan_ok(s))
		return local;
	if (local.p[0] == '.' || local.p[local.n - 1] == '.'
	    || view_find(local, VIEW("..")) != SIZE_MAX)
		scan_fail(s, MALFORMED, "RFC 5321 4.1.2: a dot out of place");
	return local;
}

/* RFC 5321 4.1.3. */
static bool
is_literal(view v)
{
	unsigned char address[16];
	char text[64];

	if (v.n < 2 || v.p[v.n - 1] != ']')
		return false;
	v = view_first(view_from(v, 1), v.n - 2);
	if (view_starts_same(v, VIEW("IPv6:")))
		return view_copy(view_from(v, 5), text, sizeof text)
		    && inet_pton(AF_INET6, text, address) == 1;
	return view_copy(v, text, sizeof text)
	    && inet_pton(AF_INET, text, address) == 1;
}

static bool
has_a_label(view name)
{
	while (name.n > 0)
		if (view_starts_same(view_cut(&name, '.'), VIEW("xn--")))
			return true;
	return false;
}

static result
lower_host(view v, struct arena *arena, view *out)
{
	*out = arena_lower(arena, v);
	return arena_result(arena);
}

static result
normalise_idn(view text, struct arena *arena, view *out)
{
	char name[4 * LIMIT_DOMAIN + 1], *ascii = NULL;
	result r = fail(MALFORMED, "RFC 5891: not a domain name");

	if (!utf8_is_valid(text) || !view_copy(text, name, sizeof name))
		return r;
	if (idn2_to_ascii_8z(name, &ascii,
		IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK
	    && host_labels(view_of(ascii)) > 0)
		r = lower_host(view_of(ascii), arena, out);
	idn2_free(ascii);
	return r;
}

result
domain_normalise(view text, struct arena *arena, view *out)
{
	if (text.n > 4 * LIMIT_DOMAIN)
		return fail(OVER_LIMIT,
		    "RFC 5321 4.5.3.1.2: domain too long");
	if (!utf8_is_ascii(text))
		return normalise_idn(text, arena, out);
	if (text.n > LIMIT_DOMAIN)
		return fail(OVER_LIMIT,
		    "RFC 5321 4.5.3.1.2: domain too long");
	if (host_labels(text) == 0)
		return fail(MALFORMED, "RFC 1123 2.1: not a host name");
	return has_a_label(text) ? normalise_idn(text, arena, out)
				 : lower_host(text, arena, out);
}

result
address_parse(view text, struct arena *arena, struct address *out)
{
	struct scan s = scan_over(text);

	*out = (struct address){ 0 };
	if (scan_peek(&s) == '"')
		out->local = scan_quoted(&s, arena);
	else
		out->local = scan_dot_string(&s);
	scan_byte(&s, '@', "RFC 5321 4.1.2: an address has an @");
	TRY(scan_result(&s));
	TRY(arena_result(arena));
	if (!utf8_is_valid(out->local))
		return fail(MALFORMED, "RFC 6531 3.3: not UTF-8");
	out->local = arena_copy(arena, out->local);
	out->utf8 = !utf8_is_ascii(out->local);
	if (scan_peek(&s) == '[') {
		if (!is_literal(s.rest))
			return fail(MALFORMED,
			    "RFC 5321 4.1.3: not an address literal");
		out->domain = arena_copy(arena, s.rest);
		return arena_result(arena);
	}
	TRY(domain_normalise(s.rest, arena, &out->domain));
	return arena_result(arena);
}

static bool
needs_quotes(view local)
{
	for (size_t i = 0; i < local.n; i++)
		if (!is_local(local.p[i]))
			return true;
	return local.n == 0 || local.p[0] == '.'
	    || local.p[local.n - 1] == '.'
	    || view_find(local, VIEW("..")) != SIZE_MAX;
}

view
address_text(const struct address *a, struct arena *arena)
{
	char *quoted;
	size_t n = 0;

	if (!needs_quotes(a->local))
		return arena_print(arena, "%.*s@%.*s", (int)a->local.n,
		    a->local.p, (int)a->domain.n, a->domain.p);
	quoted = arena_array(arena, 2 * a->local.n + 1, 1);
	if (quoted == NULL)
		return VIEW("");
	for (size_t i = 0; i < a->local.n; i++) {
		if (a->local.p[i] == '"' || a->local.p[i] == '\\')
			quoted[n++] = '\\';
		quoted[n++] = a->local.p[i];
	}
	return arena_print(arena, "\"%.*s\"@%.*s", (int)n, quoted,
	    (int)a->domain.n, a->domain.p);
}
