/*
 * strength.h - how long a password stands up to guessing, by libzxcvbn's
 * model of how people choose them.
 */
#ifndef ADMIN_STRENGTH_H
#define ADMIN_STRENGTH_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

/* 0: guessed at once, to 4: not by anybody.  `address` and `name` are what an
 * attacker tries first.  Costs a few milliseconds at most. */
unsigned strength_score(view password, view address, view name);

/* OVER_LIMIT, MALFORMED: no password at all (auth_hash).  DENIED: below
 * `least`; `why` says so to people. */
CHECKED result strength_check(view password, view address, view name,
    unsigned least);

#endif
