/* What clients keep with items. */
#include "mailcore/store/collection_row.h"
#include "mailcore/store/item_row.h"

enum { EACH, SIZE, PUT, DROP, COUNT_IN, FORGET, COPY, MOVE };

static const char *const sql[] = {
	[EACH] = "SELECT name, language, value FROM item_property"
		 " WHERE account_id = $1 AND collection = $2 AND uid = $3"
		 " ORDER BY name",
	[SIZE] = "SELECT name, value FROM item_property"
		 " WHERE account_id = $1 AND collection = $2 AND uid = $3"
		 " AND name = $4",
	[PUT] = "INSERT INTO item_property (account_id, collection, uid, name,"
		" language, value) VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (account_id, collection, uid, name)"
		" DO UPDATE SET language = $5, value = $6",
	[DROP] = "DELETE FROM item_property WHERE account_id = $1"
		 " AND collection = $2 AND uid = $3 AND name = $4",
	[COUNT_IN] = "UPDATE item SET modseq = $4, properties = $5"
		     " WHERE account_id = $1 AND collection = $2 AND uid = $3",
	[FORGET] = "DELETE FROM item_property WHERE account_id = $1"
		   " AND collection = $2 AND uid = $3",
	[COPY] = "INSERT INTO item_property (account_id, collection, uid,"
		 " name, language, value) SELECT account_id, $4, $5, name,"
		 " language, value FROM item_property WHERE account_id = $1"
		 " AND collection = $2 AND uid = $3",
	[MOVE] = "UPDATE item_property SET collection = $4, uid = $5"
		 " WHERE account_id = $1 AND collection = $2 AND uid = $3",
};

result
item_property_each(struct account *a, const struct item *item,
    property_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(item->collection), db_int(item->uid) };
	struct db_query q;
	result r = done();

	if (item->properties == 0)
		return done();
	db_ask(a->db, &q, sql[EACH], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		const struct property p = { db_text_at(&q, 0),
			db_text_at(&q, 1), db_text_at(&q, 2) };

		r = visit(context, &p);
	}
	TRY(db_end(&q));
	return r;
}

/* Octets of the one of that name; 0: there is none. */
static result
size_of(struct account *a, const struct item *item, view name, int64_t *out)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(item->collection), db_int(item->uid), db_text(name) };
	struct db_query q;

	*out = 0;
	if (item->properties == 0)
		return done();
	db_ask(a->db, &q, sql[SIZE], args, COUNT(args));
	while (db_next(&q))
		*out = (int64_t)(db_text_at(&q, 0).n + db_text_at(&q, 1).n);
	return db_end(&q);
}

static result
count_in(struct account *a, struct item *item, int64_t grown)
{
	struct tally t = { .bytes = grown };

	TRY(state_take(a, grown, 0, &item->modseq, NULL));
	t.modseq = item->modseq;
	TRY(collection_tally(a, item->collection, &t));
	item->properties += grown;
	{
		const struct db_arg args[] = { db_int(a->id),
			db_int(item->collection), db_int(item->uid),
			db_int(item->modseq), db_int(item->properties) };

		return db_do(a->db, sql[COUNT_IN], args, COUNT(args));
	}
}

static result
put(struct account *a, struct item *item, const struct property *p,
    int64_t grown)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(item->collection), db_int(item->uid), db_text(p->name),
		db_text(p->language), db_text(p->value) };

	TRY(count_in(a, item, grown));
	return db_do(a->db, sql[PUT], args, COUNT(args));
}

result
item_property_put(
    struct account *a, struct item *item, const struct property *p)
{
	int64_t before, grown;

	TRY(must_write(a));
	TRY(size_of(a, item, p->name, &before));
	grown = (int64_t)(p->name.n + p->value.n) - before;
	if (item->properties + grown > LIMIT_DAV_DEAD)
		return fail(OVER_LIMIT, "more properties than one may have");
	return spoil(a, put(a, item, p, grown));
}

static result
drop(struct account *a, struct item *item, view name, int64_t shrunk)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(item->collection), db_int(item->uid), db_text(name) };

	TRY(count_in(a, item, -shrunk));
	return db_do(a->db, sql[DROP], args, COUNT(args));
}

result
item_property_drop(struct account *a, struct item *item, view name)
{
	int64_t before;

	TRY(must_write(a));
	TRY(size_of(a, item, name, &before));
	return before == 0 ? done() : spoil(a, drop(a, item, name, before));
}

result
item_property_forget(struct account *a, int64_t collection, uint32_t uid,
    const struct item_old *old)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(uid) };

	return old->properties == 0
	    ? done()
	    : db_do(a->db, sql[FORGET], args, COUNT(args));
}

result
item_property_follow(struct account *a, int64_t collection, uint32_t uid,
    const struct item_old *old, const struct item *to, bool moved)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(uid), db_int(to->collection), db_int(to->uid) };

	return old->properties == 0
	    ? done()
	    : db_do(a->db, sql[moved ? MOVE : COPY], args, COUNT(args));
}
