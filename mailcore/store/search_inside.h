/*
 * search_inside.h - search.db, for the files that fill it and read it.
 */
#ifndef STORE_SEARCH_INSIDE_H
#define STORE_SEARCH_INSIDE_H

#include "mailcore/store/inside.h"
#include "mailcore/store/posting.h"
#include "mailcore/store/search.h"

enum {
	/* To be raised when format/text.h or the digest's form changes. */
	SEARCH_VERSION = 3,
	SEARCH_DIGEST = 128, /* messages of one digest */
	SEARCH_BUCKETS = POSTING_LARGE /* ids of postings, of one segment */
};

/* Is a->search there to be read?  false: there is nothing, or what there is
 * is of no use. */
bool search_open(struct account *);

/* The same, made when it is missing. */
CHECKED result search_make(struct account *);

/* Something in it cannot be: it goes, and `r` is logged. */
void search_distrust(struct account *, result r);

/* Is there enough for a segment?  Most people's calendars are not. */
CHECKED result search_is_worth(struct account *, bool *worth);

/* The file goes, to be made again. */
void search_forget(struct account *);

void search_close(struct account *);

/* How far segments go: the body, and the next segment's id. */
struct search_progress {
	int64_t body;
	int64_t next_segment;
};
CHECKED result search_progress(struct account *, struct search_progress *);

/* One more segment ends with `body`.  In a transaction of a->search. */
CHECKED result search_advance(struct account *, int64_t body);

/* What `work` does to search.db, in one transaction. */
typedef result search_work(struct account *, void *context);
CHECKED result search_write(struct account *, search_work *, void *context);

/* One piece of work each.  `*more`: there is more to do. */
CHECKED result search_fill_segment(struct account *, bool *more);
CHECKED result search_fill_merge(struct account *, bool *more);
CHECKED result search_fill_digest(struct account *, bool *more);

/* Drop what is mostly about messages that are no more. */
CHECKED result search_sweep(struct account *);

#endif
