/* Jobs and threads; token_ground.c decides. */
#include "mailcore/auth/token_desk.h"

#include "mailcore/auth/token_ground.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	THREADS = 4,
	STACK = 512 * 1024,
	WAIT_MS = 20,
	WAITERS_MOST = 2 /* workers, of which others want some */
};

enum job_state { JOB_WAITS, JOB_RUNS, JOB_ENDED };

struct token_job {
	struct token_job *next;
	struct token_desk *desk;
	struct token_ground *ground;
	enum job_state state;
	bool abandoned;
	int64_t deadline;
	result r;
	struct token_owner owner;
	size_t n;
	char token[];
};

struct token_desk {
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t there, ended;
	token_fetch *fetch;
	void *context;
	struct token_ground *ground; /* NULL: no such logins */
	struct token_job *first, **last;
	size_t jobs, waiters, threads;
	bool stops;
	pthread_t thread[THREADS];
};

static void
job_free(struct token_job *j)
{
	token_ground_leave(&j->ground);
	secret_wipe(j->token, j->n);
	free(j);
}

struct token_desk *
token_desk_new(token_fetch *fetch, void *context)
{
	struct token_desk *d = calloc(1, sizeof *d);
	pthread_condattr_t monotonic;

	if (d == NULL)
		abort();
	d->fetch = fetch;
	d->context = context;
	d->last = &d->first;
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->there, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&d->ended, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return d;
}

/* Under the lock: the first that waits. */
static struct token_job *
take(struct token_desk *d)
{
	struct token_job *j;

	while (d->first == NULL && !d->stops)
		(void)pthread_cond_wait(&d->there, &d->lock);
	if (d->stops)
		return NULL;
	j = d->first;
	d->first = j->next;
	if (d->first == NULL)
		d->last = &d->first;
	j->state = JOB_RUNS;
	return j;
}

static void
decide(struct token_desk *d, struct token_job *j)
{
	const struct token_way way = { d->fetch, d->context, j->deadline };

	j->r = token_ground_ask(j->ground, &way, (view){ j->token, j->n },
	    &j->owner);
}

static void *
work(void *desk)
{
	struct token_desk *d = desk;
	struct token_job *j;

	(void)pthread_mutex_lock(&d->lock);
	while ((j = take(d)) != NULL) {
		(void)pthread_mutex_unlock(&d->lock);
		decide(d, j);
		(void)pthread_mutex_lock(&d->lock);
		j->state = JOB_ENDED;
		if (j->abandoned) {
			d->jobs--;
			job_free(j);
		}
		(void)pthread_cond_broadcast(&d->ended);
	}
	(void)pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* Under the lock, when the first settings need them. */
static result
start_threads(struct token_desk *d)
{
	pthread_attr_t a;
	int error = 0;

	(void)pthread_attr_init(&a);
	(void)pthread_attr_setstacksize(&a, STACK);
	while (d->threads < THREADS && error == 0) {
		error = pthread_create(&d->thread[d->threads], &a, work, d);
		if (error == 0)
			d->threads++;
	}
	(void)pthread_attr_destroy(&a);
	return error == 0 ? done()
	                  : fail(FAILED, "a thread could not be started");
}

result
token_desk_set(struct token_desk *d, const struct token_settings *s)
{
	struct token_ground *fresh = NULL, *before;
	result r = done();

	if (s->keys.n + s->keys_url.n + s->introspection.n > 0)
		TRY(token_ground_new(&fresh, s));
	(void)pthread_mutex_lock(&d->lock);
	if (fresh != NULL)
		r = start_threads(d);
	before = d->ground;
	d->ground = fresh;
	(void)pthread_mutex_unlock(&d->lock);
	token_ground_leave(&before);
	return r;
}

bool
token_desk_is_open(struct token_desk *d)
{
	bool is;

	if (d == NULL)
		return false;
	(void)pthread_mutex_lock(&d->lock);
	is = d->ground != NULL;
	(void)pthread_mutex_unlock(&d->lock);
	return is;
}

void
token_desk_tell(struct token_desk *d, enum oauth_form form, struct buf *out)
{
	(void)pthread_mutex_lock(&d->lock);
	if (d->ground != NULL)
		token_ground_tell(d->ground, form, out);
	else
		oauth_refuse(form, VIEW(""), VIEW(""), out);
	(void)pthread_mutex_unlock(&d->lock);
}

void
token_desk_free(struct token_desk **desk)
{
	struct token_desk *d = *desk;

	*desk = NULL;
	if (d == NULL)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->stops = true;
	(void)pthread_cond_broadcast(&d->there);
	(void)pthread_mutex_unlock(&d->lock);
	while (d->threads > 0)
		(void)pthread_join(d->thread[--d->threads], NULL);
	token_ground_leave(&d->ground);
	(void)pthread_cond_destroy(&d->there);
	(void)pthread_cond_destroy(&d->ended);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

struct token_job *
token_job_begin(struct token_desk *d, view token)
{
	struct token_job *j;

	if (token.n > LIMIT_TOKEN)
		token.n = 0; /* no token, as is the empty one */
	j = calloc(1, sizeof *j + token.n);
	if (j == NULL)
		abort();
	j->desk = d;
	j->n = token.n;
	if (token.n > 0)
		memcpy(j->token, token.p, token.n);
	j->deadline = clock_steady_ms() + LIMIT_TOKEN_MS;
	(void)pthread_mutex_lock(&d->lock);
	if (d->ground == NULL || d->jobs >= LIMIT_TOKEN_JOBS) {
		(void)pthread_mutex_unlock(&d->lock);
		job_free(j);
		return NULL;
	}
	j->ground = token_ground_enter(d->ground);
	d->jobs++;
	*d->last = j;
	d->last = &j->next;
	(void)pthread_cond_signal(&d->there);
	(void)pthread_mutex_unlock(&d->lock);
	return j;
}

/* Under the lock. */
static void
wait_a_moment(struct token_job *j)
{
	int64_t end = clock_steady_ms() + WAIT_MS;
	const struct timespec until = { .tv_sec = end / 1000,
		.tv_nsec = (long)(end % 1000) * 1000000 };

	j->desk->waiters++;
	while (j->state != JOB_ENDED && clock_steady_ms() < end)
		(void)pthread_cond_timedwait(&j->desk->ended, &j->desk->lock,
		    &until);
	j->desk->waiters--;
}

bool
token_job_done(struct token_job *j, result *r, struct token_owner *owner)
{
	struct token_desk *d = j->desk;
	bool ended;

	(void)pthread_mutex_lock(&d->lock);
	if (j->state != JOB_ENDED && d->waiters < WAITERS_MOST)
		wait_a_moment(j);
	ended = j->state == JOB_ENDED;
	(void)pthread_mutex_unlock(&d->lock);
	if (!ended)
		return false;
	*r = j->r;
	*owner = j->owner;
	return true;
}

static void
remove_waiting(struct token_desk *d, struct token_job *j)
{
	struct token_job **at = &d->first;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	if (d->last == &j->next)
		d->last = at;
}

void
token_job_end(struct token_job **job)
{
	struct token_job *j = *job;
	struct token_desk *d;

	*job = NULL;
	if (j == NULL)
		return;
	d = j->desk;
	(void)pthread_mutex_lock(&d->lock);
	if (j->state == JOB_WAITS)
		remove_waiting(d, j);
	j->abandoned = j->state == JOB_RUNS;
	if (!j->abandoned)
		d->jobs--;
	else
		j = NULL; /* the thread's */
	(void)pthread_mutex_unlock(&d->lock);
	if (j != NULL)
		job_free(j);
}
