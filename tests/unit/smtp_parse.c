/* parse.h: MAIL, RCPT, EHLO, BDAT as clients send them and as attackers do. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/parse.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *line;
	enum status is;
	const char *sender;
	uint64_t size;
} mails[] = {
	{ "plain", "FROM:<a@b.example>", OK, "a@b.example", 0 },
	{ "null sender", "from:<>", OK, "", 0 },
	{ "blank behind the colon", "FROM: <a@b.example>", OK, "a@b.example",
	    0 },
	{ "blank at the end", "FROM:<a@b.example> ", OK, "a@b.example", 0 },
	{ "domain in capitals", "FROM:<A.b@EXAMPLE.Org>", OK, "A.b@example.org",
	    0 },
	{ "source route", "FROM:<@x.example,@y.example:a@b.example>", OK,
	    "a@b.example", 0 },
	{ "quoted with >", "FROM:<\"a>b\"@c.example> SIZE=7", OK,
	    "\"a>b\"@c.example", 7 },
	{ "size", "FROM:<a@b.example> SIZE=42", OK, "a@b.example", 42 },
	{ "all", "FROM:<a@b.example> size=1 BODY=8BITMIME SMTPUTF8 AUTH=<>",
	    OK, "a@b.example", 1 },
	{ "literal", "FROM:<a@[192.0.2.1]>", OK, "a@[192.0.2.1]", 0 },
	{ "no bracket", "FROM:a@b", MALFORMED, "", 0 },
	{ "no end", "FROM:<a@b", MALFORMED, "", 0 },
	{ "quote without end", "FROM:<\"a@b.example>", MALFORMED, "", 0 },
	{ "junk", "FROM:<a@b.example>x", MALFORMED, "", 0 },
	{ "no digits", "FROM:<a@b.example> SIZE=", MALFORMED, "", 0 },
	{ "not a number", "FROM:<a@b.example> SIZE=4x", MALFORMED, "", 0 },
	{ "number wraps", "FROM:<a@b.example> SIZE=99999999999999999999",
	    OVER_LIMIT, "", 0 },
	{ "bad body", "FROM:<a@b.example> BODY=BINARYMIME", MALFORMED, "", 0 },
	{ "unknown", "FROM:<a@b.example> MT-PRIORITY=3", NOT_FOUND, "", 0 },
	{ "no name", "FROM:<a@b.example> =1", MALFORMED, "", 0 },
	{ "no domain", "FROM:<a>", MALFORMED, "", 0 },
	{ "no local part", "FROM:<@b.example>", MALFORMED, "", 0 },
	{ "a route to nowhere", "FROM:<@b.example:>", MALFORMED, "", 0 },
	{ "not FROM", "TO:<a@b.example>", MALFORMED, "", 0 },
	{ "empty", "", MALFORMED, "", 0 },
	{ "two addresses", "FROM:<a@b.example,c@d.example>", MALFORMED, "",
	    0 },
	{ "utf8 without SMTPUTF8", "FROM:<\xc3\xa4@b.example>", DENIED, "",
	    0 },
	{ "utf8", "FROM:<\xc3\xa4@b.example> SMTPUTF8", OK,
	    "\xc3\xa4@b.example", 0 },
	{ "not utf8", "FROM:<\xe4@b.example> SMTPUTF8", MALFORMED, "", 0 },
};

static void
test_mail(void)
{
	for (size_t i = 0; i < COUNT(mails); i++) {
		struct arena *arena = arena_new(65536);
		struct smtp_mail mail;
		result r = smtp_parse_mail(view_of(mails[i].line), arena,
		    &mail);

		ok(r.is == mails[i].is, "%s: %d %s", mails[i].name, (int)r.is,
		    r.why);
		if (r.is == OK) {
			same(mail.sender, view_of(mails[i].sender),
			    mails[i].name);
			is_number((int64_t)mail.size, (int64_t)mails[i].size,
			    "its size");
		}
		arena_free(&arena);
	}
}

/* Every prefix of a good line in a block of exactly its own size: one byte
 * read too many is a failure under the address sanitizer. */
static void
test_every_prefix(void)
{
	view line = VIEW("FROM:<a@b.example> SIZE=42 SMTPUTF8");
	int accepted = 0;

	for (size_t n = 0; n <= line.n; n++) {
		struct arena *arena = arena_new(65536);
		char *exact = malloc(n + 1);
		struct smtp_mail mail;

		memcpy(exact, line.p, n);
		exact = realloc(exact, n == 0 ? 1 : n);
		if (smtp_parse_mail((view){ exact, n }, arena, &mail).is == OK)
			accepted++;
		free(exact);
		arena_free(&arena);
	}
	/* The address, it and a blank, SIZE=4, =42, it and a blank, all. */
	is_number(accepted, 6, "prefixes that are whole commands");
}

static void
test_rcpt(void)
{
	struct arena *arena = arena_new(65536);
	struct smtp_rcpt to;

	ok(smtp_parse_rcpt(VIEW("TO:<b@C.example>"), arena, &to).is == OK,
	    "a recipient");
	same(to.address, VIEW("b@c.example"), "its address");
	same(to.domain, VIEW("c.example"), "its domain");
	ok(smtp_parse_rcpt(VIEW("to:<PostMaster>"), arena, &to).is == OK
		&& to.domain.n == 0,
	    "RFC 5321 4.5.1: postmaster alone");
	ok(smtp_parse_rcpt(VIEW("TO:<>"), arena, &to).is == MALFORMED,
	    "nobody");
	ok(smtp_parse_rcpt(VIEW("TO:<b@c.example> BY=120"), arena, &to).is
		== NOT_FOUND,
	    "DELIVERBY is not offered");
	ok(smtp_parse_rcpt(VIEW("TO:<b@c.example> notify=delay,failure"
				" ORCPT=rfc822;Carol+2B1@c.example"),
	       arena, &to).is == OK && to.asks
		&& to.want.notify
		    == (QUEUE_NOTIFY_DELAY | QUEUE_NOTIFY_FAILURE),
	    "RFC 3461 4.1");
	same(to.want.original, VIEW("rfc822;Carol+2B1@c.example"),
	    "RFC 3461 4.2: as it was said");
	ok(smtp_parse_rcpt(VIEW("TO:<\xc3\xa4@c.example>"), arena, &to).is
			== OK
		&& to.utf8,
	    "needs SMTPUTF8");
	arena_free(&arena);
}

static void
test_hello(void)
{
	char name[LIMIT_DOMAIN + 2];
	view out;

	memset(name, 'a', sizeof name);
	ok(smtp_parse_hello(VIEW("client.example "), &out).is == OK,
	    "a name with a blank behind");
	same(out, VIEW("client.example"), "the name");
	ok(smtp_parse_hello(VIEW("[IPv6:::1]"), &out).is == OK, "a literal");
	ok(smtp_parse_hello(VIEW(""), &out).is != OK, "none");
	ok(smtp_parse_hello(VIEW("a b"), &out).is != OK, "two");
	ok(smtp_parse_hello((view){ name, LIMIT_DOMAIN }, &out).is == OK,
	    "as long as allowed");
	ok(smtp_parse_hello((view){ name, LIMIT_DOMAIN + 1 }, &out).is != OK,
	    "one more");
}

static void
test_bdat(void)
{
	uint64_t size;
	bool last;

	ok(smtp_parse_bdat(VIEW("86 LAST"), &size, &last).is == OK && last
		&& size == 86,
	    "the last chunk");
	ok(smtp_parse_bdat(VIEW("0"), &size, &last).is == OK && !last
		&& size == 0,
	    "an empty chunk");
	ok(smtp_parse_bdat(VIEW(""), &size, &last).is != OK, "no size");
	ok(smtp_parse_bdat(VIEW("1LAST"), &size, &last).is != OK, "no blank");
	ok(smtp_parse_bdat(VIEW("-1"), &size, &last).is != OK, "negative");
	ok(smtp_parse_bdat(VIEW("1 LASTLY"), &size, &last).is != OK, "junk");
	ok(smtp_parse_bdat(VIEW("99999999999999999999"), &size, &last).is
		!= OK,
	    "too big");
}

/* RFC 3461 4, RFC 3339 5.6. */
static void
test_asks(void)
{
	static const struct {
		const char *text;
		int64_t at; /* -1: no such moment */
	} moments[] = {
		{ "2003-12-13T18:30:02Z", 1071340202 },
		{ "2003-12-13t18:30:02.25+01:00", 1071336602 },
		{ "2003-12-13T18:30:02-00:30", 1071342002 },
		{ "2003-02-30T18:30:02Z", -1 },
		{ "2003-12-13T18:30:02", -1 },
		{ "2003-12-13 18:30:02Z", -1 },
		{ "2003-12-13T18:30:02.Z", -1 },
		{ "2003-12-13T24:30:02Z", -1 },
		{ "2003-12-13T18:30:02+24:00", -1 },
		{ "2003-12-13T18:30:02+1:00", -1 },
		{ "1071340202", -1 },
		{ "", -1 },
	};
	static const struct {
		const char *text;
		bool is;
	} xtexts[] = {
		{ "QQ+2B314159", true }, { "a", true }, { "", false },
		{ "a b", false }, { "a=b", false }, { "a+2b", false },
		{ "a+", false }, { "a+2", false }, { "\xc3\xbc", false },
		{ "a\tb", false },
	};
	struct smtp_ask ask = { .holds = true };
	int64_t at;

	for (size_t i = 0; i < COUNT(moments); i++) {
		result r = ask_moment(view_of(moments[i].text), &at);

		ok(moments[i].at < 0 ? r.is == MALFORMED
				     : r.is == OK && at == moments[i].at,
		    "'%s'", moments[i].text);
	}
	for (size_t i = 0; i < COUNT(xtexts); i++)
		ok(ask_is_xtext(view_of(xtexts[i].text)) == xtexts[i].is,
		    "xtext '%s'", xtexts[i].text);
	ask.hold_for = LIMIT_FUTURE_RELEASE;
	ok(ask_release(&ask, 1000, &at).is == OK
		&& at == 1000 + LIMIT_FUTURE_RELEASE,
	    "as late as can be");
	ask.hold_for++;
	ok(ask_release(&ask, 1000, &at).is == OVER_LIMIT, "and one more");
}

int
main(void)
{
	test_asks();
	test_mail();
	test_every_prefix();
	test_rcpt();
	test_hello();
	test_bdat();
	return tap_done();
}
