/*
 * sign.h - signatures of mail that leaves: DKIM for what was written here,
 * ARC for what is only sent on.
 *
 * Nothing here fails: mail without a signature is better than no mail, and
 * the log says why there is none.
 */
#ifndef SMTP_SIGN_H
#define SMTP_SIGN_H

#include "mailcore/auth/signer.h"
#include "mailcore/smtp/verdict.h"
#include "mailcore/store/store.h"

struct sign_services {
	struct store *store;
	struct signer *signer; /* NULL: no signatures */
	const char *hostname;
};

/* Append DKIM-Signature fields, to be put in front of the message.  `account`
 * has logged in, or 0: we wrote it ourselves.  The signature is of the domain
 * of From when that address is the account's own, so that nobody here signs
 * as his neighbour, and else of the sender's. */
void sign_outgoing(const struct sign_services *, int64_t account, view sender,
    view header, view body, struct buf *out);

/* Append the ARC fields of a message that is sent on for somebody in
 * `domain`.  NULL verdict: nothing is known, and nothing is sealed. */
void sign_forwarded(const struct sign_services *, view domain,
    const struct verdict *, view message, struct buf *out);

#endif
