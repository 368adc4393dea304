/*
 * searching.h - SEARCH, SORT and THREAD while they run: what is found, in
 * which order, and how that is told.
 */
#ifndef IMAP_SEARCHING_H
#define IMAP_SEARCHING_H

#include "mailcore/imap/order.h"
#include "mailcore/imap/search.h"
#include "mailcore/imap/window.h"

enum {
	RETURN_MIN = 1,
	RETURN_MAX = 2,
	RETURN_ALL = 4,
	RETURN_COUNT = 8,
	RETURN_SAVE = 16, /* RFC 5182 */
	RETURN_PARTIAL = 32 /* RFC 9394 */
};

/* The command between its pieces; in the command's arena. */
struct searching {
	struct imap *s;
	struct command *c;
	struct key *key;
	bool extended;
	int returns;
	struct window window;
	size_t next;
	size_t end; /* messages known when it began */
	unsigned char *found; /* a bit a message */
	unsigned char *skip;  /* those that cannot fit; NULL: not known */
	int64_t modseq; /* the highest of those found */
	int64_t now;
	unsigned looked;
	uint64_t read;
	bool full;

	struct ordering order; /* of those found */
};

/* Ask the store's index, before anything is looked at. */
CHECKED result search_index_ask(struct searching *);
void search_index_free(struct searching *);

/* Message `at` cannot fit, as the index knows. */
bool search_index_skips(const struct searching *, size_t at);

/* From x->next up to where messages are worth being read in one go. */
size_t search_index_stop(const struct searching *);

/* Tell it, and keep it for "$". */
CHECKED result searching_answer(struct searching *, struct buf *out);

#endif
