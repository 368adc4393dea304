/*
 * bearer.h - somebody logs in by an access token: whose it is, told and
 * counted as passwords are.  What a token is worth is found out by the desk
 * (token_desk.h) between the two calls.
 */
#ifndef AUTH_BEARER_H
#define AUTH_BEARER_H

#include "mailcore/auth/auth.h"
#include "mailcore/auth/token_desk.h"

/* Before anybody logs in; the desk lives longer than `auth`'s last login. */
void auth_tokens_set(struct auth *, struct token_desk *);
struct token_desk *auth_tokens(const struct auth *);

/* BUSY: too many failures from there; the token is not to be looked at. */
CHECKED result auth_bearer_may(struct auth *, const struct auth_attempt *,
    unsigned *delay_ms);

/* `found` is what the desk said.  `attempt->user`: who it is said to be, or
 * nothing; it must be the token's owner.  DENIED, BUSY as auth_password. */
CHECKED result auth_bearer(struct auth *, const struct auth_attempt *,
    result found, const struct token_owner *, struct identity *out,
    unsigned *delay_ms);

#endif
