/* What is made or given out once: settings, links. */
#include "mailcore/store/app_password.h"

#include "mailcore/store/inside.h"

/* How long a link that has ended still says so. */
enum { REMEMBERED_SECONDS = 86400 };

enum { KEEP, KEPT, ADD, EXPIRE, LOOK, TAKE };

static const char *const sql[] = {
	[KEEP] = "INSERT INTO setting (name, value) VALUES ($1, $2)"
		 " ON CONFLICT (name) DO NOTHING",
	[KEPT] = "SELECT value FROM setting WHERE name = $1",
	[ADD] = "INSERT INTO one_time (hash, expires, name, body)"
		" VALUES ($1, $2, $3, $4)",
	[EXPIRE] = "DELETE FROM one_time WHERE expires <= $1",
	[LOOK] = "SELECT expires, taken, name, body FROM one_time"
		 " WHERE hash = $1",
	[TAKE] = "UPDATE one_time SET taken = 1, body = $2 WHERE hash = $1",
};

struct once {
	struct arena *arena;
	view hash; /* or a setting's name */
	int64_t now;
	int64_t expires;
	view name;
	view body;
	result outcome;
};

static result
kept(struct account *house, struct once *o, view *out)
{
	const struct db_arg args[] = { db_text(o->name) };
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[KEPT], args, COUNT(args));
	while (db_next(&q)) {
		*out = arena_copy(o->arena, db_blob_at(&q, 0));
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(o->arena));
	return found ? done() : fail(NOT_FOUND, "never set");
}

static result
keep(struct account *house, void *context)
{
	struct once *o = context;
	const struct db_arg args[] = { db_text(o->name), db_blob(o->body) };

	return db_do(house->db, sql[KEEP], args, COUNT(args));
}

result
setting_keep(struct store *s, struct arena *arena, view name, view value,
    view *out)
{
	struct once o = { .arena = arena, .name = name, .body = value };
	struct account *house;
	result r;

	TRY(house_open(s, &house));
	r = kept(house, &o, out);
	account_close(&house);
	if (r.is != NOT_FOUND)
		return r;
	TRY(house_write(s, keep, &o, DURABLE));
	/* Another process may have been faster. */
	TRY(house_open(s, &house));
	r = kept(house, &o, out);
	account_close(&house);
	return r;
}

static result
add(struct account *house, void *context)
{
	const struct once *o = context;
	const struct db_arg old[] = { db_int(o->now - REMEMBERED_SECONDS) };
	const struct db_arg args[] = { db_blob(o->hash), db_int(o->expires),
		db_text(o->name), db_blob(o->body) };

	TRY(db_do(house->db, sql[EXPIRE], old, COUNT(old)));
	return db_do(house->db, sql[ADD], args, COUNT(args));
}

result
one_time_add(struct store *s, view hash, int64_t now, int64_t expires,
    view name, view body)
{
	struct once o = { .hash = hash, .now = now, .expires = expires,
		.name = name, .body = body };

	return house_write(s, add, &o, DURABLE);
}

static result
look(struct account *house, struct once *o)
{
	const struct db_arg args[] = { db_blob(o->hash) };
	struct db_query q;

	o->outcome = fail(NOT_FOUND, "no such link");
	db_ask(house->db, &q, sql[LOOK], args, COUNT(args));
	while (db_next(&q)) {
		if (db_int_at(&q, 1) != 0)
			o->outcome = fail(STALE, "the link was used already");
		else if (db_int_at(&q, 0) <= o->now)
			o->outcome = fail(STALE, "the link came too late");
		else
			o->outcome = done();
		o->name = arena_copy(o->arena, db_text_at(&q, 2));
		o->body = arena_copy(o->arena, db_blob_at(&q, 3));
	}
	TRY(db_end(&q));
	return arena_result(o->arena);
}

static result
take(struct account *house, void *context)
{
	struct once *o = context;
	const struct db_arg args[] = { db_blob(o->hash), db_blob(VIEW("")) };

	TRY(look(house, o));
	TRY(o->outcome);
	return db_do(house->db, sql[TAKE], args, COUNT(args));
}

result
one_time_take(struct store *s, struct arena *arena, view hash, int64_t now,
    view *name, view *body)
{
	struct once o = { .arena = arena, .hash = hash, .now = now };
	struct account *house;

	/* Tokens that were never given out must cost no write lock. */
	TRY(house_open(s, &house));
	{
		result r = look(house, &o);

		account_close(&house);
		TRY(r);
	}
	TRY(o.outcome);
	TRY(house_write(s, take, &o, DURABLE));
	*name = o.name;
	*body = o.body;
	return done();
}
