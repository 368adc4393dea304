#include "mailcore/sys/net.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

void
loop_wheel_add(struct loop *l, struct conn *c)
{
	c->slot = (unsigned)(c->deadline % NET_WHEEL);
	c->visit = c->deadline;
	c->wheel_prev = NULL;
	c->wheel_next = l->wheel[c->slot];
	if (c->wheel_next != NULL)
		c->wheel_next->wheel_prev = c;
	l->wheel[c->slot] = c;
	l->count++;
}

void
loop_wheel_remove(struct loop *l, struct conn *c)
{
	if (c->wheel_prev == NULL)
		l->wheel[c->slot] = c->wheel_next;
	else
		c->wheel_prev->wheel_next = c->wheel_next;
	if (c->wheel_next != NULL)
		c->wheel_next->wheel_prev = c->wheel_prev;
	l->count--;
}

/* Later deadlines, the usual case, cost nothing: the wheel finds out when it
 * comes to the connection. */
void
loop_allow(struct conn *c, unsigned seconds)
{
	c->deadline = c->loop->now + seconds + 1;
	if (c->deadline < c->visit) {
		loop_wheel_remove(c->loop, c);
		loop_wheel_add(c->loop, c);
	}
}

void
loop_call(struct loop *l)
{
	const uint64_t one = 1;
	int kept = errno;
	ssize_t n = write(l->inbox_fd, &one, sizeof one);

	/* Full: then it is readable anyway. */
	(void)n;
	errno = kept;
}

/* The lock is held.  true: the loop must be called. */
static bool
post(struct loop *l, struct conn *c, unsigned what, bool quietly)
{
	bool call = !l->called && (!quietly || c->told);

	if (c->posted == 0) {
		c->post_next = NULL;
		if (l->first == NULL)
			l->first = c;
		else
			l->last->post_next = c;
		l->last = c;
	}
	c->posted |= what;
	l->called = l->called || call;
	return call;
}

void
loop_post(struct loop *l, struct conn *c, unsigned what)
{
	bool call;

	(void)pthread_mutex_lock(&l->lock);
	call = post(l, c, what, false);
	(void)pthread_mutex_unlock(&l->lock);
	if (call)
		loop_call(l);
}

void
loop_post_quietly(struct loop *l, struct conn *c)
{
	bool call;

	(void)pthread_mutex_lock(&l->lock);
	call = post(l, c, POST_DONE, true);
	(void)pthread_mutex_unlock(&l->lock);
	if (call)
		loop_call(l);
}

bool
loop_still_busy(struct conn *c)
{
	bool busy;

	(void)pthread_mutex_lock(&c->loop->lock);
	busy = (c->posted & POST_DONE) == 0;
	c->told = true;
	(void)pthread_mutex_unlock(&c->loop->lock);
	return busy;
}

static struct conn *
take(struct loop *l, unsigned *what)
{
	struct conn *c;

	(void)pthread_mutex_lock(&l->lock);
	c = l->first;
	if (c == NULL) {
		l->called = false;
	} else {
		l->first = c->post_next;
		*what = c->posted;
		c->posted = 0;
		if (*what & POST_DONE) {
			c->readable = c->readable || c->told;
			c->told = false;
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
	return c;
}

static void
handle(struct conn *c, unsigned what)
{
	if (c->dead) {
		free(c);
		return;
	}
	if (what & POST_ADOPT) {
		conn_begin(c);
		return;
	}
	if (what & POST_WAKE) {
		c->waking = c->watching != 0;
		/* The worker that has it may have looked before that, and
		 * would give it back quietly. */
		if (c->job != JOB_NONE && (what & POST_DONE) == 0)
			(void)loop_still_busy(c);
	}
	if (what & POST_DONE)
		conn_done(c);
	else
		conn_advance(c);
}

/* Runs `each` for every connection; it may free the one it is given. */
static void
for_all(struct loop *l, void (*each)(struct conn *))
{
	for (size_t i = 0; i < NET_WHEEL; i++) {
		struct conn *c, *next;

		for (c = l->wheel[i]; c != NULL; c = next) {
			next = c->wheel_next;
			each(c);
		}
	}
}

static void
end_if_empty(struct loop *l)
{
	if (l->stopping && l->count == 0)
		(void)event_base_loopbreak(l->base);
}

static void
close_listeners(struct net *n)
{
	for (struct listener *s = n->listeners; s != NULL; s = s->next) {
		(void)event_del(s->ready);
		(void)evtimer_del(s->again);
		(void)close(s->fd);
		s->fd = -1;
	}
}

static void
stop(struct loop *l)
{
	const struct timeval t = { l->net->grace_ms / 1000,
		(suseconds_t)(l->net->grace_ms % 1000) * 1000 };

	l->stopping = true;
	if (l == l->net->loops[0]) {
		close_listeners(l->net);
		for (size_t i = 1; i < l->net->loop_count; i++)
			loop_call(l->net->loops[i]);
	}
	(void)evtimer_add(l->grace, &t);
	for_all(l, conn_stop);
}

void
loop_take_posts(struct loop *l)
{
	struct conn *c;
	unsigned posted = 0;

	while ((c = take(l, &posted)) != NULL)
		handle(c, posted);
}

static void
on_inbox(int fd, short what, void *loop)
{
	struct loop *l = loop;
	uint64_t calls;
	ssize_t n = read(fd, &calls, sizeof calls);

	(void)what;
	(void)n;
	loop_take_posts(l);
	if (l->net->stopping && !l->stopping)
		stop(l);
	end_if_empty(l);
}

static void
on_grace(int fd, short what, void *loop)
{
	struct loop *l = loop;

	(void)fd;
	(void)what;
	log_line(LOG_WARNING, "net.grace", "connections=%zu", l->count);
	(void)event_base_loopbreak(l->base);
}

static void
tick(struct loop *l)
{
	struct conn *c, *next;

	for (c = l->wheel[l->now % NET_WHEEL]; c != NULL; c = next) {
		next = c->wheel_next;
		if (c->deadline > l->now) {
			/* It has moved on, or is due in a later round. */
			loop_wheel_remove(l, c);
			loop_wheel_add(l, c);
			continue;
		}
		/* In its new place in the wheel before it may be freed. */
		loop_wheel_remove(l, c);
		c->deadline = l->now + 1;
		loop_wheel_add(l, c);
		conn_expired(c);
	}
}

static void
on_tick(int fd, short what, void *loop)
{
	struct loop *l = loop;
	int64_t now = clock_steady_ms() / 1000;

	(void)fd;
	(void)what;
	loop_take_posts(l);
	/* After a long pause every slot once is enough. */
	if (now - l->now > NET_WHEEL)
		l->now = now - NET_WHEEL;
	while (l->now < now) {
		l->now++;
		tick(l);
	}
	end_if_empty(l);
}

void *
loop_run(void *loop)
{
	struct loop *l = loop;

	l->now = clock_steady_ms() / 1000;
	(void)event_base_dispatch(l->base);
	return NULL;
}

static result
set_up(struct loop *l)
{
	const struct timeval second = { 1, 0 };

	l->base = event_base_new();
	l->inbox_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->base == NULL || l->inbox_fd < 0) {
		log_line(LOG_ERROR, "net.loop", "error=\"%s\"",
		    strerror(errno));
		return fail(FAILED, "no event loop");
	}
	l->inbox = event_new(l->base, l->inbox_fd, EV_READ | EV_PERSIST,
	    on_inbox, l);
	l->tick = event_new(l->base, -1, EV_PERSIST, on_tick, l);
	l->grace = evtimer_new(l->base, on_grace, l);
	if (l->inbox == NULL || l->tick == NULL || l->grace == NULL
	    || event_add(l->inbox, NULL) != 0
	    || event_add(l->tick, &second) != 0)
		return fail(FAILED, "no event loop");
	return done();
}

result
loop_new(struct loop **out, struct net *n)
{
	struct loop *l = calloc(1, sizeof *l);
	result r;

	if (l == NULL)
		abort();
	l->net = n;
	l->inbox_fd = -1;
	l->now = clock_steady_ms() / 1000;
	(void)pthread_mutex_init(&l->lock, NULL);
	r = set_up(l);
	if (r.is == OK) {
		*out = l;
		l = NULL;
	}
	loop_free(&l);
	return r;
}

void
loop_free(struct loop **ll)
{
	struct loop *l = *ll;
	struct conn *c;
	unsigned what;

	*ll = NULL;
	if (l == NULL)
		return;
	for_all(l, conn_discard);
	while ((c = take(l, &what)) != NULL) {
		if (!c->dead) { /* accepted, never begun */
			(void)close(c->fd);
			if (c->count != NULL)
				peers_drop(l->net, c->count);
		}
		free(c);
	}
	if (l->inbox != NULL)
		event_free(l->inbox);
	if (l->tick != NULL)
		event_free(l->tick);
	if (l->grace != NULL)
		event_free(l->grace);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->inbox_fd >= 0)
		(void)close(l->inbox_fd);
	deflate_end(l);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
