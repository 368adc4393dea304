/* Outbound delivery. */
#include "davd/role.h"

#include "mailcore/smtp/runner.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

struct queue {
	struct role *role;
	struct runner *runner;
	_Atomic bool ended;
};

/* Any signal ends the runner.  After SIGHUP the supervisor starts the role
 * again, with the new configuration: deliveries are leases, so nothing is
 * lost between. */
static void *
watch_signals(void *queue)
{
	struct queue *q = queue;
	struct pollfd p = { .fd = q->role->signals, .events = POLLIN };

	while (!q->ended) {
		(void)poll(&p, 1, -1);
		if (role_signal(q->role) != 0 && !q->ended)
			runner_stop(q->runner);
	}
	return NULL;
}

static void
on_change(void *role, int64_t account)
{
	struct role *r = role;

	post_send(r->post, (struct msg){ MSG_ACCOUNT, account });
}

result
role_queue(struct role *r)
{
	struct queue q = { .role = r };
	pthread_t watcher;
	result done;

	TRY(runner_new(&q.runner, r->store, &r->conf, r->tls, r->post));
	store_listen(r->store, on_change, r);
	if (pthread_create(&watcher, NULL, watch_signals, &q) != 0) {
		runner_free(&q.runner);
		return fail(FAILED, "a thread could not be started");
	}
	role_ready(r);
	done = runner_run(q.runner);
	q.ended = true;
	/* Wakes it: signals are blocked everywhere and read from there. */
	(void)pthread_kill(watcher, SIGTERM);
	(void)pthread_join(watcher, NULL);
	runner_free(&q.runner);
	return done;
}
