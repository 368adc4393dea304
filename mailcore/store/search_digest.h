/*
 * search_digest.h - how messages of a mailbox are packed in search.db: `map`
 * holds a struct digest_place of each, `facts` a struct digest_fact, and rows
 * of digest_text the texts that those measure, one behind the other.
 * Numbers are as this machine writes them, which each place's mark tells.
 */
#ifndef STORE_SEARCH_DIGEST_H
#define STORE_SEARCH_DIGEST_H

#include "mailcore/store/search_inside.h"

enum { DIGEST_MARK = 0x01020304 };

/* Rows of digest_text: 1 << DIGEST_STRUCTURES is SEARCH_STRUCTURES... */
enum {
	DIGEST_ENVELOPES,
	DIGEST_STRUCTURES,
	DIGEST_HEADS,
	DIGEST_TEXTS,
	DIGEST_ROWS = 4 /* ids for each digest */
};

struct digest_place {
	int64_t body;
	uint32_t uid;
	uint32_t mark;
};

struct digest_fact {
	int64_t received;
	int64_t saved;
	int64_t sent;
	uint64_t size;
	uint32_t envelope; /* octets of each text */
	uint32_t body;
	uint32_t bodystructure;
	uint32_t head;
	uint32_t absent; /* what is odd is to be read from account.db */
	uint32_t unused;
};

#endif
