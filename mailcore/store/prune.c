/* Tombstones that are too many. */
#include "mailcore/store/item_row.h"

enum {
	/* In one transaction, so that nobody waits for long. */
	PRUNE_STEP = 1000
};
enum { CUT, RAISE, REMOVE };

static const char *const sql[] = {
	[CUT] = "SELECT modseq FROM item_gone WHERE account_id = $1"
		" AND collection = $2 ORDER BY modseq DESC, uid DESC"
		" LIMIT 1 OFFSET $3",
	[RAISE] = "UPDATE collection SET pruned = $3 WHERE account_id = $1"
		  " AND id = $2 AND pruned < $3",
	[REMOVE] =
	    "DELETE FROM item_gone WHERE account_id = $1 AND collection = $2"
	    " AND (modseq, uid) IN (SELECT modseq, uid FROM item_gone"
	    " WHERE account_id = $1 AND collection = $2 AND modseq <= $3"
	    " ORDER BY modseq, uid LIMIT $4)",
};

struct pruning {
	int64_t collection;
	int64_t keep;
	int64_t cut; /* tombstones up to here go; 0: none */
	bool more;
};

static result
find_cut(struct account *a, struct pruning *p)
{
	const struct db_arg args[] = { db_int(a->id), db_int(p->collection),
		db_int(p->keep) };
	struct db_query q;

	p->cut = 0;
	db_ask(a->db, &q, sql[CUT], args, COUNT(args));
	while (db_next(&q))
		p->cut = db_int_at(&q, 0);
	return db_end(&q);
}

/* Who asks for changes since before `cut` is told so from the first step on,
 * so the others may follow later, or never. */
static result
prune(struct account *a, void *context)
{
	struct pruning *p = context;
	const struct db_arg args[] = { db_int(a->id), db_int(p->collection),
		db_int(p->cut), db_int(PRUNE_STEP) };

	TRY(db_do(a->db, sql[RAISE], args, 3));
	TRY(db_do(a->db, sql[REMOVE], args, COUNT(args)));
	p->more = db_changed(a->db) == PRUNE_STEP;
	return done();
}

result
item_prune(struct account *a, int64_t collection, size_t keep)
{
	struct pruning p = { .collection = collection,
		.keep = (int64_t)keep };

	TRY(find_cut(a, &p));
	p.more = p.cut != 0;
	while (p.more)
		TRY(account_write(a, prune, &p, DURABLE_LAZY));
	return done();
}
