/* What is kept with collections, and what changed among them. */
#include "mailcore/store/collection.h"
#include "mailcore/store/collection_row.h"

enum { GET, SET, REMOVE, EACH, OTHERS, COPY, TOUCH, CHANGES };

/* They count in no quota, so not all collections may have all they may. */
enum { FULL_COLLECTIONS = 32 };

static const char *const sql[] = {
	[GET] = "SELECT value, language FROM property WHERE account_id = $1"
		" AND collection = $2 AND name = $3",
	[SET] = "INSERT INTO property (account_id, collection, name, value,"
		" language) VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (account_id, collection, name)"
		" DO UPDATE SET value = $4, language = $5",
	[REMOVE] = "DELETE FROM property WHERE account_id = $1"
		   " AND collection = $2 AND name = $3",
	[EACH] = "SELECT name, language, value FROM property"
		 " WHERE account_id = $1 AND collection = $2 ORDER BY name",
	/* Of the collection, and of all there are or were. */
	[OTHERS] = "SELECT COALESCE(SUM(CASE WHEN collection = $2"
		   " THEN LENGTH(name) + LENGTH(value) ELSE 0 END), 0),"
		   " COALESCE(SUM(LENGTH(name) + LENGTH(value)), 0)"
		   " FROM property WHERE account_id = $1"
		   " AND (collection <> $2 OR name <> $3)",
	[COPY] = "INSERT INTO property (account_id, collection, name, value,"
		 " language) SELECT account_id, $3, name, value, language"
		 " FROM property WHERE account_id = $1 AND collection = $2",
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
property_read(struct account *a, struct arena *arena, int64_t id, view name,
    struct property *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_text(name) };
	struct db_query q;
	bool found = false;

	*out = (struct property){ name, VIEW(""), VIEW("") };
	db_ask(a->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		out->value = arena_copy(arena, db_text_at(&q, 0));
		out->language = arena_copy(arena, db_text_at(&q, 1));
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such property");
}

result
property_get(struct account *a, struct arena *arena, int64_t id, view name,
    view *value)
{
	struct property p;
	result r = property_read(a, arena, id, name, &p);

	*value = p.value;
	return r;
}

static result
touch(struct account *a, int64_t id)
{
	int64_t modseq;

	TRY(state_take(a, 0, 0, &modseq, NULL));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(id),
			db_int(modseq) };

		TRY(db_do(a->db, sql[TOUCH], args, COUNT(args)));
	}
	return db_changed(a->db) > 0 ? done()
				     : fail(NOT_FOUND, "no such collection");
}

result
collection_touch(struct account *a, int64_t id)
{
	TRY(must_write(a));
	return spoil(a, touch(a, id));
}

static result
set(struct account *a, int64_t id, const struct property *p, bool remove)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_text(p->name), db_text(p->value), db_text(p->language) };

	TRY(touch(a, id));
	return remove ? db_do(a->db, sql[REMOVE], args, 3)
		      : db_do(a->db, sql[SET], args, COUNT(args));
}

result
property_set(struct account *a, int64_t id, view name, view value)
{
	const struct property p = { name, VIEW(""), value };

	TRY(must_write(a));
	return spoil(a, set(a, id, &p, value.n == 0));
}

/* Is there room for `more` octets beside what else there is? */
static result
check_room(struct account *a, int64_t id, view name, size_t more)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_text(name) };
	struct db_query q;
	int64_t sum = (int64_t)more, all = sum;

	db_ask(a->db, &q, sql[OTHERS], args, COUNT(args));
	while (db_next(&q)) {
		sum += db_int_at(&q, 0);
		all += db_int_at(&q, 1);
	}
	TRY(db_end(&q));
	return sum > LIMIT_DAV_DEAD
		|| all > (int64_t)LIMIT_DAV_DEAD * FULL_COLLECTIONS
	    ? fail(OVER_LIMIT, "more properties than one may have")
	    : done();
}

result
property_put(struct account *a, int64_t id, const struct property *p)
{
	TRY(must_write(a));
	TRY(check_room(a, id, p->name, p->name.n + p->value.n));
	return spoil(a, set(a, id, p, false));
}

result
property_each(
    struct account *a, int64_t id, property_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id) };
	struct db_query q;
	result r = done();

	db_ask(a->db, &q, sql[EACH], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		const struct property p = { db_text_at(&q, 0),
			db_text_at(&q, 1), db_text_at(&q, 2) };

		r = visit(context, &p);
	}
	TRY(db_end(&q));
	return r;
}

result
property_copy(struct account *a, int64_t from, int64_t to)
{
	const struct db_arg args[] = { db_int(a->id), db_int(from),
		db_int(to) };

	TRY(must_write(a));
	return spoil(a, db_do(a->db, sql[COPY], args, COUNT(args)));
}

result
property_check(struct account *a)
{
	return check_room(a, 0, VIEW(""), 0);
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
	while (db_next(&q)) {
		struct collection_change *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = (struct collection_change){
			.id = db_int_at(&q, 0),
			.name = arena_copy(arena, db_text_at(&q, 1)),
			.gone = db_int_at(&q, 2) != 0,
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}
