#include "mailcore/store/epoch.h"

enum { EPOCH_GET, STATE_JUMP, COLLECTION_JUMP };

static const char *const sql[] = {
	[EPOCH_GET] = "SELECT epoch FROM state WHERE account_id = $1",
	[STATE_JUMP] = "UPDATE state SET epoch = $2, modseq = modseq + $3,"
		       " next_collection = next_collection + $3,"
		       " next_uid_validity = next_uid_validity + $3,"
		       " next_body = next_body + $3"
		       " WHERE account_id = $1 AND epoch < $2",
	[COLLECTION_JUMP] = ("UPDATE collection SET uid_next = uid_next + $2"
			     " WHERE account_id = $1"),
};

static result
jump(struct account *a, void *context)
{
	const struct db_arg state[] = { db_int(a->id),
		db_int(a->store->epoch), db_int(EPOCH_JUMP) };
	const struct db_arg all[] = { db_int(a->id), db_int(EPOCH_JUMP) };

	(void)context;
	TRY(db_do(a->db, sql[STATE_JUMP], state, COUNT(state)));
	if (db_changed(a->db) == 0)
		return done(); /* another thread was faster */
	return db_do(a->db, sql[COLLECTION_JUMP], all, COUNT(all));
}

result
epoch_follow(struct account *a)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	int64_t epoch = INT64_MAX;

	db_ask(a->db, &q, sql[EPOCH_GET], args, COUNT(args));
	while (db_next(&q))
		epoch = db_int_at(&q, 0);
	TRY(db_end(&q));
	if (epoch >= a->store->epoch)
		return done();
	return account_write(a, jump, NULL, DURABLE_LAZY);
}
