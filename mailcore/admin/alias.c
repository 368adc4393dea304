#include "mailcore/admin/alias.h"

#include "mailcore/admin/check.h"
#include "mailcore/store/domain.h"

enum { ALIAS_ARENA = 65536 };

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

static result
add(struct store *store, struct arena *arena, view text, view target)
{
	struct account_info account;
	view address, to, domain;
	result r;

	TRY(check(text, arena, &address));
	TRY(check_address(target, arena, &to, &domain));
	r = account_find(store, arena, to, &account);
	if (r.is == NOT_FOUND)
		return fail(NOT_FOUND, "expected a mailbox of this server as"
		    " its target, found none of that address");
	TRY(r);
	r = alias_add(store, address, account.id);
	if (r.is == EXISTS)
		return fail(EXISTS, "that address is taken already");
	TRY(r);
	return store_sync(store);
}

result
admin_alias_add(struct store *store, view address, view target)
{
	struct arena *arena = arena_new(ALIAS_ARENA);
	result r = add(store, arena, address, target);

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
