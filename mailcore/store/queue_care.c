/* The queue as an operator handles it. */
#include "mailcore/store/queue_row.h"

#include "mailcore/sys/file.h"

enum { THERE, BEING_SENT, RECIPIENTS_REMOVE, MESSAGE, RECIPIENTS, WARNED,
	COUNTS };

/* $1: the message, $2: now.  9223372036854775807 is QUEUE_HELD. */
static const char *const sql[] = {
	[THERE] = "SELECT 1 FROM queue_message WHERE id = $1",
	[BEING_SENT] = "SELECT 1 FROM queue_recipient WHERE message = $1"
		       " AND leased > $2 LIMIT 1",
	[RECIPIENTS_REMOVE] = "DELETE FROM queue_recipient"
			      " WHERE message = $1",
	[MESSAGE] = "SELECT " MESSAGE_COLUMNS ", m.file, m.data"
		    " FROM queue_message m WHERE m.id = $1",
	[RECIPIENTS] = "SELECT " RECIPIENT_COLUMNS
		       " FROM queue_recipient r WHERE r.message = $1"
		       " ORDER BY r.id",
	[WARNED] = "UPDATE queue_recipient SET warned = $3"
		   " WHERE message = $1 AND id = $2",
	[COUNTS] = "SELECT (SELECT COUNT(*) FROM queue_message),"
		   " (SELECT COUNT(*) FROM queue_recipient),"
		   " (SELECT MIN(created) FROM queue_message)",
};

/* What is being sent stays leased: nobody shall get it twice. */
static const char *const changes[] = {
	[QUEUE_RETRY_NOW] = "UPDATE queue_recipient SET next = $2"
			    " WHERE message = $1 AND leased <= $2"
			    " AND next <> 9223372036854775807"
			    " AND NOT EXISTS (SELECT 1 FROM queue_message"
			    " WHERE id = $1 AND released > $2)",
	[QUEUE_HOLD] = "UPDATE queue_recipient SET next = 9223372036854775807"
		       " WHERE message = $1",
	[QUEUE_RELEASE] = "UPDATE queue_recipient SET next ="
			  " CASE WHEN leased > $2 THEN leased WHEN"
			  " (SELECT released FROM queue_message WHERE id = $1)"
			  " > $2 THEN (SELECT released FROM queue_message"
			  " WHERE id = $1) ELSE $2 END"
			  " WHERE message = $1"
			  " AND next = 9223372036854775807",
};

static const char retry_all[] =
    "UPDATE queue_recipient SET next = $1 WHERE leased <= $1"
    " AND attempts > 0 AND next > $1 AND next <> 9223372036854775807";

struct care {
	int64_t message;
	enum queue_change change;
	int64_t now;
};

static result
any(struct account *house, const char *question, const struct db_arg *args,
    size_t count, bool *out)
{
	struct db_query q;

	*out = false;
	db_ask(house->db, &q, question, args, count);
	while (db_next(&q))
		*out = true;
	return db_end(&q);
}

static result
delete(struct account *house, const struct care *c)
{
	const struct db_arg args[] = { db_int(c->message), db_int(c->now) };
	bool busy;

	TRY(any(house, sql[BEING_SENT], args, 2, &busy));
	if (busy)
		return fail(BUSY, "it is being sent just now; hold it, and"
		    " delete it when that has ended");
	TRY(db_do(house->db, sql[RECIPIENTS_REMOVE], args, 1));
	return queue_remove_message(house, c->message);
}

static result
change(struct account *house, void *context)
{
	const struct care *c = context;
	const struct db_arg args[] = { db_int(c->message), db_int(c->now) };
	bool there;

	TRY(any(house, sql[THERE], args, 1, &there));
	if (!there)
		return fail(NOT_FOUND, "no such message in the queue");
	if (c->change == QUEUE_DELETE)
		return delete(house, c);
	return db_do(house->db, changes[c->change], args,
	    c->change == QUEUE_HOLD ? 1 : 2);
}

result
queue_change(struct store *s, int64_t message, enum queue_change what,
    int64_t now)
{
	struct care c = { message, what, now };

	return house_write(s, change, &c, DURABLE);
}

static result
hurry(struct account *house, void *context)
{
	const struct care *c = context;
	const struct db_arg args[] = { db_int(c->now) };

	return db_do(house->db, retry_all, args, COUNT(args));
}

result
queue_retry_all(struct store *s, int64_t now)
{
	struct care c = { .now = now };

	return house_write(s, hurry, &c, DURABLE);
}

struct warning {
	int64_t message;
	int64_t recipient;
	int64_t now;
};

static result
warn(struct account *house, void *context)
{
	const struct warning *w = context;
	const struct db_arg args[] = { db_int(w->message),
		db_int(w->recipient), db_int(w->now) };

	return db_do(house->db, sql[WARNED], args, COUNT(args));
}

result
queue_warned(struct store *s, int64_t message, int64_t recipient, int64_t now)
{
	struct warning w = { message, recipient, now };

	return house_write(s, warn, &w, DURABLE_LAZY);
}

static result
read_recipients(struct account *house, struct arena *arena, int64_t id,
    struct queue_lease *out)
{
	const struct db_arg args[] = { db_int(id) };
	struct db_query q;

	out->recipients = arena_array(arena, LIMIT_SMTP_RECIPIENTS,
	    sizeof *out->recipients);
	TRY(arena_result(arena));
	db_ask(house->db, &q, sql[RECIPIENTS], args, COUNT(args));
	while (db_next(&q)) {
		struct queue_recipient *r;

		if (out->count == LIMIT_SMTP_RECIPIENTS)
			continue;
		r = &out->recipients[out->count++];
		queue_recipient_of_row(&q, 0, r);
		queue_recipient_keep(r, arena);
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

static result
read_data(struct account *house, struct arena *arena, view file,
    struct queue_message *m)
{
	struct buf bytes = buf_new((size_t)m->size);
	char path[STORE_PATH];
	result r = fail(FAILED, "a path is too long");

	if (queue_file_path(house->store, file, path))
		r = file_read(path, &bytes);
	m->data = arena_copy(arena, buf_view(&bytes));
	buf_free(&bytes);
	return r;
}

static result
get(struct account *house, struct arena *arena, int64_t id,
    struct queue_lease *out)
{
	const struct db_arg args[] = { db_int(id) };
	struct queue_message *m = &out->message;
	view file = VIEW("");
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[MESSAGE], args, COUNT(args));
	while (db_next(&q)) {
		queue_message_of_row(&q, m);
		m->sender = arena_copy(arena, m->sender);
		m->envelope_id = arena_copy(arena, m->envelope_id);
		file = arena_copy(arena,
		    db_text_at(&q, MESSAGE_COLUMN_COUNT));
		m->data = arena_copy(arena,
		    db_blob_at(&q, MESSAGE_COLUMN_COUNT + 1));
		found = true;
	}
	TRY(db_end(&q));
	if (!found)
		return fail(NOT_FOUND, "no such message in the queue");
	TRY(arena_result(arena));
	if (file.n > 0)
		TRY(read_data(house, arena, file, m));
	return read_recipients(house, arena, id, out);
}

result
queue_get(struct store *s, struct arena *arena, int64_t id,
    struct queue_lease *out)
{
	struct account *house;
	result r;

	*out = (struct queue_lease){ .count = 0 };
	TRY(house_open(s, &house));
	r = get(house, arena, id, out);
	account_close(&house);
	return r;
}

result
queue_counts(struct store *s, int64_t *messages, int64_t *recipients,
    int64_t *oldest)
{
	struct account *house;
	struct db_query q;
	result r;

	*messages = *recipients = *oldest = 0;
	TRY(house_open(s, &house));
	db_ask(house->db, &q, sql[COUNTS], NULL, 0);
	while (db_next(&q)) {
		*messages = db_int_at(&q, 0);
		*recipients = db_int_at(&q, 1);
		*oldest = db_int_at(&q, 2);
	}
	r = db_end(&q);
	account_close(&house);
	return r;
}
