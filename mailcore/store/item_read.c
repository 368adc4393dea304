/* Items found and walked. */
#include "mailcore/store/item_row.h"

enum { GET, BY_NAME, BY_KEY, SUMMARY, EACH, EACH_SUMMARY, BOUNDS,
	CHANGES };

static const char *const sql[] = {
	[GET] = "SELECT " ITEM_COLUMNS " FROM item i"
		" WHERE account_id = $1 AND collection = $2 AND uid = $3",
	[BY_NAME] = "SELECT " ITEM_COLUMNS " FROM item i WHERE account_id = $1"
		    " AND collection = $2 AND name = $3 AND name <> ''",
	[BY_KEY] = "SELECT " ITEM_COLUMNS " FROM item i WHERE account_id = $1"
		   " AND collection = $2 AND key = $3 AND key <> ''",
	[SUMMARY] = "SELECT envelope, structure, bodystructure, header, sent"
		    " FROM summary WHERE account_id = $1 AND body = $2",
	[EACH] = "SELECT " ITEM_COLUMNS " FROM item i WHERE account_id = $1"
		 " AND collection = $2 AND uid BETWEEN $3 AND $4"
		 " ORDER BY uid",
	[EACH_SUMMARY] =
	    "SELECT " ITEM_COLUMNS ", s.envelope, s.structure,"
	    " s.bodystructure, s.header, s.sent FROM item i"
	    " LEFT JOIN summary s ON s.account_id = $1 AND s.body = i.body"
	    " WHERE i.account_id = $1 AND i.collection = $2"
	    " AND i.uid BETWEEN $3 AND $4 ORDER BY i.uid",
	[BOUNDS] = "SELECT c.pruned, s.modseq FROM collection c, state s"
		   " WHERE c.account_id = $1 AND c.id = $2"
		   " AND s.account_id = $1",
	[CHANGES] =
	    "SELECT " ITEM_COLUMNS ", 0 AS gone FROM item i"
	    " WHERE account_id = $1 AND collection = $2 AND modseq > $3"
	    " UNION ALL"
	    " SELECT collection, uid, modseq, name, '', 0, 0, '', 0, '', '',"
	    " 0, 0, 0, 0, 0, 1 FROM item_gone"
	    " WHERE account_id = $1 AND collection = $2 AND modseq > $3"
	    " ORDER BY 3, 2",
};

void
item_of_row(struct db_query *q, struct item *out)
{
	*out = (struct item){
		.collection = db_int_at(q, 0),
		.uid = (uint32_t)db_int_at(q, 1),
		.modseq = db_int_at(q, 2),
		.name = db_text_at(q, 3),
		.key = db_text_at(q, 4),
		.received = db_int_at(q, 5),
		.flags = (uint32_t)db_int_at(q, 6),
		.keywords = db_text_at(q, 7),
		.size = (uint64_t)db_int_at(q, 8),
		.etag = db_text_at(q, 9),
		.component = db_text_at(q, 10),
		.span_from = db_int_at(q, 11),
		.span_to = db_int_at(q, 12),
		.body = db_int_at(q, 13),
		.saved = db_int_at(q, 14),
		.properties = db_int_at(q, 15),
	};
}

void
item_keep(struct arena *arena, struct item *i)
{
	i->name = arena_copy(arena, i->name);
	i->key = arena_copy(arena, i->key);
	i->keywords = arena_copy(arena, i->keywords);
	i->etag = arena_copy(arena, i->etag);
	i->component = arena_copy(arena, i->component);
}

static result
find(struct account *a, struct arena *arena, const char *question,
    const struct db_arg args[3], struct item *out)
{
	struct db_query q;
	bool found = false;

	*out = (struct item){ .collection = 0 };
	db_ask(a->db, &q, question, args, 3);
	while (db_next(&q)) {
		item_of_row(&q, out);
		item_keep(arena, out);
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such item");
}

result
item_get(struct account *a, struct arena *arena, int64_t collection,
    uint32_t uid, struct item *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(uid) };

	return find(a, arena, sql[GET], args, out);
}

result
item_by_name(struct account *a, struct arena *arena, int64_t collection,
    view name, struct item *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_text(name) };

	return find(a, arena, sql[BY_NAME], args, out);
}

result
item_by_key(struct account *a, struct arena *arena, int64_t collection,
    view key, struct item *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_text(key) };

	return find(a, arena, sql[BY_KEY], args, out);
}

static void
summary_of_row(struct db_query *q, int first, struct item_summary *out)
{
	*out = (struct item_summary){
		.envelope = db_blob_at(q, first),
		.body = db_blob_at(q, first + 1),
		.bodystructure = db_blob_at(q, first + 2),
		.header = db_blob_at(q, first + 3),
		.sent = db_int_at(q, first + 4),
	};
}

result
item_summary(struct account *a, struct arena *arena, int64_t body,
    struct item_summary *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(body) };
	struct db_query q;
	bool found = false;

	*out = (struct item_summary){ .sent = 0 };
	db_ask(a->db, &q, sql[SUMMARY], args, COUNT(args));
	while (db_next(&q)) {
		summary_of_row(&q, 0, out);
		out->envelope = arena_copy(arena, out->envelope);
		out->body = arena_copy(arena, out->body);
		out->bodystructure = arena_copy(arena, out->bodystructure);
		out->header = arena_copy(arena, out->header);
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such item");
}

static result
walk(struct account *a, const char *question, const struct db_arg *args,
    size_t count, item_visit *visit, void *context)
{
	struct db_query q;
	struct item item;
	result r = done();

	db_ask(a->db, &q, question, args, count);
	while (r.is == OK && db_next(&q)) {
		item_of_row(&q, &item);
		r = visit(context, &item);
	}
	TRY(db_end(&q));
	return r;
}

result
item_each(struct account *a, int64_t collection, uint32_t from, uint32_t to,
    item_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(from), db_int(to) };

	return walk(a, sql[EACH], args, COUNT(args), visit, context);
}

result
item_each_summary(struct account *a, int64_t collection, uint32_t from,
    uint32_t to, item_summary_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(from), db_int(to) };
	struct db_query q;
	struct item item;
	struct item_summary summary;
	result r = done();

	db_ask(a->db, &q, sql[EACH_SUMMARY], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		item_of_row(&q, &item);
		summary_of_row(&q, ITEM_COLUMN_COUNT, &summary);
		r = visit(context, &item, &summary);
	}
	TRY(db_end(&q));
	return r;
}

/* Can what changed since then be told at all? */
static result
check_since(struct account *a, int64_t collection, int64_t since)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	struct db_query q;
	result r = fail(NOT_FOUND, "no such collection");

	db_ask(a->db, &q, sql[BOUNDS], args, COUNT(args));
	while (db_next(&q)) {
		r = done();
		if (since < db_int_at(&q, 0))
			r = fail(STALE, "older than what is remembered");
		if (since > db_int_at(&q, 1))
			r = fail(STALE, "newer than the account");
	}
	TRY(db_end(&q));
	return r;
}

result
item_changes(struct account *a, int64_t collection, int64_t since,
    size_t limit, item_change_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(since) };
	struct db_query q;
	struct item item;
	int64_t last = since;
	size_t told = 0;
	result r = done();

	TRY(check_since(a, collection, since));
	db_ask(a->db, &q, sql[CHANGES], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		item_of_row(&q, &item);
		/* All of one modseq, or none: who goes on from the last one
		 * must not miss its brothers. */
		if (limit > 0 && told >= limit && item.modseq != last)
			break;
		last = item.modseq;
		told++;
		r = visit(context, &item,
		    db_int_at(&q, ITEM_COLUMN_COUNT) != 0);
	}
	TRY(db_end(&q));
	return r;
}
