/*
 * alias.h - addresses that are no mailbox' own, and "@domain" for all those of
 * a domain that lead nowhere else.  Each failure's `why` says to people what
 * was expected.  What returned OK is durable.
 */
#ifndef ADMIN_ALIAS_H
#define ADMIN_ALIAS_H

#include "mailcore/store/alias.h"

/* Of any kind, until `expires` (seconds since 1970; 0: for ever).  `target`:
 * a mailbox here; addresses, a comma between; "everyone"; "discard"; or
 * "refuse:" and what senders are told.  EXISTS: the address is taken.
 * NOT_FOUND: its domain is not hosted, or there is no mailbox `target`. */
CHECKED result admin_alias_put(struct store *, view address, view target,
    int64_t expires);

/* The same for who administers those domains alone, for ever: who has which
 * address elsewhere is not looked at, so nothing is learnt of it.  OVER_LIMIT:
 * as alias_put_limited. */
CHECKED result admin_alias_put_within(struct store *,
    const struct domain *own, size_t count, view address, view target);

/* Mail to it is refused from `expires` on; the address stays taken. */
CHECKED result admin_alias_expire(struct store *, view address,
    int64_t expires);

/* NOT_FOUND: no alias, which a mailbox' own address is not. */
CHECKED result admin_alias_remove(struct store *, view address);

/* Those of one domain, by address; views live in `arena`. */
CHECKED result admin_alias_list(struct store *, struct arena *, view domain,
    struct alias **out, size_t *count);

#endif
