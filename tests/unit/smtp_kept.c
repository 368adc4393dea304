/* A connection that serves more than one mail, and when it must not. */
#include "mailcore/smtp/client.h"
#include "mailcore/sys/clock.h"
#include "tests/dialog/server.h"

#define EHLO "250-r.example\r\n250-PIPELINING\r\n250 SIZE 500"

static const view two[] = {
	VIEW_INIT("b@r.example"),
	VIEW_INIT("c@r.example"),
};

/* Two mails by the same `kept`, to one server; whether both were sent. */
static bool
send_twice(struct server *server, const struct client_options *first,
    const struct client_options *second)
{
	const struct client_options *const all[] = { first, second };
	struct client_kept *kept = client_kept_new();
	const struct client_mail m = { .sender = VIEW("a@s.example"),
		.recipients = two, .count = COUNT(two),
		.data = VIEW("Subject: s\r\n\r\n.dot\r\n") };
	struct arena *arena = arena_new(1 << 20);
	size_t sent = 0;

	server_start(server);
	for (size_t i = 0; i < COUNT(all); i++) {
		struct client_options o = *all[i];
		struct client_report reports[2];
		result r;

		o.hostname = "me.example";
		o.stop = -1;
		o.deadline_ms = clock_steady_ms() + 20000;
		o.kept = kept;
		r = client_send(&o, VIEW("r.example"), VIEW("127.0.0.1"),
		    server->port, &m, arena, reports);
		sent += r.is == OK && reports[1].outcome == QUEUE_SENT;
	}
	client_kept_free(&kept);
	server_stop(server);
	arena_free(&arena);
	return sent == COUNT(all);
}

#define MAIL_TAKEN "250 ok", "250 ok", "250 ok", "354 go", "250 ok"
#define MAIL_HALF "250 ok", "550 no", "250 ok", "354 go", "250 ok"
#define ONCE { "220 hi", EHLO, MAIL_TAKEN, "221 bye" }

static const struct {
	const char *name;
	const char *const script[2][SERVER_ANSWERS];
	size_t connections;
	enum client_trust second;
	bool sent;
} keeps[] = {
	{ "both over one connection", { { "220 hi", EHLO, MAIL_HALF,
	    MAIL_TAKEN, "221 bye" } }, 1, CLIENT_ANYBODY, true },
	{ "MAIL is refused there, and taken anew", { { "220 hi", EHLO,
	    MAIL_TAKEN, "421 4.3.0 too many" }, ONCE }, 2, CLIENT_ANYBODY,
	    true },
	{ "it was closed meanwhile", { { "220 hi", EHLO, MAIL_TAKEN,
	    "CLOSE" }, ONCE }, 2, CLIENT_ANYBODY, true },
	{ "it says more than was asked", { { "220 hi", EHLO, "250 ok",
	    "250 ok", "250 ok", "354 go", "250 ok\r\n250 ok", "221 bye" },
	    ONCE }, 2, CLIENT_ANYBODY, true },
	{ "other rules, another connection", { ONCE, ONCE }, 2,
	    CLIENT_TRY_NAME, true },
	{ "the text is put off", { { "220 hi", EHLO, "250 ok", "250 ok",
	    "250 ok", "354 go", "451 later", "221 bye" }, ONCE }, 2,
	    CLIENT_ANYBODY, false },
	{ "everybody is refused, then RSET", { { "220 hi", EHLO, "250 ok",
	    "550 no", "550 no", "250 reset", MAIL_TAKEN, "221 bye" } }, 1,
	    CLIENT_ANYBODY, false },
	{ "RSET fails", { { "220 hi", EHLO, "250 ok", "550 no", "550 no",
	    "500 what", "221 bye" }, ONCE }, 2, CLIENT_ANYBODY, false },
};

/* A connection that is kept, when it may be. */
static void
test_kept(void)
{
	for (size_t i = 0; i < COUNT(keeps); i++) {
		struct server server = { .script = keeps[i].script,
			.connections = keeps[i].connections };
		const struct client_options first = { .user = NULL };
		const struct client_security s = { .trust = keeps[i].second };
		const struct client_options second = {
			.security = s.trust == CLIENT_ANYBODY ? NULL : &s
		};
		view heard;
		size_t hellos = 0, mails = 0, at;

		ok(send_twice(&server, &first, &second) == keeps[i].sent,
		    "%s", keeps[i].name);
		heard = buf_view(&server.heard);
		for (view v = heard; (at = view_find(v, VIEW("EHLO")))
		     != SIZE_MAX; v = view_from(v, at + 1))
			hellos++;
		for (view v = heard; (at = view_find(v, VIEW("\r\n.\r\n")))
		     != SIZE_MAX; v = view_from(v, at + 1))
			mails++;
		is_number((int64_t)hellos, (int64_t)keeps[i].connections,
		    "connections");
		ok(mails >= 1, "and mail came");
		buf_free(&server.heard);
	}
}

int
main(void)
{
	(void)alarm(60);
	test_kept();
	return tap_done();
}
