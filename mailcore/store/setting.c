/* Small rows of the house: settings, failed logins. */
#include "mailcore/store/domain.h"

#include "mailcore/store/inside.h"

enum { GET, SET, CHANGES, COUNT_GET, COUNT_ADD, COUNT_CLEAR, COUNT_EXPIRE };

static const char *const sql[] = {
	[GET] = "SELECT value FROM setting WHERE name = $1",
	[SET] = "INSERT INTO setting (name, value) VALUES ($1, $2)"
		" ON CONFLICT (name) DO UPDATE SET value = $2",
	[CHANGES] = "SELECT seq FROM state WHERE account_id = $1",
	[COUNT_GET] = "SELECT count FROM throttle WHERE key = $1"
		      " AND until > $2",
	[COUNT_ADD] = "INSERT INTO throttle (key, count, until)"
		      " VALUES ($1, 1, $3) ON CONFLICT (key) DO UPDATE SET"
		      " count = CASE WHEN throttle.until > $2"
		      " THEN throttle.count + 1 ELSE 1 END, until = $3",
	[COUNT_CLEAR] = "DELETE FROM throttle WHERE key = $1",
	[COUNT_EXPIRE] = "DELETE FROM throttle WHERE until <= $1",
};

static result
get(struct account *house, struct arena *arena, view name, view *value)
{
	const struct db_arg args[] = { db_text(name) };
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		*value = arena_copy(arena, db_blob_at(&q, 0));
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "never set");
}

result
setting_get(struct store *s, struct arena *arena, view name, view *value)
{
	struct account *house;
	result r;

	*value = VIEW("");
	TRY(house_open(s, &house));
	r = get(house, arena, name, value);
	account_close(&house);
	return r;
}

static result
changes(struct account *house, int64_t *out)
{
	const struct db_arg args[] = { db_int(HOUSE) };
	struct db_query q;

	db_ask(house->db, &q, sql[CHANGES], args, COUNT(args));
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}

result
setting_changes(struct store *s, int64_t *out)
{
	struct account *house;
	result r;

	*out = 0;
	TRY(house_open(s, &house));
	r = changes(house, out);
	account_close(&house);
	return r;
}

struct pair {
	view name;
	view value;
};

static result
set(struct account *house, void *context)
{
	const struct pair *p = context;
	const struct db_arg args[] = { db_text(p->name), db_blob(p->value) };

	return db_do(house->db, sql[SET], args, COUNT(args));
}

result
setting_set(struct store *s, view name, view value)
{
	struct pair p = { name, value };

	return house_write(s, set, &p, DURABLE);
}

static result
count_get(struct account *house, view key, int64_t now, int64_t *count)
{
	const struct db_arg args[] = { db_text(key), db_int(now) };
	struct db_query q;

	db_ask(house->db, &q, sql[COUNT_GET], args, COUNT(args));
	while (db_next(&q))
		*count = db_int_at(&q, 0);
	return db_end(&q);
}

result
throttle_get(struct store *s, view key, int64_t now, int64_t *count)
{
	struct account *house;
	result r;

	*count = 0;
	TRY(house_open(s, &house));
	r = count_get(house, key, now, count);
	account_close(&house);
	return r;
}

struct failure {
	view key;
	int64_t now;
	int64_t until;
};

static result
count_add(struct account *house, void *context)
{
	const struct failure *f = context;
	const struct db_arg args[] = { db_text(f->key), db_int(f->now),
		db_int(f->until) };
	const struct db_arg now[] = { db_int(f->now) };

	TRY(db_do(house->db, sql[COUNT_EXPIRE], now, COUNT(now)));
	return db_do(house->db, sql[COUNT_ADD], args, COUNT(args));
}

result
throttle_add(struct store *s, view key, int64_t now, int64_t until)
{
	struct failure f = { key, now, until };

	return house_write(s, count_add, &f, DURABLE_LAZY);
}

static result
count_clear(struct account *house, void *context)
{
	const view *key = context;
	const struct db_arg args[] = { db_text(*key) };

	return db_do(house->db, sql[COUNT_CLEAR], args, COUNT(args));
}

result
throttle_clear(struct store *s, view key)
{
	int64_t count;

	/* Mostly there is none, and a write is not free. */
	TRY(throttle_get(s, key, INT64_MIN, &count));
	return count == 0 ? done()
			  : house_write(s, count_clear, &key, DURABLE_LAZY);
}
