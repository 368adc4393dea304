/* Scheduling, as far as it is the house's. */
#include "mailcore/store/schedule.h"

#include "mailcore/store/inside.h"
#include "mailcore/sys/clock.h"

enum { DUE_ADD, DUE_REMOVE, DUE_LIST, ADDRESSES };

#define DUE "schedule.due."

static const char *const sql[] = {
	[DUE_ADD] = "INSERT INTO setting (name, value) VALUES ($1, $2)"
		    " ON CONFLICT (name) DO UPDATE SET value = $2",
	[DUE_REMOVE] = "DELETE FROM setting WHERE name = $1",
	[DUE_LIST] = "SELECT name FROM setting WHERE name >= $1"
		     " AND name < $2 ORDER BY name",
	[ADDRESSES] = "SELECT address FROM address WHERE account_id = $1"
		      " AND (expires = 0 OR expires > $2)"
		      " AND address NOT LIKE '@%'"
		      " ORDER BY is_primary DESC, address",
};

static result
add(struct account *house, void *context)
{
	const view *name = context;
	const struct db_arg args[] = { db_text(*name), db_blob(VIEW("1")) };

	return db_do(house->db, sql[DUE_ADD], args, COUNT(args));
}

static result
remove_due(struct account *house, void *context)
{
	const view *name = context;
	const struct db_arg args[] = { db_text(*name) };

	return db_do(house->db, sql[DUE_REMOVE], args, COUNT(args));
}

static result
change(struct store *s, const struct schedule_due *due, account_work *work,
    enum durable durable)
{
	struct buf b = buf_new(128);
	view name;
	result r;

	buf_print(&b, DUE "%lld.%lld", (long long)due->account,
	    (long long)due->mark);
	name = buf_view(&b);
	r = house_write(s, work, &name, durable);
	buf_free(&b);
	return r;
}

result
schedule_due_add(struct store *s, int64_t account, int64_t mark)
{
	const struct schedule_due due = { account, mark };

	return change(s, &due, add, DURABLE_LATER);
}

result
schedule_due_remove(struct store *s, int64_t account, int64_t mark)
{
	const struct schedule_due due = { account, mark };

	return change(s, &due, remove_due, DURABLE_LAZY);
}

static bool
read_due(view name, struct schedule_due *out)
{
	uint64_t account, mark;

	name = view_from(name, sizeof DUE - 1);
	if (!view_number(view_cut(&name, '.'), INT64_MAX, &account)
	    || !view_number(name, INT64_MAX, &mark))
		return false;
	*out = (struct schedule_due){ (int64_t)account, (int64_t)mark };
	return true;
}

static result
list(struct account *house, struct arena *arena, struct schedule_due **out,
    size_t *count)
{
	/* '/' is what comes after '.'. */
	const struct db_arg args[] = { db_text(VIEW(DUE)),
		db_text(VIEW("schedule.due/")) };
	struct db_query q;
	size_t room = 0;

	db_ask(house->db, &q, sql[DUE_LIST], args, COUNT(args));
	while (db_next(&q)) {
		struct schedule_due *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		if (read_due(db_text_at(&q, 0), &more[*count]))
			(*count)++;
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
schedule_due_list(struct store *s, struct arena *arena,
    struct schedule_due **out, size_t *count)
{
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = list(house, arena, out, count);
	account_close(&house);
	return r;
}

static result
addresses(struct account *house, struct arena *arena,
    const struct db_arg *args, view **out, size_t *count)
{
	struct db_query q;
	size_t room = 0;

	db_ask(house->db, &q, sql[ADDRESSES], args, 2);
	while (db_next(&q)) {
		view *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = arena_copy(arena, db_text_at(&q, 0));
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
schedule_addresses(struct store *s, struct arena *arena, int64_t account,
    view **out, size_t *count)
{
	const struct db_arg args[] = { db_int(account), db_int(clock_now()) };
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = addresses(house, arena, args, out, count);
	account_close(&house);
	return r;
}
