#include "mailcore/store/sending.h"

#include "mailcore/store/inside.h"

enum { HOUR = 3600, DAY = 86400 };

enum { LIMIT, LIMIT_SET, LIMIT_REMOVE, SENT, TAKE, WARNED, KEEP, FORGET,
	BEGIN };

/* The later of both counts, or the greater of the same time. */
#define LATER(time)                                                     \
	time "_count = CASE WHEN excluded." time " < sent." time          \
	" OR (excluded." time " = sent." time                             \
	" AND excluded." time "_count < sent." time "_count)"             \
	" THEN sent." time "_count ELSE excluded." time "_count END, "    \
	time " = CASE WHEN excluded." time " < sent." time                \
	" THEN sent." time " ELSE excluded." time " END"

static const char *const sql[] = {
	[LIMIT] = "SELECT hour, day FROM send_limit WHERE account_id = $1",
	[LIMIT_SET] = "INSERT INTO send_limit (account_id, hour, day)"
		      " VALUES ($1, $2, $3) ON CONFLICT (account_id)"
		      " DO UPDATE SET hour = $2, day = $3",
	[LIMIT_REMOVE] = "DELETE FROM send_limit WHERE account_id = $1",
	[SENT] = "SELECT CASE WHEN hour = $2 THEN hour_count ELSE 0 END,"
		 " CASE WHEN day = $3 THEN day_count ELSE 0 END, warned"
		 " FROM sent WHERE account_id = $1",
	[TAKE] = "INSERT INTO sent (account_id, hour, hour_count, day,"
		 " day_count) VALUES ($1, $2, $4, $3, $4)"
		 " ON CONFLICT (account_id) DO UPDATE SET hour = $2, day = $3,"
		 " hour_count = CASE WHEN sent.hour = $2"
		 " THEN sent.hour_count + $4 ELSE $4 END,"
		 " day_count = CASE WHEN sent.day = $3"
		 " THEN sent.day_count + $4 ELSE $4 END",
	[WARNED] = "INSERT INTO sent (account_id, hour, hour_count, day,"
		   " day_count, warned) VALUES ($1, $2, 0, $3, 0, $3)"
		   " ON CONFLICT (account_id) DO UPDATE SET warned = $3",
	/* A domain's row has its number below 0. */
	[KEEP] = "INSERT INTO sent (account_id, hour, hour_count, day,"
		 " day_count) SELECT -a.domain, s.hour, s.hour_count, s.day,"
		 " s.day_count FROM account a, sent s WHERE a.id = $1"
		 " AND s.account_id = a.id ON CONFLICT (account_id)"
		 " DO UPDATE SET " LATER("hour") ", " LATER("day"),
	[FORGET] = "DELETE FROM sent WHERE account_id = $1",
	[BEGIN] = "INSERT INTO sent (account_id, hour, hour_count, day,"
		  " day_count) SELECT $1, hour, hour_count, day, day_count"
		  " FROM sent WHERE account_id = $2",
};

static result
read_limit(struct account *house, int64_t account, struct sending_limit *out,
    bool *own)
{
	const struct db_arg args[] = { db_int(account) };
	struct db_query q;

	*own = false;
	db_ask(house->db, &q, sql[LIMIT], args, COUNT(args));
	while (db_next(&q)) {
		*out = (struct sending_limit){ db_int_at(&q, 0),
			db_int_at(&q, 1) };
		*own = true;
	}
	return db_end(&q);
}

static result
read_sent(struct account *house, int64_t account, int64_t now,
    struct sending_limit *out, int64_t *warned)
{
	const struct db_arg args[] = { db_int(account), db_int(now / HOUR),
		db_int(now / DAY) };
	struct db_query q;

	*out = (struct sending_limit){ .hour = 0 };
	*warned = 0;
	db_ask(house->db, &q, sql[SENT], args, COUNT(args));
	while (db_next(&q)) {
		*out = (struct sending_limit){ db_int_at(&q, 0),
			db_int_at(&q, 1) };
		*warned = db_int_at(&q, 2);
	}
	return db_end(&q);
}

static bool
is_over(int64_t limit, int64_t count)
{
	return limit != SENDING_ANY && count > limit;
}

struct taking {
	struct sending *s;
	result verdict;
};

static result
take(struct account *house, void *context)
{
	struct taking *t = context;
	struct sending *s = t->s;
	const struct db_arg args[] = { db_int(s->account),
		db_int(s->now / HOUR), db_int(s->now / DAY),
		db_int(s->recipients) };
	struct sending_limit limit = s->usual, sent;
	int64_t warned;
	bool own;

	s->warn = false;
	t->verdict = done();
	TRY(read_limit(house, s->account, &limit, &own));
	TRY(read_sent(house, s->account, s->now, &sent, &warned));
	if (is_over(limit.hour, s->recipients)
	    || is_over(limit.day, s->recipients))
		t->verdict = fail(OVER_LIMIT, "that is more recipients than"
		    " you may send to; ask whoever runs this server");
	else if (is_over(limit.day, sent.day + s->recipients))
		t->verdict = fail(BUSY, "you have sent to as many people as"
		    " you may in a day; try again tomorrow");
	else if (is_over(limit.hour, sent.hour + s->recipients))
		t->verdict = fail(BUSY, "you have sent to as many people as"
		    " you may in an hour; try again in the next one");
	if (t->verdict.is == OK)
		return db_do(house->db, sql[TAKE], args, 4);
	if (warned == s->now / DAY)
		return done();
	s->warn = true;
	return db_do(house->db, sql[WARNED], args, 3);
}

result
sending_take(struct store *store, struct sending *s)
{
	struct taking t = { .s = s };

	TRY(house_write(store, take, &t, DURABLE_LAZY));
	return t.verdict;
}

result
sending_limit_get(struct store *s, int64_t account, struct sending_limit *out)
{
	struct account *house;
	bool own;
	result r;

	*out = (struct sending_limit){ SENDING_ANY, SENDING_ANY };
	TRY(house_open(s, &house));
	r = read_limit(house, account, out, &own);
	account_close(&house);
	if (r.is == OK && !own)
		return fail(NOT_FOUND, "that mailbox has no limits of its own");
	return r;
}

struct setting {
	int64_t account;
	const struct sending_limit *limit; /* NULL: remove */
};

static result
set(struct account *house, void *context)
{
	const struct setting *c = context;
	const struct db_arg args[] = { db_int(c->account),
		db_int(c->limit != NULL ? c->limit->hour : 0),
		db_int(c->limit != NULL ? c->limit->day : 0) };

	if (c->limit != NULL)
		return db_do(house->db, sql[LIMIT_SET], args, 3);
	return db_do(house->db, sql[LIMIT_REMOVE], args, 1);
}

result
sending_limit_set(struct store *s, int64_t account,
    const struct sending_limit *limit)
{
	struct setting c = { account, limit };

	return house_write(s, set, &c, DURABLE);
}

result
sending_limit_remove(struct store *s, int64_t account)
{
	struct setting c = { account, NULL };

	return house_write(s, set, &c, DURABLE);
}

result
sending_count(struct store *s, int64_t account, int64_t now,
    struct sending_limit *out)
{
	struct account *house;
	int64_t warned;
	result r;

	TRY(house_open(s, &house));
	r = read_sent(house, account, now, out, &warned);
	account_close(&house);
	return r;
}

result
sending_leave(struct account *house, int64_t account)
{
	const struct db_arg args[] = { db_int(account) };

	TRY(db_do(house->db, sql[KEEP], args, COUNT(args)));
	return db_do(house->db, sql[FORGET], args, COUNT(args));
}

result
sending_begin(struct account *house, int64_t domain, int64_t account)
{
	const struct db_arg args[] = { db_int(account), db_int(-domain) };

	return db_do(house->db, sql[BEGIN], args, COUNT(args));
}
