/* What is new to whom, and what shall not be. */
#include "mailcore/store/push_row.h"

#include <openssl/evp.h>

enum { COLLECTION, CONTENT, NAMES, MUTE, MUTE_ALL };

enum { HASH = 32, NAMES_MOST = 4 * 1024 * 1024 };

/* Nothing but what this transaction did has changed since the row was told. */
#define QUIET                                                             \
	" AND told < $2 AND NOT EXISTS (SELECT 1 FROM item i"             \
	" WHERE i.account_id = $1 AND i.collection = push.collection"     \
	" AND i.modseq > push.told AND i.modseq <= $3)"                   \
	" AND NOT EXISTS (SELECT 1 FROM item_gone g"                      \
	" WHERE g.account_id = $1 AND g.collection = push.collection"     \
	" AND g.modseq > push.told AND g.modseq <= $3)"

static const char *const sql[] = {
	[COLLECTION] = "SELECT modseq, kind FROM collection"
		       " WHERE account_id = $1 AND id = $2",
	[CONTENT] = "SELECT 1 WHERE EXISTS (SELECT 1 FROM item"
		    " WHERE account_id = $1 AND collection = $2"
		    " AND modseq > $3) OR EXISTS (SELECT 1 FROM item_gone"
		    " WHERE account_id = $1 AND collection = $2"
		    " AND modseq > $3)",
	[NAMES] = "SELECT '', display_name FROM collection"
		  " WHERE account_id = $1 AND id = $2"
		  " UNION ALL SELECT name, value FROM property"
		  " WHERE account_id = $1 AND collection = $2 ORDER BY 1",
	[MUTE] = "UPDATE push SET told = $2 WHERE account_id = $1"
		 " AND token = $4" QUIET,
	[MUTE_ALL] = "UPDATE push SET told = $2 WHERE account_id = $1" QUIET,
};

static result
is_there(struct account *a, const struct db_arg *args, size_t count,
    bool *out)
{
	struct db_query q;

	*out = false;
	db_ask(a->db, &q, sql[CONTENT], args, count);
	while (db_next(&q))
		*out = true;
	return db_end(&q);
}

/* A hash of all that a PROPFIND tells of a collection as it was set. */
static result
hash_properties(struct account *a, struct arena *arena, int64_t collection,
    view *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
	struct buf text = buf_new(NAMES_MOST);
	struct db_query q;
	result r;

	db_ask(a->db, &q, sql[NAMES], args, COUNT(args));
	while (db_next(&q)) {
		for (int i = 0; i < 2; i++) {
			view v = db_text_at(&q, i);

			buf_print(&text, "%zu:", v.n);
			buf_add(&text, v);
		}
	}
	r = db_end(&q);
	if (r.is == OK)
		r = buf_result(&text);
	if (r.is == OK
	    && EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL) != 1)
		r = fail(FAILED, "no SHA-256");
	*out = arena_copy(arena, (view){ (const char *)hash, HASH });
	buf_free(&text);
	return r;
}

result
push_look(struct account *a, struct arena *arena, const struct push_row *row,
    struct push_news *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(row->collection),
		db_int(row->told) };
	struct db_query q;
	bool found = false, content;

	*out = (struct push_news){ .properties = row->properties };
	db_ask(a->db, &q, sql[COLLECTION], args, 2);
	while (db_next(&q)) {
		found = true;
		out->modseq = db_int_at(&q, 0);
		out->kind = (enum collection_kind)db_int_at(&q, 1);
	}
	TRY(db_end(&q));
	if (!found) {
		TRY(account_modseq(a, &out->modseq));
		return fail(NOT_FOUND, "the collection is no more");
	}
	if (out->modseq <= row->told)
		return done();
	TRY(is_there(a, args, COUNT(args), &content));
	TRY(hash_properties(a, arena, row->collection, &out->properties));
	if (content)
		out->triggers |= PUSH_CONTENT;
	if (!view_eq(out->properties, row->properties))
		out->triggers |= PUSH_PROPERTIES;
	return done();
}

void
push_mute(struct account *a, const struct push_mute *mute)
{
	a->mute = mute;
}

/* Properties that the muted change has set are known to who set them. */
static result
settle_properties(struct account *a, const struct push_mute *m, int64_t now)
{
	struct arena *arena = arena_new(NAMES_MOST);
	struct push_row *rows;
	size_t count;
	result r = push_list(a, arena, &rows, &count);

	for (size_t i = 0; r.is == OK && i < count; i++) {
		bool meant = m->all;

		for (size_t k = 0; k < m->count; k++)
			meant = meant || view_eq(m->tokens[k], rows[i].token);
		if (!meant || rows[i].told != now)
			continue;
		r = hash_properties(a, arena, rows[i].collection,
		    &rows[i].properties);
		if (r.is == OK)
			r = push_settle(a, &rows[i]);
	}
	arena_free(&arena);
	return r;
}

result
push_apply_mute(struct account *a, int64_t before)
{
	const struct push_mute *m = a->mute;
	int64_t now;

	TRY(account_modseq(a, &now));
	if (now == before)
		return done();
	if (m->all) {
		const struct db_arg args[] = { db_int(a->id), db_int(now),
			db_int(before) };

		TRY(db_do(a->db, sql[MUTE_ALL], args, COUNT(args)));
	}
	for (size_t i = 0; !m->all && i < m->count; i++) {
		const struct db_arg args[] = { db_int(a->id), db_int(now),
			db_int(before), db_text(m->tokens[i]) };

		TRY(db_do(a->db, sql[MUTE], args, COUNT(args)));
	}
	return m->properties ? settle_properties(a, m, now) : done();
}
