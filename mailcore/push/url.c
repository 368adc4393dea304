#include "mailcore/push/url.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/inner.h"

result
push_url_parse(view text, struct url *out)
{
	*out = (struct url){ .port = 0 };
	if (text.n > LIMIT_PUSH_URL)
		return fail(OVER_LIMIT, "a push resource's URL is too long");
	TRY(url_parse(text, out));
	return out->tls
	    ? done()
	    : fail(MALFORMED, "RFC 8030 8: a push resource is https");
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
push_url_is_inner(const struct url *u)
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
