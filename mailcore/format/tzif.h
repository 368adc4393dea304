/*
 * tzif.h - the files of compiled time zones: TZif, versions 1 to 4 (RFC 9636,
 * before that RFC 8536).
 *
 * What a rule at the end of the file says of later years is written out until
 * TZIF_END, so that nobody asks it for days that are near, and for a year at
 * least.  Files that count leap seconds are refused: moments here have none.
 */
#ifndef FORMAT_TZIF_H
#define FORMAT_TZIF_H

#include "mailcore/base/arena.h"
#include "mailcore/format/zone.h"

enum {
	TZIF_END = 2037,
	TZIF_FAR_END = 2099 /* of what no one RRULE tells */
};

/* `name` is the caller's, and so are the runs; all else lives in the arena, or
 * in `out` itself, which cannot be copied.  MALFORMED, OVER_LIMIT. */
CHECKED result tzif_read(view bytes, struct arena *, struct zone *out);

#endif
