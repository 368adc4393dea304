#include "mailcore/format/compose.h"

#include "mailcore/base/utf8.h"

#include <stdlib.h>
#include <uninorm.h>

view
compose(view text, struct arena *arena)
{
	uint8_t *made;
	size_t n = 0;
	view composed;

	if (utf8_is_ascii(text) || !utf8_is_valid(text))
		return text;
	made = u8_normalize(UNINORM_NFC, (const uint8_t *)text.p, text.n, NULL,
	    &n);
	if (made == NULL)
		return text;
	composed = (view){ (const char *)made, n };
	if (view_eq(composed, text))
		composed = text;
	else
		composed = arena_copy(arena, composed);
	free(made);
	return composed;
}
