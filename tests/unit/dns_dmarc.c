/* RFC 9989, by a table of zones and a table of mail. */
#include "mailcore/dns/dmarc.h"
#include "mailcore/base/result.h"
#include "tests/tap.h"
#include "tests/unit/dns_table.h"

#include <string.h>

static const struct table_row zone[] = {
	{ "_dmarc.reject.test", LOOKUP_TXT, "v=DMARC1; p=reject", 0 },
	{ "reject.test", LOOKUP_A, "192.0.2.1", 0 },
	{ "sub.reject.test", LOOKUP_A, "192.0.2.1", 0 },
	{ "_dmarc.split.test", LOOKUP_TXT,
	    "v=DMARC1; p=none; sp=quarantine; np=reject", 0 },
	{ "there.split.test", LOOKUP_A, "192.0.2.1", 0 },
	{ "empty.split.test", LOOKUP_MX, "mx.split.test", 0 },
	{ "_dmarc.strict.test", LOOKUP_TXT,
	    "v=DMARC1;p=reject;adkim=s;aspf=s;", 0 },
	{ "_dmarc.try.test", LOOKUP_TXT, "v=DMARC1; p=reject; t=y", 0 },
	{ "_dmarc.tryq.test", LOOKUP_TXT, "v=DMARC1; p=quarantine; t=y", 0 },
	{ "_dmarc.nop.test", LOOKUP_TXT, "v=DMARC1; rua=mailto:a@b.test", 0 },
	{ "_dmarc.badp.test", LOOKUP_TXT, "v=DMARC1; p=whatever; zz=1", 0 },
	{ "_dmarc.twice.test", LOOKUP_TXT, "v=DMARC1; p=reject", 0 },
	{ "_dmarc.twice.test", LOOKUP_TXT, "v=DMARC1; p=none", 0 },
	{ "_dmarc.mixed.test", LOOKUP_TXT, "hello", 0 },
	{ "_dmarc.mixed.test", LOOKUP_TXT, "v=DMARC1; p=reject", 0 },
	{ "_dmarc.late.test", LOOKUP_TXT, "p=reject; v=DMARC1", 0 },
	{ "_dmarc.case.test", LOOKUP_TXT, "v=dmarc1; p=reject", 0 },
	{ "_dmarc.quiet.test", 0, NULL, 0 },
	/* A public suffix with a policy, two organizations below it. */
	{ "_dmarc.suffix", LOOKUP_TXT, "v=DMARC1; p=reject; psd=y", 0 },
	{ "_dmarc.own.suffix", LOOKUP_TXT, "v=DMARC1; p=none", 0 },
	{ "bare.suffix", LOOKUP_A, "192.0.2.1", 0 },
	/* A part of a university that is an organization. */
	{ "_dmarc.uni.test", LOOKUP_TXT, "v=DMARC1; p=reject", 0 },
	{ "_dmarc.law.uni.test", LOOKUP_TXT, "v=DMARC1; p=none; psd=n", 0 },
	/* Eight questions: the ninth label from the right is never asked. */
	{ "_dmarc.deep.test", LOOKUP_TXT, "v=DMARC1; p=reject", 0 },
	{ "_dmarc.h.g.f.e.d.c.b.deep.test", LOOKUP_TXT,
	    "v=DMARC1; p=quarantine; psd=n", 0 },
};

static const struct {
	const char *from, *spf, *dkim;
	enum dmarc_result result;
	enum dmarc_policy policy;
	const char *domain;
} cases[] = {
	{ "", "", "", DMARC_NONE, DMARC_ACCEPT, "" },
	{ "free.test", "free.test", "", DMARC_NONE, DMARC_ACCEPT, "" },
	{ "reject.test", "", "", DMARC_FAIL, DMARC_REJECT, "reject.test" },
	{ "reject.test", "reject.test", "", DMARC_PASS, DMARC_REJECT,
	    "reject.test" },
	{ "reject.test", "", "reject.test", DMARC_PASS, DMARC_REJECT,
	    "reject.test" },
	{ "reject.test", "evil.test", "evil.test", DMARC_FAIL, DMARC_REJECT,
	    "reject.test" },
	{ "reject.test", "notreject.test", "", DMARC_FAIL, DMARC_REJECT,
	    "reject.test" },
	/* Relaxed alignment, both ways, and between siblings. */
	{ "sub.reject.test", "reject.test", "", DMARC_PASS, DMARC_REJECT,
	    "reject.test" },
	{ "reject.test", "", "sub.reject.test", DMARC_PASS, DMARC_REJECT,
	    "reject.test" },
	{ "sub.reject.test", "", "x.y.reject.test", DMARC_PASS, DMARC_REJECT,
	    "reject.test" },
	{ "strict.test", "a.strict.test", "a.strict.test", DMARC_FAIL,
	    DMARC_REJECT, "strict.test" },
	{ "strict.test", "strict.test", "", DMARC_PASS, DMARC_REJECT,
	    "strict.test" },
	/* p, sp, np. */
	{ "split.test", "", "", DMARC_FAIL, DMARC_ACCEPT, "split.test" },
	{ "there.split.test", "", "", DMARC_FAIL, DMARC_QUARANTINE,
	    "split.test" },
	{ "empty.split.test", "", "", DMARC_FAIL, DMARC_QUARANTINE,
	    "split.test" },
	{ "gone.split.test", "", "", DMARC_FAIL, DMARC_REJECT, "split.test" },
	/* Test mode is one step less. */
	{ "try.test", "", "", DMARC_FAIL, DMARC_QUARANTINE, "try.test" },
	{ "tryq.test", "", "", DMARC_FAIL, DMARC_ACCEPT, "tryq.test" },
	/* What is missing or wrong. */
	{ "nop.test", "", "", DMARC_FAIL, DMARC_ACCEPT, "nop.test" },
	{ "badp.test", "", "", DMARC_FAIL, DMARC_ACCEPT, "badp.test" },
	{ "twice.test", "", "", DMARC_NONE, DMARC_ACCEPT, "" },
	{ "mixed.test", "", "", DMARC_FAIL, DMARC_REJECT, "mixed.test" },
	{ "late.test", "", "", DMARC_NONE, DMARC_ACCEPT, "" },
	{ "case.test", "", "", DMARC_NONE, DMARC_ACCEPT, "" },
	{ "quiet.test", "", "", DMARC_TEMPERROR, DMARC_ACCEPT, "" },
	{ "a.quiet.test", "", "", DMARC_TEMPERROR, DMARC_ACCEPT, "" },
	/* Public suffixes: neighbours are not aligned. */
	{ "bare.suffix", "", "own.suffix", DMARC_FAIL, DMARC_REJECT,
	    "suffix" },
	{ "own.suffix", "", "bare.suffix", DMARC_FAIL, DMARC_ACCEPT,
	    "own.suffix" },
	{ "a.own.suffix", "", "b.own.suffix", DMARC_PASS, DMARC_ACCEPT,
	    "own.suffix" },
	{ "x.bare.suffix", "", "y.bare.suffix", DMARC_PASS, DMARC_REJECT,
	    "suffix" },
	/* An organization below another. */
	{ "law.uni.test", "", "uni.test", DMARC_FAIL, DMARC_ACCEPT,
	    "law.uni.test" },
	{ "a.law.uni.test", "", "law.uni.test", DMARC_PASS, DMARC_ACCEPT,
	    "law.uni.test" },
	{ "uni.test", "", "law.uni.test", DMARC_FAIL, DMARC_REJECT,
	    "uni.test" },
	{ "i.h.g.f.e.d.c.b.deep.test", "", "", DMARC_FAIL, DMARC_REJECT,
	    "deep.test" },
};

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct table t = { zone, COUNT(zone), 0 };
		struct lookup lookup = table_lookup(&t);
		const view dkim[] = { view_of(cases[i].dkim) };
		const struct dmarc_question q = {
			.from = view_of(cases[i].from),
			.spf = view_of(cases[i].spf), .dkim = dkim,
			.dkim_count = dkim[0].n > 0 ? 1 : 0 };
		struct dmarc_answer a;

		dmarc_check(&lookup, arena, &q, &a);
		ok(a.result == cases[i].result, "%s spf=%s dkim=%s: %s",
		    cases[i].from, cases[i].spf, cases[i].dkim,
		    dmarc_name(a.result));
		ok(a.policy == cases[i].policy, "policy %s",
		    dmarc_policy_name(a.policy));
		same(a.policy_domain, view_of(cases[i].domain), "whose");
		ok(t.asked <= 20, "%u questions", t.asked);
		arena_free(&arena);
	}
}

/* Without a policy the proof still counts. */
static void
test_proof(void)
{
	struct arena *arena = arena_new(1 << 20);
	struct table t = { zone, COUNT(zone), 0 };
	struct lookup lookup = table_lookup(&t);
	const struct dmarc_question q = { .from = VIEW("free.test"),
		.spf = VIEW("free.test") };
	struct dmarc_answer a;

	dmarc_check(&lookup, arena, &q, &a);
	ok(a.result == DMARC_NONE && a.spf_aligned && !a.dkim_aligned,
	    "aligned without a record");
	arena_free(&arena);
}

static void
test_read(void)
{
	struct dmarc_record r;

	ok(dmarc_read(VIEW("v=DMARC1; p=reject; p=none"), &r).is != OK,
	    "a tag twice");
	ok(dmarc_read(VIEW(""), &r).is != OK, "nothing");
	ok(dmarc_read(VIEW(" v = DMARC1 ;p=Quarantine;psd=Y"), &r).is == OK
	    && r.p == DMARC_QUARANTINE && r.psd == 'y', "blanks and case");
}

int
main(void)
{
	test_cases();
	test_proof();
	test_read();
	return tap_done();
}
