/* A property list, read; whatever it holds is UTF-8 if the input was. */
#include "mailcore/base/utf8.h"
#include "mailcore/format/plist.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look(const struct plist *p, bool valid, unsigned depth)
{
	if (depth > PLIST_DEPTH || (p->kind != PLIST_STRING && p->text.n > 0))
		abort();
	if (valid && (!utf8_is_valid(p->text) || !utf8_is_valid(p->key)))
		abort();
	for (const struct plist *c = p->first; c != NULL; c = c->next)
		look(c, valid, depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(33554432);
	struct plist *p;

	if (plist_read(text, arena, &p).is == OK)
		look(p, utf8_is_valid(text), 0);
	arena_free(&arena);
	return 0;
}
