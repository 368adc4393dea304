/* Stored passwords of each scheme, known from their specifications or made
 * by other programs, and what must not pass for one. */
#include "mailcore/auth/auth.h"

#include "tests/tap.h"

#include <string.h>

static const struct {
	const char *name;
	const char *hash;
	const char *password;
} vectors[] = {
	{ "argon2id, its reference's own vector",
	    "{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1"
	    "aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "password" },
	{ "bcrypt $2a$, openwall's vector",
	    "{BLF-CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC."
	    "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	    "U*U" },
	{ "bcrypt $2y$, as mailcow has it",
	    "{BLF-CRYPT}$2y$05$CCCCCCCCCCCCCCCCCCCCC."
	    "pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
	    "secret" },
	{ "SHA-256, as OpenSSL makes it",
	    "{SHA256-CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/"
	    "GNooZaBBGWEc5",
	    "Hello world!" },
	{ "SHA-512, as OpenSSL makes it",
	    "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
	    "O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	    "Hello world!" },
	{ "yescrypt, as Debian has it",
	    "{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$"
	    "GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
	    "secret" },
	{ "SSHA", "{SSHA}1G904nLkTkGWjKNnQuB/hpWXC/hzYWx0c2FsdA==",
	    "secret" },
	{ "SSHA256",
	    "{ssha256}oBmrdHcA6OZEkkCLeXh71YAerbvhXz1qqwjrPsXmEtNzYWx0c2FsdA"
	    "==",
	    "secret" },
	{ "SSHA512",
	    "{SSHA512}aCu7JRc+kLsuEmFs1zTY+AiP7DSGnjjG+dH28Dp+E5usqoAixeTPihKq"
	    "ZmkWal4mUfp63tqvCAkFV1LKTDFH6XNhbHRzYWx0",
	    "secret" },
};

static void
test_vectors(void)
{
	char changed[2 * LIMIT_PASSWORD];

	for (size_t i = 0; i < COUNT(vectors); i++) {
		view hash = view_of(vectors[i].hash);
		view password = view_of(vectors[i].password);
		result r = auth_verify(hash, password);

		ok(r.is == OK, "%s: %s", vectors[i].name, r.why);
		(void)view_copy(password, changed, sizeof changed);
		changed[0] ^= 1;
		r = auth_verify(hash, (view){ changed, password.n });
		ok(r.is == DENIED, "%s: first letter", vectors[i].name);
		r = auth_verify(hash, view_first(password, password.n - 1));
		ok(r.is == DENIED, "%s: too short", vectors[i].name);
		memcpy(changed, password.p, password.n);
		changed[password.n] = '\0';
		r = auth_verify(hash, (view){ changed, password.n + 1 });
		ok(r.is == DENIED, "%s: NUL behind it", vectors[i].name);
		r = auth_verify(hash, VIEW(""));
		ok(r.is == DENIED, "%s: empty", vectors[i].name);
	}
}

/* Modular hashes also come without their braces. */
static void
test_without_braces(void)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		view hash = view_of(vectors[i].hash);
		bool modular;

		(void)view_cut(&hash, '}');
		modular = view_at(hash, 0) == '$';
		ok(auth_verify(hash, view_of(vectors[i].password)).is
		        == (modular ? OK : MALFORMED),
		    "%s without braces", vectors[i].name);
	}
}

static void
test_unknown(void)
{
	static const char *const hashes[] = {
		"", "{", "{}", "secret", "{PLAIN}secret", "{plain}secret",
		"{SSHA256}", "{SSHA256}c2VjcmV0", "{SSHA256}!", "$",
		"{MD5-CRYPT}$1$3azHgidD$SrJPt7B.9rekpmwJwtON31",
		"$1$3azHgidD$SrJPt7B.9rekpmwJwtON31",
		"{CRYPT}$1$3azHgidD$SrJPt7B.9rekpmwJwtON31",
		"{CRYPT}rOHFkG4Zw6nGo", "{CRYPT}", "{ARGON2ID}", "$argon2id$",
		"{ARGON2ID}$2y$05$CCCCCCCCCCCCCCCCCCCCC.",
		"{BLF-CRYPT}$6$saltstring$x", "{BLF-CRYPT}$2y$",
		"{BLF-CRYPT}$2y$99$CCCCCCCCCCCCCCCCCCCCC.",
		/* More memory, passes or lanes than a login may cost. */
		"$argon2id$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$"
		"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=17,p=1$c29tZXNhbHQ$"
		"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=2,p=9$c29tZXNhbHQ$"
		"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	};

	for (size_t i = 0; i < COUNT(hashes); i++)
		ok(auth_verify(view_of(hashes[i]), VIEW("secret")).is
		        == MALFORMED,
		    "no scheme of ours: '%s'", hashes[i]);
}

static void
test_new_ones(void)
{
	struct buf a = buf_new(512), b = buf_new(512);
	char longest[LIMIT_PASSWORD + 1];
	result r = auth_hash(VIEW("gr\xc3\xbc\xc3\x9f dich"), &a);

	memset(longest, 'x', sizeof longest);
	ok(r.is == OK, "a new hash: %s", r.why);
	ok(view_starts(buf_view(&a),
	       VIEW("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$")),
	    "argon2id as recommended: %s", buf_text(&a));
	r = auth_verify(buf_view(&a), VIEW("gr\xc3\xbc\xc3\x9f dich"));
	ok(r.is == OK, "it verifies");
	r = auth_verify(buf_view(&a), VIEW("gr\xc3\xbc\xc3\x9f Dich"));
	ok(r.is == DENIED, "another does not");
	r = auth_hash(VIEW("gr\xc3\xbc\xc3\x9f dich"), &b);
	ok(r.is == OK && !view_eq(buf_view(&a), buf_view(&b)),
	    "a salt of its own");
	buf_reset(&a);
	r = auth_hash((view){ longest, LIMIT_PASSWORD }, &a);
	ok(r.is == OK, "the longest");
	r = auth_verify(buf_view(&a), (view){ longest, LIMIT_PASSWORD });
	ok(r.is == OK, "the longest verifies");
	r = auth_verify(buf_view(&a), (view){ longest, sizeof longest });
	ok(r.is == DENIED, "one byte more does not");
	r = auth_hash((view){ longest, sizeof longest }, &b);
	ok(r.is == OVER_LIMIT, "one byte more: %s", r.why);
	r = auth_hash(VIEW(""), &b);
	ok(r.is == MALFORMED, "empty: %s", r.why);
	r = auth_hash(VIEW("\xff"), &b);
	ok(r.is == MALFORMED, "not UTF-8: %s", r.why);
	r = auth_hash(VIEW("a\0b"), &b);
	ok(r.is == MALFORMED, "with NUL: %s", r.why);
	buf_free(&a);
	buf_free(&b);
}

/* Nobody's hash may not be told from others by how long it takes. */
static void
test_nobody(void)
{
	static const char argon2id[] =
	    "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$";
	struct buf real = buf_new(512), a = buf_new(512), b = buf_new(512);
	result r = auth_hash(VIEW("secret"), &real);
	size_t same = 0;

	ok(r.is == OK && auth_hash_nobody(&a).is == OK
	        && auth_hash_nobody(&b).is == OK,
	    "hashes of nobody");
	while (same < real.n && same < a.n && real.p[same] == a.p[same])
		same++;
	ok(real.n == a.n && same >= sizeof argon2id - 1,
	    "it is written as others are, and costs as much: %s",
	    buf_text(&a));
	ok(!view_eq(buf_view(&a), buf_view(&b)), "each is another");
	r = auth_verify(buf_view(&a), VIEW("secret"));
	ok(r.is == DENIED, "it is read, and nothing fits: %s", r.why);
	buf_free(&real);
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	test_vectors();
	test_without_braces();
	test_unknown();
	test_new_ones();
	test_nobody();
	return tap_done();
}
