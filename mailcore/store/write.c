/* Transactions of one account. */
#include "mailcore/store/journal.h"
#include "mailcore/store/push_row.h"
#include "mailcore/store/segment.h"
#include "mailcore/store/spool.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	WRITE_TRIES = 10,
	WRITE_MS = 10000,
	RECORD_KEPT = 262144 /* memory that a handle may keep for the next */
};
enum { STATE_BEGIN, MODSEQ_GET };

static const char *const sql[] = {
	[STATE_BEGIN] =
	    "UPDATE state SET seq = seq + 1, previous = writer, writer = $2"
	    " WHERE account_id = $1 RETURNING seq, previous",
	[MODSEQ_GET] = "SELECT modseq FROM state WHERE account_id = $1",
};

result
must_write(const struct account *a)
{
	return a->writing
	    ? done()
	    : fail(FAILED, "a change outside of account_write");
}

result
spoil(struct account *a, result r)
{
	if (a->spoilt.is == OK)
		a->spoilt = r;
	return r;
}

void
bury(struct account *a, const char *path)
{
	size_t n = strlen(path) + 1;
	struct grave *g = malloc(sizeof *g + n);

	if (g == NULL)
		abort();
	memcpy(g->path, path, n);
	g->next = a->graves;
	a->graves = g;
}

static void
forget_graves(struct account *a)
{
	while (a->graves != NULL) {
		struct grave *g = a->graves;

		a->graves = g->next;
		free(g);
	}
}

static result
begin(struct account *a)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(journal_writer(a->store->journal)) };
	struct db_query q;
	int rows = 0;

	buf_reset(&a->record);
	segment_begin_record(&a->record);
	TRY(db_begin(a->db));
	db_record(a->db, &a->record);
	db_ask(a->db, &q, sql[STATE_BEGIN], args, COUNT(args));
	while (db_next(&q)) {
		a->seq = db_int_at(&q, 0);
		a->previous = db_int_at(&q, 1);
		rows++;
	}
	TRY(db_end(&q));
	return rows == 1 ? done() : fail(FAILED, "an account without state");
}

/* In the transaction: begin, work, and what is committed then.  `*changed`:
 * there is something to commit. */
static result
run_work(struct account *a, account_work *work, void *context, bool *changed)
{
	int64_t before = 0;
	size_t empty;

	TRY(begin(a));
	empty = a->record.n;
	a->writing = true;
	a->spoilt = done();
	if (a->mute != NULL)
		TRY(account_modseq(a, &before));
	TRY(work(a, context));
	TRY(a->spoilt);
	if (a->mute != NULL)
		TRY(push_apply_mute(a, before));
	*changed = a->record.n > empty || buf_result(&a->record).is != OK;
	return done();
}

/* Committed: to the journal with it. */
static uint64_t
add_to_journal(struct account *a)
{
	struct journal *j = a->store->journal;
	bool fits = buf_result(&a->record).is == OK;
	const struct journal_entry e = {
		.account = a->id,
		.seq = a->seq,
		.record = fits ? &a->record : NULL,
		/* 0: nobody yet; account_add has synced it. */
		.foreign = a->previous != journal_writer(j)
		    && a->previous != 0,
		.graves = a->graves,
	};

	a->graves = NULL;
	return journal_add(j, &e);
}

/* `*position` is set when something was committed, else 0. */
static result
run_locked(struct account *a, account_work *work, void *context,
    uint64_t *position)
{
	bool changed = false;
	result r = run_work(a, work, context, &changed);

	*position = 0;
	a->writing = false;
	db_record(a->db, NULL);
	if (r.is == OK && changed)
		r = db_commit(a->db);
	else
		db_rollback(a->db);
	changed = changed && r.is == OK;
	spool_adopted(a, changed);
	if (changed) {
		a->slot->pages = db_waiting(a->db);
		*position = add_to_journal(a);
	} else {
		forget_graves(a);
	}
	if (a->record.room > RECORD_KEPT) {
		buf_free(&a->record);
		a->record = buf_new(LIMIT_JOURNAL_RECORD);
	}
	return r;
}

/* `*committed`: whatever the result, it must not be done once more. */
static result
write_once(struct account *a, account_work *work, void *context,
    enum durable durable, bool *committed)
{
	struct store *s = a->store;
	uint64_t position;
	result r;

	*committed = false;
	TRY(journal_enter(s->journal));
	(void)pthread_mutex_lock(&a->slot->writing);
	r = run_locked(a, work, context, &position);
	(void)pthread_mutex_unlock(&a->slot->writing);
	journal_leave(s->journal);
	*committed = position != 0;
	if (position == 0)
		return r;
	if (a->id != HOUSE && s->listener != NULL)
		s->listener(s->listener_context, a->id);
	if (durable == DURABLE || journal_is_full(s->journal))
		return journal_wait(s->journal, position);
	return done();
}

static void
pause_before_retry(int i)
{
	struct timespec pause = { .tv_nsec = (long)random_number(
				      (uint64_t)1000000 << i) };

	(void)nanosleep(&pause, NULL);
}

result
account_write(struct account *a, account_work *work, void *context,
    enum durable durable)
{
	int64_t begun = clock_steady_ms();
	bool committed = false;
	result r = done();

	if (a->writing || a->reading)
		return fail(FAILED, "transactions do not nest");
	for (int i = 0; i < WRITE_TRIES; i++) {
		r = write_once(a, work, context, durable, &committed);
		/* After a long wait for the lock more of it is no help. */
		if (r.is != BUSY || committed
		    || clock_steady_ms() - begun > WRITE_MS)
			break;
		pause_before_retry(i);
	}
	return r;
}

result
account_read(struct account *a, account_work *work, void *context)
{
	result r;

	if (a->writing || a->reading)
		return fail(FAILED, "transactions do not nest");
	TRY(db_snapshot(a->db));
	a->reading = true;
	r = work(a, context);
	a->reading = false;
	db_rollback(a->db);
	return r;
}

result
account_modseq(struct account *a, int64_t *out)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*out = 0;
	db_ask(a->db, &q, sql[MODSEQ_GET], args, COUNT(args));
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}

result
house_write(struct store *s, account_work *work, void *context,
    enum durable durable)
{
	struct account *house;
	result r;

	TRY(house_open(s, &house));
	r = account_write(house, work, context, durable);
	account_close(&house);
	return r;
}
