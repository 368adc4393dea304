#include "mailcore/auth/scram_keys.h"

#include "mailcore/auth/app.h"
#include "mailcore/auth/inside.h"
#include "mailcore/auth/throttle.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { SETTING_ARENA = 1024, NAME = 96 };

static const char wrong[] = "address or password is wrong";

static const char *const words[] = {
	[AUTH_SCRAM_SHA256] = "sha-256",
	[AUTH_SCRAM_SHA1] = "sha-1",
	[AUTH_SCRAM_OFF] = "off",
};

/* What the house keeps, for whoever has no configuration at hand. */
static result
mode_read(struct store *store, enum auth_scram *out)
{
	struct arena *arena = arena_new(SETTING_ARENA);
	view word;
	result r = setting_get(store, arena, VIEW("scram"), &word);

	*out = AUTH_SCRAM_SHA256;
	for (size_t i = 0; r.is == OK && i < COUNT(words); i++)
		if (view_eq(word, view_of(words[i])))
			*out = (enum auth_scram)i;
	arena_free(&arena);
	return r.is == NOT_FOUND ? done() : r;
}

result
auth_scram_set(struct auth *a, enum auth_scram mode)
{
	enum auth_scram before;

	TRY(mode_read(a->store, &before));
	a->scram = mode;
	if (before == mode)
		return done();
	TRY(setting_set(a->store, VIEW("scram"), view_of(words[mode])));
	return mode == AUTH_SCRAM_OFF ? scram_forget(a->store) : done();
}

enum auth_scram
auth_scram(const struct auth *a)
{
	return a->scram;
}

/* Both kinds of names lead through the same work. */
static result
make_salt(const unsigned char key[AUTH_APP_KEY], int64_t account,
    const char *nobody, unsigned char salt[SCRAM_SALT])
{
	unsigned char hash[SCRAM_DIGEST];
	char name[NAME];
	unsigned n = 0;
	int used = account != 0
	    ? snprintf(name, sizeof name, "account %lld", (long long)account)
	    : snprintf(name, sizeof name, "nobody %s", nobody);

	if (used < 0 || used >= NAME
	    || HMAC(EVP_sha256(), key, AUTH_APP_KEY,
	           (const unsigned char *)name, (size_t)used, hash, &n)
	        == NULL)
		return fail(FAILED, "OpenSSL has no HMAC with SHA-256");
	memcpy(salt, hash, SCRAM_SALT);
	return done();
}

/* StoredKey, then ServerKey. */
static result
make_keys(enum scram_hash hash, view password, view salt, struct buf *out)
{
	struct scram_keys keys;
	size_t n = scram_size(hash);
	result r = scram_derive(hash, password, salt, SCRAM_ITERATIONS, &keys);

	buf_add(out, (view){ (const char *)keys.stored, n });
	buf_add(out, (view){ (const char *)keys.server, n });
	secret_wipe(&keys, sizeof keys);
	return r;
}

struct making {
	int64_t account;
	view hash;
	int64_t app;
	view password;
};

static result
make(struct store *store, const struct making *m, enum auth_scram mode)
{
	unsigned char key[AUTH_APP_KEY], bytes[SCRAM_SALT];
	const view salt = { (const char *)bytes, sizeof bytes };
	struct buf sha256 = buf_new(2 * SCRAM_DIGEST);
	struct buf sha1 = buf_new(2 * SCRAM_DIGEST);
	result r = auth_key(store, VIEW("scram-key"), key);

	if (r.is == OK)
		r = make_salt(key, m->account, "", bytes);
	if (r.is == OK)
		r = make_keys(SCRAM_SHA256, m->password, salt, &sha256);
	if (r.is == OK && mode == AUTH_SCRAM_SHA1)
		r = make_keys(SCRAM_SHA1, m->password, salt, &sha1);
	if (r.is == OK)
		r = m->app == 0
		    ? scram_keep(store, m->account, m->hash,
		        buf_view(&sha256), buf_view(&sha1))
		    : scram_keep_app(store, m->app, buf_view(&sha256),
		        buf_view(&sha1));
	secret_wipe(key, sizeof key);
	secret_wipe(sha256.p, sha256.n);
	secret_wipe(sha1.p, sha1.n);
	buf_free(&sha256);
	buf_free(&sha1);
	return r;
}

static result
make_unless_off(struct store *store, const struct making *m)
{
	enum auth_scram mode;

	TRY(mode_read(store, &mode));
	return mode == AUTH_SCRAM_OFF ? done() : make(store, m, mode);
}

result
auth_scram_keep(struct store *store, int64_t account, view hash,
    view password)
{
	const struct making m = { account, hash, 0, password };

	return make_unless_off(store, &m);
}

result
auth_scram_keep_app(struct store *store, const struct app_password *app,
    view password)
{
	const struct making m = { app->account, VIEW(""), app->id, password };

	return make_unless_off(store, &m);
}

void
auth_scram_upgrade(struct auth *a, const struct account_info *account,
    view password)
{
	const struct making m = { account->id, account->password, 0,
		password };
	bool there = true;
	result r = done();

	if (a->scram != AUTH_SCRAM_OFF)
		r = scram_has(a->store, account->id,
		    a->scram == AUTH_SCRAM_SHA1, &there);
	if (r.is == OK && !there)
		r = make(a->store, &m, a->scram);
	(void)r; /* the login is right all the same; the next makes them */
}

void
auth_scram_upgrade_app(struct auth *a, const struct app_password *app,
    view normal)
{
	const struct making m = { app->account, VIEW(""), app->id, normal };
	result r = done();

	if (a->scram != AUTH_SCRAM_OFF
	    && (!app->scram
	        || (a->scram == AUTH_SCRAM_SHA1 && !app->scram_sha1)))
		r = make(a->store, &m, a->scram);
	(void)r; /* as above */
}

static result
find(struct auth *a, struct arena *arena, const struct auth_attempt *attempt,
    struct auth_throttle *throttle, struct auth_party *p)
{
	struct account_info account = { .id = 0 };
	struct scram_row *rows;
	result r = attempt->user.n > LIMIT_ADDRESS ? fail(NOT_FOUND, wrong)
	    : account_find(a->store, arena, attempt->user, &account);

	if (r.is == MALFORMED || r.is == NOT_FOUND || r.is == OVER_LIMIT) {
		account = (struct account_info){ .address = attempt->user };
		/* Who is there has one salt by all spellings of his name; who
		 * is not must not differ in that. */
		if (attempt->user.n <= LIMIT_ADDRESS)
			TRY(account_spelling(a->store, arena, attempt->user,
			    &account.address));
	} else if (r.is != OK) {
		return r;
	}
	p->address = arena_copy(arena, account.address);
	p->who = (struct identity){ .account = account.id,
		.password_version = account.password_version };
	if (account.id != 0
	    && !view_copy(account.address, p->who.address,
	        sizeof p->who.address))
		return fail(FAILED, "an address in the store is too long");
	auth_throttle_account(throttle, p->address);
	TRY(make_salt(a->scram_key, account.id, throttle->account, p->salt));
	TRY(scram_list(a->store, arena, account.id, &rows, &p->count));
	p->rows = rows;
	return arena_result(arena);
}

result
auth_party_find(struct auth *a, struct arena *arena,
    const struct auth_attempt *attempt, struct auth_party *p,
    unsigned *delay_ms)
{
	struct auth_throttle throttle;
	result r;

	*p = (struct auth_party){ .count = 0 };
	auth_throttle_peer(&throttle, attempt->peer);
	r = auth_throttle_check(a->store, &throttle, clock_now());
	if (r.is == OK)
		return find(a, arena, attempt, &throttle, p);
	*delay_ms = AUTH_REFUSED_DELAY_MS;
	auth_tell(attempt, r, *delay_ms);
	return r;
}

static void
wipe(view keys)
{
	secret_wipe((void *)(uintptr_t)keys.p, keys.n);
}

void
auth_party_wipe(struct auth_party *p)
{
	for (size_t i = 0; i < p->count && p->rows != NULL; i++) {
		wipe(p->rows[i].sha256);
		wipe(p->rows[i].sha1);
	}
	p->count = 0;
}

static bool
fits(const struct scram_row *row, enum scram_hash hash,
    const struct scram *scram, struct scram_keys *keys)
{
	view both = hash == SCRAM_SHA1 ? row->sha1 : row->sha256;
	size_t n = scram_size(hash);

	if (both.n != 2 * n)
		return false;
	memcpy(keys->stored, both.p, n);
	memcpy(keys->server, both.p + n, n);
	return scram_fits(scram, keys);
}

/* The main password is good for all; an app password, for what it may. */
static const struct scram_row *
match(const struct auth_attempt *attempt, const struct auth_party *p,
    enum scram_hash hash, const struct scram *scram, struct scram_keys *keys)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < p->count; i++) {
		const struct scram_row *row = &p->rows[i];

		if (fits(row, hash, scram, keys)
		    && (row->app.id == 0
		        || auth_app_good(&row->app, p->who.account, attempt,
		            now)))
			return row;
	}
	return NULL;
}

result
auth_party_prove(struct auth *a, const struct auth_attempt *attempt,
    const struct auth_party *p, enum scram_hash hash,
    const struct scram *scram, struct scram_keys *keys, struct identity *out,
    unsigned *delay_ms)
{
	const struct scram_row *row = match(attempt, p, hash, scram, keys);
	struct auth_throttle throttle;
	int64_t now = clock_now();
	result r;

	*delay_ms = 0;
	*out = (struct identity){ .account = 0 };
	auth_throttle_peer(&throttle, attempt->peer);
	/* Again: many may have begun before the first was wrong. */
	r = auth_throttle_check(a->store, &throttle, now);
	if (r.is != OK) {
		*delay_ms = AUTH_REFUSED_DELAY_MS;
		auth_tell(attempt, r, *delay_ms);
		return r;
	}
	auth_throttle_account(&throttle, p->address);
	if (row == NULL) {
		*delay_ms = auth_throttle_failed(a->store, &throttle, now);
		auth_tell(attempt, fail(DENIED, wrong), *delay_ms);
		return fail(DENIED, wrong);
	}
	*out = p->who;
	out->app = row->app.id;
	out->rights = row->app.rights;
	auth_note(a, out, attempt, now);
	auth_throttle_passed(a->store, &throttle, now);
	auth_tell(attempt, done(), 0);
	return done();
}
