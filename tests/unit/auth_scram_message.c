/* The messages of SCRAM: the vectors of its RFCs, and what must be refused. */
#include "mailcore/auth/scram.h"
#include "mailcore/base/limits.h"
#include "tests/unit/scram_client.h"
#include "tests/unit/store_help.h"

static const struct tls_binding channel = { .exporter = "thirty-two bytes"
	" of an exporter!", .exporter_n = 32, .end_point = "a certificate",
	.end_point_n = 13 };

static void
test_vectors(void)
{
	static const struct {
		enum scram_hash hash;
		const char *salt, *client, *server;
		const char *first, *final, *verdict;
	} cases[] = {
		/* RFC 5802 5 */
		{ SCRAM_SHA1, "QSXCR+Q6sek8bf92", "fyko+d2lbbFgONRv9qkxdawL",
		    "3rfcNHYJY1ZVvWVs7j",
		    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		    "s=QSXCR+Q6sek8bf92,i=4096",
		    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
		/* RFC 7677 3 */
		{ SCRAM_SHA256, "W22ZaJ0SNY7soEsUEjb6gQ==",
		    "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
		    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF"
		    "$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scram *s = scram_new(cases[i].hash, false, NULL);
		struct buf salt = buf_new(64), text = buf_new(1024);
		struct scram_keys keys, others;
		view user;

		buf_print(&text, "n,,n=user,r=%s", cases[i].client);
		must(scram_first(s, buf_view(&text), &user), "first");
		same(user, VIEW("user"), "the user");
		must(decode_base64_strict(&salt, view_of(cases[i].salt)),
		    "salt");
		buf_reset(&text);
		must(scram_challenge(s, buf_view(&salt), 4096,
		         view_of(cases[i].server), &text), "challenge");
		same(buf_view(&text), view_of(cases[i].first), "challenge");
		must(scram_derive(cases[i].hash, VIEW("pencil"),
		         buf_view(&salt), 4096, &keys), "keys");
		must(scram_derive(cases[i].hash, VIEW("pencils"),
		         buf_view(&salt), 4096, &others), "keys");
		must(scram_final(s, view_of(cases[i].final)), "final");
		ok(scram_fits(s, &keys), "the proof fits");
		ok(!scram_fits(s, &others), "another password's does not");
		buf_reset(&text);
		must(scram_verdict(s, &keys, &text), "verdict");
		same(buf_view(&text), view_of(cases[i].verdict), "verdict");
		scram_free(&s);
		buf_free(&salt);
		buf_free(&text);
	}
}

static void
test_first(void)
{
	static const struct {
		const char *message;
		bool plus, bound;
		enum status is;
		const char *user;
	} cases[] = {
		{ "n,,n=user,r=abc", false, false, OK, "user" },
		{ "n,,n=user,r=abc", false, true, OK, "user" },
		{ "y,,n=user,r=abc", false, false, OK, "user" },
		{ "y,,n=user,r=abc", false, true, DENIED, "" },
		{ "n,a=USER,n=user,r=abc", false, false, OK, "user" },
		{ "n,a=eve,n=user,r=abc", false, false, DENIED, "" },
		{ "n,,n=a=2Cb=3Dc,r=abc", false, false, OK, "a,b=c" },
		{ "n,,n=a=2cb,r=abc", false, false, MALFORMED, "" },
		{ "n,,n=a=,r=abc", false, false, MALFORMED, "" },
		{ "n,,n=user,r=abc,x=extension", false, false, OK, "user" },
		{ "n,,m=must,n=user,r=abc", false, false, MALFORMED, "" },
		{ "n,,n=user,r=abc,m=must", false, false, MALFORMED, "" },
		{ "n,,n=user,r=abc,", false, false, MALFORMED, "" },
		{ "n,,n=user,r=", false, false, MALFORMED, "" },
		{ "n,,n=user,r=a b", false, false, MALFORMED, "" },
		{ "n,,n=,r=abc", false, false, MALFORMED, "" },
		{ "n,,n=\xff,r=abc", false, false, MALFORMED, "" },
		{ "n,n=user,r=abc", false, false, MALFORMED, "" },
		{ "n=user,r=abc", false, false, MALFORMED, "" },
		{ "x,,n=user,r=abc", false, false, MALFORMED, "" },
		{ "", false, false, MALFORMED, "" },
		{ "n,,n=user,r=abc", true, true, MALFORMED, "" },
		{ "y,,n=user,r=abc", true, true, MALFORMED, "" },
		{ "p=tls-exporter,,n=user,r=abc", true, true, OK, "user" },
		{ "p=tls-server-end-point,,n=user,r=abc", true, true, OK,
		    "user" },
		{ "p=tls-unique,,n=user,r=abc", true, true, DENIED, "" },
		{ "p=,,n=user,r=abc", true, true, MALFORMED, "" },
		{ "p=tls-exporter,,n=user,r=abc", false, true, MALFORMED,
		    "" },
		{ "p=tls-exporter,,n=user,r=abc", true, false, DENIED, "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scram *s = scram_new(SCRAM_SHA256, cases[i].plus,
		    cases[i].bound ? &channel : NULL);
		view user;
		result r = scram_first(s, view_of(cases[i].message), &user);

		is_result(r, cases[i].is, cases[i].message);
		if (r.is == OK)
			same(user, view_of(cases[i].user), "its user");
		scram_free(&s);
	}
}

static void
test_longest(void)
{
	char longest[LIMIT_SCRAM_NONCE + 16] = "n,,n=u,r=";

	for (int over = 0; over <= 1; over++) {
		struct scram *s = scram_new(SCRAM_SHA256, false, NULL);
		size_t n = strlen("n,,n=u,r=") + LIMIT_SCRAM_NONCE
		    + (size_t)over;
		view user;

		memset(longest + strlen("n,,n=u,r="), 'x',
		    sizeof longest - strlen("n,,n=u,r="));
		is_result(scram_first(s, (view){ longest, n }, &user),
		    over ? OVER_LIMIT : OK, "the longest nonce, and one more");
		scram_free(&s);
	}
}

int
main(void)
{
	test_vectors();
	test_first();
	test_longest();
	return tap_done();
}
