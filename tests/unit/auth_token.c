/* Access tokens: good ones of each kind of key, and all that others are. */
#include "mailcore/auth/oauth.h"
#include "mailcore/auth/token.h"
#include "mailcore/base/encode.h"
#include "tests/tap.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 2000000000, ROOM = 65536, POINT = 32 };

static const struct token_rules rules = { VIEW_INIT("https://id.example"),
	VIEW_INIT("mail"), VIEW_INIT(""), VIEW_INIT("email") };

#define GOOD_CLAIMS                                       \
	"\"iss\":\"https://id.example\",\"aud\":\"mail\"," \
	"\"exp\":2000000100,\"email\":\"mia@example.org\""

struct signer {
	const char *algorithm;
	EVP_PKEY *key;
	struct buf jwk;
};

static void
add_member(struct buf *out, const char *name, view bytes)
{
	buf_print(out, ",\"%s\":\"", name);
	encode_base64url(out, bytes);
	buf_add(out, VIEW("\""));
}

static void
add_number(struct buf *out, const char *name, const EVP_PKEY *key,
    const char *parameter, int size)
{
	unsigned char bytes[512];
	BIGNUM *n = NULL;

	if (EVP_PKEY_get_bn_param(key, parameter, &n) != 1)
		abort();
	if (size == 0)
		size = BN_num_bytes(n);
	if (BN_bn2binpad(n, bytes, size) != size)
		abort();
	add_member(out, name, (view){ (const char *)bytes, (size_t)size });
	BN_free(n);
}

static struct signer
make_rsa(unsigned bits)
{
	struct signer s = { "RS256", EVP_RSA_gen(bits), buf_new(ROOM) };

	buf_add(&s.jwk, VIEW("{\"kty\":\"RSA\",\"kid\":\"one\""));
	add_number(&s.jwk, "n", s.key, OSSL_PKEY_PARAM_RSA_N, 0);
	add_number(&s.jwk, "e", s.key, OSSL_PKEY_PARAM_RSA_E, 0);
	buf_add(&s.jwk, VIEW("}"));
	return s;
}

static struct signer
make_p256(void)
{
	struct signer s = { "ES256", EVP_EC_gen("P-256"), buf_new(ROOM) };

	buf_add(&s.jwk, VIEW("{\"kty\":\"EC\",\"kid\":\"one\","
			     "\"crv\":\"P-256\""));
	add_number(&s.jwk, "x", s.key, OSSL_PKEY_PARAM_EC_PUB_X, POINT);
	add_number(&s.jwk, "y", s.key, OSSL_PKEY_PARAM_EC_PUB_Y, POINT);
	buf_add(&s.jwk, VIEW("}"));
	return s;
}

static struct signer
make_ed25519(void)
{
	struct signer s = { "EdDSA",
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), buf_new(ROOM) };
	unsigned char bytes[POINT];
	size_t n = sizeof bytes;

	if (EVP_PKEY_get_raw_public_key(s.key, bytes, &n) != 1)
		abort();
	buf_add(&s.jwk, VIEW("{\"kty\":\"OKP\",\"kid\":\"one\","
			     "\"crv\":\"Ed25519\""));
	add_member(&s.jwk, "x", (view){ (const char *)bytes, n });
	buf_add(&s.jwk, VIEW("}"));
	return s;
}

static void
signer_free(struct signer *s)
{
	EVP_PKEY_free(s->key);
	buf_free(&s->jwk);
}

static struct jwk_set *
set_of(view jwk)
{
	struct buf text = buf_new(ROOM);
	struct jwk_set *set = NULL;

	buf_add(&text, VIEW("{\"keys\":["));
	buf_add(&text, jwk);
	buf_add(&text, VIEW("]}"));
	ok(jwk_read(&set, buf_view(&text)).is == OK, "a key set");
	buf_free(&text);
	return set;
}

/* Two numbers of DER, each as 32 bytes. */
static void
flatten(unsigned char *bytes, size_t *n)
{
	const unsigned char *from = bytes;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &from, (long)*n);

	if (s == NULL
	    || BN_bn2binpad(ECDSA_SIG_get0_r(s), bytes, POINT) != POINT
	    || BN_bn2binpad(ECDSA_SIG_get0_s(s), bytes + POINT, POINT)
	        != POINT)
		abort();
	*n = 2 * (size_t)POINT;
	ECDSA_SIG_free(s);
}

static void
sign(const struct signer *s, view header, view claims, struct buf *out)
{
	bool ed = strcmp(s->algorithm, "EdDSA") == 0;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char bytes[1024];
	size_t n = sizeof bytes;

	buf_reset(out);
	encode_base64url(out, header);
	buf_add(out, VIEW("."));
	encode_base64url(out, claims);
	if (EVP_DigestSignInit(c, NULL, ed ? NULL : EVP_sha256(), NULL,
	        s->key) != 1
	    || EVP_DigestSign(c, bytes, &n, (unsigned char *)out->p, out->n)
	        != 1)
		abort();
	if (strcmp(s->algorithm, "ES256") == 0)
		flatten(bytes, &n);
	buf_add(out, VIEW("."));
	encode_base64url(out, (view){ (const char *)bytes, n });
	EVP_MD_CTX_free(c);
}

static const struct {
	const char *what, *header, *claims;
	enum status is;
} cases[] = {
	{ "a good one", "\"typ\":\"at+jwt\",\"kid\":\"one\"", GOOD_CLAIMS,
	    OK },
	{ "without kid", "\"typ\":\"application/AT+JWT\"", GOOD_CLAIMS, OK },
	{ "another key's", "\"typ\":\"at+jwt\",\"kid\":\"two\"", GOOD_CLAIMS,
	    NOT_FOUND },
	{ "an ID token", "\"typ\":\"JWT\"", GOOD_CLAIMS, DENIED },
	{ "no type", "\"kid\":\"one\"", GOOD_CLAIMS, DENIED },
	{ "crit", "\"typ\":\"at+jwt\",\"crit\":[\"b64\"]", GOOD_CLAIMS,
	    DENIED },
	{ "twice", "\"typ\":\"at+jwt\",\"kid\":\"one\"",
	    GOOD_CLAIMS ",\"aud\":\"mail\"", DENIED },
	{ "other issuer", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example/\",\"aud\":\"mail\","
	    "\"exp\":2000000100,\"email\":\"mia@example.org\"", DENIED },
	{ "no issuer", "\"typ\":\"at+jwt\"",
	    "\"aud\":\"mail\",\"exp\":2000000100,"
	    "\"email\":\"mia@example.org\"", DENIED },
	{ "for others", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":[\"mail2\",\"web\"],"
	    "\"exp\":2000000100,\"email\":\"mia@example.org\"", DENIED },
	{ "for us too", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":[\"web\",\"mail\"],"
	    "\"exp\":2000000100,\"email\":\"mia@example.org\"", OK },
	{ "no audience", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"exp\":2000000100,"
	    "\"email\":\"mia@example.org\"", DENIED },
	{ "expired just now", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":\"mail\","
	    "\"exp\":2000000000,\"email\":\"mia@example.org\"", DENIED },
	{ "a second left", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":\"mail\","
	    "\"exp\":2000000001.5,\"email\":\"mia@example.org\"", OK },
	{ "no end", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":\"mail\","
	    "\"email\":\"mia@example.org\"", DENIED },
	{ "an end in words", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":\"mail\","
	    "\"exp\":\"2000000100\",\"email\":\"mia@example.org\"", DENIED },
	{ "not yet", "\"typ\":\"at+jwt\"", GOOD_CLAIMS ",\"nbf\":2000000031",
	    DENIED },
	{ "within 30 s", "\"typ\":\"at+jwt\"",
	    GOOD_CLAIMS ",\"nbf\":2000000030", OK },
	{ "an unproven address", "\"typ\":\"at+jwt\"",
	    GOOD_CLAIMS ",\"email_verified\":false", DENIED },
	{ "a proven one", "\"typ\":\"at+jwt\"",
	    GOOD_CLAIMS ",\"email_verified\":true", OK },
	{ "no address", "\"typ\":\"at+jwt\"",
	    "\"iss\":\"https://id.example\",\"aud\":\"mail\","
	    "\"exp\":2000000100,\"email\":\"\"", DENIED },
};

static void
try_case(const struct signer *s, const struct jwk_set *set, size_t i)
{
	struct buf token = buf_new(ROOM), header = buf_new(ROOM);
	struct buf claims = buf_new(ROOM);
	struct token_owner owner;
	result r;

	buf_print(&header, "{\"alg\":\"%s\",%s}", s->algorithm,
	    cases[i].header);
	buf_print(&claims, "{%s}", cases[i].claims);
	sign(s, buf_view(&header), buf_view(&claims), &token);
	r = token_read(buf_view(&token), set, &rules, NOW, &owner);
	ok(r.is == cases[i].is, "%s: %s (%s)", s->algorithm, cases[i].what,
	    r.why);
	if (r.is == OK)
		same(view_of(owner.address), VIEW("mia@example.org"),
		    "its owner");
	buf_free(&token);
	buf_free(&header);
	buf_free(&claims);
}

/* Each byte of a good one changed, and each prefix: never good again. */
static void
test_changed(const struct signer *s, const struct jwk_set *set)
{
	struct buf token = buf_new(ROOM);
	struct token_owner owner;
	size_t good = 0;

	sign(s, VIEW("{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}"),
	    VIEW("{" GOOD_CLAIMS "}"), &token);
	ok(token_read(buf_view(&token), set, &rules, NOW, &owner).is == OK,
	    "as it was");
	ok(token_is_signed(buf_view(&token)), "is seen to be signed");
	/* Of the last letter some bits say nothing. */
	for (size_t i = 0; i + 1 < token.n; i++) {
		char was = token.p[i];

		token.p[i] = was == 'A' ? 'B' : 'A';
		if (token_read(buf_view(&token), set, &rules, NOW, &owner).is
		    == OK)
			good++;
		token.p[i] = was;
	}
	is_number((int64_t)good, 0, "no changed one is good");
	for (size_t n = 0; n < token.n; n++)
		if (token_read(view_first(buf_view(&token), n), set, &rules,
		        NOW, &owner).is == OK)
			good++;
	is_number((int64_t)good, 0, "nor the begin of one");
	buf_free(&token);
}

/* What attackers make of the algorithm: RFC 8725 2.1. */
static void
test_confused(const struct signer *rsa, const struct jwk_set *set)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"rs256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":[\"RS256\"],\"typ\":\"at+jwt\"}",
		"{\"typ\":\"at+jwt\"}", "[]", "{",
	};
	struct buf token = buf_new(ROOM);
	struct token_owner owner;

	for (size_t i = 0; i < COUNT(headers); i++) {
		result r;

		sign(rsa, view_of(headers[i]), VIEW("{" GOOD_CLAIMS "}"),
		    &token);
		r = token_read(buf_view(&token), set, &rules, NOW, &owner);
		ok(r.is == DENIED || r.is == NOT_FOUND, "no: %s", headers[i]);
	}
	buf_free(&token);
}

static void
test_keys(void)
{
	static const char *const bad[] = { "", "{}", "[]", "{\"keys\":{}}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
		"\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
		"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed448\","
		"\"x\":\"AAAA\"}]}" };
	struct signer small = make_rsa(1024), rsa = make_rsa(2048);
	struct buf text = buf_new(ROOM);
	struct jwk_set *set;

	for (size_t i = 0; i < COUNT(bad); i++)
		ok(jwk_read(&set, view_of(bad[i])).is == MALFORMED
		    && set == NULL, "no keys: %s", bad[i]);
	buf_print(&text, "{\"keys\":[%s]}", buf_text(&small.jwk));
	ok(jwk_read(&set, buf_view(&text)).is == MALFORMED, "1024 bits");
	buf_reset(&text);
	buf_print(&text, "{\"keys\":[%.*s,\"use\":\"enc\"}]}",
	    (int)rsa.jwk.n - 1, rsa.jwk.p);
	ok(jwk_read(&set, buf_view(&text)).is == MALFORMED,
	    "one to encrypt to");
	buf_reset(&text);
	buf_print(&text, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"},%s]}",
	    buf_text(&rsa.jwk));
	ok(jwk_read(&set, buf_view(&text)).is == OK,
	    "others are passed over");
	jwk_free(&set);
	signer_free(&small);
	signer_free(&rsa);
	buf_free(&text);
}

static void
test_signed(void)
{
	struct signer s[] = { make_rsa(2048), make_p256(), make_ed25519() };

	for (size_t i = 0; i < COUNT(s); i++) {
		struct jwk_set *set = set_of(buf_view(&s[i].jwk));

		for (size_t k = 0; k < COUNT(cases); k++)
			try_case(&s[i], set, k);
		if (i == 0)
			test_confused(&s[i], set);
		if (i == 1)
			test_changed(&s[i], set);
		jwk_free(&set);
	}
	for (size_t i = 0; i < COUNT(s); i++)
		signer_free(&s[i]);
}

static const struct {
	const char *json;
	enum status is;
} answers[] = {
	{ "{\"active\":true,\"email\":\"a@b.c\",\"aud\":\"mail\"}", OK },
	{ "{\"active\":true,\"email\":\"a@b.c\",\"aud\":\"mail\","
	  "\"iss\":\"https://id.example\",\"exp\":2000000001}", OK },
	{ "{\"active\":true,\"email\":\"a@b.c\",\"aud\":\"mail\","
	  "\"iss\":\"https://evil.example\"}", DENIED },
	{ "{\"active\":true,\"email\":\"a@b.c\"}", DENIED },
	{ "{\"active\":true,\"email\":\"a@b.c\",\"aud\":\"mail\","
	  "\"exp\":2000000000}", DENIED },
	{ "{\"active\":false,\"email\":\"a@b.c\",\"aud\":\"mail\"}", DENIED },
	{ "{\"active\":\"true\",\"email\":\"a@b.c\",\"aud\":\"mail\"}",
	    MALFORMED },
	{ "{\"email\":\"a@b.c\"}", MALFORMED },
	{ "", MALFORMED }, { "[true]", MALFORMED }, { "true", MALFORMED },
};

static void
test_introspected(void)
{
	struct token_rules scoped = rules;
	struct token_owner owner;
	view json = VIEW("{\"active\":true,\"email\":\"a@b.c\","
			 "\"aud\":\"mail\",\"scope\":\"openid imap\"}");

	for (size_t i = 0; i < COUNT(answers); i++) {
		result r = token_introspected(view_of(answers[i].json),
		    &rules, NOW, &owner);

		ok(r.is == answers[i].is, "%s: %s", answers[i].json, r.why);
	}
	scoped.scope = VIEW("imap");
	ok(token_introspected(json, &scoped, NOW, &owner).is == OK,
	    "the scope is among them");
	scoped.scope = VIEW("ima");
	ok(token_introspected(json, &scoped, NOW, &owner).is == DENIED,
	    "half a word is none");
	scoped = rules;
	scoped.claim = VIEW("username");
	ok(token_introspected(json, &scoped, NOW, &owner).is == DENIED,
	    "another claim");
}

static const struct {
	enum oauth_form form;
	const char *message;
	enum status is;
	const char *user, *token;
} messages[] = {
	{ OAUTH_BEARER, "n,a=mia@example.org,\1host=h\1port=143\1"
	  "auth=Bearer tok.e-n==\1\1", OK, "mia@example.org", "tok.e-n==" },
	{ OAUTH_BEARER, "y,,\1auth=bearer t\1\1", OK, "", "t" },
	{ OAUTH_BEARER, "n,a=a=2Cb=3Dc,\1auth=Bearer t\1\1", OK, "a,b=c",
	    "t" },
	{ OAUTH_BEARER, "n,,\1auth=\1\1", OK, "", "" },
	{ OAUTH_BEARER, "n,,\1\1", OK, "", "" },
	{ OAUTH_BEARER, "p=tls-exporter,,\1auth=Bearer t\1\1", DENIED, "",
	    "" },
	{ OAUTH_BEARER, "n,a=a=2,\1auth=Bearer t\1\1", MALFORMED, "", "" },
	{ OAUTH_BEARER, "n,x=a,\1auth=Bearer t\1\1", MALFORMED, "", "" },
	{ OAUTH_BEARER, "n,,\1auth=Basic t\1\1", MALFORMED, "", "" },
	{ OAUTH_BEARER, "n,,\1auth=Bearer t\r\nx\1\1", MALFORMED, "", "" },
	{ OAUTH_BEARER, "n,,\1auth=Bearer t\1", MALFORMED, "", "" },
	{ OAUTH_BEARER, "n,,\1auth=Bearer t\1auth=Bearer u\1\1", MALFORMED,
	    "", "" },
	{ OAUTH_BEARER, "user=mia\1auth=Bearer t\1\1", MALFORMED, "", "" },
	{ OAUTH_BEARER, "", MALFORMED, "", "" },
	{ OAUTH_X2, "user=mia@example.org\1auth=Bearer t\1\1", OK,
	    "mia@example.org", "t" },
	{ OAUTH_X2, "n,,\1auth=Bearer t\1\1", MALFORMED, "", "" },
	{ OAUTH_X2, "", MALFORMED, "", "" },
};

static void
test_messages(void)
{
	struct oauth_message m;
	struct buf text = buf_new(ROOM);

	for (size_t i = 0; i < COUNT(messages); i++) {
		result r = oauth_read(messages[i].form,
		    view_of(messages[i].message), &m);

		ok(r.is == messages[i].is, "message %zu: %s", i, r.why);
		if (r.is != OK)
			continue;
		same(view_of(m.user), view_of(messages[i].user), "its user");
		same(m.token, view_of(messages[i].token), "its token");
	}
	oauth_refuse(OAUTH_BEARER, VIEW("imap"), VIEW("https://id.example/"),
	    &text);
	same(buf_view(&text), VIEW("{\"status\":\"invalid_token\",\"schemes\""
	    ":\"bearer\",\"scope\":\"imap\",\"openid-configuration\":"
	    "\"https://id.example/.well-known/openid-configuration\"}"),
	    "what RFC 7628 3.2.2 has clients told");
	buf_reset(&text);
	oauth_refuse(OAUTH_X2, VIEW(""), VIEW("https://id.example"), &text);
	same(buf_view(&text), VIEW("{\"status\":\"401\",\"schemes\":"
	    "\"bearer\"}"), "and what XOAUTH2 has");
	buf_free(&text);
}

int
main(void)
{
	test_signed();
	test_keys();
	test_introspected();
	test_messages();
	return tap_done();
}
