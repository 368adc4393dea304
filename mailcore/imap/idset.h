/*
 * idset.h - sets of message numbers or UIDs (RFC 3501 9 sequence-set), kept
 * as ascending ranges that do not touch.
 */
#ifndef IMAP_IDSET_H
#define IMAP_IDSET_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/base/scan.h"

struct idrange {
	uint32_t from, to;
};

struct idset {
	struct idrange *ranges; /* in the arena */
	size_t count;
	bool star; /* '*' stands in it, as 0 until idset_resolve */
	bool saved; /* "$": UIDs of the last search (RFC 5182), resolved */
};

/* "1:5,7,9:*" */
void idset_scan(struct scan *, struct arena *, struct idset *out);

/* Put `last` for '*', then sort and join. */
void idset_resolve(struct idset *, uint32_t last);

bool idset_has(const struct idset *, uint32_t);
uint32_t idset_largest(const struct idset *);

/* Numbers in ascending order, written as ranges. */
struct idset_writer {
	struct buf *to;
	uint32_t from, last; /* 0: nothing yet */
	bool comma;
};
struct idset_writer idset_to(struct buf *);
void idset_put(struct idset_writer *, uint32_t);
void idset_end(struct idset_writer *);

#endif
