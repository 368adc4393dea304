/*
 * one_time.h - a document behind a link that works once, for ten minutes.
 *
 * The token in the link has 128 random bits.  What is kept is its hash and
 * the document sealed under it (AES-256-GCM), so nobody but the link's bearer
 * reads what may hold a password.
 */
#ifndef AUTH_ONE_TIME_H
#define AUTH_ONE_TIME_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/store/store.h"

/* `name`: of the file.  Appends the token to `token`: 22 letters, digits, '-'
 * and '_'. */
CHECKED result one_time_make(struct store *, view name, view document,
    int64_t now, struct buf *token);

/* Once: what returned OK never comes again.  Views live in `arena`.
 * NOT_FOUND: no such link.  STALE: used already, or too late. */
CHECKED result one_time_open(struct store *, struct arena *, view token,
    int64_t now, view *name, view *document);

#endif
