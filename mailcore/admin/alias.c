#include "mailcore/admin/alias.h"

#include "mailcore/admin/check.h"
#include "mailcore/admin/handling.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"

enum { ALIAS_ARENA = 1 << 20 };

/* "local@domain" or "@domain", normalised. */
static result
check(view text, struct arena *arena, view *out)
{
	view domain;

	if (view_at(text, 0) != '@')
		return check_address(text, arena, out, &domain);
	TRY(check_domain(view_from(text, 1), arena, &domain));
	*out = arena_print(arena, "@%.*s", (int)domain.n, domain.p);
	return arena_result(arena);
}

/* What the target means; of a mailbox also its account. */
static result
read_target(struct store *store, struct arena *arena, view text,
    struct alias *out, int64_t *account)
{
	view refuse = VIEW("refuse:");
	struct account_info info;
	result r;

	*account = 0;
	if (view_eq(text, VIEW("everyone")) || view_eq(text, VIEW("discard"))) {
		out->kind = view_at(text, 0) == 'e' ? ALIAS_EVERYONE
						    : ALIAS_DISCARD;
		return done();
	}
	if (view_starts(text, refuse)) {
		out->kind = ALIAS_REFUSE;
		out->target = view_trim(view_from(text, refuse.n));
		if (out->target.n == 0)
			return fail(MALFORMED,
			    "expected what senders are told, behind refuse:");
		return check_name(out->target);
	}
	TRY(admin_addresses(text, LIMIT_ALIAS_ADDRESSES, arena,
	    &out->target));
	out->kind = ALIAS_FORWARD;
	if (view_find_byte(text, ',') != SIZE_MAX)
		return done();
	r = account_find(store, arena, text, &info);
	if (r.is == OK) {
		out->kind = ALIAS_MAILBOX;
		*account = info.id;
	}
	return r.is == NOT_FOUND ? done() : r;
}

/* Where nothing is hosted, mail goes on; here it must lead somewhere. */
static result
check_forward(struct store *store, struct arena *arena,
    const struct alias *alias)
{
	view rest = alias->target, line;

	while (alias->kind == ALIAS_FORWARD && view_line(&rest, &line)) {
		view domain = line;
		struct domain hosted;
		struct destination to;
		result r;

		(void)view_cut_last(&domain, '@');
		r = domain_canonical(store, arena, domain, &hosted);
		if (r.is == OK)
			r = alias_resolve(store, arena, line, 0, &to);
		else if (r.is == NOT_FOUND)
			continue;
		if (r.is == NOT_FOUND || view_same(line, alias->address))
			return fail(NOT_FOUND, "expected a mailbox of this"
			    " server as its target, found none of that"
			    " address");
		if (r.is != STALE)
			TRY(r);
	}
	return done();
}

static result
add(struct store *store, struct arena *arena, view text, view target,
    int64_t expires)
{
	struct alias alias = { .expires = expires };
	int64_t account;
	result r;

	TRY(check(text, arena, &alias.address));
	TRY(read_target(store, arena, target, &alias, &account));
	TRY(check_forward(store, arena, &alias));
	r = alias_put(store, &alias, account);
	if (r.is == EXISTS)
		return fail(EXISTS, "that address is taken already");
	TRY(r);
	return store_sync(store);
}

result
admin_alias_put(struct store *store, view address, view target,
    int64_t expires)
{
	struct arena *arena = arena_new(ALIAS_ARENA);
	result r = add(store, arena, address, target, expires);

	arena_free(&arena);
	return r;
}

static result
expire(struct store *store, struct arena *arena, view text, int64_t expires)
{
	view address;
	result r;

	TRY(check(text, arena, &address));
	r = alias_set_expiry(store, address, expires);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "there is no alias of that address");
	TRY(r);
	return store_sync(store);
}

result
admin_alias_expire(struct store *store, view address, int64_t expires)
{
	struct arena *arena = arena_new(ALIAS_ARENA);
	result r = expire(store, arena, address, expires);

	arena_free(&arena);
	return r;
}

static result
remove_one(struct store *store, struct arena *arena, view text)
{
	view address;
	result r;

	TRY(check(text, arena, &address));
	r = alias_remove(store, address);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "there is no alias of that address");
	TRY(r);
	return store_sync(store);
}

result
admin_alias_remove(struct store *store, view address)
{
	struct arena *arena = arena_new(ALIAS_ARENA);
	result r = remove_one(store, arena, address);

	arena_free(&arena);
	return r;
}

result
admin_alias_list(struct store *store, struct arena *arena, view text,
    struct alias **out, size_t *count)
{
	struct domain hosted;
	view domain;
	result r;

	TRY(check_domain(text, arena, &domain));
	r = domain_find(store, arena, domain, &hosted);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "that domain is not hosted here");
	TRY(r);
	return alias_list(store, arena, hosted.name, out, count);
}
