/*
 * posting.h - which texts hold which three bytes: an inverted index in
 * pieces, as bytes and back.  Pure functions.
 *
 * A term is a run of three bytes, mixed so that its high bits tell terms
 * apart.  A text holds a needle only if it holds all its terms.  Up to 64
 * texts ("small") or 1,024 ("large") are indexed together; what the index
 * says is cut by the high bits of the term into as many buckets, each of
 * about the same size as a text's terms.
 */
#ifndef STORE_POSTING_H
#define STORE_POSTING_H

#include "mailcore/base/buf.h"
#include "mailcore/base/view.h"

enum {
	POSTING_SMALL_BITS = 6,
	POSTING_LARGE_BITS = 10,
	POSTING_SMALL = 1 << POSTING_SMALL_BITS,
	POSTING_LARGE = 1 << POSTING_LARGE_BITS,
	POSTING_MERGED = POSTING_LARGE / POSTING_SMALL,
	POSTING_TERM_BITS = 24,
	POSTING_NEEDLE = 3 /* bytes: shorter ones have no term */
};

/* The term of the three bytes at `p`. */
static inline uint32_t
posting_term(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	uint32_t three = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];

	/* An odd factor: no two of them become the same. */
	return three * 0x9e3779U & 0xffffffU;
}

/* Pairs (term, text), to be sorted: a term's bits above those of the text's
 * number. */
struct posting_pairs {
	uint32_t *p;
	size_t n;
	size_t room;
};

void posting_add(struct posting_pairs *, uint32_t pair);
void posting_sort(struct posting_pairs *);
void posting_free(struct posting_pairs *);

/* A bucket of sorted pairs, with numbers of `bits` bits. */
void posting_write(const uint32_t *pairs, size_t n, unsigned bits,
    struct buf *out);

/* The pairs of a small bucket, as those of texts from `first` on in a large
 * one.  MALFORMED: nothing that posting_write wrote. */
CHECKED result posting_read(view bucket, uint32_t first,
    struct posting_pairs *out);

/* Which texts hold the term `key` (its bits below the bucket's number)?  A
 * bit each is set in `texts`, of 2^bits bits. */
CHECKED result posting_find(view bucket, uint32_t key, unsigned bits,
    unsigned char *texts);

#endif
