/* The mailboxes of a domain, as its administrators keep them. */
#include "mailcore/admin/domain_admin.h"

#include "mailcore/admin/check.h"
#include "mailcore/admin/person.h"
#include "mailcore/admin/strength.h"
#include "mailcore/auth/scram_keys.h"
#include "mailcore/store/session.h"
#include "mailcore/sys/log.h"

enum { ADMIN_ARENA = 65536, HASH_TEXT = 512 };

static void
tell(const struct domain_admin *w, const char *did, int64_t mailbox)
{
	log_line(LOG_INFO, "domain.mailbox", "by=%lld did=%s account=%lld",
	    (long long)w->account, did, (long long)mailbox);
	person_tell(w->post, mailbox);
}

static result
find_mailbox(const struct domain_admin *w, struct arena *arena, int64_t id,
    struct account_info *out)
{
	static const char why[] = "no such mailbox in a domain of yours";
	struct domain domain;
	result r = account_get(w->store, arena, id, out);

	if (r.is == OK)
		r = administrator_may(w->store, arena, w->account,
		    out->domain, &domain);
	return r.is == NOT_FOUND ? fail(NOT_FOUND, why) : r;
}

result
domain_admin_mailbox(const struct domain_admin *w, struct arena *arena,
    int64_t id, struct account_info *out)
{
	return find_mailbox(w, arena, id, out);
}

result
domain_admin_mailboxes(const struct domain_admin *w, struct arena *arena,
    int64_t domain, view after, size_t most, struct account_info **out,
    size_t *count)
{
	struct domain hosted;

	*out = NULL;
	*count = 0;
	TRY(administrator_may(w->store, arena, w->account, domain, &hosted));
	TRY(account_page(w->store, arena, domain, after, most, out, count));
	for (size_t i = 0; i < *count; i++) {
		struct account_info now;
		result r = account_get(w->store, arena, (*out)[i].id, &now);

		/* One that was removed since is told as it was. */
		if (r.is == NOT_FOUND)
			continue;
		TRY(r);
		(*out)[i] = now;
	}
	return done();
}

static result
make_hash(const struct domain_admin *w, view password, view address,
    view name, struct buf *hash, bool *weak)
{
	result r = strength_check(password, address, name, w->strength);

	*weak = r.is != OK;
	TRY(r);
	return auth_hash(password, hash);
}

static result
add(const struct domain_admin *w, struct arena *arena, int64_t domain,
    const struct mailbox_wanted *wanted, struct buf *hash, int64_t *id,
    bool *weak)
{
	struct account_new fresh;
	struct domain hosted;
	view address, rest;
	result r;

	TRY(administrator_may(w->store, arena, w->account, domain, &hosted));
	if (view_find_byte(wanted->local_part, '\0') != SIZE_MAX)
		return fail(MALFORMED, "expected the part before @ alone");
	address = arena_print(arena, "%.*s@%.*s", (int)wanted->local_part.n,
	    wanted->local_part.p, (int)hosted.name.n, hosted.name.p);
	TRY(arena_result(arena));
	TRY(check_address(address, arena, &address, &rest));
	if (!view_eq(rest, hosted.name))
		return fail(MALFORMED, "expected the part before @ alone");
	TRY(check_name(wanted->name));
	TRY(make_hash(w, wanted->password, address, wanted->name, hash,
	    weak));
	fresh = (struct account_new){ .address = address,
		.name = wanted->name, .password = buf_view(hash),
		.quota = wanted->quota, .limited = true };
	r = account_add_as(w->store, &fresh, id);
	if (r.is == EXISTS)
		return fail(EXISTS, "that address is taken already");
	TRY(r);
	TRY(auth_scram_keep(w->store, *id, buf_view(hash),
	    wanted->password));
	return store_sync(w->store);
}

result
domain_admin_mailbox_add(const struct domain_admin *w, int64_t domain,
    const struct mailbox_wanted *wanted, int64_t *id, bool *weak)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct buf hash = buf_new(HASH_TEXT);
	result r;

	*id = 0;
	*weak = false;
	r = add(w, arena, domain, wanted, &hash, id, weak);
	buf_free(&hash);
	arena_free(&arena);
	if (r.is == OK)
		tell(w, "add", *id);
	return r;
}

result
domain_admin_quota(const struct domain_admin *w, int64_t id, int64_t bytes)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct account_info mailbox;
	result r = find_mailbox(w, arena, id, &mailbox);

	arena_free(&arena);
	if (r.is == OK)
		r = account_set_quota_limited(w->store, id, bytes);
	if (r.is == OK)
		r = store_sync(w->store);
	if (r.is == OK)
		tell(w, "quota", id);
	return r;
}

/* Whoever can shut somebody out, or come in by a new password, must be above
 * them in everything. */
static result
find_below(const struct domain_admin *w, struct arena *arena, int64_t id,
    struct account_info *out)
{
	TRY(find_mailbox(w, arena, id, out));
	return administrator_covers(w->store, w->account, id);
}

/* Nor oneself: whoever sits down at an open browser has not the password. */
static result
find_other(const struct domain_admin *w, struct arena *arena, int64_t id,
    struct account_info *out)
{
	TRY(find_below(w, arena, id, out));
	return id != w->account
	    ? done()
	    : fail(DENIED, "your own mailbox is neither disabled nor removed"
		" here, and its password is changed where the old one is"
		" asked for");
}

/* And what the operator has switched off stays as it is. */
static result
may_switch(const struct domain_admin *w, int64_t id)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct account_info mailbox;
	result r = find_other(w, arena, id, &mailbox);

	if (r.is == OK && mailbox.withheld)
		r = fail(DENIED, "the operator has switched this mailbox, or"
		    " its domain, off; ask them");
	arena_free(&arena);
	return r;
}

static result
set_password(const struct domain_admin *w, struct arena *arena, int64_t id,
    view password, struct buf *hash, bool *weak)
{
	struct account_info mailbox;

	TRY(find_other(w, arena, id, &mailbox));
	TRY(make_hash(w, password, mailbox.address, mailbox.name, hash,
	    weak));
	TRY(session_set_password(w->store, id, buf_view(hash), 0));
	TRY(auth_scram_keep(w->store, id, buf_view(hash), password));
	return store_sync(w->store);
}

result
domain_admin_password(const struct domain_admin *w, int64_t id,
    view password, bool *weak)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct buf hash = buf_new(HASH_TEXT);
	result r;

	*weak = false;
	r = set_password(w, arena, id, password, &hash, weak);
	buf_free(&hash);
	arena_free(&arena);
	if (r.is == OK)
		tell(w, "password", id);
	return r;
}

result
domain_admin_enable(const struct domain_admin *w, int64_t id, bool enabled)
{
	TRY(may_switch(w, id));
	TRY(account_set_enabled_limited(w->store, id, enabled));
	TRY(store_sync(w->store));
	tell(w, enabled ? "enable" : "disable", id);
	return done();
}

result
domain_admin_mailbox_remove(const struct domain_admin *w, int64_t id)
{
	TRY(may_switch(w, id));
	TRY(account_remove(w->store, id));
	TRY(store_sync(w->store));
	tell(w, "remove", id);
	return done();
}

/* All that may be refused comes before the first change. */
result
domain_admin_state(const struct domain_admin *w, int64_t id, bool enabled,
    int64_t bytes)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct account_info mailbox;
	result r = find_mailbox(w, arena, id, &mailbox);

	arena_free(&arena);
	TRY(r);
	if (enabled != mailbox.enabled)
		TRY(may_switch(w, id));
	if (bytes != mailbox.quota)
		TRY(domain_admin_quota(w, id, bytes));
	return enabled != mailbox.enabled ? domain_admin_enable(w, id, enabled)
					  : done();
}
