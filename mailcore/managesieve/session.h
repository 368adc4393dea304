/*
 * session.h - one ManageSieve connection, as its own files see it: session.c
 * gathers commands with their literals and runs verbs, login.c is
 * AUTHENTICATE, script.c is everything about scripts.
 */
#ifndef MANAGESIEVE_SESSION_H
#define MANAGESIEVE_SESSION_H

#include "mailcore/auth/sasl_talk.h"
#include "mailcore/base/scan.h"
#include "mailcore/managesieve/managesieve.h"

/* Sets of these say where a verb is allowed. */
enum managesieve_state { SIEVE_NOBODY = 1, SIEVE_PERSON = 2 };

struct managesieve {
	const struct managesieve_services *services;
	const struct peer *peer;
	enum managesieve_state state;
	unsigned bad;     /* commands in a row */
	unsigned guesses; /* failed logins */
	struct buf command;    /* lines and literals so far */
	uint64_t literal;      /* octets of the present one to come */
	bool skipping;         /* it is too large: only read to its end */
	bool greeting;         /* capabilities are due after TLS */
	struct sasl_talk sasl;
	struct identity who;
	struct auth_watch login;
};

typedef struct step managesieve_run(struct managesieve *, struct scan *,
    struct buf *out);

static inline struct step
managesieve_next(void)
{
	return (struct step){ .next = STEP_READ };
}

/* `OK "text"`, `NO (CODE) "text"`; empty: without it. */
void managesieve_say(struct buf *, const char *what, const char *code,
    view text);

/* A string (RFC 5804 4): quoted, or a literal when it needs one. */
void managesieve_string(struct buf *, view text);

/* One string of a command: quoted or literal; in `arena`. */
view managesieve_take(struct scan *, struct arena *);

/* The capabilities, and the OK behind them. */
void managesieve_capabilities(const struct managesieve *, struct buf *);

/* login.c */
managesieve_run managesieve_authenticate;
struct step managesieve_answer(struct managesieve *, struct scan *,
    struct buf *out);
struct step managesieve_wait(struct managesieve *, struct buf *out);

/* script.c */
managesieve_run managesieve_havespace, managesieve_put, managesieve_list,
    managesieve_activate, managesieve_get, managesieve_delete,
    managesieve_rename, managesieve_check;

#endif
