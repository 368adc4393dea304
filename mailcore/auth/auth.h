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
	view protocol; /* "imap", "pop3", "smtp", "web", and of DAV "caldav",
	                * "carddav", or "dav" for what is neither alone */
	view peer;     /* the client's address, for the slow-down */
};

struct identity {
	int64_t account;
	int64_t app; /* the app password's id; 0: by the main password */
	unsigned rights; /* set of enum app_right; all by the main one */
	int64_t password_version; /* as it was then */
	char address[LIMIT_ADDRESS + 1]; /* the primary one */
};

/* Which SCRAM there is (scram_keys.h); SHA-256 unless it is said otherwise.
 * OFF forgets the keys, too.  Any thread. */
enum auth_scram { AUTH_SCRAM_SHA256, AUTH_SCRAM_SHA1, AUTH_SCRAM_OFF };
CHECKED result auth_scram_set(struct auth *, enum auth_scram);
enum auth_scram auth_scram(const struct auth *);

/* DENIED: no, whatever the reason.  BUSY: too many guesses from there; the
 * password was not looked at.  `delay_ms`: how long to hold the answer back
 * (without a thread). */
CHECKED result auth_password(struct auth *, const struct auth_attempt *,
    struct identity *out, unsigned *delay_ms);

/* Is a login that was right still so?  By the store at most once a second,
 * and at once after auth_changed, so it may be asked before every command.
 * `watch` belongs to the connection.  DENIED: the app password is revoked, the
 * password another, the account disabled or signed out everywhere. */
struct auth_watch {
	int64_t account; /* 0: nobody, whose login never ends */
	int64_t app;
	int64_t password_version, sign_outs;
	uint64_t seen;
	int64_t looked_ms;
};
void auth_watch_begin(struct auth *, const struct identity *,
    struct auth_watch *);
CHECKED result auth_still(struct auth *, struct auth_watch *);

/* MSG_STANDING came: everybody looks again.  Any thread. */
void auth_changed(struct auth *);

/* Called, by the thread that checked it, after a login was right and is new
 * enough to be told: at most once a minute for one way into one account. */
typedef void auth_listener(void *context, int64_t account);
void auth_listen(struct auth *, auth_listener *, void *context);

/* "{ARGON2ID}$argon2id$..." of a new password.  OVER_LIMIT: longer than
 * LIMIT_PASSWORD.  MALFORMED: empty, or not UTF-8. */
CHECKED result auth_hash(view password, struct buf *out);

/* One that no password fits, and that takes as long to try. */
CHECKED result auth_hash_nobody(struct buf *out);

/* Does `password` fit `hash`?  DENIED: no.  MALFORMED: unknown scheme. */
CHECKED result auth_verify(view hash, view password);

#endif
