/*
 * sasl.h - SASL exchanges (RFC 4422), without I/O: PLAIN (RFC 4616) and
 * LOGIN (draft-murchison-sasl-login).  IMAP, POP3 and SMTP wrap the same
 * turns in their own words.
 */
#ifndef AUTH_SASL_H
#define AUTH_SASL_H

#include "mailcore/auth/auth.h"

struct sasl;

/* NOT_FOUND: no such mechanism. */
CHECKED result sasl_start(struct sasl **, view mechanism);
void sasl_free(struct sasl **); /* wipes */

/* One base64 answer of the client ("=" and "" are empty; "*" cancels:
 * DENIED).  `*complete`: user and password are there; otherwise `challenge`
 * has the base64 text to send.  MALFORMED: not base64, or not this
 * mechanism's.  OVER_LIMIT: longer than it ever is. */
CHECKED result sasl_turn(struct sasl *, view answer, struct buf *challenge,
    bool *complete);

/* The challenge to send when the client gave no initial response. */
void sasl_first_challenge(struct sasl *, struct buf *challenge);

/* After completion; valid until sasl_free. */
view sasl_user(const struct sasl *);
view sasl_password(const struct sasl *);

#endif
