/*
 * ical_merge.h - many calendar objects in one VCALENDAR: what they hold, one
 * after the other, each time zone once.
 */
#ifndef FORMAT_ICAL_MERGE_H
#define FORMAT_ICAL_MERGE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

struct ical_merge {
	struct arena *arena; /* lives as long as this */
	struct ical_zone *zones;
};

/* The components of an object, as their bytes are. What cannot be read is
 * left out. */
CHECKED result ical_merge_add(
    struct ical_merge *, view text, struct arena *scratch, struct buf *out);

/* A property of TEXT, escaped. */
void ical_add_text(struct buf *, view name, view text);

#endif
