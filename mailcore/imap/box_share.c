/* The messages of boxes: each its own, or one array for many. */
#include "mailcore/base/heap.h"
#include "mailcore/imap/box.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

/* Never changed, so read without a lock. */
struct box_shared {
	atomic_size_t holders;
	struct message messages[];
};

struct box_shared *
box_shared_new(const struct message *messages, size_t count)
{
	size_t bytes = count * sizeof *messages;
	struct box_shared *s = heap_resize(NULL, sizeof *s + bytes, 1);

	atomic_init(&s->holders, 1);
	if (bytes > 0)
		memcpy(s->messages, messages, bytes);
	return s;
}

struct box_shared *
box_shared_take(struct box_shared *s)
{
	(void)atomic_fetch_add(&s->holders, 1);
	return s;
}

void
box_shared_free(struct box_shared **shared)
{
	struct box_shared *s = *shared;

	*shared = NULL;
	if (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1)
		free(s);
}

void
box_drop(struct box *b)
{
	free(b->own);
	box_shared_free(&b->shared);
	b->messages = b->own = NULL;
	b->count = b->room = 0;
}

void
box_share(struct box *b, struct box_shared *s, size_t count)
{
	box_drop(b);
	b->shared = box_shared_take(s);
	b->messages = s->messages;
	b->count = b->room = count;
}

struct message *
box_own(struct box *b)
{
	if (b->shared == NULL)
		return b->own;
	b->room = b->count + 1;
	b->own = heap_resize(NULL, b->room, sizeof *b->own);
	memcpy(b->own, b->messages, b->count * sizeof *b->own);
	b->messages = b->own;
	box_shared_free(&b->shared);
	return b->own;
}

void
box_room(struct box *b, size_t count)
{
	struct message *own = box_own(b);

	if (count <= b->room)
		return;
	b->room += b->room / 2 + FIRST_ROOM;
	if (b->room < count)
		b->room = count;
	b->messages = b->own = heap_resize(own, b->room, sizeof *own);
}
