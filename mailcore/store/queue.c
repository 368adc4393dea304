#include "mailcore/store/queue_row.h"

#include "mailcore/base/ascii.h"
#include "mailcore/store/journal.h"
#include "mailcore/store/names.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/random.h"

#include <stdio.h>
#include <unistd.h>

enum { ADD, ADD_RECIPIENT, WAKE, LEASE, RENEW, RELEASE, MESSAGE,
	RETRY, SETTLE, LEFT, FILE_OF, REMOVE, LAST, SET_LAST };

static const char *const sql[] = {
	[ADD] = "INSERT INTO queue_message (id, sender, account_id, created,"
		" size, smtputf8, eightbit, envelope_id, file, data, ret,"
		" requiretls, released) VALUES ($1, $2, $3, $4, $5, $6, $7,"
		" $8, $9, $10, $11, $12, $13)",
	[ADD_RECIPIENT] = "INSERT INTO queue_recipient (message, id, address,"
			  " domain, next, error, notify, original)"
			  " VALUES ($1, $2, $3, $4, $5, '', $6, $7)",
	[WAKE] = "SELECT MIN(next) FROM queue_recipient",
	[LEASE] = "UPDATE queue_recipient SET next = $4, leased = $4,"
		  " lease = $5"
		  " WHERE message = $1 AND domain = $2 AND next <= $3"
		  " RETURNING id, address, attempts, next, error, notify,"
		  " original, warned",
	[RENEW] = "UPDATE queue_recipient SET leased = $4, next = CASE WHEN"
		  " next = 9223372036854775807 THEN next ELSE $4 END"
		  " WHERE message = $1 AND domain = $2 AND lease = $3",
	[RELEASE] = "UPDATE queue_recipient SET leased = 0, lease = 0,"
		    " next = CASE WHEN next = 9223372036854775807 THEN next"
		    " ELSE $2 END WHERE lease <> 0 AND lease <> $1",
	[MESSAGE] = "SELECT " MESSAGE_COLUMNS ", m.file, m.data"
		    " FROM queue_message m WHERE m.id = $1",
	/* What was held meanwhile stays held: QUEUE_HELD. */
	[RETRY] = "UPDATE queue_recipient SET attempts = attempts + 1,"
		  " leased = 0, lease = 0, error = $4, next = CASE WHEN"
		  " next = 9223372036854775807 THEN next ELSE $3 END"
		  " WHERE message = $1 AND id = $2",
	[SETTLE] = "DELETE FROM queue_recipient WHERE message = $1"
		   " AND id = $2",
	[LEFT] = "SELECT 1 FROM queue_recipient WHERE message = $1 LIMIT 1",
	[FILE_OF] = "SELECT file FROM queue_message WHERE id = $1",
	[REMOVE] = "DELETE FROM queue_message WHERE id = $1",
	[LAST] = "SELECT value FROM setting WHERE name = $1",
	[SET_LAST] = "INSERT INTO setting (name, value) VALUES ($1, $2)"
		     " ON CONFLICT (name) DO UPDATE SET value = $2",
};

bool
queue_file_path(const struct store *s, view file, char to[STORE_PATH])
{
	int n = snprintf(to, STORE_PATH, "%s/queue/%.*s", s->data,
	    (int)file.n, file.p);

	return n > 0 && n < STORE_PATH;
}

struct addition {
	const struct queue_new *new;
	char file[32]; /* empty: the message lies in the row */
	int64_t id;
};

static result
add_recipient(struct account *house, const struct addition *a, size_t i,
    int64_t next)
{
	const struct queue_new *n = a->new;
	const struct queue_want want = n->wants != NULL
	    ? n->wants[i]
	    : (struct queue_want){ .original = VIEW("") };
	view address = n->recipients[i];
	struct buf domain = buf_new(LIMIT_ADDRESS);
	view local, name;
	result r = fail(MALFORMED, "RFC 5321 4.1.2: not an address");

	if (name_cut(address, &local, &name) && name_fold(name, &domain)) {
		const struct db_arg args[] = { db_int(a->id),
			db_int((int64_t)i + 1), db_text(address),
			db_text(buf_view(&domain)), db_int(next),
			db_int((int64_t)want.notify),
			db_text(want.original) };

		r = db_do(house->db, sql[ADD_RECIPIENT], args, COUNT(args));
	}
	buf_free(&domain);
	return r;
}

/* `*again`: it was queued before. */
static result
check_once(struct account *house, const struct queue_new *n, bool *again)
{
	struct buf b = buf_new(32);
	struct db_arg args[] = { db_text(n->once), db_blob(VIEW("")) };
	struct db_query q;
	uint64_t last = 0;
	result r;

	db_ask(house->db, &q, sql[LAST], args, 1);
	while (db_next(&q))
		(void)view_number(db_blob_at(&q, 0), INT64_MAX, &last);
	r = db_end(&q);
	*again = (int64_t)last >= n->number;
	buf_add_number(&b, (uint64_t)n->number);
	args[1] = db_blob(buf_view(&b));
	if (r.is == OK && !*again)
		r = db_do(house->db, sql[SET_LAST], args, COUNT(args));
	buf_free(&b);
	return r;
}

static result
add(struct account *house, void *context)
{
	struct addition *a = context;
	const struct queue_new *n = a->new;
	int64_t now = clock_now();
	bool again = false;

	a->id = 0;
	if (n->once.n > 0)
		TRY(check_once(house, n, &again));
	if (again)
		return done();
	TRY(counter_take(house, VIEW("queue"), &a->id));
	{
		const struct db_arg args[] = { db_int(a->id),
			db_text(n->sender), db_int(n->account), db_int(now),
			db_int((int64_t)n->data.n), db_int(n->smtputf8),
			db_int(n->eightbit), db_text(n->envelope_id),
			db_text(view_of(a->file)),
			db_blob(a->file[0] == '\0' ? n->data : VIEW("")),
			db_int(n->ret), db_int(n->requiretls),
			db_int(n->released) };

		TRY(db_do(house->db, sql[ADD], args, COUNT(args)));
	}
	for (size_t i = 0; i < n->count; i++)
		TRY(add_recipient(house, a, i,
		    n->released > now ? n->released : now));
	return done();
}

result
queue_add(struct store *s, const struct queue_new *new, int64_t *id)
{
	struct addition a = { .new = new };
	char path[STORE_PATH];
	result r;

	*id = 0;
	if (new->data.n > LIMIT_BODY_INLINE) {
		(void)snprintf(a.file, sizeof a.file, "%016llx",
		    (unsigned long long)random_number(UINT64_MAX));
		if (!queue_file_path(s, view_of(a.file), path))
			return fail(FAILED, "a path is too long");
		TRY(file_write(path, new->data, 0600));
	}
	r = house_write(s, add, &a, DURABLE_LATER);
	if ((r.is != OK || a.id == 0) && a.file[0] != '\0')
		(void)unlink(path);
	if (r.is == OK)
		*id = a.id;
	return r;
}

void
queue_message_of_row(struct db_query *q, struct queue_message *out)
{
	*out = (struct queue_message){
		.id = db_int_at(q, 0),
		.sender = db_text_at(q, 1),
		.account = db_int_at(q, 2),
		.created = db_int_at(q, 3),
		.size = (uint64_t)db_int_at(q, 4),
		.smtputf8 = db_int_at(q, 5) != 0,
		.eightbit = db_int_at(q, 6) != 0,
		.envelope_id = db_text_at(q, 7),
		.ret = (enum queue_ret)db_int_at(q, 8),
		.requiretls = db_int_at(q, 9) != 0,
		.released = db_int_at(q, 10),
	};
}

void
queue_recipient_of_row(struct db_query *q, int first,
    struct queue_recipient *out)
{
	*out = (struct queue_recipient){
		.id = db_int_at(q, first),
		.address = db_text_at(q, first + 1),
		.attempts = (int)db_int_at(q, first + 2),
		.next = db_int_at(q, first + 3),
		.error = db_text_at(q, first + 4),
		.want = { (unsigned)db_int_at(q, first + 5),
		    db_text_at(q, first + 6) },
		.warned = db_int_at(q, first + 7),
	};
}

void
queue_recipient_keep(struct queue_recipient *r, struct arena *arena)
{
	r->address = arena_copy(arena, r->address);
	r->error = arena_copy(arena, r->error);
	r->want.original = arena_copy(arena, r->want.original);
}

struct leasing {
	struct arena *arena;
	struct queue_lease *out;
	int64_t now;
	int64_t until;
	int64_t message;
	view domain;
	const struct queue_turn *turn;
	char file[64];
};

static result
find_due(struct account *house, struct leasing *l)
{
	TRY(queue_find_turn(house, l->arena, l->turn, l->now, &l->message,
	    &l->domain));
	return l->message != 0 ? done() : fail(NOT_FOUND, "nothing is due");
}

static result
take_recipients(struct account *house, struct leasing *l)
{
	const struct db_arg args[] = { db_int(l->message),
		db_text(l->domain), db_int(l->now), db_int(l->until),
		db_int(journal_writer(house->store->journal)) };
	struct queue_lease *out = l->out;
	struct db_query q;

	out->count = 0;
	out->domain = l->domain;
	out->recipients = arena_array(l->arena, LIMIT_SMTP_RECIPIENTS,
	    sizeof *out->recipients);
	TRY(arena_result(l->arena));
	db_ask(house->db, &q, sql[LEASE], args, COUNT(args));
	while (db_next(&q)) {
		struct queue_recipient *r;

		if (out->count == LIMIT_SMTP_RECIPIENTS)
			continue;
		r = &out->recipients[out->count++];
		queue_recipient_of_row(&q, 0, r);
		queue_recipient_keep(r, l->arena);
	}
	return db_end(&q);
}

static result
read_message(struct account *house, struct leasing *l)
{
	const struct db_arg args[] = { db_int(l->message) };
	struct queue_message *m = &l->out->message;
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, sql[MESSAGE], args, COUNT(args));
	while (db_next(&q)) {
		queue_message_of_row(&q, m);
		m->sender = arena_copy(l->arena, m->sender);
		m->envelope_id = arena_copy(l->arena, m->envelope_id);
		m->data = arena_copy(l->arena,
		    db_blob_at(&q, MESSAGE_COLUMN_COUNT + 1));
		found = view_copy(db_text_at(&q, MESSAGE_COLUMN_COUNT),
		    l->file, sizeof l->file);
	}
	TRY(db_end(&q));
	TRY(arena_result(l->arena));
	return found ? done() : fail(FAILED, "a recipient without message");
}

static result
lease(struct account *house, void *context)
{
	struct leasing *l = context;

	TRY(find_due(house, l));
	TRY(take_recipients(house, l));
	return read_message(house, l);
}

static result
read_file(struct store *s, const struct leasing *l)
{
	struct buf bytes = buf_new((size_t)l->out->message.size);
	char path[STORE_PATH];
	result r = fail(FAILED, "a path is too long");

	if (queue_file_path(s, view_of(l->file), path))
		r = file_read(path, &bytes);
	l->out->message.data = arena_copy(l->arena, buf_view(&bytes));
	buf_free(&bytes);
	TRY(r);
	return arena_result(l->arena);
}

static result
next_wake(struct store *s, int64_t *wake)
{
	struct account *house;
	struct db_query q;
	result r;

	TRY(house_open(s, &house));
	db_ask(house->db, &q, sql[WAKE], NULL, 0);
	while (db_next(&q))
		if (!db_is_null(&q, 0))
			*wake = db_int_at(&q, 0);
	r = db_end(&q);
	account_close(&house);
	return r;
}

/* Where all that is due may be of busy domains: look before a write. */
static result
look(struct store *s, struct leasing *l, int64_t *wake)
{
	struct account *house;
	result r;

	TRY(house_open(s, &house));
	r = find_due(house, l);
	if (r.is == NOT_FOUND) {
		result later = queue_later(house, l->now, wake);

		r = later.is == OK ? r : later;
	}
	account_close(&house);
	return r;
}

static result
lease_one(struct store *s, struct leasing *l, int64_t *wake)
{
	struct queue_lease *out = l->out;

	*out = (struct queue_lease){ .count = 0 };
	*wake = INT64_MAX;
	TRY(next_wake(s, wake));
	if (*wake > l->now)
		return fail(NOT_FOUND, "nothing is due");
	if (l->turn->busy_count > 0)
		TRY(look(s, l, wake));
	TRY(house_write(s, lease, l, DURABLE_LAZY));
	return l->file[0] == '\0' ? done() : read_file(s, l);
}

result
queue_lease(struct store *s, struct arena *arena, int64_t now,
    int64_t seconds, struct queue_lease *out, int64_t *wake)
{
	static const struct queue_turn oldest = { .newest = false };

	return queue_lease_in_turn(s, arena, &oldest, now, seconds, out,
	    wake);
}

result
queue_lease_newest(struct store *s, struct arena *arena, int64_t now,
    int64_t seconds, struct queue_lease *out, int64_t *wake)
{
	static const struct queue_turn newest = { .newest = true };

	return queue_lease_in_turn(s, arena, &newest, now, seconds, out,
	    wake);
}

result
queue_lease_in_turn(struct store *s, struct arena *arena,
    const struct queue_turn *turn, int64_t now, int64_t seconds,
    struct queue_lease *out, int64_t *wake)
{
	struct leasing l = { .arena = arena, .out = out, .now = now,
		.until = now + seconds, .turn = turn };

	return lease_one(s, &l, wake);
}

struct renewal {
	int64_t message;
	view domain;
	int64_t until;
};

static result
renew(struct account *house, void *context)
{
	const struct renewal *n = context;
	const struct db_arg args[] = { db_int(n->message),
		db_text(n->domain),
		db_int(journal_writer(house->store->journal)),
		db_int(n->until) };

	return db_do(house->db, sql[RENEW], args, COUNT(args));
}

result
queue_renew(struct store *s, int64_t message, view domain, int64_t until)
{
	struct renewal n = { message, domain, until };

	return house_write(s, renew, &n, DURABLE_LAZY);
}

static result
release(struct account *house, void *context)
{
	const int64_t *now = context;
	const struct db_arg args[] = {
		db_int(journal_writer(house->store->journal)), db_int(*now)
	};

	return db_do(house->db, sql[RELEASE], args, COUNT(args));
}

result
queue_release(struct store *s, int64_t now)
{
	return house_write(s, release, &now, DURABLE_LAZY);
}

struct settling {
	int64_t message;
	int64_t recipient;
	enum queue_outcome outcome;
	int64_t next;
	view error;
};

result
queue_remove_message(struct account *house, int64_t id)
{
	const struct db_arg args[] = { db_int(id) };
	char path[STORE_PATH];
	struct db_query q;

	db_ask(house->db, &q, sql[FILE_OF], args, COUNT(args));
	while (db_next(&q))
		if (db_text_at(&q, 0).n > 0
		    && queue_file_path(house->store, db_text_at(&q, 0), path))
			bury(house, path);
	TRY(db_end(&q));
	return db_do(house->db, sql[REMOVE], args, COUNT(args));
}

static result
settle(struct account *house, void *context)
{
	const struct settling *s = context;
	const struct db_arg args[] = { db_int(s->message),
		db_int(s->recipient), db_int(s->next), db_text(s->error) };
	struct db_query q;
	bool left = false;

	if (s->outcome == QUEUE_RETRY)
		TRY(db_do(house->db, sql[RETRY], args, 4));
	else
		TRY(db_do(house->db, sql[SETTLE], args, 2));
	if (db_changed(house->db) == 0)
		return fail(NOT_FOUND, "no such recipient");
	db_ask(house->db, &q, sql[LEFT], args, 1);
	while (db_next(&q))
		left = true;
	TRY(db_end(&q));
	return left ? done() : queue_remove_message(house, s->message);
}

result
queue_settle(struct store *s, int64_t message, int64_t recipient,
    enum queue_outcome outcome, int64_t next, view error)
{
	struct settling x = { message, recipient, outcome, next, error };

	return house_write(s, settle, &x, DURABLE);
}
