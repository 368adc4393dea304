/* The thread that fills search.db behind. */
#include "mailcore/store/search_inside.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	/* An account is quiet when nothing came for so long... */
	QUIET_MS = 1000,
	/* ...and is not waited for longer than that. */
	PATIENCE_MS = 60000,
	LOOK_MS = 250, /* at the accounts that wait */
	BUCKETS = 256
};

struct waiting {
	struct waiting *next;
	int64_t account;
	int64_t since;
	int64_t due;
};

struct searcher {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wakes;
	struct waiting *waiting[BUCKETS];
	size_t count;
	bool stopping;
};

static bool
must_stop(struct searcher *s)
{
	bool stopping;

	(void)pthread_mutex_lock(&s->lock);
	stopping = s->stopping;
	(void)pthread_mutex_unlock(&s->lock);
	return stopping;
}

/* A piece of work; `*more`: there is more.  Lists come first: they are quickly
 * made, and asked for as soon as somebody looks. */
static result
fill_piece(struct account *a, bool *more)
{
	bool merged;

	TRY(search_fill_digest(a, more));
	if (*more)
		return done();
	TRY(search_fill_segment(a, more));
	return *more ? search_fill_merge(a, &merged) : done();
}

/* Moved now and then: a page of search.db has 16 KiB. */
static void
checkpoint(struct account *a)
{
	if (a->search != NULL && db_waiting(a->search) >= DB_WAL_PAGES_LEFT)
		(void)db_checkpoint(a->search).is;
}

/* `s` NULL: nobody will want it to stop. */
static result
fill_all(struct account *a, struct searcher *s)
{
	bool more = true, some = false;

	while (more && (s == NULL || !must_stop(s))) {
		TRY(fill_piece(a, &more));
		some = some || more;
		checkpoint(a);
	}
	if (!some)
		return done();
	TRY(search_sweep(a));
	/* It may have thrown the file away. */
	if (a->search != NULL)
		(void)db_checkpoint_whole(a->search).is;
	return done();
}

static result
fill(struct account *a, struct searcher *s)
{
	bool worth;
	result r;

	TRY(search_is_worth(a, &worth));
	if (!worth)
		return done();
	TRY(search_make(a));
	r = fill_all(a, s);
	if (r.is != OK && r.is != BUSY && r.is != NO_SPACE)
		search_distrust(a, r);
	return r;
}

result
search_fill(struct account *a)
{
	return fill(a, NULL);
}

static void
fill_account(struct searcher *s, int64_t id)
{
	struct account *a;
	result r = account_open(s->store, id, &a);

	if (r.is == OK)
		r = fill(a, s);
	account_close(&a);
	if (r.is == BUSY)
		searcher_note(s, id);
}

void
searcher_note(struct searcher *s, int64_t account)
{
	int64_t now = clock_steady_ms();
	struct waiting **at, *w;

	if (s == NULL || account <= HOUSE)
		return;
	(void)pthread_mutex_lock(&s->lock);
	at = &s->waiting[(uint64_t)account % BUCKETS];
	while (*at != NULL && (*at)->account != account)
		at = &(*at)->next;
	w = *at;
	if (w == NULL && s->count < LIMIT_SEARCH_WAITING) {
		w = calloc(1, sizeof *w);
		if (w == NULL)
			abort();
		w->account = account;
		w->since = now;
		*at = w;
		if (s->count++ == 0)
			(void)pthread_cond_signal(&s->wakes);
	}
	if (w != NULL)
		w->due = now + QUIET_MS < w->since + PATIENCE_MS
		    ? now + QUIET_MS
		    : w->since + PATIENCE_MS;
	(void)pthread_mutex_unlock(&s->lock);
}

/* Take one off that is due; 0: none is.  The lock is held. */
static int64_t
take_due(struct searcher *s, int64_t now)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct waiting **at = &s->waiting[i]; *at != NULL;
		     at = &(*at)->next) {
			struct waiting *w = *at;
			int64_t account = w->account;

			if (w->due > now)
				continue;
			*at = w->next;
			s->count--;
			free(w);
			return account;
		}
	return 0;
}

/* Until something may be due.  The lock is held. */
static void
wait_for_work(struct searcher *s)
{
	struct timespec until;

	if (s->count == 0) {
		(void)pthread_cond_wait(&s->wakes, &s->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)pthread_cond_timedwait(&s->wakes, &s->lock, &until);
}

static void *
work(void *context)
{
	struct searcher *s = context;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		int64_t account = take_due(s, clock_steady_ms());

		if (account == 0) {
			wait_for_work(s);
			continue;
		}
		(void)pthread_mutex_unlock(&s->lock);
		fill_account(s, account);
		(void)pthread_mutex_lock(&s->lock);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int
start(struct searcher *s)
{
	pthread_condattr_t steady;
	sigset_t all, before;
	int error;

	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->wakes, &steady);
	(void)pthread_condattr_destroy(&steady);
	/* Signals are for the threads of the role. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&s->thread, NULL, work, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

result
searcher_new(struct searcher **out, struct store *store)
{
	struct searcher *s = calloc(1, sizeof *s);
	int error;

	*out = NULL;
	if (s == NULL)
		abort();
	s->store = store;
	error = start(s);
	if (error == 0) {
		*out = s;
		return done();
	}
	log_line(LOG_ERROR, "search.thread", "error=\"%s\"", strerror(error));
	(void)pthread_cond_destroy(&s->wakes);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return fail(FAILED, "the searcher's thread does not start");
}

void
searcher_free(struct searcher **searcher)
{
	struct searcher *s = *searcher;

	if (s == NULL)
		return;
	*searcher = NULL;
	(void)pthread_mutex_lock(&s->lock);
	s->stopping = true;
	(void)pthread_cond_signal(&s->wakes);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		while (s->waiting[i] != NULL) {
			struct waiting *w = s->waiting[i];

			s->waiting[i] = w->next;
			free(w);
		}
	(void)pthread_cond_destroy(&s->wakes);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
