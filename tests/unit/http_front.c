/* The front over real sockets: HTTP/1.1 as clients and attackers send it. */
#include "davd/http/http.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { BODY_MOST = 100000, DELAY_MS = 300 };

static void
echo(void *services, const struct request *q, struct answer *a)
{
	(void)services;
	a->status = 200;
	answer_header(a, "Content-Type", VIEW("text/plain"));
	buf_print(&a->body, "%.*s %.*s %.*s %.*s %zu", (int)q->method.n,
	    q->method.p, (int)q->path.n, q->path.p, (int)q->origin.n,
	    q->origin.p, (int)q->peer.n, q->peer.p, q->body.n);
}

static void
later(void *services, const struct request *q, struct answer *a)
{
	echo(services, q, a);
	a->delay_ms = DELAY_MS;
}

struct counting {
	int left;
};

static bool
count_down(void *context, struct buf *out)
{
	struct counting *c = context;

	buf_print(out, "%06d\n", c->left);
	return --c->left > 0;
}

static void
stream(void *services, const struct request *q, struct answer *a)
{
	struct counting *c = calloc(1, sizeof *c);

	(void)services;
	(void)q;
	if (c == NULL)
		abort();
	c->left = 20000;
	a->status = 200;
	a->stream = count_down;
	a->stream_end = free;
	a->context = c;
}

/* Half of it is said when it fails. */
static bool
break_down(void *context, struct buf *out)
{
	struct counting *c = context;

	buf_print(out, "%06d\n", c->left--);
	if (c->left == 10000)
		buf_fail(out, BUSY, "somebody else is in the way");
	return true;
}

static void
broken(void *services, const struct request *q, struct answer *a)
{
	stream(services, q, a);
	a->stream = break_down;
}

static const struct route routes[] = {
	{ "/broken", false, broken },
	{ "/", false, echo },
	{ "/later", false, later },
	{ "/stream", false, stream },
};

static int
listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0
	    || listen(fd, 64) != 0
	    || getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		abort();
	*port = ntohs(a.sin_port);
	return fd;
}

static struct front *
start(enum front_kind kind, uint16_t *port)
{
	struct front_options o = { .kind = kind,
		.routes = routes,
		.route_count = COUNT(routes),
		.threads = 1,
		.body_limit = BODY_MOST };
	struct front *f = NULL;

	o.fd = listener(port);
	if (front_start(&f, &o).is != OK)
		abort();
	return f;
}

static int
connect_to(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		abort();
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

static void
send_all(int fd, view bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the other side has had enough */
		bytes = view_from(bytes, (size_t)n);
	}
}

/* All until the other side closes. */
static void
read_all(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t n;

	while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
		buf_add(out, (view){ piece, (size_t)n });
	(void)close(fd);
}

static void
read_until(int fd, struct buf *out, view end)
{
	char byte;

	while (!view_ends(buf_view(out), end) && recv(fd, &byte, 1, 0) == 1)
		buf_add_byte(out, byte);
}

static bool
has(const struct buf *b, const char *text)
{
	return view_find(buf_view(b), view_of(text)) != SIZE_MAX;
}

static void
test_cases(uint16_t port)
{
	static const struct {
		const char *request, *status, *has;
	} cases[] = {
		{ "GET /a%20b?x HTTP/1.1\r\nHost: H.example:8080\r\n",
		    "HTTP/1.1 200 ",
		    "GET /a b http://H.example:8080 127.0.0.1 0" },
		{ "HEAD /a HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 ",
		    "Content-Length: 28\r\n" },
		{ "PROPFIND / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
		  "Connection: close\r\n\r\nabc",
		    "HTTP/1.1 200 ", "PROPFIND / http://h 127.0.0.1 3" },
		{ "X-ODD / HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 ",
		    "X-ODD / " },
		{ "PUT / HTTP/1.1\r\nHost: h\r\n"
		  "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
		  "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
		    "HTTP/1.1 200 ", " 5" },
		{ "GET / HTTP/1.0\r\n", "HTTP/1.1 200 ", "GET /  127" },
		{ "GET /%zz HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 400 ", "" },
		{ "GET /a/../b HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 400 ", "" },
		{ "GET / HTTP/1.1\r\nHost: a/b\r\n", "HTTP/1.1 400 ", "" },
		{ "GET / HTTP/1.1\r\n", "HTTP/1.1 400 ", "" },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n",
		    "HTTP/1.1 413 ", "" },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
		  "Content-Length: 100001\r\n",
		    "HTTP/1.1 413 ", "" },
		{ "PUT / HTTP/1.1\r\nHost: h\r\n"
		  "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
		  "0\r\n\r\n",
		    "HTTP/1.1 400 ", "" },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 9.9.9.9\r\n",
		    "HTTP/1.1 200 ", " 127.0.0.1 " },
		{ "GET /a%2fb HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 400 ",
		    "X-Content-Type-Options: nosniff" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		view request = view_of(cases[i].request);
		struct buf reply = buf_new(1048576);
		int fd = connect_to(port);

		send_all(fd, request);
		if (view_find(request, VIEW("\r\n\r\n")) == SIZE_MAX)
			send_all(fd, VIEW("Connection: close\r\n\r\n"));
		read_all(fd, &reply);
		if (!ok(view_starts(buf_view(&reply), view_of(cases[i].status))
			    && has(&reply, cases[i].has),
			"%.40s: %s", cases[i].request, cases[i].status))
			note("%s", buf_text(&reply));
		buf_free(&reply);
	}
}

static void
send_repeated(int fd, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		send_all(fd, view_of(text));
}

static void
expect_status(int fd, const char *status, const char *what)
{
	struct buf reply = buf_new(1048576);

	read_all(fd, &reply);
	if (!ok(view_starts(buf_view(&reply), view_of(status)), "%s", what))
		note("%.200s", buf_text(&reply));
	buf_free(&reply);
}

static void
test_limits(uint16_t port)
{
	int fd = connect_to(port);

	send_all(fd, VIEW("GET /"));
	send_repeated(fd, "aaaaaaaa", LIMIT_HTTP_TARGET / 8);
	send_all(fd, VIEW(" HTTP/1.1\r\nHost: h\r\n\r\n"));
	expect_status(fd, "HTTP/1.1 414 ", "a target past its limit");
	fd = connect_to(port);
	send_all(fd, VIEW("GET / HTTP/1.1\r\nHost: h\r\n"));
	send_repeated(
	    fd, "X-Field-12: 345678901234567890\r\n", LIMIT_HTTP_HEADER / 32);
	send_all(fd, VIEW("\r\n"));
	expect_status(fd, "HTTP/1.1 431 ", "header fields past their limit");
	fd = connect_to(port);
	send_all(fd,
	    VIEW("PUT / HTTP/1.1\r\nHost: h\r\n"
		 "Connection: close\r\n"
		 "Content-Length: 100000\r\n\r\n"));
	send_repeated(fd, "0123456789", 10000);
	expect_status(fd, "HTTP/1.1 200 ", "a body up to its limit");
	fd = connect_to(port);
	send_all(fd,
	    VIEW("PUT / HTTP/1.1\r\nHost: h\r\n"
		 "Connection: close\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n"));
	send_repeated(fd, "a\r\n0123456789\r\n", 10001);
	send_all(fd, VIEW("0\r\n\r\n"));
	expect_status(fd, "HTTP/1.1 413 ", "a chunked body past it");
}

static void
test_keep_alive(uint16_t port)
{
	static const char request[] =
	    "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
	struct buf reply = buf_new(65536);
	int fd = connect_to(port);

	for (size_t i = 0; i + 1 < sizeof request; i++)
		send_all(fd, (view){ request + i, 1 });
	read_until(fd, &reply, VIEW("127.0.0.1 2"));
	ok(has(&reply, "HTTP/1.1 200 "), "byte by byte");
	buf_reset(&reply);
	send_all(fd,
	    VIEW("PUT /l HTTP/1.1\r\nHost: h\r\n"
		 "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
	read_until(fd, &reply, VIEW("HTTP/1.1 100 Continue\r\n\r\n"));
	send_all(fd, VIEW("x"));
	read_until(fd, &reply, VIEW("127.0.0.1 1"));
	ok(has(&reply, "PUT /l "), "Expect, on the same connection");
	buf_free(&reply);
	(void)close(fd);
}

static void
test_stream(uint16_t port)
{
	struct buf reply = buf_new(1048576);
	int fd = connect_to(port);

	send_all(fd,
	    VIEW("GET /stream HTTP/1.1\r\nHost: h\r\n"
		 "Connection: close\r\n\r\n"));
	read_all(fd, &reply);
	ok(has(&reply, "Transfer-Encoding: chunked"), "in chunks");
	ok(has(&reply, "020000\n") && has(&reply, "000001\n"), "all of it");
	ok(view_ends(buf_view(&reply), VIEW("\r\n0\r\n\r\n")), "to the end");
	buf_reset(&reply);
	fd = connect_to(port);
	send_all(fd, VIEW("GET /broken HTTP/1.1\r\nHost: h\r\n\r\n"));
	read_all(fd, &reply);
	ok(has(&reply, "020000\n") && has(&reply, "010002\n"),
	    "what there was before a failure");
	ok(view_find(buf_view(&reply), VIEW("\r\n0\r\n")) == SIZE_MAX,
	    "does not end as a whole does");
	buf_free(&reply);
	fd = connect_to(port); /* one who does not want it after all */
	send_all(fd, VIEW("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
	(void)close(fd);
}

/* One thread serves; it does not wait for the answer that is held back. */
static void
test_delay(uint16_t port)
{
	struct buf reply = buf_new(65536);
	int64_t began = clock_steady_ms(), quick;
	int slow = connect_to(port), fd = connect_to(port);

	send_all(slow,
	    VIEW("GET /later HTTP/1.1\r\nHost: h\r\n"
		 "Connection: close\r\n\r\n"));
	send_all(fd,
	    VIEW("GET /now HTTP/1.1\r\nHost: h\r\n"
		 "Connection: close\r\n\r\n"));
	read_all(fd, &reply);
	quick = clock_steady_ms() - began;
	ok(has(&reply, "GET /now"), "one answer");
	buf_reset(&reply);
	read_all(slow, &reply);
	ok(has(&reply, "GET /later"), "and the one held back");
	ok(clock_steady_ms() - began >= DELAY_MS, "late enough");
	ok(quick < clock_steady_ms() - began, "behind the other");
	buf_free(&reply);
}

static void
test_proxy(void)
{
	struct buf reply = buf_new(65536);
	uint16_t port;
	struct front *f = start(FRONT_PROXY, &port);
	int fd = connect_to(port);

	send_all(fd,
	    VIEW("GET / HTTP/1.1\r\nHost: h\r\n"
		 "X-Forwarded-For: 5.5.5.5\r\n"
		 "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n"
		 "X-Forwarded-Proto: http\r\n"
		 "X-Forwarded-Proto: https\r\n"
		 "X-Forwarded-Host: evil.example\r\n"
		 "X-Forwarded-Host: mail.example.org\r\n"
		 "Connection: close\r\n\r\n"));
	read_all(fd, &reply);
	ok(has(&reply, "GET / https://mail.example.org 203.0.113.7 0"),
	    "a proxy on this machine is believed, in what it adds last");
	buf_free(&reply);
	front_stop(&f);
}

/* Stopping answers what is asked and does not wait for what is idle. */
static void
test_stop(void)
{
	struct buf reply = buf_new(65536);
	uint16_t port;
	struct front *f = start(FRONT_HTTP, &port);
	int idle = connect_to(port), half = connect_to(port);
	int fd = connect_to(port);

	send_all(half, VIEW("GET / HT"));
	send_all(fd,
	    VIEW("GET /later HTTP/1.1\r\nHost: h\r\n"
		 "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
	read_until(fd, &reply, VIEW("100 Continue\r\n\r\n"));
	send_all(fd, VIEW("x"));
	front_stop(&f);
	read_all(fd, &reply);
	ok(has(&reply, "GET /later"), "what was asked is answered");
	ok(f == NULL, "stopped");
	(void)close(idle);
	(void)close(half);
	buf_free(&reply);
}

int
main(void)
{
	uint16_t port;
	struct front *f = start(FRONT_HTTP, &port);

	(void)signal(SIGPIPE, SIG_IGN);
	test_cases(port);
	test_limits(port);
	test_keep_alive(port);
	test_stream(port);
	test_delay(port);
	front_stop(&f);
	test_proxy();
	test_stop();
	return tap_done();
}
