/* Browsers that are signed in. */
#include "mailcore/store/session.h"

#include "mailcore/store/names.h"

#define COLUMNS                                                            \
	"s.id, s.account_id, s.created, s.used, s.expires, s.peer,"        \
	" s.agent, s.password_version, s.sign_outs, a.address"

/* What every one that still means something has; $2 is now, $3 since. */
#define MEANS                                                              \
	" a.id = s.account_id AND " ACCOUNT_IS_ON("a")                     \
	" AND a.password_version = s.password_version"                     \
	" AND a.sign_outs = s.sign_outs AND s.expires > $2 AND s.used >= $3"

enum { ADD, EXPIRE, MAKE_ROOM, FIND, LIST, USED, REMOVE, REMOVE_ALL,
	SET_PASSWORD, KEEP, SIGN_OUT };

static const char *const sql[] = {
	[ADD] = "INSERT INTO session (id, account_id, hash, created, used,"
		" expires, peer, agent, password_version, sign_outs)"
		" SELECT $1, $2, $3, $4, $4, $5, $6, $7, $8, sign_outs"
		" FROM account WHERE id = $2",
	[EXPIRE] = "DELETE FROM session WHERE expires <= $1 OR used < $2",
	[MAKE_ROOM] = "DELETE FROM session WHERE account_id = $1 AND id IN"
		      " (SELECT id FROM session WHERE account_id = $1"
		      " ORDER BY used DESC, id DESC LIMIT 1000 OFFSET $2)",
	[FIND] = "SELECT " COLUMNS " FROM session s, account a"
		 " WHERE s.hash = $1 AND" MEANS,
	[LIST] = "SELECT " COLUMNS " FROM session s, account a"
		 " WHERE s.account_id = $1 AND" MEANS
		 " ORDER BY s.used DESC, s.id DESC",
	[USED] = "UPDATE session SET used = $2, peer = $3 WHERE id = $1"
		 " AND used < $2",
	[REMOVE] = "DELETE FROM session WHERE account_id = $1 AND id = $2",
	[REMOVE_ALL] = "DELETE FROM session WHERE account_id = $1"
		       " AND id <> $2",
	[SET_PASSWORD] = "UPDATE account SET password = $2,"
			 " password_version = password_version + 1"
			 " WHERE id = $1",
	[KEEP] = "UPDATE session SET password_version ="
		 " (SELECT password_version FROM account WHERE id = $1)"
		 " WHERE account_id = $1 AND id = $2",
	[SIGN_OUT] = "UPDATE account SET sign_outs = sign_outs + 1"
		     " WHERE id = $1",
};

static result
expire(struct account *house, int64_t now, int64_t since)
{
	const struct db_arg args[] = { db_int(now), db_int(since) };

	return db_do(house->db, sql[EXPIRE], args, COUNT(args));
}

static result
make_room(struct account *house, int64_t account)
{
	const struct db_arg args[] = { db_int(account),
		db_int(LIMIT_SESSIONS - 1) };

	return db_do(house->db, sql[MAKE_ROOM], args, COUNT(args));
}

struct adding {
	struct session_row *row;
	int64_t since;
};

static result
add(struct account *house, void *context)
{
	const struct adding *a = context;
	struct session_row *s = a->row;

	TRY(expire(house, s->created, a->since));
	TRY(make_room(house, s->account));
	TRY(counter_take(house, VIEW("session"), &s->id));
	{
		const struct db_arg args[] = { db_int(s->id),
			db_int(s->account), db_blob(s->hash),
			db_int(s->created), db_int(s->expires),
			db_text(s->peer), db_text(s->agent),
			db_int(s->password_version) };

		TRY(db_do(house->db, sql[ADD], args, COUNT(args)));
	}
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such account");
}

result
session_add(struct store *s, struct session_row *row, int64_t since)
{
	struct adding a = { row, since };

	return house_write(s, add, &a, DURABLE);
}

static void
of_row(struct db_query *q, struct arena *arena, struct session_row *out)
{
	*out = (struct session_row){
		.id = db_int_at(q, 0),
		.account = db_int_at(q, 1),
		.created = db_int_at(q, 2),
		.used = db_int_at(q, 3),
		.expires = db_int_at(q, 4),
		.peer = arena_copy(arena, db_text_at(q, 5)),
		.agent = arena_copy(arena, db_text_at(q, 6)),
		.password_version = db_int_at(q, 7),
		.sign_outs = db_int_at(q, 8),
		.address = arena_copy(arena, db_text_at(q, 9)),
	};
}

static result
find(struct account *house, struct arena *arena, const struct db_arg args[3],
    struct session_row *out)
{
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[FIND], args, 3);
	while (db_next(&q)) {
		of_row(&q, arena, out);
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such session");
}

result
session_find(struct store *s, struct arena *arena, view hash, int64_t now,
    int64_t since, struct session_row *out)
{
	const struct db_arg args[3] = { db_blob(hash), db_int(now),
		db_int(since) };
	struct account *house;
	result r;

	*out = (struct session_row){ .id = 0 };
	TRY(house_open(s, &house));
	r = find(house, arena, args, out);
	account_close(&house);
	return r;
}

static result
list(struct account *house, struct arena *arena, const struct db_arg args[3],
    struct session_row *out, size_t *count)
{
	struct db_query q;

	db_ask(house->db, &q, sql[LIST], args, 3);
	while (*count < LIMIT_SESSIONS && db_next(&q))
		of_row(&q, arena, &out[(*count)++]);
	TRY(db_end(&q));
	return arena_result(arena);
}

result
session_list(struct store *s, struct arena *arena, int64_t account,
    int64_t now, int64_t since, struct session_row **out, size_t *count)
{
	const struct db_arg args[3] = { db_int(account), db_int(now),
		db_int(since) };
	struct account *house;
	result r;

	*count = 0;
	*out = arena_array(arena, LIMIT_SESSIONS, sizeof **out);
	TRY(arena_result(arena));
	TRY(house_open(s, &house));
	r = list(house, arena, args, *out, count);
	account_close(&house);
	return r;
}

/* One change, or several of the same values. */
struct change {
	int64_t account;
	int64_t id;
	int64_t now;
	view text;
};

static result
use(struct account *house, void *context)
{
	const struct change *c = context;
	const struct db_arg args[] = { db_int(c->id), db_int(c->now),
		db_text(c->text) };

	return db_do(house->db, sql[USED], args, COUNT(args));
}

result
session_used(struct store *s, int64_t id, int64_t now, view peer)
{
	struct change c = { .id = id, .now = now, .text = peer };

	return house_write(s, use, &c, DURABLE_LAZY);
}

static result
drop(struct account *house, void *context)
{
	const struct change *c = context;
	const struct db_arg args[] = { db_int(c->account), db_int(c->id) };

	TRY(db_do(house->db, sql[REMOVE], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "there is no such session");
}

result
session_remove(struct store *s, int64_t account, int64_t id)
{
	struct change c = { .account = account, .id = id };

	return house_write(s, drop, &c, DURABLE);
}

static result
set_password(struct account *house, void *context)
{
	const struct change *c = context;
	const struct db_arg password[] = { db_int(c->account),
		db_text(c->text) };
	const struct db_arg kept[] = { db_int(c->account), db_int(c->id) };

	TRY(db_do(house->db, sql[SET_PASSWORD], password, COUNT(password)));
	if (db_changed(house->db) == 0)
		return fail(NOT_FOUND, "no such account");
	TRY(db_do(house->db, sql[REMOVE_ALL], kept, COUNT(kept)));
	return db_do(house->db, sql[KEEP], kept, COUNT(kept));
}

result
session_set_password(struct store *s, int64_t account, view password,
    int64_t keep)
{
	struct change c = { .account = account, .id = keep,
		.text = password };

	return house_write(s, set_password, &c, DURABLE);
}

static result
end_all(struct account *house, void *context)
{
	const struct change *c = context;
	const struct db_arg args[] = { db_int(c->account), db_int(0) };

	TRY(db_do(house->db, sql[SIGN_OUT], args, 1));
	if (db_changed(house->db) == 0)
		return fail(NOT_FOUND, "no such account");
	return db_do(house->db, sql[REMOVE_ALL], args, COUNT(args));
}

result
session_end_all(struct store *s, int64_t account)
{
	struct change c = { .account = account };

	return house_write(s, end_all, &c, DURABLE);
}
