#include "mailcore/auth/signer_push.h"

#include "mailcore/auth/signer_key.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>

enum { KEY_TEXT = 4096, HALF = 32, DER_MOST = 128 };

static int
no_password(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static result
make(const char *folder, const char *path, struct buf *text)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	result r = fail(FAILED, "OpenSSL cannot make a key");
	char *pem = NULL;
	long n = 0;

	if (key != NULL && bio != NULL
	    && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL,
		NULL) == 1
	    && (n = BIO_get_mem_data(bio, &pem)) > 0)
		r = file_make_folder(folder);
	if (r.is == OK) {
		buf_add(text, (view){ pem, (size_t)n });
		r = file_write(path, buf_view(text), S_IRUSR | S_IWUSR);
		secret_wipe(pem, (size_t)n);
	}
	BIO_free(bio);
	EVP_PKEY_free(key);
	return r;
}

static bool
is_p256(EVP_PKEY *key)
{
	char group[DER_MOST];

	return key != NULL && EVP_PKEY_is_a(key, "EC")
	    && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1
	    && (view_eq(view_of(group), VIEW("prime256v1"))
		|| view_eq(view_of(group), VIEW("P-256")));
}

static result
parse(const char *path, struct buf *text, EVP_PKEY **out)
{
	BIO *bio = BIO_new_mem_buf(buf_text(text), (int)text->n);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);

	BIO_free(bio);
	ERR_clear_error();
	if (is_p256(key)) {
		*out = key;
		return done();
	}
	EVP_PKEY_free(key);
	log_line(LOG_ERROR, "push.damaged", "file=%s do=\"remove it: clients"
	    " subscribe again under a new key\"", path);
	return fail(FAILED, "the key for push services is damaged");
}

result
signer_push_load(const char *folder, EVP_PKEY **out)
{
	struct buf text = buf_new(KEY_TEXT);
	char path[SIGNER_PATH];
	int n = snprintf(path, sizeof path, "%s/push.pem", folder);
	result r = fail(OVER_LIMIT, "the path of a key is too long");

	*out = NULL;
	/* All at once: what moves leaves a copy behind. */
	(void)buf_reserve(&text, KEY_TEXT - 1);
	if (n > 0 && (size_t)n < sizeof path)
		r = file_read(path, &text);
	if (r.is == NOT_FOUND)
		r = make(folder, path, &text);
	if (r.is == OK)
		r = parse(path, &text, out);
	secret_wipe(text.p, text.n);
	buf_free(&text);
	return r.is == OVER_LIMIT ? fail(FAILED, r.why) : r;
}

result
signer_push_public(EVP_PKEY *key, struct buf *out)
{
	unsigned char point[SIGNER_PUSH_KEY + 1];
	size_t n = 0;

	/* OpenSSL keeps the form that the key was read in. */
	if (EVP_PKEY_set_utf8_string_param(key,
		OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed")
		!= 1
	    || EVP_PKEY_get_octet_string_param(key,
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &n)
		!= 1
	    || n != SIGNER_PUSH_KEY) {
		ERR_clear_error();
		return fail(FAILED, "the key has no public half");
	}
	buf_add(out, (view){ (const char *)point, n });
	return buf_result(out);
}

/* r and s, 32 octets each. */
static bool
flatten(const unsigned char *der, size_t n, unsigned char to[2 * HALF])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool worked = sig != NULL
	    && BN_bn2binpad(ECDSA_SIG_get0_r(sig), to, HALF) == HALF
	    && BN_bn2binpad(ECDSA_SIG_get0_s(sig), to + HALF, HALF) == HALF;

	ECDSA_SIG_free(sig);
	return worked;
}

result
signer_push_sign(EVP_PKEY *key, view hash, struct buf *out)
{
	unsigned char der[DER_MOST], flat[2 * HALF];
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	size_t n = sizeof der;
	bool worked = c != NULL && hash.n == SIGNER_HASH
	    && EVP_PKEY_sign_init(c) == 1
	    && EVP_PKEY_sign(c, der, &n, (const unsigned char *)hash.p, hash.n)
		== 1
	    && flatten(der, n, flat);

	EVP_PKEY_CTX_free(c);
	ERR_clear_error();
	if (!worked)
		return fail(hash.n == SIGNER_HASH ? FAILED : MALFORMED,
		    "not signed for a push service");
	buf_add(out, (view){ (const char *)flat, sizeof flat });
	return buf_result(out);
}
