#include "mailcore/admin/check.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"

result
check_domain(view text, struct arena *arena, view *out)
{
	static const char why[] = "a domain is a full name like example.org";

	if (domain_normalise(view_trim(text), arena, out).is != OK
	    || view_find_byte(*out, '.') == SIZE_MAX
	    || view_at(*out, 0) == '[' || view_ends(*out, VIEW(".")))
		return fail(MALFORMED, why);
	return done();
}

/* Of RFC 5322's atext what has no meaning elsewhere: '/' ends a segment of a
 * path, '+' begins a detail, '%' and '!' once routed mail. */
static bool
is_local_byte(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '_' || c == '-'
	    || c == '\'' || c == '&' || c == '=' || c == '~';
}

result
check_address(view text, struct arena *arena, view *out, view *domain)
{
	static const char why[] = "an address is like fred@example.org, its"
	    " part before @ of letters, digits and . _ - ' & = ~";
	struct address address;

	TRY(address_parse(view_trim(text), arena, &address));
	for (size_t i = 0; i < address.local.n; i++)
		if (!is_local_byte(address.local.p[i]))
			return fail(MALFORMED, why);
	if (address.local.n == 0)
		return fail(MALFORMED, why);
	TRY(check_domain(address.domain, arena, domain));
	*out = address_text(&address, arena);
	return arena_result(arena);
}

result
check_name(view text)
{
	if (text.n > LIMIT_DISPLAY_NAME)
		return fail(OVER_LIMIT, "a name has at most 200 bytes");
	if (!utf8_is_valid(text))
		return fail(MALFORMED, "a name is UTF-8 text");
	for (size_t i = 0; i < text.n; i++)
		if (ascii_is_control(text.p[i]))
			return fail(MALFORMED, "a name is one line of text");
	return done();
}
