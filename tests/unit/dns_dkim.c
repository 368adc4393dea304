/* Signatures: those of others, ours, and both after somebody touched them. */
#include "mailcore/dns/dkim.h"
#include "tests/tap.h"
#include "tests/unit/dns_pen.h"
#include "tests/unit/dns_table.h"

/* Made by dkimpy 1.1.4 over `letter`. */
static const struct {
	const char *name, *field;
} foreign[] = {
	{ "simple/simple",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/s"
	    "imple; d=example.test;\r\n"
	    " i=@example.test; q=dns/txt; s=r; t=175000000"
	    "0; h=from : to : subject :\r\n"
	    " date : message-id : from;\r\n"
	    " bh=pGwjvxiXUBX79LCRwZW4Ly+abmtMrjC6e2+XlKsEfzw=;\r\n"
	    " b=sB1VBPxShANtMSLWa6HmJzbhEGuITAceWxb7yiyXbR"
	    "baaRPZUjZonXoS+zCalGp+ahj7V\r\n"
	    " pj3U7Nm5p0XNeHC3luc+90KQqqlJCoKtDSpkDv/1yfLG"
	    "H1bA2phhxq6cEPaCBo8mUsCLqk8\r\n"
	    " qGDeu0L0NdxZO24VgHJ9pYzPnTlXKLg=\r\n" },
	{ "relaxed/simple",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/"
	    "simple; d=example.test;\r\n"
	    " i=@example.test; q=dns/txt; s=r; t=175000000"
	    "0; h=from : to : subject :\r\n"
	    " date : message-id : from;\r\n"
	    " bh=pGwjvxiXUBX79LCRwZW4Ly+abmtMrjC6e2+XlKsEfzw=;\r\n"
	    " b=OflifI56mUzT0YBsOzQ1YVoii9LrufNT4If/QRhSMj"
	    "Pom9loICoqp2/pydz9x93krEUp6\r\n"
	    " BeV7o0qlAxQgXzKo0KexNvUThxp3Ij9Y7ib3bH+rJQ9y"
	    "5bP+p+vKG8cn0s0iSZADz3a9f8n\r\n"
	    " XWn0TDdEGmE4TRxVV2MD/bsp6C7Bojo=\r\n" },
	{ "simple/relaxed",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/r"
	    "elaxed; d=example.test;\r\n"
	    " i=@example.test; q=dns/txt; s=r; t=175000000"
	    "0; h=from : to : subject :\r\n"
	    " date : message-id : from;\r\n"
	    " bh=sTT02lKuPAH1nGYBiIjR27DGuCuXdYrdO56uQNzQX+8=;\r\n"
	    " b=Ze4il1RxQVjqoE9hSygYXex247qoTSlm4C8Aadf8Gr"
	    "kv8nYzlvatgRwkaYNMeYOAjHkjq\r\n"
	    " iQOVV1ZxHKceK7/ucBrUKAxFyLuGz61W3XDlMweYPMKm"
	    "vBq+aMUXzXg0z6E+h7HOfRmccbW\r\n"
	    " 6Q0wju/QA/1Ukt3gc2MG4Y4DfbZt+pw=\r\n" },
	{ "relaxed/relaxed",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/"
	    "relaxed; d=example.test;\r\n"
	    " i=@example.test; q=dns/txt; s=r; t=175000000"
	    "0; h=from : to : subject :\r\n"
	    " date : message-id : from;\r\n"
	    " bh=sTT02lKuPAH1nGYBiIjR27DGuCuXdYrdO56uQNzQX+8=;\r\n"
	    " b=bShY4UuRpsm2Q8oZ1a5rsvnp0zrBHcTwX08hEpmskt"
	    "5UGW04zC63Xs5AnO79WUYVtO/fu\r\n"
	    " My6ZnQ4f57QYvjD7eQe3LinBGaoj6gV/MVgsdIS5jb1r"
	    "9odLEkmk/R9BMg2/eLaigrluqmH\r\n"
	    " GflLA4DCulIS90c2ivmPVK6tWqsVQl8=\r\n" },
	{ "Ed25519",
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=rela"
	    "xed/simple; d=example.test;\r\n"
	    " i=@example.test; q=dns/txt; s=e; t=175000000"
	    "0; h=from : to : subject :\r\n"
	    " date : message-id : from;\r\n"
	    " bh=pGwjvxiXUBX79LCRwZW4Ly+abmtMrjC6e2+XlKsEfzw=;\r\n"
	    " b=/cW41nbWq8Iz9eJx08toHjm4rBQJXiJ/0WB2Z8QNEP"
	    "RGyF8WgPOlRp1pBCfJEgouz+TZ2\r\n"
	    " /HDiNj+bAveUFJcCg==\r\n" },
};

#define ED25519_P "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
#define RSA_P \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCyMESuWCzz+zVa5VjbLZM2" \
	"+H6DivZEObWiSCT04TqBoT5ozIV3t13bFZ5wLI1Vjm6y+NEVuQMatlyghIBw" \
	"iNqMshgjvNPiG2Hnqv+Ojb6QI8oFpt4MOA+R4Uwx4s1aB09o1VEDV9cFVz7M" \
	"97KcVAadQ0Dd1PvdP+LxhoaPVw7ouwIDAQAB"

static const struct table_row zone[] = {
	{ "r._domainkey.example.test", LOOKUP_TXT,
	    "v=DKIM1; k=rsa; h=sha1:sha256; t=s:y; p=" RSA_P, 0 },
	{ "e._domainkey.example.test", LOOKUP_TXT,
	    "v=DKIM1; k=ed25519; p=" ED25519_P, 0 },
};

static struct dkim_report
verify(struct arena *arena, const struct table_row *rows, size_t count,
    view message, int64_t now)
{
	struct table t = { rows, count, 0 };
	struct lookup lookup = table_lookup(&t);
	struct dkim_report r;

	dkim_verify(&lookup, arena, message, now, &r);
	return r;
}

static void
expect(const char *field, const char *text, const struct table_row *rows,
    size_t count, enum dkim_result wanted, const char *what)
{
	struct arena *arena = arena_new(MEMORY);
	view message = arena_print(arena, "%s%s", field, text);
	struct dkim_report r = verify(arena, rows, count, message, NOW);

	ok(r.count == 1 && r.check[0].result == wanted, "%s: %s %s", what,
	    r.count > 0 ? dkim_name(r.check[0].result) : "no signature",
	    r.count > 0 ? r.check[0].why : "");
	arena_free(&arena);
}

static void
test_foreign(void)
{
	for (size_t i = 0; i < COUNT(foreign); i++)
		expect(foreign[i].field, letter, zone, COUNT(zone), DKIM_PASS,
		    foreign[i].name);
}

/* What each form lets pass, in the order of `foreign`. */
static const struct {
	const char *from, *to;
	bool passes[4];
} changes[] = {
	{ "two  words\r\n\tand", "two words and",
	    { false, true, false, true } },
	{ "Subject:", "SUBJECT:", { false, true, false, true } },
	{ "lost the game.\t \r\n", "lost the game.\r\n",
	    { false, false, true, true } },
	{ "We  lost", "We lost", { false, false, true, true } },
	{ "\t \r\n\r\n\r\n", "\t \r\n\r\n\r\n\r\n\r\n",
	    { true, true, true, true } },
	{ "lost", "won", { false, false, false, false } },
	{ "joe@", "sue@", { false, false, false, false } },
	/* A second From, which some readers would show. */
	{ "To: Sue", "From: <x@evil.test>\r\nTo: Sue",
	    { false, false, false, false } },
	{ "To: Sue", "X-New: 1\r\nTo: Sue", { true, true, true, true } },
};

static void
test_changes(void)
{
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct arena *arena = arena_new(MEMORY);
		const char *text = arena_text(arena,
		    changed(arena, changes[i].from, changes[i].to));

		for (size_t k = 0; k < 4; k++)
			expect(foreign[k].field, text, zone, COUNT(zone),
			    changes[i].passes[k] ? DKIM_PASS : DKIM_FAIL,
			    changes[i].to);
		arena_free(&arena);
	}
}

static const struct {
	const char *name, *record;
	enum dkim_result result;
} records[] = {
	{ "no version", "p=" RSA_P, DKIM_PASS },
	{ "another version", "v=DKIM2; p=" RSA_P, DKIM_PERMERROR },
	{ "version behind", "p=" RSA_P "; v=DKIM1", DKIM_PERMERROR },
	{ "revoked", "v=DKIM1; p=", DKIM_PERMERROR },
	{ "no key", "v=DKIM1; k=rsa", DKIM_PERMERROR },
	{ "half a key", "v=DKIM1; p=MIGfMA0G", DKIM_PERMERROR },
	{ "another kind", "v=DKIM1; k=ed25519; p=" ED25519_P,
	    DKIM_PERMERROR },
	{ "unknown kind", "v=DKIM1; k=dsa; p=" RSA_P, DKIM_PERMERROR },
	{ "sha1 alone", "v=DKIM1; h=sha1; p=" RSA_P, DKIM_PERMERROR },
	{ "for mail", "v=DKIM1; s=other:email; p=" RSA_P, DKIM_PASS },
	{ "for all", "v=DKIM1; s=*; p=" RSA_P, DKIM_PASS },
	{ "not for mail", "v=DKIM1; s=other; p=" RSA_P, DKIM_PERMERROR },
	{ "unknown tags", "v=DKIM1; n=note; x=y; p=" RSA_P, DKIM_PASS },
	{ "tag twice", "v=DKIM1; n=1; n=2; p=" RSA_P, DKIM_PERMERROR },
	{ "nonsense", "hello", DKIM_PERMERROR },
};

static void
test_records(void)
{
	for (size_t i = 0; i < COUNT(records); i++) {
		const struct table_row rows[] = {
			{ "r._domainkey.example.test", LOOKUP_TXT,
			    records[i].record, 0 },
		};

		expect(foreign[0].field, letter, rows, 1, records[i].result,
		    records[i].name);
	}
	{
		const struct table_row rows[] = {
			{ "r._domainkey.example.test", 0, NULL, 0 },
		};

		expect(foreign[0].field, letter, rows, 1, DKIM_TEMPERROR,
		    "no answer");
	}
	expect(foreign[0].field, letter, zone + 1, 1, DKIM_PERMERROR,
	    "no record");
}

/* What stands in a signature; none of them fits, but most are refused for
 * something else before that. */
static const struct {
	const char *tags;
	enum dkim_result result;
} fields[] = {
#define BH "bh=pGwjvxiXUBX79LCRwZW4Ly+abmtMrjC6e2+XlKsEfzw=;"
#define GOOD "d=example.test; s=r; h=from; " BH " b=AAAA"
	{ "v=1; a=rsa-sha256; " GOOD, DKIM_FAIL },
	{ "v=2; a=rsa-sha256; " GOOD, DKIM_NEUTRAL },
	{ "a=rsa-sha256; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha1; " GOOD, DKIM_POLICY },
	{ "v=1; a=rsa-md5; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; c=other; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; q=http; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; x=1700000000; " GOOD, DKIM_FAIL },
	{ "v=1; a=rsa-sha256; t=5; x=4; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; t=x; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; i=@other.test; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; i=@evilexample.test; " GOOD, DKIM_NEUTRAL },
	/* t=s of the key wants i= to be d=. */
	{ "v=1; a=rsa-sha256; i=@a.example.test; " GOOD, DKIM_PERMERROR },
	{ "v=1; a=rsa-sha256; l=3; " GOOD, DKIM_POLICY },
	{ "v=1; a=rsa-sha256; l=999; " GOOD, DKIM_FAIL },
	{ "v=1; a=rsa-sha256; l=29; " GOOD, DKIM_FAIL },
	{ "v=1; a=rsa-sha256; l=-1; " GOOD, DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; d=example.test; s=r; h=to; " BH " b=AAAA",
	    DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; d=example.test; s=r; h=from; bh=AAAA; b=AAAA",
	    DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; d=example.test; h=from; " BH " b=AAAA",
	    DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; d=a b; s=r; h=from; " BH " b=AAAA",
	    DKIM_NEUTRAL },
	{ "v=1; a=rsa-sha256; d=example.test; s=r; h=from; " BH " b=@",
	    DKIM_NEUTRAL },
	{ "v=1", DKIM_NEUTRAL },
	{ "", DKIM_NEUTRAL },
};

static void
test_fields(void)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct arena *arena = arena_new(MEMORY);

		expect(arena_text(arena, arena_print(arena,
		    "DKIM-Signature: %s\r\n", fields[i].tags)), letter, zone,
		    COUNT(zone), fields[i].result, fields[i].tags);
		arena_free(&arena);
	}
}

/* Eight signatures are looked at. */
static void
test_many(void)
{
	struct arena *arena = arena_new(MEMORY);
	struct buf b = buf_new(1 << 20);
	struct dkim_report r;

	for (size_t n = 0; n <= DKIM_CHECKS; n++) {
		buf_reset(&b);
		for (size_t i = 0; i < n; i++)
			buf_add_text(&b, foreign[3].field);
		buf_add_text(&b, letter);
		r = verify(arena, zone, COUNT(zone), buf_view(&b), NOW);
		ok(r.count == n && !r.more, "%zu signatures", n);
	}
	buf_reset(&b);
	for (size_t i = 0; i <= DKIM_CHECKS; i++)
		buf_add_text(&b, foreign[3].field);
	buf_add_text(&b, letter);
	r = verify(arena, zone, COUNT(zone), buf_view(&b), NOW);
	ok(r.count == DKIM_CHECKS && r.more, "one more");
	buf_free(&b);
	arena_free(&arena);
}

static void
test_round(unsigned bits, enum dkim_result wanted)
{
	struct arena *arena = arena_new(MEMORY);
	struct buf out = buf_new(65536);
	struct pen pen;
	struct dkim_signing s;
	view all = view_of(letter);
	size_t header = view_find(all, VIEW("\r\n\r\n")) + 4;

	make_pen(&pen, bits);
	s = signing_with(&pen, "example.test");
	ok(dkim_sign(&s, arena, view_first(all, header),
	       view_from(all, header), &out).is == OK, "signed");
	for (view rest = buf_view(&out), line; view_line(&rest, &line);)
		ok(line.n <= 78, "a line of %zu", line.n);
	{
		const struct table_row rows[] = {
			{ "n._domainkey.example.test", LOOKUP_TXT, pen.record,
			    0 },
		};

		expect(buf_text(&out), letter, rows, 1, wanted, "ours");
		/* A second Subject is not let in. */
		expect(buf_text(&out), arena_text(arena, changed(arena,
		    "To: Sue", "Subject: new\r\nTo: Sue")), rows, 1,
		    DKIM_FAIL, "an added field");
		expect(buf_text(&out), arena_text(arena, changed(arena,
		    "To: Sue", "Reply-To: <x@evil.test>\r\nTo: Sue")), rows,
		    1, DKIM_FAIL, "a field that was not there");
	}
	EVP_PKEY_free(pen.key);
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	test_foreign();
	test_changes();
	test_records();
	test_fields();
	test_many();
	test_round(0, DKIM_PASS);
	test_round(1024, DKIM_PASS);
	test_round(1023, DKIM_POLICY);
	test_round(512, DKIM_POLICY);
	return tap_done();
}
