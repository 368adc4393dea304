/*
 * dkim.h - the key by which a domain signs its mail (RFC 6376): RSA of 2048
 * bits, made with the domain.
 *
 * The private half is the signer's; which selector is in use stands in the
 * house's settings.  Both stay when the domain goes, so that its DNS fits
 * again when it comes back.
 */
#ifndef ADMIN_DKIM_H
#define ADMIN_DKIM_H

#include "mailcore/auth/signer.h"
#include "mailcore/store/store.h"

struct dkim_key {
	view selector; /* "p2026a" */
	view key;      /* base64 of the SubjectPublicKeyInfo, for p= */
};

/* The domain's key; made when there is none.  Views live in `arena`.
 * BUSY: the signer does not answer.
 * MALFORMED: no domain name. */
CHECKED result dkim_ensure(struct store *, struct signer *, view domain,
    struct arena *, struct dkim_key *out);

/* A second key beside it, Ed25519 (RFC 8463): made when there is none; from
 * now on mail is signed by both.  Some receivers want no more than one
 * signature, so nobody has it without asking. */
CHECKED result dkim_second(struct store *, struct signer *, view domain,
    struct arena *, struct dkim_key *out);

/* Sign with the first alone again; the key stays. */
CHECKED result dkim_second_end(struct store *, view domain, struct arena *);

#endif
