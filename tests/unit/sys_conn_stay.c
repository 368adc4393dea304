/* Clients that ask again as soon as they are answered: a worker stays with
 * them (mailcore/sys/stay.c), and nothing else may be different. */
#include "mailcore/sys/net.h"
#include "tests/unit/sys_toy.h"

enum { BRISK = 60, CLIENTS = 6, PAUSE_MS = 20 };

static SSL_CTX *ctx;

/* Lines of even length are a worker's. */
static void
brisk(struct client *c, int times)
{
	char line[64], text[32];
	int wrong = 0;

	for (int i = 0; i < times; i++) {
		(void)snprintf(text, sizeof text, "echo %04d\n", i);
		client_send(c, text);
		(void)client_line(c, line, sizeof line);
		wrong += strncmp(line, text + 5, 4) != 0 || line[4] != '\0';
	}
	is_number(wrong, 0, "each question has its answer");
}

static struct client
begin(const struct toy_server *s, bool tls)
{
	struct client c = client_open(tls ? s->tls_port : s->clear_port);

	if (tls)
		ok(client_tls(&c, ctx, ""), "handshake");
	expect(&c, "hello", "a greeting");
	brisk(&c, BRISK);
	return c;
}

/* Whatever comes after a brisk while, in clear or not. */
static void
test_what_follows(struct toy_server *s, bool tls)
{
	struct client c = begin(s, tls);
	char line[2 * TOY_BIG];
	int wrong = 0;

	client_send(&c, "echo ha");
	(void)poll(NULL, 0, PAUSE_MS);
	client_send(&c, "lf\n");
	expect(&c, "half", "a line in two halves, with a pause between");
	brisk(&c, BRISK);
	client_send(&c, "echo a1\necho b22\necho c3\necho d");
	expect(&c, "a1", "several lines at once");
	expect(&c, "b22", "a quick one among them");
	expect(&c, "c3", "and the last whole one");
	client_send(&c, "4\n");
	expect(&c, "d4", "whose rest comes later");
	brisk(&c, BRISK);
	client_send(&c, "slow 30\necho x1\n");
	expect(&c, "slow", "an answer that is held back");
	expect(&c, "x1", "and what waits behind it");
	brisk(&c, BRISK);
	client_send(&c, "big 40\n");
	for (int i = 0; i < 40; i++)
		wrong += strlen(client_line(&c, line, sizeof line))
		    != TOY_BIG - 1;
	is_number(wrong, 0, "an answer in many steps");
	brisk(&c, BRISK);
	client_send(&c, "watch 77\n");
	expect(&c, "watching", "from now on it is to be woken");
	brisk(&c, BRISK);
	net_wake(s->net, 77);
	expect(&c, "changed", "and is");
	client_send(&c, "quit xx\n");
	expect(&c, "bye", "closing");
	expect(&c, "", "closed");
	client_close(&c);
}

static void
test_start_tls(struct toy_server *s)
{
	struct client c = begin(s, false);

	client_send(&c, "tls \n");
	expect(&c, "go", "STARTTLS after a brisk while");
	ok(client_tls(&c, ctx, ""), "handshake");
	brisk(&c, BRISK);
	client_send(&c, "secret \n");
	expect(&c, "secured", "the session knows");
	client_close(&c);
	c = begin(s, false);
	client_send(&c, "tls \necho injected\n");
	expect(&c, "go", "STARTTLS is answered");
	expect(&c, "", "clear bytes behind it: closed, they are not run");
	client_close(&c);
}

static void
test_long_lines(struct toy_server *s, bool tls)
{
	struct client c = begin(s, tls);
	char big[3 * TOY_LINE + 1];

	memset(big, 'y', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	client_send(&c, big);
	expect(&c, "too long", "a line too long gets its answer");
	expect(&c, "", "and the end");
	client_close(&c);
}

/* Far more at once than a worker takes in one go. */
static void
test_flood(struct toy_server *s, bool tls)
{
	enum { LINES = 4000 };
	struct client c = begin(s, tls);
	char *text = malloc(LINES * 16), line[64];
	size_t n = 0;
	int wrong = 0;

	if (text == NULL)
		abort();
	for (int i = 0; i < LINES; i++)
		n += (size_t)sprintf(text + n, "echo %04d\n", i);
	client_send(&c, text);
	for (int i = 0; i < LINES; i++)
		wrong += atoi(client_line(&c, line, sizeof line)) != i;
	is_number(wrong, 0, "4,000 lines in one piece, in order");
	free(text);
	client_close(&c);
}

/* More than there are workers that may stay. */
static void
test_many(struct toy_server *s)
{
	struct client c[CLIENTS];
	char line[64];
	int wrong = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		c[i] = begin(s, i % 2 == 1);
	for (size_t round = 0; round < BRISK; round++) {
		for (size_t i = 0; i < CLIENTS; i++)
			client_send(&c[i], "echo me\n");
		for (size_t i = 0; i < CLIENTS; i++)
			wrong += strcmp(client_line(&c[i], line, sizeof line),
			    "me") != 0;
	}
	is_number(wrong, 0, "six at once");
	for (size_t i = 0; i < CLIENTS; i++)
		client_close(&c[i]);
}

static void
test_ends(struct toy_server *s)
{
	struct client c = begin(s, false);

	client_send(&c, "echo ab\necho c");
	(void)shutdown(c.fd, SHUT_WR);
	expect(&c, "ab", "half-closed: what was sent is answered");
	expect(&c, "", "then the end");
	client_close(&c);
	/* Away without a word. */
	c = begin(s, true);
	client_close(&c);
	c = begin(s, false);
	client_close(&c);
}

/* One that has to wait for the only worker goes before the next piece of an
 * answer whose pieces take long. */
static void
test_turns(void)
{
	enum { PIECES = NET_PIECES_AT_ONCE, LONG_MS = 2 * NET_TURN_US / 1000 };
	const struct net_options o = { .workers = 1, .io_threads = 1 };
	struct toy_server s;
	struct client busy, other;
	char line[2 * TOY_BIG];
	int wrong = 0;

	toy_start(&s, 60, &o);
	(void)pthread_create(&s.thread, NULL, toy_thread, &s);
	busy = client_open(s.clear_port);
	other = client_open(s.clear_port);
	expect(&busy, "hello", "a greeting");
	expect(&other, "hello", "another");
	s.services.hold_pieces = true;
	client_send(&busy, "big 016\n");
	while (s.services.pieces == 0)
		(void)poll(NULL, 0, 1);
	client_send(&other, "echo ab\n");
	while (s.net->queued == 0)
		(void)poll(NULL, 0, 1);
	(void)poll(NULL, 0, LONG_MS);
	s.services.hold_pieces = false;
	expect(&other, "ab", "who waits is answered");
	is_number(s.services.pieces_then, 1, "after the piece that was begun");
	for (int i = 0; i < PIECES; i++)
		wrong += strlen(client_line(&busy, line, sizeof line))
		    != TOY_BIG - 1;
	is_number(wrong, 0, "the others follow");
	client_close(&busy);
	client_close(&other);
	net_stop(s.net);
	(void)pthread_join(s.thread, NULL);
	toy_free(&s);
}

int
main(void)
{
	const struct net_options o = { .workers = 4 };
	struct toy_server s;
	struct client clear, tls;

	ctx = SSL_CTX_new(TLS_client_method());
	toy_start(&s, 60, &o);
	(void)pthread_create(&s.thread, NULL, toy_thread, &s);
	for (int with = 0; with < 2; with++) {
		test_what_follows(&s, with == 1);
		test_long_lines(&s, with == 1);
		test_flood(&s, with == 1);
	}
	test_start_tls(&s);
	test_many(&s);
	test_ends(&s);
	test_turns();
	clear = begin(&s, false);
	tls = begin(&s, true);
	net_stop(s.net);
	expect(&clear, "shutdown", "a stop says farewell");
	expect(&tls, "shutdown", "to both");
	client_close(&clear);
	client_close(&tls);
	(void)pthread_join(s.thread, NULL);
	toy_free(&s);
	is_number(s.services.opened, s.services.closed, "all are closed");
	SSL_CTX_free(ctx);
	return tap_done();
}
