#include "tests/bench/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void
target_open(struct target *t, const char *ip, const char *port, bool tls)
{
	*t = (struct target){
		.ip = ip, .port = (int)strtol(port, NULL, 10), .tls = tls
	};
	if (!tls)
		return;
	t->context = SSL_CTX_new(TLS_client_method());
	if (t->context == NULL)
		die("no TLS context");
	SSL_CTX_set_mode(t->context, SSL_MODE_RELEASE_BUFFERS);
}

static void
start_tls(struct peer *p, const struct target *t)
{
	p->ssl = SSL_new(t->context);
	if (p->ssl == NULL || SSL_set_fd(p->ssl, p->fd) != 1
	    || SSL_connect(p->ssl) != 1)
		die("TLS with port %d failed", t->port);
}

void
peer_open(struct peer *p, const struct target *t)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct timeval patience = { .tv_sec = 120 };
	int one = 1;

	*p = (struct peer){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	a.sin_port = htons((uint16_t)t->port);
	if (p->fd < 0 || inet_pton(AF_INET, t->ip, &a.sin_addr) != 1)
		die("%s: %s", t->ip, strerror(errno));
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(p->fd, (const struct sockaddr *)&a, sizeof a) != 0)
		die("%s:%d: %s", t->ip, t->port, strerror(errno));
	if (t->tls)
		start_tls(p, t);
}

void
peer_close(struct peer *p)
{
	SSL_free(p->ssl);
	close(p->fd);
}

void
peer_send(struct peer *p, const void *bytes, size_t n)
{
	const char *b = bytes;

	while (n > 0) {
		int piece = n > 16384 ? 16384 : (int)n;
		ssize_t sent = p->ssl != NULL
		    ? SSL_write(p->ssl, b, piece)
		    : send(p->fd, b, (size_t)piece, MSG_NOSIGNAL);

		if (sent <= 0)
			die("cannot send: %s", strerror(errno));
		b += sent;
		n -= (size_t)sent;
	}
}

void
peer_say(struct peer *p, const char *format, ...)
{
	char text[4096];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		die("too long to say");
	peer_send(p, text, (size_t)n);
}

static void
fill(struct peer *p)
{
	ssize_t n = p->ssl != NULL ? SSL_read(p->ssl, p->in, (int)sizeof p->in)
				   : recv(p->fd, p->in, sizeof p->in, 0);

	if (n <= 0)
		die("the server closed the connection");
	p->from = 0;
	p->to = (size_t)n;
}

void
peer_line(struct peer *p, char *line, size_t size)
{
	size_t n = 0;
	char c;

	do {
		if (p->from == p->to)
			fill(p);
		c = p->in[p->from++];
		if (n + 1 < size && c != '\r' && c != '\n')
			line[n++] = c;
	} while (c != '\n');
	line[n] = '\0';
}

void
peer_until(struct peer *p, const char *start, const char *good)
{
	char line[1024];

	do {
		peer_line(p, line, sizeof line);
	} while (strncmp(line, start, strlen(start)) != 0);
	if (strncmp(line, good, strlen(good)) != 0)
		die("wanted \"%s\", got \"%s\"", good, line);
}

void
peer_skip(struct peer *p, size_t n)
{
	while (n > 0) {
		size_t have;

		if (p->from == p->to)
			fill(p);
		have = p->to - p->from;
		if (have > n)
			have = n;
		p->from += have;
		n -= have;
	}
}
