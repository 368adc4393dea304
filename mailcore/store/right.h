/*
 * right.h - who may do what with whose collections: the one place where every
 * protocol asks.
 *
 * The owner of an account may do everything with what is in it.  All others
 * have what was granted: to them, to everyone in a domain, or to anyone at
 * all, for one collection or for all of a kind.  Grants add up; nothing can
 * be denied again.  A disabled account neither gets nor gives.
 *
 * The rights are those of IMAP (RFC 4314 2.1), with those that calendars have
 * beside them; DAV's privileges (RFC 3744 3) are sets of these.
 */
#ifndef STORE_RIGHT_H
#define STORE_RIGHT_H

#include "mailcore/base/buf.h"
#include "mailcore/store/collection.h"

enum right {
	RIGHT_LOOKUP = 1,    /* l: it is listed */
	RIGHT_READ = 2,      /* r; DAV:read */
	RIGHT_SEEN = 4,      /* s */
	RIGHT_CHANGE = 8,    /* w; DAV:write-content */
	RIGHT_INSERT = 16,   /* i; DAV:bind */
	RIGHT_POST = 32,     /* p; of a calendar: invite for its owner */
	RIGHT_MAKE = 64,     /* k: collections below it */
	RIGHT_REMOVE = 128,  /* x: the collection itself */
	RIGHT_DELETE = 256,  /* t; DAV:unbind */
	RIGHT_EXPUNGE = 512, /* e */
	RIGHT_ADMIN = 1024,  /* a; DAV:read-acl, DAV:write-acl */
	RIGHT_PROPERTIES = 2048, /* DAV:write-properties */
	RIGHT_BUSY = 4096,   /* CALDAV:read-free-busy: nothing but when */
	RIGHT_TIMES = 8192,  /* read, but of every event only when it is */
	RIGHT_PRIVATE = 16384,      /* of CLASS:PRIVATE more than that, */
	RIGHT_CONFIDENTIAL = 32768, /* and of CLASS:CONFIDENTIAL */
	RIGHT_ALL = 65535
};

/* Sets that people choose by a word. */
enum {
	RIGHTS_BUSY = RIGHT_BUSY,
	RIGHTS_TIMES = RIGHT_LOOKUP | RIGHT_TIMES | RIGHT_BUSY,
	RIGHTS_READ = RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_BUSY,
	RIGHTS_WRITE = RIGHTS_READ | RIGHT_CHANGE | RIGHT_INSERT | RIGHT_DELETE
	    | RIGHT_EXPUNGE | RIGHT_PROPERTIES
};

enum right_whom {
	RIGHT_ACCOUNT = 1,
	RIGHT_DOMAIN = 2, /* everyone with an account in that domain */
	RIGHT_ANYONE = 3  /* also without logging in */
};

/* What one has in another's account, by collection; collection 0: in all of
 * that kind. */
struct right_set {
	bool all; /* it is his own */
	struct right_row {
		enum collection_kind kind;
		int64_t collection;
		unsigned rights;
	} * list;
	size_t count;
};

/* All that `who` (0: not logged in) may do in `owner`'s account, in `arena`:
 * one question for many decisions. */
CHECKED result right_read(struct store *, struct arena *, int64_t who,
    int64_t owner, struct right_set *out);

/* The rights on a collection; 0: its existence must not show. */
unsigned right_in(const struct right_set *, enum collection_kind,
    int64_t collection);

/* The rights on what is not there yet, or on all that is. */
unsigned right_in_all(const struct right_set *, enum collection_kind);

/* Is there anything of this kind at all to be seen? */
bool right_any(const struct right_set *, enum collection_kind);

/* May `who` do all of `rights` with the collection?  NOT_FOUND: it must look
 * as if it were not there.  DENIED: he sees it, but that he may not do. */
CHECKED result may(struct store *, int64_t who, int64_t owner,
    enum collection_kind, int64_t collection, unsigned rights);

/* A grant as its owner sees it. */
struct right_grant {
	enum right_whom whom;
	int64_t id;  /* of the account or the domain; 0 for anyone */
	view name;   /* address or domain; "" for anyone */
	enum collection_kind kind;
	int64_t collection;
	unsigned rights;
};

/* Those for one collection (0: for all of the kind) or, with kind 0, for
 * everything in the account; by whom and name. */
CHECKED result right_list(struct store *, struct arena *, int64_t owner,
    enum collection_kind, int64_t collection, struct right_grant **out,
    size_t *count);

/* Set one grant of `owner`; rights 0 takes it away.  NOT_FOUND: the account
 * or domain that it is for does not exist.  OVER_LIMIT: LIMIT_GRANTS. */
CHECKED result right_grant(struct store *, int64_t owner,
    const struct right_grant *);

/* In place of all that were there for this collection, together. */
CHECKED result right_replace(struct store *, int64_t owner,
    enum collection_kind, int64_t collection, const struct right_grant *list,
    size_t count);

/* Where `who` himself was granted something, by the owner's address: `id` and
 * `name` are the owner's.  What everyone has is not told. */
CHECKED result right_given(struct store *, struct arena *, int64_t who,
    enum collection_kind, struct right_grant **out, size_t *count);

/* The others in whose accounts `who` may do anything at all with a kind:
 * `id` and `name` are theirs, the rest is nothing.  First those who granted
 * it to him alone, last those who did to anyone. */
CHECKED result right_owners(struct store *, struct arena *, int64_t who,
    enum collection_kind, struct right_grant **out, size_t *count);

/* The letters of RFC 4314 2.1, in its order; unknown letters are MALFORMED,
 * "c" and "d" mean what 2.1.1 says. */
void right_letters(unsigned rights, struct buf *out);
CHECKED result right_of_letters(view letters, unsigned *out);

#endif
