#include "mailcore/sys/net.h"

#include "mailcore/sys/log.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

enum {
	/* So that one fast reader does not keep its loop. */
	SEND_AT_ONCE = 1 << 20,
	CORK_FROM = 65536,
	HERE_AT_ONCE = 16384,
	DRAIN_AT_ONCE = 16
};

void
stream_want(struct conn *c, short what)
{
	if (c->interest == what)
		return;
	if (c->interest != 0)
		(void)event_del(&c->event);
	c->interest = what;
	if (what == 0)
		return;
	(void)event_assign(&c->event, c->loop->base, c->fd,
	    (short)(what | EV_PERSIST), conn_event, c);
	if (event_add(&c->event, NULL) != 0) {
		log_line(LOG_ERROR, "net.event", "fd=%d", c->fd);
		c->interest = 0;
	}
}

/* What a failed call of OpenSSL means; BLOCKED: an event is waited for. */
static enum stream
tls_outcome(struct conn *c, int returned)
{
	switch (SSL_get_error(c->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		c->readable = false;
		stream_want(c, EV_READ);
		return STREAM_BLOCKED;
	case SSL_ERROR_WANT_WRITE:
		stream_want(c, EV_WRITE);
		return STREAM_BLOCKED;
	case SSL_ERROR_ZERO_RETURN:
		c->eof = true;
		return STREAM_ENDED;
	default:
		/* OpenSSL allows no further call, not even a shutdown. */
		c->eof = true;
		c->broken = true;
		return STREAM_ENDED;
	}
}

enum stream
stream_handshake(struct conn *c)
{
	const char *why;
	bool hung_up;
	enum stream s;
	int n;

	ERR_clear_error();
	n = SSL_do_handshake(c->ssl);
	if (n == 1)
		return STREAM_DONE;
	why = ERR_reason_error_string(ERR_peek_error());
	/* Who only looks whether the port is open is no event. */
	hung_up = ERR_GET_REASON(ERR_peek_error())
	    == SSL_R_UNEXPECTED_EOF_WHILE_READING;
	s = tls_outcome(c, n);
	if (s == STREAM_ENDED) {
		log_line(hung_up ? LOG_DEBUG : LOG_INFO, "tls.refused",
		    "protocol=%s peer=%s why=\"%s\"", c->protocol->name,
		    c->peer.address, why == NULL ? "connection ended" : why);
		/* The alert has been written: let it arrive. */
		c->eof = false;
	}
	return s;
}

static enum stream
plain_outcome(struct conn *c, ssize_t returned, short waited_for)
{
	if (returned < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (waited_for == EV_READ)
			c->readable = false;
		stream_want(c, waited_for);
		return STREAM_BLOCKED;
	}
	c->eof = true;
	c->broken = c->broken || returned < 0;
	return STREAM_ENDED;
}

/* `n` bytes of the piece. */
static void
came(struct conn *c, size_t n)
{
	view v = { c->loop->piece, n };

	if (c->deflate == NULL)
		buf_add(&c->in, v);
	else
		deflate_feed(c->deflate, v);
}

static enum stream
receive_plain(struct conn *c)
{
	ssize_t n = recv(c->fd, c->loop->piece, sizeof c->loop->piece, 0);

	if (n <= 0)
		return plain_outcome(c, n, EV_READ);
	came(c, (size_t)n);
	/* A short read: the socket is empty, and epoll tells of more. */
	c->readable = (size_t)n == sizeof c->loop->piece;
	return STREAM_DONE;
}

static enum stream
receive_tls(struct conn *c)
{
	enum stream s = STREAM_DONE;
	size_t got = 0;

	ERR_clear_error();
	while (got < sizeof c->loop->piece) {
		int n = SSL_read(c->ssl, c->loop->piece + got,
		    (int)(sizeof c->loop->piece - got));

		if (n <= 0) {
			s = tls_outcome(c, n);
			break;
		}
		got += (size_t)n;
	}
	came(c, got);
	return got > 0 ? STREAM_DONE : s;
}

/* What is no compressed data ends the connection, after what came before. */
static void
inflate_some(struct conn *c)
{
	result r = deflate_take(c->loop, c->deflate, &c->in);

	if (r.is == OK)
		return;
	log_line(LOG_INFO, "net.deflate", "protocol=%s peer=%s why=\"%s\"",
	    c->protocol->name, c->peer.address, r.why);
	c->eof = true;
}

enum stream
stream_receive(struct conn *c)
{
	enum stream s = STREAM_DONE;

	/* Only what is not done yet stays. */
	buf_drop(&c->in, c->in_at);
	c->in_at = 0;
	if (!deflate_has_input(c->deflate))
		s = c->ssl == NULL ? receive_plain(c) : receive_tls(c);
	if (s == STREAM_DONE && c->deflate != NULL)
		inflate_some(c);
	return s;
}

/* TLS said so to a worker: nothing is to be waited for. */
static void
judge_here(struct conn *c)
{
	switch (SSL_get_error(c->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		c->readable = false;
		break;
	case SSL_ERROR_WANT_WRITE:
		break;
	case SSL_ERROR_ZERO_RETURN:
		c->eof = true;
		break;
	default:
		c->broken = c->eof = true;
	}
}

static void
receive_tls_here(struct conn *c, char *piece, size_t room)
{
	size_t got = 0, n;

	ERR_clear_error();
	while (got < room) {
		if (SSL_read_ex(c->ssl, piece + got, room - got, &n) != 1) {
			judge_here(c);
			break;
		}
		got += n;
	}
	buf_add(&c->in, (view){ piece, got });
}

void
stream_receive_here(struct conn *c)
{
	char piece[HERE_AT_ONCE];
	ssize_t n;

	buf_drop(&c->in, c->in_at);
	c->in_at = 0;
	/* Until it is known that there is no more. */
	c->readable = true;
	if (c->ssl != NULL) {
		receive_tls_here(c, piece, sizeof piece);
		return;
	}
	n = recv(c->fd, piece, sizeof piece, 0);
	if (n > 0) {
		buf_add(&c->in, (view){ piece, (size_t)n });
		c->readable = (size_t)n == sizeof piece;
	} else if (n == 0) {
		c->eof = true;
	} else if (errno == EAGAIN || errno == EINTR) {
		c->readable = false;
	} else {
		c->broken = c->eof = true;
	}
}

static enum stream
send_some(struct conn *c, view v, size_t *sent)
{
	ssize_t n;

	if (c->ssl != NULL) {
		ERR_clear_error();
		if (SSL_write_ex(c->ssl, v.p, v.n, sent) == 1)
			return STREAM_DONE;
		return tls_outcome(c, 0);
	}
	n = send(c->fd, v.p, v.n, MSG_NOSIGNAL);
	if (n < 0)
		return plain_outcome(c, n, EV_WRITE);
	*sent = (size_t)n;
	return STREAM_DONE;
}

bool
stream_unsent(const struct conn *c)
{
	return c->out_at < c->out.n
	    || (c->deflate != NULL && deflate_unsent(c->deflate).n > 0);
}

/* What is to be sent now; compressed, when the piece before is out. */
static view
next_piece(struct conn *c)
{
	view rest = view_from(buf_view(&c->out), c->out_at);

	if (c->deflate == NULL)
		return rest;
	if (deflate_unsent(c->deflate).n == 0) {
		rest = view_first(rest, NET_OUTPUT_ENOUGH);
		c->out_at += rest.n;
		deflate_add(c->loop, c->deflate, rest);
	}
	return deflate_unsent(c->deflate);
}

static enum stream
send_pieces(struct conn *c)
{
	size_t total = 0;

	while (stream_unsent(c)) {
		size_t sent = 0;
		enum stream s = send_some(c, next_piece(c), &sent);

		if (s != STREAM_DONE)
			return s;
		if (c->deflate == NULL)
			c->out_at += sent;
		else
			deflate_sent(c->deflate, sent);
		total += sent;
		loop_allow(c, c->patience);
		if (total >= SEND_AT_ONCE && stream_unsent(c)) {
			stream_want(c, EV_WRITE);
			return STREAM_BLOCKED;
		}
	}
	buf_reset(&c->out);
	c->out_at = 0;
	return STREAM_DONE;
}

static void
cork(struct conn *c, int on)
{
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

/* TLS writes each of its records (16 KiB) by itself: of many, the kernel had
 * better send what fills a packet. */
enum stream
stream_send(struct conn *c)
{
	bool many = c->ssl != NULL && c->out.n - c->out_at > CORK_FROM;
	enum stream s;

	if (many)
		cork(c, 1);
	s = send_pieces(c);
	if (many)
		cork(c, 0);
	return s;
}

/* Without asking for an event, which is the loop's.  false: no more goes. */
static bool
send_now(struct conn *c)
{
	view rest = view_from(buf_view(&c->out), c->out_at);
	size_t sent = 0;

	if (c->ssl != NULL) {
		ERR_clear_error();
		if (SSL_write_ex(c->ssl, rest.p, rest.n, &sent) != 1
		    && SSL_get_error(c->ssl, 0) != SSL_ERROR_WANT_WRITE
		    && SSL_get_error(c->ssl, 0) != SSL_ERROR_WANT_READ)
			c->broken = c->eof = true;
	} else {
		ssize_t n = send(c->fd, rest.p, rest.n, MSG_NOSIGNAL);

		sent = n > 0 ? (size_t)n : 0;
	}
	c->out_at += sent;
	return sent > 0;
}

void
stream_send_early(struct conn *c)
{
	size_t n = c->out.n - c->out_at;
	bool many = c->ssl != NULL && n > CORK_FROM;

	/* What must be compressed is for the loop, and what is more than a
	 * piece: its peer may be slow. */
	if (c->deflate != NULL || c->broken || n == 0 || n > SEND_AT_ONCE
	    || buf_result(&c->out).is != OK)
		return;
	if (many)
		cork(c, 1);
	while (c->out_at < c->out.n && send_now(c))
		continue;
	if (many)
		cork(c, 0);
	if (c->out_at < c->out.n)
		return;
	buf_reset(&c->out);
	c->out_at = 0;
}

void
stream_shut(struct conn *c)
{
	if (c->ssl != NULL) {
		if (!c->broken) {
			ERR_clear_error();
			(void)SSL_shutdown(c->ssl);
		}
		SSL_free(c->ssl);
		c->ssl = NULL;
	}
	(void)shutdown(c->fd, SHUT_WR);
}

enum stream
stream_drain(struct conn *c)
{
	for (int i = 0; i < DRAIN_AT_ONCE && !c->eof; i++) {
		ssize_t n = recv(c->fd, c->loop->piece, sizeof c->loop->piece,
		    0);

		if (n <= 0)
			return plain_outcome(c, n, EV_READ);
		c->drained += (size_t)n;
	}
	if (c->eof || c->drained > NET_LINGER_BYTES)
		return STREAM_ENDED;
	stream_want(c, EV_READ);
	return STREAM_BLOCKED;
}
