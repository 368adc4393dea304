/*
 * push.h - who is to be told when a collection changes (WebDAV-Push,
 * draft-bitfire-webdav-push).
 *
 * A row says what its client was told last: the change number, and a hash of
 * the collection's properties.  What is new is found by looking, so a change
 * costs nothing where nobody subscribed, and none is forgotten because a
 * message between roles was lost.
 */
#ifndef STORE_PUSH_H
#define STORE_PUSH_H

#include "mailcore/store/collection.h"

enum push_trigger { PUSH_CONTENT = 1, PUSH_PROPERTIES = 2 };

enum {
	PUSH_KEY = 65,    /* an uncompressed point of P-256 */
	PUSH_SECRET = 16, /* RFC 8291 3.2 */
	PUSH_TOKEN = 32   /* characters */
};

struct push_row {
	view token;
	int64_t collection;
	int64_t who;
	view url;
	view key;
	view secret;
	unsigned triggers;
	int64_t expires;
	int64_t told;
	view properties;
	int64_t due;
	int64_t failures;
};

/* Inside account_write.  The same `who` and `url` for the same collection is
 * the same registration, under the token that it has: `row` gets that, else
 * its own is taken.  What is there now counts as told.
 * OVER_LIMIT: the owner has half of LIMIT_PUSH, or all others together have,
 * after those that ended have gone. */
CHECKED result push_register(struct account *, struct arena *, int64_t now,
    struct push_row *row);

/* NOT_FOUND: `who` (0: whoever it was) has none of that token. */
CHECKED result push_unregister(struct account *, view token, int64_t who);

/* All, also those that have ended; views live in `arena`. */
CHECKED result push_list(struct account *, struct arena *,
    struct push_row **out, size_t *count);

/* What has changed since a row was told.  NOT_FOUND: the collection is no
 * more; `modseq` is then the account's. */
struct push_news {
	unsigned triggers; /* set of enum push_trigger; 0: nothing */
	int64_t modseq;    /* to be told */
	view properties;   /* the hash, in the arena */
	enum collection_kind kind;
};
CHECKED result push_look(struct account *, struct arena *,
    const struct push_row *, struct push_news *out);

/* Keep `told`, `properties`, `due` and `failures`.  A `told` that is behind
 * that of the row is not taken. */
CHECKED result push_settle(struct account *, const struct push_row *);

/* The client's word with a change (Push-Dont-Notify): those registrations
 * are not told of what this handle's transactions change from now on.  To be
 * taken back (NULL) before the account is closed.  Who has not been told of
 * an earlier change will be, as before. */
struct push_mute {
	const view *tokens;
	size_t count;
	bool all;        /* whoever has registered */
	bool properties; /* properties are what changes */
};
void push_mute(struct account *, const struct push_mute *);

#endif
