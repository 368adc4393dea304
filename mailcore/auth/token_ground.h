/*
 * token_ground.h - by what tokens are judged under one set of settings, with
 * what was learnt meanwhile: keys from elsewhere, and tokens found good.
 * Shared by all who judge by it; a change of settings makes another.
 */
#ifndef AUTH_TOKEN_GROUND_H
#define AUTH_TOKEN_GROUND_H

#include "mailcore/auth/token_desk.h"

struct token_ground;

/* MALFORMED, OVER_LIMIT: the keys are none. */
CHECKED result token_ground_new(struct token_ground **,
    const struct token_settings *);

/* One more who uses it, and one less; the last frees it. */
struct token_ground *token_ground_enter(struct token_ground *);
void token_ground_leave(struct token_ground **);

void token_ground_tell(const struct token_ground *, enum oauth_form,
    struct buf *out);

struct token_way {
	token_fetch *fetch;
	void *context;
	int64_t deadline; /* clock_steady_ms */
};

/* May wait.  OK, DENIED or BUSY. */
CHECKED result token_ground_ask(struct token_ground *,
    const struct token_way *, view token, struct token_owner *);

#endif
