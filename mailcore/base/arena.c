#include "mailcore/base/arena.h"

#include "mailcore/base/ascii.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_BLOCK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_BLOCK 0
#endif
#endif
#ifndef ARENA_BLOCK
#define ARENA_BLOCK 4096
#endif

enum { ARENA_ALIGN = 16, ARRAY_FIRST = 8 };

struct block {
	struct block *next;
	size_t room;
	_Alignas(ARENA_ALIGN) char bytes[];
};

struct arena {
	struct block *blocks;
	size_t used; /* of the first block */
	size_t spent;
	size_t budget;
	result r;
};

struct arena *
arena_new(size_t budget)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a == NULL)
		abort();
	a->budget = budget;
	a->r = done();
	return a;
}

static void
free_blocks(struct arena *a)
{
	while (a->blocks != NULL) {
		struct block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->used = a->spent = 0;
}

void
arena_free(struct arena **a)
{
	if (*a == NULL)
		return;
	free_blocks(*a);
	free(*a);
	*a = NULL;
}

static void
add_block(struct arena *a, size_t n)
{
	size_t room = n > ARENA_BLOCK ? n : ARENA_BLOCK;
	struct block *b = malloc(sizeof *b + room);

	if (b == NULL)
		abort();
	b->next = a->blocks;
	b->room = room;
	a->blocks = b;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t aligned = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	char *p;

	if (a->r.is != OK)
		return NULL;
	if (aligned < n || aligned > a->budget
	    || a->spent > a->budget - aligned) {
		a->r = fail(OVER_LIMIT, "more memory than one request may use");
		return NULL;
	}
	/* Under ASan the exact size is asked for, so the block ends there. */
	if (ARENA_BLOCK == 0)
		add_block(a, n);
	else if (a->blocks == NULL || a->blocks->room - a->used < aligned)
		add_block(a, aligned);
	p = a->blocks->bytes + a->used;
	a->used += ARENA_BLOCK == 0 ? n : aligned;
	a->spent += aligned;
	if (n > 0)
		memset(p, 0, n);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		n = SIZE_MAX;
	return arena_alloc(a, n);
}

void *
arena_more(struct arena *a, void *old, size_t count, size_t *room, size_t size)
{
	size_t wider = *room == 0 ? ARRAY_FIRST : 2 * *room;
	void *more;

	if (a->r.is == OK && count < *room)
		return old;
	more = arena_array(a, wider, size);
	if (more == NULL)
		return NULL;
	if (count > 0)
		memcpy(more, old, count * size);
	*room = wider;
	return more;
}

view
arena_copy(struct arena *a, view v)
{
	char *p = v.n == SIZE_MAX ? NULL : arena_alloc(a, v.n + 1);

	if (p == NULL)
		return VIEW("");
	if (v.n > 0)
		memcpy(p, v.p, v.n);
	return (view){ p, v.n };
}

view
arena_lower(struct arena *a, view v)
{
	char *p = v.n == SIZE_MAX ? NULL : arena_alloc(a, v.n + 1);

	for (size_t i = 0; p != NULL && i < v.n; i++)
		p[i] = ascii_lower(v.p[i]);
	return p == NULL ? VIEW("") : (view){ p, v.n };
}

const char *
arena_text(struct arena *a, view v)
{
	view copy;

	if (view_find_byte(v, '\0') != SIZE_MAX)
		return NULL;
	copy = arena_copy(a, v);
	return a->r.is == OK ? copy.p : NULL;
}

view
arena_print(struct arena *a, const char *format, ...)
{
	va_list args, again;
	int n;
	char *p;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p != NULL)
		(void)vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return p == NULL ? VIEW("") : (view){ p, (size_t)n };
}

void
arena_reset(struct arena *a)
{
	free_blocks(a);
	a->r = done();
}

result
arena_result(const struct arena *a)
{
	return a->r;
}
