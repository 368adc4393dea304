/*
 * names.h - host names and addresses as the house keeps them, and its
 * counters.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "mailcore/store/inside.h"

/* ASCII letters in lower case; false when it does not fit. */
bool name_fold(view v, struct buf *out);

/* Cut "local@domain" at the last '@'; false without both. */
bool name_cut(view address, view *local, view *domain);

/* `folded` with its alias domain replaced by the domain that it means, or as
 * it is; in `arena`. */
CHECKED result name_canonical(struct account *house, struct arena *,
    view folded, view *out);

/* The next number of `what`, from 1. */
CHECKED result counter_take(struct account *house, view what, int64_t *out);

#endif
