#include "mailcore/admin/dkim.h"

#include "mailcore/admin/check.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/store/domain.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>

enum {
	/* RFC 8301 3.2 asks for at least 2048; longer ones do not fit every
	 * provider's TXT form. */
	KEY_BITS = 2048,
	KEY_TEXT = 16384
};

static view
setting_name(struct arena *arena, view domain)
{
	return arena_print(arena, "dkim-selector:%.*s", (int)domain.n,
	    domain.p);
}

static const char *
key_path(struct arena *arena, const char *data, view domain, view selector)
{
	return arena_text(arena, arena_print(arena, "%s/keys/%.*s.%.*s.pem",
	    data, (int)domain.n, domain.p, (int)selector.n, selector.p));
}

/* The PEM text of a private key, to the caller's buf. */
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

static result
make_key(const char *data, const char *path, struct arena *arena)
{
	EVP_PKEY *key;
	result r;

	TRY(file_make_folder(arena_text(arena, arena_print(arena, "%s/keys",
	    data))));
	key = EVP_RSA_gen(KEY_BITS);
	if (key == NULL)
		return fail(FAILED, "OpenSSL cannot make an RSA key");
	r = write_key(path, key);
	EVP_PKEY_free(key);
	return r;
}

static result
public_half(EVP_PKEY *key, struct arena *arena, view *out)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct buf text = buf_new(KEY_TEXT);
	result r = n > 0 ? done() : fail(FAILED, "the key has no public half");

	if (n > 0)
		encode_base64(&text, (view){ (const char *)der, (size_t)n });
	if (r.is == OK)
		r = buf_result(&text);
	*out = arena_copy(arena, buf_view(&text));
	OPENSSL_free(der);
	buf_free(&text);
	return r;
}

static result
read_key(const char *path, struct arena *arena, view *out)
{
	struct buf text = buf_new(KEY_TEXT);
	EVP_PKEY *key = NULL;
	BIO *bio = NULL;
	result r;

	/* All at once: what moves leaves a copy behind. */
	(void)buf_reserve(&text, KEY_TEXT - 1);
	r = file_read(path, &text);
	if (r.is == OK) {
		bio = BIO_new_mem_buf(buf_text(&text), (int)text.n);
		key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		r = key != NULL ? public_half(key, arena, out)
		                : fail(FAILED, "the DKIM key is damaged");
		if (key == NULL)
			log_line(LOG_ERROR, "dkim.damaged", "file=%s", path);
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	secret_wipe(text.p, text.n);
	buf_free(&text);
	return r;
}

/* The year says how old a key is; a letter leaves room for the next. */
static result
choose_selector(struct store *store, struct arena *arena, view domain,
    view *out)
{
	view name = setting_name(arena, domain);
	result r = setting_get(store, arena, name, out);

	if (r.is != NOT_FOUND)
		return r;
	*out = arena_print(arena, "p%da", date_of(clock_now()).year);
	TRY(arena_result(arena));
	return setting_set(store, name, *out);
}

result
dkim_ensure(struct store *store, const char *data, view name,
    struct arena *arena, struct dkim_key *out)
{
	const char *path;
	view domain;
	result r;

	TRY(check_domain(name, arena, &domain));
	TRY(choose_selector(store, arena, domain, &out->selector));
	path = key_path(arena, data, domain, out->selector);
	TRY(arena_result(arena));
	r = read_key(path, arena, &out->key);
	if (r.is == NOT_FOUND) {
		TRY(make_key(data, path, arena));
		r = read_key(path, arena, &out->key);
	}
	TRY(r);
	return arena_result(arena);
}
