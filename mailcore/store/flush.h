/*
 * flush.h - how a batch becomes durable; the half of the journal that runs
 * without its lock.
 */
#ifndef STORE_FLUSH_H
#define STORE_FLUSH_H

#include "mailcore/store/inside.h"
#include "mailcore/store/segment.h"

/* What gathers while another one is being written. */
struct batch {
	struct buf records;
	struct idset touched;
	struct idset unsafe; /* databases to be synced before */
	struct grave *graves;
};

/* Belongs to whoever flushes, one at a time. */
struct flusher {
	const char *data;
	const char *role;
	uint64_t writer;
	uint64_t number; /* of the next record of all */
	struct segment *segment; /* NULL: none can be opened */
	struct segment *failed;  /* kept until `sick` is healed */
	struct idset sick; /* databases that no trusted segment protects */
	bool distrust;     /* a sync of a database failed */
};

/* Have a segment, unless there is one. */
CHECKED result flush_open(struct flusher *);

/* OK: all in the batch is durable.  `*sealed` gets a segment that is full, to
 * be dropped once its databases are synced. */
CHECKED result flush_batch(struct flusher *, struct batch *,
    struct segment **sealed);

/* Sync each database of the set.  `again`: all that is not moved to its place
 * is written once more before, because a sync has failed (db_sync_again). */
CHECKED result flush_accounts(const char *data, const struct idset *,
    bool again);

#endif
