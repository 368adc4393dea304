#include "mailcore/store/scram.h"

#include "mailcore/store/names.h"

enum { LIST, KEEP, KEEP_APP, HAS, FORGET, FORGET_APPS };

static const char *const sql[] = {
	[LIST] = "SELECT 0 AS app, id AS account, 0 AS rights, '' AS networks,"
		 " 0 AS expires, scram_sha256, scram_sha1 FROM account a"
		 " WHERE id = $1 AND " ACCOUNT_IS_ON("a")
		 " AND scram_version = password_version"
		 " UNION ALL SELECT p.id, p.account_id, p.rights, p.networks,"
		 " p.expires, p.scram_sha256, p.scram_sha1"
		 " FROM app_password p, account a"
		 " WHERE p.account_id = $1 AND a.id = $1"
		 " AND " ACCOUNT_IS_ON("a")
		 " ORDER BY 1",
	[KEEP] = "UPDATE account SET scram_version = password_version,"
		 " scram_sha256 = $3, scram_sha1 = $4"
		 " WHERE id = $1 AND password = $2",
	[KEEP_APP] = "UPDATE app_password SET scram_sha256 = $2,"
		     " scram_sha1 = $3 WHERE id = $1",
	[HAS] = "SELECT length(scram_sha1) FROM account WHERE id = $1"
		" AND scram_version = password_version"
		" AND length(scram_sha256) > 0",
	[FORGET] = "UPDATE account SET scram_version = -1, scram_sha256 = $1,"
		   " scram_sha1 = $1 WHERE scram_version <> -1",
	[FORGET_APPS] = "UPDATE app_password SET scram_sha256 = $1,"
			" scram_sha1 = $1 WHERE length(scram_sha256) > 0",
};

static void
of_row(struct db_query *q, struct arena *arena, struct scram_row *out)
{
	*out = (struct scram_row){
		.app = {
			.id = db_int_at(q, 0),
			.account = db_int_at(q, 1),
			.rights = (unsigned)db_int_at(q, 2),
			.networks = arena_copy(arena, db_text_at(q, 3)),
			.expires = db_int_at(q, 4),
		},
		.sha256 = arena_copy(arena, db_blob_at(q, 5)),
		.sha1 = arena_copy(arena, db_blob_at(q, 6)),
	};
	if (out->app.id == 0)
		out->app.rights = APP_ALL;
}

static result
list(struct account *house, struct arena *arena, int64_t account,
    struct scram_row *out, size_t *count)
{
	const struct db_arg args[] = { db_int(account) };
	struct db_query q;

	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q))
		if (*count < LIMIT_APP_PASSWORDS + 1)
			of_row(&q, arena, &out[(*count)++]);
	TRY(db_end(&q));
	return arena_result(arena);
}

result
scram_list(struct store *s, struct arena *arena, int64_t account,
    struct scram_row **out, size_t *count)
{
	struct account *house;
	result r;

	*count = 0;
	*out = arena_array(arena, LIMIT_APP_PASSWORDS + 1, sizeof **out);
	TRY(arena_result(arena));
	TRY(house_open(s, &house));
	r = list(house, arena, account, *out, count);
	account_close(&house);
	return r;
}

struct keeping {
	int64_t id;
	view hash; /* empty: of an app password */
	view sha256, sha1;
};

static result
keep(struct account *house, void *context)
{
	const struct keeping *k = context;
	const struct db_arg main[] = { db_int(k->id), db_text(k->hash),
		db_blob(k->sha256), db_blob(k->sha1) };
	const struct db_arg app[] = { db_int(k->id), db_blob(k->sha256),
		db_blob(k->sha1) };

	return k->hash.n > 0
	    ? db_do(house->db, sql[KEEP], main, COUNT(main))
	    : db_do(house->db, sql[KEEP_APP], app, COUNT(app));
}

result
scram_keep(struct store *s, int64_t account, view hash, view sha256,
    view sha1)
{
	struct keeping k = { account, hash, sha256, sha1 };

	return house_write(s, keep, &k, DURABLE_LAZY);
}

result
scram_keep_app(struct store *s, int64_t app, view sha256, view sha1)
{
	struct keeping k = { app, VIEW(""), sha256, sha1 };

	return house_write(s, keep, &k, DURABLE_LAZY);
}

result
scram_has(struct store *s, int64_t account, bool sha1, bool *out)
{
	const struct db_arg args[] = { db_int(account) };
	struct account *house;
	struct db_query q;
	result r;

	*out = false;
	TRY(house_open(s, &house));
	db_ask(house->db, &q, sql[HAS], args, COUNT(args));
	while (db_next(&q))
		*out = !sha1 || db_int_at(&q, 0) > 0;
	r = db_end(&q);
	account_close(&house);
	return r;
}

static result
forget(struct account *house, void *context)
{
	const struct db_arg args[] = { db_blob(VIEW("")) };

	(void)context;
	TRY(db_do(house->db, sql[FORGET], args, COUNT(args)));
	return db_do(house->db, sql[FORGET_APPS], args, COUNT(args));
}

result
scram_forget(struct store *s)
{
	return house_write(s, forget, NULL, DURABLE);
}
