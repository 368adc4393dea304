/*
 * https.h - one request by HTTPS to a stranger's server: bounded in bytes and
 * time, without redirections, with a certificate that proves its name, and to
 * no address of an inner network, unless who asks says otherwise.  Blocking.
 */
#ifndef SMTP_HTTPS_H
#define SMTP_HTTPS_H

#include "mailcore/dns/resolve.h"

struct https {
	struct resolver *resolver;
	struct tls *tls;
	unsigned port;
	bool inside; /* inner addresses are fine */
	bool clear;  /* no TLS: within this machine */
	int stop;    /* as in link.h */
	const char *agent;
};

struct https_request {
	view host;
	view path; /* "/..." */
	view authorization; /* that field's value; empty: without */
	view type; /* of the body; empty: it is a GET */
	view body;
	size_t most; /* octets of the answer's body */
	unsigned wait_ms; /* for all of it */
};

struct https_answer {
	unsigned status;
	view type; /* "text/plain", without parameters */
	view body;
};

/* Views live in `arena`.  DENIED: the certificate is not good, or only inner
 * addresses.  BUSY: not reached, or no whole answer in time.  MALFORMED: no
 * HTTP.  OVER_LIMIT. */
CHECKED result https_ask(const struct https *, struct arena *,
    const struct https_request *, struct https_answer *out);

/* What has come so far (RFC 9112); views live in it or in the arena.
 * BUSY: not yet whole.  `ended`: nothing more comes. */
CHECKED result https_parse(view text, bool ended, size_t most,
    struct arena *, struct https_answer *out);

#endif
