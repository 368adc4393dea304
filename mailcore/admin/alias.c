#include "mailcore/admin/alias.h"

#include "mailcore/admin/check.h"
#include "mailcore/admin/handling.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"

enum { ALIAS_ARENA = 1 << 20 };

/* Whose: of `count` domains; of an operator when own is NULL. */
struct scope {
	struct store *store;
	struct arena *arena;
	const struct domain *own;
	size_t count;
};

static bool
is_own(const struct scope *s, int64_t domain)
{
	bool own = s->own == NULL;

	for (size_t i = 0; i < s->count && !own; i++)
		own = s->own[i].id == domain;
	return own;
}

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
read_target(const struct scope *s, view text, struct alias *out,
    int64_t *account)
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
	TRY(admin_addresses(text, LIMIT_ALIAS_ADDRESSES, s->arena,
	    &out->target));
	if (out->target.n == 0)
		return fail(MALFORMED, "expected where mail to it goes");
	out->kind = ALIAS_FORWARD;
	if (view_find_byte(text, ',') != SIZE_MAX)
		return done();
	r = account_find(s->store, s->arena, text, &info);
	if (r.is == OK && is_own(s, info.domain)) {
		out->kind = ALIAS_MAILBOX;
		*account = info.id;
	}
	return r.is == NOT_FOUND ? done() : r;
}

/* Where nothing is hosted, mail goes on; here it must lead somewhere. */
static result
check_forward(const struct scope *s, const struct alias *alias)
{
	view rest = alias->target, line;

	while (alias->kind == ALIAS_FORWARD && view_line(&rest, &line)) {
		view domain = line;
		struct domain hosted;
		struct destination to;
		result r;

		(void)view_cut_last(&domain, '@');
		r = domain_canonical(s->store, s->arena, domain, &hosted);
		if (r.is == NOT_FOUND
		    || (r.is == OK && !is_own(s, hosted.id)))
			continue;
		if (r.is == OK)
			r = alias_resolve(s->store, s->arena, line, 0, &to);
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
add(const struct scope *s, view text, view target, int64_t expires)
{
	struct alias alias = { .expires = expires };
	int64_t account;
	result r;

	TRY(check(text, s->arena, &alias.address));
	TRY(read_target(s, target, &alias, &account));
	TRY(check_forward(s, &alias));
	r = s->own == NULL ? alias_put(s->store, &alias, account)
			   : alias_put_limited(s->store, &alias, account);
	if (r.is == EXISTS)
		return fail(EXISTS, "that address is taken already");
	TRY(r);
	return store_sync(s->store);
}

result
admin_alias_put(struct store *store, view address, view target,
    int64_t expires)
{
	struct scope s = { .store = store, .arena = arena_new(ALIAS_ARENA) };
	result r = add(&s, address, target, expires);

	arena_free(&s.arena);
	return r;
}

result
admin_alias_put_within(struct store *store, const struct domain *own,
    size_t count, view address, view target)
{
	struct scope s = { .store = store, .arena = arena_new(ALIAS_ARENA),
		.own = own, .count = count };
	result r = add(&s, address, target, 0);

	arena_free(&s.arena);
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
