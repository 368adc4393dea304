/*
 * credentials.h - the certificates of mailcore/sys/cert.h in GnuTLS' hands.
 *
 * Each certificate is parsed once and used until certs_reload changed
 * something.  Thread-safe.
 */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include "mailcore/sys/cert.h"

#include <gnutls/abstract.h>

struct credentials;

struct credentials *credentials_new(struct certs *);
void credentials_free(struct credentials **);

/* To be called before the handshake: which credentials the session chooses
 * from, and which ALPN protocol it accepts (RFC 7301 3.2). */
void credentials_attach(struct credentials *, gnutls_session_t);

/* A gnutls_certificate_retrieve_function3: chooses by SNI. */
int credentials_choose(gnutls_session_t, const struct gnutls_cert_retr_st *,
    gnutls_pcert_st **pcerts, unsigned *count, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags);

#endif
