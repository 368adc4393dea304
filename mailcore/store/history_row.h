/*
 * history_row.h - how the item and collection files keep what was before.
 */
#ifndef STORE_HISTORY_ROW_H
#define STORE_HISTORY_ROW_H

#include "mailcore/store/history.h"
#include "mailcore/store/inside.h"

/* The item as it is now, before change `modseq` replaces or removes it.
 * `*kept`: its body is the history's from now on; else nothing was done. */
CHECKED result history_keep(struct account *, int64_t collection,
    uint32_t uid, int64_t modseq, enum history_what, bool *kept);

/* The same of a collection that is to be removed, with all items and bodies;
 * item rows and its own are the caller's to remove. */
CHECKED result history_keep_all(struct account *, const struct collection *,
    int64_t modseq, bool *kept);

/* From when on something is shown (seconds since 1970). */
int64_t history_since(const struct account *);

#endif
