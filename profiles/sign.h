/*
 * sign.h - a profile as it goes out: signed by the server's certificate, by
 * whoever holds the key (signer.h), or as it is.
 */
#ifndef PROFILES_SIGN_H
#define PROFILES_SIGN_H

#include "mailcore/auth/signer.h"

/* Appends `document`, signed for `host` when a device would believe that;
 * a signature that does not verify looks worse than none.  Otherwise it goes
 * as it is, and the log says why in a warning. */
CHECKED result profile_sign(struct signer *, view host, view document,
    struct buf *out);

#endif
