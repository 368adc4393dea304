/* Connections over real sockets, with a toy protocol. */
#include "tests/unit/sys_toy.h"

static SSL_CTX *ctx;

static void
test_echo(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);

	expect(&c, "hello", "a greeting");
	client_send(&c, "echo one\n");
	expect(&c, "one", "an answer");
	client_send(&c, "echo a\necho b\necho c\nquit\necho d\n");
	expect(&c, "a", "pipelined, first");
	expect(&c, "b", "pipelined, second");
	expect(&c, "c", "pipelined, third");
	expect(&c, "bye", "closing");
	expect(&c, "", "closed, and nothing runs after that");
	client_close(&c);
}

static void
test_byte_by_byte(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);
	const char *text = "echo slowly\nsecret\n";

	expect(&c, "hello", "a greeting");
	for (; *text != '\0'; text++) {
		char one[2] = { *text, '\0' };

		client_send(&c, one);
	}
	expect(&c, "slowly", "a line in many packets");
	expect(&c, "clear", "and the one after it");
	client_close(&c);
}

/* Many more units than a worker does at once, and more than one read. */
static void
test_pipeline(struct toy_server *s)
{
	enum { LINES = 20000 };
	struct client c = client_open(s->clear_port);
	char *text = malloc(LINES * 16), line[64];
	size_t n = 0;
	int wrong = 0;
	pid_t sender;

	if (text == NULL)
		abort();
	for (int i = 0; i < LINES; i++)
		n += (size_t)sprintf(text + n, "echo %d\n", i);
	sender = fork();
	if (sender == 0) {
		client_send(&c, text);
		_exit(0);
	}
	expect(&c, "hello", "a greeting");
	for (int i = 0; i < LINES; i++) {
		char wanted[16];

		(void)snprintf(wanted, sizeof wanted, "%d", i);
		wrong += strcmp(client_line(&c, line, sizeof line), wanted)
		    != 0;
	}
	is_number(wrong, 0, "20,000 pipelined lines in order");
	free(text);
	client_close(&c);
}

static void
test_half_close(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);

	client_send(&c, "echo one\necho two\nunfinished");
	(void)shutdown(c.fd, SHUT_WR);
	expect(&c, "hello", "half-closed: greeting");
	expect(&c, "one", "half-closed: all that was sent is answered");
	expect(&c, "two", "half-closed: also the last");
	expect(&c, "", "half-closed: then the end");
	client_close(&c);
}

static void
test_too_long(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);
	char big[3 * TOY_LINE + 1];

	memset(big, 'y', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	expect(&c, "hello", "a greeting");
	client_send(&c, big);
	expect(&c, "too long", "a line too long gets the session's answer");
	expect(&c, "", "and the end");
	client_close(&c);
}

static void
test_tls(struct toy_server *s)
{
	struct client c = client_open(s->tls_port);

	ok(client_tls(&c, ctx, ""), "handshake without ALPN");
	expect(&c, "hello", "a greeting inside TLS");
	client_send(&c, "echo x\nbig 50\nquit\n");
	expect(&c, "x", "an answer inside TLS");
	for (int i = 0; i < 50; i++) {
		char line[2 * TOY_BIG];

		if (strlen(client_line(&c, line, sizeof line)) != TOY_BIG - 1)
			ok(false, "line %d of a big answer", i);
	}
	expect(&c, "bye", "after a big answer");
	expect(&c, "", "the end");
	is_number(SSL_get_shutdown(c.ssl) & SSL_RECEIVED_SHUTDOWN,
	    SSL_RECEIVED_SHUTDOWN, "close_notify came");
	client_close(&c);
}

static void
test_alpn(struct toy_server *s)
{
	struct client c = client_open(s->tls_port);

	ok(client_tls(&c, ctx, "toy"), "handshake with our ALPN id");
	client_close(&c);
	c = client_open(s->tls_port);
	ok(!client_tls(&c, ctx, "http/1.1"), "another ALPN id is refused");
	ok(strstr(ERR_reason_error_string(ERR_peek_last_error()),
	    "no application protocol") != NULL, "by the right alert");
	ERR_clear_error();
	client_close(&c);
	c = client_open(s->tls_port);
	client_send(&c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(&c, "", "clear text on a TLS port: closed, no answer");
	client_close(&c);
}

static void
test_start_tls(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);

	expect(&c, "hello", "a greeting");
	client_send(&c, "secret\ntls\n");
	expect(&c, "clear", "in clear");
	expect(&c, "go", "STARTTLS is answered in clear");
	ok(client_tls(&c, ctx, ""), "handshake");
	client_send(&c, "secret\n");
	expect(&c, "secured", "the session knows");
	client_close(&c);
}

static void
test_injection(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);

	expect(&c, "hello", "a greeting");
	client_send(&c, "tls\necho injected\n");
	expect(&c, "go", "STARTTLS is answered");
	expect(&c, "", "clear bytes behind it: closed, they are not run");
	client_close(&c);
}

/* The answer is far larger than what socket buffers hold, and the reader
 * does not read: it is written no faster than it is taken, and other clients
 * do not notice. */
static void
test_slow_reader(struct toy_server *s)
{
	enum { LINES = 30000 };
	struct client slow = client_open(s->clear_port);
	struct client other = client_open(s->clear_port);
	char *line = malloc(TOY_BIG * 2);
	int wrong = 0;

	if (line == NULL)
		abort();
	client_send(&slow, "big 30000\necho end\n");
	expect(&slow, "hello", "slow: greeting");
	expect(&other, "hello", "other: greeting");
	for (int i = 0; i < 100; i++) {
		client_send(&other, "echo quick\n");
		wrong += strcmp(client_line(&other, line, 64), "quick") != 0;
	}
	is_number(wrong, 0, "other clients are served meanwhile");
	for (int i = 0; i < LINES; i++) {
		size_t n = 0;
		ssize_t got = 1;

		for (; n < TOY_BIG && got > 0; n += (size_t)got)
			got = recv(slow.fd, line + n, TOY_BIG - n, 0);
		wrong += got <= 0 || line[TOY_BIG - 1] != '\n';
	}
	is_number(wrong, 0, "a slow reader gets all of it");
	expect(&slow, "end", "and what comes after");
	free(line);
	client_close(&slow);
	client_close(&other);
}

static void
test_delay(struct toy_server *s)
{
	struct client c = client_open(s->clear_port);
	int64_t begun;

	expect(&c, "hello", "a greeting");
	begun = clock_steady_ms();
	client_send(&c, "slow 300\necho next\n");
	expect(&c, "slow", "a held answer");
	ok(clock_steady_ms() - begun >= 290, "comes late");
	expect(&c, "next", "and the next after it");
	ok(clock_steady_ms() - begun < 5000, "at once");
	client_close(&c);
}

static void
test_wake(struct toy_server *s)
{
	struct client a = client_open(s->clear_port);
	struct client b = client_open(s->tls_port);

	(void)client_tls(&b, ctx, "toy");
	expect(&a, "hello", "a greeting");
	expect(&b, "hello", "a greeting");
	client_send(&a, "watch 7\n");
	client_send(&b, "watch 7\n");
	expect(&a, "watching", "one watches");
	expect(&b, "watching", "and another");
	/* One that watches something else, in the same bucket. */
	net_wake(s->net, 7 + 4096);
	net_wake(s->net, 7);
	expect(&a, "changed", "woken");
	expect(&b, "changed", "the other too");
	client_send(&a, "watch 0\necho done\n");
	expect(&a, "watching", "stops watching");
	expect(&a, "done", "stopped");
	net_wake(s->net, 7);
	expect(&b, "changed", "woken again");
	client_send(&a, "echo still\n");
	expect(&a, "still", "who does not watch is not told");
	client_close(&a);
	client_close(&b);
}

/* Quick lines, which the loops themselves answer: at the second answer of each
 * they have seen all that was posted before the first. */
static void
pass_loops(struct client *c, size_t n)
{
	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < n; i++) {
			char line[8];

			client_send(&c[i], "echo one\n");
			(void)client_line(&c[i], line, sizeof line);
		}
}

/* A change while a worker is still telling of the one before it: the worker's
 * answer is no reason to sleep. */
static void
test_wake_twice(void)
{
	enum { ROUNDS = 20, LOOPS = 2, TICK_MS = 1000 };
	const struct net_options o = { .workers = 4 };
	struct toy_server s;
	struct client c, others[LOOPS];
	int64_t begun;
	int told = 0;

	toy_start(&s, 60, &o);
	(void)pthread_create(&s.thread, NULL, toy_thread, &s);
	c = client_open(s.clear_port);
	expect(&c, "hello", "a greeting");
	client_send(&c, "watch 7\n");
	expect(&c, "watching", "one watches");
	for (size_t i = 0; i < LOOPS; i++) {
		others[i] = client_open(s.clear_port);
		expect(&others[i], "hello", "another greeting");
	}
	begun = clock_steady_ms();
	for (int i = 0; i < ROUNDS; i++) {
		char line[16];
		int before = s.services.woken;

		s.services.hold_wakes = true;
		net_wake(s.net, 7);
		while (s.services.woken == before)
			(void)poll(NULL, 0, 1);
		net_wake(s.net, 7);
		pass_loops(others, LOOPS);
		s.services.hold_wakes = false;
		for (int j = 0; j < 2; j++)
			told += strcmp(client_line(&c, line, sizeof line),
			    "changed") == 0;
	}
	is_number(told, 2 * ROUNDS, "each change is told of");
	ok(clock_steady_ms() - begun < TICK_MS * ROUNDS * 3 / 4,
	    "before the loop looks by itself");
	client_close(&c);
	for (size_t i = 0; i < LOOPS; i++)
		client_close(&others[i]);
	net_stop(s.net);
	(void)pthread_join(s.thread, NULL);
	toy_free(&s);
}

static void
test_time_out(struct toy_server *s)
{
	struct client quiet = client_open(s->clear_port);
	struct client deaf = client_open(s->tls_port);
	int64_t begun = clock_steady_ms();

	(void)client_tls(&deaf, ctx, "toy");
	expect(&quiet, "hello", "a greeting");
	client_send(&quiet, "unfinished");
	expect(&quiet, "timeout", "silence ends with a farewell");
	expect(&quiet, "", "and the end");
	ok(clock_steady_ms() - begun < 8000, "soon");
	expect(&deaf, "hello", "inside TLS: greeting");
	expect(&deaf, "timeout", "inside TLS: farewell");
	client_close(&quiet);
	client_close(&deaf);
}

static void
test_limits(void)
{
	const struct net_options o = { .connections = 3,
		.connections_per_peer = 2, .count_loopback = true };
	struct toy_server s;
	struct client c[3];

	toy_start(&s, 60, &o);
	(void)pthread_create(&s.thread, NULL, toy_thread, &s);
	for (size_t i = 0; i < 2; i++) {
		c[i] = client_open(s.clear_port);
		expect(&c[i], "hello", "within the limit for one address");
	}
	c[2] = client_open(s.clear_port);
	expect(&c[2], "too many", "one more than that");
	client_close(&c[2]);
	is_number(net_connections(s.net), 2, "two are counted");
	client_send(&c[0], "quit\n");
	expect(&c[0], "bye", "one goes");
	client_close(&c[0]);
	while (net_connections(s.net) > 1)
		(void)sched_yield();
	c[0] = client_open(s.clear_port);
	expect(&c[0], "hello", "another may come");
	net_stop(s.net);
	expect(&c[0], "shutdown", "a stop says farewell");
	expect(&c[1], "shutdown", "to all");
	client_close(&c[0]);
	client_close(&c[1]);
	(void)pthread_join(s.thread, NULL);
	toy_free(&s);
	is_number(s.services.opened, 3, "sessions opened");
	is_number(s.services.closed, 3, "and all closed");
}

static void
count_up(void *number)
{
	_Atomic int *n = number;

	++*n;
}

int
main(void)
{
	const struct net_options o = { .workers = 4 };
	struct toy_server s;
	_Atomic int ticks = 0;

	ctx = SSL_CTX_new(TLS_client_method());
	toy_start(&s, 2, &o);
	must(net_every(s.net, 20, count_up, &ticks), "net_every");
	(void)pthread_create(&s.thread, NULL, toy_thread, &s);
	test_echo(&s);
	test_byte_by_byte(&s);
	test_pipeline(&s);
	test_half_close(&s);
	test_too_long(&s);
	test_tls(&s);
	test_alpn(&s);
	test_start_tls(&s);
	test_injection(&s);
	test_slow_reader(&s);
	test_delay(&s);
	test_wake(&s);
	test_time_out(&s);
	ok(ticks > 10, "net_every runs");
	net_stop(s.net);
	(void)pthread_join(s.thread, NULL);
	toy_free(&s);
	is_number(s.services.opened, s.services.closed, "all are closed");
	test_limits();
	test_wake_twice();
	SSL_CTX_free(ctx);
	return tap_done();
}
