#include "mailcore/store/schedule.h"

#include "mailcore/store/collection_row.h"
#include "mailcore/store/item.h"

enum { ADD, REMOVE, NEXT, SEEN, SEE, KIND, SET_KIND, OLDEST };

static const char *const sql[] = {
	[ADD] = "INSERT INTO schedule_outbox (account_id, id, method, quiet,"
		" sender, recipients, text)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
	[REMOVE] = "DELETE FROM schedule_outbox WHERE account_id = $1"
		   " AND id <= $2",
	[NEXT] = "SELECT id, method, quiet, sender, recipients, text"
		 " FROM schedule_outbox WHERE account_id = $1 AND id > $2"
		 " ORDER BY id LIMIT 1",
	[SEEN] = "SELECT id FROM schedule_seen WHERE account_id = $1"
		 " AND sender = $2",
	[SEE] = "INSERT INTO schedule_seen (account_id, sender, id)"
		" VALUES ($1, $2, $3) ON CONFLICT (account_id, sender)"
		" DO UPDATE SET id = $3",
	[KIND] = "SELECT kind FROM schedule_owner WHERE account_id = $1",
	[SET_KIND] = "INSERT INTO schedule_owner (account_id, kind)"
		     " VALUES ($1, $2) ON CONFLICT (account_id)"
		     " DO UPDATE SET kind = $2",
	[OLDEST] = "SELECT uid FROM item WHERE account_id = $1"
		   " AND collection = $2 ORDER BY uid LIMIT 1",
};

result
schedule_outbox_add(struct account *a, const struct schedule_message *m)
{
	int64_t id;

	TRY(must_write(a));
	TRY(state_take(a, 0, 0, &id, NULL));
	{
		const struct db_arg args[] = { db_int(a->id), db_int(id),
			db_int(m->method), db_int(m->quiet),
			db_text(m->sender), db_text(m->recipients),
			db_blob(m->text) };

		return spoil(a, db_do(a->db, sql[ADD], args, COUNT(args)));
	}
}

result
schedule_outbox_remove(struct account *a, int64_t up_to)
{
	const struct db_arg args[] = { db_int(a->id), db_int(up_to) };

	TRY(must_write(a));
	return db_do(a->db, sql[REMOVE], args, COUNT(args));
}

result
schedule_outbox_next(struct account *a, struct arena *arena, int64_t after,
    struct schedule_message *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(after) };
	struct db_query q;
	bool found = false;

	db_ask(a->db, &q, sql[NEXT], args, COUNT(args));
	while (db_next(&q)) {
		*out = (struct schedule_message){
			.id = db_int_at(&q, 0),
			.method = (int)db_int_at(&q, 1),
			.quiet = db_int_at(&q, 2) != 0,
			.sender = arena_copy(arena, db_text_at(&q, 3)),
			.recipients = arena_copy(arena, db_text_at(&q, 4)),
			.text = arena_copy(arena, db_blob_at(&q, 5)),
		};
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "nothing is left");
}

result
schedule_take(struct account *a, int64_t sender, int64_t id)
{
	const struct db_arg args[] = { db_int(a->id), db_int(sender),
		db_int(id) };
	struct db_query q;
	int64_t seen = 0;

	TRY(must_write(a));
	db_ask(a->db, &q, sql[SEEN], args, 2);
	while (db_next(&q))
		seen = db_int_at(&q, 0);
	TRY(db_end(&q));
	if (seen >= id)
		return fail(EXISTS, "it was taken in before");
	return spoil(a, db_do(a->db, sql[SEE], args, COUNT(args)));
}

result
schedule_kind(struct account *a, enum schedule_kind *out)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	int64_t kind = SCHEDULE_PERSON;

	db_ask(a->db, &q, sql[KIND], args, COUNT(args));
	while (db_next(&q))
		kind = db_int_at(&q, 0);
	*out = kind == SCHEDULE_ROOM ? SCHEDULE_ROOM
	    : kind == SCHEDULE_RESOURCE ? SCHEDULE_RESOURCE
					: SCHEDULE_PERSON;
	return db_end(&q);
}

result
schedule_set_kind(struct account *a, enum schedule_kind kind)
{
	const struct db_arg args[] = { db_int(a->id), db_int(kind) };

	TRY(must_write(a));
	return db_do(a->db, sql[SET_KIND], args, COUNT(args));
}

static result
remove_oldest(struct account *a, int64_t collection)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	struct db_query q;
	int64_t uid = 0, modseq;

	db_ask(a->db, &q, sql[OLDEST], args, COUNT(args));
	while (db_next(&q))
		uid = db_int_at(&q, 0);
	TRY(db_end(&q));
	return uid == 0 ? fail(NOT_FOUND, "it is empty")
			: item_remove(a, collection, (uint32_t)uid, &modseq);
}

result
schedule_inbox(struct account *a, struct arena *arena, size_t keep,
    struct collection *out)
{
	result r = collection_find(
	    a, arena, COLLECTION_INBOX, VIEW("inbox"), out);
	int64_t id;

	if (r.is == NOT_FOUND) {
		TRY(collection_add(a, COLLECTION_INBOX, VIEW("inbox"),
		    VIEW("Invitations"), USE_NONE, &id));
		r = collection_get(a, arena, id, out);
	}
	TRY(r);
	for (int64_t n = out->items; n >= (int64_t)keep && n > 0; n--)
		TRY(remove_oldest(a, out->id));
	return done();
}
