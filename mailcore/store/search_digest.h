/*
 * search_digest.h - how messages of a mailbox are packed in search.db: `map`
 * holds a struct digest_place of each, `data` a struct digest_fact of each
 * and behind them the texts that those measure, `heads` the header fields.
 * Numbers are as this machine writes them, which each place's mark tells.
 */
#ifndef STORE_SEARCH_DIGEST_H
#define STORE_SEARCH_DIGEST_H

#include "mailcore/store/search_inside.h"

enum { DIGEST_MARK = 0x01020304, DIGEST_TEXTS = 3 };

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
	uint32_t length[DIGEST_TEXTS]; /* envelope, body, bodystructure */
	uint32_t head;
	uint32_t absent; /* what is odd is to be read from account.db */
	uint32_t unused;
};

#endif
