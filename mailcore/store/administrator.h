/*
 * administrator.h - who administers a hosted domain beside the operator, and
 * how much of the server they may give out (posthaste.db).
 */
#ifndef STORE_ADMINISTRATOR_H
#define STORE_ADMINISTRATOR_H

#include "mailcore/store/domain.h"

/* OK also when the account does so already.  NOT_FOUND: no such domain, or no
 * such account. */
CHECKED result administrator_add(struct store *, int64_t domain,
    int64_t account);
/* NOT_FOUND: the account does not. */
CHECKED result administrator_remove(struct store *, int64_t domain,
    int64_t account);

/* The one place where the right is decided.  NOT_FOUND: the account does not
 * administer a domain of that id, whether there is one or not. */
CHECKED result administrator_may(struct store *, struct arena *,
    int64_t account, int64_t domain, struct domain *out);

/* DENIED: `other` administers a domain that `account` does not, so who had
 * its password would have more than his own. */
CHECKED result administrator_covers(struct store *, int64_t account,
    int64_t other);

/* What an account administers, by name; in `arena`. */
CHECKED result administrator_domains(struct store *, struct arena *,
    int64_t account, struct domain **out, size_t *count);

/* The addresses of who administers a domain; in `arena`. */
CHECKED result administrator_list(struct store *, struct arena *,
    int64_t domain, view **out, size_t *count);

/* What the accounts of a domain have by number, and bytes of quota. */
struct domain_share {
	int64_t mailboxes;
	int64_t quota;
};

/* The limits that its administrators keep to; 0: no bound.
 * NOT_FOUND: no such domain. */
CHECKED result domain_limit_set(struct store *, int64_t domain,
    const struct domain_share *);
CHECKED result domain_share_get(struct store *, int64_t domain,
    struct domain_share *limit, struct domain_share *used);

/* In a transaction of the house: may there be that many mailboxes more, and
 * one of them have `quota` bytes in place of `was`?  OVER_LIMIT: why not.
 * MALFORMED: less than 0, by which others would get more. */
CHECKED result domain_share_take(struct account *house, int64_t domain,
    int64_t mailboxes, int64_t was, int64_t quota);

#endif
