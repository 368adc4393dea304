/* The queue: from a queued mail to a server on loopback, to a bounce. */
#include "mailcore/db/db.h"
#include "mailcore/smtp/runner.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "tests/dialog/server.h"

#include "mailcore/smtp/smtp.h"
#include "tests/dialog/talk.h"

#include <signal.h>

/* Where the runner works while the test waits for the server to be done. */
struct site {
	struct talk t;
	struct runner *runner;
	pthread_t thread;
	struct conf conf;
};

static void
nothing(struct talk *t)
{
	(void)t;
}

static void
queue(struct site *site, const char *sender, const char *const *to, size_t n)
{
	view list[4];
	struct queue_new q = {
		.sender = view_of(sender),
		.recipients = list,
		.count = n,
		.data = VIEW("Received: here\r\nSubject: s\r\n\r\ntext\r\n"),
	};
	int64_t id;

	for (size_t i = 0; i < n; i++)
		list[i] = view_of(to[i]);
	talk_check(queue_add(site->t.store, &q, &id), "queue_add");
	talk_check(store_sync(site->t.store), "store_sync");
}

static void *
run(void *context)
{
	struct site *site = context;

	talk_check(runner_run(site->runner), "runner_run");
	return NULL;
}

struct seen {
	int64_t recipients;
	int attempts;
	char error[256];
	int64_t next;
};

static result
look(void *context, const struct queue_message *m,
    const struct queue_recipient *r)
{
	struct seen *seen = context;

	(void)m;
	seen->recipients++;
	seen->attempts = r->attempts;
	seen->next = r->next;
	(void)view_copy(view_first(r->error, 255), seen->error,
	    sizeof seen->error);
	return done();
}

static struct seen
peek(struct site *site)
{
	struct seen seen = { .recipients = 0 };

	talk_check(queue_each(site->t.store, look, &seen), "queue_each");
	return seen;
}

/* Until the queue is as it is wanted; the alarm ends a test that waits in
 * vain. */
static void
wait_until(struct site *site, int64_t recipients, int attempts)
{
	struct seen seen;

	do {
		seen = peek(site);
		(void)sched_yield();
	} while (seen.recipients != recipients
	    || (recipients > 0 && seen.attempts < attempts));
}

static void
site_open(struct site *site)
{
	*site = (struct site){ .t = { .prepare = nothing } };
	conf_defaults(&site->conf, 0);
	site->conf.hostname = "mail.example.test";
	talk_begin(&site->t);
	site->t.file = "runner";
}

static void
site_run(struct site *site, unsigned port)
{
	site->conf.remote_smtp_port = port;
	talk_check(runner_new(&site->runner, site->t.store, &site->conf, NULL,
		       NULL),
	    "runner_new");
	if (pthread_create(&site->thread, NULL, run, site) != 0)
		abort();
}

static void
site_close(struct site *site)
{
	runner_stop(site->runner);
	(void)pthread_join(site->thread, NULL);
	runner_free(&site->runner);
	talk_end(&site->t);
}

static void
test_sent_and_bounced(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", "250-r\r\n250 PIPELINING", "250 ok",
		    "550 5.1.1 no such user", "250 ok", "354 go",
		    "250 2.0.0 ok", "221 bye" },
	};
	static const char *const to[] = { "x@[127.0.0.1]", "y@[127.0.0.1]" };
	struct server server = { .script = script, .connections = 1 };
	struct site site;

	site_open(&site);
	server_start(&server);
	queue(&site, "a@example.test", to, 2);
	site_run(&site, server.port);
	wait_until(&site, 0, 0);
	server_stop(&server);
	ok(view_find(buf_view(&server.heard),
	       VIEW("\r\n\r\ntext\r\n.\r\nQUIT\r\n"))
		!= SIZE_MAX,
	    "the text arrived");
	is_number((int64_t)talk_count(&site.t, VIEW("a"), NULL), 1,
	    "one bounce");
	talk_holds(&site.t, VIEW("a"), VIEW("Return-Path: <>\\r\\n"), true);
	talk_holds(&site.t, VIEW("a"),
	    VIEW("Final-Recipient: rfc822; x@[127.0.0.1]\\r\\nAction: failed"
		 "\\r\\nStatus: 5.1.1\\r\\nRemote-MTA: dns; [127.0.0.1]\\r\\n"
		 "Diagnostic-Code: smtp; 550 5.1.1 no such user\\r\\n"),
	    true);
	talk_holds(&site.t, VIEW("a"), VIEW("\\r\\nSubject: s\\r\\n"), true);
	talk_holds(&site.t, VIEW("a"), VIEW("y@[127"), false);
	buf_free(&server.heard);
	site_close(&site);
}

static void
test_retry(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", "250 r", "451 4.7.1 greylisted", "221 bye" },
	};
	static const char *const to[] = { "x@[127.0.0.1]" };
	struct server server = { .script = script, .connections = 1 };
	struct site site;
	struct seen seen;
	int64_t before = clock_now();

	site_open(&site);
	server_start(&server);
	queue(&site, "a@example.test", to, 1);
	site_run(&site, server.port);
	wait_until(&site, 1, 1);
	server_stop(&server);
	seen = peek(&site);
	is_number(seen.attempts, 1, "one attempt");
	ok(seen.next >= before + 300 && seen.next <= before + 400,
	    "the next in five minutes: %lld", (long long)(seen.next - before));
	same(view_of(seen.error), VIEW("451 4.7.1 greylisted"), "the reason");
	is_number((int64_t)talk_count(&site.t, VIEW("a"), NULL), 0,
	    "no bounce");
	buf_free(&server.heard);
	site_close(&site);
}

/* To a domain that is ours by now; and a failure that nobody can be told. */
static void
test_here(void)
{
	static const char *const to[] = { "b@example.test" };
	static const char *const nobody[] = { "no@example.test" };
	struct site site;

	site_open(&site);
	queue(&site, "x@remote.example", to, 1);
	queue(&site, "", nobody, 1);
	queue(&site, "a@example.test", nobody, 1);
	site_run(&site, 1);
	wait_until(&site, 0, 0);
	is_number((int64_t)talk_count(&site.t, VIEW("b"), NULL), 1,
	    "delivered here");
	talk_holds(&site.t, VIEW("a"), VIEW("\\r\\nStatus: 5.1.1\\r\\n"),
	    true);
	site_close(&site);
}

/* Make all that is queued `seconds` older. */
static void
age(struct site *site, int64_t seconds)
{
	const struct db_arg args[] = { db_int(seconds) };
	struct db *db = NULL;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/house/posthaste.db",
	    site->t.folder);
	talk_check(db_open(&db, path), "db_open");
	talk_check(db_do(db,
		       "UPDATE queue_message SET created = created - $1",
		       args, COUNT(args)),
	    "age");
	db_close(&db);
}

/* RFC 5321 4.5.4.1: after five days the last reason is final. */
static void
test_expiry(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", "250 r", "451 4.7.1 greylisted", "221 bye" },
	};
	static const char *const to[] = { "x@[127.0.0.1]" };

	for (int over = 0; over < 2; over++) {
		struct server server = { .script = script, .connections = 1 };
		struct site site;

		site_open(&site);
		server_start(&server);
		queue(&site, "a@example.test", to, 1);
		age(&site, (int64_t)5 * 24 * 3600 - (over == 0 ? 60 : 0));
		site_run(&site, server.port);
		wait_until(&site, over == 0 ? 1 : 0, 1);
		server_stop(&server);
		talk_holds(&site.t, VIEW("a"),
		    VIEW("Status: 4.4.7\\r\\nRemote-MTA: dns; [127.0.0.1]"
			 "\\r\\nDiagnostic-Code: smtp; 451 4.7.1 greylisted"),
		    over != 0);
		buf_free(&server.heard);
		site_close(&site);
	}
}

static void
queue_wanting(struct site *site, unsigned notify)
{
	const view to = VIEW("x@[127.0.0.1]");
	const struct queue_want want = { .notify = notify };
	const struct queue_new q = { .sender = VIEW("a@example.test"),
		.recipients = &to, .wants = &want, .count = 1,
		.data = VIEW("Subject: s\r\n\r\ntext\r\n") };
	int64_t id;

	talk_check(queue_add(site->t.store, &q, &id), "queue_add");
	talk_check(store_sync(site->t.store), "store_sync");
}

static const struct {
	const char *name;
	unsigned notify;
	int64_t age;
	bool told;
} lates[] = {
	{ "nothing said, four hours", 0, 4 * 3600, true },
	{ "nothing said, a minute less", 0, 4 * 3600 - 60, false },
	{ "NOTIFY=DELAY", QUEUE_NOTIFY_DELAY, 4 * 3600, true },
	{ "NOTIFY=FAILURE", QUEUE_NOTIFY_FAILURE, 4 * 3600, false },
	{ "NOTIFY=NEVER", QUEUE_NOTIFY_NEVER, 4 * 3600, false },
};

/* Once, that it is late, to those who want to hear it. */
static void
test_late(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", "250 r", "451 4.7.1 greylisted", "221 bye" },
		{ "220 hi", "250 r", "451 4.7.1 greylisted", "221 bye" },
	};

	for (size_t i = 0; i < COUNT(lates); i++) {
		struct server server = { .script = script, .connections = 2 };
		struct site site;

		site_open(&site);
		server_start(&server);
		queue_wanting(&site, lates[i].notify);
		age(&site, lates[i].age);
		site_run(&site, server.port);
		wait_until(&site, 1, 1);
		runner_stop(site.runner);
		(void)pthread_join(site.thread, NULL);
		runner_free(&site.runner);
		/* Again, and it is not told again. */
		talk_check(queue_retry_all(site.t.store, clock_now()),
		    "queue_retry_all");
		site_run(&site, server.port);
		wait_until(&site, 1, 2);
		is_number((int64_t)talk_count(&site.t, VIEW("a"), NULL),
		    lates[i].told ? 1 : 0, lates[i].name);
		if (lates[i].told)
			talk_holds(&site.t, VIEW("a"),
			    VIEW("\r\nAction: delayed\r\nStatus: 4.7.1"
				 "\r\n"), true);
		site_close(&site);
		server_stop(&server);
		buf_free(&server.heard);
	}
}

/* RFC 5321 5.1: mail that leads back to us is no mail for us. */
static void
test_loop(void)
{
	static const char *const to[] = { "x@[127.0.0.1]" };
	struct site site;

	site_open(&site);
	site.conf.hostname = "[127.0.0.1]";
	queue(&site, "a@example.test", to, 1);
	site_run(&site, 1);
	wait_until(&site, 0, 0);
	talk_holds(&site.t, VIEW("a"), VIEW("\\r\\nStatus: 5.4.6\\r\\n"),
	    true);
	site_close(&site);
}

/* A server that never answers does not hold up the end of the program, and
 * the mail is due again at once. */
static void
test_stop(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", "SILENT" },
	};
	static const char *const to[] = { "x@[127.0.0.1]" };
	struct server server = { .script = script, .connections = 1 };
	struct site site;
	struct seen seen;
	int64_t before;

	site_open(&site);
	server_start(&server);
	queue(&site, "a@example.test", to, 1);
	site_run(&site, server.port);
	while (atomic_load(&server.heard_octets) == 0)
		(void)sched_yield();
	before = clock_steady_ms();
	runner_stop(site.runner);
	(void)pthread_join(site.thread, NULL);
	ok(clock_steady_ms() - before < 5000, "it stops soon");
	server_stop(&server);
	seen = peek(&site);
	is_number(seen.recipients, 1, "the mail is still there");
	ok(seen.next <= clock_now(), "and due");
	buf_free(&server.heard);
	runner_free(&site.runner);
	talk_end(&site.t);
}

int
main(void)
{
	(void)alarm(60);
	test_expiry();
	test_late();
	test_loop();
	test_stop();
	test_sent_and_bounced();
	test_retry();
	test_here();
	return tap_done();
}
