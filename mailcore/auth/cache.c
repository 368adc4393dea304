#include "mailcore/auth/cache.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/random.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	CACHE_SETS = LIMIT_AUTH_CACHE / 4,
	CACHE_WAYS = 4, /* entries that share one place */
	CACHE_KEY = 32
};

struct entry {
	unsigned char tag[AUTH_TAG];
	int64_t until; /* steady milliseconds; 0: empty */
};

struct auth_cache {
	unsigned char key[CACHE_KEY];
	EVP_MAC *mac;
	pthread_mutex_t lock;
	struct entry sets[CACHE_SETS][CACHE_WAYS];
};

struct auth_cache *
auth_cache_new(void)
{
	struct auth_cache *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	random_bytes(c->key, sizeof c->key);
	c->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (c->mac == NULL || pthread_mutex_init(&c->lock, NULL) != 0)
		abort();
	return c;
}

void
auth_cache_free(struct auth_cache **cache)
{
	struct auth_cache *c = *cache;

	*cache = NULL;
	if (c == NULL)
		return;
	EVP_MAC_free(c->mac);
	(void)pthread_mutex_destroy(&c->lock);
	secret_wipe(c, sizeof *c);
	free(c);
}

/* Length first, so that no two triples read the same. */
static int
mac_add(EVP_MAC_CTX *mac, view part)
{
	uint64_t n = part.n;

	return EVP_MAC_update(mac, (const unsigned char *)&n, sizeof n) == 1
	    && EVP_MAC_update(mac, (const unsigned char *)part.p, part.n) == 1;
}

void
auth_cache_tag(const struct auth_cache *c, const struct account_info *account,
    view password, unsigned char tag[AUTH_TAG])
{
	int64_t numbers[2] = { account->id, account->password_version };
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    sha256, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(c->mac);
	size_t n = 0;

	if (mac == NULL || EVP_MAC_init(mac, c->key, CACHE_KEY, params) != 1
	    || !mac_add(mac, (view){ (const char *)numbers, sizeof numbers })
	    || !mac_add(mac, account->password) || !mac_add(mac, password)
	    || EVP_MAC_final(mac, tag, &n, AUTH_TAG) != 1 || n != AUTH_TAG)
		abort();
	EVP_MAC_CTX_free(mac);
}

static struct entry *
set_of(struct auth_cache *c, const unsigned char tag[AUTH_TAG])
{
	uint32_t at;

	memcpy(&at, tag, sizeof at);
	return c->sets[at % CACHE_SETS];
}

bool
auth_cache_has(struct auth_cache *c, const unsigned char tag[AUTH_TAG],
    int64_t now)
{
	const struct entry *set = set_of(c, tag);
	view wanted = { (const char *)tag, AUTH_TAG };
	bool found = false;

	(void)pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		view there = { (const char *)set[i].tag, AUTH_TAG };

		if (set[i].until > now && secret_eq(there, wanted))
			found = true;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return found;
}

void
auth_cache_add(struct auth_cache *c, const unsigned char tag[AUTH_TAG],
    int64_t now)
{
	struct entry *set = set_of(c, tag);
	struct entry *oldest = set;

	(void)pthread_mutex_lock(&c->lock);
	for (size_t i = 1; i < CACHE_WAYS; i++)
		if (set[i].until < oldest->until)
			oldest = &set[i];
	memcpy(oldest->tag, tag, AUTH_TAG);
	oldest->until = now + LIMIT_AUTH_CACHE_MS;
	(void)pthread_mutex_unlock(&c->lock);
}
