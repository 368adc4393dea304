/*
 * spool.h - the inside of a spool, for body.c and item.c.
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include "mailcore/store/body.h"
#include "mailcore/store/inside.h"

enum { SPOOL_HASH = 32, SPOOL_FILE = 96 };

struct spool {
	struct store *store;
	struct buf memory; /* up to LIMIT_BODY_INLINE */
	uint64_t limit;
	uint64_t size;
	result r;
	struct evp_md_ctx_st *digest;
	unsigned char hash[SPOOL_HASH];
	bool hashed;

	int fd; /* of the temporary file, or -1 */
	char temporary[STORE_PATH];
	void *map;
	size_t mapped;

	/* The file in the folder of `prepared` that no item names yet. */
	int64_t prepared;
	char file[SPOOL_FILE];
	struct spool *next_adopted;
};

/* Is in memory: its bytes belong into the database. */
bool spool_is_small(const struct spool *);

/* SHA-256 of all bytes; nothing can be added any more. */
view spool_hash(struct spool *);

/* An item of this transaction names the file of `s`. */
void spool_adopt(struct account *, struct spool *);

/* The transaction is over. */
void spool_adopted(struct account *, bool committed);

/* Where `file` of an account lies. */
bool body_path(const struct account *, view file, char to[STORE_PATH]);

#endif
