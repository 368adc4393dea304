#include "mailcore/sys/tls_dane.h"

#include "mailcore/base/limits.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

enum {
	USAGE_TA = 2,
	USAGE_EE = 3,
	SELECTOR_CERT = 0,
	SELECTOR_KEY = 1,
	MATCHING_FULL = 0,
	MATCHING_SHA256 = 1,
	MATCHING_SHA512 = 2
};

/* A whole certificate or key stands in the record itself. */
static bool
is_readable(const struct tls_tlsa *t)
{
	const unsigned char *p = (const unsigned char *)t->data.p;
	const unsigned char *end = p + t->data.n;
	bool good = false;

	if (t->data.n == 0 || t->data.n > LIMIT_TLSA)
		return false;
	if (t->selector == SELECTOR_CERT) {
		X509 *x = d2i_X509(NULL, &p, (long)t->data.n);

		good = x != NULL;
		X509_free(x);
	} else {
		EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)t->data.n);

		good = key != NULL;
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
	return good && p == end;
}

bool
tls_tlsa_usable(const struct tls_tlsa *t)
{
	if (t->usage != USAGE_TA && t->usage != USAGE_EE)
		return false;
	if (t->selector != SELECTOR_CERT && t->selector != SELECTOR_KEY)
		return false;
	switch (t->matching) {
	case MATCHING_FULL:
		return is_readable(t);
	case MATCHING_SHA256:
		return t->data.n == 32;
	case MATCHING_SHA512:
		return t->data.n == 64;
	default:
		return false;
	}
}

static bool
add_records(SSL *ssl, const struct tls_tlsa *records, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const struct tls_tlsa *t = &records[i];

		if (tls_tlsa_usable(t) && SSL_dane_tlsa_add(ssl,
		    (uint8_t)t->usage, (uint8_t)t->selector,
		    (uint8_t)t->matching,
		    (const unsigned char *)t->data.p, t->data.n) > 0)
			any = true;
	}
	ERR_clear_error();
	return any;
}

static bool
expect_names(SSL *ssl, const view *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[LIMIT_DOMAIN + 1];

		if (names[i].n > 0
		    && (!view_copy(names[i], name, sizeof name)
		        || SSL_add1_host(ssl, name) != 1))
			return false;
	}
	return true;
}

struct ssl_st *
tls_connect_dane(struct tls *t, view base, const view *names,
    size_t name_count, const struct tls_tlsa *records, size_t count)
{
	char name[LIMIT_DOMAIN + 1];
	SSL *ssl;

	if (!view_copy(base, name, sizeof name))
		return NULL;
	ssl = tls_connect(t, name, false);
	if (ssl == NULL)
		return NULL;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (SSL_dane_enable(ssl, name) <= 0
	    || !expect_names(ssl, names, name_count)
	    || !add_records(ssl, records, count)) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	/* RFC 7672 3.1.1: usage 3 is about the key; no name, no dates. */
	(void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return ssl;
}

static const struct {
	long error;
	const char *type, *text;
} faults[] = {
	{ X509_V_ERR_HOSTNAME_MISMATCH, "certificate-host-mismatch",
	    "its certificate is for another name" },
	{ X509_V_ERR_CERT_HAS_EXPIRED, "certificate-expired",
	    "its certificate has expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, "certificate-expired",
	    "its certificate is not valid yet" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "certificate-not-trusted",
	    "its certificate is self-signed" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "certificate-not-trusted",
	    "its certificate is by an authority that nobody knows" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "certificate-not-trusted",
	    "its certificate is by an authority that nobody knows" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	    "certificate-not-trusted",
	    "its certificate is by an authority that nobody knows" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	    "certificate-not-trusted",
	    "its certificate is by an authority that nobody knows" },
	{ X509_V_ERR_DANE_NO_MATCH, "validation-failure",
	    "no TLSA record names its certificate" },
};

const char *
tls_fault_words(struct ssl_st *ssl, const char **type)
{
	long error = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);

	*type = NULL;
	if (error == X509_V_OK)
		return "the TLS handshake failed";
	*type = "validation-failure";
	for (size_t i = 0; i < COUNT(faults); i++)
		if (faults[i].error == error) {
			*type = faults[i].type;
			return faults[i].text;
		}
	return "its certificate is not good";
}
