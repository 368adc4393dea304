#include "mailcore/push/encrypt.h"

#include "mailcore/base/secret.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

enum { SHARED = 32, KEY = 16, NONCE = 12, TAG = 16, RECORD = PUSH_BODY };

/* What a record is encrypted with. */
struct keys {
	unsigned char key[KEY];
	unsigned char nonce[NONCE];
};

static view
bytes(const unsigned char *p, size_t n)
{
	return (view){ (const char *)p, n };
}

result
push_fresh_make(struct push_fresh *f)
{
	*f = (struct push_fresh){ .key = NULL };
	f->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (f->key == NULL || RAND_bytes(f->salt, sizeof f->salt) != 1) {
		push_fresh_end(f);
		return fail(FAILED, "no random bytes");
	}
	return done();
}

void
push_fresh_end(struct push_fresh *f)
{
	EVP_PKEY_free(f->key);
	f->key = NULL;
}

/* NULL: not a point of the curve. */
static EVP_PKEY *
read_point(view point)
{
	char group[] = "P-256";
	unsigned char copy[PUSH_POINT];
	OSSL_PARAM params[3];
	EVP_PKEY_CTX *c;
	EVP_PKEY *key = NULL;

	if (point.n != PUSH_POINT || point.p[0] != 4)
		return NULL;
	memcpy(copy, point.p, sizeof copy);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy);
	params[2] = OSSL_PARAM_construct_end();
	c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (c == NULL || EVP_PKEY_fromdata_init(c) != 1
	    || EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	ERR_clear_error();
	return key;
}

result
push_check_point(view point)
{
	EVP_PKEY *key = read_point(point);

	if (key == NULL)
		return fail(MALFORMED, "RFC 8291 2: not a point of P-256");
	EVP_PKEY_free(key);
	return done();
}

static bool
agree(EVP_PKEY *mine, EVP_PKEY *theirs, unsigned char shared[SHARED])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(mine, NULL);
	size_t n = SHARED;
	bool worked = c != NULL && EVP_PKEY_derive_init(c) == 1
	    && EVP_PKEY_derive_set_peer(c, theirs) == 1
	    && EVP_PKEY_derive(c, shared, &n) == 1 && n == SHARED;

	EVP_PKEY_CTX_free(c);
	return worked;
}

/* RFC 5869 with SHA-256. */
static bool
hkdf(view salt, view ikm, view info, unsigned char *out, size_t n)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	bool worked = c != NULL && EVP_PKEY_derive_init(c) == 1
	    && EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha256()) == 1
	    && EVP_PKEY_CTX_set1_hkdf_salt(c, (const unsigned char *)salt.p,
		(int)salt.n) == 1
	    && EVP_PKEY_CTX_set1_hkdf_key(c, (const unsigned char *)ikm.p,
		(int)ikm.n) == 1
	    && EVP_PKEY_CTX_add1_hkdf_info(c, (const unsigned char *)info.p,
		(int)info.n) == 1
	    && EVP_PKEY_derive(c, out, &n) == 1;

	EVP_PKEY_CTX_free(c);
	return worked;
}

static bool
own_point(EVP_PKEY *key, unsigned char point[PUSH_POINT])
{
	unsigned char room[PUSH_POINT + 1];
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(key,
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, room, sizeof room, &n) != 1
	    || n != PUSH_POINT)
		return false;
	memcpy(point, room, PUSH_POINT);
	return true;
}

/* RFC 8291 3.4: what both sides know, of their keys and the secret. */
static bool
make_seed(const struct push_fresh *f, view point,
    const unsigned char own[PUSH_POINT], view secret,
    unsigned char seed[SHARED])
{
	EVP_PKEY *theirs = read_point(point);
	unsigned char shared[SHARED];
	struct buf info = buf_new(PUSH_BODY);
	bool worked;

	buf_add(&info, VIEW("WebPush: info\0"));
	buf_add(&info, point);
	buf_add(&info, bytes(own, PUSH_POINT));
	worked = theirs != NULL && agree(f->key, theirs, shared)
	    && hkdf(secret, bytes(shared, SHARED), buf_view(&info), seed,
		SHARED);
	EVP_PKEY_free(theirs);
	secret_wipe(shared, sizeof shared);
	buf_free(&info);
	return worked;
}

/* The record: `plain`, the delimiter of a last one, the tag. */
static bool
seal(const struct keys *k, view plain, struct buf *out)
{
	static const unsigned char last = 2; /* RFC 8188 2 */
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char *to = (unsigned char *)buf_reserve(
	    out, plain.n + 1 + TAG);
	int n = 0, m = 0, end = 0;
	bool worked = c != NULL && to != NULL
	    && EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, k->key, k->nonce)
		== 1
	    && EVP_EncryptUpdate(c, to, &n, (const unsigned char *)plain.p,
		(int)plain.n) == 1
	    && EVP_EncryptUpdate(c, to + n, &m, &last, 1) == 1
	    && EVP_EncryptFinal_ex(c, to + n + m, &end) == 1
	    && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG,
		to + n + m + end) == 1;

	if (worked)
		out->n += plain.n + 1 + TAG;
	EVP_CIPHER_CTX_free(c);
	return worked;
}

result
push_seal(const unsigned char salt[PUSH_SALT], view id, view key, view plain,
    struct buf *out)
{
	view grain = bytes(salt, PUSH_SALT);
	struct keys k;
	bool worked;

	/* RFC 8188 2.2 and 2.3. */
	worked = id.n <= UINT8_MAX
	    && hkdf(grain, key, VIEW("Content-Encoding: aes128gcm\0"), k.key,
		sizeof k.key)
	    && hkdf(grain, key, VIEW("Content-Encoding: nonce\0"), k.nonce,
		sizeof k.nonce);
	if (worked) {
		buf_add(out, grain);
		buf_add_byte(out, 0);
		buf_add_byte(out, 0);
		buf_add_byte(out, (char)(RECORD >> 8));
		buf_add_byte(out, (char)(RECORD & 255));
		buf_add_byte(out, (char)id.n);
		buf_add(out, id);
		worked = seal(&k, plain, out);
	}
	secret_wipe(&k, sizeof k);
	ERR_clear_error();
	if (!worked)
		return fail(FAILED, "OpenSSL could not encrypt");
	return buf_result(out);
}

result
push_encrypt(const struct push_fresh *f, view point, view secret, view plain,
    struct buf *out)
{
	unsigned char own[PUSH_POINT], seed[SHARED];
	result r = fail(FAILED, "OpenSSL could not agree on a key");

	if (plain.n > PUSH_PLAIN)
		return fail(OVER_LIMIT, "RFC 8030 7.2: more than 4096 octets");
	TRY(push_check_point(point));
	if (own_point(f->key, own) && make_seed(f, point, own, secret, seed))
		r = push_seal(f->salt, bytes(own, sizeof own),
		    bytes(seed, sizeof seed), plain, out);
	secret_wipe(seed, sizeof seed);
	ERR_clear_error();
	return r;
}
