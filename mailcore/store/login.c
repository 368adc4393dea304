/* Last logins, what an identity rests on, and how often somebody comes. */
#include "mailcore/store/session.h"

#include "mailcore/store/names.h"

enum { WHEN, NOTE, NOTE_APP, LIST, STANDING, RATE, RATE_GET, EXPIRE };

static const char *const sql[] = {
	[WHEN] = "SELECT used FROM login WHERE account_id = $1 AND app = $2"
		 " AND protocol = $3",
	[NOTE] = "INSERT INTO login (account_id, app, protocol, used, peer,"
		 " number) VALUES ($1, $2, $3, $4, $5, $6)"
		 " ON CONFLICT (account_id, app, protocol) DO UPDATE SET"
		 " used = $4, peer = $5, number = $6",
	[NOTE_APP] = "UPDATE app_password SET used = $2, used_peer = $3,"
		     " used_protocol = $4 WHERE id = $1",
	[LIST] = "SELECT app, protocol, used, peer, number FROM login"
		 " WHERE account_id = $1 AND number > $2 ORDER BY number",
	[STANDING] = "SELECT CASE WHEN " ACCOUNT_IS_ON("a")
		     " THEN 1 ELSE 0 END, a.password_version, a.sign_outs,"
		     " (SELECT count(*) FROM app_password p WHERE p.id = $2"
		     " AND p.account_id = a.id"
		     " AND (p.expires = 0 OR p.expires > $3))"
		     " FROM account a WHERE a.id = $1",
	[RATE] = "INSERT INTO throttle (key, count, until)"
		 " VALUES ($1, $4, $3) ON CONFLICT (key) DO UPDATE SET"
		 " count = CASE WHEN throttle.until > $2"
		 " THEN throttle.count + $4 ELSE $4 END,"
		 " until = CASE WHEN throttle.until > $2"
		 " THEN throttle.until ELSE $3 END",
	[RATE_GET] = "SELECT count, until FROM throttle WHERE key = $1",
	[EXPIRE] = "DELETE FROM throttle WHERE until <= $1",
};

struct note {
	int64_t account;
	int64_t app;
	view protocol;
	view peer;
	int64_t now;
};

static result
when(struct account *house, const struct note *n, int64_t *used)
{
	const struct db_arg args[] = { db_int(n->account), db_int(n->app),
		db_text(n->protocol) };
	struct db_query q;

	db_ask(house->db, &q, sql[WHEN], args, COUNT(args));
	while (db_next(&q))
		*used = db_int_at(&q, 0);
	return db_end(&q);
}

static result
note(struct account *house, void *context)
{
	const struct note *n = context;
	int64_t number;

	TRY(counter_take(house, VIEW("login"), &number));
	{
		const struct db_arg args[] = { db_int(n->account),
			db_int(n->app), db_text(n->protocol), db_int(n->now),
			db_text(n->peer), db_int(number) };

		TRY(db_do(house->db, sql[NOTE], args, COUNT(args)));
	}
	if (n->app == 0)
		return done();
	{
		const struct db_arg args[] = { db_int(n->app), db_int(n->now),
			db_text(n->peer), db_text(n->protocol) };

		return db_do(house->db, sql[NOTE_APP], args, COUNT(args));
	}
}

result
login_note(struct store *s, int64_t account, int64_t app, view protocol,
    view peer, int64_t now, bool *kept)
{
	struct note n = { account, app, protocol, peer, now };
	struct account *house;
	int64_t used = 0;
	result r;

	*kept = false;
	TRY(house_open(s, &house));
	r = when(house, &n, &used);
	account_close(&house);
	TRY(r);
	if (used != 0 && now >= used && now - used < LIMIT_LOGIN_SECONDS)
		return done();
	TRY(house_write(s, note, &n, DURABLE_LAZY));
	*kept = true;
	return done();
}

static result
list(struct account *house, struct arena *arena, const struct db_arg args[2],
    struct login_row **out, size_t *count)
{
	struct db_query q;
	size_t room = 0;

	db_ask(house->db, &q, sql[LIST], args, 2);
	while (db_next(&q)) {
		struct login_row *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = (struct login_row){
			.app = db_int_at(&q, 0),
			.protocol = arena_copy(arena, db_text_at(&q, 1)),
			.used = db_int_at(&q, 2),
			.peer = arena_copy(arena, db_text_at(&q, 3)),
			.number = db_int_at(&q, 4),
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
login_list(struct store *s, struct arena *arena, int64_t account,
    int64_t after, struct login_row **out, size_t *count)
{
	const struct db_arg args[2] = { db_int(account), db_int(after) };
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = list(house, arena, args, out, count);
	account_close(&house);
	return r;
}

static result
stand(struct account *house, const struct db_arg args[3],
    struct standing *out)
{
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[STANDING], args, 3);
	while (db_next(&q)) {
		*out = (struct standing){
			.enabled = db_int_at(&q, 0) != 0,
			.password_version = db_int_at(&q, 1),
			.sign_outs = db_int_at(&q, 2),
			.app = db_int_at(&q, 3) != 0,
		};
		found = true;
	}
	TRY(db_end(&q));
	return found ? done() : fail(NOT_FOUND, "no such account");
}

result
standing_get(struct store *s, int64_t account, int64_t app, int64_t now,
    struct standing *out)
{
	const struct db_arg args[3] = { db_int(account), db_int(app),
		db_int(now) };
	struct account *house;
	result r;

	*out = (struct standing){ .enabled = false };
	TRY(house_open(s, &house));
	r = stand(house, args, out);
	account_close(&house);
	return r;
}

struct taking {
	int64_t now;
	int64_t seconds;
	struct rate *rates;
	size_t count;
};

static result
take_one(struct account *house, const struct taking *t, struct rate *r)
{
	const struct db_arg args[] = { db_text(r->key), db_int(t->now),
		db_int(t->now + t->seconds),
		db_int(r->by == 0 ? 1 : r->by) };
	struct db_query q;

	TRY(db_do(house->db, sql[RATE], args, COUNT(args)));
	db_ask(house->db, &q, sql[RATE_GET], args, 1);
	while (db_next(&q)) {
		r->count = db_int_at(&q, 0);
		r->ends = db_int_at(&q, 1);
	}
	return db_end(&q);
}

static result
take(struct account *house, void *context)
{
	const struct taking *t = context;
	const struct db_arg now[] = { db_int(t->now) };

	TRY(db_do(house->db, sql[EXPIRE], now, COUNT(now)));
	for (size_t i = 0; i < t->count; i++)
		TRY(take_one(house, t, &t->rates[i]));
	return done();
}

result
rate_take(struct store *s, int64_t now, int64_t seconds, struct rate *rates,
    size_t count)
{
	struct taking t = { now, seconds, rates, count };

	return house_write(s, take, &t, DURABLE_LAZY);
}

result
rate_read(struct store *s, int64_t now, struct rate *rate)
{
	const struct db_arg args[] = { db_text(rate->key) };
	struct account *house;
	struct db_query q;
	result r;

	rate->count = rate->ends = 0;
	TRY(house_open(s, &house));
	db_ask(house->db, &q, sql[RATE_GET], args, COUNT(args));
	while (db_next(&q)) {
		rate->ends = db_int_at(&q, 1);
		rate->count = rate->ends > now ? db_int_at(&q, 0) : 0;
	}
	r = db_end(&q);
	account_close(&house);
	return r;
}
