/*
 * cache.h - passwords found right a short time ago.
 *
 * What is kept is a keyed hash over the account, its stored password and the
 * password that fitted; the key is random and dies with the process.  So a
 * changed password misses by itself, and what lies in memory is worth nothing
 * elsewhere.  Fixed memory; the oldest of a few goes.  Thread-safe.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "mailcore/store/domain.h"

struct auth_cache;

struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache **);

enum { AUTH_TAG = 32 };

/* Names one account with one password, for the two calls below. */
void auth_cache_tag(const struct auth_cache *, const struct account_info *,
    view password, unsigned char tag[AUTH_TAG]);

/* `now` in steady milliseconds. */
bool auth_cache_has(struct auth_cache *, const unsigned char tag[AUTH_TAG],
    int64_t now);
void auth_cache_add(struct auth_cache *, const unsigned char tag[AUTH_TAG],
    int64_t now);

#endif
