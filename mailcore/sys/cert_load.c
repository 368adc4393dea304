#include "mailcore/sys/cert_load.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CERT_FILE_MAX = 1 << 20, CERT_NAMES_MAX = 1000 };

struct cert {
	_Atomic unsigned holders;
	char *file;
	X509 *leaf;
	EVP_PKEY *key;
	STACK_OF(X509) *issuers;
	struct buf chain_text, key_text;
	int64_t expires;
	char **names;
	size_t name_count;
};

struct cert *
cert_hold(struct cert *c)
{
	c->holders++;
	return c;
}

void
cert_release(struct cert **cc)
{
	struct cert *c = *cc;

	*cc = NULL;
	if (c == NULL || --c->holders > 0)
		return;
	X509_free(c->leaf);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->issuers, X509_free);
	buf_free(&c->chain_text);
	if (c->key_text.p != NULL)
		secret_wipe(c->key_text.p, c->key_text.room);
	buf_free(&c->key_text);
	for (size_t i = 0; i < c->name_count; i++)
		free(c->names[i]);
	free(c->names);
	free(c->file);
	free(c);
}

/* Instead of asking at a terminal: an empty pass phrase. */
static int
no_pass_phrase(char *to, int room, int writing, void *context)
{
	(void)writing;
	(void)context;
	if (room > 0)
		to[0] = '\0';
	return 0;
}

static result
read_chain(struct cert *c, BIO *in)
{
	X509 *x;

	c->leaf = PEM_read_bio_X509(in, NULL, no_pass_phrase, NULL);
	if (c->leaf == NULL)
		return fail(MALFORMED, "no certificate in it");
	c->issuers = sk_X509_new_null();
	while ((x = PEM_read_bio_X509(in, NULL, no_pass_phrase, NULL)) != NULL)
		if (sk_X509_push(c->issuers, x) <= 0)
			abort();
	/* The end of the file is an error to OpenSSL; any other is one. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return fail(MALFORMED, "a damaged certificate in it");
	ERR_clear_error();
	return done();
}

static result
read_key(struct cert *c, BIO *in)
{
	c->key = PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, NULL);
	if (c->key == NULL)
		return fail(MALFORMED, "no private key without pass phrase");
	if (X509_check_private_key(c->leaf, c->key) != 1)
		return fail(MALFORMED, "the key is not that of the first"
		    " certificate");
	return done();
}

static void
take_text(BIO *from, struct buf *to)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);

	if (n > 0)
		buf_add(to, (view){ p, (size_t)n });
}

/* What the other TLS library is given: clean PEM, whatever the file has. */
static result
write_text(struct cert *c)
{
	BIO *chain = BIO_new(BIO_s_mem());
	BIO *key = BIO_new(BIO_s_secmem());
	int worked = chain != NULL && key != NULL
	    && PEM_write_bio_X509(chain, c->leaf) == 1
	    && PEM_write_bio_PKCS8PrivateKey(key, c->key, NULL, NULL, 0, NULL,
	    NULL) == 1;

	for (int i = 0; worked && i < sk_X509_num(c->issuers); i++)
		worked = PEM_write_bio_X509(chain,
		    sk_X509_value(c->issuers, i)) == 1;
	if (worked) {
		take_text(chain, &c->chain_text);
		take_text(key, &c->key_text);
	}
	BIO_free(chain);
	BIO_free(key);
	if (!worked)
		return fail(FAILED, "OpenSSL cannot write it as PEM");
	TRY(buf_result(&c->chain_text));
	return buf_result(&c->key_text);
}

static void
add_name(struct cert *c, const char *bytes, size_t n)
{
	char *name;

	if (n == 0 || memchr(bytes, '\0', n) != NULL
	    || c->name_count == CERT_NAMES_MAX)
		return;
	name = malloc(n + 1);
	if (name == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		name[i] = ascii_lower(bytes[i]);
	name[n] = '\0';
	c->names[c->name_count++] = name;
}

static void
read_names(struct cert *c)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(c->leaf, NID_subject_alt_name,
	    NULL, NULL);

	c->names = calloc(CERT_NAMES_MAX, sizeof *c->names);
	if (c->names == NULL)
		abort();
	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		int type;
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
		const ASN1_STRING *s = GENERAL_NAME_get0_value(one, &type);

		if (type != GEN_DNS)
			continue;
		add_name(c, (const char *)ASN1_STRING_get0_data(s),
		    (size_t)ASN1_STRING_length(s));
	}
	GENERAL_NAMES_free(all);
}

static result
read_expiry(struct cert *c, const char *path)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(c->leaf), &tm) != 1)
		return fail(MALFORMED, "its end of validity is unreadable");
	c->expires = (int64_t)timegm(&tm);
	if (c->expires < clock_now())
		log_line(LOG_WARNING, "cert.expired", "file=%s", path);
	return done();
}

static result
parse(struct cert *c, view text, const char *path)
{
	BIO *chain = BIO_new_mem_buf(text.p, (int)text.n);
	BIO *key = BIO_new_mem_buf(text.p, (int)text.n);
	result r = done();

	if (chain == NULL || key == NULL)
		abort();
	ERR_clear_error();
	r = read_chain(c, chain);
	if (r.is == OK)
		r = read_key(c, key);
	if (r.is == OK)
		r = read_expiry(c, path);
	if (r.is == OK)
		r = write_text(c);
	if (r.is == OK)
		read_names(c);
	ERR_clear_error();
	BIO_free(chain);
	BIO_free(key);
	return r;
}

result
cert_load(struct cert **out, const char *folder, const char *file)
{
	struct buf text = buf_new(CERT_FILE_MAX);
	struct cert *c = calloc(1, sizeof *c);
	char path[PATH_MAX];
	result r;

	if (c == NULL || (c->file = strdup(file)) == NULL)
		abort();
	c->holders = 1;
	c->chain_text = buf_new(CERT_FILE_MAX);
	c->key_text = buf_new(CERT_FILE_MAX);
	if (snprintf(path, sizeof path, "%s/%s", folder, file) >= PATH_MAX)
		r = fail(FAILED, "its path is too long");
	else
		r = file_read(path, &text);
	if (r.is == OK)
		r = parse(c, buf_view(&text), path);
	if (r.is == OK) {
		*out = c;
		c = NULL;
	} else {
		log_line(LOG_ERROR, "cert.unusable", "file=%s why=\"%s\"",
		    path, r.why);
	}
	cert_release(&c);
	if (text.p != NULL)
		secret_wipe(text.p, text.room);
	buf_free(&text);
	return r;
}

const char *
cert_file(const struct cert *c)
{
	return c->file;
}

bool
cert_same(const struct cert *a, const struct cert *b)
{
	return strcmp(a->file, b->file) == 0
	    && view_eq(buf_view(&a->chain_text), buf_view(&b->chain_text))
	    && secret_eq(buf_view(&a->key_text), buf_view(&b->key_text));
}

const char *
cert_name(const struct cert *c, size_t i)
{
	return i < c->name_count ? c->names[i] : NULL;
}

view
cert_chain(const struct cert *c)
{
	return buf_view(&c->chain_text);
}

view
cert_key(const struct cert *c)
{
	return buf_view(&c->key_text);
}

int64_t
cert_expires(const struct cert *c)
{
	return c->expires;
}

struct x509_st *
cert_leaf(const struct cert *c)
{
	return c->leaf;
}

struct evp_pkey_st *
cert_private(const struct cert *c)
{
	return c->key;
}

struct stack_st_X509 *
cert_issuers(const struct cert *c)
{
	return c->issuers;
}
