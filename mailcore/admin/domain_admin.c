/* Who administers a domain, as the operator says; and its aliases. */
#include "mailcore/admin/domain_admin.h"

#include "mailcore/admin/alias.h"
#include "mailcore/admin/check.h"
#include "mailcore/sys/log.h"

enum { ADMIN_ARENA = 1 << 20 };

static result
find_domain(struct store *store, struct arena *arena, view text,
    struct domain *out)
{
	view name;
	result r;

	TRY(check_domain(text, arena, &name));
	r = domain_find(store, arena, name, out);
	return r.is == NOT_FOUND
	    ? fail(NOT_FOUND, "that domain is not hosted here")
	    : r;
}

/* Of both, by name: an alias is nobody's own address. */
static result
find_both(struct store *store, struct arena *arena, view domain, view text,
    int64_t *of, int64_t *account)
{
	struct account_info info;
	struct domain hosted;
	view address, rest;
	result r;

	TRY(find_domain(store, arena, domain, &hosted));
	TRY(check_address(text, arena, &address, &rest));
	r = account_find(store, arena, address, &info);
	if (r.is == NOT_FOUND
	    || (r.is == OK && !view_same(info.address, address)))
		return fail(NOT_FOUND, "there is no mailbox of that address");
	TRY(r);
	*of = hosted.id;
	*account = info.id;
	return done();
}

result
domain_admin_add(struct store *store, view domain, view address)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	int64_t of, account;
	result r = find_both(store, arena, domain, address, &of, &account);

	if (r.is == OK)
		r = administrator_add(store, of, account);
	arena_free(&arena);
	TRY(r);
	return store_sync(store);
}

result
domain_admin_remove(struct store *store, view domain, view address)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	int64_t of, account;
	result r = find_both(store, arena, domain, address, &of, &account);

	if (r.is == OK) {
		r = administrator_remove(store, of, account);
		if (r.is == NOT_FOUND)
			r = fail(NOT_FOUND, "that mailbox does not administer"
			    " that domain");
	}
	arena_free(&arena);
	TRY(r);
	return store_sync(store);
}

result
domain_admin_list(struct store *store, struct arena *arena, view domain,
    view **out, size_t *count)
{
	struct domain hosted;

	*out = NULL;
	*count = 0;
	TRY(find_domain(store, arena, domain, &hosted));
	return administrator_list(store, arena, hosted.id, out, count);
}

result
domain_admin_limit(struct store *store, view domain,
    const struct domain_share *limit)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct domain hosted;
	result r = find_domain(store, arena, domain, &hosted);

	if (r.is == OK)
		r = domain_limit_set(store, hosted.id, limit);
	arena_free(&arena);
	TRY(r);
	return store_sync(store);
}

result
domain_admin_share(struct store *store, view domain,
    struct domain_share *limit, struct domain_share *used)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct domain hosted;
	result r = find_domain(store, arena, domain, &hosted);

	if (r.is == OK)
		r = domain_share_get(store, hosted.id, limit, used);
	arena_free(&arena);
	return r;
}

result
domain_admin_aliases(const struct domain_admin *w, struct arena *arena,
    int64_t domain, struct alias **out, size_t *count)
{
	struct domain hosted;

	*out = NULL;
	*count = 0;
	TRY(administrator_may(w->store, arena, w->account, domain, &hosted));
	return alias_list(w->store, arena, hosted.name, out, count);
}

/* In that domain and no other, whatever was typed. */
static result
check_alias(const struct domain *hosted, view text, struct arena *arena)
{
	view address, domain;

	if (view_at(text, 0) == '@')
		TRY(check_domain(view_from(text, 1), arena, &domain));
	else
		TRY(check_address(text, arena, &address, &domain));
	return view_eq(domain, hosted->name)
	    ? done()
	    : fail(MALFORMED, "expected an address of this domain");
}

static result
add_alias(const struct domain_admin *w, struct arena *arena, int64_t domain,
    view address, view target)
{
	struct domain hosted, *own;
	size_t count;

	TRY(administrator_may(w->store, arena, w->account, domain, &hosted));
	TRY(check_alias(&hosted, address, arena));
	TRY(administrator_domains(w->store, arena, w->account, &own, &count));
	if (count == 0) /* removed this moment; nobody's own is an operator's */
		return fail(NOT_FOUND, "you administer no such domain");
	TRY(admin_alias_put_within(w->store, own, count, address, target));
	log_line(LOG_INFO, "domain.alias", "by=%lld domain=%lld did=add",
	    (long long)w->account, (long long)domain);
	return done();
}

result
domain_admin_alias_add(const struct domain_admin *w, int64_t domain,
    view address, view target)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	result r = add_alias(w, arena, domain, address, target);

	arena_free(&arena);
	return r;
}

static result
remove_alias(const struct domain_admin *w, struct arena *arena,
    int64_t domain, view address)
{
	struct domain hosted;

	TRY(administrator_may(w->store, arena, w->account, domain, &hosted));
	TRY(check_alias(&hosted, address, arena));
	TRY(admin_alias_remove(w->store, address));
	log_line(LOG_INFO, "domain.alias", "by=%lld domain=%lld did=remove",
	    (long long)w->account, (long long)domain);
	return done();
}

result
domain_admin_alias_remove(const struct domain_admin *w, int64_t domain,
    view address)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	result r = remove_alias(w, arena, domain, address);

	arena_free(&arena);
	return r;
}
