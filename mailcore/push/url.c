#include "mailcore/push/url.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/sys/inner.h"

enum { PORT_HTTPS = 443, PORT_MOST = 65535 };

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

static bool
is_literal_byte(char c)
{
	return ascii_hex(c) >= 0 || c == ':' || c == '.';
}

/* RFC 3986 3.3 and 3.4: what may stand in a path and a query. */
static bool
is_target_byte(char c)
{
	static const view others = VIEW_INIT("-._~%!$&'()*+,;=:@/?");

	return ascii_is_alnum(c) || view_find_byte(others, c) != SIZE_MAX;
}

static void
read_host(struct scan *s, struct push_url *out)
{
	static const char *const why = "RFC 3986 3.2.2: not a host";

	if (scan_try_byte(s, '[')) {
		out->host = scan_run(s, is_literal_byte, LIMIT_DOMAIN, why);
		scan_byte(s, ']', why);
		return;
	}
	out->host = scan_run(s, is_name_byte, LIMIT_DOMAIN, why);
}

result
push_url_parse(view text, struct push_url *out)
{
	struct scan s = scan_over(text);

	*out = (struct push_url){ .port = PORT_HTTPS };
	if (text.n > LIMIT_PUSH_URL)
		return fail(OVER_LIMIT, "a push resource's URL is too long");
	scan_word(&s, VIEW("https://"), "RFC 8030 8: a push resource is https");
	read_host(&s, out);
	if (scan_try_byte(&s, ':'))
		out->port = (unsigned)scan_number(&s, PORT_MOST,
		    "RFC 3986 3.2.3: not a port");
	out->origin = view_first(text, text.n - s.rest.n);
	if (scan_peek(&s) != -1 && scan_peek(&s) != '/'
	    && scan_peek(&s) != '?')
		scan_fail(&s, MALFORMED, "RFC 3986 3.2: not an authority");
	out->target = scan_while(&s, is_target_byte);
	scan_end(&s, "RFC 3986 3.3: not a path");
	if (scan_ok(&s) && out->port == 0)
		scan_fail(&s, MALFORMED, "RFC 3986 3.2.3: not a port");
	return scan_result(&s);
}

/* "127.1" and "0x7f000001" are addresses to some resolvers. */
static bool
is_number_like(view host)
{
	view rest = host, last = rest;

	while (rest.n > 0)
		last = view_cut(&rest, '.');
	return last.n == 0 || ascii_is_digit(last.p[0]);
}

bool
push_url_is_inner(const struct push_url *u)
{
	view host = u->host;

	if (view_find_byte(host, ':') != SIZE_MAX || is_number_like(host))
		return inner_address(host);
	/* RFC 6761 6.3 and 6.2, RFC 6762: never a public name. */
	return view_find_byte(host, '.') == SIZE_MAX
	    || view_same(host, VIEW("localhost"))
	    || view_ends_same(host, VIEW(".localhost"))
	    || view_ends_same(host, VIEW(".local"))
	    || view_ends_same(host, VIEW(".internal"));
}
