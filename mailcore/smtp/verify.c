#include "mailcore/smtp/verify.h"

#include "mailcore/base/limits.h"
#include "mailcore/dns/client.h"
#include "mailcore/smtp/rspamd.h"
#include "mailcore/store/body.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS = 16,
	/* So many workers at once wait for an answer, so long; the others
	 * have other sessions to serve. */
	WAITERS_MOST = 4,
	WAIT_MS = 100,
	JOB_BUDGET = 8 * 1024 * 1024
};

enum job_state { JOB_WAITS, JOB_RUNS, JOB_ENDED };

struct verify_job {
	struct verify *verify;
	struct verify_job *next; /* of those that wait */
	pthread_cond_t ended;
	enum job_state state;
	bool abandoned;
	struct spool *text; /* of an abandoned one */
	int64_t deadline;
	struct arena *arena;
	struct inspection inspection;
	struct findings findings;
};

struct verify {
	struct dns_client *dns;
	const char *rspamd;
	bool everybody;
	int stop; /* eventfd, for what waits for rspamd */
	pthread_t threads[THREADS];
	size_t thread_count;
	pthread_mutex_t lock; /* for all below, and the jobs' states */
	pthread_cond_t there;
	struct verify_job *first, *last;
	unsigned waiters;
	bool stopping;
};

static void
free_job(struct verify_job *j)
{
	spool_free(&j->text);
	arena_free(&j->arena);
	(void)pthread_cond_destroy(&j->ended);
	free(j);
}

static void
run(struct verify_job *j)
{
	struct dns_client_budget budget = { j->verify->dns, j->deadline };
	const struct lookup lookup = { dns_client_ask, &budget };
	const struct rspamd_limits limits = { j->deadline, j->verify->stop };

	findings_check(&lookup, j->arena, &j->inspection, &j->findings);
	findings_score(&j->inspection, &j->findings);
	if (j->verify->rspamd != NULL)
		rspamd_rate(j->verify->rspamd, &limits, j->arena,
		    &j->inspection, &j->findings);
}

static struct verify_job *
take(struct verify *v)
{
	struct verify_job *j;

	while (v->first == NULL && !v->stopping)
		(void)pthread_cond_wait(&v->there, &v->lock);
	j = v->first;
	if (j == NULL)
		return NULL;
	v->first = j->next;
	if (v->first == NULL)
		v->last = NULL;
	j->next = NULL;
	j->state = JOB_RUNS;
	return j;
}

static void *
serve(void *verify)
{
	struct verify *v = verify;
	struct verify_job *j;

	(void)pthread_mutex_lock(&v->lock);
	while ((j = take(v)) != NULL) {
		(void)pthread_mutex_unlock(&v->lock);
		run(j);
		(void)pthread_mutex_lock(&v->lock);
		j->state = JOB_ENDED;
		if (j->abandoned)
			free_job(j);
		else
			(void)pthread_cond_signal(&j->ended);
	}
	(void)pthread_mutex_unlock(&v->lock);
	return NULL;
}

static result
start(struct verify *v)
{
	for (; v->thread_count < THREADS; v->thread_count++)
		if (pthread_create(&v->threads[v->thread_count], NULL, serve,
		        v) != 0)
			return fail(FAILED, "a thread could not be started");
	return done();
}

result
verify_new(struct verify **out, const struct verify_options *o)
{
	struct verify *v = calloc(1, sizeof *v);
	result r;

	if (v == NULL)
		abort();
	v->rspamd = o->rspamd;
	v->everybody = o->everybody;
	v->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&v->lock, NULL);
	(void)pthread_cond_init(&v->there, NULL);
	r = v->stop < 0 ? fail(FAILED, "no descriptor is left") : done();
	if (r.is == OK)
		r = dns_client_new(&v->dns, o->resolver);
	if (r.is == OK)
		r = start(v);
	if (r.is == OK) {
		*out = v;
		v = NULL;
	}
	verify_free(&v);
	return r;
}

void
verify_free(struct verify **verify)
{
	struct verify *v = *verify;

	if (v == NULL)
		return;
	(void)pthread_mutex_lock(&v->lock);
	v->stopping = true;
	(void)pthread_cond_broadcast(&v->there);
	(void)pthread_mutex_unlock(&v->lock);
	if (v->dns != NULL)
		dns_client_stop(v->dns);
	if (v->stop >= 0)
		(void)eventfd_write(v->stop, 1);
	for (size_t i = 0; i < v->thread_count; i++)
		(void)pthread_join(v->threads[i], NULL);
	dns_client_free(&v->dns);
	if (v->stop >= 0)
		(void)close(v->stop);
	(void)pthread_cond_destroy(&v->there);
	(void)pthread_mutex_destroy(&v->lock);
	free(v);
	*verify = NULL;
}

bool
verify_wants(const struct verify *v, bool loopback)
{
	return v != NULL && (v->everybody || !loopback);
}

static void
copy(struct verify_job *j, const struct inspection *i)
{
	struct arena *a = j->arena;
	view *to = arena_array(a, i->recipient_count + 1, sizeof *to);

	j->inspection = *i;
	j->inspection.peer = arena_copy(a, i->peer);
	j->inspection.hello = arena_copy(a, i->hello);
	j->inspection.hostname = arena_copy(a, i->hostname);
	j->inspection.sender = arena_copy(a, i->sender);
	j->inspection.id = arena_copy(a, i->id);
	j->inspection.recipients = to;
	for (size_t n = 0; to != NULL && n < i->recipient_count; n++)
		to[n] = arena_copy(a, i->recipients[n]);
	if (arena_result(a).is != OK)
		abort(); /* bounded by what SMTP takes */
}

struct verify_job *
verify_begin(struct verify *v, const struct inspection *i)
{
	struct verify_job *j = calloc(1, sizeof *j);
	pthread_condattr_t monotonic;

	if (j == NULL)
		abort();
	j->verify = v;
	j->arena = arena_new(JOB_BUDGET);
	j->deadline = clock_steady_ms() + LIMIT_VERIFY_MS;
	copy(j, i);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&j->ended, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_lock(&v->lock);
	if (v->last == NULL)
		v->first = j;
	else
		v->last->next = j;
	v->last = j;
	(void)pthread_cond_signal(&v->there);
	(void)pthread_mutex_unlock(&v->lock);
	return j;
}

/* Under the lock. */
static void
wait_a_moment(struct verify_job *j)
{
	int64_t end = clock_steady_ms() + WAIT_MS;
	const struct timespec until = { .tv_sec = end / 1000,
		.tv_nsec = (long)(end % 1000) * 1000000 };

	j->verify->waiters++;
	while (j->state != JOB_ENDED && clock_steady_ms() < end)
		(void)pthread_cond_timedwait(&j->ended, &j->verify->lock,
		    &until);
	j->verify->waiters--;
}

bool
verify_done(struct verify_job *j)
{
	struct verify *v = j->verify;
	bool ended;

	(void)pthread_mutex_lock(&v->lock);
	if (j->state != JOB_ENDED && v->waiters < WAITERS_MOST)
		wait_a_moment(j);
	ended = j->state == JOB_ENDED;
	(void)pthread_mutex_unlock(&v->lock);
	return ended;
}

const struct findings *
verify_findings(const struct verify_job *j)
{
	return &j->findings;
}

const struct inspection *
verify_inspection(const struct verify_job *j)
{
	return &j->inspection;
}

static void
remove_waiting(struct verify *v, struct verify_job *j)
{
	struct verify_job **at = &v->first, *before = NULL;

	while (*at != j) {
		before = *at;
		at = &(*at)->next;
	}
	*at = j->next;
	if (v->last == j)
		v->last = before;
}

void
verify_end(struct verify_job **job, struct spool **text)
{
	struct verify_job *j = *job;
	struct verify *v;

	*job = NULL;
	if (j == NULL)
		return;
	v = j->verify;
	(void)pthread_mutex_lock(&v->lock);
	if (j->state == JOB_WAITS)
		remove_waiting(v, j);
	j->abandoned = j->state == JOB_RUNS;
	if (j->abandoned) {
		j->text = *text;
		*text = NULL;
	} else {
		free_job(j);
	}
	(void)pthread_mutex_unlock(&v->lock);
}
