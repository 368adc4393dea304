#include "mailcore/sys/cert.h"

#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DAY = 86400,
	CA_DAYS = 7300,
	/* Apple refuses longer ones (398 days since 2020). */
	LEAF_DAYS = 396,
	PEM_MAX = 65536,
	COMMON_NAME_MAX = 64 /* RFC 5280 A.1, ub-common-name */
};

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

static result
broken(const char *doing)
{
	log_line(LOG_ERROR, "cert.make", "doing=%s error=\"%s\"", doing,
	    ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return fail(FAILED, "a certificate could not be made");
}

static bool
set_serial(X509 *x)
{
	unsigned char bytes[16];
	BIGNUM *n;
	bool worked;

	random_bytes(bytes, sizeof bytes);
	bytes[0] &= 0x7f; /* RFC 5280 4.1.2.2: positive */
	bytes[0] |= 0x40;
	n = BN_bin2bn(bytes, sizeof bytes, NULL);
	worked = n != NULL
	    && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return worked;
}

static bool
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *e;
	bool worked;

	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	worked = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return worked;
}

static bool
add_common_name(X509 *x, const char *text)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1;
}

/* A certificate with all but its names and extensions. */
static X509 *
new_cert(EVP_PKEY *key, long days)
{
	X509 *x = X509_new();

	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1
	    && set_serial(x)
	    /* An hour back: clocks of phones are not always right. */
	    && X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL
	    && X509_time_adj_ex(X509_getm_notAfter(x), (int)days, 0, NULL)
	    != NULL
	    && X509_set_pubkey(x, key) == 1)
		return x;
	X509_free(x);
	return NULL;
}

static result
save(const char *path, const X509 *x, EVP_PKEY *key, int mode)
{
	BIO *out = BIO_new(BIO_s_secmem());
	char *p;
	result r;

	if (out == NULL)
		abort();
	if ((x != NULL && PEM_write_bio_X509(out, x) != 1)
	    || (key != NULL && PEM_write_bio_PKCS8PrivateKey(out, key, NULL,
	    NULL, 0, NULL, NULL) != 1)) {
		r = broken("write");
	} else {
		long n = BIO_get_mem_data(out, &p);

		r = file_write(path, (view){ p, (size_t)n }, mode);
	}
	BIO_free(out);
	return r;
}

static void
authority_free(struct authority *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	*ca = (struct authority){ NULL, NULL };
}

static result
load_authority(struct authority *ca, const char *cert_path,
    const char *key_path)
{
	FILE *f = fopen(cert_path, "re");

	if (f == NULL)
		return fail(NOT_FOUND, "no private CA yet");
	ca->cert = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	f = fopen(key_path, "re");
	if (f != NULL) {
		ca->key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
		(void)fclose(f);
	}
	if (ca->cert == NULL || ca->key == NULL
	    || X509_check_private_key(ca->cert, ca->key) != 1) {
		log_line(LOG_ERROR, "cert.ca", "file=%s", cert_path);
		return broken("read the private CA");
	}
	return done();
}

static result
make_authority(struct authority *ca, const char *cert_path,
    const char *key_path)
{
	char name[64];
	unsigned char mark[4];

	/* Of its own for each server: clients that know two private CAs of
	 * one name take the wrong one. */
	random_bytes(mark, sizeof mark);
	(void)snprintf(name, sizeof name,
	    "Posthaste private CA %02x%02x%02x%02x",
	    mark[0], mark[1], mark[2], mark[3]);
	ca->key = EVP_EC_gen("P-256");
	ca->cert = ca->key == NULL ? NULL : new_cert(ca->key, CA_DAYS);
	if (ca->cert == NULL || !add_common_name(ca->cert, name)
	    || X509_set_issuer_name(ca->cert,
	    X509_get_subject_name(ca->cert)) != 1
	    || !add_extension(ca->cert, ca->cert, NID_basic_constraints,
	    "critical,CA:TRUE,pathlen:0")
	    || !add_extension(ca->cert, ca->cert, NID_key_usage,
	    "critical,keyCertSign,cRLSign")
	    || !add_extension(ca->cert, ca->cert, NID_subject_key_identifier,
	    "hash")
	    || X509_sign(ca->cert, ca->key, EVP_sha256()) == 0)
		return broken("make the private CA");
	TRY(save(key_path, NULL, ca->key, 0600));
	return save(cert_path, ca->cert, NULL, 0644);
}

static GENERAL_NAME *
one_name(view name)
{
	char text[LIMIT_DOMAIN + 1];
	GENERAL_NAME *out = GENERAL_NAME_new();
	ASN1_STRING *value;
	int type = GEN_DNS;

	if (out == NULL)
		abort();
	if (name.n == 0 || !view_copy(name, text, sizeof text)) {
		GENERAL_NAME_free(out);
		return NULL;
	}
	value = a2i_IPADDRESS(text);
	if (value != NULL) {
		type = GEN_IPADD;
	} else {
		ERR_clear_error();
		value = ASN1_IA5STRING_new();
		if (value == NULL
		    || ASN1_STRING_set(value, text, (int)name.n) != 1)
			abort();
	}
	GENERAL_NAME_set0_value(out, type, value);
	return out;
}

static bool
add_names(X509 *x, const view *names, size_t count, bool critical)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	bool worked = all != NULL && count > 0;

	for (size_t i = 0; worked && i < count; i++) {
		GENERAL_NAME *one = one_name(names[i]);

		worked = one != NULL && sk_GENERAL_NAME_push(all, one) > 0;
	}
	worked = worked && X509_add1_ext_i2d(x, NID_subject_alt_name, all,
	    critical, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(all);
	return worked;
}

static bool
fill_leaf(X509 *x, const struct authority *ca, const view *names,
    size_t count)
{
	char common[COMMON_NAME_MAX + 1];
	bool named = view_copy(names[0], common, sizeof common);

	return (!named || add_common_name(x, common))
	    && X509_set_issuer_name(x, X509_get_subject_name(ca->cert)) == 1
	    && add_extension(x, ca->cert, NID_basic_constraints,
	    "critical,CA:FALSE")
	    && add_extension(x, ca->cert, NID_key_usage,
	    "critical,digitalSignature")
	    && add_extension(x, ca->cert, NID_ext_key_usage, "serverAuth")
	    && add_extension(x, ca->cert, NID_subject_key_identifier, "hash")
	    && add_extension(x, ca->cert, NID_authority_key_identifier,
	    "keyid:always")
	    && add_names(x, names, count, !named)
	    && X509_sign(x, ca->key, EVP_sha256()) > 0;
}

static result
make_leaf(const struct authority *ca, const char *path, const view *names,
    size_t count)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = key == NULL ? NULL : new_cert(key, LEAF_DAYS);
	result r;

	if (x == NULL || !fill_leaf(x, ca, names, count))
		r = broken("make the certificate");
	else
		r = save(path, x, key, 0600);
	X509_free(x);
	EVP_PKEY_free(key);
	return r;
}

result
cert_make(const char *folder, const view *names, size_t count)
{
	char ca_cert[PATH_MAX], ca_key[PATH_MAX], leaf[PATH_MAX];
	struct authority ca = { NULL, NULL };
	result r;

	if (count == 0)
		return fail(MALFORMED, "a certificate needs a name");
	if (snprintf(ca_cert, PATH_MAX, "%s/../ca.pem", folder) >= PATH_MAX
	    || snprintf(ca_key, PATH_MAX, "%s/../ca.key", folder) >= PATH_MAX
	    || snprintf(leaf, PATH_MAX, "%s/default.pem", folder) >= PATH_MAX)
		return fail(FAILED, "the folder's path is too long");
	TRY(file_make_folder(folder));
	r = load_authority(&ca, ca_cert, ca_key);
	if (r.is == NOT_FOUND)
		r = make_authority(&ca, ca_cert, ca_key);
	if (r.is == OK)
		r = make_leaf(&ca, leaf, names, count);
	authority_free(&ca);
	return r;
}
