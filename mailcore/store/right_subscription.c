#include "mailcore/store/right_subscription.h"

#include "mailcore/base/ascii.h"
#include "mailcore/store/collection_row.h"

enum { LIST, BY_NAME, BY_TARGET, HOW_MANY, TAKEN, ADD, REMOVE, GONE_ADD,
	GONE_FORGET, PROPERTY_SET, PROPERTY_REMOVE, PROPERTIES_REMOVE };

#define COLUMNS "id, kind, name, owner, collection"

static const char *const sql[] = {
	[LIST] = "SELECT " COLUMNS " FROM subscription WHERE account_id = $1"
		 " AND kind = $2 ORDER BY name",
	[BY_NAME] = "SELECT " COLUMNS " FROM subscription"
		    " WHERE account_id = $1 AND kind = $2 AND name = $3",
	[BY_TARGET] = "SELECT " COLUMNS " FROM subscription"
		      " WHERE account_id = $1 AND owner = $2"
		      " AND collection = $3",
	[HOW_MANY] = "SELECT COUNT(*) FROM subscription WHERE account_id = $1"
		     " AND kind = $2",
	[TAKEN] = "SELECT 1 FROM collection WHERE account_id = $1"
		  " AND kind = $2 AND name = $3",
	[ADD] = "INSERT INTO subscription (account_id, id, kind, name, owner,"
		" collection) VALUES ($1, $2, $3, $4, $5, $6)",
	[REMOVE] = "DELETE FROM subscription WHERE account_id = $1 AND id = $2",
	[GONE_ADD] = "INSERT INTO collection_gone (account_id, kind, modseq,"
		     " id, name) VALUES ($1, $2, $3, $4, $5)",
	[GONE_FORGET] = "DELETE FROM collection_gone WHERE account_id = $1"
			" AND kind = $2 AND name = $3",
	/* Below 0, where no collection is. */
	[PROPERTY_SET] = "INSERT INTO property (account_id, collection, name,"
			 " value) VALUES ($1, $2, $3, $4)"
			 " ON CONFLICT (account_id, collection, name)"
			 " DO UPDATE SET value = $4",
	[PROPERTY_REMOVE] = "DELETE FROM property WHERE account_id = $1"
			    " AND collection = $2 AND name = $3",
	[PROPERTIES_REMOVE] = "DELETE FROM property WHERE account_id = $1"
			      " AND collection = $2",
};

static result
collect(struct account *a, struct arena *arena, const char *question,
    const struct db_arg *args, size_t n, struct subscription **out,
    size_t *count)
{
	struct db_query q;
	size_t room = 0;

	*out = NULL;
	*count = 0;
	db_ask(a->db, &q, question, args, n);
	while (db_next(&q)) {
		struct subscription *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = (struct subscription){
			.id = db_int_at(&q, 0),
			.kind = (enum collection_kind)db_int_at(&q, 1),
			.name = arena_copy(arena, db_text_at(&q, 2)),
			.owner = db_int_at(&q, 3),
			.collection = db_int_at(&q, 4),
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
subscription_list(struct account *a, struct arena *arena,
    enum collection_kind kind, struct subscription **out, size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind) };

	return collect(a, arena, sql[LIST], args, COUNT(args), out, count);
}

static result
find(struct account *a, struct arena *arena, const char *question,
    const struct db_arg *args, struct subscription *out)
{
	struct subscription *list;
	size_t count;

	*out = (struct subscription){ .id = 0 };
	TRY(collect(a, arena, question, args, 3, &list, &count));
	if (count == 0)
		return fail(NOT_FOUND, "no such subscription");
	*out = list[0];
	return done();
}

result
subscription_find(struct account *a, struct arena *arena,
    enum collection_kind kind, view name, struct subscription *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind),
		db_text(name) };

	return find(a, arena, sql[BY_NAME], args, out);
}

static result
number(struct account *a, const char *question, const struct db_arg *args,
    size_t n, int64_t *out)
{
	struct db_query q;

	*out = 0;
	db_ask(a->db, &q, question, args, n);
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}

static result
check_new(struct account *a, const struct subscription *s)
{
	const struct db_arg args[] = { db_int(a->id), db_int(s->kind),
		db_text(s->name) };
	int64_t n;

	if (s->name.n == 0 || s->name.n > LIMIT_DAV_NAME)
		return fail(OVER_LIMIT, "a name is missing or too long");
	TRY(number(a, sql[TAKEN], args, COUNT(args), &n));
	if (n != 0)
		return fail(EXISTS, "there is a collection of that name");
	TRY(number(a, sql[HOW_MANY], args, 2, &n));
	return n < LIMIT_COLLECTIONS
	    ? done()
	    : fail(OVER_LIMIT, "more than LIMIT_COLLECTIONS");
}

static result
add(struct account *a, const struct subscription *s)
{
	const struct db_arg gone[] = { db_int(a->id), db_int(s->kind),
		db_text(s->name) };
	int64_t modseq;

	TRY(state_take(a, 0, 0, &modseq, NULL));
	TRY(db_do(a->db, sql[GONE_FORGET], gone, COUNT(gone)));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(modseq),
			db_int(s->kind), db_text(s->name), db_int(s->owner),
			db_int(s->collection) };

		return db_do(a->db, sql[ADD], args, COUNT(args));
	}
}

enum { MEMORY = 65536 };

/* The subscription to that collection, but for its name. */
static result
by_target(struct account *a, int64_t owner, int64_t collection,
    struct subscription *out, struct arena *arena)
{
	const struct db_arg args[] = { db_int(a->id), db_int(owner),
		db_int(collection) };

	return find(a, arena, sql[BY_TARGET], args, out);
}

result
subscription_add(struct account *a, const struct subscription *s)
{
	struct arena *arena = arena_new(MEMORY);
	struct subscription old;
	result r = by_target(a, s->owner, s->collection, &old, arena);

	arena_free(&arena);
	if (r.is != NOT_FOUND)
		return r;
	TRY(must_write(a));
	TRY(check_new(a, s));
	return spoil(a, add(a, s));
}

static result
remove_found(struct account *a, const struct subscription *s)
{
	const struct db_arg args[] = { db_int(a->id), db_int(s->id) };
	const struct db_arg properties[] = { db_int(a->id), db_int(-s->id) };
	int64_t modseq;

	TRY(state_take(a, 0, 0, &modseq, NULL));
	TRY(db_do(a->db, sql[PROPERTIES_REMOVE], properties,
	    COUNT(properties)));
	TRY(db_do(a->db, sql[REMOVE], args, COUNT(args)));
	{
		const struct db_arg gone[] = { db_int(a->id), db_int(s->kind),
			db_int(modseq), db_int(-s->id), db_text(s->name) };

		return db_do(a->db, sql[GONE_ADD], gone, COUNT(gone));
	}
}

result
subscription_remove(struct account *a, int64_t owner, int64_t collection)
{
	struct arena *arena = arena_new(MEMORY);
	struct subscription s;
	result r = by_target(a, owner, collection, &s, arena);

	if (r.is == OK)
		r = must_write(a);
	if (r.is == OK)
		r = spoil(a, remove_found(a, &s));
	arena_free(&arena);
	return r;
}

result
subscription_property_get(struct account *a, struct arena *arena, int64_t id,
    view name, view *value)
{
	return property_get(a, arena, -id, name, value);
}

result
subscription_property_set(
    struct account *a, int64_t id, view name, view value)
{
	const struct db_arg args[] = { db_int(a->id), db_int(-id),
		db_text(name), db_text(value) };
	int64_t modseq;

	TRY(must_write(a));
	TRY(state_take(a, 0, 0, &modseq, NULL));
	if (value.n == 0)
		return db_do(a->db, sql[PROPERTY_REMOVE], args, 3);
	return db_do(a->db, sql[PROPERTY_SET], args, COUNT(args));
}

/* SOGo's escapes for the name of an owner. */
static const struct {
	char byte;
	const char *escape;
} escapes[] = {
	{ '_', "_U_" }, { '.', "_D_" }, { '#', "_H_" }, { '@', "_A_" },
	{ '*', "_S_" }, { ':', "_C_" }, { ';', "_SC_" }, { ',', "_CO_" },
	{ ' ', "_SP_" }, { '\'', "_SQ_" }, { '"', "_DQ_" }, { '(', "_LP_" },
	{ ')', "_RP_" }, { '[', "_LS_" }, { ']', "_RS_" }, { '{', "_LC_" },
	{ '}', "_RC_" }, { '&', "_AM_" }, { '+', "_P_" }, { '$', "_DS_" },
};

view
subscription_segment(struct arena *arena, view owner, view collection)
{
	struct buf b = buf_new(LIMIT_DAV_NAME);
	view out;

	if (ascii_is_digit(owner.n > 0 ? owner.p[0] : ' '))
		buf_add_byte(&b, '_');
	for (size_t i = 0; i < owner.n; i++) {
		size_t k = 0;

		while (k < COUNT(escapes) && escapes[k].byte != owner.p[i])
			k++;
		if (k == COUNT(escapes))
			buf_add_byte(&b, owner.p[i]);
		else
			buf_add_text(&b, escapes[k].escape);
	}
	buf_add_byte(&b, '_');
	buf_add(&b, collection);
	out = buf_result(&b).is == OK ? arena_copy(arena, buf_view(&b))
				      : VIEW("");
	buf_free(&b);
	return out;
}
