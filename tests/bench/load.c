/*
 * load.c - many clients at once, for bench.py.
 *
 *	load WHAT IP PORT SESSIONS COUNT SIZE USERS [PATH]
 *
 * WHAT: smtp, append, put, get, http (in clear) or https.  Each session is a
 * thread with one connection; together they do COUNT operations.  USERS: how
 * many userNN@posthaste.test share the work.  Prints one line of JSON.
 */
#include "tests/bench/peer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct load {
	struct target target;
	unsigned sessions, count, users;
	size_t size;
	const char *path;
	char *body;
	atomic_uint next; /* operation */
	double *took;     /* by operation */
};

struct session {
	struct load *load;
	struct peer peer;
	unsigned user;
};

struct work {
	const char *name;
	bool tls;
	void (*begin)(struct session *);
	void (*one)(struct session *, unsigned operation);
};

static void
smtp_begin(struct session *s)
{
	peer_until(&s->peer, "220 ", "220 ");
	peer_say(&s->peer, "EHLO bench.example\r\n");
	peer_until(&s->peer, "250 ", "250 ");
}

static void
smtp_one(struct session *s, unsigned operation)
{
	peer_say(&s->peer,
	    "MAIL FROM:<a@elsewhere.example>\r\n"
	    "RCPT TO:<user%02u@posthaste.test>\r\nDATA\r\n",
	    1 + operation % s->load->users);
	peer_until(&s->peer, "", "250");
	peer_until(&s->peer, "", "250");
	peer_until(&s->peer, "", "354");
	peer_send(&s->peer, s->load->body, s->load->size);
	peer_send(&s->peer, "\r\n.\r\n", 5);
	peer_until(&s->peer, "", "250");
}

static void
imap_begin(struct session *s)
{
	peer_until(&s->peer, "* ", "* OK");
	peer_say(&s->peer, "a LOGIN user%02u@posthaste.test user%02u\r\n",
	    s->user, s->user);
	peer_until(&s->peer, "a ", "a OK");
}

static void
append_one(struct session *s, unsigned operation)
{
	(void)operation;
	peer_say(&s->peer, "b APPEND INBOX {%zu+}\r\n", s->load->size);
	peer_send(&s->peer, s->load->body, s->load->size);
	peer_send(&s->peer, "\r\n", 2);
	peer_until(&s->peer, "b ", "b OK");
}

/* An answer's status, and its body away. */
static unsigned
http_answer(struct peer *p)
{
	char line[4096];
	size_t length = 0;
	unsigned status;

	peer_line(p, line, sizeof line);
	status = strlen(line) > 9 ? (unsigned)strtoul(line + 9, NULL, 10) : 0;
	while (line[0] != '\0') {
		peer_line(p, line, sizeof line);
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			length = strtoul(line + 15, NULL, 10);
	}
	peer_skip(p, length);
	return status;
}

static void
basic(struct session *s, char *out, size_t size)
{
	char pair[80];
	unsigned char code[128];
	int n = snprintf(pair, sizeof pair, "user%02u@posthaste.test:user%02u",
	    s->user, s->user);

	EVP_EncodeBlock(code, (const unsigned char *)pair, n);
	snprintf(out, size, "Authorization: Basic %s\r\n", (const char *)code);
}

static void
put_one(struct session *s, unsigned operation)
{
	char authorization[256], object[1024];
	int n = snprintf(object, sizeof object,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n"
	    "BEGIN:VEVENT\r\nUID:bench-%u\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\n"
	    "SUMMARY:Operation %u\r\nDESCRIPTION:%.*s\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    operation, operation, 400, s->load->body + 200);
	unsigned status;

	basic(s, authorization, sizeof authorization);
	peer_say(&s->peer,
	    "PUT /SOGo/dav/user%02u@posthaste.test/Calendar/personal/"
	    "bench-%u.ics HTTP/1.1\r\nHost: mail.posthaste.test\r\n%s"
	    "Content-Type: text/calendar\r\nContent-Length: %d\r\n\r\n%s",
	    s->user, operation, authorization, n, object);
	status = http_answer(&s->peer);
	if (status != 201 && status != 204)
		die("PUT: %u", status);
}

static void
get_one(struct session *s, unsigned operation)
{
	char authorization[256];
	unsigned status;

	(void)operation;
	basic(s, authorization, sizeof authorization);
	peer_say(&s->peer,
	    "GET /SOGo/dav/user%02u@posthaste.test/Calendar/personal/%s"
	    " HTTP/1.1\r\nHost: mail.posthaste.test\r\n%s\r\n",
	    s->user, s->load->path, authorization);
	status = http_answer(&s->peer);
	if (status != 200)
		die("GET: %u", status);
}

static void
http_one(struct session *s, unsigned operation)
{
	unsigned status;

	(void)operation;
	peer_say(&s->peer,
	    "GET %s HTTP/1.1\r\nHost: autoconfig.posthaste.test\r\n\r\n",
	    s->load->path);
	status = http_answer(&s->peer);
	if (status != 200)
		die("GET: %u", status);
}

static void
nothing(struct session *s)
{
	(void)s;
}

static const struct work works[] = {
	{ "smtp", false, smtp_begin, smtp_one },
	{ "append", true, imap_begin, append_one },
	{ "put", true, nothing, put_one },
	{ "get", true, nothing, get_one },
	{ "http", false, nothing, http_one },
	{ "https", true, nothing, http_one },
};

static const struct work *
work_find(const char *name)
{
	for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
		if (strcmp(name, works[i].name) == 0)
			return &works[i];
	die("no work called %s", name);
}

struct task {
	struct session session;
	const struct work *work;
};

static void *
session_run(void *context)
{
	struct task *t = context;
	struct load *l = t->session.load;
	unsigned operation;

	while ((operation = atomic_fetch_add(&l->next, 1)) < l->count) {
		double began = now();

		t->work->one(&t->session, operation);
		l->took[operation] = now() - began;
	}
	return NULL;
}

/* A message of `size` bytes with the header that mail has. */
static char *
make_body(size_t size)
{
	static const char head[] =
	    "From: <a@elsewhere.example>\r\nTo: <b@posthaste.test>\r\n"
	    "Subject: A message of the bench\r\n"
	    "Message-ID: <bench@elsewhere.example>\r\n"
	    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n";
	char *body = malloc(size + 1);

	if (body == NULL || size < 1024)
		die("a message has 1,024 bytes or more");
	for (size_t i = 0; i < size; i++)
		body[i] = "abcdefgh ijklmno"[i % 16];
	memcpy(body, head, sizeof head - 1);
	for (size_t i = 700; i + 2 < size; i += 72)
		memcpy(body + i, "\r\n", 2);
	body[size] = '\0';
	return body;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(struct load *l, double seconds)
{
	qsort(l->took, l->count, sizeof l->took[0], by_size);
	printf("{\"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
	    l->count / seconds, l->took[l->count / 2] * 1e3,
	    l->took[(size_t)l->count * 99 / 100] * 1e3);
}

int
main(int argc, char **argv)
{
	const struct work *work;
	struct load l = { 0 };
	struct task *tasks;
	pthread_t *threads;
	double began;

	if (argc < 8)
		die("load WHAT IP PORT SESSIONS COUNT SIZE USERS [PATH]");
	work = work_find(argv[1]);
	target_open(&l.target, argv[2], argv[3], work->tls);
	l.sessions = (unsigned)strtoul(argv[4], NULL, 10);
	l.count = (unsigned)strtoul(argv[5], NULL, 10);
	l.size = strtoul(argv[6], NULL, 10);
	l.users = (unsigned)strtoul(argv[7], NULL, 10);
	l.path = argc > 8 ? argv[8] : "/";
	l.body = make_body(l.size);
	l.took = calloc(l.count, sizeof *l.took);
	tasks = calloc(l.sessions, sizeof *tasks);
	threads = calloc(l.sessions, sizeof *threads);
	if (l.took == NULL || tasks == NULL || threads == NULL)
		die("no memory");
	for (unsigned i = 0; i < l.sessions; i++) {
		tasks[i] = (struct task){ .work = work };
		tasks[i].session = (struct session){ .load = &l,
			.user = 1 + i % l.users };
		peer_open(&tasks[i].session.peer, &l.target);
		work->begin(&tasks[i].session);
	}
	began = now();
	for (unsigned i = 0; i < l.sessions; i++)
		pthread_create(&threads[i], NULL, session_run, &tasks[i]);
	for (unsigned i = 0; i < l.sessions; i++)
		pthread_join(threads[i], NULL);
	report(&l, now() - began);
	return 0;
}
