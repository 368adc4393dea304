/* Compressed connections (RFC 4978) over real sockets, with the toy. */
#include "tests/unit/sys_toy.h"

#include <zlib.h>

enum { PACKED = 1 << 21 };

struct squeezed {
	struct client c;
	z_stream out, in;
	unsigned char came[4096];
	size_t wire; /* bytes that came */
};

static SSL_CTX *ctx;

static bool
give(struct client *c, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t sent = c->ssl != NULL
		    ? SSL_write(c->ssl, p, (int)n)
		    : send(c->fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static struct squeezed *
squeezed_new(struct client c)
{
	struct squeezed *s = calloc(1, sizeof *s);

	if (s == NULL
	    || deflateInit2(&s->out, 9, Z_DEFLATED, -15, 9, 0) != Z_OK
	    || inflateInit2(&s->in, -15) != Z_OK)
		abort();
	s->c = c;
	return s;
}

static struct squeezed *
squeezed_open(struct toy_server *server, bool tls)
{
	struct client c = client_open(tls ? server->tls_port
					  : server->clear_port);

	if (tls)
		ok(client_tls(&c, ctx, ""), "handshake");
	expect(&c, "hello", "a greeting");
	client_send(&c, "deflate\n");
	expect(&c, "go", "the last words that are not compressed");
	return squeezed_new(c);
}

static void
squeezed_close(struct squeezed *s)
{
	client_close(&s->c);
	(void)deflateEnd(&s->out);
	(void)inflateEnd(&s->in);
	free(s);
}

static size_t
pack(struct squeezed *s, const char *text, size_t n, unsigned char *out)
{
	s->out.next_in = (Bytef *)(uintptr_t)text;
	s->out.avail_in = (uInt)n;
	s->out.next_out = out;
	s->out.avail_out = PACKED;
	if (deflate(&s->out, Z_SYNC_FLUSH) != Z_OK || s->out.avail_in > 0)
		abort();
	return PACKED - s->out.avail_out;
}

static void
say(struct squeezed *s, const char *text)
{
	unsigned char *wire = malloc(PACKED);

	if (wire == NULL)
		abort();
	(void)give(&s->c, wire, pack(s, text, strlen(text), wire));
	free(wire);
}

/* One byte of what is meant; false: the end. */
static bool
hear(struct squeezed *s, char *byte)
{
	s->in.next_out = (Bytef *)byte;
	s->in.avail_out = 1;
	for (;;) {
		ssize_t n;
		int r = inflate(&s->in, Z_SYNC_FLUSH);

		if (r != Z_OK && r != Z_BUF_ERROR)
			return false;
		if (s->in.avail_out == 0)
			return true;
		n = s->c.ssl != NULL
		    ? SSL_read(s->c.ssl, s->came, sizeof s->came)
		    : recv(s->c.fd, s->came, sizeof s->came, 0);
		if (n <= 0)
			return false;
		s->wire += (size_t)n;
		s->in.next_in = s->came;
		s->in.avail_in = (uInt)n;
	}
}

static const char *
hear_line(struct squeezed *s, char *line, size_t room)
{
	size_t n = 0;

	while (n + 1 < room && hear(s, line + n) && line[n] != '\n')
		n++;
	line[n] = '\0';
	return line;
}

static void
wants(struct squeezed *s, const char *wanted, const char *what)
{
	char line[2 * TOY_BIG];

	same(view_of(hear_line(s, line, sizeof line)), view_of(wanted), what);
}

static void
test_lines(struct toy_server *server, bool tls)
{
	struct squeezed *s = squeezed_open(server, tls);
	char line[2 * TOY_BIG];
	int wrong = 0;

	say(s, "echo one\necho two\necho three\n");
	wants(s, "one", "an answer, compressed");
	wants(s, "two", "pipelined");
	wants(s, "three", "also the third");
	s->wire = 0;
	say(s, "big 3000\n");
	for (int i = 0; i < 3000; i++)
		wrong += strlen(hear_line(s, line, sizeof line))
		    != TOY_BIG - 1;
	is_number(wrong, 0, "3 MB in whole lines");
	ok(s->wire < 300000, "far less on the wire");
	say(s, "watch 7\n");
	wants(s, "watching", "it watches");
	net_wake(server->net, 7);
	wants(s, "changed", "woken");
	say(s, "echo x\nquit\n");
	wants(s, "x", "to the end");
	wants(s, "bye", "closing");
	wants(s, "", "closed");
	if (tls)
		is_number(SSL_get_shutdown(s->c.ssl) & SSL_RECEIVED_SHUTDOWN,
		    SSL_RECEIVED_SHUTDOWN, "close_notify came");
	squeezed_close(s);
}

static void
test_bytes(struct toy_server *server)
{
	struct squeezed *s = squeezed_open(server, false);
	unsigned char *wire = malloc(PACKED);
	size_t n;

	if (wire == NULL)
		abort();
	n = pack(s, "echo slowly\nsecret\n", 19, wire);
	for (size_t i = 0; i < n; i++)
		(void)give(&s->c, wire + i, 1);
	wants(s, "slowly", "byte by byte");
	wants(s, "clear", "and the next");
	free(wire);
	squeezed_close(s);
}

/* Lines that repeat what was 30,000 bytes before. */
static void
test_window(struct toy_server *server)
{
	enum { LINES = 200, LENGTH = 150 };
	struct squeezed *s = squeezed_open(server, false);
	char *text = malloc(2 * LINES * LENGTH + 1), line[LENGTH + 1];
	uint32_t seed = 1;
	size_t n = 0;
	int wrong = 0;

	if (text == NULL)
		abort();
	for (int i = 0; i < LINES; i++) {
		memcpy(text + n, "echo ", 5);
		for (int j = 5; j < LENGTH - 1; j++) {
			seed = seed * 1103515245 + 12345;
			text[n + (size_t)j] = (char)('a' + (seed >> 16) % 26);
		}
		text[n + LENGTH - 1] = '\n';
		n += LENGTH;
	}
	memcpy(text + n, text, n);
	text[2 * n] = '\0';
	say(s, text);
	for (int i = 0; i < 2 * LINES; i++)
		wrong += memcmp(hear_line(s, line, sizeof line),
		    text + i * LENGTH + 5, LENGTH - 6) != 0;
	is_number(wrong, 0, "the whole window can be used");
	free(text);
	squeezed_close(s);
}

/* Compressed already, in one packet with the command. */
static void
test_behind(struct toy_server *server)
{
	struct client c = client_open(server->clear_port);
	struct squeezed *s = squeezed_new(c);
	view command = VIEW("deflate\n");
	unsigned char *wire = malloc(PACKED + command.n);

	if (wire == NULL)
		abort();
	memcpy(wire, command.p, command.n);
	(void)give(&c, wire, command.n
		+ pack(s, "echo early\n", 11, wire + command.n));
	expect(&c, "hello", "a greeting");
	expect(&c, "go", "an answer in clear");
	wants(s, "early", "what is compressed behind the command is run");
	free(wire);
	squeezed_close(s);
	c = client_open(server->clear_port);
	client_send(&c, "deflate\necho clear\n");
	expect(&c, "hello", "a greeting");
	expect(&c, "go", "an answer in clear");
	expect(&c, "", "what is in clear behind it is not, and ends it");
	client_close(&c);
}

/* `tail` behind one good line. */
static void
test_broken(struct toy_server *server, const char *tail, size_t n,
    const char *what)
{
	struct squeezed *s = squeezed_open(server, true);

	say(s, "echo before\n");
	(void)give(&s->c, tail, n);
	wants(s, "before", what);
	wants(s, "", "then the end");
	is_number(SSL_get_shutdown(s->c.ssl) & SSL_RECEIVED_SHUTDOWN,
	    SSL_RECEIVED_SHUTDOWN, "cleanly");
	squeezed_close(s);
}

/* 64 MB of one byte: no line, so no more than a line is looked at. */
static void
test_bomb(struct toy_server *server)
{
	enum { BLOCK = 1 << 20 };
	struct squeezed *s = squeezed_open(server, false);
	unsigned char *wire = malloc(2 * PACKED);
	char *block = malloc(BLOCK);
	size_t n = 0;

	if (block == NULL || wire == NULL)
		abort();
	memset(block, 'y', BLOCK);
	for (int i = 0; i < 64; i++)
		n += pack(s, block, BLOCK, wire + n);
	(void)give(&s->c, wire, n);
	wants(s, "too long", "a bomb gets the answer of a long line");
	wants(s, "", "and the end");
	free(wire);
	free(block);
	squeezed_close(s);
}

/* Blocks with nothing in them. */
static void
test_silent(struct toy_server *server)
{
	static const unsigned char nothing[5] = { 0, 0, 0, 0xff, 0xff };
	struct squeezed *s = squeezed_open(server, false);
	char *wire = malloc(5 * 1000);
	int rounds = 0;

	if (wire == NULL)
		abort();
	for (int i = 0; i < 1000; i++)
		memcpy(wire + 5 * i, nothing, sizeof nothing);
	while (rounds < 4000 && give(&s->c, wire, 5 * 1000))
		rounds++;
	ok(rounds > 150, "some empty blocks are nothing");
	ok(rounds < 4000, "but not for ever");
	free(wire);
	squeezed_close(s);
}

/* Much more than one piece when inflated, and no more behind it. */
static void
test_half_close(struct toy_server *server, bool tls)
{
	enum { LINES = 20000 };
	struct squeezed *s = squeezed_open(server, tls);
	char *text = malloc(LINES * 16), line[64], wanted[16];
	size_t n = 0;
	int wrong = 0;

	if (text == NULL)
		abort();
	for (int i = 0; i < LINES; i++)
		n += (size_t)sprintf(text + n, "echo %d\n", i);
	say(s, text);
	if (tls)
		(void)SSL_shutdown(s->c.ssl);
	else
		(void)shutdown(s->c.fd, SHUT_WR);
	for (int i = 0; i < LINES; i++) {
		(void)snprintf(wanted, sizeof wanted, "%d", i);
		wrong += strcmp(hear_line(s, line, sizeof line), wanted) != 0;
	}
	is_number(wrong, 0, "half-closed: all that was sent is answered");
	wants(s, "", "then the end");
	free(text);
	squeezed_close(s);
}

static void
test_tls_within(struct toy_server *server)
{
	struct squeezed *s = squeezed_open(server, false);

	say(s, "tls\n");
	wants(s, "go", "STARTTLS behind compression");
	ok(client_tls(&s->c, ctx, ""), "handshake");
	say(s, "secret\n");
	wants(s, "secured", "compressed inside TLS");
	squeezed_close(s);
}

int
main(void)
{
	const struct net_options options = { .io_threads = 2, .workers = 4 };
	struct toy_server s;

	ctx = SSL_CTX_new(TLS_client_method());
	toy_start(&s, 60, &options);
	if (pthread_create(&s.thread, NULL, toy_thread, &s) != 0)
		must(fail(FAILED, "no thread"), "start");
	test_lines(&s, false);
	test_lines(&s, true);
	test_bytes(&s);
	test_window(&s);
	test_behind(&s);
	test_broken(&s, "\xff\xff\xff\xff", 4, "no such kind of block");
	test_broken(&s, "\x03\x00", 2, "the last block");
	test_bomb(&s);
	test_silent(&s);
	test_half_close(&s, false);
	test_half_close(&s, true);
	test_tls_within(&s);
	net_stop(s.net);
	(void)pthread_join(s.thread, NULL);
	is_number(s.services.opened, s.services.closed, "all are closed");
	toy_free(&s);
	SSL_CTX_free(ctx);
	return tap_done();
}
