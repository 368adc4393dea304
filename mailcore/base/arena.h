/*
 * arena.h - memory that all ends at once.
 *
 * One arena lives as long as one request, command or message.  It has a
 * budget, chosen by whoever creates it: a peer can fill that budget, never
 * the machine.  Going over sticks: later calls return nothing, and
 * arena_result says OVER_LIMIT, so a long construction is checked once.
 * When malloc itself fails the process stops; nothing can be promised then.
 *
 * Under the address sanitizer every allocation is a malloc of its own, so
 * that overruns inside the arena are seen.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct arena;

/* Owned by the caller; arena_free(&a) also sets `a` to NULL. */
struct arena *arena_new(size_t budget);
void arena_free(struct arena **);

/* Zeroed and aligned for any type; NULL once over budget. */
void *arena_alloc(struct arena *, size_t);

/* `count` elements of `size` bytes; NULL also when the product overflows. */
void *arena_array(struct arena *, size_t count, size_t size);

/* For an array that grows by one: `old`, which holds `count` elements of `size`
 * bytes, while there is *room for another, else a copy with twice the room.
 * It begins with NULL and a room of 0.  NULL once over budget. */
void *arena_more(struct arena *, void *old, size_t count, size_t *room,
    size_t size);

/* A copy of `v` that lives as long as the arena.  A NUL stands behind it. */
view arena_copy(struct arena *, view v);

/* A copy with A-Z as a-z. */
view arena_lower(struct arena *, view v);

/* A copy as a C string; NULL once over budget or with a NUL inside. */
const char *arena_text(struct arena *, view v);

/* printf into the arena. */
view arena_print(struct arena *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drop everything, keep the budget, forget a failure. */
void arena_reset(struct arena *);

CHECKED result arena_result(const struct arena *);

#endif
