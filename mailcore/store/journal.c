#include "mailcore/store/journal.h"

#include "mailcore/store/flush.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK_MS = 500,
	LAZY_MS = 400, /* what nobody waits for is written then */
	IDLE_MS = 5000 /* a segment that long without a record is dropped */
};

struct journal {
	char *data;
	char *role;
	int64_t writer;
	pthread_t keeper;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t keeper_wakes;
	pthread_cond_t flushed[2]; /* by the last bit of the batch's turn */
	struct batch *open;
	struct batch *resting; /* NULL while one is being written */
	uint64_t turn;         /* of the open batch */
	uint64_t added;        /* position of the last entry */
	uint64_t flushing;     /* what the present or last flush comes to */
	uint64_t durable;
	uint64_t failures;
	uint64_t failed; /* what the last failed flush came to */
	result failure;
	size_t writers; /* between enter and leave */
	bool busy;      /* somebody flushes: the flusher is theirs */
	bool stop;
	int64_t first_ms; /* when the open batch got its first entry */
	int64_t last_ms;  /* when anything was added */
	struct segment *sealed;
	struct flusher flusher;
};

static struct batch *
new_batch(void)
{
	struct batch *b = calloc(1, sizeof *b);

	if (b == NULL)
		abort();
	b->records = buf_new(LIMIT_JOURNAL_BATCH);
	return b;
}

static void
dig(struct grave **graves)
{
	while (*graves != NULL) {
		struct grave *g = *graves;

		*graves = g->next;
		(void)unlink(g->path);
		free(g);
	}
}

static void
bury_again(struct grave **graves, struct grave *more)
{
	while (*graves != NULL)
		graves = &(*graves)->next;
	*graves = more;
}

static void
empty_batch(struct batch *b)
{
	buf_reset(&b->records);
	idset_clear(&b->touched);
	idset_clear(&b->unsafe);
	b->graves = NULL;
}

static void
free_batch(struct batch *b)
{
	buf_free(&b->records);
	idset_free(&b->touched);
	idset_free(&b->unsafe);
	while (b->graves != NULL) {
		struct grave *g = b->graves;

		b->graves = g->next;
		free(g);
	}
	free(b);
}

/* The lock is held, and let go of for the writing. */
static void
flush(struct journal *j)
{
	struct batch *b = j->open;
	struct segment *sealed;
	struct grave *graves;
	uint64_t turn = j->turn++, next;
	result r;

	j->open = j->resting;
	j->resting = NULL;
	j->flushing = j->added;
	j->busy = true;
	(void)pthread_mutex_unlock(&j->lock);
	r = flush_batch(&j->flusher, b, &sealed);
	graves = b->graves;
	empty_batch(b);
	(void)pthread_mutex_lock(&j->lock);
	j->busy = false;
	j->resting = b;
	if (sealed != NULL) {
		sealed->next = j->sealed;
		j->sealed = sealed;
		(void)pthread_cond_signal(&j->keeper_wakes);
	}
	if (r.is == OK) {
		j->durable = j->flushing;
	} else {
		j->failures++;
		j->failed = j->flushing;
		j->failure = r;
		bury_again(&j->open->graves, graves);
		graves = NULL;
	}
	next = j->turn;
	/* Not under the lock, on which who wakes would wait. */
	(void)pthread_mutex_unlock(&j->lock);
	(void)pthread_cond_broadcast(&j->flushed[turn & 1]);
	/* One of those who came meanwhile writes the next batch. */
	(void)pthread_cond_signal(&j->flushed[next & 1]);
	dig(&graves);
	(void)pthread_mutex_lock(&j->lock);
}

result
journal_wait(struct journal *j, uint64_t position)
{
	uint64_t failures;
	result r = done();

	(void)pthread_mutex_lock(&j->lock);
	failures = j->failures;
	while (r.is == OK && j->durable < position) {
		uint64_t turn = position > j->flushing ? j->turn
						       : j->turn - 1;

		if (!j->busy)
			flush(j);
		else
			(void)pthread_cond_wait(&j->flushed[turn & 1],
			    &j->lock);
		if (j->failures != failures && j->failed >= position)
			r = j->failure;
	}
	(void)pthread_mutex_unlock(&j->lock);
	return r;
}

uint64_t
journal_end(struct journal *j)
{
	uint64_t end;

	(void)pthread_mutex_lock(&j->lock);
	end = j->added;
	(void)pthread_mutex_unlock(&j->lock);
	return end;
}

bool
journal_is_full(struct journal *j)
{
	bool full;

	(void)pthread_mutex_lock(&j->lock);
	full = j->open->records.n > LIMIT_JOURNAL_BATCH / 2;
	(void)pthread_mutex_unlock(&j->lock);
	return full;
}

int64_t
journal_writer(const struct journal *j)
{
	return j->writer;
}

result
journal_enter(struct journal *j)
{
	result r = done();

	(void)pthread_mutex_lock(&j->lock);
	/* With nothing in it, or after a failure, there may be none. */
	if (!j->busy && j->flusher.segment == NULL) {
		r = flush_open(&j->flusher);
		j->last_ms = clock_steady_ms();
		(void)pthread_cond_signal(&j->keeper_wakes);
	}
	if (r.is == OK)
		j->writers++;
	(void)pthread_mutex_unlock(&j->lock);
	return r;
}

void
journal_leave(struct journal *j)
{
	(void)pthread_mutex_lock(&j->lock);
	j->writers--;
	(void)pthread_mutex_unlock(&j->lock);
}

static bool
add_record(struct batch *b, const struct buf *record)
{
	if (record->n > LIMIT_JOURNAL_BATCH - b->records.n)
		return false;
	buf_add(&b->records, buf_view(record));
	return true;
}

uint64_t
journal_add(struct journal *j, const struct journal_entry *e)
{
	struct batch *b;
	uint64_t position;

	if (e->record != NULL)
		segment_seal_record(e->record, e->account, e->seq);
	(void)pthread_mutex_lock(&j->lock);
	b = j->open;
	j->last_ms = clock_steady_ms();
	if (b->touched.n == 0)
		j->first_ms = j->last_ms;
	if (e->record == NULL || !add_record(b, e->record) || e->foreign)
		idset_add(&b->unsafe, e->account);
	idset_add(&b->touched, e->account);
	bury_again(&b->graves, e->graves);
	position = ++j->added;
	(void)pthread_mutex_unlock(&j->lock);
	return position;
}

/* Sync what a full segment speaks of; outside of the lock. */
static bool
drop(struct journal *j, struct segment **s)
{
	result r = flush_accounts(j->data, &(*s)->touched, (*s)->distrusted);

	if (r.is == OK)
		segment_retire(s, j->data, j->role);
	else
		(*s)->distrusted = true;
	return r.is == OK;
}

static bool
must_flush(const struct journal *j, int64_t now)
{
	if (j->busy)
		return false;
	return j->flusher.sick.n > 0
	    || (j->open->touched.n > 0 && now - j->first_ms >= LAZY_MS);
}

static bool
is_idle(const struct journal *j, int64_t now)
{
	return !j->busy && j->writers == 0 && j->open->touched.n == 0
	    && j->flusher.segment != NULL && now - j->last_ms >= IDLE_MS;
}

static void
seal(struct journal *j)
{
	struct segment *s = j->flusher.segment;

	if (s == NULL)
		return;
	j->flusher.segment = NULL;
	s->next = j->sealed;
	j->sealed = s;
}

/* At most until the next tick; for good when there is nothing to keep. */
static void
doze(struct journal *j)
{
	struct timespec until;

	if (!j->busy && j->flusher.segment == NULL && j->sealed == NULL
	    && j->open->touched.n == 0 && j->flusher.sick.n == 0) {
		(void)pthread_cond_wait(&j->keeper_wakes, &j->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&j->keeper_wakes, &j->lock, &until);
}

/* One full segment, if there is one.  false: nothing more can be done now. */
static bool
drop_next(struct journal *j)
{
	struct segment *s = j->sealed;

	if (s == NULL)
		return false;
	j->sealed = s->next;
	(void)pthread_mutex_unlock(&j->lock);
	(void)drop(j, &s);
	(void)pthread_mutex_lock(&j->lock);
	if (s == NULL)
		return true;
	s->next = j->sealed;
	j->sealed = s;
	return false;
}

/* The thread that looks after what nobody waits for. */
static void *
keep(void *context)
{
	struct journal *j = context;

	(void)pthread_mutex_lock(&j->lock);
	while (!j->stop) {
		int64_t now = clock_steady_ms();

		if (must_flush(j, now))
			flush(j);
		if (is_idle(j, now))
			seal(j);
		if (!drop_next(j) && !j->stop)
			doze(j);
	}
	(void)pthread_mutex_unlock(&j->lock);
	return NULL;
}

static result
start_keeper(struct journal *j)
{
	sigset_t all, before;
	int error;

	/* Signals are for the threads of the role. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&j->keeper, NULL, keep, j);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return done();
	log_line(LOG_ERROR, "journal.thread", "error=\"%s\"",
	    strerror(error));
	return fail(FAILED, "the journal's thread does not start");
}

static void
free_journal(struct journal *j)
{
	free_batch(j->open);
	free_batch(j->resting);
	idset_free(&j->flusher.sick);
	(void)pthread_cond_destroy(&j->keeper_wakes);
	(void)pthread_cond_destroy(&j->flushed[0]);
	(void)pthread_cond_destroy(&j->flushed[1]);
	(void)pthread_mutex_destroy(&j->lock);
	free(j->data);
	free(j->role);
	free(j);
}

result
journal_open(struct journal **out, const char *data, const char *role)
{
	struct journal *j = calloc(1, sizeof *j);
	pthread_condattr_t steady;
	result r;

	*out = NULL;
	if (j == NULL || (j->data = strdup(data)) == NULL
	    || (j->role = strdup(role)) == NULL)
		abort();
	/* Above 0, which is nobody. */
	j->writer = (int64_t)random_number(INT64_MAX) + 1;
	j->open = new_batch();
	j->resting = new_batch();
	j->failure = done();
	j->flusher.data = j->data;
	j->flusher.role = j->role;
	j->flusher.writer = (uint64_t)j->writer;
	(void)pthread_mutex_init(&j->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&j->keeper_wakes, &steady);
	(void)pthread_condattr_destroy(&steady);
	(void)pthread_cond_init(&j->flushed[0], NULL);
	(void)pthread_cond_init(&j->flushed[1], NULL);
	r = start_keeper(j);
	if (r.is == OK)
		*out = j;
	else
		free_journal(j);
	return r;
}

/* What is left after the last writer. */
static void
finish(struct journal *j)
{
	if (j->open->touched.n > 0 || j->flusher.sick.n > 0)
		flush(j);
	if (j->flusher.sick.n == 0)
		seal(j);
	while (drop_next(j))
		continue;
}

static void
leave_all(struct segment *s)
{
	while (s != NULL) {
		struct segment *next = s->next;

		segment_leave(&s);
		s = next;
	}
}

void
journal_close(struct journal **journal)
{
	struct journal *j = *journal;

	if (j == NULL)
		return;
	*journal = NULL;
	(void)pthread_mutex_lock(&j->lock);
	j->stop = true;
	(void)pthread_cond_signal(&j->keeper_wakes);
	(void)pthread_mutex_unlock(&j->lock);
	(void)pthread_join(j->keeper, NULL);
	(void)pthread_mutex_lock(&j->lock);
	finish(j);
	(void)pthread_mutex_unlock(&j->lock);
	leave_all(j->sealed);
	leave_all(j->flusher.failed);
	leave_all(j->flusher.segment);
	free_journal(j);
}
