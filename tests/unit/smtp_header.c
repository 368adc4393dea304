/* header.h and bounce.h: the very bytes. */
#include "mailcore/smtp/bounce.h"
#include "mailcore/smtp/header.h"
#include "tests/tap.h"

static void
test_received(void)
{
	struct header_trace t = {
		.id = VIEW("4711"),
		.hello = VIEW("a(b);\"c"),
		.peer = VIEW("2001:db8::1"),
		.hostname = VIEW("mail.example.test"),
		.recipient = VIEW("a@example.test"),
		.extended = true,
		.tls = true,
		.authenticated = true,
		.now = 0,
	};
	struct buf out = buf_new(1000);

	header_received(&out, &t);
	same(buf_view(&out),
	    VIEW("Received: from a?b???c ([IPv6:2001:db8::1])\r\n"
		 "\tby mail.example.test with ESMTPSA id 4711\r\n"
		 "\tfor <a@example.test>;\r\n"
		 "\tThu, 01 Jan 1970 00:00:00 +0000\r\n"),
	    "a name cannot forge the rest");
	buf_reset(&out);
	t.utf8 = true;
	t.authenticated = false;
	header_received(&out, &t);
	ok(view_find(buf_view(&out), VIEW(" with UTF8SMTPS id")) != SIZE_MAX,
	    "RFC 6531 4.3");
	buf_reset(&out);
	t.utf8 = t.extended = false;
	header_received(&out, &t);
	ok(view_find(buf_view(&out), VIEW(" with SMTP id")) != SIZE_MAX,
	    "HELO has no letters behind");
	buf_free(&out);
}

#define MADE                                          \
	"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"   \
	"From: a@example.test\r\n"                    \
	"Message-ID: <4711@mail.example.test>\r\n"

static const struct {
	const char *name;
	const char *header;
	const char *repaired;
} repairs[] = {
	{ "nothing", "", MADE "\r\n" },
	{ "only the blank line", "\r\n", MADE "\r\n" },
	{ "all there",
	    "date: x\r\nFROM: y\r\nMessage-Id: z\r\n\r\n",
	    "date: x\r\nFROM: y\r\nMessage-Id: z\r\n\r\n" },
	{ "blank before the colon",
	    "Date : x\r\nFrom\t: y\r\nMessage-ID: z\r\n\r\n",
	    "Date : x\r\nFrom\t: y\r\nMessage-ID: z\r\n\r\n" },
	{ "Bcc in folds, twice",
	    "Bcc: a,\r\n\tb,\r\n c\r\nDate: x\r\nbCC :d\r\nFrom: y\r\n f\r\n"
	    "Message-ID: z\r\n\r\n",
	    "Date: x\r\nFrom: y\r\n f\r\nMessage-ID: z\r\n\r\n" },
	{ "Bcc in another word",
	    "X-Bcc: a\r\nDate: x\r\nFrom: y\r\nMessage-ID: z\r\n\r\n",
	    "X-Bcc: a\r\nDate: x\r\nFrom: y\r\nMessage-ID: z\r\n\r\n" },
	{ "who was sent a copy again",
	    "Resent-To: a\r\nResent-Bcc: b,\r\n c\r\nDate: x\r\nFrom: y\r\n"
	    "Message-ID: z\r\n\r\n",
	    "Resent-To: a\r\nDate: x\r\nFrom: y\r\nMessage-ID: z\r\n\r\n" },
	{ "no blank line", "Date: x\r\nFrom: y\r\nMessage-ID: z\r\n",
	    "Date: x\r\nFrom: y\r\nMessage-ID: z\r\n\r\n" },
	{ "resent only",
	    "Resent-Date: x\r\nFrom: y\r\nMessage-ID: z\r\n\r\n",
	    "Resent-Date: x\r\nFrom: y\r\nMessage-ID: z\r\n"
	    "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\n" },
};

static void
test_repaired(void)
{
	const struct header_repair r = {
		.id = VIEW("4711"),
		.hostname = VIEW("mail.example.test"),
		.account = VIEW("a@example.test"),
	};

	for (size_t i = 0; i < COUNT(repairs); i++) {
		struct buf out = buf_new(1000);

		header_repaired(&out, view_of(repairs[i].header), &r);
		same(buf_view(&out), view_of(repairs[i].repaired),
		    repairs[i].name);
		buf_free(&out);
	}
}

static void
test_hops(void)
{
	is_number((int64_t)header_hops(
		      VIEW("Received: a\r\nReceived-SPF: b\r\nRECEIVED: c\r\n"
			   " Received: d\r\n\r\nReceived: e\r\n")),
	    2, "Received fields of the header");
	ok(header_is_there(VIEW("A: b\r\n")), "a field");
	ok(header_is_there(VIEW("\r\nbody")), "an empty header");
	ok(header_is_there(VIEW("")), "an empty message");
	ok(!header_is_there(VIEW("hello there: you\r\n")), "no field name");
	ok(!header_is_there(VIEW(" A: b\r\n")), "a fold of nothing");
	ok(!header_is_there(VIEW(": b\r\n")), "an empty name");
	ok(!header_is_there(VIEW("word\r\nA: b\r\n")), "a line without colon");
}

static void
test_bounce(void)
{
	const struct bounce_recipient list[] = {
		{ .address = VIEW("x@r.example"), .status = VIEW("5.1.1"),
		    .diagnostic = VIEW("550 5.1.1 no"),
		    .remote = VIEW("mx.r.example") },
		{ .address = VIEW("y@r.example"), .status = VIEW("4.4.7"),
		    .diagnostic = VIEW("too long") },
	};
	const struct bounce b = {
		.hostname = "mail.example.test",
		.id = VIEW("7.aa"),
		.sender = VIEW("a@example.test"),
		.message = VIEW("Subject: s\r\nTo: t\r\n\r\nbody\r\n"),
		.recipients = list,
		.count = 2,
	};
	struct buf out = buf_new(10000);

	bounce_write(&out, &b);
	same(buf_view(&out),
	    VIEW("From: Mail Delivery System"
		 " <MAILER-DAEMON@mail.example.test>\r\n"
		 "To: <a@example.test>\r\n"
		 "Subject: Undelivered mail returned to sender\r\n"
		 "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
		 "Message-ID: <7.aa.bounce@mail.example.test>\r\n"
		 "Auto-Submitted: auto-replied\r\n"
		 "MIME-Version: 1.0\r\n"
		 "Content-Type: multipart/report;"
		 " report-type=delivery-status;\r\n"
		 "\tboundary=\"=_7.aa\"\r\n"
		 "\r\n\r\n--=_7.aa\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: 8bit\r\n\r\n"
		 "Your message could not be delivered to:\r\n"
		 "\r\n  x@r.example\r\n    mx.r.example said: 550 5.1.1 no\r\n"
		 "\r\n  y@r.example\r\n    too long\r\n"
		 "\r\nNo further attempt will be made.  The header of your"
		 " message follows.\r\n"
		 "\r\n--=_7.aa\r\n"
		 "Content-Type: message/delivery-status\r\n"
		 "Content-Transfer-Encoding: 7bit\r\n\r\n"
		 "Reporting-MTA: dns; mail.example.test\r\n"
		 "Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
		 "\r\nFinal-Recipient: rfc822; x@r.example\r\n"
		 "Action: failed\r\nStatus: 5.1.1\r\n"
		 "Remote-MTA: dns; mx.r.example\r\n"
		 "Diagnostic-Code: smtp; 550 5.1.1 no\r\n"
		 "Last-Attempt-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
		 "\r\nFinal-Recipient: rfc822; y@r.example\r\n"
		 "Action: failed\r\nStatus: 4.4.7\r\n"
		 "Diagnostic-Code: x-posthaste; too long\r\n"
		 "Last-Attempt-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
		 "\r\n--=_7.aa\r\n"
		 "Content-Type: text/rfc822-headers\r\n"
		 "Content-Transfer-Encoding: 8bit\r\n\r\n"
		 "Subject: s\r\nTo: t\r\n\r\n"
		 "\r\n--=_7.aa--\r\n"),
	    "a report");
	buf_free(&out);
}

/* RFC 3464 2.1: the report itself is ASCII, 2.3.6: and says no more than there
 * is to say. */
static void
test_plain_bounce(void)
{
	static const struct bounce_recipient list[] = {
		{ .address = VIEW_INIT("x@r.example"),
		    .status = VIEW_INIT("2.0.0") },
		{ .address = VIEW_INIT("y@r.example"),
		    .status = VIEW_INIT("5.7.1"),
		    .diagnostic = VIEW_INIT("n\xc3\xa9"),
		    .original = VIEW_INIT("rfc822;y+C3+A9@r.example") },
	};
	const struct bounce b = { .hostname = "mail.example.test",
		.kind = BOUNCE_SUCCESS, .id = VIEW("7.aa"),
		.sender = VIEW("a@example.test"),
		.message = VIEW("Subject: s\r\n\r\n"),
		.recipients = list, .count = 2 };
	struct buf out = buf_new(10000);
	view text;

	bounce_write(&out, &b);
	text = buf_view(&out);
	ok(view_find(text, VIEW("\r\n  x@r.example\r\n\r\n  y@r.example\r\n"
	    "    n\xc3\xa9\r\n")) != SIZE_MAX, "words beyond ASCII");
	ok(view_find(text, VIEW("Status: 2.0.0\r\nLast-Attempt-Date: "))
	    != SIZE_MAX, "no diagnostic");
	ok(view_find(text, VIEW("Original-Recipient: rfc822; y?\?@r.example"
	    "\r\n")) != SIZE_MAX, "an original recipient in ASCII");
	ok(view_find(text, VIEW("\r\nDiagnostic-Code: x-posthaste; n?\?\r\n"))
	    != SIZE_MAX, "a diagnostic in ASCII");
	buf_free(&out);
}

/* RFC 6533 4 to 6: addresses and headers beyond ASCII. */
static void
test_global_bounce(void)
{
	static const struct bounce_recipient list[] = {
		{ .address = VIEW_INIT("jos\xc3\xa9@r.example"),
		    .status = VIEW_INIT("5.1.1"),
		    .diagnostic = VIEW_INIT("no") } };
	static const struct {
		const char *message, *type;
		bool full;
	} rows[] = {
		{ "Subject: s\r\n\r\nx\r\n", "text/rfc822-headers", false },
		{ "Subject: \xc3\xa9\r\n\r\nx\r\n",
		    "message/global-headers", false },
		{ "Subject: \xc3\xa9\r\n\r\nx\r\n", "message/global", true },
		{ "Subject: \xe9\r\n\r\nx\r\n", "message/rfc822", true },
		{ "Subject: s\r\n\r\n\xc3\xa9\r\n", "message/rfc822", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct bounce b = { .hostname = "mail.example.test",
			.id = VIEW("7.aa"), .sender = VIEW("a@example.test"),
			.message = view_of(rows[i].message),
			.recipients = list, .count = 1,
			.full = rows[i].full };
		struct buf out = buf_new(10000), type = buf_new(100);
		view text;

		bounce_write(&out, &b);
		text = buf_view(&out);
		buf_print(&type, "\r\nContent-Type: %s\r\n", rows[i].type);
		ok(view_find(text, buf_view(&type)) != SIZE_MAX, "%s",
		    rows[i].type);
		ok(view_find(text, VIEW("report-type=global-delivery-status;"
		    "\r\n")) != SIZE_MAX && view_find(text, VIEW("\r\nContent-"
		    "Type: message/global-delivery-status\r\n")) != SIZE_MAX,
		    "a global report");
		buf_free(&type);
		buf_free(&out);
	}
}

int
main(void)
{
	test_received();
	test_repaired();
	test_hops();
	test_bounce();
	test_plain_bounce();
	test_global_bounce();
	return tap_done();
}
