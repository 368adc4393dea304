#include "mailcore/store/attachment.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical_attach.h"
#include "mailcore/store/collection_row.h"
#include "mailcore/store/item_row.h"
#include "mailcore/sys/clock.h"

enum { KEPT, KEPT_ALL, BRING_BACK, FORGET, COPY, SHARE };

static const char *const sql[] = {
	[KEPT] = "SELECT modseq, uid, name, key, size FROM history"
		 " WHERE account_id = $1 AND collection = $2 AND name = $3"
		 " ORDER BY modseq DESC LIMIT 1",
	[KEPT_ALL] = "SELECT modseq, uid, name, key, size FROM history"
		     " WHERE account_id = $1 AND collection = $2"
		     " ORDER BY modseq DESC",
	/* The body is the item's again. */
	[BRING_BACK] =
	    "INSERT INTO item (account_id, collection, uid, modseq, name, key,"
	    " received, flags, keywords, size, etag, component, span_from,"
	    " span_to, body, saved) SELECT account_id, collection, $5, $6,"
	    " name, key, saved, 0, '', size, etag, component, span_from,"
	    " span_to, body, saved FROM history WHERE account_id = $1"
	    " AND collection = $2 AND modseq = $3 AND uid = $4",
	[FORGET] = ("DELETE FROM history WHERE account_id = $1"
		    " AND collection = $2 AND modseq = $3 AND uid = $4"),
	[COPY] = "INSERT INTO item (account_id, collection, uid, modseq,"
		 " name, key, received, flags, keywords, size, etag,"
		 " component, span_from, span_to, body, saved)"
		 " SELECT account_id, collection, $4, $5, $6, $7, received,"
		 " 0, '', size, etag, component, span_from, span_to, body, $8"
		 " FROM item WHERE account_id = $1 AND collection = $2"
		 " AND uid = $3",
	[SHARE] = "INSERT INTO body_share (account_id, body, extra)"
		  " VALUES ($1, $2, 1) ON CONFLICT (account_id, body)"
		  " DO UPDATE SET extra = body_share.extra + 1",
};

static view
event_of(view key)
{
	(void)view_cut(&key, ' ');
	return key;
}

view
attachment_uid(const struct item *item)
{
	return event_of(item->key);
}

result
attachment_find(struct account *a, struct arena *arena, view id,
    struct collection *c, struct item *out)
{
	TRY(collection_find(a, arena, COLLECTION_ATTACHMENTS,
	    VIEW(ATTACHMENTS), c));
	return item_by_name(a, arena, c->id, id, out);
}

static result
copy_item(struct account *a, const struct collection *c,
    const struct item *from, view id, view key)
{
	struct tally t = { .items = 1, .unseen = item_unseen(0),
		.bytes = (int64_t)from->size };
	const struct db_arg share[] = { db_int(a->id), db_int(from->body) };
	uint32_t uid;

	TRY(state_take(a, t.bytes, 0, &t.modseq, NULL));
	TRY(collection_take_uid(a, c->id, &t, &uid));
	TRY(item_gone_forget(a, c->id, id));
	TRY(db_do(a->db, sql[SHARE], share, COUNT(share)));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(c->id),
			db_int(from->uid), db_int(uid), db_int(t.modseq),
			db_text(id), db_text(key), db_int(clock_now()) };

		return db_do(a->db, sql[COPY], args, COUNT(args));
	}
}

result
attachment_copy(struct account *a, struct arena *arena,
    const struct collection *c, const struct item *from, view id, view uid)
{
	view key = arena_print(arena, "%.*s %.*s", (int)id.n, id.p,
	    (int)uid.n, uid.p);

	TRY(arena_result(arena));
	if (c->items >= LIMIT_ATTACHMENTS_KEPT)
		return fail(NO_SPACE, "more than LIMIT_ATTACHMENTS_KEPT");
	return spoil(a, copy_item(a, c, from, id, key));
}

/* The ids in a text, which may have been stored before it was looked at. */
static void
names_of(view text, struct arena *arena, view **ids, size_t *count)
{
	if (ical_attach_list(text, arena, ids, count).is != OK)
		*count = 0;
}

/* Does the event of that UID in a collection name it? */
static result
is_named(struct account *a, struct arena *arena, int64_t collection, view uid,
    view id, bool *out)
{
	struct item item;
	struct body body;
	struct arena *scratch; /* a whole calendar may be asked */
	view *ids;
	size_t count;
	result r = item_by_key(a, arena, collection, uid, &item);

	*out = false;
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	TRY(body_open(a, item.body, &body));
	scratch = arena_new(LIMIT_HTTP_ARENA);
	names_of(body.bytes, scratch, &ids, &count);
	*out = ical_attach_has(ids, count, id);
	arena_free(&scratch);
	body_close(&body);
	return done();
}

/* Does another copy of the event name it? */
static result
is_elsewhere(struct account *a, struct arena *arena, int64_t but, view uid,
    view id, bool *out)
{
	struct collection *list;
	size_t count;

	*out = false;
	TRY(collection_list(a, arena, COLLECTION_CALENDAR, &list, &count));
	for (size_t i = 0; i < count && !*out; i++)
		if (list[i].id != but)
			TRY(is_named(a, arena, list[i].id, uid, id, out));
	return done();
}

result
attachment_let_go(struct account *a, struct arena *arena, int64_t collection,
    view uid, view id)
{
	struct collection in;
	struct item item;
	int64_t modseq;
	bool elsewhere;
	result r = attachment_find(a, arena, id, &in, &item);

	/* Of an event of somebody else's: his affair. */
	if (r.is == NOT_FOUND
	    || (r.is == OK && !view_eq(attachment_uid(&item), uid)))
		return done();
	TRY(r);
	TRY(is_elsewhere(a, arena, collection, uid, id, &elsewhere));
	return elsewhere ? done() : item_remove(a, in.id, item.uid, &modseq);
}

/* One that the history keeps. */
struct kept {
	int64_t modseq, uid, size;
	view name, key;
};

static void
of_row(struct db_query *q, struct arena *arena, struct kept *out)
{
	*out = (struct kept){ .modseq = db_int_at(q, 0),
		.uid = db_int_at(q, 1),
		.name = arena_copy(arena, db_text_at(q, 2)),
		.key = arena_copy(arena, db_text_at(q, 3)),
		.size = db_int_at(q, 4) };
}

static result
bring_back(struct account *a, int64_t collection, const struct kept *k)
{
	struct tally t = { .items = 1, .unseen = item_unseen(0),
		.bytes = k->size };
	uint32_t uid;

	TRY(state_take(a, k->size, 0, &t.modseq, NULL));
	TRY(collection_take_uid(a, collection, &t, &uid));
	TRY(item_gone_forget(a, collection, k->name));
	{
		const struct db_arg args[] = { db_int(a->id),
			db_int(collection), db_int(k->modseq), db_int(k->uid),
			db_int(uid), db_int(t.modseq) };

		TRY(db_do(a->db, sql[BRING_BACK], args, COUNT(args)));
		return db_do(a->db, sql[FORGET], args, 4);
	}
}

/* Unless it is there. */
static result
revive(struct account *a, struct arena *arena, const struct collection *c,
    const struct kept *k)
{
	struct item there;
	result r = item_by_name(a, arena, c->id, k->name, &there);

	if (r.is != NOT_FOUND)
		return r;
	if (c->items >= LIMIT_ATTACHMENTS_KEPT)
		return fail(NO_SPACE, "more than LIMIT_ATTACHMENTS_KEPT");
	return spoil(a, bring_back(a, c->id, k));
}

static result
revive_one(struct account *a, struct arena *arena, const struct collection *c,
    view uid, view id)
{
	const struct db_arg args[] = { db_int(a->id), db_int(c->id),
		db_text(id) };
	struct kept k = { .modseq = 0 };
	struct db_query q;

	db_ask(a->db, &q, sql[KEPT], args, COUNT(args));
	while (db_next(&q))
		of_row(&q, arena, &k);
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return k.modseq == 0 || !view_eq(event_of(k.key), uid)
	    ? done()
	    : revive(a, arena, c, &k);
}

/* No collection: there never was one. */
static result
find_place(struct account *a, struct arena *arena, struct collection *c)
{
	return collection_find(a, arena, COLLECTION_ATTACHMENTS,
	    VIEW(ATTACHMENTS), c);
}

result
attachment_undone(struct account *a, struct arena *arena, int64_t collection,
    view uid, view now, view then)
{
	view *was, *is;
	size_t was_count, is_count;
	struct collection c;
	result r;

	names_of(now, arena, &was, &was_count);
	names_of(then, arena, &is, &is_count);
	TRY(arena_result(arena));
	if (was_count == 0 && is_count == 0)
		return done();
	for (size_t i = 0; i < was_count; i++)
		if (!ical_attach_has(is, is_count, was[i]))
			TRY(attachment_let_go(
			    a, arena, collection, uid, was[i]));
	r = find_place(a, arena, &c);
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	for (size_t i = 0; i < is_count; i++)
		TRY(revive_one(a, arena, &c, uid, is[i]));
	return done();
}

static result
read_kept(struct account *a, struct arena *arena, int64_t collection,
    struct kept **out, size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	struct db_query q;
	size_t most = (size_t)LIMIT_HISTORY + 1024;

	*count = 0;
	*out = arena_array(arena, most, sizeof **out);
	TRY(arena_result(arena));
	db_ask(a->db, &q, sql[KEPT_ALL], args, COUNT(args));
	while (db_next(&q) && *count < most)
		of_row(&q, arena, &(*out)[(*count)++]);
	TRY(db_end(&q));
	return arena_result(arena);
}

result
attachment_undone_all(struct account *a, struct arena *arena,
    int64_t collection)
{
	struct collection c;
	struct kept *all;
	size_t count;
	result r = find_place(a, arena, &c);

	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	TRY(read_kept(a, arena, c.id, &all, &count));
	for (size_t i = 0; i < count; i++) {
		bool named;

		TRY(is_named(a, arena, collection, event_of(all[i].key),
		    all[i].name, &named));
		if (named)
			TRY(revive(a, arena, &c, &all[i]));
	}
	return done();
}
