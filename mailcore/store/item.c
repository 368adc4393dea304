/* Items added, replaced, flagged. */
#include "mailcore/store/collection_row.h"
#include "mailcore/store/history_row.h"
#include "mailcore/store/item_row.h"
#include "mailcore/store/spool.h"
#include "mailcore/sys/clock.h"

enum { ADD, BODY_ADD, SUMMARY_ADD, TAKEN, REPLACE, FLAGS };

static const char *const sql[] = {
	[ADD] = "INSERT INTO item (account_id, collection, uid, modseq, name,"
		" key, received, flags, keywords, size, etag, component,"
		" span_from, span_to, body, saved, reach, times)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
		" $13, $14, $15, $16, $17, $18)",
	[BODY_ADD] = "INSERT INTO body (id, account_id, size, hash, file, data)"
		     " VALUES ($2, $1, $3, $4, $5, $6)",
	[SUMMARY_ADD] =
	    "INSERT INTO summary (body, account_id, sent, envelope, structure,"
	    " bodystructure, header) VALUES ($2, $1, $3, $4, $5, $6, $7)",
	[TAKEN] = "SELECT uid FROM item WHERE account_id = $1"
		  " AND collection = $2 AND name = $3 AND name <> ''"
		  " UNION ALL SELECT uid FROM item WHERE account_id = $1"
		  " AND collection = $2 AND key = $4 AND key <> ''",
	[REPLACE] = "UPDATE item SET modseq = $4, key = $5, received = $6,"
		    " size = $7, etag = $8, component = $9, span_from = $10,"
		    " span_to = $11, body = $12, reach = $13, times = $14"
		    " WHERE account_id = $1"
		    " AND collection = $2 AND uid = $3",
	[FLAGS] = "UPDATE item SET modseq = $4, flags = $5, keywords = $6"
		  " WHERE account_id = $1 AND collection = $2 AND uid = $3",
};

result
item_check_free(struct account *a, int64_t collection, view name, view key,
    uint32_t but)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_text(name), db_text(key) };
	struct db_query q;
	bool taken = false;

	if (name.n == 0 && key.n == 0)
		return done();
	db_ask(a->db, &q, sql[TAKEN], args, COUNT(args));
	while (db_next(&q))
		taken = taken || db_int_at(&q, 0) != but;
	TRY(db_end(&q));
	return taken ? fail(EXISTS, "the name or the UID is taken") : done();
}

static result
add_summary(struct account *a, int64_t body, const struct item_summary *s)
{
	const struct db_arg args[] = { db_int(a->id), db_int(body),
		db_int(s->sent), db_blob(s->envelope), db_blob(s->body),
		db_blob(s->bodystructure), db_blob(s->header) };

	return db_do(a->db, sql[SUMMARY_ADD], args, COUNT(args));
}

static result
add_body(struct account *a, int64_t body, const struct item_new *n)
{
	bool small = spool_is_small(n->bytes);
	view data = VIEW("");

	if (small)
		TRY(spool_view(n->bytes, &data));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(body),
			db_int((int64_t)spool_size(n->bytes)),
			db_blob(spool_hash(n->bytes)),
			db_text(small ? VIEW("") : view_of(n->bytes->file)),
			db_blob(data) };

		TRY(db_do(a->db, sql[BODY_ADD], args, COUNT(args)));
	}
	if (!small)
		spool_adopt(a, n->bytes);
	return n->summary == NULL ? done() : add_summary(a, body, n->summary);
}

static result
insert(struct account *a, const struct item *i)
{
	const struct db_arg args[] = { db_int(a->id), db_int(i->collection),
		db_int(i->uid), db_int(i->modseq), db_text(i->name),
		db_text(i->key), db_int(i->received), db_int(i->flags),
		db_text(i->keywords), db_int((int64_t)i->size),
		db_text(i->etag), db_text(i->component), db_int(i->span_from),
		db_int(i->span_to), db_int(i->body), db_int(i->saved),
		db_int(item_reach(i->span_from, i->span_to)),
		db_blob(i->times) };

	return db_do(a->db, sql[ADD], args, COUNT(args));
}

static result
add(struct account *a, const struct item_new *n, struct item *out)
{
	struct tally t = { .items = 1, .unseen = item_unseen(n->flags),
		.bytes = (int64_t)out->size };

	TRY(state_take(a, (int64_t)out->size, 1, &out->modseq, &out->body));
	t.modseq = out->modseq;
	TRY(collection_take_uid(a, out->collection, &t, &out->uid));
	TRY(add_body(a, out->body, n));
	TRY(item_gone_forget(a, out->collection, n->name));
	return insert(a, out);
}

/* A spool of which another item of this transaction took the file. */
static result
check_spool(const struct account *a, const struct spool *bytes)
{
	for (const struct spool *s = a->adopted; s != NULL; s = s->next_adopted)
		if (s == bytes)
			return fail(FAILED, "a spool was given twice");
	return done();
}

result
item_add(struct account *a, int64_t collection, const struct item_new *n,
    struct item *out)
{
	*out = (struct item){ .collection = collection };
	TRY(must_write(a));
	TRY(check_spool(a, n->bytes));
	TRY(item_prepare(a, n->bytes));
	TRY(item_check_free(a, collection, n->name, n->key, 0));
	*out = (struct item){ .collection = collection, .name = n->name,
		.key = n->key, .received = n->received, .flags = n->flags,
		.keywords = n->keywords, .size = spool_size(n->bytes),
		.etag = n->etag, .component = n->component,
		.span_from = n->span_from, .span_to = n->span_to,
		.times = n->times,
		.saved = clock_now() };
	return spoil(a, add(a, n, out));
}

static result
replace(struct account *a, const struct item_new *n, const struct item_old *old,
    struct item *out)
{
	int64_t grown = (int64_t)out->size - old->size;
	struct tally t = { .bytes = grown };
	bool kept;

	TRY(state_take(a, grown, 1, &out->modseq, &out->body));
	t.modseq = out->modseq;
	TRY(collection_tally(a, out->collection, &t));
	TRY(history_keep(a, out->collection, out->uid, out->modseq,
	    HISTORY_CHANGED, &kept));
	if (!kept)
		TRY(body_release(a, old->body));
	TRY(add_body(a, out->body, n));
	{
		const struct db_arg args[] = { db_int(a->id),
			db_int(out->collection), db_int(out->uid),
			db_int(out->modseq), db_text(n->key),
			db_int(n->received), db_int((int64_t)out->size),
			db_text(n->etag), db_text(n->component),
			db_int(n->span_from), db_int(n->span_to),
			db_int(out->body),
			db_int(item_reach(n->span_from, n->span_to)),
			db_blob(n->times) };

		return db_do(a->db, sql[REPLACE], args, COUNT(args));
	}
}

result
item_replace(struct account *a, int64_t collection, uint32_t uid,
    view expected, const struct item_new *n, struct item *out)
{
	struct item_old old;
	result r;

	*out = (struct item){ .collection = collection };
	TRY(must_write(a));
	TRY(check_spool(a, n->bytes));
	TRY(item_prepare(a, n->bytes));
	*out = (struct item){ .collection = collection, .uid = uid,
		.name = n->name, .key = n->key, .received = n->received,
		.size = spool_size(n->bytes), .etag = n->etag,
		.component = n->component, .span_from = n->span_from,
		.span_to = n->span_to, .times = n->times };
	r = item_old(a, collection, uid, VIEW(""), expected, &old);
	item_old_free(&old);
	TRY(r);
	if (expected.n > 0 && !old.same_etag)
		return fail(STALE, "the item has changed since");
	TRY(item_check_free(a, collection, VIEW(""), n->key, uid));
	out->flags = old.flags;
	return spoil(a, replace(a, n, &old, out));
}

static result
set_flags(struct account *a, int64_t collection, uint32_t uid, uint32_t flags,
    view keywords, const struct item_old *old, int64_t *modseq)
{
	struct tally t = { .unseen = item_unseen(flags)
		    - item_unseen(old->flags) };

	TRY(state_take(a, 0, 0, modseq, NULL));
	t.modseq = *modseq;
	TRY(collection_tally(a, collection, &t));
	{
		const struct db_arg args[] = { db_int(a->id),
			db_int(collection), db_int(uid), db_int(*modseq),
			db_int(flags), db_text(keywords) };

		return db_do(a->db, sql[FLAGS], args, COUNT(args));
	}
}

result
item_set_flags(struct account *a, int64_t collection, uint32_t uid,
    uint32_t flags, view keywords, int64_t unchanged_since, int64_t *modseq)
{
	struct item_old old;
	result r;

	*modseq = 0;
	TRY(must_write(a));
	r = item_old(a, collection, uid, keywords, VIEW(""), &old);
	item_old_free(&old);
	TRY(r);
	*modseq = old.modseq;
	if (unchanged_since >= 0 && old.modseq > unchanged_since)
		return fail(STALE, "RFC 7162 3.1.3: the item has changed");
	if (old.flags == flags && old.same_keywords)
		return done();
	return spoil(a,
	    set_flags(a, collection, uid, flags, keywords, &old, modseq));
}
