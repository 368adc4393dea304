/*
 * sign.h - a profile signed by the server's certificate (CMS, RFC 5652): one
 * attached SignedData in DER with the whole chain, as Apple's devices want
 * it.
 */
#ifndef PROFILES_SIGN_H
#define PROFILES_SIGN_H

#include "mailcore/base/buf.h"
#include "mailcore/sys/cert.h"

/* Would a device say "verified"?  That is, does the chain lead to a root that
 * this machine trusts, for `host`, now?  DENIED: no, and OpenSSL's word for
 * it stands in `why_not` (a literal). */
CHECKED result profile_sign_trust(const struct cert *, const char *host,
    const char **why_not);

CHECKED result profile_sign(const struct cert *, view document,
    struct buf *out);

#endif
