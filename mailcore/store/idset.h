/*
 * idset.h - a set of account ids.
 */
#ifndef STORE_IDSET_H
#define STORE_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idset {
	int64_t *slots; /* id + 1, or 0 */
	size_t room;    /* a power of two, or 0 */
	size_t n;
};

/* Begins as { NULL, 0, 0 }. */
void idset_free(struct idset *);
void idset_clear(struct idset *);
void idset_add(struct idset *, int64_t id);
void idset_add_all(struct idset *, const struct idset *);

/* Walk: *at begins with 0; false at the end. */
bool idset_next(const struct idset *, size_t *at, int64_t *id);

#endif
