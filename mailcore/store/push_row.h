/*
 * push_row.h - what the push files share with the transactions.
 */
#ifndef STORE_PUSH_ROW_H
#define STORE_PUSH_ROW_H

#include "mailcore/store/inside.h"
#include "mailcore/store/push.h"

/* At the end of a transaction whose changes have numbers above `before`:
 * account_write calls it when the handle has a mute. */
CHECKED result push_apply_mute(struct account *, int64_t before);

#endif
