/*
 * dkim.h - signatures of domains (RFC 6376, 8301, 8463), read and written.
 *
 * Stricter than the RFC where it lets the reader choose: SHA-1 and RSA keys
 * under 1,024 bits prove nothing, nor does a signature whose l= leaves a part
 * of the body open (RFC 6376 8.2).
 */
#ifndef DNS_DKIM_H
#define DNS_DKIM_H

#include "mailcore/base/buf.h"
#include "mailcore/dns/lookup.h"

enum dkim_result {
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_POLICY,  /* it fits, but proves too little */
	DKIM_NEUTRAL, /* it cannot be read */
	DKIM_TEMPERROR,
	DKIM_PERMERROR
};

struct dkim_check {
	enum dkim_result result;
	const char *why; /* "" with a pass */
	view domain;     /* d=, lower case */
	view selector;   /* s= */
	view algorithm;  /* a= */
	view start;      /* of b=: RFC 6008 */
	bool testing;    /* t=y of the key (RFC 6376 3.6.1) */
};

enum { DKIM_CHECKS = 8 };

struct dkim_report {
	struct dkim_check check[DKIM_CHECKS];
	size_t count;
	bool more; /* signatures than were looked at */
};

/* "permerror" (RFC 8601 2.7.1). */
const char *dkim_name(enum dkim_result);

/* All signatures of the message, from the top, at most DKIM_CHECKS.  Without
 * one it does next to nothing.  Views live in the arena or the message. */
void dkim_verify(const struct lookup *, struct arena *, view message,
    int64_t now, struct dkim_report *out);

/* What makes signatures: appends the signature of a SHA-256 hash. */
typedef result dkim_sign_function(void *context, view domain, view selector,
    const unsigned char hash[32], struct buf *signature);

struct dkim_signing {
	dkim_sign_function *sign;
	void *context;
	view domain;
	int64_t now;
	/* One signature each: "rsa-sha256" and so on. */
	const struct dkim_signing_key {
		view selector;
		view algorithm;
	} *keys;
	size_t count;
};

/* Append the DKIM-Signature fields, to be put in front of the message: its
 * header with the blank line, and its body.  Lines end with CRLF.  From and
 * its like are signed once more than they are there, so that nobody can add
 * one (RFC 6376 8.15). */
CHECKED result dkim_sign(const struct dkim_signing *, struct arena *,
    view header, view body, struct buf *out);

#endif
