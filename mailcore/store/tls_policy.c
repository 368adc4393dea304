#include "mailcore/store/tls_policy.h"

#include "mailcore/store/inside.h"

enum { GET, PUT, ANY, EXPIRED, COUNT_ALL, SHRINK, ADD, FIRST, OF_DAY,
	FORGET };

static const char *const sql[] = {
	[GET] = "SELECT id, tried, expires, text FROM sts_policy"
		" WHERE domain = $1 AND expires > $2",
	[PUT] = "INSERT INTO sts_policy (domain, id, tried, expires, text)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domain) DO UPDATE"
		" SET id = $2, tried = $3, expires = $4, text = $5",
	[ANY] = "SELECT 1 FROM sts_policy LIMIT 1",
	[EXPIRED] = "DELETE FROM sts_policy WHERE expires <= $1",
	[COUNT_ALL] = "SELECT COUNT(*) FROM sts_policy",
	[SHRINK] = "DELETE FROM sts_policy WHERE domain IN (SELECT domain"
		   " FROM sts_policy ORDER BY expires LIMIT $1)",
	[ADD] = "INSERT INTO tls_session (day, domain, policy, outcome, host,"
		" address, count) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (day, domain, policy, outcome, host, address)"
		" DO UPDATE SET count = tls_session.count + $7",
	[FIRST] = "SELECT day, domain FROM tls_session WHERE day < $1"
		  " ORDER BY day, domain LIMIT 1",
	[OF_DAY] = "SELECT policy, outcome, host, address, count"
		   " FROM tls_session WHERE day = $1 AND domain = $2"
		   " ORDER BY policy, outcome, host, address LIMIT $3",
	[FORGET] = "DELETE FROM tls_session WHERE day = $1 AND domain = $2",
};

struct getting {
	struct arena *arena;
	view domain;
	int64_t now;
	struct sts_row *row;
};

static result
get(struct account *house, const struct getting *g)
{
	const struct db_arg args[] = { db_text(g->domain), db_int(g->now) };
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		*g->row = (struct sts_row){
			.id = arena_copy(g->arena, db_text_at(&q, 0)),
			.tried = db_int_at(&q, 1),
			.expires = db_int_at(&q, 2),
			.text = arena_copy(g->arena, db_text_at(&q, 3)),
		};
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(g->arena));
	return found ? done() : fail(NOT_FOUND, "no policy is known");
}

result
sts_row_get(struct store *s, struct arena *arena, view domain, int64_t now,
    struct sts_row *out)
{
	const struct getting g = { arena, domain, now, out };
	struct account *house;
	result r;

	TRY(house_open(s, &house));
	r = get(house, &g);
	account_close(&house);
	return r;
}

result
sts_row_any(struct store *s, bool *out)
{
	struct account *house;
	struct db_query q;
	result r;

	*out = false;
	TRY(house_open(s, &house));
	db_ask(house->db, &q, sql[ANY], NULL, 0);
	while (db_next(&q))
		*out = true;
	r = db_end(&q);
	account_close(&house);
	return r;
}

struct putting {
	view domain;
	int64_t now;
	const struct sts_row *row;
};

static result
put(struct account *house, void *context)
{
	const struct putting *p = context;
	const struct db_arg args[] = { db_text(p->domain),
		db_text(p->row->id), db_int(p->row->tried),
		db_int(p->row->expires), db_text(p->row->text) };
	const struct db_arg now[] = { db_int(p->now) };
	struct db_arg excess[] = { db_int(0) };
	struct db_query q;
	int64_t count = 0;

	TRY(db_do(house->db, sql[EXPIRED], now, COUNT(now)));
	TRY(db_do(house->db, sql[PUT], args, COUNT(args)));
	db_ask(house->db, &q, sql[COUNT_ALL], NULL, 0);
	while (db_next(&q))
		count = db_int_at(&q, 0);
	TRY(db_end(&q));
	if (count <= LIMIT_STS_DOMAINS)
		return done();
	excess[0] = db_int(count - LIMIT_STS_DOMAINS);
	return db_do(house->db, sql[SHRINK], excess, COUNT(excess));
}

result
sts_row_put(struct store *s, view domain, int64_t now,
    const struct sts_row *row)
{
	struct putting p = { domain, now, row };

	return house_write(s, put, &p, DURABLE_LAZY);
}

struct adding {
	const struct tls_session *list;
	size_t count;
};

static result
add(struct account *house, void *context)
{
	const struct adding *a = context;

	for (size_t i = 0; i < a->count; i++) {
		const struct tls_session *t = &a->list[i];
		const struct db_arg args[] = { db_int(t->day),
			db_text(t->domain), db_text(t->policy),
			db_text(t->outcome), db_text(t->host),
			db_text(t->address), db_int(t->count) };

		TRY(db_do(house->db, sql[ADD], args, COUNT(args)));
	}
	return done();
}

result
tls_session_add(struct store *s, const struct tls_session *list,
    size_t count)
{
	struct adding a = { list, count };

	return count == 0 ? done() : house_write(s, add, &a, DURABLE_LAZY);
}

static result
find_first(struct account *house, struct arena *arena, int64_t today,
    int64_t *day, view *domain)
{
	const struct db_arg args[] = { db_int(today) };
	struct db_query q;

	*domain = VIEW("");
	db_ask(house->db, &q, sql[FIRST], args, COUNT(args));
	while (db_next(&q)) {
		*day = db_int_at(&q, 0);
		*domain = arena_copy(arena, db_text_at(&q, 1));
	}
	return db_end(&q);
}

static result
take(struct account *house, struct arena *arena, int64_t today,
    struct tls_session *list, size_t *count)
{
	int64_t day = 0;
	view domain;
	struct db_query q;

	TRY(find_first(house, arena, today, &day, &domain));
	{
		const struct db_arg args[] = { db_int(day), db_text(domain),
			db_int(LIMIT_TLS_SESSIONS) };

		if (domain.n == 0)
			return done();
		db_ask(house->db, &q, sql[OF_DAY], args, COUNT(args));
	}
	while (db_next(&q))
		list[(*count)++] = (struct tls_session){
			.day = day,
			.domain = domain,
			.policy = arena_copy(arena, db_text_at(&q, 0)),
			.outcome = arena_copy(arena, db_text_at(&q, 1)),
			.host = arena_copy(arena, db_text_at(&q, 2)),
			.address = arena_copy(arena, db_text_at(&q, 3)),
			.count = db_int_at(&q, 4),
		};
	TRY(db_end(&q));
	return arena_result(arena);
}

result
tls_session_take(struct store *s, struct arena *arena, int64_t today,
    struct tls_session **out, size_t *count)
{
	struct account *house;
	result r;

	*count = 0;
	*out = arena_array(arena, LIMIT_TLS_SESSIONS, sizeof **out);
	TRY(arena_result(arena));
	TRY(house_open(s, &house));
	r = take(house, arena, today, *out, count);
	account_close(&house);
	return r;
}

struct forgetting {
	int64_t day;
	view domain;
};

static result
forget(struct account *house, void *context)
{
	const struct forgetting *f = context;
	const struct db_arg args[] = { db_int(f->day), db_text(f->domain) };

	return db_do(house->db, sql[FORGET], args, COUNT(args));
}

result
tls_session_forget(struct store *s, int64_t day, view domain)
{
	struct forgetting f = { day, domain };

	return house_write(s, forget, &f, DURABLE_LATER);
}
