/* Outbound delivery. */
#include "davd/push.h"
#include "davd/role.h"

#include "mailcore/base/limits.h"
#include "mailcore/smtp/runner.h"
#include "mailcore/sys/log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

struct queue {
	struct role *role;
	pthread_mutex_t lock; /* for the next four */
	struct runner *runner;
	struct pusher *pusher; /* lives as long as the runner */
	bool ends;
	struct conf next; /* the runner's from its next start on */
	struct arena *next_arena;
	_Atomic bool done;
};

static bool
same_text(const char *a, const char *b)
{
	return view_eq(view_of(a), view_of(b));
}

static bool
routes_alike(const struct routes *a, const struct routes *b)
{
	struct buf one = buf_new(LIMIT_CONFIGURATION);
	struct buf other = buf_new(LIMIT_CONFIGURATION);
	bool alike;

	routes_write(a, &one);
	routes_write(b, &other);
	alike = view_eq(buf_view(&one), buf_view(&other));
	buf_free(&one);
	buf_free(&other);
	return alike;
}

static bool
sends_alike(const struct conf *a, const struct conf *b)
{
	return same_text(a->hostname, b->hostname)
	    && same_text(a->relay, b->relay)
	    && same_text(a->relay_user, b->relay_user)
	    && same_text(a->relay_password, b->relay_password)
	    && same_text(a->resolver, b->resolver)
	    && same_text(a->trust_anchor, b->trust_anchor)
	    && routes_alike(&a->routes, &b->routes)
	    && a->tls_reports == b->tls_reports
	    && a->remote_https_port == b->remote_https_port
	    && a->remote_smtp_port == b->remote_smtp_port
	    && a->message_limit == b->message_limit && a->push == b->push;
}

/* Other settings for sending need another runner; leases see to it that
 * nothing is lost between the two.  While one ends, others may be waiting
 * already. */
static void
reload(struct queue *q)
{
	struct conf fresh;
	struct arena *arena = role_reload(q->role, &fresh);
	const struct conf *newest
	    = q->next_arena != NULL ? &q->next : &q->role->conf;

	if (arena == NULL || sends_alike(&fresh, newest)) {
		arena_free(&arena);
		return;
	}
	arena_free(&q->next_arena);
	q->next_arena = arena;
	q->next = fresh;
	if (q->runner != NULL)
		runner_stop(q->runner);
}

static void *
watch_signals(void *queue)
{
	struct queue *q = queue;
	struct pollfd p = { .fd = q->role->signals, .events = POLLIN };

	while (!q->done) {
		int signal;

		(void)poll(&p, 1, -1);
		signal = role_signal(q->role);
		(void)pthread_mutex_lock(&q->lock);
		if (signal == SIGHUP) {
			reload(q);
		} else if (signal != 0) {
			q->ends = true;
			if (q->runner != NULL)
				runner_stop(q->runner);
		}
		(void)pthread_mutex_unlock(&q->lock);
	}
	return NULL;
}

static void
on_change(void *role, int64_t account)
{
	struct role *r = role;

	post_send_changed(r->post, account);
}

/* Changes that other roles make; what is delivered from here into calendars
 * is told of with the next of them. */
static void
on_post(void *pusher, struct msg m)
{
	if (m.kind == MSG_ACCOUNT || m.kind == MSG_PUSH)
		pusher_hear(pusher, m.number, m.kind == MSG_PUSH);
}

/* Mail goes out whatever becomes of this. */
static void
start_pusher(struct queue *q)
{
	struct role *r = q->role;
	result started;

	if (r->conf.push == CONF_PUSH_OFF)
		return;
	started = pusher_start(&q->pusher, r->store, &r->conf, r->tls,
	    r->signer);
	if (started.is == OK)
		runner_hear(q->runner, on_post, q->pusher);
	else
		log_line(LOG_ERROR, "push.start", "why=\"%s\"", started.why);
}

/* A runner with the newest settings; none when it is time to end. */
static result
next_runner(struct queue *q)
{
	struct role *r = q->role;
	result made = done();

	(void)pthread_mutex_lock(&q->lock);
	if (q->next_arena != NULL) {
		arena_free(&r->arena);
		r->arena = q->next_arena;
		r->conf = q->next;
		q->next_arena = NULL;
	}
	if (!q->ends)
		made = runner_new(&q->runner, r->store, &r->conf, r->tls,
		    r->post);
	if (!q->ends && made.is == OK) {
		runner_sign_with(q->runner, r->signer);
		start_pusher(q);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return made;
}

static void
end_runner(struct queue *q)
{
	pusher_stop(&q->pusher);
	(void)pthread_mutex_lock(&q->lock);
	runner_free(&q->runner);
	(void)pthread_mutex_unlock(&q->lock);
}

static result
run_until_end(struct queue *q)
{
	result ran = next_runner(q);

	if (ran.is == OK)
		role_ready(q->role);
	while (ran.is == OK && q->runner != NULL) {
		ran = runner_run(q->runner);
		end_runner(q);
		if (ran.is == OK)
			ran = next_runner(q);
	}
	return ran;
}

result
role_queue(struct role *r)
{
	struct queue q = { .role = r };
	pthread_t watcher;
	result ran;

	(void)pthread_mutex_init(&q.lock, NULL);
	store_listen(r->store, on_change, r);
	if (pthread_create(&watcher, NULL, watch_signals, &q) != 0)
		return fail(FAILED, "a thread could not be started");
	ran = run_until_end(&q);
	q.done = true;
	/* Wakes it: signals are blocked everywhere and read from there. */
	(void)pthread_kill(watcher, SIGTERM);
	(void)pthread_join(watcher, NULL);
	end_runner(&q);
	arena_free(&q.next_arena);
	(void)pthread_mutex_destroy(&q.lock);
	return ran;
}
