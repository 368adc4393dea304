/*
 * server.h - a mail server on loopback that answers by a script, for tests
 * of the sending side.  Each connection has its own list of answers: one a
 * line that comes, or one for a whole text after a 354.
 *
 *	"CLOSE"    end the connection
 *	"SILENT"   say nothing until the client goes away
 *	"TLS"      220, then the handshake
 *	"NOT TLS"  220, then something else, and the end
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include "mailcore/base/buf.h"
#include "mailcore/sys/tls.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_ANSWERS = 16, SERVER_CONNECTIONS = 4 };

struct server {
	const char *const (*script)[SERVER_ANSWERS]; /* a row a connection */
	size_t connections;
	struct tls *tls;
	struct buf heard; /* everything that came; to be read at the end */
	atomic_size_t heard_octets;
	int fd;
	unsigned port;
	pthread_t thread;
	/* of the present connection */
	int peer;
	SSL *ssl;
	struct buf in;
};

static inline void
server_say(struct server *s, view text)
{
	if (s->ssl != NULL)
		(void)SSL_write(s->ssl, text.p, (int)text.n);
	else
		(void)send(s->peer, text.p, text.n, MSG_NOSIGNAL);
}

static inline bool
server_read(struct server *s)
{
	char bytes[4096];
	ssize_t n = s->ssl != NULL ? SSL_read(s->ssl, bytes, sizeof bytes)
				   : recv(s->peer, bytes, sizeof bytes, 0);

	if (n <= 0)
		return false;
	buf_add(&s->in, (view){ bytes, (size_t)n });
	return true;
}

/* Take up to and with `end`; false: the client is gone. */
static inline bool
server_take(struct server *s, view end)
{
	size_t at;

	while ((at = view_find(buf_view(&s->in), end)) == SIZE_MAX)
		if (!server_read(s))
			return false;
	buf_add(&s->heard, view_first(buf_view(&s->in), at + end.n));
	atomic_fetch_add(&s->heard_octets, at + end.n);
	buf_drop(&s->in, at + end.n);
	return true;
}

static inline bool
server_tls(struct server *s)
{
	server_say(s, VIEW("220 go\r\n"));
	s->ssl = (SSL *)tls_accept(s->tls, NULL);
	SSL_set_fd(s->ssl, s->peer);
	return SSL_accept(s->ssl) == 1;
}

/* false: the connection is over. */
static inline bool
server_answer(struct server *s, view answer)
{
	if (view_eq(answer, VIEW("CLOSE")))
		return false;
	if (view_eq(answer, VIEW("TLS")))
		return server_tls(s);
	if (view_eq(answer, VIEW("NOT TLS"))) {
		server_say(s, VIEW("220 go\r\nthis is no handshake\r\n"));
		return false;
	}
	if (view_eq(answer, VIEW("SILENT"))) {
		while (server_read(s))
			continue;
		return false;
	}
	server_say(s, answer);
	server_say(s, VIEW("\r\n"));
	return true;
}

static inline void
server_talk(struct server *s, const char *const *answers)
{
	bool text = false;

	s->in = buf_new(1 << 20);
	s->ssl = NULL;
	for (size_t i = 0; i < SERVER_ANSWERS && answers[i] != NULL; i++) {
		view answer = view_of(answers[i]);

		if (i > 0
		    && !server_take(s, text ? VIEW("\r\n.\r\n")
					    : VIEW("\r\n")))
			break;
		if (!server_answer(s, answer))
			break;
		text = view_starts(answer, VIEW("354"));
	}
	SSL_free(s->ssl);
	(void)close(s->peer);
	buf_free(&s->in);
}

static inline void *
server_run(void *context)
{
	struct server *s = context;

	for (size_t i = 0; i < s->connections; i++) {
		s->peer = accept(s->fd, NULL, NULL);
		if (s->peer < 0)
			break;
		server_talk(s, s->script[i]);
	}
	return NULL;
}

static inline void
server_start(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->heard = buf_new(1 << 20);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof a) != 0
	    || listen(s->fd, 4) != 0
	    || getsockname(s->fd, (struct sockaddr *)&a, &n) != 0
	    || pthread_create(&s->thread, NULL, server_run, s) != 0)
		abort();
	s->port = ntohs(a.sin_port);
}

/* Ends also when fewer connections came than the script has. */
static inline void
server_stop(struct server *s)
{
	(void)shutdown(s->fd, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
}

#endif
