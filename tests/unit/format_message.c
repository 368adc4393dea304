/* ENVELOPE, BODY and BODYSTRUCTURE as they are sent. */
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/message.h"
#include "tests/tap.h"

#define NOBODY "((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))"
#define X "((NIL NIL \"x\" \"y\"))"

static void
test_envelope(void)
{
	static const struct {
		const char *header;
		const char *envelope;
	} cases[] = {
		{ "\r\n",
		    "(NIL NIL " NOBODY " " NOBODY " " NOBODY
		    " NIL NIL NIL NIL NIL)" },
		{ "Subject: \r\nFrom: x@y\r\n\r\n",
		    "(NIL \"\" " X " " X " " X " NIL NIL NIL NIL NIL)" },
		{ "Subject: a \"b\"\r\n c\r\nFrom: x@y\r\n\r\n",
		    "(NIL \"a \\\"b\\\" c\" " X " " X " " X
		    " NIL NIL NIL NIL NIL)" },
		{ "From: x@y\r\nSender: a@b\r\nReply-To:\r\nSubject: z\r\n"
		  "Subject: second\r\nIn-Reply-To: <1>\r\n"
		  "Message-Id: <2>\r\nDate: now\r\n\r\n",
		    "(\"now\" \"z\" " X " ((NIL NIL \"a\" \"b\")) " X
		    " NIL NIL NIL \"<1>\" \"<2>\")" },
		{ "Sender: x@y\r\n\r\n",
		    "(NIL NIL " X " " X " " X " NIL NIL NIL NIL NIL)" },
		{ "From: x@y\r\nTo: G: a@b;\r\nCc: nobody:;\r\nBcc: c\r\n",
		    "(NIL NIL " X " " X " " X " ((NIL NIL \"G\" NIL)"
		    "(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)) ((NIL NIL "
		    "\"nobody\" NIL)(NIL NIL NIL NIL)) ((NIL NIL \"c\" "
		    "\"MISSING_DOMAIN\")) NIL NIL)" },
		{ "From: J\xc3\xbc <x@y>\r\nSubject: \xfc\r\n\r\n",
		    "(NIL \"=?unknown-8bit?Q?=FC?=\" "
		    "((\"=?utf-8?B?SsO8?=\" NIL \"x\" \"y\")) "
		    "((\"=?utf-8?B?SsO8?=\" NIL \"x\" \"y\")) "
		    "((\"=?utf-8?B?SsO8?=\" NIL \"x\" \"y\")) "
		    "NIL NIL NIL NIL NIL)" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct message_summary s;

		ok(message_summarise(view_of(cases[i].header), a, &s).is == OK,
		    "summarised");
		same(s.envelope, view_of(cases[i].envelope),
		    cases[i].header);
		arena_free(&a);
	}
}

static void
test_structure(void)
{
	static const struct {
		const char *message;
		const char *body;
		const char *structure;
	} cases[] = {
		{ "\r\na\r\nb\r\n",
		    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL"
		    " \"7bit\" 6 2)",
		    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL"
		    " \"7bit\" 6 2 NIL NIL NIL NIL)" },
		{ "Content-Type: IMAGE/Png; name=\"\xc3\xbc.png\"\r\n"
		  "Content-Id: <1@2>\r\nContent-Description: d\r\n"
		  "Content-Transfer-Encoding: BASE64\r\nContent-MD5: m\r\n"
		  "Content-Disposition: inline\r\nContent-Language: de, en\r\n"
		  "Content-Location: /l\r\n\r\nAAAA",
		    "(\"image\" \"png\" (\"name*\" \"utf-8''%C3%BC.png\")"
		    " \"<1@2>\" \"d\" \"BASE64\" 4)",
		    "(\"image\" \"png\" (\"name*\" \"utf-8''%C3%BC.png\")"
		    " \"<1@2>\" \"d\" \"BASE64\" 4 \"m\" (\"inline\" NIL)"
		    " (\"de\" \"en\") \"/l\")" },
		/* RFC 2231 3, 4: the pieces of one parameter are one. */
		{ "Content-Type: a/b; n*1=\"d e\"; x=y; n*0=c;\r\n"
		  " m*0*=us-ascii'en'%41%20; m*1=\"b c%\"; m*2*=%2Ad;"
		  " m*4=lost; o*1=alone; p*=utf-8''%C3%A4\r\n\r\n",
		    "(\"a\" \"b\" (\"n\" \"cd e\" \"x\" \"y\" \"m*\""
		    " \"us-ascii'en'%41%20b%20c%25%2Ad\" \"m*4\" \"lost\""
		    " \"o*1\" \"alone\" \"p*\" \"utf-8''%C3%A4\") NIL NIL"
		    " \"7bit\" 0)",
		    "(\"a\" \"b\" (\"n\" \"cd e\" \"x\" \"y\" \"m*\""
		    " \"us-ascii'en'%41%20b%20c%25%2Ad\" \"m*4\" \"lost\""
		    " \"o*1\" \"alone\" \"p*\" \"utf-8''%C3%A4\") NIL NIL"
		    " \"7bit\" 0 NIL NIL NIL NIL)" },
		{ "Content-Type: multipart/digest; boundary=x\r\n\r\n"
		  "--x\r\n\r\nFrom: x@y\r\n\r\nhi\r\n\r\n--x\r\n"
		  "Content-Type: text/html\r\n\r\n\r\n--x--\r\n",
		    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 17 (NIL NIL "
		    X " " X " " X " NIL NIL NIL NIL NIL) (\"text\" \"plain\""
		    " (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 1) 3)"
		    "(\"text\" \"html\" NIL NIL NIL \"7bit\" 0 0) \"digest\")",
		    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 17 (NIL NIL "
		    X " " X " " X " NIL NIL NIL NIL NIL) (\"text\" \"plain\""
		    " (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 1 NIL NIL"
		    " NIL NIL) 3 NIL NIL NIL NIL)(\"text\" \"html\" NIL NIL NIL"
		    " \"7bit\" 0 0 NIL NIL NIL NIL) \"digest\" (\"boundary\""
		    " \"x\") NIL NIL NIL)" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct message_summary s;

		ok(message_summarise(view_of(cases[i].message), a, &s).is
			== OK,
		    "summarised");
		same(s.body, view_of(cases[i].body), "BODY");
		same(s.bodystructure, view_of(cases[i].structure),
		    "BODYSTRUCTURE");
		arena_free(&a);
	}
}

static void
summarise(struct buf *message, struct message_summary *s, struct arena *a)
{
	result r = message_summarise(buf_view(message), a, s);

	ok(r.is == OK, "summarised: %s", r.why);
	ok(utf8_is_ascii(s->envelope) && utf8_is_ascii(s->bodystructure),
	    "in ASCII");
}

static void
test_limits(void)
{
	struct arena *a = arena_new(LIMIT_ENVELOPE + 2 * LIMIT_BODYSTRUCTURE
	    + 4096);
	struct buf m = buf_new(1 << 24);
	struct message_summary s;

	buf_add(&m, VIEW("Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nTo: "));
	while (m.n < LIMIT_HEADER - 8)
		buf_add(&m, VIEW("a,"));
	while (m.n < LIMIT_HEADER - 4)
		buf_add_byte(&m, ' ');
	buf_add(&m, VIEW("\r\n\r\n"));
	summarise(&m, &s, a);
	is_number(s.sent, 880127706, "Date");
	is_number((int64_t)s.header.n, LIMIT_HEADER, "the longest header");
	buf_reset(&m);
	for (int i = 0; i < LIMIT_HEADER; i++)
		buf_add_byte(&m, 'a');
	buf_add(&m, VIEW("\r\n\r\n"));
	arena_reset(a);
	summarise(&m, &s, a);
	is_number((int64_t)s.header.n, 0, "a longer one is not kept");
	buf_reset(&m);
	buf_add(&m, VIEW("Content-Type: multipart/mixed; boundary=x\r\n\r\n"));
	for (int i = 0; i < 900; i++) {
		buf_add(&m, VIEW("--x\r\nContent-Type: a/b; c="));
		for (int k = 0; k < 1000; k++)
			buf_add_byte(&m, '"' + (char)(k & 1));
		buf_add(&m, VIEW("\r\n\r\n"));
	}
	arena_reset(a);
	summarise(&m, &s, a);
	ok(s.bodystructure.n <= LIMIT_BODYSTRUCTURE, "has a bound");
	buf_free(&m);
	arena_free(&a);
}

int
main(void)
{
	test_envelope();
	test_structure();
	test_limits();
	return tap_done();
}
