/*
 * page_cache.h - documents as they were a moment ago, so that the same
 * question asked a thousand times a second is answered by the store once.
 *
 * Kept for a second, bounded, and used by all threads of the web role.
 */
#ifndef DAVD_PAGE_CACHE_H
#define DAVD_PAGE_CACHE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

struct page_cache;

struct page_cache *page_cache_new(void);
void page_cache_free(struct page_cache **);

/* The body is appended; `etag` lives in `arena`.  false: not there, or too
 * old. */
bool page_cache_find(struct page_cache *, view key, struct arena *arena,
    struct buf *body, view *etag);

/* Forgotten when it is too large. */
void page_cache_keep(struct page_cache *, view key, view body, view etag);

#endif
