#include "mailcore/smtp/runner.h"

#include "mailcore/smtp/bounce.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/smtp/retry.h"
#include "mailcore/smtp/route.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	RUNNER_THREADS = 4,
	/* What cannot be settled waits this long; while it is worked on its
	 * lease is renewed long before. */
	LEASE_SECONDS = 120,
	RENEW_MS = 30000,
	ATTEMPT_SECONDS = 840,
	LOOK_SECONDS = 60,

	/* Recipients, replies, names; the message comes on top. */
	ATTEMPT_BUDGET = 64 * 1024 * 1024
};

struct runner {
	struct store *store;
	const struct conf *conf;
	struct tls *tls;
	struct post *post;
	struct signer *signer; /* of bounces; NULL: unsigned */
	runner_heard *heard; /* may be NULL */
	void *heard_context;
	struct resolver *resolver;
	int stop; /* readable for good, once stopping */
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t work;
	uint64_t news; /* grows whenever there may be work */
	struct attempt *attempts; /* being worked on; also under the lock */
};

/* One lease and what became of it. */
struct attempt {
	struct runner *runner;
	struct attempt *next;
	struct arena *arena;
	struct queue_lease lease;
	struct client_report *reports;
	view host;
	int64_t now;
};

static void
tell_work(struct runner *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->news++;
	(void)pthread_cond_broadcast(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
}

static bool
is_too_old(const struct attempt *a)
{
	return retry_is_over(a->now, a->lease.message.created);
}

static void
report_local(struct attempt *a, const struct deliver_outcome *out, result r,
    struct client_report *report)
{
	*report = (struct client_report){
		.outcome = QUEUE_RETRY,
		.status = out->full ? VIEW("4.2.2") : VIEW("4.3.0"),
		.text = out->full ? VIEW("the mailbox is full")
				  : view_of(r.why),
	};
	if (r.is == NOT_FOUND || r.is == STALE || r.is == DENIED) {
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.1.1");
	}
	if (r.is == MALFORMED) { /* a loop */
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.4.6");
	}
	/* Another attempt would give it twice to those who have it. */
	if (r.is == OK && out->full && out->taken > 0) {
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.2.2");
	}
	if (out->refusal.n > 0 && (r.is == OK || r.is == DENIED)) {
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("5.7.1");
		report->text = arena_copy(a->arena, out->refusal);
	} else if (r.is == OK && !out->full) {
		report->outcome = QUEUE_SENT;
		report->status = VIEW("2.0.0");
	}
	if (out->queued)
		tell_work(a->runner);
}

/* What people here send on to others here is queued too, and a domain may
 * have become ours since. */
static bool
deliver_here(struct attempt *a, size_t i)
{
	const struct queue_message *m = &a->lease.message;
	const struct deliver_mail mail = {
		.hostname = a->runner->conf->hostname,
		.id = arena_print(a->arena, "%lld", (long long)m->id),
		.sender = m->sender,
		.message = m->data,
		.signer = a->runner->signer,
	};
	struct deliver_outcome out = { .full = false };
	view address = a->lease.recipients[i].address, domain = address;
	struct arena *arena = arena_new(DELIVER_MEMORY);
	struct domain ours;
	result r;

	(void)view_cut_last(&domain, '@');
	r = domain_canonical(a->runner->store, arena, domain, &ours);
	if (r.is == NOT_FOUND) {
		arena_free(&arena);
		return false;
	}
	if (r.is == OK)
		r = deliver_address(a->runner->store, arena, &mail, address,
		    &out);
	report_local(a, &out, r, &a->reports[i]);
	arena_free(&arena);
	return true;
}

static void
deliver_away(struct attempt *a)
{
	struct runner *r = a->runner;
	const struct queue_message *m = &a->lease.message;
	struct route_options options = {
		.conf = r->conf,
		.resolver = r->resolver,
		.client = {
			.hostname = r->conf->hostname,
			.tls = r->tls,
			.stop = r->stop,
			.deadline_ms = clock_steady_ms()
			    + (int64_t)ATTEMPT_SECONDS * 1000,
		},
	};
	struct client_mail mail = {
		.sender = m->sender,
		.count = a->lease.count,
		.data = m->data,
		.smtputf8 = m->smtputf8,
		.eightbit = m->eightbit,
	};
	view *to = arena_array(a->arena, a->lease.count, sizeof *to);

	if (to == NULL)
		return; /* the reports say RETRY */
	for (size_t i = 0; i < a->lease.count; i++)
		to[i] = a->lease.recipients[i].address;
	mail.recipients = to;
	if (r->conf->relay != NULL) {
		options.client.user = r->conf->relay_user;
		options.client.password = r->conf->relay_password;
		options.client.tls_first = view_ends(
		    view_of(r->conf->relay), VIEW(":465"));
	}
	route_send(&options, &mail, a->arena, a->reports, &a->host);
}

/* Old mail fails for the reason it was held up for so long. */
static void
expire(struct attempt *a)
{
	for (size_t i = 0; i < a->lease.count; i++) {
		struct client_report *report = &a->reports[i];

		if (report->outcome != QUEUE_RETRY || !is_too_old(a))
			continue;
		report->outcome = QUEUE_FAILED;
		report->status = VIEW("4.4.7");
	}
}

static result
bounce(struct attempt *a, bool *queued)
{
	const struct queue_message *m = &a->lease.message;
	struct bounce_recipient *list
	    = arena_array(a->arena, a->lease.count, sizeof *list);
	struct bounce b = {
		.hostname = a->runner->conf->hostname,
		.id = arena_print(a->arena, "%lld.%016llx", (long long)m->id,
		    (unsigned long long)random_number(UINT64_MAX)),
		.sender = m->sender,
		.message = m->data,
		.arrived = m->created,
		.now = a->now,
		.recipients = list,
		.signer = a->runner->signer,
	};

	TRY(arena_result(a->arena));
	for (size_t i = 0; i < a->lease.count; i++) {
		const struct client_report *report = &a->reports[i];

		if (report->outcome == QUEUE_FAILED)
			list[b.count++] = (struct bounce_recipient){
				.address = a->lease.recipients[i].address,
				.status = report->status,
				.diagnostic = report->text,
				.remote = report->remote ? a->host : VIEW(""),
			};
	}
	return bounce_send(a->runner->store, &b, queued);
}

static result
settle_one(struct attempt *a, size_t i)
{
	const struct queue_recipient *to = &a->lease.recipients[i];
	const struct client_report *report = &a->reports[i];
	int64_t next = retry_next(a->now, to->attempts);

	/* What we broke off ourselves need not wait. */
	if (atomic_load(&a->runner->stopping))
		next = a->now;
	log_line(report->outcome == QUEUE_SENT ? LOG_INFO : LOG_WARNING,
	    "queue.attempt",
	    "queue=%lld recipient=%lld host=%.*s outcome=%s status=%.*s"
	    " attempts=%d",
	    (long long)a->lease.message.id, (long long)to->id,
	    LOG_VIEW(a->host),
	    report->outcome == QUEUE_SENT       ? "sent"
		: report->outcome == QUEUE_FAILED ? "failed"
						  : "retry",
	    LOG_VIEW(report->status), to->attempts + 1);
	return queue_settle(a->runner->store, a->lease.message.id, to->id,
	    report->outcome, next, report->text);
}

/* The bounce is durable before the recipient is forgotten; a crash between
 * makes two bounces, never none. */
static result
settle(struct attempt *a)
{
	bool queued = false;

	TRY(bounce(a, &queued));
	TRY(store_sync(a->runner->store));
	for (size_t i = 0; i < a->lease.count; i++)
		TRY(settle_one(a, i));
	TRY(store_sync(a->runner->store));
	if (queued)
		tell_work(a->runner);
	return done();
}

static void
work_on(struct attempt *a)
{
	size_t here = 0;
	result r;

	a->reports = arena_array(a->arena, a->lease.count, sizeof *a->reports);
	if (a->reports == NULL)
		return; /* the lease falls back */
	a->host = VIEW("");
	for (size_t i = 0; i < a->lease.count; i++) {
		a->reports[i] = (struct client_report){
			.outcome = QUEUE_RETRY, .status = VIEW("4.3.0")
		};
		here += deliver_here(a, i) ? 1 : 0;
	}
	/* A lease is of one domain: all are here, or none is. */
	if (here == 0)
		deliver_away(a);
	a->now = clock_now();
	expire(a);
	r = settle(a);
	if (r.is != OK)
		log_line(LOG_ERROR, "queue.settle", "queue=%lld why=%s",
		    (long long)a->lease.message.id, r.why);
}

static void
work_leased(struct attempt *a)
{
	struct runner *r = a->runner;
	struct attempt **at = &r->attempts;

	(void)pthread_mutex_lock(&r->lock);
	a->next = r->attempts;
	r->attempts = a;
	(void)pthread_mutex_unlock(&r->lock);
	work_on(a);
	(void)pthread_mutex_lock(&r->lock);
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	(void)pthread_mutex_unlock(&r->lock);
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
	int64_t most = clock_now() + LOOK_SECONDS;
	struct timespec until = { .tv_sec = wake < most ? wake : most };

	(void)pthread_mutex_lock(&r->lock);
	while (r->news == seen && !atomic_load(&r->stopping))
		if (pthread_cond_timedwait(&r->work, &r->lock, &until) != 0)
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
	sigset_t pipes;

	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE); /* see link.h */
	(void)pthread_sigmask(SIG_BLOCK, &pipes, NULL);
	while (!atomic_load(&r->stopping)) {
		struct attempt a = {
			.runner = r,
			.arena = arena_new(ATTEMPT_BUDGET
			    + 2 * (size_t)r->conf->message_limit),
			.now = clock_now(),
		};
		uint64_t seen = news(r);
		int64_t wake = INT64_MAX;
		result got = queue_lease(r->store, a.arena, a.now,
		    LEASE_SECONDS, &a.lease, &wake);

		if (got.is == OK)
			work_leased(&a);
		else if (got.is != NOT_FOUND)
			wake = a.now + LOOK_SECONDS;
		arena_free(&a.arena);
		if (got.is != OK)
			wait_for_work(r, seen, wake);
	}
	return NULL;
}

result
runner_new(struct runner **out, struct store *store, const struct conf *conf,
    struct tls *tls, struct post *post)
{
	struct runner *r = calloc(1, sizeof *r);
	result outcome;

	if (r == NULL)
		abort();
	r->store = store;
	r->conf = conf;
	r->tls = tls;
	r->post = post;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->work, NULL);
	r->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	outcome = r->stop < 0 ? fail(FAILED, "no eventfd")
			      : resolver_new(&r->resolver, conf->resolver);
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
			renewed = clock_steady_ms();
		}
		while (fds[1].revents != 0 && post_receive(r->post, &m))
			if (m.kind == MSG_QUEUE)
				tell_work(r);
			else if (r->heard != NULL)
				r->heard(r->heard_context, m);
	}
}

result
runner_run(struct runner *r)
{
	pthread_t threads[RUNNER_THREADS];
	size_t count = 0;

	/* Of a process that was killed; there is no other one. */
	TRY(queue_release(r->store, clock_now()));
	while (count < RUNNER_THREADS
	    && pthread_create(&threads[count], NULL, run_thread, r) == 0)
		count++;
	if (count > 0)
		listen_to_post(r);
	runner_stop(r);
	tell_work(r);
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
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
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
	*runner = NULL;
}
