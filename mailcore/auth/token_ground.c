#include "mailcore/auth/token_ground.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	GROUND_ARENA = LIMIT_TOKEN_ANSWER + 16384,
	ASK_ARENA = 2 * LIMIT_TOKEN_ANSWER + 8 * LIMIT_TOKEN,
	KEYS_GOOD_MS = 3600 * 1000,
	KEYS_AGAIN_MS = 60 * 1000, /* also after a try that failed */
	TAG = 32,
	PLACES = 4 /* of one token in the cache */
};

struct known {
	unsigned char tag[TAG];
	int64_t until; /* seconds */
	struct token_owner owner;
};

struct token_ground {
	_Atomic unsigned users;
	struct arena *arena;
	struct token_settings s;
	struct jwk_set *keys; /* of the settings; never change */
	pthread_mutex_t fetched_lock;
	struct jwk_set *fetched; /* from s.keys_url */
	int64_t fetched_ms, tried_ms;
	pthread_mutex_t known_lock;
	unsigned char key[TAG];
	struct known *known;
};

static const char no_answer[] = "tokens cannot be checked now";

static void
copy_settings(struct token_ground *g, const struct token_settings *from)
{
	const view *const in[] = { &from->rules.issuer, &from->rules.audience,
		&from->rules.scope, &from->rules.claim, &from->keys_url,
		&from->introspection, &from->client, &from->secret };
	view *const to[] = { &g->s.rules.issuer, &g->s.rules.audience,
		&g->s.rules.scope, &g->s.rules.claim, &g->s.keys_url,
		&g->s.introspection, &g->s.client, &g->s.secret };

	for (size_t i = 0; i < COUNT(in); i++)
		*to[i] = arena_copy(g->arena, *in[i]);
}

result
token_ground_new(struct token_ground **out, const struct token_settings *s)
{
	struct token_ground *g = calloc(1, sizeof *g);
	result r = done();

	if (g == NULL)
		abort();
	g->users = 1;
	g->arena = arena_new(GROUND_ARENA);
	g->known = calloc(LIMIT_TOKEN_CACHE, sizeof *g->known);
	if (g->known == NULL)
		abort();
	random_bytes(g->key, sizeof g->key);
	(void)pthread_mutex_init(&g->fetched_lock, NULL);
	(void)pthread_mutex_init(&g->known_lock, NULL);
	copy_settings(g, s);
	if (s->keys.n > 0)
		r = jwk_read(&g->keys, s->keys);
	if (r.is == OK)
		r = arena_result(g->arena);
	if (r.is == OK) {
		*out = g;
		g = NULL;
	}
	token_ground_leave(&g);
	return r;
}

struct token_ground *
token_ground_enter(struct token_ground *g)
{
	g->users++;
	return g;
}

void
token_ground_leave(struct token_ground **ground)
{
	struct token_ground *g = *ground;

	*ground = NULL;
	if (g == NULL || --g->users > 0)
		return;
	jwk_free(&g->keys);
	jwk_free(&g->fetched);
	secret_wipe(g->key, sizeof g->key);
	secret_wipe((void *)(uintptr_t)g->s.secret.p, g->s.secret.n);
	free(g->known);
	(void)pthread_mutex_destroy(&g->fetched_lock);
	(void)pthread_mutex_destroy(&g->known_lock);
	arena_free(&g->arena);
	free(g);
}

void
token_ground_tell(const struct token_ground *g, enum oauth_form form,
    struct buf *out)
{
	oauth_refuse(form, g->s.rules.scope, g->s.rules.issuer, out);
}

static result
fetch(const struct token_way *way, struct arena *arena,
    const struct token_request *q, view *body)
{
	int64_t left = way->deadline - clock_steady_ms();
	result r = fail(BUSY, no_answer);

	if (left > 0)
		r = way->fetch(way->context, arena, q, (unsigned)left, body);
	if (r.is != OK)
		log_line(LOG_WARNING, "oauth.fetch", "url=%.*s why=\"%s\"",
		    LOG_VIEW(q->url), r.why);
	return r.is == OK ? r : fail(BUSY, no_answer);
}

/* Under the lock.  What cannot be had leaves what there is. */
static void
renew_keys(struct token_ground *g, const struct token_way *way,
    const char *because)
{
	const struct token_request q = { .url = g->s.keys_url };
	struct arena *arena = arena_new(ASK_ARENA);
	struct jwk_set *fresh = NULL;
	view body;
	result r = fetch(way, arena, &q, &body);

	g->tried_ms = clock_steady_ms();
	if (r.is == OK) {
		r = jwk_read(&fresh, body);
		log_line(r.is == OK ? LOG_INFO : LOG_WARNING, "oauth.keys",
		    "because=%s url=%.*s why=\"%s\"", because,
		    LOG_VIEW(q.url), r.why == NULL ? "" : r.why);
	}
	if (r.is == OK) {
		jwk_free(&g->fetched);
		g->fetched = fresh;
		g->fetched_ms = g->tried_ms;
	}
	arena_free(&arena);
}

static result
ask_fetched(struct token_ground *g, const struct token_way *way, view token,
    struct token_owner *out)
{
	int64_t now = clock_steady_ms();
	bool again = g->tried_ms == 0 || now - g->tried_ms > KEYS_AGAIN_MS;
	result r;

	if (again
	    && (g->fetched == NULL || now - g->fetched_ms > KEYS_GOOD_MS)) {
		renew_keys(g, way, "time");
		again = false;
	}
	if (g->fetched == NULL)
		return fail(BUSY, no_answer);
	r = token_read(token, g->fetched, &g->s.rules, clock_now(), out);
	if (r.is == NOT_FOUND && again) {
		renew_keys(g, way, "another");
		r = token_read(token, g->fetched, &g->s.rules, clock_now(),
		    out);
	}
	return r;
}

/* NOT_FOUND: the keys do not decide it. */
static result
ask_keys(struct token_ground *g, const struct token_way *way, view token,
    struct token_owner *out)
{
	result r = fail(NOT_FOUND, "RFC 6750 3.1: not a token of ours");

	if (!token_is_signed(token))
		return r;
	if (g->keys != NULL)
		r = token_read(token, g->keys, &g->s.rules, clock_now(), out);
	if (r.is == NOT_FOUND && g->s.keys_url.n > 0) {
		(void)pthread_mutex_lock(&g->fetched_lock);
		r = ask_fetched(g, way, token, out);
		(void)pthread_mutex_unlock(&g->fetched_lock);
	}
	return r;
}

static bool
tag_of(const struct token_ground *g, view token, unsigned char tag[TAG])
{
	unsigned n = 0;

	return HMAC(EVP_sha256(), g->key, sizeof g->key,
	           (const unsigned char *)token.p, token.n, tag, &n) != NULL
	    && n == TAG;
}

static struct known *
places_of(struct token_ground *g, const unsigned char tag[TAG])
{
	size_t at;

	memcpy(&at, tag, sizeof at);
	return &g->known[at % (LIMIT_TOKEN_CACHE / PLACES) * PLACES];
}

static bool
is_known(struct token_ground *g, const unsigned char tag[TAG],
    struct token_owner *out)
{
	const struct known *k = places_of(g, tag);
	bool found = false;

	(void)pthread_mutex_lock(&g->known_lock);
	for (size_t i = 0; i < PLACES && !found; i++) {
		found = k[i].until > clock_now()
		    && memcmp(k[i].tag, tag, TAG) == 0;
		if (found)
			*out = k[i].owner;
	}
	(void)pthread_mutex_unlock(&g->known_lock);
	return found;
}

static void
remember(struct token_ground *g, const unsigned char tag[TAG],
    const struct token_owner *owner)
{
	struct known *k = places_of(g, tag), *oldest = k;
	int64_t until = clock_now() + LIMIT_TOKEN_CACHE_SECONDS;

	if (owner->expires != 0 && owner->expires < until)
		until = owner->expires;
	(void)pthread_mutex_lock(&g->known_lock);
	for (size_t i = 1; i < PLACES; i++)
		if (k[i].until < oldest->until)
			oldest = &k[i];
	memcpy(oldest->tag, tag, TAG);
	oldest->until = until;
	oldest->owner = *owner;
	(void)pthread_mutex_unlock(&g->known_lock);
}

/* RFC 6749 2.3.1: name and secret are coded before they are put together. */
static view
basic(const struct token_ground *g, struct arena *arena)
{
	struct buf pair = buf_new(8 * LIMIT_TOKEN_WORD);
	struct buf coded = buf_new(2 * pair.limit);
	view out = VIEW("");

	if (g->s.client.n > 0) {
		encode_percent(&pair, g->s.client, VIEW(""));
		buf_add_byte(&pair, ':');
		encode_percent(&pair, g->s.secret, VIEW(""));
		buf_add(&coded, VIEW("Basic "));
		encode_base64(&coded, buf_view(&pair));
		out = arena_copy(arena, buf_view(&coded));
	}
	secret_wipe(pair.p, pair.n);
	secret_wipe(coded.p, coded.n);
	buf_free(&pair);
	buf_free(&coded);
	return out;
}

static result
introspect(struct token_ground *g, const struct token_way *way, view token,
    struct token_owner *out)
{
	struct arena *arena = arena_new(ASK_ARENA);
	struct buf form = buf_new(4 * LIMIT_TOKEN);
	struct token_request q = { .url = g->s.introspection };
	view body;
	result r;

	buf_add(&form, VIEW("token_type_hint=access_token&token="));
	encode_percent(&form, token, VIEW(""));
	q.body = buf_view(&form);
	q.authorization = basic(g, arena);
	r = arena_result(arena);
	if (r.is == OK)
		r = fetch(way, arena, &q, &body);
	if (r.is == OK)
		r = token_introspected(body, &g->s.rules, clock_now(), out);
	if (r.is == MALFORMED)
		log_line(LOG_WARNING, "oauth.answer", "url=%.*s why=\"%s\"",
		    LOG_VIEW(q.url), r.why);
	secret_wipe(form.p, form.n);
	secret_wipe((void *)(uintptr_t)q.authorization.p, q.authorization.n);
	buf_free(&form);
	arena_free(&arena);
	return r.is == OK || r.is == DENIED ? r : fail(BUSY, no_answer);
}

result
token_ground_ask(struct token_ground *g, const struct token_way *way,
    view token, struct token_owner *out)
{
	unsigned char tag[TAG];
	result r = ask_keys(g, way, token, out);

	if (r.is == NOT_FOUND && token.n > 0 && g->s.introspection.n > 0) {
		if (!tag_of(g, token, tag))
			return fail(BUSY, no_answer);
		if (is_known(g, tag, out))
			return done();
		r = introspect(g, way, token, out);
		if (r.is == OK)
			remember(g, tag, out);
	}
	return r.is == NOT_FOUND ? fail(DENIED, r.why) : r;
}
