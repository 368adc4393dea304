/*
 * https.h - one request by HTTPS to a stranger's server: bounded in bytes and
 * time, without redirections, with a certificate that proves its name, and to
 * no address of an inner network, unless who asks says otherwise.  Blocking.
 */
#ifndef SMTP_HTTPS_H
#define SMTP_HTTPS_H

#include "mailcore/dns/resolve.h"
#include "mailcore/smtp/link.h"

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
	const char *method; /* NULL: GET, with a body POST */
	view authorization; /* that field's value; empty: without */
	view fields; /* further lines, each with its end */
	view type; /* of the body; empty: there is none */
	view body;
	size_t most; /* octets of the answer's body */
	unsigned wait_ms; /* for all of it */
	/* A body may end with the connection (RFC 9112 6.3): whether it was
	 * cut short is seen by who reads it. */
	bool open_end;
};

struct https_answer {
	unsigned status;
	view type; /* "text/plain", without parameters */
	view fields; /* all field lines: https_field */
	view body;
};

/* Views live in `arena`.  DENIED: the certificate is not good, or only inner
 * addresses.  BUSY: not reached, or no whole answer in time.  MALFORMED: no
 * HTTP.  OVER_LIMIT. */
CHECKED result https_ask(const struct https *, struct arena *,
    const struct https_request *, struct https_answer *out);

/* The same over a link that is open, and encrypted if it is to be; the link's
 * deadline counts beside `wait_ms`, which bounds each wait here.  The link is
 * of no more use then. */
CHECKED result https_over(struct link *, const char *agent, struct arena *,
    const struct https_request *, struct https_answer *out);

/* What has come so far of the answer (RFC 9112); views live in it or in the
 * arena.  BUSY: not yet whole.  `ended`: nothing more comes. */
CHECKED result https_parse(view text, bool ended, const struct https_request *,
    struct arena *, struct https_answer *out);

/* Takes the next line off `*fields`; false: there is none. */
bool https_field(view *fields, view *name, view *value);

#endif
