/*
 * collection_row.h - steps that collection.c and the item files share.
 */
#ifndef STORE_COLLECTION_ROW_H
#define STORE_COLLECTION_ROW_H

#include "mailcore/store/inside.h"

/* Take the next modseq, room for `grown` bytes (below 0: gives back), and
 * `bodies` body ids, of which `*body` is the first (it may be NULL).
 * NO_SPACE: over the quota. */
CHECKED result state_take(struct account *, int64_t grown, int64_t bodies,
    int64_t *modseq, int64_t *body);

/* What a change does to the counters of a collection. */
struct tally {
	int64_t modseq;
	int64_t items;
	int64_t unseen;
	int64_t bytes;
};

/* Apply it.  NOT_FOUND: no such collection. */
CHECKED result collection_tally(struct account *, int64_t id,
    const struct tally *);

/* The same for one item more; `*uid` is its uid.  OVER_LIMIT: the collection
 * has given out all 2^32 - 1 of them (RFC 9051 2.3.1.1). */
CHECKED result collection_take_uid(struct account *, int64_t id,
    const struct tally *, uint32_t *uid);

/* One item less names `body`; the last one takes it along. */
CHECKED result body_release(struct account *, int64_t body);

/* All items of a collection and their bodies. */
CHECKED result item_remove_all(struct account *, int64_t collection);

/* The same, but their bodies are the history's now. */
CHECKED result item_hand_over(struct account *, int64_t collection);

/* All items of `from` to `to`, which is new: uids stay, tombstones too. */
CHECKED result item_move_all(struct account *, int64_t from, int64_t to,
    int64_t modseq);

#endif
