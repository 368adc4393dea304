/* Which of what is due comes next. */
#include "mailcore/store/queue_row.h"

enum { OLDEST, NEWEST, OLDEST_OTHER, NEWEST_OTHER, LATER };

/* Of a backlog of busy domains this much is looked through at either end:
 * what was due before it, and what comes after it, is still found. */
#define AHEAD "256"

/* $1: now, $2 to $5: busy domains, $6: the one before others. */
#define OTHER(order)                                                     \
	"SELECT message, domain FROM (SELECT message, domain, next FROM" \
	" queue_recipient WHERE next <= $1 ORDER BY " order              \
	" LIMIT " AHEAD ") AS due"                                       \
	" WHERE domain NOT IN ($2, $3, $4, $5)"                          \
	" ORDER BY CASE WHEN domain = $6 THEN 0 ELSE 1 END, " order      \
	" LIMIT 1"

static const char *const sql[] = {
	[OLDEST] = "SELECT message, domain FROM queue_recipient"
		   " WHERE next <= $1 ORDER BY next, message LIMIT 1",
	[NEWEST] = "SELECT message, domain FROM queue_recipient"
		   " WHERE next <= $1 ORDER BY next DESC, message DESC"
		   " LIMIT 1",
	[OLDEST_OTHER] = OTHER("next, message"),
	[NEWEST_OTHER] = OTHER("next DESC, message DESC"),
	[LATER] = "SELECT MIN(next) FROM queue_recipient WHERE next > $1",
};

struct search {
	struct account *house;
	struct arena *arena;
	const struct queue_turn *turn;
	int64_t now;
};

static view
busy(const struct queue_turn *t, size_t i)
{
	return i < t->busy_count ? t->busy[i] : VIEW("");
}

static result
find(const struct search *s, bool newest, int64_t *message, view *domain)
{
	const struct queue_turn *t = s->turn;
	bool plain = t->busy_count == 0 && t->first.n == 0;
	const struct db_arg args[] = { db_int(s->now), db_text(busy(t, 0)),
		db_text(busy(t, 1)), db_text(busy(t, 2)),
		db_text(busy(t, 3)), db_text(t->first) };
	struct db_query q;

	*message = 0;
	db_ask(s->house->db, &q,
	    sql[(newest ? NEWEST : OLDEST) + (plain ? 0 : OLDEST_OTHER)],
	    args, plain ? 1 : COUNT(args));
	while (db_next(&q)) {
		*message = db_int_at(&q, 0);
		*domain = arena_copy(s->arena, db_text_at(&q, 1));
	}
	TRY(db_end(&q));
	return arena_result(s->arena);
}

result
queue_find_turn(struct account *house, struct arena *arena,
    const struct queue_turn *turn, int64_t now, int64_t *message,
    view *domain)
{
	const struct search s = { house, arena, turn, now };

	TRY(find(&s, turn->newest, message, domain));
	if (*message != 0 || turn->busy_count == 0)
		return done();
	return find(&s, !turn->newest, message, domain);
}

result
queue_later(struct account *house, int64_t now, int64_t *wake)
{
	const struct db_arg args[] = { db_int(now) };
	struct db_query q;

	*wake = INT64_MAX;
	db_ask(house->db, &q, sql[LATER], args, COUNT(args));
	while (db_next(&q))
		if (!db_is_null(&q, 0))
			*wake = db_int_at(&q, 0);
	return db_end(&q);
}
