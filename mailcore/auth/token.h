/*
 * token.h - what an access token must say to be a login (OAuth 2.0).
 *
 * Two kinds are read: JSON Web Tokens that whoever gave them out signed
 * (RFC 9068), and the answer of a server that was asked what it knows of one
 * (RFC 7662).  The same rules hold for both: it must be for us (aud), from
 * whom we expect (iss), good now (exp, nbf), for what is required (scope), and
 * it must name an address.  What is unclear is refused.  Pure.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "mailcore/auth/jwk.h"
#include "mailcore/base/limits.h"

struct token_rules {
	view issuer;   /* empty: not looked at, but for a JWT */
	view audience; /* the same */
	view scope;    /* one word that must be among them; empty: none */
	view claim;    /* that holds the address */
};

struct token_owner {
	char address[LIMIT_ADDRESS + 1];
	int64_t expires; /* seconds; 0: nothing was said of it */
};

/* Could it be a signed JWT: three parts with dots between? */
bool token_is_signed(view token);

/* DENIED: not good, for whatever reason.  NOT_FOUND: signed by a key that is
 * not in the set. */
CHECKED result token_read(view token, const struct jwk_set *,
    const struct token_rules *, int64_t now, struct token_owner *out);

/* The answer to an introspection (RFC 7662 2.2).  DENIED: not good.
 * MALFORMED: no such answer. */
CHECKED result token_introspected(view json, const struct token_rules *,
    int64_t now, struct token_owner *out);

#endif
