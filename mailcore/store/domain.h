/*
 * domain.h - domains, the accounts in them, and the addresses that lead to
 * them (posthaste.db).  Names are A-labels in lower case; local parts are
 * compared without case (ASCII).
 */
#ifndef STORE_DOMAIN_H
#define STORE_DOMAIN_H

#include "mailcore/store/store.h"

struct domain {
	int64_t id;
	view name;         /* "example.org" */
	view display_name; /* "Example e.V.", or the name */
	bool enabled;      /* else mail for it waits, and nobody logs in */
};

/* Views live in `arena`.  NOT_FOUND: not hosted here. */
CHECKED result domain_find(struct store *, struct arena *, view name,
    struct domain *out);
CHECKED result domain_list(struct store *, struct arena *,
    struct domain **out, size_t *count);

/* EXISTS: there is one of that name.  MALFORMED: not a host name. */
CHECKED result domain_add(struct store *, view name, view display_name,
    int64_t *id);

/* With the aliases in it and of it.  DENIED: accounts are in it. */
CHECKED result domain_remove(struct store *, view name);

/* Switched off, its accounts are off (account_info.enabled), too; what they
 * are by themselves stays.  NOT_FOUND. */
CHECKED result domain_set_enabled(struct store *, int64_t id, bool);

/* The domain that a name stands for: itself, or the target of an alias
 * domain.  Addresses of both mean the same mailboxes.  NOT_FOUND: neither. */
CHECKED result domain_canonical(struct store *, struct arena *, view name,
    struct domain *out);

/* Every address of `name` is from now on the same local part in `target`, for
 * mail, for senders and for logins.  EXISTS: hosted, or an alias already.
 * NOT_FOUND: `target` is not hosted.  MALFORMED: not a host name. */
CHECKED result domain_alias_add(struct store *, view name, view target);
CHECKED result domain_alias_remove(struct store *, view name);

struct domain_alias {
	view name;
	view target;
};

/* Those of one domain, or all (`target` empty), by name; in `arena`. */
CHECKED result domain_alias_list(struct store *, struct arena *, view target,
    struct domain_alias **out, size_t *count);

struct account_info {
	int64_t id;
	int64_t domain;
	view address;     /* primary: local@domain */
	view name;        /* of the person; may be empty */
	view password;    /* "{ARGON2ID}$argon2id$..." or another scheme */
	int64_t password_version; /* grows with every change */
	bool enabled;  /* and its domain is */
	bool withheld; /* the operator has switched it, or its domain, off */
	int64_t quota; /* bytes; 0: none */
	int64_t used;  /* bytes; only by account_get, else 0 */
};

/* The account that an address leads to: its own, or by an alias that has not
 * expired, in its domain or an alias domain, with "+detail" ignored.
 * NOT_FOUND: none. */
CHECKED result account_find(struct store *, struct arena *, view address,
    struct account_info *out);

/* An address as account_find reads it, whether it leads somewhere or not:
 * folded, in the domain that an alias domain stands for. */
CHECKED result account_spelling(
    struct store *, struct arena *, view address, view *out);

CHECKED result account_get(struct store *, struct arena *, int64_t id,
    struct account_info *out);
CHECKED result account_list(struct store *, struct arena *, view domain,
    struct account_info **out, size_t *count);

/* At most `most` of them by address, behind `after` ("": from the first). */
CHECKED result account_page(struct store *, struct arena *, int64_t domain,
    view after, size_t most, struct account_info **out, size_t *count);

/* Makes the account with its collections: INBOX, Drafts, Sent, Archive,
 * Junk, Trash (special-use set, subscribed); calendar "personal" (display
 * name "Personal Calendar"), address book "personal" ("Personal Address
 * Book").  `password` is a finished hash.
 * NOT_FOUND: no such domain.  EXISTS: address taken. */
CHECKED result account_add(struct store *, view address, view name,
    view password, int64_t *id);
/* The same with more said of it.  OVER_LIMIT: `limited`, and the domain's
 * administrators may not give so much (store/administrator.h). */
struct account_new {
	view address, name;
	view password; /* a finished hash */
	int64_t quota; /* bytes; 0: none */
	bool disabled;
	bool limited;
};
CHECKED result account_add_as(struct store *, const struct account_new *,
    int64_t *id);
CHECKED result account_remove(struct store *, int64_t id);
CHECKED result account_set_password(struct store *, int64_t id, view password);
/* By the operator. */
CHECKED result account_set_enabled(struct store *, int64_t id, bool);
/* By who administers its domain.  DENIED: the operator has switched it, or
 * the domain, off. */
CHECKED result account_set_enabled_limited(struct store *, int64_t id, bool);
CHECKED result account_set_quota(struct store *, int64_t id, int64_t bytes);
CHECKED result account_set_quota_limited(struct store *, int64_t id,
    int64_t bytes);

/* An address that delivers to an account; "@domain": the catch-all, for all
 * that lead nowhere else.  store/alias.h has those of other kinds.
 * EXISTS, NOT_FOUND (its domain), MALFORMED. */
CHECKED result alias_add(struct store *, view address, int64_t account);
/* Of any kind. */
CHECKED result alias_remove(struct store *, view address);

/* Failed logins, counted by key (a network, an account): shared by all
 * processes, kept lazily.  `until` (seconds since 1970) is when the count is
 * forgotten. */
CHECKED result throttle_get(struct store *, view key, int64_t now,
    int64_t *count);
CHECKED result throttle_add(struct store *, view key, int64_t now,
    int64_t until);
CHECKED result throttle_clear(struct store *, view key);

/* Small named values of the house (keys, epochs); `value` lives in `arena`.
 * NOT_FOUND: never set. */
CHECKED result setting_get(struct store *, struct arena *, view name,
    view *value);
CHECKED result setting_set(struct store *, view name, view value);

/* Every change of the house, by anybody, makes this number greater: as long as
 * it is the same, what was read after asking for it is still so. */
CHECKED result setting_changes(struct store *, int64_t *out);

#endif
