/* The named limits of an SMTP session, at n and at n + 1. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/smtp.h"
#include "mailcore/store/alias.h"
#include "tests/dialog/talk.h"

enum { MESSAGE = 3 * LIMIT_HEADER };

static struct smtp_services services;

static void
prepare(struct talk *t)
{
	services = (struct smtp_services){
		.store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
		.message_limit = MESSAGE,
		.starttls = true,
	};
	t->services = &services;
}

static void
begin(struct talk *t, bool submission)
{
	*t = (struct talk){ .protocol = &smtp_protocol, .prepare = prepare,
		.file = "limits" };
	talk_begin(t);
	services.submission = submission;
	t->peer.tls = submission;
	talk_open(t);
	talk_send(t, VIEW("HELO client.example\r\n"));
	if (submission)
		talk_send(t, VIEW("AUTH PLAIN"
				  " AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n"));
	t->seen = t->out.n;
}

/* Send `n` times `text`. */
static void
repeat(struct talk *t, const char *text, size_t n)
{
	struct buf all = buf_new(1 << 24);

	for (size_t i = 0; i < n; i++)
		buf_add_text(&all, text);
	talk_send(t, buf_view(&all));
	buf_free(&all);
}

static void
to_data(struct talk *t)
{
	talk_send(t, VIEW("MAIL FROM:<a@example.test>\r\n"
			  "RCPT TO:<b@example.test>\r\nDATA\r\n"));
	talk_expect(t, VIEW("250 *"));
	talk_expect(t, VIEW("250 *"));
	talk_expect(t, VIEW("354 *"));
}

static void
test_line(void)
{
	struct talk t;

	begin(&t, false);
	talk_send(&t, VIEW("NOOP "));
	repeat(&t, "x", LIMIT_SMTP_LINE - 7);
	talk_send(&t, VIEW("\r\n"));
	talk_expect(&t, VIEW("250 *"));
	repeat(&t, "x", LIMIT_SMTP_LINE + 1);
	talk_expect(&t, VIEW("500 5.5.2 *"));
	repeat(&t, "x", 1000);
	talk_send(&t, VIEW("\r\nNOOP\r\n"));
	talk_expect(&t, VIEW("250 *"));
	repeat(&t, "x", LIMIT_SMTP_LINE + 1);
	talk_expect(&t, VIEW("500 5.5.2 *"));
	for (int i = 0; i < 10 && !t.closed; i++)
		repeat(&t, "x", 10000);
	talk_expect(&t, VIEW("421 *"));
	ok(t.closed, "a line without end");
	talk_end(&t);
}

static void
test_recipients(void)
{
	struct talk t;

	begin(&t, true);
	talk_send(&t, VIEW("MAIL FROM:<a@example.test>\r\n"));
	talk_expect(&t, VIEW("250 *"));
	for (int i = 0; i <= LIMIT_SMTP_RECIPIENTS; i++) {
		char line[64];

		(void)snprintf(line, sizeof line,
		    "RCPT TO:<u%d@elsewhere.example>\r\n", i);
		talk_send(&t, view_of(line));
		if (i == 0 || i == LIMIT_SMTP_RECIPIENTS - 1)
			talk_expect(&t, VIEW("250 *"));
		else if (i < LIMIT_SMTP_RECIPIENTS)
			t.seen = t.out.n;
	}
	talk_expect(&t, VIEW("452 4.5.3 *"));
	talk_send(&t, VIEW("DATA\r\na: b\r\n\r\n.\r\n"));
	talk_expect(&t, VIEW("354 *"));
	talk_expect(&t, VIEW("250 *"));
	talk_line(&t, VIEW("! queued 1000"));
	talk_end(&t);
}

static void
test_unknown(void)
{
	struct talk t;

	begin(&t, false);
	talk_send(&t, VIEW("MAIL FROM:<>\r\n"));
	repeat(&t, "RCPT TO:<no@example.test>\r\n", LIMIT_SMTP_UNKNOWN);
	is_number((int64_t)t.delay_ms, 0, "as many as allowed");
	repeat(&t, "RCPT TO:<no@example.test>\r\n", 1);
	is_number((int64_t)t.delay_ms, 1000, "one more costs a second");
	repeat(&t, "RCPT TO:<b@example.test>\r\n", 1);
	is_number((int64_t)t.delay_ms, 1000, "a good one costs nothing");
	t.seen = t.out.n;
	talk_end(&t);
}

static void
test_hops(void)
{
	struct talk t;

	begin(&t, false);
	to_data(&t);
	repeat(&t, "Received: x\r\n", LIMIT_SMTP_HOPS);
	talk_send(&t, VIEW("\r\n.\r\n"));
	talk_expect(&t, VIEW("250 *"));
	to_data(&t);
	repeat(&t, "Received: x\r\n", LIMIT_SMTP_HOPS + 1);
	talk_send(&t, VIEW("\r\n.\r\n"));
	talk_expect(&t, VIEW("554 5.4.6 *"));
	talk_line(&t, VIEW("! count b 1"));
	talk_end(&t);
}

/* What comes back to an alias is told what it is. */
static void
test_loop(void)
{
	const struct alias on = { .address = VIEW("on@example.test"),
		.kind = ALIAS_FORWARD, .target = VIEW("x@far.example") };
	struct talk t;

	begin(&t, false);
	talk_check(alias_put(t.store, &on, 0), "alias_put");
	for (int back = 0; back < 2; back++) {
		talk_send(&t, VIEW("MAIL FROM:<x@y>\r\n"
				   "RCPT TO:<on@example.test>\r\nDATA\r\n"));
		talk_expect(&t, VIEW("250 *"));
		talk_expect(&t, VIEW("250 *"));
		talk_expect(&t, VIEW("354 *"));
		if (back != 0)
			talk_send(&t, VIEW("Delivered-To: on@example.test"
					   "\r\n"));
		talk_send(&t, VIEW("Subject: s\r\n\r\n.\r\n"));
		talk_expect(&t, back == 0
			? VIEW("250 *")
			: VIEW("554 5.4.6 RFC 5321 6.3: *mail loop"));
	}
	talk_line(&t, VIEW("! queued 1"));
	talk_end(&t);
}

static void
test_message(void)
{
	struct talk t;

	begin(&t, false);
	to_data(&t);
	talk_send(&t, VIEW("a: b\r\n\r\n"));
	repeat(&t, "12345678\r\n", (MESSAGE - 8) / 10);
	repeat(&t, "x", (MESSAGE - 8) % 10 - 2);
	talk_send(&t, VIEW("\r\n.\r\n"));
	talk_expect(&t, VIEW("250 *"));
	to_data(&t);
	talk_send(&t, VIEW("a: b\r\n\r\n"));
	repeat(&t, "12345678\r\n", (MESSAGE - 8) / 10);
	repeat(&t, "x", (MESSAGE - 8) % 10 - 1);
	talk_send(&t, VIEW("\r\n.\r\n"));
	talk_expect(&t, VIEW("552 5.3.4 *"));
	talk_line(&t, VIEW("! count b 1"));
	talk_end(&t);
}

static void
test_header(void)
{
	struct talk t;

	begin(&t, true);
	to_data(&t);
	repeat(&t, "a: b\r\n", LIMIT_HEADER / 6);
	talk_send(&t, VIEW("\r\nbody\r\n.\r\n"));
	talk_expect(&t, VIEW("250 *"));
	to_data(&t);
	repeat(&t, "a: b\r\n", LIMIT_HEADER / 3);
	talk_send(&t, VIEW("\r\nbody\r\n.\r\n"));
	talk_expect(&t, VIEW("552 5.3.4 *"));
	talk_line(&t, VIEW("! count b 1"));
	talk_end(&t);
}

int
main(void)
{
	test_line();
	test_recipients();
	test_unknown();
	test_hops();
	test_loop();
	test_message();
	test_header();
	return tap_done();
}
