/*
 * inside.h - what the files of auth share among themselves.
 */
#ifndef AUTH_INSIDE_H
#define AUTH_INSIDE_H

#include "mailcore/auth/app.h"
#include "mailcore/auth/cache.h"
#include "mailcore/auth/turn.h"

#include <stdatomic.h>

struct notes;
struct token_desk;

enum { AUTH_REFUSED_DELAY_MS = 1000 };

struct auth {
	struct store *store;
	struct auth_cache *cache;
	struct auth_cache *known; /* accounts from networks they came from */
	struct auth_turns *turns;
	struct buf dummy;   /* the hash that nobody's password fits */
	unsigned char app_key[AUTH_APP_KEY];
	unsigned char form_key[AUTH_APP_KEY];
	unsigned char scram_key[AUTH_APP_KEY];
	_Atomic enum auth_scram scram;
	struct notes *notes;
	struct token_desk *tokens; /* NULL: no logins by them */
	_Atomic uint64_t changes; /* by auth_changed */
	auth_listener *listener;
	void *listener_context;
};

/* note.c: a login was right; keep it, and tell it when it is new. */
struct notes *notes_new(void);
void notes_free(struct notes **);
void auth_note(struct auth *, const struct identity *,
    const struct auth_attempt *, int64_t now);

/* auth.c: one line in the log for a login, right or wrong. */
void auth_tell(const struct auth_attempt *, result, unsigned delay_ms);

/* app.c: may `account` log in by it, in this way, now? */
bool auth_app_good(const struct app_password *, int64_t account,
    const struct auth_attempt *, int64_t now);

/* scram_keys.c: keys for a password that was right, when it has none. */
void auth_scram_upgrade(struct auth *, const struct account_info *,
    view password);
void auth_scram_upgrade_app(struct auth *, const struct app_password *,
    view password);

#endif
