/*
 * scram_keys.h - whose keys a SCRAM exchange is about.
 *
 * All passwords of a person, the main one and those for devices, share one
 * salt, so that the proof of any of them can be checked: the user name says
 * whose it is, and the first keys that fit say which.  The salt is an HMAC of
 * the account's number under a secret of the house, and for a name that leads
 * to nobody one of the name: the same at each try, and not to be told from a
 * real one.  (Who tries two names and sees one salt knows that both are the
 * same person's.)
 *
 * Keys are made where a password is at hand in clear: when it is set, and when
 * somebody logs in by it.  Whoever steals the database can try guesses at them
 * faster than at the argon2id beside them; the setting "scram off" keeps none.
 */
#ifndef AUTH_SCRAM_KEYS_H
#define AUTH_SCRAM_KEYS_H

#include "mailcore/auth/auth.h"
#include "mailcore/auth/scram.h"
#include "mailcore/store/scram.h"

/* Keys for the main password, of which `hash` is the stored form, and for an
 * app password; nothing where the setting is off. */
CHECKED result auth_scram_keep(struct store *, int64_t account, view hash,
    view password);
CHECKED result auth_scram_keep_app(struct store *,
    const struct app_password *, view password);

struct auth_party {
	unsigned char salt[SCRAM_SALT];
	struct identity who; /* account 0: nobody */
	view address;        /* for the slow-down */
	const struct scram_row *rows;
	size_t count;
};

/* Views live in `arena`.  BUSY: too many guesses from there. */
CHECKED result auth_party_find(struct auth *, struct arena *,
    const struct auth_attempt *, struct auth_party *, unsigned *delay_ms);

/* Its keys; before the arena goes, which does not. */
void auth_party_wipe(struct auth_party *);

/* Do any of the party's keys that are good for this attempt fit?  Counts and
 * logs as auth_password does.  `*keys`: those that fit.  DENIED, BUSY. */
CHECKED result auth_party_prove(struct auth *, const struct auth_attempt *,
    const struct auth_party *, enum scram_hash, const struct scram *,
    struct scram_keys *keys, struct identity *out, unsigned *delay_ms);

#endif
