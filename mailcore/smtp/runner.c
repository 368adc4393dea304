#include "mailcore/smtp/runner_inside.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* Some of them wait for servers that say nothing for minutes. */
	RUNNER_THREADS = 16,
	/* Of them, for one domain: the others are for all else. */
	DOMAIN_THREADS = RUNNER_THREADS / QUEUE_BUSY,
	/* And for one server, to which many domains may lead; what comes to it
	 * beside them is put off for so long. */
	HOP_THREADS = RUNNER_THREADS / 2,
	HOP_SECONDS = 2,
	/* What cannot be settled waits this long; while it is worked on its
	 * lease is renewed long before. */
	LEASE_SECONDS = 120,
	RENEW_MS = 30000,
	LOOK_SECONDS = 60,
	HTTPS_PORT = 443,
	REPORT_SPREAD = 4 * 3600,

	/* Recipients, replies, names; the message comes on top. */
	ATTEMPT_BUDGET = 64 * 1024 * 1024
};

void
runner_tell_work(struct runner *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->news++;
	(void)pthread_cond_broadcast(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
}

/* The domains that have their share of threads. */
static void
find_busy(struct runner *r, struct arena *arena, struct queue_turn *t)
{
	(void)pthread_mutex_lock(&r->lock);
	for (struct attempt *a = r->attempts; a != NULL; a = a->next) {
		size_t count = 0;

		/* It and those after it: each domain is counted once. */
		for (struct attempt *b = a; b != NULL; b = b->next)
			count += view_eq(a->lease.domain, b->lease.domain);
		if (count == DOMAIN_THREADS && t->busy_count < QUEUE_BUSY)
			t->busy[t->busy_count++] = arena_copy(arena,
			    a->lease.domain);
	}
	(void)pthread_mutex_unlock(&r->lock);
}

/* One thread at a time: what others have is known. */
static result
lease_work(struct attempt *a, struct queue_turn *t, int64_t *wake)
{
	struct runner *r = a->runner;
	result got;

	(void)pthread_mutex_lock(&r->turn);
	find_busy(r, a->arena, t);
	got = queue_lease_in_turn(r->store, a->arena, t, a->now,
	    LEASE_SECONDS, &a->lease, wake);
	if (got.is == OK) {
		(void)pthread_mutex_lock(&r->lock);
		a->next = r->attempts;
		r->attempts = a;
		(void)pthread_mutex_unlock(&r->lock);
	}
	(void)pthread_mutex_unlock(&r->turn);
	return got;
}

/* By its name or its address: the names of a shared host differ, and so do the
 * addresses of a large one. */
static bool
is_same_hop(const struct attempt *a, view host, view address)
{
	return a->hop_address.n > 0
	    && (view_same(a->hop_host, host)
	        || view_eq(a->hop_address, address));
}

bool
runner_enter(void *attempt, view host, view address)
{
	struct attempt *a = attempt;
	struct runner *r = a->runner;
	size_t others = 0;

	host = arena_copy(a->arena, host);
	address = arena_copy(a->arena, address);
	(void)pthread_mutex_lock(&r->lock);
	for (const struct attempt *b = r->attempts; b != NULL; b = b->next)
		others += b != a && is_same_hop(b, host, address);
	a->crowded = others >= HOP_THREADS;
	a->hop_host = a->crowded ? VIEW("") : host;
	a->hop_address = a->crowded ? VIEW("") : address;
	(void)pthread_mutex_unlock(&r->lock);
	return !a->crowded;
}

/* Not as an attempt: it is as if the lease had not been. */
static void
put_off(struct attempt *a)
{
	result r = queue_renew(a->runner->store, a->lease.message.id,
	    a->lease.domain, clock_now() + HOP_SECONDS);

	log_line(r.is == OK ? LOG_DEBUG : LOG_WARNING, "queue.crowded",
	    "queue=%lld why=\"%s\"", (long long)a->lease.message.id, r.why);
}

static void
work_leased(struct attempt *a)
{
	struct runner *r = a->runner;
	struct attempt **at = &r->attempts;

	runner_work_on(a);
	(void)pthread_mutex_lock(&r->lock);
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	(void)pthread_mutex_unlock(&r->lock);
	/* Nobody renews it any more. */
	if (a->crowded)
		put_off(a);
}

/* The lock is held meanwhile: an attempt ends after its renewal. */
static void
renew_leases(struct runner *r)
{
	int64_t until = clock_now() + LEASE_SECONDS;

	(void)pthread_mutex_lock(&r->lock);
	for (struct attempt *a = r->attempts; a != NULL; a = a->next) {
		result got = queue_renew(r->store, a->lease.message.id,
		    a->lease.domain, until);

		if (got.is != OK)
			log_line(LOG_WARNING, "queue.renew",
			    "queue=%lld why=\"%s\"",
			    (long long)a->lease.message.id, got.why);
	}
	(void)pthread_mutex_unlock(&r->lock);
}

/* Wait for news since `seen`, at most until `wake` (seconds since 1970). */
static void
wait_for_work(struct runner *r, uint64_t seen, int64_t wake)
{
	int64_t left = wake - clock_now();
	struct timespec until;

	/* Rows are due by the clock of the wall, which may be set back. */
	left = left < 0 ? 0 : left < LOOK_SECONDS ? left : LOOK_SECONDS;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += left;
	(void)pthread_mutex_lock(&r->lock);
	while (r->news == seen && !atomic_load(&r->stopping))
		if (pthread_cond_clockwait(&r->work, &r->lock,
		        CLOCK_MONOTONIC, &until) != 0)
			break;
	(void)pthread_mutex_unlock(&r->lock);
}

static uint64_t
news(struct runner *r)
{
	uint64_t n;

	(void)pthread_mutex_lock(&r->lock);
	n = r->news;
	(void)pthread_mutex_unlock(&r->lock);
	return n;
}

static void *
run_thread(void *context)
{
	struct runner *r = context;
	struct client_kept *kept = client_kept_new();
	char last[LIMIT_ADDRESS + 1] = ""; /* the domain */
	unsigned turn = 0;
	sigset_t pipes;

	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE); /* see link.h */
	(void)pthread_sigmask(SIG_BLOCK, &pipes, NULL);
	while (!atomic_load(&r->stopping)) {
		struct attempt a = {
			.runner = r,
			.arena = arena_new(ATTEMPT_BUDGET
			    + 2 * (size_t)r->conf->message_limit),
			.kept = kept,
			.now = clock_now(),
		};
		/* By turns from both ends: see queue_lease_newest. */
		struct queue_turn t = { .newest = turn++ % 2 != 0 };
		uint64_t seen = news(r);
		int64_t wake = INT64_MAX;
		result got;

		if (client_kept_is_open(kept))
			t.first = view_of(last);
		got = lease_work(&a, &t, &wake);
		/* There is room for that domain's mail again. */
		if (got.is == OK && t.busy_count > 0
		    && !view_eq(a.lease.domain, view_of(last)))
			runner_tell_work(r);
		if (got.is == OK)
			(void)view_copy(a.lease.domain, last, sizeof last);
		if (got.is == OK)
			work_leased(&a);
		else if (got.is != NOT_FOUND)
			wake = a.now + LOOK_SECONDS;
		arena_free(&a.arena);
		if (got.is == OK)
			continue;
		client_kept_end(kept);
		wait_for_work(r, seen, wake);
	}
	client_kept_free(&kept);
	return NULL;
}

static result
open_resolver(struct runner *r)
{
	const struct conf *c = r->conf;
	view anchor = view_of(c->trust_anchor);

	TRY(resolver_new(&r->resolver, c->resolver));
	r->secure.store = r->store;
	r->secure.resolver = r->resolver;
	r->secure.https = (struct https){
		.resolver = r->resolver,
		.tls = r->tls,
		.port = c->remote_https_port > 0 ? c->remote_https_port
						 : HTTPS_PORT,
		.inside = c->remote_https_port > 0,
		.stop = r->stop,
		.agent = "posthaste/" POSTHASTE_VERSION,
	};
	if (view_eq(anchor, VIEW("off")) || anchor.n == 0)
		return done();
	return resolver_validate(r->resolver,
	    view_eq(anchor, VIEW("auto")) ? NULL : c->trust_anchor);
}

result
runner_new(struct runner **out, struct store *store, const struct conf *conf,
    struct tls *tls, struct post *post)
{
	struct runner *r = calloc(1, sizeof *r);
	bool known = false;
	result outcome;

	if (r == NULL)
		abort();
	r->store = store;
	r->conf = conf;
	r->tls = tls;
	r->post = post;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->work, NULL);
	(void)pthread_mutex_init(&r->turn, NULL);
	(void)pthread_mutex_init(&r->seen_lock, NULL);
	r->delay = (int64_t)random_number(REPORT_SPREAD);
	r->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	outcome = r->stop < 0 ? fail(FAILED, "no eventfd")
			      : open_resolver(r);
	if (outcome.is == OK)
		outcome = sts_row_any(store, &known);
	r->secure.known = known;
	if (outcome.is == OK) {
		*out = r;
		r = NULL;
	}
	runner_free(&r);
	return outcome;
}

/* Until it is told to stop: whatever comes by post may be work. */
static void
listen_to_post(struct runner *r)
{
	int64_t renewed = clock_steady_ms();

	seen_flush(r); /* what another process has left */
	while (!atomic_load(&r->stopping)) {
		struct pollfd fds[] = {
			{ .fd = r->stop, .events = POLLIN },
			{ .fd = r->post == NULL ? -1 : post_fd(r->post),
			    .events = POLLIN },
		};
		struct msg m;

		if (poll(fds, COUNT(fds), RENEW_MS) < 0
		    && errno != EINTR)
			break;
		if (clock_steady_ms() - renewed >= RENEW_MS) {
			renew_leases(r);
			seen_flush(r);
			renewed = clock_steady_ms();
		}
		while (fds[1].revents != 0 && post_receive(r->post, &m))
			if (m.kind == MSG_QUEUE)
				runner_tell_work(r);
			else if (r->heard != NULL)
				r->heard(r->heard_context, m);
	}
}

/* Others' servers may be slow to take a report, and leases must not wait. */
static void *
run_teller(void *context)
{
	struct runner *r = context;
	struct pollfd p = { .fd = r->stop, .events = POLLIN };
	sigset_t pipes;

	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipes, NULL);
	while (!atomic_load(&r->stopping)) {
		seen_tell(r);
		if (poll(&p, 1, RENEW_MS) < 0 && errno != EINTR)
			break;
	}
	return NULL;
}

result
runner_run(struct runner *r)
{
	pthread_t threads[RUNNER_THREADS], teller;
	bool tells;
	size_t count = 0;

	/* Of a process that was killed; there is no other one. */
	TRY(queue_release(r->store, clock_now()));
	while (count < RUNNER_THREADS
	    && pthread_create(&threads[count], NULL, run_thread, r) == 0)
		count++;
	tells = r->conf->tls_reports
	    && pthread_create(&teller, NULL, run_teller, r) == 0;
	if (count > 0)
		listen_to_post(r);
	runner_stop(r);
	runner_tell_work(r);
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	if (tells)
		(void)pthread_join(teller, NULL);
	seen_flush(r);
	return count > 0 ? done() : fail(FAILED, "no thread to deliver with");
}

void
runner_sign_with(struct runner *r, struct signer *signer)
{
	r->signer = signer;
}

void
runner_hear(struct runner *r, runner_heard *heard, void *context)
{
	r->heard = heard;
	r->heard_context = context;
}

void
runner_stop(struct runner *r)
{
	const uint64_t one = 1;

	atomic_store(&r->stopping, true);
	if (write(r->stop, &one, sizeof one) < 0)
		return; /* it is readable already */
}

void
runner_free(struct runner **runner)
{
	struct runner *r = *runner;

	if (r == NULL)
		return;
	resolver_free(&r->resolver);
	if (r->stop >= 0)
		(void)close(r->stop);
	(void)pthread_cond_destroy(&r->work);
	(void)pthread_mutex_destroy(&r->turn);
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_mutex_destroy(&r->seen_lock);
	free(r->seen);
	free(r);
	*runner = NULL;
}
