#include "mailcore/auth/inside.h"

#include "mailcore/auth/throttle.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	AUTH_ARENA = 16384, /* one account's row */
	DUMMY_TEXT = 256,
	/* Who was right is known for so long, from his network. */
	KNOWN_MS = 7 * 86400000
};

static const char wrong[] = "address or password is wrong";

result
auth_new(struct auth **out, struct store *store)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct auth *a = calloc(1, sizeof *a);
	result r;

	if (a == NULL)
		abort();
	a->store = store;
	a->cache = auth_cache_new();
	a->known = auth_cache_new();
	a->turns = auth_turns_new(processors < 1 ? 1 : (size_t)processors);
	a->notes = notes_new();
	a->dummy = buf_new(DUMMY_TEXT);
	r = auth_hash_nobody(&a->dummy);
	if (r.is == OK)
		r = auth_key(store, VIEW("app-password-key"), a->app_key);
	if (r.is == OK)
		r = auth_key(store, VIEW("form-key"), a->form_key);
	if (r.is == OK)
		r = auth_key(store, VIEW("scram-key"), a->scram_key);
	if (r.is == OK) {
		*out = a;
		a = NULL;
	}
	auth_free(&a);
	return r;
}

void
auth_free(struct auth **auth)
{
	struct auth *a = *auth;

	*auth = NULL;
	if (a == NULL)
		return;
	auth_cache_free(&a->cache);
	notes_free(&a->notes);
	auth_cache_free(&a->known);
	auth_turns_free(&a->turns);
	buf_free(&a->dummy);
	secret_wipe(a->app_key, sizeof a->app_key);
	secret_wipe(a->form_key, sizeof a->form_key);
	secret_wipe(a->scram_key, sizeof a->scram_key);
	free(a);
}

/* One password against one account. */
struct trial {
	const struct account_info *account;
	const struct auth_attempt *attempt;
	const struct auth_throttle *throttle;
	int64_t now; /* steady milliseconds */
	unsigned char known[AUTH_TAG]; /* the account from that network */
};

/* Asked only where a slow check follows. */
static enum auth_standing
standing(struct auth *a, struct trial *t)
{
	auth_cache_tag(a->known, t->account, view_of(t->throttle->network),
	    t->known);
	if (auth_cache_has(a->known, t->known, t->now))
		return AUTH_KNOWN;
	return auth_throttle_suspects(a->store, t->throttle, clock_now())
	    ? AUTH_SUSPECT
	    : AUTH_NEW;
}

static result
verify_slowly(struct auth *a, struct trial *t)
{
	view password = t->attempt->password;
	enum auth_standing as = standing(a, t);
	result r;

	TRY(auth_turns_take(a->turns, as, t->now));
	r = auth_verify(t->account->password, password);
	if (r.is == MALFORMED) {
		/* Not to be told from a wrong password, in time either. */
		log_line(LOG_WARNING, "auth.scheme",
		    "why=\"an account's stored password has an unknown scheme;"
		    " set it anew by posthaste password\"");
		r = auth_verify(buf_view(&a->dummy), password);
	}
	auth_turns_give(a->turns, as, r.is == OK, clock_steady_ms());
	return r;
}

static void
remember(struct auth *a, const struct trial *t, const unsigned char *tag)
{
	auth_cache_add(a->cache, tag, t->now);
	auth_cache_add(a->known, t->known, t->now + KNOWN_MS);
	auth_scram_upgrade(a, t->account, t->attempt->password);
}

static result
check_main(struct auth *a, struct trial *t)
{
	const struct account_info *account = t->account;
	unsigned char tag[AUTH_TAG];
	result r = done();

	auth_cache_tag(a->cache, account, t->attempt->password, tag);
	if (!auth_cache_has(a->cache, tag, t->now)) {
		r = verify_slowly(a, t);
		if (r.is == OK && account->id != 0 && account->enabled)
			remember(a, t, tag);
	}
	secret_wipe(tag, sizeof tag);
	if (r.is == OK && (account->id == 0 || !account->enabled))
		return fail(DENIED, wrong);
	return r.is == DENIED ? fail(DENIED, wrong) : r;
}

/* The same steps for an account and for none.  Whoever knows an app password
 * for nothing here (other rights, another account) waits as for any wrong
 * one. */
static result
check(struct auth *a, struct arena *arena, struct trial *t,
    struct identity *out)
{
	result r = auth_app_check(a, arena,
	    t->account->enabled ? t->account->id : 0, t->attempt, clock_now(),
	    out);

	if (r.is != DENIED)
		return r;
	out->rights = APP_ALL;
	return check_main(a, t);
}

void
auth_tell(const struct auth_attempt *attempt, result r, unsigned delay_ms)
{
	static const char *const words[] = { [OK] = "auth.ok",
		[DENIED] = "auth.denied", [BUSY] = "auth.busy" };
	const char *event = (size_t)r.is < COUNT(words) ? words[r.is] : NULL;

	log_line(r.is == OK ? LOG_DEBUG : LOG_INFO,
	    event == NULL ? "auth.failed" : event,
	    "protocol=%.*s peer=%.*s delay_ms=%u", LOG_VIEW(attempt->protocol),
	    LOG_VIEW(attempt->peer), delay_ms);
	/* Typed into the wrong field, a password is here: for debugging. */
	log_line(LOG_DEBUG, "auth.user", "user=%.*s", LOG_VIEW(attempt->user));
}

static result
attempt_in(struct auth *a, const struct auth_attempt *attempt,
    struct arena *arena, struct identity *out, unsigned *delay_ms)
{
	struct account_info account;
	struct auth_throttle throttle;
	struct trial trial = { &account, attempt, &throttle,
		clock_steady_ms(), { 0 } };
	int64_t now = clock_now();
	result r = fail(NOT_FOUND, wrong);

	auth_throttle_peer(&throttle, attempt->peer);
	r = auth_throttle_check(a->store, &throttle, now);
	if (r.is != OK) {
		*delay_ms = AUTH_REFUSED_DELAY_MS;
		return r;
	}
	r = attempt->user.n > LIMIT_ADDRESS ? fail(NOT_FOUND, wrong)
	    : account_find(a->store, arena, attempt->user, &account);
	if (r.is == MALFORMED || r.is == NOT_FOUND || r.is == OVER_LIMIT)
		account = (struct account_info){ .address = attempt->user,
			.password = buf_view(&a->dummy) };
	else if (r.is != OK)
		return r;
	auth_throttle_account(&throttle, account.address);
	r = check(a, arena, &trial, out);
	if (r.is == OK
	    && !view_copy(account.address, out->address, sizeof out->address))
		return fail(FAILED, "an address in the store is too long");
	if (r.is == OK) {
		out->account = account.id;
		out->password_version = account.password_version;
		auth_note(a, out, attempt, now);
		auth_throttle_passed(a->store, &throttle, now);
	} else if (r.is == DENIED) {
		*delay_ms = auth_throttle_failed(a->store, &throttle, now);
	} else if (r.is == BUSY) {
		*delay_ms = AUTH_REFUSED_DELAY_MS;
	}
	return r;
}

result
auth_password(struct auth *a, const struct auth_attempt *attempt,
    struct identity *out, unsigned *delay_ms)
{
	struct arena *arena = arena_new(AUTH_ARENA);
	result r;

	*delay_ms = 0;
	*out = (struct identity){ .account = 0 };
	r = attempt_in(a, attempt, arena, out, delay_ms);
	auth_tell(attempt, r, *delay_ms);
	arena_free(&arena);
	return r;
}
