/* What of a mailbox no session was told of yet (RFC 3501 2.3.2). */
#include "mailcore/store/collection.h"
#include "mailcore/store/collection_row.h"

enum { CLAIM, COUNT_FROM };

static const char *const sql[] = {
	[CLAIM] = "UPDATE collection SET recent_from = $3"
		  " WHERE account_id = $1 AND id = $2 AND recent_from < $3",
	[COUNT_FROM] = "SELECT COUNT(*) FROM item WHERE account_id = $1"
		       " AND collection = $2 AND uid >= $3",
};

result
collection_claim_recent(struct account *a, int64_t id, int64_t up_to)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_int(up_to) };

	TRY(must_write(a));
	return db_do(a->db, sql[CLAIM], args, COUNT(args));
}

result
collection_count_from(struct account *a, int64_t id, int64_t uid,
    int64_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_int(uid) };
	struct db_query q;

	*count = 0;
	db_ask(a->db, &q, sql[COUNT_FROM], args, COUNT(args));
	while (db_next(&q))
		*count = db_int_at(&q, 0);
	return db_end(&q);
}
