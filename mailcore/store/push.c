#include "mailcore/store/push.h"

#include "mailcore/store/push_row.h"

#define COLUMNS                                                             \
	"token, collection, who, url, key, secret, triggers, expires, told," \
	" properties, due, failures"

enum { EXPIRE, COUNT_ALL, ADD, SAME, REMOVE, LIST, SETTLE };

static const char *const sql[] = {
	[EXPIRE] = "DELETE FROM push WHERE account_id = $1 AND expires <= $2",
	[COUNT_ALL] = "SELECT COUNT(*),"
		      " COALESCE(SUM(CASE WHEN who = $3 THEN 1 ELSE 0 END), 0)"
		      " FROM push WHERE account_id = $1"
		      " AND (CASE WHEN who = $1 THEN 1 ELSE 0 END) = $2",
	[ADD] = "INSERT INTO push (account_id, " COLUMNS ") VALUES ($1, $2,"
		" $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0)"
		" ON CONFLICT (account_id, collection, who, url) DO UPDATE SET"
		" key = $6, secret = $7, triggers = $8, expires = $9,"
		" told = $10, properties = $11, due = 0, failures = 0",
	[SAME] = "SELECT token FROM push WHERE account_id = $1"
		 " AND collection = $2 AND who = $3 AND url = $4",
	[REMOVE] = "DELETE FROM push WHERE account_id = $1 AND token = $2"
		   " AND ($3 = 0 OR who = $3)",
	[LIST] = "SELECT " COLUMNS " FROM push WHERE account_id = $1"
		 " ORDER BY token",
	[SETTLE] = "UPDATE push SET told = $3, properties = $4, due = $5,"
		   " failures = $6 WHERE account_id = $1 AND token = $2"
		   " AND told <= $3",
};

/* The token of the row that has the same key, or "". */
static result
find_same(struct account *a, struct arena *arena, const struct push_row *row,
    view *token)
{
	const struct db_arg args[] = { db_int(a->id), db_int(row->collection),
		db_int(row->who), db_text(row->url) };
	struct db_query q;

	*token = VIEW("");
	db_ask(a->db, &q, sql[SAME], args, COUNT(args));
	while (db_next(&q))
		*token = arena_copy(arena, db_text_at(&q, 0));
	return db_end(&q);
}

/* Others must not use up what the owner may have, nor he what is theirs, nor
 * one of them what all the others may. */
static result
make_room(struct account *a, int64_t who, int64_t now)
{
	const struct db_arg args[] = { db_int(a->id), db_int(now) };
	const struct db_arg side[] = { db_int(a->id), db_int(who == a->id),
		db_int(who) };
	struct db_query q;
	int64_t count = 0, his = 0;

	TRY(db_do(a->db, sql[EXPIRE], args, COUNT(args)));
	db_ask(a->db, &q, sql[COUNT_ALL], side, COUNT(side));
	while (db_next(&q)) {
		count = db_int_at(&q, 0);
		his = db_int_at(&q, 1);
	}
	TRY(db_end(&q));
	return count < LIMIT_PUSH / 2
		&& (who == a->id || his < LIMIT_PUSH / 8)
	    ? done()
	    : fail(OVER_LIMIT, "too many push registrations");
}

result
push_register(struct account *a, struct arena *arena, int64_t now,
    struct push_row *row)
{
	struct push_news news;
	view token;

	TRY(must_write(a));
	TRY(find_same(a, arena, row, &token));
	if (token.n > 0)
		row->token = token;
	else
		TRY(make_room(a, row->who, now));
	row->told = 0;
	row->properties = VIEW("");
	TRY(push_look(a, arena, row, &news));
	row->told = news.modseq;
	row->properties = news.properties;
	{
		const struct db_arg args[] = { db_int(a->id),
			db_text(row->token), db_int(row->collection),
			db_int(row->who), db_text(row->url),
			db_blob(row->key), db_blob(row->secret),
			db_int(row->triggers), db_int(row->expires),
			db_int(row->told), db_blob(row->properties) };

		return db_do(a->db, sql[ADD], args, COUNT(args));
	}
}

result
push_unregister(struct account *a, view token, int64_t who)
{
	const struct db_arg args[] = { db_int(a->id), db_text(token),
		db_int(who) };

	TRY(must_write(a));
	TRY(db_do(a->db, sql[REMOVE], args, COUNT(args)));
	return db_changed(a->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such push registration");
}

static void
of_row(struct db_query *q, struct arena *arena, struct push_row *out)
{
	*out = (struct push_row){
		.token = arena_copy(arena, db_text_at(q, 0)),
		.collection = db_int_at(q, 1),
		.who = db_int_at(q, 2),
		.url = arena_copy(arena, db_text_at(q, 3)),
		.key = arena_copy(arena, db_blob_at(q, 4)),
		.secret = arena_copy(arena, db_blob_at(q, 5)),
		.triggers = (unsigned)db_int_at(q, 6),
		.expires = db_int_at(q, 7),
		.told = db_int_at(q, 8),
		.properties = arena_copy(arena, db_blob_at(q, 9)),
		.due = db_int_at(q, 10),
		.failures = db_int_at(q, 11),
	};
}

result
push_list(struct account *a, struct arena *arena, struct push_row **out,
    size_t *count)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*count = 0;
	*out = NULL;
	db_ask(a->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q) && *count < LIMIT_PUSH) {
		/* Most accounts have none, and this is asked of all. */
		if (*out == NULL)
			*out = arena_array(arena, LIMIT_PUSH, sizeof **out);
		if (*out == NULL)
			break;
		of_row(&q, arena, &(*out)[(*count)++]);
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
push_settle(struct account *a, const struct push_row *row)
{
	const struct db_arg args[] = { db_int(a->id), db_text(row->token),
		db_int(row->told), db_blob(row->properties),
		db_int(row->due), db_int(row->failures) };

	TRY(must_write(a));
	return db_do(a->db, sql[SETTLE], args, COUNT(args));
}
