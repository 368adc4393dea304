#include "mailcore/auth/one_time.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/store/app_password.h"
#include "mailcore/sys/random.h"

#include <openssl/evp.h>
#include <string.h>

enum { TOKEN_BYTES = 16, TOKEN_TEXT = 22, HASH = 32, TAG = 16, NONCE = 12 };

static const char broken[] = "OpenSSL could not seal or open a document";

/* Two hashes of one token that say nothing about each other. */
static result
derive(const char *purpose, view token, unsigned char to[HASH])
{
	struct buf in = buf_new(256);
	result r;

	buf_add_text(&in, purpose);
	buf_add_byte(&in, '\0');
	buf_add(&in, token);
	r = buf_result(&in);
	if (r.is == OK
	    && EVP_Digest(in.p, in.n, to, NULL, EVP_sha256(), NULL) != 1)
		r = fail(FAILED, broken);
	secret_wipe(in.p, in.n);
	buf_free(&in);
	return r;
}

/* The key is used for this document alone, so the nonce may be fixed. */
static const unsigned char nonce[NONCE];

static result
seal(const unsigned char key[HASH], view document, struct buf *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char *to = (unsigned char *)buf_reserve(out,
	    document.n + TAG);
	int n = 0, end = 0;
	bool good = c != NULL && to != NULL
	    && EVP_EncryptInit_ex2(c, EVP_aes_256_gcm(), key, nonce, NULL) == 1
	    && EVP_EncryptUpdate(c, to + TAG, &n,
	        (const unsigned char *)document.p, (int)document.n) == 1
	    && EVP_EncryptFinal_ex(c, to + TAG + n, &end) == 1
	    && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, to) == 1;

	EVP_CIPHER_CTX_free(c);
	if (!good)
		return fail(FAILED, broken);
	out->n += document.n + TAG;
	return done();
}

static result
unseal(const unsigned char key[HASH], view sealed, struct arena *arena,
    view *document)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	view body = view_from(sealed, TAG);
	unsigned char *to = arena_alloc(arena, body.n + 1);
	unsigned char tag[TAG];
	int n = 0, end = 0;
	bool good = c != NULL && to != NULL && sealed.n >= TAG;

	if (good)
		memcpy(tag, sealed.p, TAG);
	good = good
	    && EVP_DecryptInit_ex2(c, EVP_aes_256_gcm(), key, nonce, NULL) == 1
	    && EVP_DecryptUpdate(c, to, &n, (const unsigned char *)body.p,
	        (int)body.n) == 1
	    && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1
	    && EVP_DecryptFinal_ex(c, to + n, &end) == 1;
	EVP_CIPHER_CTX_free(c);
	if (!good)
		return fail(FAILED, broken);
	*document = (view){ (const char *)to, body.n };
	return done();
}

static result
hashes(view token, unsigned char hash[HASH], unsigned char key[HASH])
{
	TRY(derive("posthaste one-time link", token, hash));
	return derive("posthaste one-time seal", token, key);
}

result
one_time_make(struct store *store, view name, view document, int64_t now,
    struct buf *token)
{
	struct buf sealed = buf_new(LIMIT_PROFILE + TAG);
	unsigned char bytes[TOKEN_BYTES], hash[HASH], key[HASH];
	size_t before = token->n;
	result r;

	random_bytes(bytes, sizeof bytes);
	encode_base64url(token, (view){ (const char *)bytes, sizeof bytes });
	r = buf_result(token);
	if (r.is == OK)
		r = hashes(view_from(buf_view(token), before), hash, key);
	if (r.is == OK && document.n > LIMIT_PROFILE)
		r = fail(OVER_LIMIT, "the document is too large for a link");
	if (r.is == OK)
		r = seal(key, document, &sealed);
	if (r.is == OK)
		r = one_time_add(store,
		    (view){ (const char *)hash, sizeof hash }, now,
		    now + LIMIT_ONE_TIME_SECONDS, name, buf_view(&sealed));
	if (r.is != OK)
		buf_cut(token, before);
	secret_wipe(bytes, sizeof bytes);
	secret_wipe(key, sizeof key);
	buf_free(&sealed);
	return r;
}

result
one_time_open(struct store *store, struct arena *arena, view token,
    int64_t now, view *name, view *document)
{
	unsigned char hash[HASH], key[HASH];
	view sealed;
	result r;

	if (token.n != TOKEN_TEXT)
		return fail(NOT_FOUND, "no such link");
	r = hashes(token, hash, key);
	if (r.is == OK)
		r = one_time_take(store, arena,
		    (view){ (const char *)hash, sizeof hash }, now, name,
		    &sealed);
	if (r.is == OK)
		r = unseal(key, sealed, arena, document);
	secret_wipe(key, sizeof key);
	return r;
}
