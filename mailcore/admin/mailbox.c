#include "mailcore/admin/admin.h"

#include "mailcore/admin/check.h"
#include "mailcore/auth/scram_keys.h"
#include "mailcore/sys/random.h"

enum {
	ADMIN_ARENA = 65536,
	HASH_TEXT = 512,
	MADE_GROUPS = 4, /* of 31 letters and digits: 99 bits */
	MADE_GROUP = 5
};

static result
find_in(struct store *store, struct arena *arena, view text, int64_t *out)
{
	struct account_info account;
	view address, domain;
	result r;

	TRY(check_address(text, arena, &address, &domain));
	r = account_find(store, arena, address, &account);
	if (r.is == NOT_FOUND
	    || (r.is == OK && !view_same(account.address, address)))
		return fail(NOT_FOUND, "there is no mailbox of that address");
	*out = account.id;
	return r;
}

/* The account whose own address it is, not one that an alias leads to. */
static result
find(struct store *store, view text, int64_t *out)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	result r = find_in(store, arena, text, out);

	arena_free(&arena);
	return r;
}

static result
check_hash(view hash)
{
	result r = hash.n > HASH_TEXT
	    ? fail(MALFORMED, "longer than any password hash")
	    : auth_verify(hash, VIEW("x"));

	if (r.is == MALFORMED)
		return fail(MALFORMED, "expected a hash of"
		    " {ARGON2ID}, {ARGON2I}, {BLF-CRYPT}, {SHA512-CRYPT},"
		    " {SHA256-CRYPT}, {SSHA512}, {SSHA256}, {SSHA} or {CRYPT}"
		    " (bcrypt, SHA-crypt, yescrypt)");
	return r.is == DENIED ? done() : r;
}

static result
check_mailbox(struct store *store, struct arena *arena,
    const struct admin_mailbox *m, view *address)
{
	struct domain hosted;
	view domain;
	result r;

	TRY(check_address(m->address, arena, address, &domain));
	TRY(check_name(m->name));
	r = domain_find(store, arena, domain, &hosted);
	return r.is == NOT_FOUND
	    ? fail(NOT_FOUND, "the address' domain is not hosted here; add it"
		" first")
	    : r;
}

static const char taken[] = "that address is taken already";

/* A hash takes its time: not for one who is there. */
static result
check_free(struct store *store, struct arena *arena, view address)
{
	int64_t id;
	result r = find_in(store, arena, address, &id);

	if (r.is == OK)
		return fail(EXISTS, taken);
	return r.is == NOT_FOUND ? done() : r;
}

/* Wholly, or not at all. */
static result
keep(struct store *store, int64_t id, view hash, view password)
{
	result r = password.n > 0
	    ? auth_scram_keep(store, id, hash, password) : done();

	if (r.is == OK)
		r = store_sync(store);
	if (r.is != OK) {
		result back = account_remove(store, id);

		(void)back; /* why it failed at first is said */
	}
	return r;
}

static result
add(struct store *store, struct arena *arena, const struct admin_mailbox *m,
    struct buf *hash)
{
	struct account_new fresh = { .name = m->name, .quota = m->quota,
		.disabled = m->disabled };
	int64_t id;
	result r;

	TRY(check_mailbox(store, arena, m, &fresh.address));
	TRY(check_free(store, arena, fresh.address));
	if (m->hash.n > 0)
		TRY(check_hash(m->hash));
	else
		TRY(auth_hash(m->password, hash));
	fresh.password = m->hash.n > 0 ? m->hash : buf_view(hash);
	r = account_add_as(store, &fresh, &id);
	if (r.is == EXISTS)
		return fail(EXISTS, taken);
	TRY(r);
	return keep(store, id, fresh.password,
	    m->hash.n > 0 ? VIEW("") : m->password);
}

result
admin_mailbox_make(struct store *store, const struct admin_mailbox *m)
{
	struct arena *arena = arena_new(ADMIN_ARENA);
	struct buf hash = buf_new(HASH_TEXT);
	result r = add(store, arena, m, &hash);

	buf_free(&hash);
	arena_free(&arena);
	return r;
}

result
admin_mailbox_add(struct store *store, view address, view name, view password)
{
	const struct admin_mailbox m = { .address = address, .name = name,
		.password = password };

	return admin_mailbox_make(store, &m);
}

result
admin_mailbox_remove(struct store *store, view address)
{
	int64_t id;

	TRY(find(store, address, &id));
	TRY(account_remove(store, id));
	return store_sync(store);
}

result
admin_mailbox_enable(struct store *store, view address, bool enabled)
{
	int64_t id;

	TRY(find(store, address, &id));
	TRY(account_set_enabled(store, id, enabled));
	return store_sync(store);
}

result
admin_quota_set(struct store *store, view address, int64_t bytes)
{
	int64_t id;

	TRY(find(store, address, &id));
	TRY(account_set_quota(store, id, bytes));
	return store_sync(store);
}

/* `password`: what it is of, where that is known; or empty. */
static result
set_hash(struct store *store, view address, view hash, view password)
{
	int64_t id;

	TRY(find(store, address, &id));
	TRY(account_set_password(store, id, hash));
	if (password.n > 0)
		TRY(auth_scram_keep(store, id, hash, password));
	return store_sync(store);
}

result
admin_password_set(struct store *store, view address, view password)
{
	struct buf hash = buf_new(HASH_TEXT);
	result r = auth_hash(password, &hash);

	if (r.is == OK)
		r = set_hash(store, address, buf_view(&hash), password);
	buf_free(&hash);
	return r;
}

result
admin_password_import(struct store *store, view address, view hash)
{
	TRY(check_hash(hash));
	return set_hash(store, address, hash, VIEW(""));
}

/* Letters and digits that look and sound like no other. */
void
admin_password_make(struct buf *out)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";

	for (int i = 0; i < MADE_GROUPS * MADE_GROUP; i++) {
		if (i > 0 && i % MADE_GROUP == 0)
			buf_add_byte(out, '-');
		buf_add_byte(out, letters[random_number(sizeof letters - 1)]);
	}
}
