/*
 * alias.h - addresses that lead to an account beside its own
 * (posthaste.db).  "@domain" is the catch-all of that domain.  domain.h adds
 * and removes them.
 */
#ifndef STORE_ALIAS_H
#define STORE_ALIAS_H

#include "mailcore/store/domain.h"

struct alias {
	view address;
	view target; /* the account's own address */
};

/* Those of a domain (folded), by address; views live in `arena`. */
CHECKED result alias_list(struct store *, struct arena *, view domain,
    struct alias **out, size_t *count);

#endif
