/* The signer: its keys, and what it answers to good and to hostile packets. */
#include "mailcore/auth/signer.h"

#include "mailcore/auth/signer_desk.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/cert.h"
#include "mailcore/sys/file.h"
#include "tests/tap.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 512, MEMORY = 1 << 20, ALL = (1 << SIGNER_OPS) - 1 };

static char folder[] = "/tmp/signer-XXXXXX";
static const unsigned char hash[SIGNER_HASH] = "a hash, as it may come";

static struct signer *
open_here(void)
{
	char tls[PATH];
	struct signer *s = NULL;

	(void)snprintf(tls, sizeof tls, "%s/tls", folder);
	ok(signer_open_keys(&s, folder, tls).is == OK, "keys in this process");
	return s;
}

/* Signatures. */

static bool
verifies_rsa(EVP_PKEY *key, view signature)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	bool good = EVP_PKEY_verify_init(c) == 1
	    && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1
	    && EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1
	    && EVP_PKEY_verify(c, (const unsigned char *)signature.p,
	        signature.n, hash, sizeof hash) == 1;

	EVP_PKEY_CTX_free(c);
	return good;
}

static bool
verifies_ed25519(EVP_PKEY *key, view signature)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1
	    && EVP_DigestVerify(c, (const unsigned char *)signature.p,
	        signature.n, hash, sizeof hash) == 1;

	EVP_MD_CTX_free(c);
	return good;
}

/* By what stands in p=. */
static bool
verifies(const struct signer_key *k, view signature)
{
	struct buf raw = buf_new(4096);
	const unsigned char *at;
	EVP_PKEY *key;
	bool good = decode_base64_strict(&raw, k->key).is == OK;

	at = (const unsigned char *)raw.p;
	key = k->algorithm == SIGNER_RSA_SHA256
	    ? d2i_PUBKEY(NULL, &at, (long)raw.n)
	    : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, at, raw.n);
	good = good && key != NULL
	    && (k->algorithm == SIGNER_RSA_SHA256
	        ? verifies_rsa(key, signature)
	        : verifies_ed25519(key, signature));
	EVP_PKEY_free(key);
	buf_free(&raw);
	return good;
}

static void
test_one_key(struct signer *s, const struct signer_key *k)
{
	struct buf signature = buf_new(4096);
	enum signer_algorithm algorithm;
	const char *name = signer_algorithms[k->algorithm];

	ok(signer_dkim(s, VIEW("one.test"), k->selector, hash, &algorithm,
	       &signature).is == OK, "%s: signed", name);
	is_number(algorithm, k->algorithm, "its algorithm is told");
	ok(verifies(k, buf_view(&signature)), "%s: verifies", name);
	signature.p[signature.n / 2] ^= 1;
	ok(!verifies(k, buf_view(&signature)), "%s: one bit changed", name);
	buf_free(&signature);
}

static void
test_keys(struct signer *s)
{
	struct arena *arena = arena_new(MEMORY);
	struct signer_key keys[LIMIT_SIGNER_KEYS];
	size_t count = 9;

	ok(signer_keys(s, VIEW("one.test"), arena, keys, COUNT(keys), &count)
	        .is == OK && count == 0, "no key yet");
	ok(signer_make(s, VIEW("one.test"), VIEW("r1"), SIGNER_RSA_SHA256).is
	    == OK, "an RSA key");
	ok(signer_make(s, VIEW("one.test"), VIEW("e1"),
	       SIGNER_ED25519_SHA256).is == OK, "an Ed25519 key");
	ok(signer_make(s, VIEW("one.test"), VIEW("e1"),
	       SIGNER_ED25519_SHA256).is == EXISTS, "made once");
	ok(signer_make(s, VIEW("two.one.test"), VIEW("e1"),
	       SIGNER_ED25519_SHA256).is == OK, "of a domain below");
	ok(signer_keys(s, VIEW("one.test"), arena, keys, COUNT(keys), &count)
	        .is == OK && count == 2, "its two keys, nobody else's");
	same(keys[0].selector, VIEW("e1"), "by selector");
	same(keys[1].selector, VIEW("r1"), "the second");
	for (size_t i = 0; i < count; i++)
		test_one_key(s, &keys[i]);
	ok(signer_keys(s, VIEW("one.test"), arena, keys, 1, &count).is == OK
	    && count == 1, "no more than there is room for");
	arena_free(&arena);
}

/* What changes on the disk. */

static void
put_key(const char *name, const char *from)
{
	char path[PATH];
	struct buf text = buf_new(MEMORY);

	(void)snprintf(path, sizeof path, "%s/keys/%s", folder, from);
	if (file_read(path, &text).is != OK)
		abort();
	(void)snprintf(path, sizeof path, "%s/keys/%s", folder, name);
	if (file_write(path, buf_view(&text), 0600).is != OK)
		abort();
	buf_free(&text);
}

static enum status
sign_with(struct signer *s, const char *selector,
    enum signer_algorithm *algorithm)
{
	struct buf signature = buf_new(4096);
	result r = signer_dkim(s, VIEW("one.test"), view_of(selector), hash,
	    algorithm, &signature);

	buf_free(&signature);
	return r.is;
}

static void
test_disk(struct signer *s)
{
	enum signer_algorithm algorithm = SIGNER_RSA_SHA256;
	char path[PATH];

	is_number(sign_with(s, "new", &algorithm), NOT_FOUND, "not there");
	put_key("one.test.new.pem", "one.test.r1.pem");
	is_number(sign_with(s, "new", &algorithm), OK, "put there");
	put_key("one.test.new.pem", "one.test.e1.pem");
	is_number(sign_with(s, "new", &algorithm), OK, "replaced");
	is_number(algorithm, SIGNER_ED25519_SHA256, "by the other");
	(void)snprintf(path, sizeof path, "%s/keys/one.test.new.pem", folder);
	ok(file_write(path, VIEW("-----BEGIN PRIVATE KEY-----\n"), 0600).is
	    == OK, "damaged");
	is_number(sign_with(s, "new", &algorithm), FAILED, "is not used");
	ok(unlink(path) == 0, "taken away");
	is_number(sign_with(s, "new", &algorithm), NOT_FOUND, "is gone");
}

static void
test_many(struct signer *s)
{
	struct arena *arena = arena_new(MEMORY);
	struct signer_key keys[LIMIT_SIGNER_KEYS + 4];
	char name[PATH];
	size_t count;

	for (unsigned i = 0; i <= LIMIT_SIGNER_KEYS; i++) {
		(void)snprintf(name, sizeof name, "many.test.s%02u.pem",
		    LIMIT_SIGNER_KEYS - i);
		put_key(name, "one.test.e1.pem");
	}
	put_key("many.test.UPPER.pem", "one.test.e1.pem");
	put_key("many.test..pem", "one.test.e1.pem");
	put_key("many.test.s00.pem.bak", "one.test.e1.pem");
	ok(signer_keys(s, VIEW("many.test"), arena, keys, COUNT(keys), &count)
	        .is == OK, "more keys than one domain has");
	is_number((int64_t)count, LIMIT_SIGNER_KEYS, "the first of them");
	same(keys[0].selector, VIEW("s00"), "in order");
	same(keys[count - 1].selector, VIEW("s15"), "to the last");
	arena_free(&arena);
}

/* Hostile packets. */

static const struct {
	const char *name, *selector;
	size_t bytes;
	unsigned op;
	enum status wanted;
} requests[] = {
	{ "one.test", "e1", SIGNER_HASH, SIGNER_OP_DKIM, OK },
	{ "one.test", "e1", SIGNER_HASH - 1, SIGNER_OP_DKIM, MALFORMED },
	{ "one.test", "e1", SIGNER_HASH + 1, SIGNER_OP_DKIM, MALFORMED },
	{ "one.test", "e1", 0, SIGNER_OP_DKIM, MALFORMED },
	{ "one.test", "", SIGNER_HASH, SIGNER_OP_DKIM, MALFORMED },
	{ "none.test", "e1", SIGNER_HASH, SIGNER_OP_DKIM, NOT_FOUND },
	{ "one.test", "", 0, SIGNER_OP_MAKE, MALFORMED },
	{ "one.test", "e1", 0, SIGNER_OP_KEYS, OK },
	{ "none.test", "", 0, SIGNER_OP_KEYS, OK },
	{ "mail.other.test", "", 9, SIGNER_OP_CMS, DENIED },
	{ "push", "", 0, SIGNER_OP_PUSH_KEY, OK },
	{ "push", "", SIGNER_HASH, SIGNER_OP_PUSH_SIGN, OK },
	{ "push", "", SIGNER_HASH - 1, SIGNER_OP_PUSH_SIGN, MALFORMED },
	{ "push", "", SIGNER_HASH + 1, SIGNER_OP_PUSH_SIGN, MALFORMED },
};

/* Names that must not come near a path: no answer at all. */
static const char *const bad_names[] = { "", ".", "..", "../one.test",
	"one.test/", "/etc", "one..test", ".one.test", "one.test.", "One.test",
	"one.test\n", "one_test", "\xc3\xa9.test",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test"
};
static const char *const bad_selectors[] = { ".", "..", "a.b", "a/b", "E1",
	"e1 ", "e\x01",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

static result
try_request(struct signer_desk *d, unsigned may,
    const struct signer_request *q, struct signer_answer *a)
{
	static char room[LIMIT_SIGNER_MESSAGE];
	struct buf packet = buf_new(LIMIT_SIGNER_MESSAGE);
	struct buf answer = buf_new(LIMIT_SIGNER_MESSAGE);
	result r;

	signer_request_write(q, &packet);
	r = signer_desk_answer(d, may, buf_view(&packet), &answer);
	if (r.is != OK)
		ok(answer.n == 0, "no answer");
	else if (signer_answer_read(buf_view(&answer), a).is != OK
	    || a->id != q->id)
		r = fail(FAILED, "not an answer to this");
	if (r.is == OK) {
		memcpy(room, a->bytes.p, a->bytes.n);
		a->bytes.p = room;
	}
	buf_free(&packet);
	buf_free(&answer);
	return r;
}

static void
test_requests(struct signer_desk *d)
{
	static const char bytes[64];
	struct signer_answer a;

	for (size_t i = 0; i < COUNT(requests); i++) {
		const struct signer_request q = {
			.op = (enum signer_op)requests[i].op, .id = i + 7,
			.name = view_of(requests[i].name),
			.selector = view_of(requests[i].selector),
			.bytes = { bytes, requests[i].bytes } };

		ok(try_request(d, ALL, &q, &a).is == OK, "request %zu", i);
		is_number(a.is, requests[i].wanted, "its answer");
		ok(a.is == OK || a.bytes.n == 0, "and no more");
		ok(try_request(d, ALL & ~(1u << q.op), &q, &a).is == OK
		    && a.is == DENIED, "not for everyone");
	}
}

static void
test_bad_names(struct signer_desk *d)
{
	struct signer_request q = { .op = SIGNER_OP_KEYS,
		.selector = VIEW("e1"), .bytes = VIEW("") };
	struct signer_answer a;

	for (size_t i = 0; i < COUNT(bad_names); i++) {
		q.name = view_of(bad_names[i]);
		ok(try_request(d, ALL, &q, &a).is == MALFORMED,
		    "name \"%s\"", bad_names[i]);
	}
	q.name = (view){ "a.test\0b", 8 };
	ok(try_request(d, ALL, &q, &a).is == MALFORMED, "a NUL in a name");
	q.name = VIEW("one.test");
	for (size_t i = 0; i < COUNT(bad_selectors); i++) {
		q.selector = view_of(bad_selectors[i]);
		ok(try_request(d, ALL, &q, &a).is == MALFORMED,
		    "selector %zu", i);
	}
}

/* Every prefix, every byte changed, and one more byte. */
static void
test_junk(struct signer_desk *d)
{
	const struct signer_request q = { .op = SIGNER_OP_DKIM, .id = 3,
		.name = VIEW("one.test"), .selector = VIEW("e1"),
		.bytes = { (const char *)hash, sizeof hash } };
	struct buf packet = buf_new(LIMIT_SIGNER_MESSAGE);
	struct buf answer = buf_new(LIMIT_SIGNER_MESSAGE);
	bool refused = true, answered = true;

	signer_request_write(&q, &packet);
	for (size_t i = 0; i < packet.n; i++)
		refused = refused && signer_desk_answer(d, ALL,
		    view_first(buf_view(&packet), i), &answer).is
		    == MALFORMED;
	ok(refused && answer.n == 0, "prefixes are no requests");
	for (size_t i = 0; i < packet.n; i++) {
		result r;

		packet.p[i] = (char)~packet.p[i];
		r = signer_desk_answer(d, ALL, buf_view(&packet), &answer);
		answered = answered && (r.is == MALFORMED) == (answer.n == 0);
		packet.p[i] = (char)~packet.p[i];
		buf_reset(&answer);
	}
	ok(answered, "each byte turned round: an answer or none");
	buf_add_byte(&packet, 'x');
	ok(signer_desk_answer(d, ALL, buf_view(&packet), &answer).is
	    == MALFORMED, "a byte too many");
	buf_free(&packet);
	buf_free(&answer);
}

static void
test_hostile(void)
{
	struct signer_desk *d = NULL;
	char keys[PATH], tls[PATH];

	(void)snprintf(keys, sizeof keys, "%s/keys", folder);
	(void)snprintf(tls, sizeof tls, "%s/tls", folder);
	ok(signer_desk_new(&d, keys, tls).is == OK, "a desk");
	test_requests(d);
	test_bad_names(d);
	test_junk(d);
	signer_desk_free(&d);
}

/* Profiles. */

static void
test_cms(struct signer *s)
{
	static const char text[LIMIT_SIGNER_MESSAGE];
	struct buf out = buf_new(2 * LIMIT_SIGNER_MESSAGE);
	char chain[PATH], ca[PATH];
	struct buf pem = buf_new(MEMORY);

	(void)unsetenv("SSL_CERT_FILE");
	is_number(signer_cms(s, VIEW("mail.one.test"), VIEW("x"), &out).is,
	    DENIED, "a chain without an end");
	(void)snprintf(chain, sizeof chain, "%s/tls/default.pem", folder);
	(void)snprintf(ca, sizeof ca, "%s/ca.pem", folder);
	ok(file_read(ca, &pem).is == OK, "the root");
	(void)setenv("SSL_CERT_FILE", ca, 1);
	is_number(signer_cms(s, VIEW("mail.one.test"), VIEW("x"), &out).is,
	    OK, "a root that this machine trusts");
	is_number(signer_cms(s, VIEW("mail.two.test"), VIEW("x"), &out).is,
	    DENIED, "another host");
	buf_reset(&out);
	is_number(signer_cms(s, VIEW("mail.one.test"),
	    (view){ text, sizeof text - 4096 }, &out).is, OK, "a large one");
	is_number(signer_cms(s, VIEW("mail.one.test"),
	    (view){ text, sizeof text - 256 }, &out).is, OVER_LIMIT,
	    "too large with its signature");
	is_number(signer_cms(s, VIEW("mail.one.test"),
	    (view){ text, sizeof text }, &out).is, OVER_LIMIT, "too large");
	buf_free(&pem);
	buf_free(&out);
}

int
main(void)
{
	const view names[] = { VIEW("mail.one.test") };
	struct signer *s;
	char path[PATH];

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof path, "%s/tls", folder);
	ok(mkdir(path, 0700) == 0 && cert_make(path, names, 1).is == OK,
	    "a certificate");
	s = open_here();
	test_keys(s);
	test_disk(s);
	test_many(s);
	test_cms(s);
	signer_close(&s);
	test_hostile();
	(void)snprintf(path, sizeof path, "rm -rf '%s'", folder);
	ok(system(path) == 0, "the folder is removed");
	return tap_done();
}
