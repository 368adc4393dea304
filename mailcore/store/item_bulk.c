/* Bodies let go, and all items of a collection at once. */
#include "mailcore/store/collection_row.h"
#include "mailcore/store/item_row.h"
#include "mailcore/store/spool.h"

enum { UNSHARE, BODY_FILE, BODY_REMOVE, SUMMARY_REMOVE, UNSHARE_ALL,
	FILES_ALL, SUMMARIES_ALL, BODIES_ALL, SHARES_ALL, ITEMS_ALL,
	PROPERTIES_ALL, GONE_ALL,
	MOVE_GONE, MOVE_ITEMS, MOVE_COUNTS, MOVE_EMPTY };

/* The bodies that only items of collection $2 name; to be asked once their
 * shares are counted down. */
#define DEAD                                                              \
	" IN (SELECT i.body FROM item i WHERE i.account_id = $1"          \
	" AND i.collection = $2 AND NOT EXISTS (SELECT 1 FROM body_share" \
	" h WHERE h.account_id = $1 AND h.body = i.body AND h.extra >= 0))"

static const char *const sql[] = {
	[UNSHARE] = "UPDATE body_share SET extra = extra - 1"
		    " WHERE account_id = $1 AND body = $2 AND extra > 0",
	[BODY_FILE] = "SELECT file FROM body WHERE account_id = $1"
		      " AND id = $2",
	[BODY_REMOVE] = "DELETE FROM body WHERE account_id = $1 AND id = $2",
	[SUMMARY_REMOVE] = "DELETE FROM summary WHERE account_id = $1"
			   " AND body = $2",
	[UNSHARE_ALL] =
	    "UPDATE body_share SET extra = extra - (SELECT COUNT(*) FROM item"
	    " i WHERE i.account_id = $1 AND i.collection = $2"
	    " AND i.body = body_share.body) WHERE account_id = $1",
	[FILES_ALL] = "SELECT file FROM body WHERE account_id = $1"
		      " AND file <> '' AND id" DEAD,
	[SUMMARIES_ALL] = "DELETE FROM summary WHERE account_id = $1"
			  " AND body" DEAD,
	[BODIES_ALL] = "DELETE FROM body WHERE account_id = $1 AND id" DEAD,
	[SHARES_ALL] = "DELETE FROM body_share WHERE account_id = $1"
		       " AND extra <= 0",
	[ITEMS_ALL] = "DELETE FROM item WHERE account_id = $1"
		      " AND collection = $2",
	[PROPERTIES_ALL] = "DELETE FROM item_property WHERE account_id = $1"
			   " AND collection = $2",
	[GONE_ALL] = "DELETE FROM item_gone WHERE account_id = $1"
		     " AND collection = $2",
	[MOVE_GONE] = "INSERT INTO item_gone (account_id, collection, modseq,"
		      " uid, name) SELECT account_id, collection, $3, uid,"
		      " name FROM item WHERE account_id = $1"
		      " AND collection = $2",
	[MOVE_ITEMS] = "UPDATE item SET collection = $3, modseq = $4"
		       " WHERE account_id = $1 AND collection = $2",
	[MOVE_COUNTS] =
	    "UPDATE collection SET (uid_next, recent_from, items, unseen,"
	    " bytes, modseq) = (SELECT o.uid_next, o.recent_from, o.items,"
	    " o.unseen, o.bytes, $4"
	    " FROM collection o WHERE o.account_id = $1 AND o.id = $2)"
	    " WHERE account_id = $1 AND id = $3",
	[MOVE_EMPTY] = "UPDATE collection SET items = 0, unseen = 0,"
		       " bytes = 0, modseq = $3"
		       " WHERE account_id = $1 AND id = $2",
};

static result
bury_files(struct account *a, const char *question, int64_t id)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id) };
	struct db_query q;
	char path[STORE_PATH];

	db_ask(a->db, &q, question, args, COUNT(args));
	while (db_next(&q))
		if (db_text_at(&q, 0).n > 0
		    && body_path(a, db_text_at(&q, 0), path))
			bury(a, path);
	return db_end(&q);
}

result
body_release(struct account *a, int64_t body)
{
	const struct db_arg args[] = { db_int(a->id), db_int(body) };

	TRY(db_do(a->db, sql[UNSHARE], args, COUNT(args)));
	if (db_changed(a->db) > 0)
		return done();
	TRY(bury_files(a, sql[BODY_FILE], body));
	TRY(db_do(a->db, sql[SUMMARY_REMOVE], args, COUNT(args)));
	return db_do(a->db, sql[BODY_REMOVE], args, COUNT(args));
}

result
item_remove_all(struct account *a, int64_t collection)
{
	static const int steps[] = { SUMMARIES_ALL, BODIES_ALL, ITEMS_ALL,
		PROPERTIES_ALL, GONE_ALL };
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };

	TRY(db_do(a->db, sql[UNSHARE_ALL], args, COUNT(args)));
	TRY(bury_files(a, sql[FILES_ALL], collection));
	for (size_t i = 0; i < COUNT(steps); i++)
		TRY(db_do(a->db, sql[steps[i]], args, COUNT(args)));
	return db_do(a->db, sql[SHARES_ALL], args, 1);
}

result
item_hand_over(struct account *a, int64_t collection)
{
	static const int steps[] = { ITEMS_ALL, PROPERTIES_ALL, GONE_ALL };
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };

	for (size_t i = 0; i < COUNT(steps); i++)
		TRY(db_do(a->db, sql[steps[i]], args, COUNT(args)));
	return done();
}

result
item_move_all(struct account *a, int64_t from, int64_t to, int64_t modseq)
{
	const struct db_arg args[] = { db_int(a->id), db_int(from),
		db_int(to), db_int(modseq) };
	const struct db_arg old[] = { db_int(a->id), db_int(from),
		db_int(modseq) };

	a->prune = from;
	TRY(db_do(a->db, sql[MOVE_GONE], old, COUNT(old)));
	TRY(db_do(a->db, sql[MOVE_ITEMS], args, COUNT(args)));
	TRY(db_do(a->db, sql[MOVE_COUNTS], args, COUNT(args)));
	return db_do(a->db, sql[MOVE_EMPTY], old, COUNT(old));
}
