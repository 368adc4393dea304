#include "autoconfig/doctor/call.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

SSL_CTX *
call_trust(const char *ca)
{
	SSL_CTX *trust = SSL_CTX_new(TLS_client_method());

	if (trust == NULL)
		abort();
	(void)SSL_CTX_set_default_verify_paths(trust);
	if (ca != NULL)
		(void)SSL_CTX_load_verify_locations(trust, ca, NULL);
	SSL_CTX_set_verify(trust, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_min_proto_version(trust, TLS1_2_VERSION);
	ERR_clear_error();
	return trust;
}

result
call_open(const struct caller *c, struct arena *arena, view host,
    unsigned port, struct link **out)
{
	const struct link_options options = { .stop = -1,
		.deadline_ms = clock_steady_ms() + LIMIT_DOCTOR_CALL_MS };
	struct way_end end;

	TRY(way_find(c->way, arena, host, port, &end));
	for (size_t i = 0; i < end.count; i++) {
		*out = link_open(end.addresses[i], end.port, LIMIT_DOCTOR_MS,
		    &options);
		if (link_result(*out).is == OK)
			return done();
		link_close(out);
	}
	return fail(BUSY, "nothing answers at its port");
}

SSL *
call_secure(const struct caller *c, struct link *l, view host)
{
	SSL *ssl = SSL_new(c->trust);
	char name[LIMIT_DOMAIN + 1];

	if (ssl != NULL && (!view_copy(host, name, sizeof name)
	    || SSL_set1_host(ssl, name) != 1
	    || SSL_set_tlsext_host_name(ssl, name) != 1)) {
		SSL_free(ssl);
		ssl = NULL;
	}
	link_secure(l, ssl, LIMIT_DOCTOR_MS);
	return link_result(l).is == OK ? ssl : NULL;
}

const char *
call_fault(const SSL *ssl)
{
	switch (SSL_get_verify_result(ssl)) {
	case X509_V_OK:
		return NULL;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "the certificate is for other names";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "the certificate has expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "the certificate is not valid yet";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "the certificate's chain does not lead to a known CA";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return "the certificate is self-signed";
	default:
		return "the certificate does not verify";
	}
}
