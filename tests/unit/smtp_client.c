/* client.h against servers good, bad and broken, on loopback. */
#include "mailcore/smtp/client.h"
#include "mailcore/sys/cert.h"
#include "mailcore/sys/clock.h"
#include "tests/dialog/server.h"

#include <signal.h>
#include <stdio.h>

static struct tls *tls;
static const char *server_name = "localhost";

static const view two[] = {
	VIEW_INIT("b@r.example"),
	VIEW_INIT("c@r.example"),
};

static struct client_mail
mail(void)
{
	return (struct client_mail){
		.sender = VIEW("a@s.example"),
		.recipients = two,
		.count = 2,
		.data = VIEW("Subject: s\r\n\r\n.dot\nlf\r\n"),
	};
}

struct run {
	result r;
	struct arena *arena;
	struct client_report reports[2];
	struct server server;
};

static void
send_to(struct run *run, const char *const (*script)[SERVER_ANSWERS],
    size_t connections, const struct client_mail *m,
    const struct client_options *o)
{
	struct client_options options = *o;

	run->server = (struct server){
		.script = script, .connections = connections, .tls = tls
	};
	server_start(&run->server);
	run->arena = arena_new(1 << 20);
	options.hostname = "me.example";
	options.stop = -1;
	options.deadline_ms = clock_steady_ms() + 20000;
	memset(run->reports, 0, sizeof run->reports);
	run->r = client_send(&options, view_of(server_name), VIEW("127.0.0.1"),
	    run->server.port, m, run->arena, run->reports);
	server_stop(&run->server);
}

static void
end(struct run *run)
{
	arena_free(&run->arena);
	buf_free(&run->server.heard);
}

static void
check(const struct run *run, size_t i, enum queue_outcome outcome,
    const char *status, const char *what)
{
	ok(run->reports[i].outcome == outcome, "%s: outcome", what);
	same(run->reports[i].status, view_of(status), what);
}

#define EHLO "250-r.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 500"

static void
test_whole(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220-hello\r\n220 there", EHLO, "250 ok",
		    "550 5.1.1 no\tsuch user", "250 2.1.5 ok", "354 go",
		    "250 2.0.0 taken", "221 bye" },
	};
	const struct client_options o = { .user = NULL };
	struct client_mail m = mail();
	struct run run;

	m.eightbit = true;
	send_to(&run, script, 1, &m, &o);
	ok(run.r.is == OK, "sent: %s", run.r.why);
	check(&run, 0, QUEUE_FAILED, "5.1.1", "the first is refused");
	same(run.reports[0].text, VIEW("550 5.1.1 no?such user"),
	    "its reason, printable");
	check(&run, 1, QUEUE_SENT, "2.0.0", "the second has it");
	same(buf_view(&run.server.heard),
	    VIEW("EHLO me.example\r\n"
		 "MAIL FROM:<a@s.example> SIZE=23 BODY=8BITMIME\r\n"
		 "RCPT TO:<b@r.example>\r\nRCPT TO:<c@r.example>\r\n"
		 "DATA\r\nSubject: s\r\n\r\n..dot\r\nlf\r\n.\r\nQUIT\r\n"),
	    "what the server heard");
	end(&run);
}

static const struct {
	const char *name;
	const char *const script[1][SERVER_ANSWERS];
	enum status is;
	enum queue_outcome outcome;
	const char *status;
} scripts[] = {
	{ "only HELO", { { "220 hi", "500 what", "250 r", "250 ok", "250 ok",
			 "250 ok", "354 go", "250 ok" } },
	    OK, QUEUE_SENT, "2.0.0" },
	{ "no service", { { "554 5.7.1 go away" } }, BUSY, QUEUE_FAILED,
	    "5.7.1" },
	{ "later", { { "421 4.3.2 busy" } }, BUSY, QUEUE_RETRY, "4.3.2" },
	{ "closed at once", { { "CLOSE" } }, BUSY, QUEUE_RETRY, "4.4.2" },
	{ "silent", { { "SILENT" } }, BUSY, QUEUE_RETRY, "4.4.2" },
	{ "not SMTP", { { "SSH-2.0-OpenSSH" } }, BUSY, QUEUE_RETRY, "4.4.2" },
	{ "sender refused", { { "220 hi", EHLO, "550 5.7.1 no" } }, OK,
	    QUEUE_FAILED, "5.7.1" },
	{ "sender later", { { "220 hi", EHLO, "451 try later" } }, OK,
	    QUEUE_RETRY, "4.0.0" },
	{ "greylisted", { { "220 hi", EHLO, "250 ok", "450 4.2.0 later",
			  "450 4.2.0 later" } },
	    OK, QUEUE_RETRY, "4.2.0" },
	{ "status of another class", { { "220 hi", EHLO, "550 2.0.0 odd" } },
	    OK, QUEUE_FAILED, "5.0.0" },
	{ "gone after RCPT", { { "220 hi", EHLO, "250 ok", "250 ok", "250 ok",
			       "CLOSE" } },
	    OK, QUEUE_RETRY, "4.4.2" },
	{ "DATA later", { { "220 hi", EHLO, "250 ok", "250 ok", "250 ok",
			  "452 4.3.1 full" } },
	    OK, QUEUE_RETRY, "4.3.1" },
	{ "DATA answered by 250", { { "220 hi", EHLO, "250 ok", "250 ok",
				    "250 ok", "250 eh" } },
	    OK, QUEUE_RETRY, "4.4.2" },
	{ "text refused", { { "220 hi", EHLO, "250 ok", "250 ok", "250 ok",
			    "354 go", "554 5.6.0 spam" } },
	    OK, QUEUE_FAILED, "5.6.0" },
	/* Perhaps it has it, perhaps not: never lost. */
	{ "gone after the text", { { "220 hi", EHLO, "250 ok", "250 ok",
				   "250 ok", "354 go", "CLOSE" } },
	    OK, QUEUE_RETRY, "4.4.2" },
	{ "silent after the text", { { "220 hi", EHLO, "250 ok", "250 ok",
				     "250 ok", "354 go", "SILENT" } },
	    OK, QUEUE_RETRY, "4.4.2" },
};

static void
test_answers(void)
{
	const struct client_options o = { .most_wait_ms = 300 };
	const struct client_mail m = mail();

	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct run run;

		send_to(&run, scripts[i].script, 1, &m, &o);
		ok(run.r.is == scripts[i].is, "%s: %s", scripts[i].name,
		    run.r.why);
		check(&run, 0, scripts[i].outcome, scripts[i].status,
		    scripts[i].name);
		check(&run, 1, scripts[i].outcome, scripts[i].status,
		    scripts[i].name);
		end(&run);
	}
}

static void
test_cannot(void)
{
	static const char *const small[][SERVER_ANSWERS] = {
		{ "220 hi", "250-r\r\n250 SIZE 22", "221 bye" },
	};
	const struct client_options o = { .user = NULL };
	struct client_mail m = mail();
	struct run run;

	send_to(&run, small, 1, &m, &o);
	check(&run, 1, QUEUE_FAILED, "5.3.4", "one octet too big");
	end(&run);
	m.smtputf8 = true;
	send_to(&run, small, 1, &m, &o);
	check(&run, 1, QUEUE_FAILED, "5.6.7", "no SMTPUTF8 there");
	same(buf_view(&run.server.heard), VIEW("EHLO me.example\r\nQUIT\r\n"),
	    "and it is not even asked");
	end(&run);
}

#define TAKE "250 ok", "250 ok", "250 ok", "354 go", "250 ok", "221 bye"
#define OFFER "250-r\r\n250-STARTTLS\r\n250 AUTH PLAIN"

static void
test_tls(void)
{
	static const char *const broken[][SERVER_ANSWERS] = {
		{ "220 hi", OFFER, "NOT TLS" },
		{ "220 hi", OFFER, TAKE },
	};
	static const char *const secure[][SERVER_ANSWERS] = {
		{ "220 hi", OFFER, "TLS", OFFER, TAKE },
	};
	const struct client_options o = { .tls = tls, .most_wait_ms = 5000 };
	struct client_options relay = o;
	const struct client_mail m = mail();
	struct run run;

	send_to(&run, secure, 1, &m, &o);
	check(&run, 0, QUEUE_SENT, "2.0.0", "over TLS");
	ok(view_starts(buf_view(&run.server.heard),
	       VIEW("EHLO me.example\r\nSTARTTLS\r\nEHLO me.example\r\nMAIL")),
	    "RFC 3207 4.2: EHLO again");
	end(&run);
	send_to(&run, broken, 2, &m, &o);
	ok(run.r.is == OK, "broken TLS is done without: %s", run.r.why);
	check(&run, 0, QUEUE_SENT, "2.0.0", "in clear");
	end(&run);
	relay.user = "me";
	relay.password = "geheim";
	send_to(&run, secure, 1, &m, &relay);
	ok(run.r.is == FAILED, "a relay nobody vouches for: %s", run.r.why);
	ok(view_find(buf_view(&run.server.heard), VIEW("AUTH")) == SIZE_MAX,
	    "does not see our password");
	end(&run);
	send_to(&run, broken + 1, 1, &m,
	    &(struct client_options){ .user = "me", .password = "geheim" });
	ok(run.r.is == FAILED, "nor does one without TLS: %s", run.r.why);
	ok(view_find(buf_view(&run.server.heard), VIEW("AUTH")) == SIZE_MAX,
	    "it neither");
	end(&run);
}

/* A relay whose certificate is good, by a CA that the system knows. */
static void
test_relay(const char *ca, struct certs *certs)
{
	static const char *const good[][SERVER_ANSWERS] = {
		{ "220 hi", OFFER, "TLS", OFFER, "235 2.7.0 ok", TAKE },
	};
	static const char *const no[][SERVER_ANSWERS] = {
		{ "220 hi", OFFER, "TLS", OFFER, "535 5.7.8 no", "221 bye" },
	};
	const struct tls_policy policy = { .minimum = TLS_1_2 };
	struct client_options o = { .user = "me", .password = "geheim" };
	const struct client_mail m = mail();
	struct tls *trusting = NULL;
	struct run run;

	(void)setenv("SSL_CERT_FILE", ca, 1);
	if (tls_new(&trusting, certs, &policy).is != OK)
		abort();
	o.tls = trusting;
	send_to(&run, good, 1, &m, &o);
	ok(run.r.is == OK, "a relay that we know: %s", run.r.why);
	check(&run, 0, QUEUE_SENT, "2.0.0", "by the relay");
	ok(view_find(buf_view(&run.server.heard),
	       VIEW("\r\nAUTH PLAIN AG1lAGdlaGVpbQ==\r\nMAIL FROM:"))
		!= SIZE_MAX,
	    "RFC 4616: the login comes first");
	end(&run);
	send_to(&run, no, 1, &m, &o);
	ok(run.r.is == FAILED, "a wrong password: %s", run.r.why);
	same(run.reports[0].text, VIEW("535 5.7.8 no"), "its reason");
	end(&run);
	server_name = "other.example";
	send_to(&run, good, 1, &m, &o);
	ok(run.r.is == FAILED, "another name than it shows: %s", run.r.why);
	ok(view_find(buf_view(&run.server.heard), VIEW("AUTH")) == SIZE_MAX,
	    "is told nothing");
	end(&run);
	tls_free(&trusting);
}

static void
test_refused(void)
{
	const struct client_options o = {
		.hostname = "me.example",
		.stop = -1,
		.deadline_ms = clock_steady_ms() + 5000,
	};
	const struct client_mail m = mail();
	struct client_report reports[2] = { { .remote = true } };
	struct arena *arena = arena_new(1 << 20);

	ok(client_send(&o, VIEW("localhost"), VIEW("127.0.0.1"), 1, &m, arena,
	       reports)
		    .is
		== BUSY,
	    "nobody listens: try the next");
	ok(!reports[0].remote && reports[0].outcome == QUEUE_RETRY,
	    "and nobody said so");
	arena_free(&arena);
}

static void
test_notices(void)
{
	static const char *const knows[][SERVER_ANSWERS] = {
		{ "220 hi", "250-r\r\n250-DSN\r\n250 PIPELINING", TAKE },
	};
	static const char *const ignorant[][SERVER_ANSWERS] = {
		{ "220 hi", "250-r\r\n250 PIPELINING", TAKE },
	};
	const struct queue_want wants[] = {
		{ QUEUE_NOTIFY_SUCCESS | QUEUE_NOTIFY_DELAY,
		    VIEW("rfc822;o+2Bx@r.example") },
		{ QUEUE_NOTIFY_NEVER, VIEW("") },
	};
	const struct client_options o = { .user = NULL };
	struct client_mail m = mail();
	struct run run;

	m.wants = wants;
	m.ret = QUEUE_RET_HEADERS;
	m.envelope_id = VIEW("e+2B1");
	send_to(&run, knows, 1, &m, &o);
	ok(view_find(buf_view(&run.server.heard),
	       VIEW("MAIL FROM:<a@s.example> RET=HDRS ENVID=e+2B1\r\n"
		    "RCPT TO:<b@r.example> NOTIFY=SUCCESS,DELAY"
		    " ORCPT=rfc822;o+2Bx@r.example\r\n"
		    "RCPT TO:<c@r.example> NOTIFY=NEVER\r\n"))
		!= SIZE_MAX, "RFC 3461: all is passed on");
	ok(run.reports[0].dsn, "and the server tells the sender");
	end(&run);
	send_to(&run, ignorant, 1, &m, &o);
	ok(view_find(buf_view(&run.server.heard), VIEW("NOTIFY"))
		== SIZE_MAX && !run.reports[0].dsn,
	    "nothing of it to a server that does not know it");
	end(&run);
}

/* RFC 2033 4.2: an answer for each recipient that was taken. */
static void
test_lmtp(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", "250-r\r\n250-STARTTLS\r\n250 PIPELINING",
		    "250 ok", "250 ok", "250 ok", "354 go",
		    "250 2.0.0 kept\r\n552 5.2.2 full", "221 bye" },
	};
	const struct client_options o = { .lmtp = true, .tls = tls };
	struct client_mail m = mail();
	struct run run;

	send_to(&run, script, 1, &m, &o);
	check(&run, 0, QUEUE_SENT, "2.0.0", "LMTP: the first has it");
	check(&run, 1, QUEUE_FAILED, "5.2.2", "LMTP: the second is full");
	ok(view_starts(buf_view(&run.server.heard),
	       VIEW("LHLO me.example\r\nMAIL FROM")), "LHLO, and no TLS");
	end(&run);
}

/* Each rule against a server whose certificate nobody knows. */
static void
test_rules(void)
{
	static const char *const clear[][SERVER_ANSWERS] = {
		{ "220 hi", "250-r\r\n250 PIPELINING", TAKE },
	};
	static const char *const offers[][SERVER_ANSWERS] = {
		{ "220 hi", OFFER, "TLS", OFFER, TAKE },
	};
	static const struct {
		enum client_trust trust;
		bool offered;
		enum status is;
		const char *fault;
	} cases[] = {
		{ CLIENT_ANYBODY, false, OK, "starttls-not-supported" },
		{ CLIENT_TRY_NAME, false, OK, "starttls-not-supported" },
		{ CLIENT_ENCRYPTED, false, BUSY, "starttls-not-supported" },
		{ CLIENT_NAMED, false, BUSY, "starttls-not-supported" },
		{ CLIENT_ANYBODY, true, OK, NULL },
		{ CLIENT_TRY_NAME, true, OK, "certificate-not-trusted" },
		{ CLIENT_ENCRYPTED, true, OK, NULL },
		{ CLIENT_NAMED, true, BUSY, "certificate-not-trusted" },
	};
	const struct client_mail m = mail();

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct client_security security = {
			.trust = cases[i].trust, .rule = "a rule"
		};
		struct client_seen seen = { .fault = NULL };
		const struct client_options o = { .tls = tls,
			.security = &security, .seen = &seen };
		struct run run;

		send_to(&run, cases[i].offered ? offers : clear, 1, &m, &o);
		ok(run.r.is == cases[i].is, "rule %zu: %s", i, run.r.why);
		same(view_of(seen.fault), view_of(cases[i].fault), "fault");
		if (run.r.is != OK) {
			ok(run.reports[0].outcome == QUEUE_RETRY
			    && view_find(buf_view(&run.server.heard),
				VIEW("MAIL")) == SIZE_MAX,
			    "nothing is sent");
			ok(view_starts(run.reports[0].text,
			       VIEW("a rule asks for TLS")), "and said why");
		}
		end(&run);
	}
}

static void
test_requiretls(void)
{
	static const char *const script[][SERVER_ANSWERS] = {
		{ "220 hi", OFFER, "TLS", OFFER, "221 bye" },
	};
	const struct client_options o = { .tls = tls };
	struct client_mail m = mail();
	struct run run;

	m.requiretls = true;
	send_to(&run, script, 1, &m, &o);
	check(&run, 0, QUEUE_FAILED, "5.7.30", "no REQUIRETLS there");
	end(&run);
}

int
main(void)
{
	char folder[] = "/tmp/client.XXXXXX", path[64], command[64];
	const view names[] = { VIEW("localhost") };
	struct certs *certs = NULL;
	const struct tls_policy policy = { .minimum = TLS_1_2 };

	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(path, sizeof path, "%s/tls", folder);
	if (cert_make(path, names, 1).is != OK
	    || certs_open(&certs, path).is != OK
	    || tls_new(&tls, certs, &policy).is != OK)
		return 1;
	test_whole();
	test_answers();
	test_cannot();
	test_tls();
	test_notices();
	test_lmtp();
	test_rules();
	test_requiretls();
	test_refused();
	(void)snprintf(path, sizeof path, "%s/ca.pem", folder);
	test_relay(path, certs);
	tls_free(&tls);
	certs_close(&certs);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0)
		note("left behind: %s", folder);
	return tap_done();
}
