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

/* What tells one TLS connection from any other, for who logs in over it: the
 * exporter's bytes (RFC 9266; TLS 1.3 only, as 4.2 there wants) and the hash of
 * our certificate (RFC 5929 4).  Of no bytes: there is none. */
enum { TLS_EXPORTER = 32, TLS_BINDING = 64 };
struct tls_binding {
	unsigned char exporter[TLS_EXPORTER];
	unsigned char end_point[TLS_BINDING];
	unsigned char exporter_n, end_point_n;
};

struct tls;

CHECKED result tls_new(struct tls **, struct certs *,
    const struct tls_policy *);
void tls_free(struct tls **);

/* A new server-side SSL for a non-blocking connection, ready to be given its
 * BIOs or descriptor; NULL: out of memory.  `alpn`: the only protocol id
 * accepted when the client offers any (RFC 7301 3.2, against ALPACA); NULL:
 * none is checked.  Certificates follow certs_reload by themselves. */
struct ssl_st *tls_accept(struct tls *, const char *alpn);

/* Of the server's end, after its handshake. */
void tls_bind(struct ssl_st *, struct tls_binding *);

/* A client's SSL that verifies `host` against the system's CAs, or not at
 * all (opportunistic, RFC 7435).  The first reads these CAs, some 20 ms.
 * NULL: out of memory, or logged. */
struct ssl_st *tls_connect(struct tls *, const char *host, bool verify);

#endif
