#include "mailcore/imap/box_cache.h"

#include "mailcore/base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 256, CLAIMS = 4096 };

/* Up to where sessions were told of the messages of a mailbox.  One that
 * another takes the place of is forgotten: then a message may be \Recent
 * twice, which RFC 3501 2.3.2 asks for when in doubt. */
struct claim {
	int64_t account, collection;
	int64_t next; /* uid */
};

struct entry {
	int64_t account, collection;
	uint32_t uid_validity;
	int64_t modseq;
	uint64_t used; /* when, by the cache's own clock */
	struct box_shared *shared;
	size_t count;
	char **sets;
	size_t set_count;
	size_t bytes;
};

struct box_cache {
	pthread_mutex_t lock;
	struct entry entries[ENTRIES];
	struct claim claims[CLAIMS];
	size_t worth;
	size_t bytes;
	uint64_t clock;
};

static void *
copy_of(const void *p, size_t n)
{
	void *copy = malloc(n + 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

static char **
copy_sets(char *const *sets, size_t count, size_t *bytes)
{
	char **copy = calloc(count + 1, sizeof *copy);

	if (copy == NULL)
		abort();
	*bytes += count * sizeof *copy;
	for (size_t i = 0; i < count; i++) {
		copy[i] = copy_of(sets[i], strlen(sets[i]) + 1);
		*bytes += strlen(sets[i]) + 1;
	}
	return copy;
}

static void
clear(struct box_cache *cache, struct entry *e)
{
	for (size_t i = 0; i < e->set_count; i++)
		free(e->sets[i]);
	free(e->sets);
	box_shared_free(&e->shared);
	cache->bytes -= e->bytes;
	*e = (struct entry){ 0 };
}

struct box_cache *
box_cache_new(size_t worth)
{
	struct box_cache *cache = calloc(1, sizeof *cache);

	if (cache == NULL || pthread_mutex_init(&cache->lock, NULL) != 0)
		abort();
	cache->worth = worth;
	return cache;
}

void
box_cache_free(struct box_cache **cache)
{
	struct box_cache *gone = *cache;

	if (gone == NULL)
		return;
	*cache = NULL;
	for (size_t i = 0; i < ENTRIES; i++)
		clear(gone, &gone->entries[i]);
	(void)pthread_mutex_destroy(&gone->lock);
	free(gone);
}

static struct entry *
find(struct box_cache *cache, int64_t account, int64_t collection)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *e = &cache->entries[i];

		if (e->account == account && e->collection == collection)
			return e;
	}
	return NULL;
}

/* An empty one, or the one that was not used for longest. */
static struct entry *
oldest(struct box_cache *cache)
{
	struct entry *e = &cache->entries[0];

	for (size_t i = 1; i < ENTRIES; i++)
		if (cache->entries[i].used < e->used)
			e = &cache->entries[i];
	return e;
}

static struct entry *
oldest_full(struct box_cache *cache)
{
	struct entry *found = NULL;

	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *e = &cache->entries[i];

		if (e->used > 0 && (found == NULL || e->used < found->used))
			found = e;
	}
	return found;
}

bool
box_cache_take(struct box_cache *cache, int64_t account, struct box *b,
    int64_t most)
{
	struct entry *e;
	size_t bytes = 0;
	bool fits;

	if (cache == NULL)
		return false;
	(void)pthread_mutex_lock(&cache->lock);
	e = find(cache, account, b->collection);
	fits = e != NULL && e->modseq <= most
	    && e->uid_validity == b->uid_validity;
	if (fits) {
		e->used = ++cache->clock;
		box_share(b, e->shared, e->count);
		for (size_t i = 0; i < b->set_count; i++)
			free(b->sets[i]);
		free(b->sets);
		b->sets = copy_sets(e->sets, e->set_count, &bytes);
		b->set_count = b->set_room = e->set_count;
		b->modseq = e->modseq;
	}
	(void)pthread_mutex_unlock(&cache->lock);
	return fits;
}

static void
put(struct box_cache *cache, struct entry new)
{
	struct entry *e = find(cache, new.account, new.collection);

	if (e != NULL)
		clear(cache, e);
	while (cache->bytes + new.bytes > LIMIT_IMAP_BOX_CACHE
	    && (e = oldest_full(cache)) != NULL)
		clear(cache, e);
	e = oldest(cache);
	clear(cache, e);
	*e = new;
	cache->bytes += new.bytes;
}

/* Is it new enough that nothing need be copied? */
static bool
is_known(struct box_cache *cache, int64_t account, const struct box *b)
{
	const struct entry *e = find(cache, account, b->collection);

	return e != NULL && e->uid_validity == b->uid_validity
	    && e->modseq >= b->modseq;
}

void
box_cache_keep(struct box_cache *cache, int64_t account, struct box *b)
{
	struct entry new = { .account = account,
		.collection = b->collection,
		.uid_validity = b->uid_validity,
		.modseq = b->modseq,
		.count = b->count,
		.set_count = b->set_count,
		.bytes = b->count * sizeof *b->messages };

	if (cache == NULL || b->count < cache->worth
	    || new.bytes > LIMIT_IMAP_BOX_CACHE / 4)
		return;
	(void)pthread_mutex_lock(&cache->lock);
	if (!is_known(cache, account, b)) {
		new.shared = box_shared_new(b->messages, b->count);
		box_share(b, new.shared, b->count);
		new.sets = copy_sets(b->sets, b->set_count, &new.bytes);
		new.used = ++cache->clock;
		put(cache, new);
	}
	(void)pthread_mutex_unlock(&cache->lock);
}

int64_t
box_cache_claim(struct box_cache *cache, int64_t account, int64_t collection,
    int64_t from, int64_t to, bool keep)
{
	struct claim *c;
	uint64_t at = (uint64_t)account * 31 + (uint64_t)collection;

	if (cache == NULL)
		return from;
	c = &cache->claims[at % CLAIMS];
	(void)pthread_mutex_lock(&cache->lock);
	if (c->account == account && c->collection == collection
	    && c->next > from)
		from = c->next;
	if (keep && to >= from)
		*c = (struct claim){ account, collection, to + 1 };
	(void)pthread_mutex_unlock(&cache->lock);
	return from;
}
