#include "mailcore/dns/tag_list.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"

static bool
is_name(view name)
{
	if (name.n == 0 || !ascii_is_alpha(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '_')
			return false;
	return true;
}

result
tag_list_read(view text, struct tag_list *out)
{
	size_t whole = text.n;

	out->count = 0;
	while (text.n > 0) {
		size_t at = whole - text.n;
		view raw = view_cut(&text, ';');
		size_t end = at + raw.n;
		struct tag *t = &out->tag[out->count];
		view name;

		/* RFC 6376 3.2: one ';' may stand behind the last. */
		if (view_trim(raw).n == 0 && view_trim(text).n == 0)
			break;
		if (out->count == TAGS_MOST)
			return fail(OVER_LIMIT, "RFC 6376 3.2: too many tags");
		if (view_find_byte(raw, '=') == SIZE_MAX)
			return fail(MALFORMED, "RFC 6376 3.2: no tag=value");
		name = view_trim(view_cut(&raw, '='));
		*t = (struct tag){ name, view_trim(raw), end - raw.n, raw.n };
		if (!is_name(name))
			return fail(MALFORMED, "RFC 6376 3.2: a bad tag name");
		for (size_t i = 0; i < out->count; i++)
			if (view_eq(out->tag[i].name, name))
				return fail(MALFORMED,
				    "RFC 6376 3.2: a tag is there twice");
		out->count++;
	}
	return done();
}

const struct tag *
tag_list_find(const struct tag_list *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (view_eq(t->tag[i].name, view_of(name)))
			return &t->tag[i];
	return NULL;
}

view
tag_list_value(const struct tag_list *t, const char *name)
{
	const struct tag *one = tag_list_find(t, name);

	return one == NULL ? VIEW("") : one->value;
}

bool
tag_list_has(const struct tag_list *t, const char *name, view word)
{
	const struct tag *one = tag_list_find(t, name);
	view rest;

	if (one == NULL)
		return true;
	rest = one->value;
	while (rest.n > 0) {
		view listed = view_trim(view_cut(&rest, ':'));

		if (view_same(listed, word) || view_eq(listed, VIEW("*")))
			return true;
	}
	return false;
}

view
tag_list_bytes(view text, struct arena *arena)
{
	struct buf plain = buf_new(text.n + 1), bytes = buf_new(text.n + 4);
	view out = VIEW("");

	for (size_t i = 0; i < text.n; i++)
		if (!ascii_is_space(text.p[i]))
			buf_add_byte(&plain, text.p[i]);
	if (decode_base64_strict(&bytes, buf_view(&plain)).is == OK
	    && buf_result(&bytes).is == OK)
		out = arena_copy(arena, buf_view(&bytes));
	buf_free(&plain);
	buf_free(&bytes);
	return out;
}
