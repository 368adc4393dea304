/*
 * scram.h - keys of SCRAM (auth/scram.h) beside the passwords they are of;
 * in posthaste.db.
 *
 * Those of the main password are of one password_version: with the next one
 * they mean nothing, whoever set it and however.
 */
#ifndef STORE_SCRAM_H
#define STORE_SCRAM_H

#include "mailcore/store/app_password.h"

/* One password of an account with its keys. */
struct scram_row {
	struct app_password app; /* id 0: the main one, with all rights */
	view sha256, sha1;       /* StoredKey and ServerKey; empty: none */
};

/* Those of an enabled account that have any; the main one is first.  Views
 * live in `arena`. */
CHECKED result scram_list(struct store *, struct arena *, int64_t account,
    struct scram_row **out, size_t *count);

/* Keys of the main password that is stored as `hash`; of another one they are
 * dropped.  Not durable at once: they can be made again. */
CHECKED result scram_keep(struct store *, int64_t account, view hash,
    view sha256, view sha1);

CHECKED result scram_keep_app(struct store *, int64_t app, view sha256,
    view sha1);

/* Has the main password the keys already? */
CHECKED result scram_has(struct store *, int64_t account, bool sha1,
    bool *out);

/* All keys of everybody. */
CHECKED result scram_forget(struct store *);

#endif
