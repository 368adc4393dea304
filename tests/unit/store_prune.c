/* Tombstones that are too many, and what is told then. */
#include "mailcore/base/limits.h"
#include "mailcore/db/db.h"
#include "tests/unit/store_help.h"

/* Rows, whether anybody could still be told of them or not. */
static int64_t
count_gone(struct home *h, int64_t person, int64_t box)
{
	static const char question[] = "SELECT COUNT(*) FROM item_gone"
				       " WHERE account_id = $1"
				       " AND collection = $2";
	const struct db_arg args[] = { db_int(person), db_int(box) };
	char path[512];
	struct db_query q;
	struct db *db;
	int64_t count = -1;

	(void)snprintf(path, sizeof path, "%s/accounts/%02x/%lld/account.db",
	    h->data, (unsigned)person & 255, (long long)person);
	must(db_open(&db, path), path);
	db_ask(db, &q, question, args, COUNT(args));
	while (db_next(&q))
		count = db_int_at(&q, 0);
	must(db_end(&q), "count");
	db_close(&db);
	return count;
}

static int64_t
remove_some(struct home *h, struct account *a, int64_t box, int count)
{
	struct change c = { .collection = box };
	int64_t last = 0;

	for (int i = 0; i < count; i++) {
		c.kind = ADD;
		c.bytes = VIEW("x");
		must(change_run_as(h, a, &c, DURABLE_LAZY), "add");
		c.kind = REMOVE;
		c.uid = c.out.uid;
		must(change_run_as(h, a, &c, DURABLE_LAZY), "remove");
		last = c.modseq;
	}
	return last;
}

static result
tell(void *context, const struct item *i, bool gone)
{
	(void)context;
	(void)i;
	(void)gone;
	return done();
}

static void
test_prune(struct home *h, struct account *a)
{
	int64_t box = home_collection(h, a, COLLECTION_MAILBOX, "Trash");
	int64_t first = remove_some(h, a, box, 1);

	(void)remove_some(h, a, box, 2);
	must(item_prune(a, box, 3), "n");
	is_result(item_changes(a, box, first - 1, 0, tell, NULL), OK,
	    "as many tombstones as are kept");
	(void)remove_some(h, a, box, 1);
	must(item_prune(a, box, 3), "n + 1");
	is_result(item_changes(a, box, first - 1, 0, tell, NULL), STALE,
	    "one more: the oldest is forgotten");
	is_result(item_changes(a, box, first, 0, tell, NULL), OK,
	    "who has seen it misses nothing");
	must(item_prune(a, box, 0), "all");
	is_number(count_gone(h, account_id(a), box), 0, "none is left");
}

/* More than one write takes. */
static void
test_prune_many(struct home *h, int64_t person)
{
	struct account *a = home_open(h, person);
	int64_t box = home_collection(h, a, COLLECTION_MAILBOX, "Junk");

	(void)remove_some(h, a, box, 2300);
	must(item_prune(a, box, 100), "prune");
	is_number(count_gone(h, person, box), 100, "in several writes");
	account_close(&a);
}

int
main(void)
{
	struct home h;
	struct account *a;
	int64_t person;

	home_begin(&h);
	person = home_person(&h, 1);
	a = home_open(&h, person);
	test_prune(&h, a);
	account_close(&a);
	test_prune_many(&h, person);
	home_end(&h);
	return tap_done();
}
