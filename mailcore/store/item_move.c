/* Items removed, copied, moved. */
#include "mailcore/store/collection_row.h"
#include "mailcore/store/history_row.h"
#include "mailcore/store/item_row.h"
#include "mailcore/store/spool.h"
#include "mailcore/sys/clock.h"

enum { OLD, REMOVE, GONE_ADD, GONE_FORGET, COPY, SHARE, RENAME, RECEIVED };

static const char *const sql[] = {
	[OLD] = "SELECT modseq, flags, keywords, size, etag, body, name,"
		" key, properties FROM item WHERE account_id = $1"
		" AND collection = $2 AND uid = $3",
	[REMOVE] = "DELETE FROM item WHERE account_id = $1"
		   " AND collection = $2 AND uid = $3",
	[GONE_ADD] = "INSERT INTO item_gone (account_id, collection, modseq,"
		     " uid, name) VALUES ($1, $2, $3, $4, $5)",
	[GONE_FORGET] = "DELETE FROM item_gone WHERE account_id = $1"
			" AND collection = $2 AND name = $3 AND name <> ''",
	[COPY] = "INSERT INTO item (account_id, collection, uid, modseq, name,"
		 " key, received, flags, keywords, size, etag, component,"
		 " span_from, span_to, body, saved, properties, reach,"
		 " times)"
		 " SELECT account_id, $4, $5, $6, $7, key, received, flags,"
		 " keywords, size, etag, component, span_from, span_to,"
		 " body, $8, properties, reach, times FROM item"
		 " WHERE account_id = $1 AND collection = $2 AND uid = $3",
	[SHARE] = "INSERT INTO body_share (account_id, body, extra)"
		  " VALUES ($1, $2, 1) ON CONFLICT (account_id, body)"
		  " DO UPDATE SET extra = body_share.extra + 1",
	[RENAME] = "UPDATE item SET modseq = $4, name = $5"
		   " WHERE account_id = $1 AND collection = $2 AND uid = $3",
	[RECEIVED] = "UPDATE item SET received = $4"
		     " WHERE account_id = $1 AND collection = $2 AND uid = $3",
};

result
item_old(struct account *a, int64_t collection, uint32_t uid, view keywords,
    view etag, struct item_old *old)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(uid) };
	struct db_query q;
	bool found = false;

	*old = (struct item_old){ .name = buf_new(LIMIT_IMAP_LINE),
		.key = buf_new(LIMIT_CONTENT_LINE) };
	db_ask(a->db, &q, sql[OLD], args, COUNT(args));
	while (db_next(&q)) {
		found = true;
		old->modseq = db_int_at(&q, 0);
		old->flags = (uint32_t)db_int_at(&q, 1);
		old->same_keywords = view_eq(db_text_at(&q, 2), keywords);
		old->size = db_int_at(&q, 3);
		old->same_etag = view_eq(db_text_at(&q, 4), etag);
		old->body = db_int_at(&q, 5);
		buf_add(&old->name, db_text_at(&q, 6));
		buf_add(&old->key, db_text_at(&q, 7));
		old->properties = db_int_at(&q, 8);
	}
	TRY(db_end(&q));
	TRY(buf_result(&old->name));
	TRY(buf_result(&old->key));
	return found ? done() : fail(NOT_FOUND, "no such item");
}

void
item_old_free(struct item_old *old)
{
	buf_free(&old->name);
	buf_free(&old->key);
}

result
item_gone_forget(struct account *a, int64_t collection, view name)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_text(name) };

	if (name.n == 0)
		return done();
	return db_do(a->db, sql[GONE_FORGET], args, COUNT(args));
}

static int64_t
weight(const struct item_old *old)
{
	return old->size + old->properties;
}

static result
delete_row(struct account *a, int64_t collection, uint32_t uid)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(uid) };

	return db_do(a->db, sql[REMOVE], args, COUNT(args));
}

/* Now and then there may be too many of them; account_close sees to it. */
static result
add_gone(struct account *a, int64_t collection, uint32_t uid, int64_t modseq,
    view name)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(modseq), db_int(uid), db_text(name) };

	if (modseq % PRUNE_EVERY == 0)
		a->prune = collection;
	return db_do(a->db, sql[GONE_ADD], args, COUNT(args));
}

/* Out of `collection`, at `modseq`; the body stays. */
static result
take_out(struct account *a, int64_t collection, uint32_t uid, int64_t modseq,
    const struct item_old *old)
{
	struct tally t = { .modseq = modseq, .items = -1,
		.unseen = -item_unseen(old->flags), .bytes = -weight(old) };

	TRY(collection_tally(a, collection, &t));
	TRY(delete_row(a, collection, uid));
	return add_gone(a, collection, uid, modseq, buf_view(&old->name));
}

static result
remove_old(struct account *a, int64_t collection, uint32_t uid,
    const struct item_old *old, int64_t *modseq)
{
	bool kept = false;

	TRY(state_take(a, -weight(old), 0, modseq, NULL));
	TRY(item_property_forget(a, collection, uid, old));
	if (old->name.n > 0)
		TRY(history_keep(a, collection, uid, *modseq, HISTORY_REMOVED,
		    &kept));
	TRY(take_out(a, collection, uid, *modseq, old));
	return kept ? done() : body_release(a, old->body);
}

result
item_remove(struct account *a, int64_t collection, uint32_t uid,
    int64_t *modseq)
{
	struct item_old old;
	result r;

	*modseq = 0;
	TRY(must_write(a));
	r = item_old(a, collection, uid, VIEW(""), VIEW(""), &old);
	if (r.is == OK)
		r = spoil(a, remove_old(a, collection, uid, &old, modseq));
	item_old_free(&old);
	return r;
}

/* A row like that of `from`, `uid`, at out's place with out's name; out gets
 * its uid. */
static result
put_into(struct account *a, int64_t from, uint32_t uid,
    const struct item_old *old, struct item *out)
{
	struct tally t = { .modseq = out->modseq, .items = 1,
		.unseen = item_unseen(old->flags), .bytes = weight(old) };

	TRY(collection_take_uid(a, out->collection, &t, &out->uid));
	TRY(item_gone_forget(a, out->collection, out->name));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(from),
			db_int(uid), db_int(out->collection),
			db_int(out->uid), db_int(out->modseq),
			db_text(out->name), db_int(clock_now()) };

		return db_do(a->db, sql[COPY], args, COUNT(args));
	}
}

static result
copy_old(struct account *a, int64_t from, uint32_t uid,
    const struct item_old *old, struct item *out)
{
	const struct db_arg share[] = { db_int(a->id), db_int(old->body) };

	TRY(state_take(a, weight(old), 0, &out->modseq, NULL));
	TRY(db_do(a->db, sql[SHARE], share, COUNT(share)));
	TRY(put_into(a, from, uid, old, out));
	return item_property_follow(a, from, uid, old, out, false);
}

static result
move_old(struct account *a, int64_t from, uint32_t uid,
    const struct item_old *old, struct item *out)
{
	const struct db_arg share[] = { db_int(a->id), db_int(old->body) };
	bool kept = false;

	TRY(state_take(a, 0, 0, &out->modseq, NULL));
	if (old->name.n > 0)
		TRY(history_keep(a, from, uid, out->modseq, HISTORY_REMOVED,
		    &kept));
	if (kept)
		TRY(db_do(a->db, sql[SHARE], share, COUNT(share)));
	TRY(put_into(a, from, uid, old, out));
	TRY(item_property_follow(a, from, uid, old, out, true));
	return take_out(a, from, uid, out->modseq, old);
}

typedef result mover(struct account *, int64_t from, uint32_t uid,
    const struct item_old *, struct item *out);

/* Under `name`, or under its own when that is empty. */
static result
carry(struct account *a, int64_t from, uint32_t uid, view name, mover *move,
    struct item *out)
{
	struct item_old old;
	result r;

	TRY(must_write(a));
	r = item_old(a, from, uid, VIEW(""), VIEW(""), &old);
	out->name = name.n > 0 ? name : buf_view(&old.name);
	if (r.is == OK)
		r = item_check_free(
		    a, out->collection, out->name, buf_view(&old.key), 0);
	if (r.is == OK) {
		out->flags = old.flags;
		out->size = (uint64_t)old.size;
		out->body = old.body;
		r = spoil(a, move(a, from, uid, &old, out));
	}
	out->name = name;
	item_old_free(&old);
	return r;
}

result
item_copy(struct account *a, int64_t from, uint32_t uid, int64_t to,
    struct item *out)
{
	*out = (struct item){ .collection = to };
	return carry(a, from, uid, VIEW(""), copy_old, out);
}

result
item_move(struct account *a, int64_t from, uint32_t uid, int64_t to,
    struct item *out)
{
	*out = (struct item){ .collection = to };
	return carry(a, from, uid, VIEW(""), move_old, out);
}

result
item_copy_as(struct account *a, const struct item *item, int64_t to, view name,
    struct item *out)
{
	*out = (struct item){ .collection = to };
	return carry(a, item->collection, item->uid, name, copy_old, out);
}

static result
rename_old(struct account *a, const struct item *item, view name,
    const struct item_old *old, int64_t *modseq)
{
	struct tally t = { 0 };
	int64_t left;

	/* Two changes, told apart: RFC 6578 3.6 may cut between them. */
	TRY(state_take(a, 0, 0, &left, NULL));
	TRY(state_take(a, 0, 0, modseq, NULL));
	t.modseq = *modseq;
	TRY(collection_tally(a, item->collection, &t));
	TRY(item_gone_forget(a, item->collection, name));
	TRY(add_gone(
	    a, item->collection, item->uid, left, buf_view(&old->name)));
	{
		const struct db_arg args[] = { db_int(a->id),
			db_int(item->collection), db_int(item->uid),
			db_int(*modseq), db_text(name) };

		return db_do(a->db, sql[RENAME], args, COUNT(args));
	}
}

static result
rename_item(struct account *a, const struct item *item, view name,
    struct item *out)
{
	struct item_old old;
	result r;

	*out = *item;
	TRY(must_write(a));
	TRY(item_check_free(
	    a, item->collection, name, VIEW(""), item->uid));
	r = item_old(
	    a, item->collection, item->uid, VIEW(""), VIEW(""), &old);
	if (r.is == OK)
		r = spoil(a, rename_old(a, item, name, &old, &out->modseq));
	item_old_free(&old);
	return r;
}

result
item_move_as(struct account *a, const struct item *item, int64_t to, view name,
    struct item *out)
{
	if (item->collection == to)
		return rename_item(a, item, name, out);
	*out = (struct item){ .collection = to };
	return carry(a, item->collection, item->uid, name, move_old, out);
}

result
item_set_received(struct account *a, const struct item *item, int64_t received)
{
	const struct db_arg args[] = { db_int(a->id), db_int(item->collection),
		db_int(item->uid), db_int(received) };

	TRY(must_write(a));
	return spoil(a, db_do(a->db, sql[RECEIVED], args, COUNT(args)));
}
