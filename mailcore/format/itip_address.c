/* Who is meant, however it is written (RFC 6638 2.4.1). */
#include "mailcore/format/itip.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

static view
unescaped(view v, struct arena *arena)
{
	struct buf b = buf_new(LIMIT_CONTENT_LINE);
	view out = v;

	if (decode_percent(&b, v).is == OK)
		out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* ".../SOGo/dav/user@domain/" is that user. */
static bool
principal(view uri, view *user)
{
	static const view stem = VIEW_INIT("/SOGo/dav/");
	size_t at = view_find(uri, stem);

	if (at == SIZE_MAX || (at > 0 && view_find(uri, VIEW("://")) > at))
		return false;
	*user = view_from(uri, at + stem.n);
	*user = view_cut(user, '/');
	return view_find_byte(*user, '@') != SIZE_MAX
	    || view_find(*user, VIEW("%40")) != SIZE_MAX;
}

view
itip_address(const struct itip_line *l, struct arena *arena)
{
	return itip_address_of(view_trim(l->text.value),
	    itip_parameter(l, VIEW("EMAIL")), arena);
}

view
itip_address_of(view uri, view email, struct arena *arena)
{
	view user;

	if (view_starts_same(uri, VIEW("mailto:")))
		return arena_lower(
		    arena, unescaped(view_trim(view_from(uri, 7)), arena));
	if (principal(uri, &user))
		return arena_lower(arena, unescaped(user, arena));
	if (view_find_byte(email, '@') != SIZE_MAX)
		return arena_lower(arena, email);
	return view_find_byte(uri, '@') != SIZE_MAX ? arena_lower(arena, uri)
						    : uri;
}
