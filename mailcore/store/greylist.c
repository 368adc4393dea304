/* Who has tried before: RFC 6647. */
#include "mailcore/store/sender.h"

#include "mailcore/store/inside.h"
#include "mailcore/sys/random.h"

enum {
	HOUR = 3600,
	DAY = 24 * HOUR,
	WAITS_MOST = 48 * HOUR, /* then it begins anew */
	KEPT = 35 * DAY,        /* since it was seen last */
	TRUSTED = 5, /* so many have come again: so does all from there */
	COUNT_EVERY = 256
};

enum { FIND, ADD, AGAIN, PASS, SEEN, NETWORK, NETWORK_GOOD, OLD_WAITING,
	OLD_PASSED, OLD_NETWORKS, COUNT_ALL, DROP, RELEASE, LIST };

static const char *const sql[] = {
	[FIND] = "SELECT first, last, passed FROM greylist"
		 " WHERE network = $1 AND sender = $2 AND recipient = $3",
	[ADD] = "INSERT INTO greylist (network, sender, recipient, first,"
		" last, passed) VALUES ($1, $2, $3, $4, $4, 0)"
		" ON CONFLICT (network, sender, recipient) DO UPDATE SET"
		" first = $4, last = $4, passed = 0",
	[AGAIN] = "UPDATE greylist SET last = $4 WHERE network = $1"
		  " AND sender = $2 AND recipient = $3",
	[PASS] = "UPDATE greylist SET last = $4, passed = 1"
		 " WHERE network = $1 AND sender = $2 AND recipient = $3",
	[SEEN] = "UPDATE greylist_network SET last = $2 WHERE network = $1",
	[NETWORK] = "SELECT good, last FROM greylist_network"
		    " WHERE network = $1",
	[NETWORK_GOOD] =
	    "INSERT INTO greylist_network (network, good, last)"
	    " VALUES ($1, 1, $2) ON CONFLICT (network) DO UPDATE SET"
	    " good = greylist_network.good + 1, last = $2",
	[OLD_WAITING] = "DELETE FROM greylist WHERE passed = 0 AND last < $1",
	[OLD_PASSED] = "DELETE FROM greylist WHERE passed = 1 AND last < $1",
	[OLD_NETWORKS] = "DELETE FROM greylist_network WHERE last < $1",
	[COUNT_ALL] = "SELECT count(*) FROM greylist",
	/* A flood of new ones must not push out those that have passed. */
	[DROP] = "DELETE FROM greylist WHERE passed = 0 AND last <= (SELECT"
		 " last FROM greylist WHERE passed = 0 ORDER BY last"
		 " LIMIT 1 OFFSET $1)",
	[RELEASE] = "UPDATE greylist SET first = 0, last = $1"
		    " WHERE passed = 0 AND ($2 = '' OR recipient = $2)",
	[LIST] = "SELECT network, sender, recipient, first FROM greylist"
		 " WHERE passed = 0 ORDER BY last DESC LIMIT $1",
};

struct row {
	bool found;
	int64_t first, last;
	bool passed;
};

struct question {
	const struct greylist_key *key;
	int64_t now, delay;
	int64_t wait;
	bool writes; /* something is to be remembered */
	bool counts; /* how many there are, this time */
};

static result
find(struct account *house, const struct greylist_key *k, struct row *out)
{
	const struct db_arg args[] = { db_text(k->network),
		db_text(k->sender), db_text(k->recipient) };
	struct db_query q;

	*out = (struct row){ .found = false };
	db_ask(house->db, &q, sql[FIND], args, COUNT(args));
	while (db_next(&q))
		*out = (struct row){ true, db_int_at(&q, 0), db_int_at(&q, 1),
			db_int_at(&q, 2) != 0 };
	return db_end(&q);
}

/* `first` is here how many have passed. */
static result
find_network(struct account *house, view network, struct row *out)
{
	const struct db_arg args[] = { db_text(network) };
	struct db_query q;

	*out = (struct row){ .found = false };
	db_ask(house->db, &q, sql[NETWORK], args, COUNT(args));
	while (db_next(&q))
		*out = (struct row){ .found = true,
			.first = db_int_at(&q, 0), .last = db_int_at(&q, 1) };
	return db_end(&q);
}

/* What is known without writing. */
static result
look(struct account *house, struct question *q)
{
	struct row network, row;

	TRY(find_network(house, q->key->network, &network));
	TRY(find(house, q->key, &row));
	if (network.first >= TRUSTED && network.last >= q->now - KEPT) {
		q->writes = network.last < q->now - DAY;
		return done();
	}
	if (row.passed && row.last >= q->now - KEPT) {
		q->writes = row.last < q->now - DAY;
		return done();
	}
	q->writes = true;
	q->wait = q->delay;
	if (row.found && !row.passed && row.first >= q->now - WAITS_MOST)
		q->wait = row.first + q->delay - q->now;
	/* Released by hand. */
	if (row.found && !row.passed && row.first == 0)
		q->wait = 0;
	if (q->wait < 0)
		q->wait = 0;
	return done();
}

static result
tidy(struct account *house, const struct question *q)
{
	const struct db_arg waiting[] = { db_int(q->now - WAITS_MOST) };
	const struct db_arg kept[] = { db_int(q->now - KEPT) };
	const struct db_arg some[] = { db_int(LIMIT_GREYLIST / 16) };
	struct db_query count;
	int64_t have = 0;

	TRY(db_do(house->db, sql[OLD_WAITING], waiting, 1));
	TRY(db_do(house->db, sql[OLD_PASSED], kept, 1));
	TRY(db_do(house->db, sql[OLD_NETWORKS], kept, 1));
	if (!q->counts)
		return done();
	db_ask(house->db, &count, sql[COUNT_ALL], NULL, 0);
	while (db_next(&count))
		have = db_int_at(&count, 0);
	TRY(db_end(&count));
	return have < LIMIT_GREYLIST ? done()
	                             : db_do(house->db, sql[DROP], some, 1);
}

static result
remember(struct account *house, void *context)
{
	struct question *q = context;
	const struct greylist_key *k = q->key;
	const struct db_arg args[] = { db_text(k->network),
		db_text(k->sender), db_text(k->recipient), db_int(q->now) };
	const struct db_arg network[] = { db_text(k->network),
		db_int(q->now) };
	struct row row;

	q->wait = 0;
	TRY(look(house, q));
	TRY(find(house, k, &row));
	if (!q->writes)
		return done();
	if (q->wait == 0 && (!row.found || row.passed)) {
		TRY(db_do(house->db, sql[SEEN], network, COUNT(network)));
		return db_do(house->db, sql[AGAIN], args, COUNT(args));
	}
	if (q->wait == 0) {
		TRY(db_do(house->db, sql[NETWORK_GOOD], network,
		    COUNT(network)));
		return db_do(house->db, sql[PASS], args, COUNT(args));
	}
	if (row.found && !row.passed && q->wait < q->delay)
		return db_do(house->db, sql[AGAIN], args, COUNT(args));
	TRY(db_do(house->db, sql[ADD], args, COUNT(args)));
	return tidy(house, q);
}

result
greylist_ask(struct store *s, const struct greylist_key *key, int64_t now,
    int64_t delay, int64_t *wait)
{
	struct question q = { .key = key, .now = now, .delay = delay,
		.counts = random_number(COUNT_EVERY) == 0 };
	struct account *house;
	result r;

	*wait = 0;
	TRY(house_open(s, &house));
	r = look(house, &q);
	account_close(&house);
	if (r.is == OK && q.writes)
		r = house_write(s, remember, &q, DURABLE_LAZY);
	TRY(r);
	*wait = q.wait;
	return q.wait == 0 ? done() : fail(BUSY,
		"RFC 6647: greylisted, try again in some minutes");
}

struct release {
	view recipient;
	int64_t now;
	int64_t count;
};

static result
release(struct account *house, void *context)
{
	struct release *r = context;
	const struct db_arg args[] = { db_int(r->now),
		db_text(r->recipient) };

	TRY(db_do(house->db, sql[RELEASE], args, COUNT(args)));
	r->count = db_changed(house->db);
	return done();
}

result
greylist_release(struct store *s, view recipient, int64_t now, int64_t *count)
{
	struct release r = { recipient, now, 0 };

	TRY(house_write(s, release, &r, DURABLE));
	*count = r.count;
	return done();
}

static result
list(struct account *house, struct arena *arena, struct greylist_row *out,
    size_t room, size_t *count)
{
	const struct db_arg args[] = { db_int((int64_t)room) };
	struct db_query q;

	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q))
		if (*count < room)
			out[(*count)++] = (struct greylist_row){
				arena_copy(arena, db_text_at(&q, 0)),
				arena_copy(arena, db_text_at(&q, 1)),
				arena_copy(arena, db_text_at(&q, 2)),
				db_int_at(&q, 3) };
	TRY(db_end(&q));
	return arena_result(arena);
}

result
greylist_list(struct store *s, struct arena *arena, struct greylist_row *out,
    size_t room, size_t *count)
{
	struct account *house;
	result r;

	*count = 0;
	TRY(house_open(s, &house));
	r = list(house, arena, out, room, count);
	account_close(&house);
	return r;
}
