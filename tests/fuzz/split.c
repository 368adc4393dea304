/* A file of many objects, cut up: none is larger than all of it may make. */
#include "mailcore/format/split.h"

#include "mailcore/base/limits.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static result
visit(void *context, view id, view text)
{
	size_t *left = context;

	(void)id;
	if (text.n > LIMIT_CALENDAR_OBJECT)
		abort();
	if (text.n > 0 && !view_starts_same(text, VIEW("BEGIN:VCALENDAR\r\n"))
	    && !view_starts_same(view_trim(text), VIEW("BEGIN:VCARD")))
		abort();
	return --*left == 0 ? fail(OVER_LIMIT, "enough") : done();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(33554432);
	size_t left = LIMIT_BULK;

	(void)!split_calendar(text, arena, visit, &left).is;
	left = LIMIT_BULK;
	(void)!split_cards(text, visit, &left).is;
	arena_free(&arena);
	return 0;
}
