/* SASL PLAIN and LOGIN: the turns that clients take, and the wrong ones. */
#include "mailcore/auth/sasl.h"

#include "mailcore/base/encode.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *bytes; /* before base64 */
	size_t n;
	enum status is;
	const char *user;
	const char *password;
} plain[] = {
#define MESSAGE(literal) literal, sizeof(literal) - 1
	{ "usual", MESSAGE("\0fred@a.test\0pw"), OK, "fred@a.test", "pw" },
	{ "same authzid", MESSAGE("FRED@a.test\0fred@a.test\0pw"), OK,
	    "fred@a.test", "pw" },
	{ "password with spaces", MESSAGE("\0u\0 a b "), OK, "u", " a b " },
	{ "other authzid", MESSAGE("eve@a.test\0fred@a.test\0pw"), DENIED, "",
	    "" },
	{ "no NUL", MESSAGE("fred@a.test"), MALFORMED, "", "" },
	{ "one NUL", MESSAGE("\0fred@a.test"), MALFORMED, "", "" },
	{ "three NULs", MESSAGE("\0fred\0pw\0"), MALFORMED, "", "" },
	{ "no user", MESSAGE("\0\0pw"), MALFORMED, "", "" },
	{ "no password", MESSAGE("\0fred\0"), MALFORMED, "", "" },
	{ "user is not UTF-8", MESSAGE("\0\xff\0pw"), MALFORMED, "", "" },
#undef MESSAGE
};

static result
turn(struct sasl *s, view bytes, struct buf *challenge, bool *complete)
{
	struct buf answer = buf_new(8192);
	result r;

	encode_base64(&answer, bytes);
	r = sasl_turn(s, buf_view(&answer), challenge, complete);
	buf_free(&answer);
	return r;
}

static void
test_plain(void)
{
	for (size_t i = 0; i < COUNT(plain); i++) {
		struct buf challenge = buf_new(1024);
		struct sasl *s = NULL;
		bool complete = false;
		result r = sasl_start(&s, VIEW("plain"));

		ok(r.is == OK, "PLAIN in lower case");
		sasl_first_challenge(s, &challenge);
		same(buf_view(&challenge), VIEW(""), "empty first challenge");
		r = turn(s, (view){ plain[i].bytes, plain[i].n }, &challenge,
		    &complete);
		ok(r.is == plain[i].is, "%s: %s", plain[i].name, r.why);
		ok(complete == (r.is == OK), "%s: complete", plain[i].name);
		same(sasl_user(s), view_of(plain[i].user), plain[i].name);
		same(sasl_password(s), view_of(plain[i].password),
		    plain[i].name);
		r = turn(s, VIEW("\0a\0b"), &challenge, &complete);
		ok(r.is == MALFORMED && !complete, "%s: no second turn",
		    plain[i].name);
		sasl_free(&s);
		buf_free(&challenge);
	}
}

static void
test_login(void)
{
	struct buf challenge = buf_new(1024);
	struct sasl *s = NULL;
	bool complete = true;
	result r = sasl_start(&s, VIEW("LOGIN"));

	ok(r.is == OK, "LOGIN is known");
	sasl_first_challenge(s, &challenge);
	same(buf_view(&challenge), VIEW("VXNlcm5hbWU6"), "Username:");
	buf_reset(&challenge);
	r = turn(s, VIEW("fred@a.test"), &challenge, &complete);
	ok(r.is == OK && !complete, "a user name is half of it");
	same(buf_view(&challenge), VIEW("UGFzc3dvcmQ6"), "Password:");
	r = turn(s, VIEW("p\xe4ss"), &challenge, &complete);
	ok(r.is == OK && complete, "a password, in any character set");
	same(sasl_user(s), VIEW("fred@a.test"), "LOGIN: user");
	same(sasl_password(s), VIEW("p\xe4ss"), "LOGIN: password");
	sasl_free(&s);
	sasl_free(&s);
	buf_free(&challenge);
}

static void
test_refused(void)
{
	static const struct {
		const char *mechanism;
		const char *answer;
		enum status is;
	} cases[] = {
		{ "PLAIN", "*", DENIED },
		{ "LOGIN", "*", DENIED },
		{ "PLAIN", "=", MALFORMED },
		{ "LOGIN", "", MALFORMED },
		{ "PLAIN", "AGEAYg", MALFORMED },
		{ "PLAIN", "AGEAYg=", MALFORMED },
		{ "PLAIN", "AGEA Yg==", MALFORMED },
		{ "PLAIN", "AGEAYg==AGEAYg==", MALFORMED },
		{ "PLAIN", "AGEAYg==", OK },
		{ "LOGIN", "AGEAYg==", MALFORMED },
	};
	struct sasl *s = NULL;
	result r = sasl_start(&s, VIEW("CRAM-MD5"));

	ok(r.is == NOT_FOUND && s == NULL, "no CRAM-MD5: %s", r.why);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf challenge = buf_new(1024);
		bool complete = false;

		r = sasl_start(&s, view_of(cases[i].mechanism));
		ok(r.is == OK, "%s starts", cases[i].mechanism);
		r = sasl_turn(s, view_of(cases[i].answer), &challenge,
		    &complete);
		ok(r.is == cases[i].is, "%s %s: %s", cases[i].mechanism,
		    cases[i].answer, r.why);
		sasl_free(&s);
		buf_free(&challenge);
	}
}

/* A password at the limit passes; whatever is longer than two addresses and
 * a password is refused before it is kept. */
static void
test_limits(void)
{
	static const struct {
		size_t password;
		enum status is;
	} cases[] = {
		{ LIMIT_PASSWORD, OK },
		{ LIMIT_PASSWORD + 2 * LIMIT_ADDRESS - 1, OK },
		{ LIMIT_PASSWORD + 2 * LIMIT_ADDRESS, MALFORMED },
		{ 8000, OVER_LIMIT },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf message = buf_new(16384), answer = buf_new(16384);
		struct buf challenge = buf_new(1024);
		struct sasl *s = NULL;
		bool complete;
		result r = sasl_start(&s, VIEW("PLAIN"));

		buf_add(&message, VIEW("\0u\0"));
		while (message.n < cases[i].password + 3)
			buf_add_byte(&message, 'x');
		encode_base64(&answer, buf_view(&message));
		if (r.is == OK)
			r = sasl_turn(s, buf_view(&answer), &challenge,
			    &complete);
		ok(r.is == cases[i].is, "password of %zu bytes: %s",
		    cases[i].password, r.why);
		sasl_free(&s);
		buf_free(&challenge);
		buf_free(&answer);
		buf_free(&message);
	}
}

/* Every prefix of a good answer, each in a block of its own size. */
static void
test_every_prefix(void)
{
	view answer = VIEW("AGZyZWRAYS50ZXN0AHB3"); /* NUL fred@a.test NUL pw */
	int accepted = 0;

	for (size_t n = 1; n <= answer.n; n++) {
		char *exact = malloc(n);
		struct buf challenge = buf_new(1024);
		struct sasl *s = NULL;
		bool complete = false;
		result r = sasl_start(&s, VIEW("PLAIN"));

		if (exact == NULL || r.is != OK)
			abort();
		memcpy(exact, answer.p, n);
		r = sasl_turn(s, (view){ exact, n }, &challenge, &complete);
		if (r.is == OK && complete)
			accepted++;
		free(exact);
		sasl_free(&s);
		buf_free(&challenge);
	}
	is_number(accepted, 1, "whole answers among the prefixes");
}

int
main(void)
{
	test_plain();
	test_login();
	test_refused();
	test_limits();
	test_every_prefix();
	return tap_done();
}
