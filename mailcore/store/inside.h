/*
 * inside.h - what the files of the store share among themselves.
 */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include "mailcore/base/limits.h"
#include "mailcore/db/db.h"
#include "mailcore/store/store.h"

#include <pthread.h>

enum {
	POOL_BUCKETS = 1024,
	/* posthaste.db is written as the account of this id. */
	HOUSE = 0,
	/* One removal of so many has the tombstones counted. */
	PRUNE_EVERY = 256,
	STORE_PATH = 1024
};

/* One database that this process has open, by any number of handles. */
struct slot {
	struct slot *next;
	int64_t id;
	size_t handles;
	struct account *idle;
	bool tired; /* one handle is with the tender */
	_Atomic int pages; /* in the WAL after this process' last commit */
	int tried; /* as many were there at the last checkpoint */
	pthread_mutex_t writing; /* one writer of this process at a time */
	char path[STORE_PATH];
};

struct store {
	char *data;
	size_t idle_most;
	int64_t epoch;
	unsigned history_days;
	struct journal *journal;
	store_listener *listener;
	void *listener_context;

	pthread_mutex_t lock; /* of all below */
	struct slot *slots[POOL_BUCKETS];
	struct account *oldest, *newest; /* idle ones, by time of use */
	struct account *coolest; /* the oldest of them that is warm */
	size_t idle;
	size_t warm; /* idle ones that may keep what they have read */
	size_t open;

	/* A thread that checkpoints databases, while nobody waits for them,
	 * and closes those that have something to tidy up. */
	pthread_t tender;
	pthread_cond_t tender_wakes;
	bool tender_sleeps; /* until it is woken: nothing was idle */
	int64_t retire_ms, look_next;
	size_t retired; /* handles closed since memory was last given back */
	struct account *tired; /* by next_idle */
	size_t leaving; /* so many of them are to be closed */
	bool closing;
};

/* A file to be removed once the change that let go of it is durable. */
struct grave {
	struct grave *next;
	char path[];
};

struct spool;
struct push_mute;

struct account {
	struct store *store;
	struct slot *slot;
	struct db *db;
	struct db *search; /* search.db, once it was needed */
	uint64_t search_file; /* the file that this is */
	int64_t id;
	bool writing;
	bool reading;
	result spoilt; /* by a half-done change: never to be committed */
	int64_t seq;      /* of the present transaction */
	int64_t previous; /* who wrote before it */
	struct buf record;
	struct grave *graves;
	struct spool *adopted; /* named by an item of this transaction */
	const struct push_mute *mute; /* NULL: everybody is told */

	bool forgets;  /* there may be too much of its history */
	int64_t looked_through; /* seconds since 1970: when that was seen to */
	int64_t prune; /* a collection that may have too many tombstones */
	bool warm;
	bool leaving;
	int64_t idle_since; /* steady ms */
	struct account *next_idle; /* of the same slot */
	struct account *older, *newer;
};

/* The handle of posthaste.db, by the same pool. */
CHECKED result house_open(struct store *, struct account **);
CHECKED result house_write(struct store *, account_work *, void *context,
    enum durable);

/* Where an account's files are: the folder, without a slash at its end.
 * false: the path would be too long. */
bool account_folder(const char *data, int64_t id, char to[STORE_PATH]);
bool account_path(const char *data, int64_t id, char to[STORE_PATH]);

/* Remove the account's folder with all in it, so that no power cut brings it
 * back. */
CHECKED result account_remove_files(const char *data, int64_t id);

/* Forget the idle handles of an account that is no more. */
void pool_drop(struct store *, int64_t id);

/* What the pool and its tender share; the lock is held.  pool_put_back: to the
 * idle ones, the oldest of too many is closed; it lets go of the lock for that.
 * pool_destroy closes what no list knows any more, without the lock. */
void pool_unlink(struct store *, struct account *idle);
void pool_cool(struct store *);
void pool_put_back(struct store *, struct account *);
bool pool_needs_checkpoint(struct slot *);
void pool_destroy(struct account *);

CHECKED result pool_open(struct store *);
void pool_close(struct store *);

/* Functions that change something begin with this. */
CHECKED result must_write(const struct account *);

/* A change that was begun and did not work out must not be committed, even
 * when the caller goes on: returns `r`, and keeps it unless it is OK. */
CHECKED result spoil(struct account *, result r);

/* The file `path` is no longer named. */
void bury(struct account *, const char *path);

#endif
