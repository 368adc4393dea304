/*
 * Staying with a busy connection.
 *
 * Handing a unit to a worker wakes two threads for it: that of the loop and
 * the worker.  One client that waits for each answer and then asks at once
 * pays for both each time, and on a busy machine waits for both to be given a
 * processor.  A worker stays with such a connection and waits for its socket
 * itself, a moment only, while no other work is there.
 *
 * Not with one whose units take long: they wait for the disk, and a kernel
 * that shares out processors has one thread that does it all wait longer than
 * many in turn.
 */
#include "mailcore/sys/net.h"

#include "mailcore/sys/clock.h"

#include <poll.h>

enum {
	BRISK_US = 2000, /* a unit that came so soon after an answer, ... */
	SHORT_US = 250,  /* to one that took no longer, ... */
	BRISK_FROM = 8,  /* so many times in a row */
	WAIT_MS = 2,     /* for the next one */
	STAY_US = 1000000 /* then the loop has a look at it */
};

/* At most half of the workers. */
static bool
take_place(struct net *n)
{
	if (n->staying++ < n->worker_count / 2)
		return true;
	n->staying--;
	return false;
}

void
stay_begin(struct conn *c)
{
	int64_t now = clock_steady_us();

	if (now - c->answered > BRISK_US || c->took > SHORT_US)
		c->brisk = 0;
	else if (c->brisk < BRISK_FROM)
		c->brisk++;
	c->stays = c->brisk == BRISK_FROM && c->deflate == NULL
	    && take_place(c->loop->net);
	if (!c->stays)
		return;
	c->stay_until = now + STAY_US;
	/* Its worker is the one that hears of more. */
	stream_want(c, 0);
}

void
stay_end(struct conn *c)
{
	if (c->stays)
		c->loop->net->staying--;
	c->stays = false;
}

/* All is said and done, and nothing but more input is waited for. */
static bool
may_wait(const struct conn *c)
{
	const struct net *n = c->loop->net;

	return c->took <= SHORT_US && c->next == STEP_READ
	    && c->delay_ms == 0 && !c->readable
	    && !c->broken && !c->eof && !stream_unsent(c)
	    && c->in_at == c->in.n && c->watch_wanted == c->watching
	    && c->watching <= 0 && n->queued == 0 && !n->stopping
	    && c->answered < c->stay_until;
}

bool
stay_on(struct conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (!c->stays || !may_wait(c) || poll(&p, 1, WAIT_MS) <= 0)
		return false;
	stream_receive_here(c);
	c->unit = c->protocol->ready(c->session,
	    view_from(buf_view(&c->in), c->in_at));
	return c->unit > 0 && !c->broken;
}
