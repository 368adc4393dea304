/*
 * tls.h - one policy for both TLS libraries, and OpenSSL's side of it.
 *
 * The mail role uses OpenSSL by `struct tls`; the web role gives
 * tls_gnutls_priority to libmicrohttpd.  Both follow `struct tls_policy`.
 */
#ifndef SYS_TLS_H
#define SYS_TLS_H

#include "mailcore/sys/cert.h"

enum tls_version { TLS_1_2, TLS_1_3 };

struct tls_policy {
	enum tls_version minimum;
	/* For TLS 1.2 only AEAD suites with ECDHE are ever used. */
};

/* The same policy in GnuTLS' words; a literal. */
const char *tls_gnutls_priority(const struct tls_policy *);

struct tls;

CHECKED result tls_new(struct tls **, struct certs *,
    const struct tls_policy *);
void tls_free(struct tls **);

/* A new server-side SSL for a non-blocking connection, ready to be given its
 * BIOs or descriptor; NULL: out of memory.  `alpn`: the only protocol id
 * accepted when the client offers any (RFC 7301 3.2, against ALPACA); NULL:
 * none is checked.  Certificates follow certs_reload by themselves. */
struct ssl_st *tls_accept(struct tls *, const char *alpn);

/* A client context that verifies `host` against the system's CAs, or not at
 * all (opportunistic, RFC 7435). */
struct ssl_st *tls_connect(struct tls *, const char *host, bool verify);

#endif
