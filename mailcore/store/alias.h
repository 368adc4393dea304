/*
 * alias.h - addresses that are no mailbox' own, and what is done with mail to
 * them (posthaste.db).  "@domain" is the catch-all of that domain, of any
 * kind.  An address that has expired stays taken, and mail to it is refused;
 * nobody else gets it until it is removed.
 */
#ifndef STORE_ALIAS_H
#define STORE_ALIAS_H

#include "mailcore/store/domain.h"

enum alias_kind {
	ALIAS_MAILBOX,  /* of an account */
	ALIAS_FORWARD,  /* to addresses, here or elsewhere */
	ALIAS_REFUSE,   /* with a text */
	ALIAS_EVERYONE, /* of the domain; only its own people may write */
	ALIAS_DISCARD   /* taken and forgotten */
};

struct alias {
	view address;
	enum alias_kind kind;
	int64_t expires; /* seconds since 1970; 0: never */
	/* MAILBOX: the account's own address.  FORWARD: addresses, one a
	 * line.  REFUSE: what senders are told. */
	view target;
};

/* Add one, `account` only for ALIAS_MAILBOX.  EXISTS: the address is taken.
 * NOT_FOUND: its domain is not hosted, or no such account.  MALFORMED. */
CHECKED result alias_put(struct store *, const struct alias *,
    int64_t account);

/* The same, as long as its domain has fewer than LIMIT_DOMAIN_ALIASES, and
 * targets within LIMIT_DOMAIN_ALIAS_TEXT.  OVER_LIMIT. */
CHECKED result alias_put_limited(struct store *, const struct alias *,
    int64_t account);

/* NOT_FOUND: no alias of that address. */
CHECKED result alias_set_expiry(struct store *, view address,
    int64_t expires);

/* Those of a domain (folded), by address; views live in `arena`. */
CHECKED result alias_list(struct store *, struct arena *, view domain,
    struct alias **out, size_t *count);

/* Where mail to an address goes. */
struct destination {
	enum alias_kind kind;
	struct account_info account; /* MAILBOX */
	view text;    /* FORWARD, REFUSE */
	view matched; /* the address of ours that decided */
};

/* The address in its domain or an alias domain, then without "+detail", then
 * the domain's catch-all; all are looked up at once, so that no answer is
 * faster than another.  NOT_FOUND: leads nowhere.  STALE: has expired. */
CHECKED result alias_resolve(struct store *, struct arena *, view address,
    int64_t now, struct destination *out);

#endif
