/*
 * token_desk.h - access tokens looked at by threads of their own, which may
 * wait for another server; whoever asks comes back for the answer.
 *
 * A token that is signed is decided by the keys, where they have the one it
 * names.  Every other is asked about at the server that gave it out
 * (RFC 7662), if there is one to ask.  What that server called good is
 * remembered for LIMIT_TOKEN_CACHE_SECONDS, under a keyed hash.  Keys from
 * elsewhere are looked at again after an hour, and when a token names another
 * one.
 *
 * How to ask is given by the owner, so nothing here knows of HTTP.
 */
#ifndef AUTH_TOKEN_DESK_H
#define AUTH_TOKEN_DESK_H

#include "mailcore/auth/oauth.h"
#include "mailcore/auth/token.h"
#include "mailcore/base/arena.h"

struct token_request {
	view url;
	view authorization; /* the field's value, or nothing */
	view body;          /* of a form; empty: it is a GET */
};

/* Called by several threads at once; may take `wait_ms`.  `*body` lives in
 * the arena, at most LIMIT_TOKEN_ANSWER.  OK: status 200. */
typedef result token_fetch(void *context, struct arena *,
    const struct token_request *, unsigned wait_ms, view *body);

/* What is empty is not there; all of it is copied. */
struct token_settings {
	struct token_rules rules;
	view keys;     /* a key set as JSON */
	view keys_url; /* or where it is */
	view introspection; /* a URL */
	view client, secret; /* to ask there as */
};

struct token_desk;

struct token_desk *token_desk_new(token_fetch *, void *context);

/* Nobody has a job any more. */
void token_desk_free(struct token_desk **);

/* From now on.  Without any way to look at a token there are no such logins.
 * MALFORMED: the keys are none, and all stays as it was. */
CHECKED result token_desk_set(struct token_desk *,
    const struct token_settings *);

/* Is there a way?  Any thread; NULL has none. */
bool token_desk_is_open(struct token_desk *);

/* What a client is told that came with no good token. */
void token_desk_tell(struct token_desk *, enum oauth_form, struct buf *out);

struct token_job;

/* NULL: too many are looked at already. */
struct token_job *token_job_begin(struct token_desk *, view token);

/* Wait for it, a moment when there is nothing else to wait for.  true: it is
 * decided, and `*r` is OK, DENIED (not good) or BUSY (nobody can tell now). */
bool token_job_done(struct token_job *, result *r, struct token_owner *);

/* At any time. */
void token_job_end(struct token_job **);

#endif
