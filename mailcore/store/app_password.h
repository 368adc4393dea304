/*
 * app_password.h - passwords made for one device each, found by their keyed
 * hash (auth/app.h makes and checks them); and documents behind links that
 * work once.  Both lie in posthaste.db.
 */
#ifndef STORE_APP_PASSWORD_H
#define STORE_APP_PASSWORD_H

#include "mailcore/store/store.h"

enum app_right {
	APP_IMAP = 1 << 0,
	APP_POP3 = 1 << 1,
	APP_SMTP = 1 << 2,
	/* 1 << 3 in a row of old stands for the next two. */
	APP_CALDAV = 1 << 4,
	APP_CARDDAV = 1 << 5,
	APP_DAV = APP_CALDAV | APP_CARDDAV,
	APP_ALL = APP_IMAP | APP_POP3 | APP_SMTP | APP_DAV
};

struct app_password {
	int64_t id;
	int64_t account;
	view hash;
	view label;
	unsigned rights; /* set of enum app_right */
	view networks;   /* "192.0.2.0/24,2001:db8::/32"; "": anywhere */
	int64_t created;
	int64_t expires; /* 0: never */
	bool scram, scram_sha1; /* there are keys for it (store/scram.h) */
	int64_t used;    /* 0: not yet */
	view used_peer;
	view used_protocol;
};

/* Sets `id`.  EXISTS: that hash is there.  OVER_LIMIT: the account has
 * LIMIT_APP_PASSWORDS. */
CHECKED result app_password_add(struct store *, struct app_password *);

/* NOT_FOUND: the account has none of that id. */
CHECKED result app_password_remove(struct store *, int64_t account,
    int64_t id);

/* Views live in `arena`.  NOT_FOUND: none. */
CHECKED result app_password_find(struct store *, struct arena *, view hash,
    struct app_password *out);
CHECKED result app_password_list(struct store *, struct arena *,
    int64_t account, struct app_password **out, size_t *count);

/* A setting that is made once: `value` unless there is one already, then
 * that.  What comes out lives in `arena`. */
CHECKED result setting_keep(struct store *, struct arena *, view name,
    view value, view *out);

/* A document to be fetched once, until `expires`. */
CHECKED result one_time_add(struct store *, view hash, int64_t now,
    int64_t expires, view name, view body);

/* Give it out, and never again: what returned OK is durable.
 * NOT_FOUND: never there, or long ago.  STALE: taken, or too late. */
CHECKED result one_time_take(struct store *, struct arena *, view hash,
    int64_t now, view *name, view *body);

#endif
