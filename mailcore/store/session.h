/*
 * session.h - who is signed in to the pages, and who came by which way when;
 * both lie in posthaste.db, so that every process sees them.
 *
 * A session means nothing any more once its account is disabled, has another
 * password version or another number of sign-outs than the row says.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "mailcore/store/store.h"

struct session_row {
	int64_t id; /* names it to its owner; no secret */
	int64_t account;
	view hash;  /* of the cookie's token */
	view address; /* of the account; set by session_find */
	int64_t created;
	int64_t used;
	int64_t expires; /* whatever is done with it */
	view peer;
	view agent; /* the browser, as it calls itself */
	int64_t password_version;
	int64_t sign_outs;
};

/* Sets `id`.  The account's oldest go when it has LIMIT_SESSIONS.  `since`:
 * sessions not used since then are no more, anybody's. */
CHECKED result session_add(struct store *, struct session_row *,
    int64_t since);

/* Views live in `arena`.  NOT_FOUND: none that still means something.
 * `since`: not used since then is too long ago. */
CHECKED result session_find(struct store *, struct arena *, view hash,
    int64_t now, int64_t since, struct session_row *out);

/* The newest use first. */
CHECKED result session_list(struct store *, struct arena *, int64_t account,
    int64_t now, int64_t since, struct session_row **out, size_t *count);

/* Used just now; kept lazily. */
CHECKED result session_used(struct store *, int64_t id, int64_t now,
    view peer);

/* NOT_FOUND: the account has none of that id. */
CHECKED result session_remove(struct store *, int64_t account, int64_t id);

/* A new password (a finished hash).  Ends every session but `keep` (0: all),
 * in the same transaction. */
CHECKED result session_set_password(struct store *, int64_t account,
    view password, int64_t keep);

/* Sign out everywhere: ends every session, and account_info.sign_outs grows,
 * by which connections of other roles know. */
CHECKED result session_end_all(struct store *, int64_t account);

/* The last login of one account by one protocol and one password. */
struct login_row {
	int64_t app; /* app password; 0: the main one */
	view protocol; /* "imap", "pop3", "smtp", "caldav", "carddav", "dav",
	                * "web" */
	int64_t used;
	view peer;
	int64_t number; /* grows with every login that is kept, of anybody */
};

/* Kept lazily, and only when the last one is LIMIT_LOGIN_SECONDS old; then
 * `*kept` is true. */
CHECKED result login_note(struct store *, int64_t account, int64_t app,
    view protocol, view peer, int64_t now, bool *kept);

/* Those with a number above `after`, by number; views live in `arena`. */
CHECKED result login_list(struct store *, struct arena *, int64_t account,
    int64_t after, struct login_row **out, size_t *count);

/* One (or `by`) more of each `key` in its present window of `seconds`, in all
 * processes.  Kept lazily. */
struct rate {
	view key;
	int64_t by;    /* so many more at once; 0: one */
	int64_t count; /* set: so many with this one */
	int64_t ends;  /* set: when the window does (seconds since 1970) */
};
CHECKED result rate_take(struct store *, int64_t now, int64_t seconds,
    struct rate *, size_t count);

/* How it stands, without taking any. */
CHECKED result rate_read(struct store *, int64_t now, struct rate *);

/* What an identity rests on, in one look. */
struct standing {
	bool enabled;
	int64_t password_version;
	int64_t sign_outs;
	bool app; /* there is that app password, and it has not ended */
};
/* `app` 0: none is asked for.  NOT_FOUND: no such account. */
CHECKED result standing_get(struct store *, int64_t account, int64_t app,
    int64_t now, struct standing *out);

#endif
