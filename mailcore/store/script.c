/* Sieve scripts as they are kept. */
#include "mailcore/store/handling.h"
#include "mailcore/store/inside.h"

enum { LIST, GET, PUT, DEACTIVATE, ACTIVATE, REMOVE, RENAME, STATE };

static const char *const sql[] = {
	[LIST] = "SELECT name, active, LENGTH(text) FROM script"
		 " WHERE account_id = $1 ORDER BY name",
	[GET] = "SELECT text FROM script WHERE account_id = $1 AND name = $2",
	[PUT] = "INSERT INTO script (account_id, name, text)"
		" VALUES ($1, $2, $3) ON CONFLICT (account_id, name)"
		" DO UPDATE SET text = excluded.text",
	[DEACTIVATE] = "UPDATE script SET active = 0 WHERE account_id = $1"
		       " AND active = 1",
	[ACTIVATE] = "UPDATE script SET active = 1 WHERE account_id = $1"
		     " AND name = $2",
	[REMOVE] = "DELETE FROM script WHERE account_id = $1 AND name = $2"
		   " AND active = 0",
	[RENAME] = "UPDATE script SET name = $3 WHERE account_id = $1"
		   " AND name = $2",
	[STATE] = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN name = $2 THEN 1"
		  " ELSE 0 END), 0) FROM script WHERE account_id = $1",
};

result
script_list(struct account *a, struct arena *arena, struct script **out,
    size_t *count)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*count = 0;
	*out = arena_array(arena, LIMIT_SIEVE_SCRIPTS, sizeof **out);
	if (*out == NULL)
		return arena_result(arena);
	db_ask(a->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q) && *count < LIMIT_SIEVE_SCRIPTS)
		(*out)[(*count)++] = (struct script){
			.name = arena_copy(arena, db_text_at(&q, 0)),
			.active = db_int_at(&q, 1) != 0,
			.size = (uint64_t)db_int_at(&q, 2),
		};
	TRY(db_end(&q));
	return arena_result(arena);
}

result
script_get(struct account *a, struct arena *arena, view name, view *text)
{
	const struct db_arg args[] = { db_int(a->id), db_text(name) };
	struct db_query q;
	bool found = false;

	*text = VIEW("");
	db_ask(a->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		*text = arena_copy(arena, db_blob_at(&q, 0));
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no script of that name");
}

static result
find(struct account *a, view name, int64_t *all, bool *there)
{
	const struct db_arg args[] = { db_int(a->id), db_text(name) };
	struct db_query q;

	*all = 0;
	*there = false;
	db_ask(a->db, &q, sql[STATE], args, COUNT(args));
	while (db_next(&q)) {
		*all = db_int_at(&q, 0);
		*there = db_int_at(&q, 1) != 0;
	}
	return db_end(&q);
}

result
script_room(struct account *a, view name, uint64_t size)
{
	int64_t all;
	bool there;

	if (size > LIMIT_SIEVE_SCRIPT)
		return fail(OVER_LIMIT, "that script is too large");
	if (name.n == 0 || name.n > LIMIT_SIEVE_SCRIPT_NAME)
		return fail(OVER_LIMIT, "not a name for a script");
	TRY(find(a, name, &all, &there));
	return there || all < LIMIT_SIEVE_SCRIPTS
	    ? done()
	    : fail(OVER_LIMIT, "too many scripts");
}

result
script_put(struct account *a, view name, view text)
{
	const struct db_arg args[] = { db_int(a->id), db_text(name),
		db_blob(text) };

	TRY(must_write(a));
	TRY(script_room(a, name, text.n));
	return db_do(a->db, sql[PUT], args, COUNT(args));
}

result
script_activate(struct account *a, view name)
{
	const struct db_arg args[] = { db_int(a->id), db_text(name) };

	TRY(must_write(a));
	TRY(db_do(a->db, sql[DEACTIVATE], args, 1));
	if (name.n == 0)
		return done();
	TRY(db_do(a->db, sql[ACTIVATE], args, COUNT(args)));
	return db_changed(a->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no script of that name");
}

result
script_remove(struct account *a, view name)
{
	const struct db_arg args[] = { db_int(a->id), db_text(name) };
	int64_t all;
	bool there;

	TRY(must_write(a));
	TRY(db_do(a->db, sql[REMOVE], args, COUNT(args)));
	if (db_changed(a->db) > 0)
		return done();
	TRY(find(a, name, &all, &there));
	return there ? fail(DENIED, "RFC 5804 2.10: it is the active script")
		     : fail(NOT_FOUND, "no script of that name");
}

result
script_rename(struct account *a, view from, view to)
{
	const struct db_arg args[] = { db_int(a->id), db_text(from),
		db_text(to) };
	int64_t all;
	bool there;

	TRY(must_write(a));
	if (to.n == 0 || to.n > LIMIT_SIEVE_SCRIPT_NAME)
		return fail(OVER_LIMIT, "not a name for a script");
	TRY(find(a, from, &all, &there));
	if (!there)
		return fail(NOT_FOUND, "no script of that name");
	TRY(find(a, to, &all, &there));
	if (there)
		return fail(EXISTS, "there is a script of that name");
	return db_do(a->db, sql[RENAME], args, COUNT(args));
}
