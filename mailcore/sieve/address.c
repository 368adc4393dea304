/* Addresses that mail goes to (RFC 5228 2.4.2.3), and names of scripts. */
#include "mailcore/format/address.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sieve/tree.h"

/* RFC 5322 3.2.5, with the dots of 4.1: words and quoted words, and what is
 * not ASCII (RFC 6532). */
static bool
is_phrase(view v)
{
	bool quoted = false;

	for (size_t i = 0; i < v.n; i++) {
		if (ascii_is_control(v.p[i]) && v.p[i] != '\t')
			return false;
		if (quoted && v.p[i] == '\\')
			i++;
		else if (v.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && view_find_byte(VIEW("<>[]():;@\\,"),
			v.p[i]) != SIZE_MAX)
			return false;
	}
	return !quoted;
}

bool
sieve_is_script_name(view name)
{
	view rest = name;

	if (name.n == 0 || name.n > LIMIT_SIEVE_SCRIPT_NAME
	    || !utf8_is_valid(name))
		return false;
	while (rest.n > 0) {
		uint32_t c = utf8_next(&rest);

		if (c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x2028
		    || c == 0x2029)
			return false;
	}
	return true;
}

result
sieve_address(struct arena *arena, view text, view *out)
{
	struct address address;
	view spec = view_trim(text), local;

	if (view_ends(spec, VIEW(">"))) {
		view name;

		spec = view_first(spec, spec.n - 1);
		name = view_cut_last(&spec, '<');
		if (name.n + spec.n + 2 != view_trim(text).n
		    || !is_phrase(name) || !utf8_is_valid(name))
			return fail(MALFORMED,
			    "RFC 5228 2.4.2.3: not an address");
	}
	/* RFC 5322 3.4.1: white space may stand around both parts. */
	local = view_trim(view_cut_last(&spec, '@'));
	spec = view_trim(spec);
	spec = arena_print(arena, "%.*s@%.*s", (int)local.n, local.p,
	    (int)spec.n, spec.p);
	if (address_parse(spec, arena, &address).is != OK)
		return fail(MALFORMED, "RFC 5228 2.4.2.3: not an address");
	*out = address_text(&address, arena);
	return arena_result(arena);
}
