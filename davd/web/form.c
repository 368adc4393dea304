#include "davd/web/form.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

result
form_check(view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (ascii_is_control(text.p[i]) && text.p[i] != '\n'
		    && text.p[i] != '\r')
			return fail(MALFORMED, "a form with control bytes");
	return utf8_is_valid(text)
	    ? done()
	    : fail(MALFORMED, "a form that is not UTF-8");
}

static result
decode(view text, struct arena *arena, view *out)
{
	struct buf spaced = buf_new(LIMIT_FORM), plain = buf_new(LIMIT_FORM);
	result r;

	for (size_t i = 0; i < text.n; i++)
		buf_add_byte(&spaced, text.p[i] == '+' ? ' ' : text.p[i]);
	r = decode_percent(&plain, buf_view(&spaced));
	*out = arena_copy(arena, buf_view(&plain));
	buf_free(&spaced);
	buf_free(&plain);
	TRY(r);
	TRY(arena_result(arena));
	return form_check(*out);
}

result
form_read(view text, struct arena *arena, struct form *out)
{
	*out = (struct form){ 0 };
	if (text.n > LIMIT_FORM)
		return fail(OVER_LIMIT, "a form that is too large");
	while (text.n > 0) {
		view pair = view_cut(&text, '&');
		view name = view_cut(&pair, '=');

		if (name.n == 0)
			continue;
		if (out->count == FORM_FIELDS)
			return fail(OVER_LIMIT, "a form of too many fields");
		TRY(decode(name, arena, &out->fields[out->count].name));
		TRY(decode(pair, arena, &out->fields[out->count].value));
		out->count++;
	}
	return done();
}

view
form_value(const struct form *form, view name)
{
	for (size_t i = 0; i < form->count; i++)
		if (view_eq(form->fields[i].name, name))
			return form->fields[i].value;
	return VIEW("");
}

bool
form_has(const struct form *form, view name, view value)
{
	for (size_t i = 0; i < form->count; i++)
		if (view_eq(form->fields[i].name, name)
		    && view_eq(form->fields[i].value, value))
			return true;
	return false;
}
