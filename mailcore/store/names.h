/*
 * names.h - host names and addresses as the house keeps them, and its
 * counters.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "mailcore/store/domain.h"
#include "mailcore/store/inside.h"

/* SQL: an account `a`, in quotes, that its domain's administrators and the
 * operator leave switched on. */
#define ACCOUNT_IS_ON(a)                                                   \
	"(" a ".enabled = 1 AND EXISTS (SELECT 1 FROM domain on_"          \
	" WHERE on_.id = " a ".domain AND on_.enabled = 1))"

#define DOMAIN_COLUMNS "d.id, d.name, d.display_name, d.enabled"

/* ASCII letters in lower case; false when it does not fit. */
bool name_fold(view v, struct buf *out);

/* Cut "local@domain" at the last '@'; false without both. */
bool name_cut(view address, view *local, view *domain);

/* `folded` with its alias domain replaced by the domain that it means, or as
 * it is; in `arena`. */
CHECKED result name_canonical(struct account *house, struct arena *,
    view folded, view *out);

/* What a question for DOMAIN_COLUMNS finds; in `arena`. */
CHECKED result domain_rows(struct account *house, struct arena *,
    const char *question, const struct db_arg *, size_t args,
    struct domain **out, size_t *count);
/* The same of one, by a name or an id.  NOT_FOUND: not hosted here. */
CHECKED result domain_row(struct account *house, struct arena *,
    const char *question, struct db_arg, struct domain *out);

/* The next number of `what`, from 1. */
CHECKED result counter_take(struct account *house, view what, int64_t *out);

#endif
