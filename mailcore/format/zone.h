/*
 * zone.h - the time zones of this system, by the names of the IANA database.
 *
 * They are read from its compiled files (tzif.h) when they are first asked
 * for, and stay as they are until the process ends.  Thread-safe.
 *
 * Of a time that clocks show twice the first is meant, and one that they leave
 * out goes by what was before (RFC 5545 3.3.5).
 */
#ifndef FORMAT_ZONE_H
#define FORMAT_ZONE_H

#include "mailcore/base/buf.h"
#include "mailcore/format/zone_rule.h"

/* Where they are; Debian's tzdata. */
#define ZONE_FOLDER "/usr/share/zoneinfo"

/* A change of clocks; `at` is INT64_MIN when there was none. */
struct zone_turn {
	int64_t at; /* UTC */
	const struct zone_type *before, *after;
};

/* The same once or each year, as a VTIMEZONE tells it (zone_run.h). */
struct zone_run;

struct zone {
	view name;
	const struct zone_type *first; /* before all turns */
	const struct zone_turn *turns; /* ascending */
	size_t count;
	struct zone_rule rule; /* of what comes after */
	const struct zone_run *runs;
	size_t run_count;
};

/* Could it be the name of one?  Nothing that could lead out of the folder, or
 * to its other files. */
bool zone_is_name(view);

/* NULL: there is none. */
const struct zone *zone_find(view name);

/* Has this system any?  The first who finds none says so in the log. */
bool zone_any(void);

/* The last change that is not after a moment, and the first one that is;
 * false: there is none. */
struct zone_turn zone_last(const struct zone *, int64_t moment);
bool zone_next(const struct zone *, int64_t moment, struct zone_turn *out);

/* The offset from UTC, in seconds, of a wall clock time. */
int32_t zone_offset(const struct zone *, int64_t wall);

/* A VTIMEZONE of that name.  `of`: the zone that this is another name of (RFC
 * 7808 7.2), or empty. */
void zone_write(const struct zone *, view tzid, view of, struct buf *out);

#endif
