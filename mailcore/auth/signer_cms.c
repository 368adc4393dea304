#include "mailcore/auth/signer_cms.h"

#include <limits.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static bool
verifies(X509_STORE *roots, const struct cert *cert, const char *host,
    const char **why_not)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	bool good = false;

	*why_not = "OpenSSL found no memory";
	if (c != NULL
	    && X509_STORE_CTX_init(c, roots, cert_leaf(cert),
	        cert_issuers(cert)) == 1
	    && X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(c),
	        host, 0) == 1) {
		good = X509_verify_cert(c) == 1;
		*why_not = X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(c));
	}
	X509_STORE_CTX_free(c);
	return good;
}

/* Those of a private authority stand at the end of the chain; whoever installs
 * it on a device can check what it signed.  The leaf itself is no root. */
static bool
add_own_roots(X509_STORE *roots, const struct cert *cert)
{
	const STACK_OF(X509) *issuers = cert_issuers(cert);

	for (int i = 0; i < sk_X509_num(issuers); i++) {
		X509 *x = sk_X509_value(issuers, i);

		if ((X509_get_extension_flags(x) & EXFLAG_SS) != 0
		    && X509_STORE_add_cert(roots, x) != 1)
			return false;
	}
	return true;
}

/* A root is read when it is asked for: some KiB, where all of them take
 * 20 ms. */
static int
find_by_name(X509_STORE *roots)
{
	X509_LOOKUP *l = X509_STORE_add_lookup(roots, X509_LOOKUP_hash_dir());

	return l == NULL ? 0
	    : X509_LOOKUP_add_dir(l, NULL, X509_FILETYPE_DEFAULT);
}

static bool
leads_to(int (*machine_roots)(X509_STORE *), const struct cert *cert,
    const char *host, const char **why_not)
{
	X509_STORE *roots = X509_STORE_new();
	bool good = false;

	*why_not = "this machine has no root certificates";
	if (roots != NULL && machine_roots(roots) == 1
	    && add_own_roots(roots, cert))
		good = verifies(roots, cert, host, why_not);
	X509_STORE_free(roots);
	ERR_clear_error();
	return good;
}

result
signer_cms_trust(const struct cert *cert, const char *host,
    const char **why_not)
{
	/* Not every machine has its roots by name. */
	if (leads_to(find_by_name, cert, host, why_not)
	    || leads_to(X509_STORE_set_default_paths, cert, host, why_not))
		return done();
	return fail(DENIED, "the certificate would not verify");
}

static bool
sign(const struct cert *cert, BIO *in, BIO *out)
{
	CMS_ContentInfo *cms = CMS_sign(cert_leaf(cert), cert_private(cert),
	    cert_issuers(cert), in, CMS_BINARY);
	bool good = cms != NULL && i2d_CMS_bio(out, cms) == 1;

	CMS_ContentInfo_free(cms);
	return good;
}

result
signer_cms_sign(const struct cert *cert, view document, struct buf *to)
{
	BIO *in, *out = BIO_new(BIO_s_mem());
	result r = fail(FAILED, "OpenSSL could not sign");
	char *bytes;
	long n;

	if (document.n > INT_MAX)
		return fail(OVER_LIMIT, "a document this large is not signed");
	in = BIO_new_mem_buf(document.p, (int)document.n);
	if (in != NULL && out != NULL && sign(cert, in, out)) {
		n = BIO_get_mem_data(out, &bytes);
		buf_add(to, (view){ bytes, n > 0 ? (size_t)n : 0 });
		r = buf_result(to);
	}
	BIO_free(in);
	BIO_free(out);
	ERR_clear_error();
	return r;
}
