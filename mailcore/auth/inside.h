/*
 * inside.h - what the files of auth share among themselves.
 */
#ifndef AUTH_INSIDE_H
#define AUTH_INSIDE_H

#include "mailcore/auth/app.h"
#include "mailcore/auth/cache.h"

#include <semaphore.h>
#include <stdatomic.h>

struct notes;

struct auth {
	struct store *store;
	struct auth_cache *cache;
	sem_t slow;         /* free processors for slow checks */
	struct buf dummy;   /* the hash that nobody's password fits */
	unsigned char app_key[AUTH_APP_KEY];
	unsigned char form_key[AUTH_APP_KEY];
	struct notes *notes;
	_Atomic uint64_t changes; /* by auth_changed */
	auth_listener *listener;
	void *listener_context;
};

/* note.c: a login was right; keep it, and tell it when it is new. */
struct notes *notes_new(void);
void notes_free(struct notes **);
void auth_note(struct auth *, const struct identity *,
    const struct auth_attempt *, int64_t now);

#endif
