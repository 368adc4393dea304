/* What is made of a message's claims: the field that says so, the score, and
 * what rspamd answers. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/findings.h"
#include "mailcore/smtp/rspamd.h"
#include "tests/tap.h"
#include "tests/unit/dns_table.h"

static const struct table_row zone[] = {
	{ "good.test", LOOKUP_TXT, "v=spf1 ip4:192.0.2.1 -all", 0 },
	{ "_dmarc.good.test", LOOKUP_TXT, "v=DMARC1; p=reject", 0 },
	{ "mute.test", 0, NULL, 0 },
};

static const char good[] =
    "From: Joe <Joe@GOOD.test>\r\nTo: <a@b.test>\r\nSubject: Hi\r\n"
    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@good.test>\r\n"
    "\r\nHello.\r\n";

enum { NOW = 1795341600, MEMORY = 1 << 20 };

static struct inspection
inspection(const char *sender, const char *text)
{
	return (struct inspection){ .peer = VIEW("192.0.2.1"),
		.hello = VIEW("mx.good.test"),
		.hostname = VIEW("mail.ours.test"), .sender = view_of(sender),
		.id = VIEW("1"), .message = view_of(text), .now = NOW };
}

static struct findings
check(struct arena *arena, const struct inspection *i)
{
	struct table t = { zone, COUNT(zone), 0 };
	struct lookup lookup = table_lookup(&t);
	struct findings f;

	findings_check(&lookup, arena, i, &f);
	findings_score(i, &f);
	return f;
}

static bool
has_hit(const struct findings *f, const char *name)
{
	for (size_t i = 0; i < f->hit_count; i++)
		if (view_eq(view_of(f->hits[i].name), view_of(name)))
			return true;
	return false;
}

static void
test_good(void)
{
	struct arena *arena = arena_new(MEMORY);
	struct inspection i = inspection("joe@good.test", good);
	struct findings f = check(arena, &i);
	struct buf out = buf_new(4096);

	ok(f.spf.result == SPF_PASS && f.dmarc.result == DMARC_PASS, "proven");
	ok(f.proven && f.authors == 1, "its author too");
	same(f.author, VIEW("Joe@good.test"), "by name");
	ok(f.score <= 0 && has_hit(&f, "DMARC_PASS"), "score %d", f.score);
	findings_results(&f, &i, VIEW("\r\n\t"), &out);
	same(buf_view(&out), VIEW(";\r\n\tspf=pass smtp.mailfrom=joe@good.test"
		";\r\n\tdkim=none;\r\n\tdmarc=pass (policy reject)"
		" header.from=good.test"), "as a field");
	buf_free(&out);
	arena_free(&arena);
}

/* Words of strangers do not get out of their place. */
static void
test_injection(void)
{
	struct arena *arena = arena_new(MEMORY);
	struct inspection i = inspection(
	    "\"a; dkim=pass (x)\"@good.test",
	    "From: a@good.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=x\r\n"
	    " y;dkim=pass\"; s=\"(; b=AA==\r\n\r\n");
	struct findings f = check(arena, &i);
	struct buf out = buf_new(4096);
	view rest;
	size_t clauses = 0;

	findings_results(&f, &i, VIEW(" "), &out);
	rest = buf_view(&out);
	for (; rest.n > 0; clauses++)
		(void)view_cut(&rest, ';');
	ok(clauses == 4, "three clauses and no more: %s", buf_text(&out));
	ok(view_find(buf_view(&out), VIEW(" dkim=pass")) == SIZE_MAX
	        && view_find_byte(buf_view(&out), '\n') == SIZE_MAX,
	    "nothing of it is believed");
	buf_free(&out);
	arena_free(&arena);
}

static const struct {
	const char *sender, *text, *hit;
	bool proven;
} cases[] = {
	{ "joe@good.test", "From: a@good.test, b@good.test\r\n\r\n",
	    "MANY_FROM", false },
	{ "joe@good.test", "From: a@good.test\r\nFrom: b@evil.test\r\n\r\n",
	    "MANY_FROM", false },
	{ "joe@good.test", "Subject: x\r\n\r\n", "MISSING_FROM", false },
	{ "joe@good.test", "From: a@good.test\r\n\r\n", "MISSING_DATE", true },
	{ "joe@good.test", "From: a@good.test\r\n"
	    "Date: Fri, 01 Jan 2038 00:00:00 +0000\r\n\r\n", "DATE_FAR_AWAY",
	    true },
	{ "joe@good.test", "From: a@good.test\r\n"
	    "Subject: BUY OUR NEW PILLS\r\n\r\n", "SUBJECT_ALL_CAPITALS",
	    true },
	{ "joe@evil.test", "From: a@good.test\r\n\r\n", "DMARC_FAIL", false },
	{ "joe@evil.test", "From: a@evil.test\r\n\r\n", "NOTHING_PROVEN",
	    false },
	{ "joe@good.test", "From: a@evil.test\r\n\r\nXJS*C4JDBQADN1.NSBN3*2ID"
	    "NEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n", "GTUBE",
	    false },
};

static void
test_scores(void)
{
	for (size_t n = 0; n < COUNT(cases); n++) {
		struct arena *arena = arena_new(MEMORY);
		struct inspection i = inspection(cases[n].sender,
		    cases[n].text);
		struct findings f = check(arena, &i);

		ok(has_hit(&f, cases[n].hit), "%s", cases[n].hit);
		ok(f.proven == cases[n].proven, "%s is %sproven",
		    cases[n].hit, cases[n].proven ? "" : "not ");
		arena_free(&arena);
	}
}

/* Whoever may be shown as the author must not be a lie: RFC 9989 5.3.1. */
static const struct {
	const char *header;
	bool refused;
} several[] = {
	{ "From: a@evil.test\r\nFrom: boss@good.test\r\n", true },
	{ "From: boss@good.test\r\nFrom: a@evil.test\r\n", true },
	{ "From: a@evil.test, boss@good.test\r\n", true },
	{ "From: x: a@evil.test, boss@GOOD.test;\r\n", true },
	{ "From: a@evil.test\r\nfROM : <boss@good.test> junk\r\n", true },
	{ "From: boss@good.test.\r\n", true },
	{ "From: a@evil.test, b@mild.test\r\n", false },
};

static void
test_several(void)
{
	for (size_t n = 0; n < COUNT(several); n++) {
		struct arena *arena = arena_new(MEMORY);
		struct inspection i = inspection("joe@evil.test",
		    arena_text(arena, arena_print(arena, "%s\r\nx\r\n",
			several[n].header)));
		struct findings f = check(arena, &i);

		ok((f.dmarc.result == DMARC_FAIL
		       && f.dmarc.policy == DMARC_REJECT)
			== several[n].refused,
		    "%s", several[n].header);
		ok(!f.proven, "nobody is proven");
		arena_free(&arena);
	}
}

/* Behind a header of any size, and a crowd, stands still somebody. */
static void
test_hidden(void)
{
	struct arena *arena = arena_new(4 * MEMORY);
	struct buf text = buf_new(2 * LIMIT_HEADER);
	struct inspection i = inspection("joe@evil.test", "");
	struct findings f;

	while (text.n <= LIMIT_HEADER)
		buf_add(&text, VIEW("X-Filling: 0123456789abcdef\r\n"));
	buf_add(&text, VIEW("From: boss@good.test\r\n\r\nx\r\n"));
	i.message = buf_view(&text);
	f = check(arena, &i);
	ok(f.dmarc.result == DMARC_FAIL && f.dmarc.policy == DMARC_REJECT,
	    "a large header hides nobody");
	i = inspection("joe@evil.test", "From: a@a.test, a@b.test, a@c.test,"
	    " a@d.test, boss@good.test\r\n\r\nx\r\n");
	f = check(arena, &i);
	ok(f.dmarc.result == DMARC_FAIL && f.dmarc.policy != DMARC_ACCEPT,
	    "nor does a crowd");
	buf_free(&text);
	arena_free(&arena);
}

/* No answer is no reason to think worse of it. */
static void
test_silence(void)
{
	struct arena *arena = arena_new(MEMORY);
	struct inspection i = inspection("a@mute.test", good);
	struct findings f = check(arena, &i);

	ok(f.spf.result == SPF_TEMPERROR, "no answer");
	ok(!has_hit(&f, "NOTHING_PROVEN"), "is not counted");
	arena_free(&arena);
}

static const struct {
	const char *field;
	bool ours;
} fields[] = {
	{ "Authentication-Results: mail.ours.test; spf=pass", true },
	{ "authentication-results: MAIL.ours.test 1; spf=pass", true },
	{ "Authentication-Results: (a (b) c) mail.ours.test ; none", true },
	{ "Authentication-Results: \"mail.ours.test\"; none", true },
	{ "Authentication-Results:\r\n\tmail.ours.test;\r\n none", true },
	{ "Authentication-Results: mail.ours.test", true },
	{ "Authentication-Results: mail.ours.test.other; none", false },
	{ "Authentication-Results: other; mail.ours.test", false },
	{ "Authentication-Results: ", false },
	{ "ARC-Authentication-Results: i=1; mail.ours.test; none", false },
	{ "X-Spam-Flag: NO", true },
	{ "X-Spam-Status: No", true },
	{ "Subject: X-Spam-Flag: NO", false },
};

static void
test_forged(void)
{
	for (size_t n = 0; n < COUNT(fields); n++) {
		struct arena *arena = arena_new(MEMORY);
		view header = arena_print(arena, "A: 1\r\n%s\r\nB: 2\r\n\r\n",
		    fields[n].field);
		struct buf out = buf_new(4096);

		ok(findings_are_forged(header, VIEW("mail.ours.test"))
		    == fields[n].ours, "%s", fields[n].field);
		findings_strip(header, VIEW("mail.ours.test"), &out);
		same(buf_view(&out), fields[n].ours
		        ? VIEW("A: 1\r\nB: 2\r\n\r\n") : header, "without it");
		buf_free(&out);
		arena_free(&arena);
	}
}

static const struct {
	const char *json;
	enum status is;
	int score;
	const char *action;
} replies[] = {
	{ "{\"score\": 9.26, \"action\": \"add header\"}", OK, 93,
	    "add header" },
	{ " { \"symbols\" : { \"score\": 4, \"x\": [1,{\"a\":\"}\"}] } ,"
	  "\"score\":-1.5 }\n", OK, -15, "" },
	{ "{\"a\":true,\"b\":null,\"score\":7,\"action\":\"no action\"}", OK,
	    70, "no action" },
	{ "{\"a\":\"\\\"score\\\":99\",\"score\":0.04}", OK, 0, "" },
	{ "{}", MALFORMED, 0, "" },
	{ "{\"score\":}", MALFORMED, 0, "" },
	{ "{\"score\":\"x\"}", MALFORMED, 0, "" },
	{ "{\"score\":10001}", MALFORMED, 0, "" },
	{ "{\"score\":10000}", OK, 100000, "" },
	{ "{\"score\":1", MALFORMED, 0, "" },
	{ "{\"score\":1,\"a\":[[[", MALFORMED, 0, "" },
	{ "{\"score\":1,\"a", MALFORMED, 0, "" },
	{ "[]", MALFORMED, 0, "" },
	{ "", MALFORMED, 0, "" },
};

static void
test_rspamd(void)
{
	for (size_t n = 0; n < COUNT(replies); n++) {
		view action;
		int score = 0;
		result r = rspamd_read(view_of(replies[n].json), &score,
		    &action);

		ok(r.is == replies[n].is, "%s: %s", replies[n].json, r.why);
		if (r.is != OK)
			continue;
		ok(score == replies[n].score, "score %d", score);
		same(action, view_of(replies[n].action), "action");
	}
}

int
main(void)
{
	test_good();
	test_injection();
	test_scores();
	test_several();
	test_hidden();
	test_silence();
	test_forged();
	test_rspamd();
	return tap_done();
}
