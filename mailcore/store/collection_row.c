#include "mailcore/store/collection_row.h"

enum { STATE_TAKE, TALLY, TAKE_UID };

static const char *const sql[] = {
	/* The guard and the sum are one statement: no two writers can use the
	 * same room. */
	[STATE_TAKE] =
	    "UPDATE state SET modseq = modseq + 1, used = used + $2,"
	    " next_body = next_body + $3 WHERE account_id = $1"
	    " AND ($2 <= 0 OR quota = 0 OR used + $2 <= quota)"
	    " RETURNING modseq, next_body - $3",
	[TALLY] = "UPDATE collection SET modseq = $3, items = items + $4,"
		  " unseen = unseen + $5, bytes = bytes + $6"
		  " WHERE account_id = $1 AND id = $2",
	[TAKE_UID] = "UPDATE collection SET uid_next = uid_next + 1,"
		     " modseq = $3, items = items + $4,"
		     " unseen = unseen + $5, bytes = bytes + $6"
		     " WHERE account_id = $1 AND id = $2"
		     " RETURNING uid_next - 1",
};

result
state_take(struct account *a, int64_t grown, int64_t bodies, int64_t *modseq,
    int64_t *body)
{
	const struct db_arg args[] = { db_int(a->id), db_int(grown),
		db_int(bodies) };
	struct db_query q;
	bool taken = false;

	db_ask(a->db, &q, sql[STATE_TAKE], args, COUNT(args));
	while (db_next(&q)) {
		taken = true;
		*modseq = db_int_at(&q, 0);
		if (body != NULL)
			*body = db_int_at(&q, 1);
	}
	TRY(db_end(&q));
	return taken ? done() : fail(NO_SPACE, "over quota");
}

result
collection_tally(struct account *a, int64_t id, const struct tally *t)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_int(t->modseq), db_int(t->items), db_int(t->unseen),
		db_int(t->bytes) };

	TRY(db_do(a->db, sql[TALLY], args, COUNT(args)));
	return db_changed(a->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such collection");
}

result
collection_take_uid(struct account *a, int64_t id, const struct tally *t,
    uint32_t *uid)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_int(t->modseq), db_int(t->items), db_int(t->unseen),
		db_int(t->bytes) };
	struct db_query q;
	int64_t next = 0;

	db_ask(a->db, &q, sql[TAKE_UID], args, COUNT(args));
	while (db_next(&q))
		next = db_int_at(&q, 0);
	TRY(db_end(&q));
	if (next == 0)
		return fail(NOT_FOUND, "no such collection");
	if (next > UINT32_MAX)
		return fail(OVER_LIMIT,
		    "RFC 9051 2.3.1.1: the mailbox has no uid left");
	*uid = (uint32_t)next;
	return done();
}
