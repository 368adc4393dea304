#include "mailcore/format/match.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"

#include <stdlib.h>
#include <unicase.h>

bool
match_knows_collation(view name)
{
	static const view known[] = {
		VIEW_INIT(""),
		VIEW_INIT("default"),
		VIEW_INIT("i;ascii-casemap"),
		VIEW_INIT("i;octet"),
		VIEW_INIT("i;unicode-casemap"),
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (view_eq(name, known[i]))
			return true;
	return false;
}

static view
fold_ascii(view v, struct arena *arena)
{
	view out = arena_lower(arena, v);

	return out.n == v.n ? out : v;
}

static view
fold_unicode(view v, struct arena *arena)
{
	size_t n = 0;
	uint8_t *folded;
	view out = v;

	if (utf8_is_ascii(v))
		return fold_ascii(v, arena);
	folded = u8_casefold(
	    (const uint8_t *)v.p, v.n, NULL, UNINORM_NFKD, NULL, &n);
	if (folded != NULL)
		out = arena_copy(arena, (view){ (const char *)folded, n });
	free(folded);
	return out;
}

view
match_fold(view v, view collation, struct arena *arena)
{
	if (view_eq(collation, VIEW("i;octet")))
		return v;
	if (view_eq(collation, VIEW("i;unicode-casemap")))
		return fold_unicode(v, arena);
	return fold_ascii(v, arena);
}

static bool
compare(view type, view value, view wanted)
{
	if (view_eq(type, VIEW("equals")))
		return view_eq(value, wanted);
	if (view_eq(type, VIEW("starts-with")))
		return view_starts(value, wanted);
	if (view_eq(type, VIEW("ends-with")))
		return view_ends(value, wanted);
	return view_find(value, wanted) != SIZE_MAX;
}

bool
match_text(const struct xml_element *text_match, view value, view collation,
    struct arena *arena)
{
	view named = xml_attribute(text_match, VIEW("collation"));
	view negate = xml_attribute(text_match, VIEW("negate-condition"));
	bool found;

	if (named.n > 0 && !view_eq(named, VIEW("default")))
		collation = named;
	found = compare(xml_attribute(text_match, VIEW("match-type")),
	    match_fold(value, collation, arena),
	    match_fold(text_match->text, collation, arena));
	return found != view_eq(negate, VIEW("yes"));
}
