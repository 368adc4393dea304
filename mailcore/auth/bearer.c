#include "mailcore/auth/bearer.h"

#include "mailcore/auth/inside.h"
#include "mailcore/auth/throttle.h"
#include "mailcore/sys/clock.h"

enum { BEARER_ARENA = 32768 /* two accounts' rows */ };

static const char wrong[] = "the token is not good for that";

void
auth_tokens_set(struct auth *a, struct token_desk *desk)
{
	a->tokens = desk;
}

struct token_desk *
auth_tokens(const struct auth *a)
{
	return a->tokens;
}

result
auth_bearer_may(struct auth *a, const struct auth_attempt *attempt,
    unsigned *delay_ms)
{
	struct auth_throttle throttle;
	result r;

	*delay_ms = 0;
	auth_throttle_peer(&throttle, attempt->peer);
	r = auth_throttle_check(a->store, &throttle, clock_now());
	if (r.is != OK) {
		*delay_ms = AUTH_REFUSED_DELAY_MS;
		auth_tell(attempt, r, *delay_ms);
	}
	return r;
}

static result
find(struct auth *a, struct arena *arena, view address,
    struct account_info *out)
{
	result r = address.n > LIMIT_ADDRESS ? fail(NOT_FOUND, wrong)
	    : account_find(a->store, arena, address, out);

	return r.is == MALFORMED || r.is == NOT_FOUND || r.is == OVER_LIMIT
	    ? fail(DENIED, wrong) : r;
}

static result
find_owner(struct auth *a, struct arena *arena,
    const struct auth_attempt *attempt, const struct token_owner *owner,
    struct account_info *out)
{
	struct account_info named;

	TRY(find(a, arena, view_of(owner->address), out));
	if (!out->enabled)
		return fail(DENIED, wrong);
	if (attempt->user.n == 0)
		return done();
	TRY(find(a, arena, attempt->user, &named));
	return named.id == out->id ? done() : fail(DENIED, wrong);
}

static result
enter(struct auth *a, const struct auth_attempt *attempt,
    const struct account_info *account, struct identity *out, int64_t now)
{
	struct auth_throttle throttle;

	*out = (struct identity){ .account = account->id, .rights = APP_ALL,
		.password_version = account->password_version };
	if (!view_copy(account->address, out->address, sizeof out->address))
		return fail(FAILED, "an address in the store is too long");
	auth_note(a, out, attempt, now);
	auth_throttle_peer(&throttle, attempt->peer);
	auth_throttle_account(&throttle, account->address);
	auth_throttle_passed(a->store, &throttle, now);
	return done();
}

static unsigned
count_failure(struct auth *a, const struct auth_attempt *attempt,
    const struct token_owner *owner, int64_t now)
{
	view address = view_of(owner->address);
	struct auth_throttle throttle;

	auth_throttle_peer(&throttle, attempt->peer);
	auth_throttle_account(&throttle,
	    attempt->user.n > 0 ? attempt->user : address);
	return auth_throttle_failed(a->store, &throttle, now);
}

result
auth_bearer(struct auth *a, const struct auth_attempt *attempt, result found,
    const struct token_owner *owner, struct identity *out, unsigned *delay_ms)
{
	struct arena *arena = arena_new(BEARER_ARENA);
	struct account_info account = { .id = 0 };
	int64_t now = clock_now();
	result r = found;

	*delay_ms = 0;
	*out = (struct identity){ .account = 0 };
	if (r.is == OK)
		r = find_owner(a, arena, attempt, owner, &account);
	if (r.is == OK)
		r = enter(a, attempt, &account, out, now);
	if (r.is != OK)
		*out = (struct identity){ .account = 0 };
	if (r.is == DENIED)
		*delay_ms = count_failure(a, attempt, owner, now);
	auth_tell(attempt, r, *delay_ms);
	arena_free(&arena);
	return r;
}
