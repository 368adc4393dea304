/*
 * sys_toy.h - a small line protocol and its clients, for tests of conn.h.
 *
 *	echo TEXT    "TEXT"
 *	big N        N lines of 1,000 bytes, one step each (STEP_CONTINUE)
 *	slow MS      "slow", held back MS milliseconds
 *	watch N      "watching", then "changed" whenever account N changes
 *	tls          "go", then STARTTLS
 *	deflate      "go", then compressed both ways
 *	secret       "secured" after that, else "clear"
 *	quit         "bye", closed by us
 *
 * Lines of odd length are quick ones, so all of them come both ways.
 */
#ifndef TESTS_SYS_TOY_H
#define TESTS_SYS_TOY_H

#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/conn.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TOY_LINE = 200, TOY_BIG = 1000 };

struct toy_services {
	unsigned patience;
	_Atomic int opened, closed;
	_Atomic int pieces;      /* of answers in many steps, all in all */
	_Atomic int pieces_then; /* when somebody was last echoed */
	_Atomic bool hold_pieces; /* they take until that is over */
	_Atomic int woken;       /* so many times a session was */
	_Atomic bool hold_wakes; /* they take until that is over */
};

struct toy {
	struct toy_services *services;
	const struct peer *peer;
	int64_t account;
	uint64_t lines_left;
	bool secured;
};

static void *
toy_open(void *services, const struct peer *peer, struct buf *out)
{
	struct toy *t = calloc(1, sizeof *t);

	if (t == NULL)
		abort();
	t->services = services;
	t->peer = peer;
	t->services->opened++;
	buf_add_text(out, "hello\n");
	return t;
}

static size_t
toy_ready(void *session, view in)
{
	size_t n = view_find_byte(in, '\n');

	(void)session;
	if (n != SIZE_MAX)
		return n + 1;
	return in.n > TOY_LINE ? in.n : 0;
}

static struct step
toy_big(struct toy *t, struct buf *out)
{
	t->services->pieces++;
	while (t->services->hold_pieces)
		(void)poll(NULL, 0, 1);
	for (int i = 0; i < TOY_BIG - 1; i++)
		buf_add_byte(out, 'x');
	buf_add_byte(out, '\n');
	t->lines_left--;
	return (struct step){ t->lines_left > 0 ? STEP_CONTINUE : STEP_READ,
		0 };
}

static struct step
toy_run(void *session, view unit, struct buf *out)
{
	struct toy *t = session;
	view line = view_trim(unit);
	view word;
	uint64_t n = 0;

	if (unit.n == 0)
		return toy_big(t, out);
	if (unit.n > TOY_LINE) {
		buf_add_text(out, "too long\n");
		return (struct step){ STEP_CLOSE, 0 };
	}
	word = view_cut(&line, ' ');
	(void)view_number(line, 1000000000, &n);
	if (view_eq(word, VIEW("big"))) {
		t->lines_left = n;
		return toy_big(t, out);
	}
	if (view_eq(word, VIEW("echo"))) {
		buf_print(out, "%.*s\n", (int)line.n, line.p);
		t->services->pieces_then = t->services->pieces;
	} else if (view_eq(word, VIEW("slow"))) {
		buf_add_text(out, "slow\n");
		return (struct step){ STEP_READ, (unsigned)n };
	} else if (view_eq(word, VIEW("watch"))) {
		t->account = (int64_t)n;
		buf_add_text(out, "watching\n");
	} else if (view_eq(word, VIEW("tls"))) {
		buf_add_text(out, "go\n");
		return (struct step){ STEP_START_TLS, 0 };
	} else if (view_eq(word, VIEW("deflate"))) {
		buf_add_text(out, "go\n");
		return (struct step){ STEP_START_DEFLATE, 0 };
	} else if (view_eq(word, VIEW("secret"))) {
		buf_add_text(out, t->secured && t->peer->tls ? "secured\n"
		                                             : "clear\n");
	} else if (view_eq(word, VIEW("quit"))) {
		buf_add_text(out, "bye\n");
		return (struct step){ STEP_CLOSE, 0 };
	}
	return (struct step){ STEP_READ, 0 };
}

static bool
toy_quick(const void *session, view unit)
{
	(void)session;
	return unit.n % 2 == 1 && unit.n < TOY_LINE;
}

static void
toy_secured(void *session)
{
	struct toy *t = session;

	t->secured = true;
}

static int64_t
toy_watching(const void *session)
{
	const struct toy *t = session;

	return t->account;
}

static struct step
toy_wake(void *session, struct buf *out)
{
	struct toy *t = session;

	buf_add_text(out, "changed\n");
	t->services->woken++;
	while (t->services->hold_wakes)
		(void)poll(NULL, 0, 1);
	return (struct step){ STEP_READ, 0 };
}

static unsigned
toy_patience(const void *session)
{
	const struct toy *t = session;

	return t->services->patience;
}

static void
toy_farewell(void *session, enum farewell why, struct buf *out)
{
	static const char *const texts[] = {
		[FAREWELL_TIMEOUT] = "timeout\n",
		[FAREWELL_SHUTDOWN] = "shutdown\n",
		[FAREWELL_TOO_MANY] = "too many\n",
	};

	(void)session;
	buf_add_text(out, texts[why]);
}

static void
toy_close(void *session)
{
	struct toy *t = session;

	t->services->closed++;
	free(t);
}

static const struct protocol toy_protocol = {
	.name = "toy",
	.alpn = "toy",
	.open = toy_open,
	.ready = toy_ready,
	.run = toy_run,
	.quick = toy_quick,
	.secured = toy_secured,
	.watching = toy_watching,
	.wake = toy_wake,
	.patience = toy_patience,
	.farewell = toy_farewell,
	.close = toy_close,
};

/* A server with one clear and one TLS port. */
struct toy_server {
	struct net *net;
	struct certs *certs;
	struct tls *tls;
	struct toy_services services;
	uint16_t clear_port, tls_port;
	char folder[64];
	pthread_t thread;
};

static void
must(result r, const char *what)
{
	if (r.is == OK)
		return;
	printf("Bail out! %s: %s\n", what, r.why);
	exit(1);
}

static int
toy_bind(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0
	    || listen(fd, 4096) != 0
	    || getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		must(fail(FAILED, strerror(errno)), "bind");
	*port = ntohs(a.sin_port);
	return fd;
}

static void
toy_start(struct toy_server *s, unsigned patience,
    const struct net_options *more)
{
	const view names[] = { VIEW_INIT("toy.test"),
		VIEW_INIT("127.0.0.1") };
	const struct tls_policy policy = { TLS_1_2 };
	struct net_options o = *more;
	char tls[80];

	memset(s, 0, sizeof *s);
	s->services.patience = patience;
	memcpy(s->folder, "/tmp/toy.XXXXXX", sizeof "/tmp/toy.XXXXXX");
	if (mkdtemp(s->folder) == NULL)
		must(fail(FAILED, strerror(errno)), "mkdtemp");
	(void)snprintf(tls, sizeof tls, "%s/tls", s->folder);
	must(cert_make(tls, names, COUNT(names)), "cert_make");
	must(certs_open(&s->certs, tls), "certs_open");
	must(tls_new(&s->tls, s->certs, &policy), "tls_new");
	o.tls = s->tls;
	must(net_new(&s->net, &o), "net_new");
	must(net_listen(s->net, toy_bind(&s->clear_port), NET_CLEAR,
	    &toy_protocol, &s->services), "net_listen");
	must(net_listen(s->net, toy_bind(&s->tls_port), NET_TLS,
	    &toy_protocol, &s->services), "net_listen");
}

static void *
toy_thread(void *server)
{
	struct toy_server *s = server;

	must(net_run(s->net, 5000), "net_run");
	return NULL;
}

static void
toy_free(struct toy_server *s)
{
	static const char *const files[] = { "tls/default.pem", "ca.pem",
		"ca.key", "tls", "" };

	net_free(&s->net);
	tls_free(&s->tls);
	certs_close(&s->certs);
	for (size_t i = 0; i < COUNT(files); i++) {
		char path[128];

		(void)snprintf(path, sizeof path, "%s/%s", s->folder,
		    files[i]);
		(void)remove(path);
	}
}

/* A client: blocking, with a limit of 20 seconds for each call. */
struct client {
	int fd;
	SSL *ssl;
};

static struct client
client_open(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct timeval t = { 20, 0 };
	struct client c = { socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		NULL };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	(void)setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	if (c.fd < 0 || connect(c.fd, (struct sockaddr *)&a, sizeof a) != 0)
		must(fail(FAILED, strerror(errno)), "connect");
	return c;
}

/* false: the handshake failed. */
static bool
client_tls(struct client *c, SSL_CTX *ctx, const char *alpn)
{
	unsigned char wire[32];
	size_t n = strlen(alpn);

	c->ssl = SSL_new(ctx);
	wire[0] = (unsigned char)n;
	memcpy(wire + 1, alpn, n);
	if (n > 0)
		(void)SSL_set_alpn_protos(c->ssl, wire, (unsigned)n + 1);
	(void)SSL_set_fd(c->ssl, c->fd);
	return SSL_connect(c->ssl) == 1;
}

static void
client_send(struct client *c, const char *text)
{
	size_t n = strlen(text);

	if (c->ssl != NULL)
		(void)SSL_write(c->ssl, text, (int)n);
	else
		(void)send(c->fd, text, n, MSG_NOSIGNAL);
}

/* One line, without LF; "" at the end or on an error. */
static const char *
client_line(struct client *c, char *line, size_t room)
{
	size_t n = 0;

	while (n + 1 < room) {
		ssize_t got = c->ssl != NULL
		    ? SSL_read(c->ssl, line + n, 1)
		    : recv(c->fd, line + n, 1, 0);

		if (got != 1 || line[n] == '\n')
			break;
		n++;
	}
	line[n] = '\0';
	return line;
}

static void
expect(struct client *c, const char *wanted, const char *what)
{
	char line[2 * TOY_BIG];

	same(view_of(client_line(c, line, sizeof line)), view_of(wanted),
	    what);
}

static void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	(void)close(c->fd);
}

#endif
