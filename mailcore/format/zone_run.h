/*
 * zone_run.h - the turns of a zone, as few lines of a VTIMEZONE tell them (RFC
 * 5545 3.6.5): every run says exactly the turns that are in it, no others.
 */
#ifndef FORMAT_ZONE_RUN_H
#define FORMAT_ZONE_RUN_H

#include "mailcore/base/arena.h"
#include "mailcore/format/zone.h"

struct zone_run {
	int64_t first; /* wall clock, by the offset before */
	int64_t until; /* the last one, in UTC; INT64_MAX: none */
	const struct zone_type *before, *after;
	bool yearly;
	struct zone_shape shape; /* when it is yearly */
};

/* Of a zone that was just read; by their first turn.  In the arena. */
CHECKED result zone_find_runs(struct zone *, struct arena *);

/* Are they told by one STANDARD or DAYLIGHT? */
bool zone_run_is_like(const struct zone_run *, const struct zone_run *);

/* Is it DAYLIGHT? */
bool zone_run_is_summer(const struct zone_run *);

#endif
