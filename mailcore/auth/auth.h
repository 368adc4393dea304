/*
 * auth.h - is this password right, and how long until the next guess?
 *
 * New passwords are argon2id; imported {BLF-CRYPT}, {SHA512-CRYPT},
 * {SSHA256} and {ARGON2ID} (with or without their braces) verify too.  An
 * unknown address costs the same work and gives the same answer as a wrong
 * password.  A successful check is remembered for a short time under a keyed
 * hash of address, password and password version, so that Basic
 * authentication on every DAV request does not pay argon2 each time.
 * Beside it an account has app passwords (app.h), each for its own protocols.
 * Thread-safe; at most as many slow checks at once as there are processors.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"

struct auth;

CHECKED result auth_new(struct auth **, struct store *);
void auth_free(struct auth **);

struct auth_attempt {
	view user;     /* as typed: an address, in any case */
	view password;
	view protocol; /* "imap", "pop3", "smtp", "dav" */
	view peer;     /* the client's address, for the slow-down */
};

struct identity {
	int64_t account;
	int64_t app; /* the app password's id; 0: by the main password */
	char address[LIMIT_ADDRESS + 1]; /* the primary one */
};

/* DENIED: no, whatever the reason.  BUSY: too many guesses from there; the
 * password was not looked at.  `delay_ms`: how long to hold the answer back
 * (without a thread). */
CHECKED result auth_password(struct auth *, const struct auth_attempt *,
    struct identity *out, unsigned *delay_ms);

/* "{ARGON2ID}$argon2id$..." of a new password.  OVER_LIMIT: longer than
 * LIMIT_PASSWORD.  MALFORMED: empty, or not UTF-8. */
CHECKED result auth_hash(view password, struct buf *out);

/* Does `password` fit `hash`?  DENIED: no.  MALFORMED: unknown scheme. */
CHECKED result auth_verify(view hash, view password);

#endif
