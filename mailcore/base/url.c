#include "mailcore/base/url.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

enum { PORT_HTTP = 80, PORT_HTTPS = 443, PORT_MOST = 65535 };

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
read_host(struct scan *s, struct url *out)
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
url_parse(view text, struct url *out)
{
	struct scan s = scan_over(text);

	*out = (struct url){ .port = PORT_HTTP };
	if (scan_try(&s, VIEW("https://"))) {
		out->tls = true;
		out->port = PORT_HTTPS;
	} else {
		scan_word(&s, VIEW("http://"),
		    "RFC 9110 4.2: neither https nor http");
	}
	read_host(&s, out);
	if (scan_try_byte(&s, ':'))
		out->port = (unsigned)scan_number(&s, PORT_MOST,
		    "RFC 3986 3.2.3: not a port");
	out->origin = view_first(text, text.n - s.rest.n);
	out->authority = view_from(out->origin, out->tls ? 8 : 7);
	if (scan_peek(&s) != -1 && scan_peek(&s) != '/'
	    && scan_peek(&s) != '?')
		scan_fail(&s, MALFORMED, "RFC 3986 3.2: not an authority");
	out->target = scan_while(&s, is_target_byte);
	scan_end(&s, "RFC 3986 3.3: not a path");
	if (scan_ok(&s) && out->port == 0)
		scan_fail(&s, MALFORMED, "RFC 3986 3.2.3: not a port");
	return scan_result(&s);
}
