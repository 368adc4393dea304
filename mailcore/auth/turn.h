/*
 * turn.h - who may have a processor for a slow check of a password.
 *
 * As many run at once as there are processors; others wait, each on the
 * thread that serves it.  When many passwords are wrong (a storm), guessers
 * would soon hold all threads, and everybody else's command would wait
 * behind them.  So in a storm few may wait, those first who have been right
 * before from where they are; who comes from where guesses come from gets
 * what is free at that moment, and never all of it.  Who is not looked at
 * is told to come again.  Thread-safe.
 */
#ifndef AUTH_TURN_H
#define AUTH_TURN_H

#include "mailcore/base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum auth_standing {
	AUTH_KNOWN,  /* was right before, from that network */
	AUTH_NEW,
	AUTH_SUSPECT /* there have been failures */
};

struct auth_turns;

struct auth_turns *auth_turns_new(size_t processors);
void auth_turns_free(struct auth_turns **);

/* BUSY: not now.  `now` in steady milliseconds. */
CHECKED result auth_turns_take(struct auth_turns *, enum auth_standing,
    int64_t now);

/* After each that was taken: was the password right? */
void auth_turns_give(struct auth_turns *, enum auth_standing, bool right,
    int64_t now);

/* So many wrong ones within AUTH_STORM_MS that it is a storm. */
enum { AUTH_STORM = 10, AUTH_STORM_MS = 10000 };
bool auth_turns_storm(struct auth_turns *, int64_t now);

#endif
