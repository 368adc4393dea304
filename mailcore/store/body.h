/*
 * body.h - the bytes of an item.
 *
 * A spool takes bytes as they come from the network: in memory up to
 * LIMIT_BODY_INLINE, beyond that in a temporary file.  item_prepare makes
 * them ready to be named by an item (large ones: a file named by its SHA-256,
 * written and synced).  What no item names goes with the spool.
 */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include "mailcore/store/store.h"

struct spool;

struct spool *spool_new(struct store *, uint64_t limit);
void spool_free(struct spool **);

/* Sticky: the first failure (OVER_LIMIT, NO_SPACE, FAILED) is kept. */
void spool_add(struct spool *, view);
CHECKED result spool_result(const struct spool *);
uint64_t spool_size(const struct spool *);

/* All bytes so far; valid until the next spool_add or spool_free (a file is
 * mapped). */
CHECKED result spool_view(struct spool *, view *out);

/* Open body `id` of the account for reading; `bytes` is valid until
 * body_close. */
struct body {
	view bytes;
	void *inside;
};
CHECKED result body_open(struct account *, int64_t id, struct body *);
void body_close(struct body *);

#endif
