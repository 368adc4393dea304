/*
 * jwk.h - the public keys of whoever gives out tokens: a JSON Web Key set
 * (RFC 7517), and signatures by them (RFC 7515).
 *
 * Three kinds of keys are read, for one algorithm each (RFC 7518, RFC 8037):
 * RSA of 2048 to 8192 bits for RS256, P-256 for ES256, Ed25519 for EdDSA.  What
 * else stands in a set is passed over; so are keys that are not for signing.
 * A key says by its kind what it is used for, never the token.
 */
#ifndef AUTH_JWK_H
#define AUTH_JWK_H

#include "mailcore/base/buf.h"

struct jwk_set;

/* MALFORMED: no key set, or none that we can use.  OVER_LIMIT. */
CHECKED result jwk_read(struct jwk_set **, view json);
void jwk_free(struct jwk_set **);

/* Did one of the keys sign `text`?  `algorithm` and `id` are as the token's
 * header has them; with an empty `id` each key of the kind is tried.
 * NOT_FOUND: there is no such key; another set may have it.  DENIED: no. */
CHECKED result jwk_verify(const struct jwk_set *, view algorithm, view id,
    view text, view signature);

#endif
