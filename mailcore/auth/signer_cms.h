/*
 * signer_cms.h - a document signed by the server's certificate (CMS, RFC
 * 5652): one attached SignedData in DER with the whole chain, as Apple's
 * devices want it.
 */
#ifndef AUTH_SIGNER_CMS_H
#define AUTH_SIGNER_CMS_H

#include "mailcore/base/buf.h"
#include "mailcore/sys/cert.h"

/* Would it verify?  That is, does the chain lead to a root that this machine
 * trusts, or to one that stands in it, for `host`, now?  DENIED: no, and
 * OpenSSL's word for it stands in `why_not` (a literal). */
CHECKED result signer_cms_trust(const struct cert *, const char *host,
    const char **why_not);

CHECKED result signer_cms_sign(const struct cert *, view document,
    struct buf *out);

#endif
