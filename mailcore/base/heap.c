#include "mailcore/base/heap.h"

#include <stdlib.h>

enum { ARRAY_FIRST = 8 };

void *
heap_resize(void *old, size_t count, size_t size)
{
	void *p;
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		abort();
	p = realloc(old, n == 0 ? 1 : n);
	if (p == NULL)
		abort();
	return p;
}

void *
heap_more(void *old, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return old;
	if (*room == 0)
		*room = ARRAY_FIRST;
	else if (__builtin_mul_overflow(*room, 2, room))
		abort();
	return heap_resize(old, *room, size);
}
