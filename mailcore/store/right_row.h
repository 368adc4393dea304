/*
 * right_row.h - what else must happen when an account goes.  A domain's
 * number never comes again, and what was granted to it means nothing then.
 */
#ifndef STORE_RIGHT_ROW_H
#define STORE_RIGHT_ROW_H

#include "mailcore/store/inside.h"

/* All that it granted and all that was granted to it. */
CHECKED result right_forget_account(struct account *house, int64_t id);

#endif
