/*
 * cli_probe.h - one service, tried as a client would: connect, STARTTLS where
 * due, certificate, greeting.  For `posthaste doctor`.
 */
#ifndef DAVD_CLI_PROBE_H
#define DAVD_CLI_PROBE_H

#include "mailcore/base/buf.h"
#include "mailcore/sys/conf.h"

#include <openssl/ssl.h>

/* Trusts the system's CAs and those in `ca` (which may be missing). */
SSL_CTX *probe_trust(const char *ca);

struct probe {
	SSL_CTX *trust;
	const char *address; /* to connect to */
	const char *host;    /* whose certificate it must be */
	unsigned port;
	enum service service;
};

/* Up to the greeting.  The reason of a failure is for people. */
CHECKED result probe_greeting(const struct probe *);

/* One HTTP request; `out` gets the whole answer, header and body. */
CHECKED result probe_http(const struct probe *, view request,
    struct buf *out);

#endif
