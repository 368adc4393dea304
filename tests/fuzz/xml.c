/* A request's XML; what is read of it can be written and read again. */
#include "mailcore/format/xml_in.h"
#include "mailcore/format/xml_out.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
write_again(struct xml_out *x, const struct xml_element *e)
{
	xml_start(x, "e");
	xml_set(x, "ns", e->ns);
	for (size_t i = 0; i < e->attribute_count; i++)
		xml_leaf(x, "attribute", e->attributes[i].value);
	xml_raw(x, e->inner);
	xml_text(x, e->text);
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		write_again(x, c);
	xml_end(x, "e");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(16777216),
		     *again = arena_new(134217728);
	struct buf b = buf_new(900000); /* below LIMIT_XML */
	struct xml_out x = xml_to(&b);
	struct xml_element *e;
	result r = xml_parse((view){ (const char *)data, size }, arena, &e);

	if (r.is == OK) {
		write_again(&x, e);
		if (buf_result(&b).is == OK
		    && xml_parse(buf_view(&b), again, &e).is == MALFORMED)
			abort();
	}
	buf_free(&b);
	arena_free(&arena);
	arena_free(&again);
	return 0;
}
