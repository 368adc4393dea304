#include "mailcore/sys/net.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

/* Sessions need little; libraries that they call (SQLite, argon2) have their
 * memory elsewhere. */
enum { WORKER_STACK = 2 << 20 };

static view
rest_of(const struct conn *c)
{
	return view_from(buf_view(&c->in), c->in_at);
}

static struct step
run_unit(struct conn *c, size_t n)
{
	view unit = view_first(rest_of(c), n);
	struct step s = c->protocol->run(c->session, unit, &c->out);

	c->in_at += unit.n;
	return s;
}

/* Pipelined units follow each other without going back to the loop. */
static struct step
run_units(struct conn *c)
{
	struct step s = run_unit(c, c->unit);

	for (int i = 1; i < NET_UNITS_AT_ONCE; i++) {
		size_t n;

		if (s.next != STEP_READ || s.delay_ms > 0
		    || c->out.n >= NET_OUTPUT_ENOUGH)
			break;
		n = c->protocol->ready(c->session, rest_of(c));
		if (n == 0)
			break;
		s = run_unit(c, n);
	}
	return s;
}

static struct step
open_session(struct conn *c)
{
	c->session = c->protocol->open(c->from->services, &c->peer, &c->out);
	return (struct step){ c->session == NULL ? STEP_CLOSE : STEP_READ, 0 };
}

static struct step
run_job(struct conn *c)
{
	switch (c->job) {
	case JOB_OPEN:
		return open_session(c);
	case JOB_RUN:
		return run_units(c);
	case JOB_CONTINUE:
		return c->protocol->run(c->session, VIEW(""), &c->out);
	case JOB_WAKE:
		return c->protocol->wake(c->session, &c->out);
	case JOB_CLOSE:
		c->protocol->close(c->session);
		c->session = NULL;
		break;
	case JOB_NONE:
		break;
	}
	return (struct step){ STEP_CLOSE, 0 };
}

static void
take_step(struct conn *c, struct step s)
{
	c->next = s.next;
	c->delay_ms = s.delay_ms;
	c->watch_wanted = 0;
	if (c->session != NULL) {
		c->watch_wanted = c->protocol->watching(c->session);
		c->patience = c->protocol->patience(c->session);
	}
}

void
worker_run_here(struct conn *c)
{
	c->wakes_seen = c->loop->net->wakes;
	take_step(c, run_unit(c, c->unit));
}

/* Nothing is left to do before the peer says more. */
static bool
only_waits(const struct conn *c)
{
	return c->armed && !c->readable && !c->broken && !c->eof
	    && c->deflate == NULL && !stream_unsent(c)
	    && c->in_at == c->in.n && c->watch_wanted == c->watching
	    && !c->loop->net->stopping;
}

static void
take_and_send(struct conn *c, struct step s)
{
	take_step(c, s);
	if ((c->next == STEP_READ || c->next == STEP_CONTINUE)
	    && c->delay_ms == 0)
		stream_send_early(c);
}

/* The peer takes what it gets as fast as it comes: the next piece, then. */
static bool
goes_on(const struct conn *c)
{
	return c->next == STEP_CONTINUE && c->delay_ms == 0 && !c->broken
	    && !stream_unsent(c) && buf_result(&c->out).is == OK
	    && !c->loop->net->stopping;
}

static bool
others_turn(const struct conn *c, int64_t begun)
{
	return c->loop->net->queued > 0
	    && clock_steady_us() - begun > NET_TURN_US;
}

static void
run_pieces(struct conn *c, int64_t begun)
{
	take_and_send(c, run_job(c));
	for (int i = 1; i < NET_PIECES_AT_ONCE && goes_on(c)
	     && !others_turn(c, begun); i++)
		take_and_send(c,
		    c->protocol->run(c->session, VIEW(""), &c->out));
}

static void
run_conn(struct conn *c)
{
	struct loop *loop = c->loop;

	do {
		int64_t begun = clock_steady_us();

		run_pieces(c, begun);
		c->answered = clock_steady_us();
		c->took = c->answered - begun;
	} while (stay_on(c));
	stay_end(c);
	/* From here on it is the loop's, and may be gone. */
	if (c->next == STEP_READ && c->delay_ms == 0 && only_waits(c))
		loop_post_quietly(loop, c);
	else
		loop_post(loop, c, POST_DONE);
}

static void
run_every(struct every *e)
{
	e->run(e->context);
	(void)pthread_mutex_lock(&e->net->job_lock);
	e->waiting = false;
	(void)pthread_mutex_unlock(&e->net->job_lock);
}

/* false: there is nothing more to do, ever. */
static bool
take(struct net *n, struct conn **c, struct every **e)
{
	(void)pthread_mutex_lock(&n->job_lock);
	while (n->job_first == NULL && n->every_first == NULL
	    && !n->workers_end)
		(void)pthread_cond_wait(&n->job_there, &n->job_lock);
	*e = n->every_first;
	*c = *e == NULL ? n->job_first : NULL;
	if (*e != NULL) {
		n->every_first = (*e)->job_next;
	} else if (*c != NULL) {
		n->job_first = (*c)->job_next;
		if (n->job_first == NULL)
			n->job_last = NULL;
		n->queued--;
	}
	(void)pthread_mutex_unlock(&n->job_lock);
	return *c != NULL || *e != NULL;
}

static void *
work(void *net)
{
	struct net *n = net;
	struct conn *c;
	struct every *e;

	while (take(n, &c, &e)) {
		if (e != NULL)
			run_every(e);
		else
			run_conn(c);
	}
	return NULL;
}

void
worker_queue(struct conn *c, enum job job)
{
	struct net *n = c->loop->net;

	c->job = job;
	c->job_next = NULL;
	c->wakes_seen = n->wakes;
	if (job == JOB_RUN)
		stay_begin(c);
	c->armed = c->interest == EV_READ;
	(void)pthread_mutex_lock(&n->job_lock);
	if (n->job_last == NULL)
		n->job_first = c;
	else
		n->job_last->job_next = c;
	n->job_last = c;
	n->queued++;
	(void)pthread_mutex_unlock(&n->job_lock);
	/* Not under the lock, on which who wakes would wait. */
	(void)pthread_cond_signal(&n->job_there);
}

void
worker_queue_every(struct every *e)
{
	struct net *n = e->net;

	(void)pthread_mutex_lock(&n->job_lock);
	if (!e->waiting) {
		e->waiting = true;
		e->job_next = n->every_first;
		n->every_first = e;
		(void)pthread_cond_signal(&n->job_there);
	}
	(void)pthread_mutex_unlock(&n->job_lock);
}

result
worker_start(struct net *n, size_t count)
{
	pthread_attr_t a;
	int error = 0;

	(void)pthread_attr_init(&a);
	(void)pthread_attr_setstacksize(&a, WORKER_STACK);
	while (n->worker_count < count && error == 0) {
		error = pthread_create(&n->workers[n->worker_count], &a, work,
		    n);
		if (error == 0)
			n->worker_count++;
	}
	(void)pthread_attr_destroy(&a);
	if (error == 0)
		return done();
	log_line(LOG_ERROR, "net.thread", "error=%d", error);
	return fail(FAILED, "a thread could not be started");
}

/* What is queued is still done. */
void
worker_stop(struct net *n)
{
	(void)pthread_mutex_lock(&n->job_lock);
	n->workers_end = true;
	(void)pthread_cond_broadcast(&n->job_there);
	(void)pthread_mutex_unlock(&n->job_lock);
	while (n->worker_count > 0)
		(void)pthread_join(n->workers[--n->worker_count], NULL);
}
