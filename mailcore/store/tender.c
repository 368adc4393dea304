/* The thread that tends the pool of open databases, while nobody waits for
 * them: it moves WALs, and closes what is not used. */
#include "mailcore/store/history.h"
#include "mailcore/store/inside.h"
#include "mailcore/store/item.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum {
	/* What nobody has used for so long is closed.  To open it again costs
	 * 2 ms of CPU, more than a delivery: who looks for mail every few
	 * minutes, or gets some, finds it open. */
	RETIRE_MS = 600000,
	/* After this part of it the pages go; they cost next to nothing to
	 * read again. */
	COOL_PART = 60,
	LOOK_PART = 120,
	/* So many handles make it worth giving memory back while others are
	 * at work. */
	RETIRED_MANY = 256
};

static result
tidy_up(struct account *a, bool checkpoint)
{
	if (a->prune != 0)
		TRY(item_prune(a, a->prune, LIMIT_TOMBSTONES));
	a->prune = 0;
	if (a->forgets)
		TRY(history_prune(a));
	a->forgets = false;
	return checkpoint ? db_checkpoint(a->db) : done();
}

/* The lock is held, and let go of for the work. */
static void
tend_one(struct store *s, struct account *a)
{
	bool checkpoint = pool_needs_checkpoint(a->slot);
	result r;

	if (checkpoint)
		a->slot->tried = a->slot->pages;
	(void)pthread_mutex_unlock(&s->lock);
	r = tidy_up(a, checkpoint);
	/* A reader may be in the way; then it is done next time. */
	if (r.is != OK && r.is != BUSY)
		log_line(LOG_WARNING, "store.checkpoint",
		    "account=%lld why=\"%s\"", (long long)a->id, r.why);
	(void)pthread_mutex_lock(&s->lock);
	a->slot->tired = false;
	pool_put_back(s, a);
}

static void
see_off(struct store *s, struct account *a)
{
	(void)pthread_mutex_unlock(&s->lock);
	db_close_tidy(&a->db);
	pool_destroy(a);
	(void)pthread_mutex_lock(&s->lock);
	s->leaving--;
}

/* One handle at a time, as the lock is let go of between them. */
static void
retire(struct store *s, struct account *a)
{
	pool_unlink(s, a);
	s->retired++;
	(void)pthread_mutex_unlock(&s->lock);
	if (db_waiting(a->db) >= DB_WAL_PAGES_LEFT)
		db_close_tidy(&a->db);
	pool_destroy(a);
	(void)pthread_mutex_lock(&s->lock);
}

/* The oldest idle one; one of the house stays. */
static struct account *
find_retiring(const struct store *s)
{
	struct account *a = s->oldest;

	if (a != NULL && a->id == HOUSE && a->slot->handles == 1)
		a = a->newer;
	return a;
}

static bool
is_older(const struct account *a, int64_t now, int64_t ms)
{
	return a != NULL && now - a->idle_since >= ms;
}

/* To the system: the C library keeps pieces in the arenas of all threads. */
static void
give_memory_back(struct store *s)
{
	s->retired = 0;
	(void)pthread_mutex_unlock(&s->lock);
	(void)malloc_trim(0);
	(void)pthread_mutex_lock(&s->lock);
}

/* What was used in the last rush is let go of. */
static void
look_around(struct store *s)
{
	int64_t now = clock_steady_ms();
	struct account *a;

	s->look_next = now + s->retire_ms / LOOK_PART + 1;
	while (!s->closing
	    && is_older(s->coolest, now, s->retire_ms / COOL_PART)) {
		pool_cool(s);
		s->retired++;
		(void)pthread_mutex_unlock(&s->lock);
		(void)pthread_mutex_lock(&s->lock);
	}
	while (!s->closing
	    && is_older(a = find_retiring(s), now, s->retire_ms))
		retire(s, a);
	if (s->retired >= RETIRED_MANY
	    || (s->retired > 0 && s->warm == 0 && s->open == s->idle))
		give_memory_back(s);
}

/* Until something is to be done.  The lock is held. */
static void
wait_for_work(struct store *s)
{
	struct timespec until;

	if (s->coolest == NULL && find_retiring(s) == NULL) {
		s->tender_sleeps = true;
		(void)pthread_cond_wait(&s->tender_wakes, &s->lock);
		s->tender_sleeps = false;
		return;
	}
	until.tv_sec = s->look_next / 1000;
	until.tv_nsec = s->look_next % 1000 * 1000000L;
	(void)pthread_cond_timedwait(&s->tender_wakes, &s->lock, &until);
}

static void *
tend(void *context)
{
	struct store *s = context;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->closing) {
		struct account *a = s->tired;

		if (clock_steady_ms() >= s->look_next) {
			look_around(s);
			continue;
		}
		if (a == NULL) {
			wait_for_work(s);
			continue;
		}
		s->tired = a->next_idle;
		a->next_idle = NULL;
		if (a->leaving)
			see_off(s, a);
		else
			tend_one(s, a);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

result
pool_open(struct store *s)
{
	pthread_condattr_t steady;
	sigset_t all, before;
	int error;

	if (s->retire_ms == 0)
		s->retire_ms = RETIRE_MS;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->tender_wakes, &steady);
	(void)pthread_condattr_destroy(&steady);
	/* Signals are for the threads of the role. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&s->tender, NULL, tend, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return done();
	log_line(LOG_ERROR, "store.thread", "error=\"%s\"", strerror(error));
	return fail(FAILED, "the store's thread does not start");
}

void
pool_close(struct store *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->closing = true;
	(void)pthread_cond_signal(&s->tender_wakes);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->tender, NULL);
	while (s->tired != NULL) {
		struct account *a = s->tired;

		s->tired = a->next_idle;
		pool_destroy(a);
	}
	while (s->oldest != NULL) {
		struct account *a = s->oldest;

		pool_unlink(s, a);
		pool_destroy(a);
	}
	(void)pthread_cond_destroy(&s->tender_wakes);
	(void)pthread_mutex_destroy(&s->lock);
}
