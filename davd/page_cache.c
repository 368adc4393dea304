#include "davd/page_cache.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	SLOTS = 64,
	KEPT_MS = 1000,
	BODY_MOST = 16384,
	ETAG_MOST = 64,
	KEY_MOST = 2 * LIMIT_DOMAIN
};

/* Two keys that fall on one slot take turns. */
struct slot {
	struct buf key, body, etag;
	int64_t until;
};

struct page_cache {
	pthread_mutex_t lock;
	struct slot slots[SLOTS];
};

struct page_cache *
page_cache_new(void)
{
	struct page_cache *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	(void)pthread_mutex_init(&c->lock, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		c->slots[i] = (struct slot){ buf_new(KEY_MOST),
			buf_new(BODY_MOST), buf_new(ETAG_MOST), 0 };
	return c;
}

void
page_cache_free(struct page_cache **at)
{
	struct page_cache *c = *at;

	if (c == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		buf_free(&c->slots[i].key);
		buf_free(&c->slots[i].body);
		buf_free(&c->slots[i].etag);
	}
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
	*at = NULL;
}

static struct slot *
slot_of(struct page_cache *c, view key)
{
	uint32_t hash = UINT32_C(2166136261); /* FNV-1a */

	for (size_t i = 0; i < key.n; i++)
		hash = (hash ^ (unsigned char)key.p[i]) * UINT32_C(16777619);
	return &c->slots[hash % SLOTS];
}

bool
page_cache_find(struct page_cache *c, view key, struct arena *arena,
    struct buf *body, view *etag)
{
	int64_t now = clock_steady_ms();
	struct slot *s = slot_of(c, key);
	bool found;

	(void)pthread_mutex_lock(&c->lock);
	found = s->until > now && view_eq(buf_view(&s->key), key);
	if (found) {
		buf_add(body, buf_view(&s->body));
		*etag = arena_copy(arena, buf_view(&s->etag));
	}
	(void)pthread_mutex_unlock(&c->lock);
	return found;
}

void
page_cache_keep(struct page_cache *c, view key, view body, view etag)
{
	struct slot *s = slot_of(c, key);

	(void)pthread_mutex_lock(&c->lock);
	buf_reset(&s->key);
	buf_reset(&s->body);
	buf_reset(&s->etag);
	buf_add(&s->key, key);
	buf_add(&s->body, body);
	buf_add(&s->etag, etag);
	s->until = clock_steady_ms() + KEPT_MS;
	if (buf_result(&s->key).is != OK || buf_result(&s->body).is != OK
	    || buf_result(&s->etag).is != OK)
		s->until = 0;
	(void)pthread_mutex_unlock(&c->lock);
}
