/*
 * heap.h - arrays that grow by themselves, where no arena ends with them.
 *
 * What comes from here is given back with free().  When malloc fails, or a
 * size does not fit into size_t, the process stops: nothing can be promised
 * then.  Who lets a peer decide how much it is names a bound first.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

/* `old`, which may be NULL, moved to where there is room for `count` elements
 * of `size` bytes; never NULL, not even for none.  What is new in it was not
 * written to yet. */
void *heap_resize(void *old, size_t count, size_t size);

/* For an array that grows by one: `old`, which holds `count` elements, while
 * there is *room for another, else moved to twice the room.  It begins with
 * NULL and a room of 0. */
void *heap_more(void *old, size_t count, size_t *room, size_t size);

#endif
