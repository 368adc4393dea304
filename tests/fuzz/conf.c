/* The configuration file; what is accepted must survive being written. */
#include "mailcore/sys/conf.h"

#include <stdlib.h>

enum { MEMORY = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new(MEMORY);
	struct buf errors = buf_new(MEMORY), text = buf_new(MEMORY);
	struct conf c;

	if (conf_parse(&c, arena, (view){ (const char *)bytes, n }, "f",
	    &errors).is == OK) {
		conf_write(&c, &text);
		if (conf_parse(&c, arena, buf_view(&text), "f", &errors).is
		    != OK)
			abort();
	}
	buf_free(&errors);
	buf_free(&text);
	arena_free(&arena);
	return 0;
}
