#include "mailcore/auth/jwk.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

enum {
	POINT = 32, /* a coordinate of P-256; a key of Ed25519 */
	RSA_LEAST = 2048,
	RSA_MOST = 8192,
	NUMBER_MOST = RSA_MOST / 8,
	DER_MOST = 80 /* a signature of P-256 */
};

struct key {
	struct key *next;
	const struct kind *kind;
	EVP_PKEY *key;
	char id[LIMIT_TOKEN_KEY_ID + 1];
};

struct jwk_set {
	struct key *first;
	size_t count;
};

static const char no_fit[] = "RFC 7515 5.2: the signature does not fit";

/* The bytes of a member in base64url; empty when it is none. */
static view
bytes_of(json_t *jwk, const char *name, struct buf *to)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	buf_reset(to);
	if (text == NULL || decode_base64url(to, view_of(text)).is != OK)
		return VIEW("");
	return buf_view(to);
}

static EVP_PKEY *
make_key(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;

	if (c == NULL || parameters == NULL || EVP_PKEY_fromdata_init(c) != 1
	    || EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, parameters)
	        != 1)
		key = NULL;
	OSSL_PARAM_free(parameters);
	EVP_PKEY_CTX_free(c);
	return key;
}

static BIGNUM *
number(view bytes)
{
	return bytes.n == 0 ? NULL
	    : BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL);
}

/* RFC 7518 6.3.1 */
static EVP_PKEY *
read_rsa(json_t *jwk)
{
	struct buf bytes = buf_new(NUMBER_MOST);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = number(bytes_of(jwk, "n", &bytes));
	BIGNUM *e = number(bytes_of(jwk, "e", &bytes));
	EVP_PKEY *key = NULL;

	if (build != NULL && n != NULL && e != NULL && BN_is_odd(e)
	    && BN_num_bits(e) > 1 && BN_num_bits(e) <= 64
	    && BN_num_bits(n) >= RSA_LEAST && BN_num_bits(n) <= RSA_MOST
	    && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1
	    && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = make_key("RSA", build);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(build);
	buf_free(&bytes);
	return key;
}

static bool
is_curve(json_t *jwk, const char *name)
{
	const char *curve = json_string_value(json_object_get(jwk, "crv"));

	return curve != NULL && strcmp(curve, name) == 0;
}

/* RFC 7518 6.2.1; OpenSSL looks whether the point is on the curve. */
static EVP_PKEY *
read_p256(json_t *jwk)
{
	struct buf bytes = buf_new(POINT);
	unsigned char point[1 + 2 * POINT] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	view x = bytes_of(jwk, "x", &bytes), y;
	bool whole = is_curve(jwk, "P-256") && x.n == POINT;

	if (whole)
		memcpy(point + 1, x.p, POINT);
	y = bytes_of(jwk, "y", &bytes);
	whole = whole && y.n == POINT;
	if (whole)
		memcpy(point + 1 + POINT, y.p, POINT);
	if (whole && build != NULL
	    && OSSL_PARAM_BLD_push_utf8_string(build,
	           OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
	    && OSSL_PARAM_BLD_push_octet_string(build,
	           OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
		key = make_key("EC", build);
	OSSL_PARAM_BLD_free(build);
	buf_free(&bytes);
	return key;
}

/* RFC 8037 2 */
static EVP_PKEY *
read_ed25519(json_t *jwk)
{
	struct buf bytes = buf_new(POINT);
	view x = bytes_of(jwk, "x", &bytes);
	EVP_PKEY *key = NULL;

	if (is_curve(jwk, "Ed25519") && x.n == POINT)
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		    (const unsigned char *)x.p, x.n);
	buf_free(&bytes);
	return key;
}

static bool
verify_with(EVP_PKEY *key, const EVP_MD *md, view text, view signature)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c != NULL
	    && EVP_DigestVerifyInit(c, NULL, md, NULL, key) == 1
	    && EVP_DigestVerify(c, (const unsigned char *)signature.p,
	           signature.n, (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(c);
	return good;
}

static bool
verify_rs256(EVP_PKEY *key, view text, view signature)
{
	return verify_with(key, EVP_sha256(), text, signature);
}

/* RFC 7518 3.4: two numbers beside each other, of which OpenSSL wants DER. */
static bool
verify_es256(EVP_PKEY *key, view text, view signature)
{
	unsigned char der[DER_MOST], *end = der;
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *a = number(view_first(signature, POINT));
	BIGNUM *b = number(view_from(signature, POINT));
	int n = 0;

	if (s != NULL && signature.n == 2 * POINT && a != NULL && b != NULL
	    && ECDSA_SIG_set0(s, a, b) == 1) {
		a = b = NULL; /* the signature's now */
		if (i2d_ECDSA_SIG(s, NULL) <= DER_MOST)
			n = i2d_ECDSA_SIG(s, &end);
	}
	BN_free(a);
	BN_free(b);
	ECDSA_SIG_free(s);
	return n > 0
	    && verify_with(key, EVP_sha256(), text,
	        (view){ (const char *)der, (size_t)n });
}

static bool
verify_eddsa(EVP_PKEY *key, view text, view signature)
{
	return verify_with(key, NULL, text, signature);
}

static const struct kind {
	const char *type, *algorithm;
	EVP_PKEY *(*read)(json_t *);
	bool (*verify)(EVP_PKEY *, view text, view signature);
} kinds[] = {
	{ "RSA", "RS256", read_rsa, verify_rs256 },
	{ "EC", "ES256", read_p256, verify_es256 },
	{ "OKP", "EdDSA", read_ed25519, verify_eddsa },
};

/* RFC 7517 4.2, 4.4: what a key is for, where it says so. */
static const struct kind *
kind_of(json_t *jwk)
{
	const char *type = json_string_value(json_object_get(jwk, "kty"));
	const char *use = json_string_value(json_object_get(jwk, "use"));
	const char *alg = json_string_value(json_object_get(jwk, "alg"));

	if (type == NULL || (use != NULL && strcmp(use, "sig") != 0))
		return NULL;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0
		    && (alg == NULL || strcmp(alg, kinds[i].algorithm) == 0))
			return &kinds[i];
	return NULL;
}

static void
add_key(struct jwk_set *set, json_t *jwk)
{
	const struct kind *kind = kind_of(jwk);
	const char *id = json_string_value(json_object_get(jwk, "kid"));
	struct key *k;

	if (kind == NULL)
		return;
	k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	k->kind = kind;
	if (view_copy(view_of(id), k->id, sizeof k->id))
		k->key = kind->read(jwk);
	if (k->key == NULL) {
		free(k);
		return;
	}
	k->next = set->first;
	set->first = k;
	set->count++;
}

result
jwk_read(struct jwk_set **out, view json)
{
	json_t *root, *keys;
	struct jwk_set *set;
	size_t i;
	json_t *jwk;
	result r;

	*out = NULL;
	if (json.n > LIMIT_TOKEN_ANSWER)
		return fail(OVER_LIMIT, "RFC 7517 5: the key set is too long");
	root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	keys = json_object_get(root, "keys");
	set = calloc(1, sizeof *set);
	if (set == NULL)
		abort();
	json_array_foreach(keys, i, jwk)
		if (set->count < LIMIT_TOKEN_KEYS)
			add_key(set, jwk);
	r = set->count > 0 ? done()
	    : fail(MALFORMED, "RFC 7517 5: no key for RS256, ES256 or EdDSA");
	json_decref(root);
	if (r.is == OK) {
		*out = set;
		set = NULL;
	}
	jwk_free(&set);
	return r;
}

void
jwk_free(struct jwk_set **set)
{
	struct jwk_set *s = *set;

	*set = NULL;
	while (s != NULL && s->first != NULL) {
		struct key *k = s->first;

		s->first = k->next;
		EVP_PKEY_free(k->key);
		free(k);
	}
	free(s);
}

result
jwk_verify(const struct jwk_set *set, view algorithm, view id, view text,
    view signature)
{
	result r = fail(NOT_FOUND, "RFC 7515 6: signed by a key that is not"
				   " known");

	for (const struct key *k = set->first; k != NULL; k = k->next) {
		if (!view_eq(algorithm, view_of(k->kind->algorithm))
		    || (id.n > 0 && !view_eq(id, view_of(k->id))))
			continue;
		if (k->kind->verify(k->key, text, signature))
			return done();
		r = fail(DENIED, no_fit);
	}
	return r;
}
