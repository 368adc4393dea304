#include "mailcore/sys/net.h"

#include "mailcore/sys/count.h"
#include "mailcore/sys/log.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

struct conn *
conn_new(const struct listener *from, int fd, const struct peer *peer,
    struct peer_count *count)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->from = from;
	c->protocol = from->protocol;
	c->fd = fd;
	c->peer = *peer;
	c->count = count;
	c->in = buf_new(NET_INPUT_MAX);
	c->out = buf_new(NET_OUTPUT_MAX);
	count_level(c->protocol->name, 1);
	return c;
}

static void
begin_handshake(struct conn *c)
{
	c->state = CONN_HANDSHAKE;
	c->ssl = tls_accept(c->loop->net->tls, c->protocol->alpn);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1) {
		SSL_free(c->ssl);
		c->ssl = NULL;
		c->broken = c->eof = true;
	}
	loop_allow(c, NET_HANDSHAKE_SECONDS);
}

void
conn_begin(struct conn *c)
{
	struct net *n = c->loop->net;

	c->deadline = c->loop->now + NET_HANDSHAKE_SECONDS;
	loop_wheel_add(c->loop, c);
	if (n->stopping) {
		conn_free(c);
		return;
	}
	if (c->from->mode == NET_TLS) {
		begin_handshake(c);
		conn_advance(c);
		return;
	}
	c->state = CONN_SESSION;
	worker_queue(c, JOB_OPEN);
}

void
conn_free(struct conn *c)
{
	struct loop *l = c->loop;
	struct net *n = l->net;

	watch_set(c, 0);
	loop_wheel_remove(l, c);
	stream_want(c, 0);
	if (c->hold != NULL)
		event_free(c->hold);
	c->hold = NULL;
	SSL_free(c->ssl);
	deflate_free(&c->deflate);
	(void)close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	if (c->count != NULL)
		peers_drop(n, c->count);
	n->connections--;
	count_level(c->protocol->name, -1);
	/* Nobody can post it any more, but somebody may have. */
	(void)pthread_mutex_lock(&l->lock);
	c->dead = c->posted != 0;
	(void)pthread_mutex_unlock(&l->lock);
	if (!c->dead)
		free(c);
}

void
conn_discard(struct conn *c)
{
	if (c->session != NULL)
		c->protocol->close(c->session);
	c->session = NULL;
	conn_free(c);
}

/* Close our end; the session ends on a worker. */
static void
finish(struct conn *c)
{
	stream_want(c, 0);
	stream_shut(c);
	deflate_free(&c->deflate);
	buf_free(&c->in);
	buf_free(&c->out);
	c->in_at = c->out_at = 0;
	c->state = CONN_LINGER;
	loop_allow(c, NET_LINGER_SECONDS);
	if (c->session != NULL)
		worker_queue(c, JOB_CLOSE);
}

/* Each of the following does one thing; true: look again what is next. */

static bool
linger(struct conn *c)
{
	if (stream_drain(c) == STREAM_ENDED)
		conn_free(c);
	return false;
}

static bool
handshake(struct conn *c)
{
	enum stream s = c->broken ? STREAM_ENDED : stream_handshake(c);

	if (s == STREAM_BLOCKED)
		return false;
	if (s == STREAM_ENDED) {
		finish(c);
		return true;
	}
	c->peer.tls = true;
	tls_bind(c->ssl, &c->peer.binding);
	c->readable = true;
	c->state = CONN_SESSION;
	if (c->session == NULL) {
		worker_queue(c, JOB_OPEN);
		return false;
	}
	c->protocol->secured(c->session);
	if (c->protocol->greets_again)
		c->next = STEP_CONTINUE;
	loop_allow(c, c->patience);
	return true;
}

/* RFC 3207 6, RFC 2595 2.1: what came in clear behind the command may be
 * somebody else's words put into this client's mouth. */
static bool
start_tls(struct conn *c)
{
	c->next = STEP_READ;
	if (c->in_at < c->in.n || deflate_has_input(c->deflate)) {
		log_line(LOG_WARNING, "tls.injection", "protocol=%s peer=%s",
		    c->protocol->name, c->peer.address);
		finish(c);
		return true;
	}
	begin_handshake(c);
	return true;
}

static bool
start_deflate(struct conn *c)
{
	c->next = STEP_READ;
	c->deflate = deflate_new(view_from(buf_view(&c->in), c->in_at));
	buf_free(&c->in);
	c->in_at = 0;
	return true;
}

static bool
say_farewell(struct conn *c, enum farewell why)
{
	c->protocol->farewell(c->session, why, &c->out);
	c->next = STEP_CLOSE;
	loop_allow(c, NET_FAREWELL_SECONDS);
	return true;
}

/* Nothing to do: wait for the peer, holding no buffers. */
static bool
rest(struct conn *c)
{
	if (c->in_at == c->in.n) {
		buf_free(&c->in);
		c->in_at = 0;
	}
	buf_free(&c->out);
	stream_want(c, EV_READ);
	return false;
}

static bool
read_more(struct conn *c)
{
	if (c->in.n - c->in_at + NET_INPUT_PIECE > NET_INPUT_MAX) {
		log_line(LOG_ERROR, "net.stuck",
		    "protocol=%s peer=%s bytes=%zu", c->protocol->name,
		    c->peer.address, c->in.n - c->in_at);
		finish(c);
		return true;
	}
	if (!c->readable && !deflate_has_input(c->deflate))
		return rest(c);
	switch (stream_receive(c)) {
	case STREAM_DONE:
	case STREAM_ENDED:
		return true;
	case STREAM_BLOCKED:
		break;
	}
	return rest(c);
}

static bool
queue(struct conn *c, enum job job)
{
	worker_queue(c, job);
	return false;
}

static void
release(int fd, short what, void *conn)
{
	struct conn *c = conn;

	(void)fd;
	(void)what;
	event_free(c->hold);
	c->hold = NULL;
	conn_advance(c);
}

static void
hold(struct conn *c)
{
	const struct timeval t = { c->delay_ms / 1000,
		(suseconds_t)(c->delay_ms % 1000) * 1000 };

	c->hold = evtimer_new(c->loop->base, release, c);
	if (c->hold == NULL || evtimer_add(c->hold, &t) != 0)
		abort();
}

/* A session has run: what it wants is seen to. */
static void
settle(struct conn *c)
{
	watch_set(c, c->watch_wanted);
	loop_allow(c, c->patience + c->delay_ms / 1000);
	if (buf_result(&c->out).is != OK) {
		log_line(LOG_ERROR, "net.answer", "protocol=%s why=\"%s\"",
		    c->protocol->name, buf_result(&c->out).why);
		c->broken = true;
	}
	if (c->delay_ms > 0 && !c->loop->net->stopping)
		hold(c);
}

/* Quick, and all that came: pipelined units are a worker's, who answers them
 * together. */
static bool
is_quick(const struct conn *c)
{
	view rest = view_from(buf_view(&c->in), c->in_at);

	return c->protocol->quick != NULL && rest.n == c->unit
	    && c->protocol->quick(c->session, rest);
}

static bool
run_unit(struct conn *c)
{
	if (!is_quick(c))
		return queue(c, JOB_RUN);
	worker_run_here(c);
	settle(c);
	return true;
}

/* All is sent and nobody has the session: what now? */
static bool
serve(struct conn *c)
{
	if (c->next == STEP_CLOSE || c->broken) {
		finish(c);
		return true;
	}
	if (c->next == STEP_CONTINUE)
		return queue(c, JOB_CONTINUE);
	if (c->next == STEP_START_TLS)
		return start_tls(c);
	if (c->next == STEP_START_DEFLATE)
		return start_deflate(c);
	if (c->loop->net->stopping)
		return say_farewell(c, FAREWELL_SHUTDOWN);
	if (c->waking) {
		c->waking = false;
		return queue(c, JOB_WAKE);
	}
	c->unit = c->protocol->ready(c->session,
	    view_from(buf_view(&c->in), c->in_at));
	if (c->unit > 0)
		return run_unit(c);
	if (c->eof && !deflate_has_input(c->deflate)) {
		finish(c);
		return true;
	}
	return read_more(c);
}

static bool
send_all(struct conn *c)
{
	if (!stream_unsent(c))
		return true;
	switch (stream_send(c)) {
	case STREAM_DONE:
	case STREAM_ENDED:
		return true;
	case STREAM_BLOCKED:
		break;
	}
	return false;
}

static bool
advance_once(struct conn *c)
{
	if (c->job != JOB_NONE || c->hold != NULL)
		return false;
	switch (c->state) {
	case CONN_HANDSHAKE:
		return handshake(c);
	case CONN_LINGER:
		return linger(c);
	case CONN_SESSION:
		break;
	}
	return (c->broken || send_all(c)) && serve(c);
}

void
conn_advance(struct conn *c)
{
	while (advance_once(c))
		;
}

void
conn_event(int fd, short what, void *conn)
{
	struct conn *c = conn;

	(void)fd;
	/* Busy: ask no more until that is done, or epoll goes on telling. */
	if (c->job != JOB_NONE) {
		if (loop_still_busy(c))
			stream_want(c, 0);
		else
			loop_take_posts(c->loop);
		return;
	}
	if (what & EV_READ)
		c->readable = true;
	if (c->hold != NULL)
		stream_want(c, 0);
	else
		conn_advance(c);
}

void
conn_done(struct conn *c)
{
	c->job = JOB_NONE;
	if (c->state == CONN_LINGER) {
		conn_advance(c);
		return;
	}
	settle(c);
	conn_advance(c);
}

void
conn_expired(struct conn *c)
{
	if (c->job != JOB_NONE || c->hold != NULL) {
		loop_allow(c, 1);
		return;
	}
	if (c->state == CONN_LINGER) {
		conn_free(c);
		return;
	}
	log_line(LOG_INFO, "net.timeout", "protocol=%s peer=%s",
	    c->protocol->name, c->peer.address);
	if (c->state == CONN_HANDSHAKE || stream_unsent(c)) {
		/* It does not even take what it asked for. */
		c->broken = c->eof = true;
		finish(c);
	} else {
		(void)say_farewell(c, FAREWELL_TIMEOUT);
	}
	conn_advance(c);
}

void
conn_stop(struct conn *c)
{
	if (c->job != JOB_NONE)
		return;
	if (c->state == CONN_HANDSHAKE && c->session == NULL) {
		conn_free(c);
		return;
	}
	if (c->state == CONN_HANDSHAKE) {
		c->broken = c->eof = true;
		finish(c);
	} else if (c->hold != NULL) {
		event_free(c->hold);
		c->hold = NULL;
	}
	conn_advance(c);
}
