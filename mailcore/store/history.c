#include "mailcore/format/ical_attach.h"
#include "mailcore/store/attachment.h"
#include "mailcore/store/collection_row.h"
#include "mailcore/store/history_row.h"
#include "mailcore/sys/clock.h"

enum { LIST, VERSION_GET, GONE_GET, PUT_BACK, PUT_COUNTS, PUT_PROPERTIES,
	VERSIONS_FORGET, GONE_FORGET };

/* Versions that were replaced or removed; objects that were added: those that
 * have not changed since, and of the others the first version; removed
 * collections.  $2: a collection, or 0; $3: since when. */
#define CHANGES                                                              \
	"SELECT h.modseq AS id, h.what, h.at, h.collection, h.uid, h.name,"  \
	" h.component, h.size, 0 AS items, h.body FROM history h"            \
	" WHERE h.account_id = $1 AND ($2 = 0 OR h.collection = $2)"         \
	" AND h.at >= $3 AND h.what IN (2, 3)"
#define ADDED                                                                \
	"SELECT i.modseq, 1, i.saved, i.collection, i.uid, i.name,"          \
	" i.component, i.size, 0, i.body FROM item i JOIN collection c"      \
	" ON c.account_id = i.account_id AND c.id = i.collection"            \
	" WHERE i.account_id = $1 AND ($2 = 0 OR i.collection = $2)"         \
	" AND c.kind IN (2, 3) AND i.saved >= $3 AND NOT EXISTS (SELECT 1"   \
	" FROM history h WHERE h.account_id = $1"                            \
	" AND h.collection = i.collection AND h.uid = i.uid)"
#define FIRST                                                                \
	"SELECT h.before, 1, h.saved, h.collection, h.uid, h.name,"          \
	" h.component, h.size, 0, h.body FROM history h"                     \
	" WHERE h.account_id = $1 AND ($2 = 0 OR h.collection = $2)"         \
	" AND h.saved >= $3 AND h.what IN (2, 3) AND NOT EXISTS (SELECT 1"   \
	" FROM history e WHERE e.account_id = $1"                            \
	" AND e.collection = h.collection AND e.uid = h.uid"                 \
	" AND e.modseq < h.modseq)"
#define REMOVED                                                              \
	"SELECT g.modseq, 4, g.at, g.id, 0, g.display_name, '', g.bytes,"    \
	" g.items, 0 FROM history_collection g WHERE g.account_id = $1"      \
	" AND ($2 = 0 OR g.id = $2) AND g.at >= $3"

/* As item_reach says: without it a query by time would not find what comes
 * back.  What is far off is so by overflow or by having no end. */
#define REACH                                                                \
	"CASE WHEN span_from < -100000000000000"                             \
	" OR span_to > 100000000000000 THEN 4"                               \
	" WHEN span_to - span_from <= 172800 THEN 0"                         \
	" WHEN span_to - span_from <= 3456000 THEN 1"                        \
	" WHEN span_to - span_from <= 34560000 THEN 2"                       \
	" WHEN span_to - span_from <= 345600000 THEN 3 ELSE 4 END"

static const char *const sql[] = {
	[LIST] = "SELECT e.id, e.what, e.at, e.collection, e.uid, e.name,"
		 " e.component, e.size, e.items, e.body,"
		 " COALESCE(c.kind, g.kind), COALESCE(c.name, g.name)"
		 " FROM (" CHANGES " UNION ALL " ADDED " UNION ALL " FIRST
		 " UNION ALL " REMOVED ") e"
		 " LEFT JOIN collection c ON c.account_id = $1"
		 " AND c.id = e.collection"
		 " LEFT JOIN history_collection g ON g.account_id = $1"
		 " AND g.id = e.collection"
		 " WHERE c.kind IN (2, 3) OR g.id IS NOT NULL"
		 " ORDER BY e.at DESC, e.id DESC LIMIT $4",
	[VERSION_GET] = "SELECT name, key, etag, component, span_from, span_to,"
			" times FROM history WHERE account_id = $1"
			" AND modseq = $2 AND collection = $3 AND uid = $4",
	[GONE_GET] = "SELECT kind, name, display_name, items, (SELECT"
		     " COALESCE(SUM(h.size), 0) FROM history h"
		     " WHERE h.account_id = $1 AND h.modseq = $2"
		     " AND h.collection = g.id), uid_next"
		     " FROM history_collection g WHERE account_id = $1"
		     " AND modseq = $2",
	[PUT_BACK] =
	    "INSERT INTO item (account_id, collection, uid, modseq, name, key,"
	    " received, flags, keywords, size, etag, component, span_from,"
	    " span_to, body, saved, reach, times) SELECT account_id, $4, uid,"
	    " $5, name, key, $6, 0, '', size, etag, component, span_from,"
	    " span_to, body, saved, " REACH ", times FROM history"
	    " WHERE account_id = $1"
	    " AND modseq = $2 AND collection = $3",
	/* None of them is marked as read. */
	[PUT_COUNTS] = "UPDATE collection SET uid_next = $3, items = $4,"
		       " unseen = $4, bytes = $5, modseq = $6"
		       " WHERE account_id = $1 AND id = $2",
	[PUT_PROPERTIES] = "UPDATE property SET collection = $3"
			   " WHERE account_id = $1 AND collection = $2",
	[VERSIONS_FORGET] = "DELETE FROM history WHERE account_id = $1"
			    " AND modseq = $2 AND collection = $3",
	[GONE_FORGET] = "DELETE FROM history_collection"
			" WHERE account_id = $1 AND modseq = $2",
};

static void
of_row(struct db_query *q, struct arena *arena, struct history_event *out)
{
	*out = (struct history_event){
		.id = db_int_at(q, 0),
		.what = (enum history_what)db_int_at(q, 1),
		.at = db_int_at(q, 2),
		.collection = db_int_at(q, 3),
		.uid = (uint32_t)db_int_at(q, 4),
		.name = arena_copy(arena, db_text_at(q, 5)),
		.component = arena_copy(arena, db_text_at(q, 6)),
		.size = (uint64_t)db_int_at(q, 7),
		.items = db_int_at(q, 8),
		.body = db_int_at(q, 9),
		.kind = (enum collection_kind)db_int_at(q, 10),
		.place = arena_copy(arena, db_text_at(q, 11)),
	};
}

result
history_list(struct account *a, struct arena *arena, int64_t collection,
    size_t limit, struct history_event **out, size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(history_since(a)), db_int((int64_t)limit) };
	struct db_query q;

	*count = 0;
	*out = NULL;
	/* Nothing is kept: nothing is shown of an earlier setting either. */
	if (a->store->history_days == 0)
		return done();
	*out = arena_array(arena, limit, sizeof **out);
	TRY(arena_result(arena));
	db_ask(a->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q) && *count < limit)
		of_row(&q, arena, &(*out)[(*count)++]);
	TRY(db_end(&q));
	return arena_result(arena);
}

result
history_find(struct account *a, struct arena *arena, int64_t id,
    struct history_event *out)
{
	struct history_event *all;
	size_t count;

	TRY(history_list(a, arena, 0, LIMIT_HISTORY * 2, &all, &count));
	for (size_t i = 0; i < count; i++) {
		if (all[i].id != id)
			continue;
		*out = all[i];
		return done();
	}
	return fail(NOT_FOUND, "there is no such change to be seen");
}

/* An event that is being undone. */
struct undoing {
	struct arena *arena;
	struct history_event event;
	struct spool *bytes;
	view text; /* the same when it names attachments, else empty */
	struct history_undone *out;
};

/* Of texts that name attachments (RFC 8607). */
static view
keep_naming(struct undoing *u, view text)
{
	return ical_attach_any(text) ? arena_copy(u->arena, text) : VIEW("");
}

static result
text_now(struct account *a, struct undoing *u, const struct item *item,
    view *out)
{
	struct body body;

	TRY(body_open(a, item->body, &body));
	*out = keep_naming(u, body.bytes);
	body_close(&body);
	return arena_result(u->arena);
}

static result
version_get(struct account *a, struct undoing *u, struct item_new *out)
{
	const struct history_event *e = &u->event;
	const struct db_arg args[] = { db_int(a->id), db_int(e->id),
		db_int(e->collection), db_int(e->uid) };
	struct db_query q;
	bool found = false;

	db_ask(a->db, &q, sql[VERSION_GET], args, COUNT(args));
	while (db_next(&q)) {
		found = true;
		*out = (struct item_new){
			.name = arena_copy(u->arena, db_text_at(&q, 0)),
			.key = arena_copy(u->arena, db_text_at(&q, 1)),
			.etag = arena_copy(u->arena, db_text_at(&q, 2)),
			.component = arena_copy(u->arena, db_text_at(&q, 3)),
			.span_from = db_int_at(&q, 4),
			.span_to = db_int_at(&q, 5),
			.times = arena_copy(u->arena, db_blob_at(&q, 6)),
			.received = clock_now(),
			.bytes = u->bytes,
		};
	}
	TRY(db_end(&q));
	TRY(arena_result(u->arena));
	return found ? done() : fail(NOT_FOUND, "it was just forgotten");
}

/* The version that was there before; the object may have gone since. */
static result
undo_version(struct account *a, struct undoing *u)
{
	struct collection c;
	struct item_new n;
	struct item item;
	view now = VIEW("");
	result r;

	TRY(version_get(a, u, &n));
	u->out->name = n.name;
	r = collection_get(a, u->arena, u->event.collection, &c);
	if (r.is == NOT_FOUND)
		return fail(STALE, "its calendar or address book is gone;"
		    " that comes back first");
	TRY(r);
	r = item_get(a, u->arena, c.id, u->event.uid, &item);
	if (r.is == NOT_FOUND) {
		TRY(item_add(a, c.id, &n, &item));
	} else {
		TRY(r);
		TRY(text_now(a, u, &item, &now));
		u->out->name = n.name = item.name;
		TRY(item_replace(a, c.id, item.uid, VIEW(""), &n, &item));
	}
	return attachment_undone(a, u->arena, c.id, n.key, now, u->text);
}

static result
undo_adding(struct account *a, struct undoing *u)
{
	struct item item;
	int64_t modseq;
	view now;

	TRY(item_get(a, u->arena, u->event.collection, u->event.uid, &item));
	TRY(text_now(a, u, &item, &now));
	u->out->name = item.name;
	TRY(item_remove(a, item.collection, item.uid, &modseq));
	return attachment_undone(
	    a, u->arena, item.collection, item.key, now, VIEW(""));
}

/* Under its name, or another where there is one of that name again. */
static result
add_again(struct account *a, struct undoing *u, const struct collection *c,
    int64_t *id)
{
	result r = collection_add(a, c->kind, c->name, c->display_name,
	    USE_NONE, id);

	u->out->name = c->name;
	if (r.is != EXISTS)
		return r;
	u->out->name = arena_print(u->arena, "%.*s-%lld",
	    (int)(c->name.n < LIMIT_DAV_NAME / 2 ? c->name.n
						 : LIMIT_DAV_NAME / 2),
	    c->name.p, (long long)u->event.id);
	return collection_add(a, c->kind, u->out->name, c->display_name,
	    USE_NONE, id);
}

static result
put_back(struct account *a, struct undoing *u, const struct collection *c,
    int64_t id)
{
	int64_t modseq;

	TRY(state_take(a, c->bytes, 0, &modseq, NULL));
	{
		const struct db_arg items[] = { db_int(a->id),
			db_int(u->event.id), db_int(u->event.collection),
			db_int(id), db_int(modseq), db_int(clock_now()) };
		const struct db_arg counts[] = { db_int(a->id), db_int(id),
			db_int(c->uid_next), db_int(c->items),
			db_int(c->bytes), db_int(modseq) };
		const struct db_arg names[] = { db_int(a->id),
			db_int(u->event.collection), db_int(id) };

		/* The bodies are the items' again. */
		TRY(db_do(a->db, sql[PUT_BACK], items, COUNT(items)));
		TRY(db_do(a->db, sql[VERSIONS_FORGET], items, 3));
		TRY(db_do(a->db, sql[PUT_COUNTS], counts, COUNT(counts)));
		TRY(db_do(a->db, sql[PUT_PROPERTIES], names, COUNT(names)));
		return db_do(a->db, sql[GONE_FORGET], items, 2);
	}
}

static result
undo_gone(struct account *a, struct undoing *u)
{
	const struct db_arg args[] = { db_int(a->id), db_int(u->event.id) };
	struct collection c = { .id = 0 };
	struct db_query q;
	int64_t id;

	db_ask(a->db, &q, sql[GONE_GET], args, COUNT(args));
	while (db_next(&q))
		c = (struct collection){
			.kind = (enum collection_kind)db_int_at(&q, 0),
			.name = arena_copy(u->arena, db_text_at(&q, 1)),
			.display_name = arena_copy(u->arena,
			    db_text_at(&q, 2)),
			.items = db_int_at(&q, 3),
			.bytes = db_int_at(&q, 4),
			.uid_next = (uint32_t)db_int_at(&q, 5),
		};
	TRY(db_end(&q));
	TRY(arena_result(u->arena));
	if (c.kind == 0)
		return fail(NOT_FOUND, "it was just forgotten");
	TRY(add_again(a, u, &c, &id));
	TRY(spoil(a, put_back(a, u, &c, id)));
	return attachment_undone_all(a, u->arena, id);
}

static result
undo(struct account *a, void *context)
{
	struct undoing *u = context;

	switch (u->event.what) {
	case HISTORY_ADDED:
		return undo_adding(a, u);
	case HISTORY_CHANGED:
	case HISTORY_REMOVED:
		return undo_version(a, u);
	case HISTORY_GONE:
	default:
		return undo_gone(a, u);
	}
}

/* The bytes of the version, ready to be an item's again. */
static result
read_version(struct account *a, struct undoing *u)
{
	struct body body;

	if (u->event.what != HISTORY_CHANGED
	    && u->event.what != HISTORY_REMOVED)
		return done();
	TRY(body_open(a, u->event.body, &body));
	u->bytes = spool_new(a->store, body.bytes.n);
	spool_add(u->bytes, body.bytes);
	u->text = keep_naming(u, body.bytes);
	body_close(&body);
	TRY(spool_result(u->bytes));
	return item_prepare(a, u->bytes);
}

result
history_undo(struct account *a, struct arena *arena, int64_t id,
    struct history_undone *out)
{
	struct undoing u = { .arena = arena, .text = VIEW(""),
		.out = out };
	result r = history_find(a, arena, id, &u.event);

	*out = (struct history_undone){ .what = u.event.what,
		.name = VIEW("") };
	if (r.is == OK)
		r = read_version(a, &u);
	if (r.is == OK)
		r = account_write(a, undo, &u, DURABLE);
	spool_free(&u.bytes);
	return r;
}
