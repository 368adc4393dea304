/* Versions come and go. */
#include "mailcore/store/collection_row.h"
#include "mailcore/store/history_row.h"
#include "mailcore/sys/clock.h"

enum { KEEP, KEEP_ALL, KEEP_COLLECTION, OLDEST, FORGET, SUMS, GONE_OLD,
	GONE_PROPERTIES, GONE_FORGET };

enum {
	DAY = 86400,
	/* One kept version in so many has the account looked through, and the
	 * first one of a day. */
	PRUNE_OFTEN = 64,
	/* In one transaction, so that nobody waits for long. */
	PRUNE_STEP = 500
};

#define VERSION                                                             \
	"i.modseq, i.name, i.key, i.size, i.etag, i.component, i.span_from," \
	" i.span_to, i.saved, i.body, i.times"
#define COLUMNS                                                            \
	"account_id, modseq, collection, uid, what, at, before, name, key," \
	" size, etag, component, span_from, span_to, saved, body, times"

static const char *const sql[] = {
	/* Of events also their attachments, which are not shown. */
	[KEEP] = "INSERT INTO history (" COLUMNS ") SELECT i.account_id, $4,"
		 " i.collection, i.uid, $5, $6, " VERSION " FROM item i"
		 " JOIN collection c ON c.account_id = i.account_id"
		 " AND c.id = i.collection WHERE i.account_id = $1"
		 " AND i.collection = $2 AND i.uid = $3"
		 " AND c.kind IN (2, 3, 6)",
	[KEEP_ALL] = "INSERT INTO history (" COLUMNS ") SELECT i.account_id,"
		     " $3, i.collection, i.uid, $4, $5, " VERSION
		     " FROM item i WHERE i.account_id = $1"
		     " AND i.collection = $2",
	[KEEP_COLLECTION] =
	    "INSERT INTO history_collection (account_id, modseq, at, id, kind,"
	    " name, display_name, items, bytes, uid_next) VALUES ($1, $2, $3,"
	    " $4, $5, $6, $7, $8, $9, $10)",
	[OLDEST] = "SELECT modseq, collection, uid, body, at, size"
		   " FROM history WHERE account_id = $1"
		   " ORDER BY modseq, collection, uid LIMIT $2",
	[FORGET] = "DELETE FROM history WHERE account_id = $1 AND modseq = $2"
		   " AND collection = $3 AND uid = $4",
	[SUMS] = "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM history"
		 " WHERE account_id = $1",
	/* Removed collections that are too old or too many, or have lost some
	 * of what was in them. */
	[GONE_OLD] = "SELECT modseq, id FROM history_collection g"
		     " WHERE account_id = $1 AND (at < $2 OR items >"
		     " (SELECT COUNT(*) FROM history h WHERE h.account_id = $1"
		     " AND h.modseq = g.modseq AND h.collection = g.id)"
		     " OR modseq <= COALESCE((SELECT e.modseq"
		     " FROM history_collection e WHERE e.account_id = $1"
		     " ORDER BY e.modseq DESC LIMIT 1 OFFSET $3), -1))",
	[GONE_PROPERTIES] = "DELETE FROM property WHERE account_id = $1"
			    " AND collection = $2",
	[GONE_FORGET] = "DELETE FROM history_collection"
			" WHERE account_id = $1 AND modseq = $2",
};

int64_t
history_since(const struct account *a)
{
	if (a->store->history_days == 0)
		return INT64_MAX;
	return clock_now() - (int64_t)a->store->history_days * DAY;
}

result
history_keep(struct account *a, int64_t collection, uint32_t uid,
    int64_t modseq, enum history_what what, bool *kept)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection),
		db_int(uid), db_int(modseq), db_int(what),
		db_int(clock_now()) };

	*kept = false;
	if (a->store->history_days == 0)
		return done();
	TRY(db_do(a->db, sql[KEEP], args, COUNT(args)));
	*kept = db_changed(a->db) > 0;
	if (!*kept || (modseq % PRUNE_OFTEN != 0
		&& clock_now() - a->looked_through < DAY))
		return done();
	a->forgets = true;
	a->looked_through = clock_now();
	return done();
}

result
history_keep_all(struct account *a, const struct collection *c,
    int64_t modseq, bool *kept)
{
	const struct db_arg items[] = { db_int(a->id), db_int(c->id),
		db_int(modseq), db_int(HISTORY_GONE), db_int(clock_now()) };
	const struct db_arg row[] = { db_int(a->id), db_int(modseq),
		db_int(clock_now()), db_int(c->id), db_int(c->kind),
		db_text(c->name), db_text(c->display_name), db_int(c->items),
		db_int(c->bytes), db_int(c->uid_next) };

	/* More than half of what may be kept at all: then nothing. */
	*kept = a->store->history_days > 0
	    && (c->kind == COLLECTION_CALENDAR
		|| c->kind == COLLECTION_ADDRESSBOOK)
	    && c->items <= LIMIT_HISTORY / 2
	    && c->bytes <= LIMIT_HISTORY_BYTES / 2;
	if (!*kept)
		return done();
	a->forgets = true;
	TRY(db_do(a->db, sql[KEEP_ALL], items, COUNT(items)));
	return db_do(a->db, sql[KEEP_COLLECTION], row, COUNT(row));
}

/* What goes in one step, and what stays after it. */
struct pruning {
	int64_t since;
	int64_t count, bytes; /* of all that is kept */
	bool more;
};

struct version {
	int64_t modseq, collection, uid, body, at, size;
};

static bool
is_over(const struct pruning *p, const struct version *v)
{
	return v->at < p->since || p->count > LIMIT_HISTORY
	    || p->bytes > LIMIT_HISTORY_BYTES;
}

static result
sum_up(struct account *a, struct pruning *p)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	db_ask(a->db, &q, sql[SUMS], args, COUNT(args));
	while (db_next(&q)) {
		p->count = db_int_at(&q, 0);
		p->bytes = db_int_at(&q, 1);
	}
	return db_end(&q);
}

static result
read_oldest(struct account *a, struct version *out, size_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(PRUNE_STEP) };
	struct db_query q;

	*count = 0;
	db_ask(a->db, &q, sql[OLDEST], args, COUNT(args));
	while (db_next(&q) && *count < PRUNE_STEP)
		out[(*count)++] = (struct version){ db_int_at(&q, 0),
			db_int_at(&q, 1), db_int_at(&q, 2), db_int_at(&q, 3),
			db_int_at(&q, 4), db_int_at(&q, 5) };
	return db_end(&q);
}

static result
forget(struct account *a, const struct version *v)
{
	const struct db_arg args[] = { db_int(a->id), db_int(v->modseq),
		db_int(v->collection), db_int(v->uid) };

	TRY(body_release(a, v->body));
	return db_do(a->db, sql[FORGET], args, COUNT(args));
}

/* Removed collections of which not all is left, or too many are. */
static result
forget_collections(struct account *a, const struct pruning *p)
{
	const struct db_arg args[] = { db_int(a->id), db_int(p->since),
		db_int(LIMIT_HISTORY_GONE) };
	struct db_query q;
	int64_t modseq, id;

	do {
		modseq = id = 0;
		db_ask(a->db, &q, sql[GONE_OLD], args, COUNT(args));
		while (db_next(&q)) {
			modseq = db_int_at(&q, 0);
			id = db_int_at(&q, 1);
		}
		TRY(db_end(&q));
		if (modseq != 0) {
			const struct db_arg of[] = { db_int(a->id),
				db_int(id) };
			const struct db_arg row[] = { db_int(a->id),
				db_int(modseq) };

			TRY(db_do(a->db, sql[GONE_PROPERTIES], of, COUNT(of)));
			TRY(db_do(a->db, sql[GONE_FORGET], row, COUNT(row)));
		}
	} while (modseq != 0);
	return done();
}

static result
prune(struct account *a, void *context)
{
	struct pruning *p = context;
	struct version oldest[PRUNE_STEP];
	size_t count, i = 0;

	TRY(sum_up(a, p));
	TRY(read_oldest(a, oldest, &count));
	for (; i < count && is_over(p, &oldest[i]); i++) {
		TRY(forget(a, &oldest[i]));
		p->count--;
		p->bytes -= oldest[i].size;
	}
	p->more = count == PRUNE_STEP && i == count;
	return p->more ? done() : forget_collections(a, p);
}

result
history_prune(struct account *a)
{
	struct pruning p = { .since = history_since(a), .more = true };

	while (p.more)
		TRY(account_write(a, prune, &p, DURABLE_LAZY));
	return done();
}
