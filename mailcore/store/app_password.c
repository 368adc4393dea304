#include "mailcore/store/app_password.h"

#include "mailcore/store/names.h"

#define COLUMNS                                                           \
	"id, account_id, hash, label, rights, networks, created, expires," \
	" used, used_peer, used_protocol, length(scram_sha256),"          \
	" length(scram_sha1)"

enum { RIGHT_DAV_OF_OLD = 1 << 3 };

enum { ADD, REMOVE, FORGET, FIND, LIST, HAVE };

static const char *const sql[] = {
	[ADD] = "INSERT INTO app_password (id, account_id, hash, label,"
		" rights, networks, created, expires)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	[REMOVE] = "DELETE FROM app_password WHERE account_id = $1"
		   " AND id = $2",
	[FORGET] = "DELETE FROM login WHERE account_id = $1 AND app = $2",
	[FIND] = "SELECT " COLUMNS " FROM app_password WHERE hash = $1",
	[LIST] = "SELECT " COLUMNS " FROM app_password WHERE account_id = $1"
		 " ORDER BY id",
	[HAVE] = "SELECT count(*) FROM app_password WHERE account_id = $1",
};

static result
add(struct account *house, void *context)
{
	struct app_password *p = context;
	const struct db_arg account[] = { db_int(p->account) };
	struct db_query q;
	int64_t have = 0;

	db_ask(house->db, &q, sql[HAVE], account, COUNT(account));
	while (db_next(&q))
		have = db_int_at(&q, 0);
	TRY(db_end(&q));
	if (have >= LIMIT_APP_PASSWORDS)
		return fail(OVER_LIMIT,
		    "that mailbox has too many app passwords; revoke some");
	TRY(counter_take(house, VIEW("app_password"), &p->id));
	{
		const struct db_arg args[] = { db_int(p->id),
			db_int(p->account), db_blob(p->hash),
			db_text(p->label), db_int(p->rights),
			db_text(p->networks), db_int(p->created),
			db_int(p->expires) };

		return db_do(house->db, sql[ADD], args, COUNT(args));
	}
}

result
app_password_add(struct store *s, struct app_password *p)
{
	return house_write(s, add, p, DURABLE);
}

struct change {
	int64_t account;
	int64_t id;
};

static result
drop(struct account *house, void *context)
{
	const struct change *c = context;
	const struct db_arg args[] = { db_int(c->account), db_int(c->id) };

	TRY(db_do(house->db, sql[REMOVE], args, COUNT(args)));
	if (db_changed(house->db) == 0)
		return fail(NOT_FOUND,
		    "that mailbox has no such app password");
	return db_do(house->db, sql[FORGET], args, COUNT(args));
}

result
app_password_remove(struct store *s, int64_t account, int64_t id)
{
	struct change c = { .account = account, .id = id };

	return house_write(s, drop, &c, DURABLE);
}

static void
of_row(struct db_query *q, struct arena *arena, struct app_password *out)
{
	unsigned rights = (unsigned)db_int_at(q, 4);

	if ((rights & RIGHT_DAV_OF_OLD) != 0)
		rights |= APP_DAV;
	*out = (struct app_password){
		.id = db_int_at(q, 0),
		.account = db_int_at(q, 1),
		.hash = arena_copy(arena, db_blob_at(q, 2)),
		.label = arena_copy(arena, db_text_at(q, 3)),
		.rights = rights & APP_ALL,
		.networks = arena_copy(arena, db_text_at(q, 5)),
		.created = db_int_at(q, 6),
		.expires = db_int_at(q, 7),
		.used = db_int_at(q, 8),
		.used_peer = arena_copy(arena, db_text_at(q, 9)),
		.used_protocol = arena_copy(arena, db_text_at(q, 10)),
		.scram = db_int_at(q, 11) > 0,
		.scram_sha1 = db_int_at(q, 12) > 0,
	};
}

static result
find(struct account *house, struct arena *arena, view hash,
    struct app_password *out)
{
	const struct db_arg args[] = { db_blob(hash) };
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[FIND], args, COUNT(args));
	while (db_next(&q)) {
		of_row(&q, arena, out);
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such app password");
}

result
app_password_find(struct store *s, struct arena *arena, view hash,
    struct app_password *out)
{
	struct account *house;
	result r;

	*out = (struct app_password){ .id = 0 };
	TRY(house_open(s, &house));
	r = find(house, arena, hash, out);
	account_close(&house);
	return r;
}

static result
list(struct account *house, struct arena *arena, int64_t account,
    struct app_password *out, size_t *count)
{
	const struct db_arg args[] = { db_int(account) };
	struct db_query q;

	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (*count < LIMIT_APP_PASSWORDS && db_next(&q))
		of_row(&q, arena, &out[(*count)++]);
	TRY(db_end(&q));
	return arena_result(arena);
}

result
app_password_list(struct store *s, struct arena *arena, int64_t account,
    struct app_password **out, size_t *count)
{
	struct account *house;
	result r;

	*count = 0;
	*out = arena_array(arena, LIMIT_APP_PASSWORDS, sizeof **out);
	TRY(arena_result(arena));
	TRY(house_open(s, &house));
	r = list(house, arena, account, *out, count);
	account_close(&house);
	return r;
}
