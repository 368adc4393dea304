#include "mailcore/store/handling.h"

#include "mailcore/store/inside.h"

#include <openssl/sha.h>

enum { GET, SET_FORWARD, SET_VACATION, REMEMBERED, REMEMBER, FORGET,
	COUNT_REMEMBERED, COST, CHARGE };

enum { HOUR = 3600 };

static const char *const sql[] = {
	/* One question: it is asked for each message that comes. */
	[GET] = "SELECT h.forward, COALESCE(h.forward_keep, 1), h.vacation,"
		" h.vacation_subject, h.vacation_text, h.vacation_from,"
		" h.vacation_until, h.vacation_every, c.name, c.text"
		" FROM state s LEFT JOIN handling h"
		" ON h.account_id = s.account_id LEFT JOIN script c"
		" ON c.account_id = s.account_id AND c.active = 1"
		" WHERE s.account_id = $1",
	[SET_FORWARD] = "INSERT INTO handling (account_id, forward,"
			" forward_keep) VALUES ($1, $2, $3)"
			" ON CONFLICT (account_id) DO UPDATE SET"
			" forward = excluded.forward,"
			" forward_keep = excluded.forward_keep",
	[SET_VACATION] =
	    "INSERT INTO handling (account_id, vacation, vacation_subject,"
	    " vacation_text, vacation_from, vacation_until, vacation_every)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
	    " ON CONFLICT (account_id) DO UPDATE SET"
	    " vacation = excluded.vacation,"
	    " vacation_subject = excluded.vacation_subject,"
	    " vacation_text = excluded.vacation_text,"
	    " vacation_from = excluded.vacation_from,"
	    " vacation_until = excluded.vacation_until,"
	    " vacation_every = excluded.vacation_every",
	[REMEMBERED] = "SELECT 1 FROM remembered WHERE account_id = $1"
		       " AND hash = $2 AND until > $3",
	/* A row comes back only when it was not there, or was over. */
	[REMEMBER] = "INSERT INTO remembered (account_id, hash, until)"
		     " VALUES ($1, $2, $4) ON CONFLICT (account_id, hash)"
		     " DO UPDATE SET until = excluded.until"
		     " WHERE remembered.until <= $3 RETURNING 1",
	[FORGET] = "DELETE FROM remembered WHERE account_id = $1"
		   " AND until <= $2",
	[COUNT_REMEMBERED] = "SELECT COUNT(*) FROM remembered"
			     " WHERE account_id = $1",
	[COST] = "SELECT since, steps FROM script_cost"
		 " WHERE account_id = $1",
	[CHARGE] = "INSERT INTO script_cost (account_id, since, steps)"
		   " VALUES ($1, $2, $3) ON CONFLICT (account_id) DO UPDATE"
		   " SET since = excluded.since, steps = excluded.steps",
};

result
handling_get(struct account *a, struct arena *arena, struct handling *out)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*out = (struct handling){ .forward_keep = true };
	db_ask(a->db, &q, sql[GET], args, COUNT(args));
	while (db_next(&q)) {
		*out = (struct handling){
			.forward = arena_copy(arena, db_text_at(&q, 0)),
			.forward_keep = db_int_at(&q, 1) != 0,
			.vacation = db_int_at(&q, 2) != 0,
			.vacation_subject = arena_copy(arena,
			    db_text_at(&q, 3)),
			.vacation_text = arena_copy(arena, db_text_at(&q, 4)),
			.vacation_from = db_int_at(&q, 5),
			.vacation_until = db_int_at(&q, 6),
			.vacation_every = db_int_at(&q, 7),
			.script_name = arena_copy(arena, db_text_at(&q, 8)),
			.script = arena_copy(arena, db_blob_at(&q, 9)),
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
handling_set_forward(struct account *a, view addresses, bool keep)
{
	const struct db_arg args[] = { db_int(a->id), db_text(addresses),
		db_int(keep) };

	TRY(must_write(a));
	return db_do(a->db, sql[SET_FORWARD], args, COUNT(args));
}

result
handling_set_vacation(struct account *a, const struct handling *h)
{
	const struct db_arg args[] = { db_int(a->id), db_int(h->vacation),
		db_text(h->vacation_subject), db_text(h->vacation_text),
		db_int(h->vacation_from), db_int(h->vacation_until),
		db_int(h->vacation_every) };

	TRY(must_write(a));
	return db_do(a->db, sql[SET_VACATION], args, COUNT(args));
}

static view
hash_of(view what, unsigned char to[SHA256_DIGEST_LENGTH])
{
	(void)SHA256((const unsigned char *)what.p, what.n, to);
	return (view){ (const char *)to, SHA256_DIGEST_LENGTH };
}

static result
one_number(struct account *a, const char *question, const struct db_arg *args,
    size_t count, int64_t *out)
{
	struct db_query q;

	*out = 0;
	db_ask(a->db, &q, question, args, count);
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}

result
remembered(struct account *a, view what, int64_t now, bool *out)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	const struct db_arg args[] = { db_int(a->id),
		db_blob(hash_of(what, hash)), db_int(now) };
	int64_t found;

	TRY(one_number(a, sql[REMEMBERED], args, COUNT(args), &found));
	*out = found != 0;
	return done();
}

result
remember(struct account *a, view what, int64_t now, int64_t until,
    bool *fresh)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	const struct db_arg old[] = { db_int(a->id), db_int(now) };
	const struct db_arg args[] = { db_int(a->id),
		db_blob(hash_of(what, hash)), db_int(now), db_int(until) };
	int64_t count, found;

	*fresh = false;
	TRY(must_write(a));
	TRY(db_do(a->db, sql[FORGET], old, COUNT(old)));
	TRY(one_number(a, sql[COUNT_REMEMBERED], old, 1, &count));
	if (count >= LIMIT_REMEMBERED)
		return fail(OVER_LIMIT, "too much is remembered");
	TRY(one_number(a, sql[REMEMBER], args, COUNT(args), &found));
	*fresh = found != 0;
	return done();
}

static result
get_cost(struct account *a, int64_t *since, int64_t *steps)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*since = *steps = 0;
	db_ask(a->db, &q, sql[COST], args, COUNT(args));
	while (db_next(&q)) {
		*since = db_int_at(&q, 0);
		*steps = db_int_at(&q, 1);
	}
	return db_end(&q);
}

result
script_cost(struct account *a, int64_t now, int64_t *steps)
{
	int64_t since;

	TRY(get_cost(a, &since, steps));
	if (now - since >= HOUR || now < since)
		*steps = 0;
	return done();
}

result
script_charge(struct account *a, int64_t now, int64_t steps)
{
	int64_t since, before;

	TRY(must_write(a));
	TRY(get_cost(a, &since, &before));
	if (now - since >= HOUR || now < since) {
		since = now;
		before = 0;
	}
	{
		const struct db_arg args[] = { db_int(a->id), db_int(since),
			db_int(before + steps) };

		return db_do(a->db, sql[CHARGE], args, COUNT(args));
	}
}
