/*
 * history.h - what was there before, in calendars and address books: seen and
 * undone by their owner within store_options.history_days.
 *
 * A change keeps the version that it replaces or removes, and that version's
 * body, which costs less than removing it would.  An object that was added is
 * known by when it was saved, so adding costs nothing.  What is kept counts
 * in no quota; it is bounded by LIMIT_HISTORY and LIMIT_HISTORY_BYTES, and
 * the oldest goes.
 *
 * To undo is to change once more: sync clients see it, and it can be undone.
 * Nobody is sent a message about it.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "mailcore/store/item.h"

enum history_what {
	HISTORY_ADDED = 1,
	HISTORY_CHANGED = 2,
	HISTORY_REMOVED = 3,
	HISTORY_GONE = 4 /* the whole collection */
};

struct history_event {
	int64_t id; /* a change number: names it in the account */
	enum history_what what;
	int64_t at; /* seconds since 1970 */
	int64_t collection;
	enum collection_kind kind;
	view place;     /* the collection's name */
	uint32_t uid;   /* of the object; GONE: 0 */
	view name;      /* GONE: the display name */
	view component; /* "VEVENT"...; empty for contacts */
	uint64_t size;
	int64_t items;  /* GONE: so many */
	int64_t body;   /* what was before, for body_open; ADDED: what came */
};

/* The newest first, at most `limit`; of one collection, or with 0 of all.
 * Views live in `arena`. */
CHECKED result history_list(struct account *, struct arena *,
    int64_t collection, size_t limit, struct history_event **out,
    size_t *count);

/* NOT_FOUND: nothing of that number, or no longer. */
CHECKED result history_find(struct account *, struct arena *, int64_t id,
    struct history_event *out);

/* What an undone change has come to. */
struct history_undone {
	enum history_what what; /* that was undone */
	view name; /* of the object, or of the collection that is back; in the
	            * arena */
};

/* Undo it.  NOT_FOUND; EXISTS: another object of that name or UID is there
 * now.  STALE: its collection is gone, and comes back by an event of its own.
 * NO_SPACE: quota. */
CHECKED result history_undo(struct account *, struct arena *, int64_t id,
    struct history_undone *out);

/* Forget what is too old or too much, in several writes.  The store does it
 * by itself now and then. */
CHECKED result history_prune(struct account *);

#endif
