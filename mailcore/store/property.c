/* What is kept with collections, and what changed among them. */
#include "mailcore/store/collection.h"
#include "mailcore/store/collection_row.h"

enum { GET, SET, REMOVE, TOUCH, CHANGES };

static const char *const sql[] = {
	[GET] = "SELECT value FROM property WHERE account_id = $1"
		" AND collection = $2 AND name = $3",
	[SET] = "INSERT INTO property (account_id, collection, name, value)"
		" VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (account_id, collection, name)"
		" DO UPDATE SET value = $4",
	[REMOVE] = "DELETE FROM property WHERE account_id = $1"
		   " AND collection = $2 AND name = $3",
	[TOUCH] = "UPDATE collection SET modseq = $3"
		  " WHERE account_id = $1 AND id = $2",
	/* A name that is there again is not told as gone: collection.c forgets
	 * it then. */
	[CHANGES] = "SELECT id, name, 0, modseq FROM collection"
		    " WHERE account_id = $1 AND kind = $2 AND modseq > $3"
		    " UNION ALL SELECT id, name, 1, modseq"
		    " FROM collection_gone WHERE account_id = $1"
		    " AND kind = $2 AND modseq > $3 ORDER BY 4, 1",
};

result
property_get(struct account *a, struct arena *arena, int64_t id, view name,
    view *value)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_text(name) };
	struct db_query q;
	bool found = false;

	*value = VIEW("");
	db_ask(a->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		*value = arena_copy(arena, db_text_at(&q, 0));
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such property");
}

static result
set(struct account *a, int64_t id, view name, view value)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_text(name), db_text(value) };
	int64_t modseq;

	TRY(state_take(a, 0, 0, &modseq, NULL));
	{
		const struct db_arg touch[] = { db_int(a->id), db_int(id),
			db_int(modseq) };

		TRY(db_do(a->db, sql[TOUCH], touch, COUNT(touch)));
	}
	if (db_changed(a->db) == 0)
		return fail(NOT_FOUND, "no such collection");
	if (value.n == 0)
		return db_do(a->db, sql[REMOVE], args, 3);
	return db_do(a->db, sql[SET], args, COUNT(args));
}

result
property_set(struct account *a, int64_t id, view name, view value)
{
	TRY(must_write(a));
	return spoil(a, set(a, id, name, value));
}

result
collection_changes(struct account *a, struct arena *arena,
    enum collection_kind kind, int64_t since, struct collection_change **out,
    size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind),
		db_int(since) };
	struct db_query q;
	size_t room = 0;

	*out = NULL;
	*count = 0;
	db_ask(a->db, &q, sql[CHANGES], args, COUNT(args));
	while (db_next(&q) && arena_result(arena).is == OK) {
		if (*count == room) {
			struct collection_change *more;

			room = room == 0 ? 8 : 2 * room;
			more = arena_array(arena, room, sizeof *more);
			for (size_t i = 0; more != NULL && i < *count; i++)
				more[i] = (*out)[i];
			*out = more;
		}
		if (*out != NULL)
			(*out)[(*count)++] = (struct collection_change){
				.id = db_int_at(&q, 0),
				.name = arena_copy(arena, db_text_at(&q, 1)),
				.gone = db_int_at(&q, 2) != 0,
			};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}
