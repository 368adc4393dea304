#include "mailcore/store/annotation.h"

#include "mailcore/store/collection_row.h"

enum { LIST, EACH, GET, SUM, SET, REMOVE, FORGET };

static const char *const sql[] = {
	[LIST] = "SELECT name, value FROM annotation WHERE account_id = $1"
		 " AND collection = $2 AND whose = $3 ORDER BY name",
	[EACH] = "SELECT collection, whose, name, value FROM annotation"
		 " WHERE account_id = $1 AND (whose = 0 OR whose = $2)"
		 " ORDER BY collection, whose, name",
	[GET] = "SELECT value FROM annotation WHERE account_id = $1"
		" AND collection = $2 AND whose = $3 AND name = $4",
	[SUM] = "SELECT COUNT(*), COALESCE(SUM(LENGTH(value)), 0)"
		" FROM annotation WHERE account_id = $1"
		" AND NOT (collection = $2 AND whose = $3 AND name = $4)",
	[SET] = "INSERT INTO annotation (account_id, collection, whose, name,"
		" value) VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (account_id, collection, whose, name)"
		" DO UPDATE SET value = $5",
	[REMOVE] = "DELETE FROM annotation WHERE account_id = $1"
		   " AND collection = $2 AND whose = $3 AND name = $4",
	[FORGET] = "DELETE FROM annotation WHERE account_id = $1"
		   " AND collection = $2",
};

result
annotation_list(struct account *a, struct arena *arena, int64_t collection,
    int64_t whose, struct annotation **out, size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(whose) };
	struct db_query q;

	*count = 0;
	/* There are at most LIMIT_ANNOTATIONS. */
	*out = arena_array(arena, LIMIT_ANNOTATIONS, sizeof **out);
	TRY(arena_result(arena));
	db_ask(a->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q) && *count < LIMIT_ANNOTATIONS)
		(*out)[(*count)++] = (struct annotation){
			.name = arena_copy(arena, db_text_at(&q, 0)),
			.value = arena_copy(arena, db_blob_at(&q, 1)),
		};
	TRY(db_end(&q));
	return arena_result(arena);
}

result
annotation_each(struct account *a, int64_t whose, annotation_visit *visit,
    void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(whose) };
	struct db_query q;

	db_ask(a->db, &q, sql[EACH], args, COUNT(args));
	while (db_next(&q)) {
		const struct annotation one = {
			.name = db_text_at(&q, 2),
			.value = db_blob_at(&q, 3),
		};

		visit(context, db_int_at(&q, 0), db_int_at(&q, 1) == 0, &one);
	}
	return db_end(&q);
}

result
annotation_get(struct account *a, struct arena *arena, int64_t collection,
    int64_t whose, view name, view *value)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(whose), db_text(name) };
	struct db_query q;
	bool found = false;

	*value = VIEW("");
	db_ask(a->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		*value = arena_copy(arena, db_blob_at(&q, 0));
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such annotation");
}

static result
check_room(struct account *a, const struct db_arg *args, size_t more)
{
	int64_t count = 0, bytes = 0;
	struct db_query q;

	db_ask(a->db, &q, sql[SUM], args, 4);
	while (db_next(&q)) {
		count = db_int_at(&q, 0);
		bytes = db_int_at(&q, 1);
	}
	TRY(db_end(&q));
	return count < LIMIT_ANNOTATIONS
		&& bytes + (int64_t)more <= LIMIT_ANNOTATION_BYTES
	    ? done()
	    : fail(OVER_LIMIT, "too many annotations");
}

/* RFC 7162 3.2: the mailbox has changed. */
static result
touch(struct account *a, int64_t collection)
{
	struct tally changed = { 0 };

	if (collection == 0)
		return done();
	TRY(state_take(a, 0, 0, &changed.modseq, NULL));
	return collection_tally(a, collection, &changed);
}

result
annotation_set(struct account *a, int64_t collection, int64_t whose,
    const struct annotation *n)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(whose), db_text(n->name), db_blob(n->value) };

	TRY(check_room(a, args, n->value.n));
	TRY(touch(a, collection));
	return db_do(a->db, sql[SET], args, COUNT(args));
}

result
annotation_remove(struct account *a, int64_t collection, int64_t whose,
    view name)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(whose), db_text(name) };

	TRY(touch(a, collection));
	return db_do(a->db, sql[REMOVE], args, COUNT(args));
}

result
annotation_forget(struct account *a, int64_t collection)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };

	return db_do(a->db, sql[FORGET], args, COUNT(args));
}
