/*
 * split.h - a file of many events or contacts, cut into objects.
 */
#ifndef FORMAT_SPLIT_H
#define FORMAT_SPLIT_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* `id` is the UID of a calendar object, as far as it could be read, and of a
 * card empty.  An empty text: larger than an object may be.  What it returns
 * other than OK ends it and is returned. */
typedef result split_visit(void *context, view id, view text);

/* All components of one UID with the time zones that they name, by UID.
 * MALFORMED: there are none.  OVER_LIMIT: the arena. */
CHECKED result split_calendar(
    view text, struct arena *, split_visit *, void *context);

/* Each vCard, in their order; a VLIST as the group that it means, whose
 * members' UIDs are the names in it.  MALFORMED: there are none. */
CHECKED result split_cards(view text, split_visit *, void *context);

#endif
