/*
 * signer_push.h - the key that speaks for this server to push services
 * (VAPID, RFC 8292): P-256, in <folder>/push.pem, made when it is missed.
 */
#ifndef AUTH_SIGNER_PUSH_H
#define AUTH_SIGNER_PUSH_H

#include "mailcore/auth/signer.h"

struct evp_pkey_st;

/* FAILED: damaged, or cannot be made; logged. */
CHECKED result signer_push_load(const char *folder, struct evp_pkey_st **);

/* Appends the public point (uncompressed, SIGNER_PUSH_KEY octets). */
CHECKED result signer_push_public(struct evp_pkey_st *, struct buf *out);

/* Appends the signature of a SHA-256 as RFC 7518 3.4 has it: r, then s. */
CHECKED result signer_push_sign(struct evp_pkey_st *, view hash,
    struct buf *out);

#endif
