#include "mailcore/admin/dkim.h"

#include "mailcore/admin/check.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/clock.h"

static view
setting_name(struct arena *arena, view domain)
{
	return arena_print(arena, "dkim-selector:%.*s", (int)domain.n,
	    domain.p);
}

/* The year says how old a key is; a letter leaves room for the next. */
static result
choose_selector(struct store *store, struct arena *arena, view domain,
    view *out)
{
	view name = setting_name(arena, domain);
	result r = setting_get(store, arena, name, out);

	if (r.is != NOT_FOUND)
		return r;
	*out = arena_print(arena, "p%da", date_of(clock_now()).year);
	TRY(arena_result(arena));
	return setting_set(store, name, *out);
}

static result
find_key(struct signer *signer, view domain, struct arena *arena,
    struct dkim_key *out)
{
	struct signer_key keys[LIMIT_SIGNER_KEYS];
	size_t count;

	TRY(signer_keys(signer, domain, arena, keys, COUNT(keys), &count));
	for (size_t i = 0; i < count; i++)
		if (view_eq(keys[i].selector, out->selector)) {
			out->key = keys[i].key;
			return done();
		}
	return fail(NOT_FOUND, "no key of that selector");
}

result
dkim_ensure(struct store *store, struct signer *signer, view name,
    struct arena *arena, struct dkim_key *out)
{
	view domain;
	result r;

	TRY(check_domain(name, arena, &domain));
	TRY(choose_selector(store, arena, domain, &out->selector));
	r = find_key(signer, domain, arena, out);
	if (r.is != NOT_FOUND)
		return r;
	r = signer_make(signer, domain, out->selector, SIGNER_RSA_SHA256);
	/* It is there and was not offered. */
	if (r.is == EXISTS)
		return fail(FAILED, "the DKIM key is damaged");
	TRY(r);
	return find_key(signer, domain, arena, out);
}

static view
second_setting(struct arena *arena, view domain)
{
	return arena_print(arena, "dkim-selector-ed25519:%.*s", (int)domain.n,
	    domain.p);
}

result
dkim_second(struct store *store, struct signer *signer, view name,
    struct arena *arena, struct dkim_key *out)
{
	view domain;
	result r;

	TRY(check_domain(name, arena, &domain));
	out->selector = arena_print(arena, "e%da", date_of(clock_now()).year);
	TRY(arena_result(arena));
	r = find_key(signer, domain, arena, out);
	if (r.is == NOT_FOUND) {
		TRY(signer_make(signer, domain, out->selector,
		    SIGNER_ED25519_SHA256));
		r = find_key(signer, domain, arena, out);
	}
	TRY(r);
	return setting_set(store, second_setting(arena, domain),
	    out->selector);
}

result
dkim_second_end(struct store *store, view name, struct arena *arena)
{
	view domain;

	TRY(check_domain(name, arena, &domain));
	return setting_set(store, second_setting(arena, domain), VIEW(""));
}
