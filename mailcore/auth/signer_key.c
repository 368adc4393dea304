#include "mailcore/auth/signer_key.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum {
	/* RFC 8301 3.2 asks for at least 2048; longer ones do not fit every
	 * provider's TXT form. */
	KEY_BITS = 2048,
	KEY_BITS_LEAST = 1024,
	KEY_BITS_MOST = 8192,
	KEY_TEXT = 16384,
	KEY_RAW = 32 /* Ed25519 */
};

result
signer_key_path(char to[SIGNER_PATH], const char *folder, view domain,
    view selector)
{
	int n = snprintf(to, SIGNER_PATH, "%s/%.*s.%.*s.pem", folder,
	    (int)domain.n, domain.p, (int)selector.n, selector.p);

	return n > 0 && n < SIGNER_PATH
	    ? done() : fail(OVER_LIMIT, "the path of a key is too long");
}

/* One that is not encrypted: OpenSSL must not ask a terminal. */
static int
no_password(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static bool
take_algorithm(struct signer_private *p)
{
	int bits = EVP_PKEY_get_bits(p->key);

	p->algorithm = SIGNER_RSA_SHA256;
	if (EVP_PKEY_is_a(p->key, "RSA"))
		return bits >= KEY_BITS_LEAST && bits <= KEY_BITS_MOST;
	p->algorithm = SIGNER_ED25519_SHA256;
	return EVP_PKEY_is_a(p->key, "ED25519");
}

static result
parse(struct signer_private *p, const char *path, struct buf *text)
{
	BIO *bio = BIO_new_mem_buf(buf_text(text), (int)text->n);

	p->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (p->key != NULL && take_algorithm(p))
		return done();
	log_line(LOG_ERROR, "dkim.damaged", "file=%s do=\"put an RSA or"
	    " Ed25519 key there, as PEM without a password\"", path);
	signer_key_free(p);
	return fail(FAILED, "the DKIM key is damaged");
}

result
signer_key_load(const char *path, struct signer_private *out)
{
	struct buf text = buf_new(KEY_TEXT);
	result r;

	*out = (struct signer_private){ .key = NULL };
	/* Before the reading: a newer file is then read once more. */
	if (stat(path, &out->file) != 0)
		memset(&out->file, 0, sizeof out->file);
	/* All at once: what moves leaves a copy behind. */
	(void)buf_reserve(&text, KEY_TEXT - 1);
	r = file_read(path, &text);
	if (r.is == OK)
		r = parse(out, path, &text);
	else if (r.is == OVER_LIMIT)
		r = fail(FAILED, "the DKIM key is damaged");
	secret_wipe(text.p, text.n);
	buf_free(&text);
	return r;
}

void
signer_key_free(struct signer_private *p)
{
	EVP_PKEY_free(p->key);
	p->key = NULL;
}

bool
signer_key_current(const struct signer_private *p, const char *path)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_ino == p->file.st_ino
	    && now.st_size == p->file.st_size
	    && now.st_mtim.tv_sec == p->file.st_mtim.tv_sec
	    && now.st_mtim.tv_nsec == p->file.st_mtim.tv_nsec;
}

static result
write_key(const char *path, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;
	result r = fail(FAILED, "OpenSSL cannot write the key");

	if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL,
	        0, NULL, NULL) == 1 && (n = BIO_get_mem_data(bio, &text)) > 0) {
		r = file_write(path, (view){ text, (size_t)n },
		    S_IRUSR | S_IWUSR);
		secret_wipe(text, (size_t)n);
	}
	BIO_free(bio);
	return r;
}

result
signer_key_make(const char *folder, const char *path,
    enum signer_algorithm algorithm)
{
	struct stat there;
	EVP_PKEY *key;
	result r;

	if (lstat(path, &there) == 0)
		return fail(EXISTS, "there is a key of that selector");
	TRY(file_make_folder(folder));
	key = algorithm == SIGNER_ED25519_SHA256
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	    : EVP_RSA_gen(KEY_BITS);
	if (key == NULL)
		return fail(FAILED, "OpenSSL cannot make a key");
	r = write_key(path, key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return r;
}

result
signer_key_public(const struct signer_private *p, struct buf *out)
{
	unsigned char raw[KEY_RAW], *der = NULL;
	size_t raw_n = sizeof raw;
	int n;

	if (p->algorithm == SIGNER_ED25519_SHA256) {
		if (EVP_PKEY_get_raw_public_key(p->key, raw, &raw_n) != 1)
			return fail(FAILED, "the key has no public half");
		encode_base64(out, (view){ (const char *)raw, raw_n });
		return buf_result(out);
	}
	n = i2d_PUBKEY(p->key, &der);
	if (n <= 0)
		return fail(FAILED, "the key has no public half");
	encode_base64(out, (view){ (const char *)der, (size_t)n });
	OPENSSL_free(der);
	return buf_result(out);
}

/* RSASSA-PKCS1-v1_5 over the hash; Ed25519 takes it as its message. */
static bool
sign_rsa(EVP_PKEY *key, view hash, unsigned char *to, size_t *n)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	bool worked = c != NULL && EVP_PKEY_sign_init(c) == 1
	    && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1
	    && EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1
	    && EVP_PKEY_sign(c, to, n, (const unsigned char *)hash.p, hash.n)
	        == 1;

	EVP_PKEY_CTX_free(c);
	return worked;
}

static bool
sign_ed25519(EVP_PKEY *key, view hash, unsigned char *to, size_t *n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool worked = c != NULL
	    && EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1
	    && EVP_DigestSign(c, to, n, (const unsigned char *)hash.p,
	        hash.n) == 1;

	EVP_MD_CTX_free(c);
	return worked;
}

result
signer_key_sign(const struct signer_private *p, view hash,
    struct buf *signature)
{
	unsigned char room[KEY_BITS_MOST / 8];
	size_t n = sizeof room;
	bool worked;

	if (hash.n != SIGNER_HASH)
		return fail(MALFORMED, "not a SHA-256");
	worked = p->algorithm == SIGNER_RSA_SHA256
	    ? sign_rsa(p->key, hash, room, &n)
	    : sign_ed25519(p->key, hash, room, &n);
	ERR_clear_error();
	if (!worked)
		return fail(FAILED, "OpenSSL could not sign");
	buf_add(signature, (view){ (const char *)room, n });
	return buf_result(signature);
}
