/* Grants made and taken away. */
#include "mailcore/store/right.h"

#include "mailcore/store/inside.h"
#include "mailcore/store/right_row.h"

enum { HAS_ACCOUNT, HAS_DOMAIN, HOW_MANY, SET, REMOVE, CLEAR, FORGET_OWNER,
	FORGET_ACCOUNT };

static const char *const sql[] = {
	[HAS_ACCOUNT] = "SELECT 1 FROM account WHERE id = $1",
	[HAS_DOMAIN] = "SELECT 1 FROM domain WHERE id = $1",
	[HOW_MANY] = "SELECT COUNT(*) FROM access WHERE account_id = $1",
	[SET] = "INSERT INTO access (account_id, kind, collection, whom,"
		" grantee, rights) VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (account_id, kind, collection, whom, grantee)"
		" DO UPDATE SET rights = $6",
	[REMOVE] = "DELETE FROM access WHERE account_id = $1 AND kind = $2"
		   " AND collection = $3 AND whom = $4 AND grantee = $5",
	[CLEAR] = "DELETE FROM access WHERE account_id = $1 AND kind = $2"
		  " AND collection = $3",
	[FORGET_OWNER] = "DELETE FROM access WHERE account_id = $1",
	[FORGET_ACCOUNT] = "DELETE FROM access WHERE whom = 1 AND grantee = $1",
};

static result
number_of(
    struct account *house, const char *question, int64_t id, int64_t *out)
{
	const struct db_arg args[] = { db_int(id) };
	struct db_query q;

	*out = 0;
	db_ask(house->db, &q, question, args, COUNT(args));
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}

static result
check(struct account *house, int64_t owner, const struct right_grant *g)
{
	int64_t n = g->whom == RIGHT_ANYONE;

	if (g->whom == RIGHT_ACCOUNT)
		TRY(number_of(house, sql[HAS_ACCOUNT], g->id, &n));
	else if (g->whom == RIGHT_DOMAIN)
		TRY(number_of(house, sql[HAS_DOMAIN], g->id, &n));
	if (n == 0)
		return fail(NOT_FOUND, "nobody of that name is here");
	TRY(number_of(house, sql[HAS_ACCOUNT], owner, &n));
	if (n == 0)
		return fail(NOT_FOUND, "no such account");
	TRY(number_of(house, sql[HOW_MANY], owner, &n));
	return n < LIMIT_GRANTS ? done()
				: fail(OVER_LIMIT, "more than LIMIT_GRANTS");
}

static result
set_one(struct account *house, int64_t owner, const struct right_grant *g)
{
	const struct db_arg args[] = { db_int(owner), db_int(g->kind),
		db_int(g->collection), db_int(g->whom),
		db_int(g->whom == RIGHT_ANYONE ? 0 : g->id),
		db_int(g->rights & RIGHT_ALL) };

	if ((g->rights & RIGHT_ALL) == 0)
		return db_do(house->db, sql[REMOVE], args, COUNT(args) - 1);
	/* The owner has everything, and needs no row to say so. */
	if (g->whom == RIGHT_ACCOUNT && g->id == owner)
		return done();
	TRY(check(house, owner, g));
	return db_do(house->db, sql[SET], args, COUNT(args));
}

struct work {
	int64_t owner;
	enum collection_kind kind;
	int64_t collection;
	const struct right_grant *list;
	size_t count;
	bool clear;
};

static result
run(struct account *house, void *context)
{
	const struct work *w = context;
	const struct db_arg args[] = { db_int(w->owner), db_int(w->kind),
		db_int(w->collection) };

	if (w->clear)
		TRY(db_do(house->db, sql[CLEAR], args, COUNT(args)));
	for (size_t i = 0; i < w->count; i++)
		TRY(set_one(house, w->owner, &w->list[i]));
	return done();
}

result
right_grant(struct store *s, int64_t owner, const struct right_grant *g)
{
	struct work w = { .owner = owner, .list = g, .count = 1 };

	return house_write(s, run, &w, DURABLE);
}

result
right_replace(struct store *s, int64_t owner, enum collection_kind kind,
    int64_t collection, const struct right_grant *list, size_t count)
{
	struct work w = { .owner = owner,
		.kind = kind,
		.collection = collection,
		.list = list,
		.count = count,
		.clear = true };

	for (size_t i = 0; i < count; i++)
		if (list[i].kind != kind || list[i].collection != collection)
			return fail(FAILED, "a grant for something else");
	return house_write(s, run, &w, DURABLE);
}

result
right_forget_account(struct account *house, int64_t id)
{
	const struct db_arg args[] = { db_int(id) };

	TRY(db_do(house->db, sql[FORGET_OWNER], args, COUNT(args)));
	return db_do(house->db, sql[FORGET_ACCOUNT], args, COUNT(args));
}
