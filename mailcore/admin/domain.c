#include "mailcore/admin/admin.h"

#include "mailcore/admin/check.h"

enum { ADMIN_ARENA = 65536 };

static result
explain_domain(result r)
{
	switch (r.is) {
	case NOT_FOUND:
		return fail(NOT_FOUND, "that domain is not hosted here");
	case EXISTS:
		return fail(EXISTS, "that domain is hosted here already");
	case DENIED:
		return fail(DENIED,
		    "mailboxes are in that domain; remove them first");
	case OK:
	case MALFORMED:
	case OVER_LIMIT:
	case STALE:
	case BUSY:
	case NO_SPACE:
	case FAILED:
		break;
	}
	return r;
}

result
admin_domain_add(struct store *store, view name, view display_name)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	view normal;
	int64_t id;
	result r = check_domain(name, arena, &normal);

	if (r.is == OK)
		r = check_name(display_name);
	if (r.is == OK)
		r = domain_add(store, normal,
		    display_name.n > 0 ? display_name : normal, &id);
	if (r.is == OK)
		r = store_sync(store);
	arena_free(&arena);
	return explain_domain(r);
}

result
admin_domain_remove(struct store *store, view name)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	view normal;
	result r = check_domain(name, arena, &normal);

	if (r.is == OK)
		r = domain_remove(store, normal);
	if (r.is == OK)
		r = store_sync(store);
	arena_free(&arena);
	return explain_domain(r);
}

result
admin_domain_enable(struct store *store, view name, bool enabled)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct domain domain;
	view normal;
	result r = check_domain(name, arena, &normal);

	if (r.is == OK)
		r = domain_find(store, arena, normal, &domain);
	if (r.is == OK)
		r = domain_set_enabled(store, domain.id, enabled);
	if (r.is == OK)
		r = store_sync(store);
	arena_free(&arena);
	return explain_domain(r);
}

result
admin_domain_alias_add(struct store *store, view name, view target)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	view from, to;
	result r = check_domain(name, arena, &from);

	if (r.is == OK)
		r = check_domain(target, arena, &to);
	if (r.is == OK)
		r = domain_alias_add(store, from, to);
	if (r.is == EXISTS)
		r = fail(EXISTS, "that domain is hosted here, or stands for"
		    " one, already");
	else if (r.is == NOT_FOUND)
		r = fail(NOT_FOUND, "the domain it shall stand for is not"
		    " hosted here");
	if (r.is == OK)
		r = store_sync(store);
	arena_free(&arena);
	return r;
}

result
admin_domain_alias_remove(struct store *store, view name)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	view normal;
	result r = check_domain(name, arena, &normal);

	if (r.is == OK)
		r = domain_alias_remove(store, normal);
	if (r.is == NOT_FOUND)
		r = fail(NOT_FOUND, "that domain stands for no other");
	if (r.is == OK)
		r = store_sync(store);
	arena_free(&arena);
	return r;
}
