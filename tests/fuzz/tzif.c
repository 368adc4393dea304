/* Files of time zones: read, asked, written as a VTIMEZONE and read again. */
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_clock.h"
#include "mailcore/format/tzif.h"
#include "mailcore/format/zone_run.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { BUDGET = 1048576, TURNS = 3000 };

/* Turns come one after the other, and clocks go by the last one. */
static void
ask(const struct zone *z)
{
	int64_t at = INT64_MIN;
	struct zone_turn t;

	for (int i = 0; i < TURNS && zone_next(z, at, &t); i++) {
		if (t.at <= at || zone_last(z, t.at).at != t.at)
			abort();
		(void)zone_offset(z, t.at + t.before->offset);
		at = t.at;
	}
	(void)zone_offset(z, INT64_MIN);
	(void)zone_offset(z, INT64_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(BUDGET), *other = arena_new(67108864);
	struct buf text = buf_new(LIMIT_ZONES_ANSWER);
	const struct ical_clock *clock;
	struct zone z;

	if (tzif_read((view){ (const char *)data, size }, arena, &z).is == OK) {
		ask(&z);
		if (zone_find_runs(&z, arena).is == OK) {
			buf_add(&text, VIEW("BEGIN:VCALENDAR\r\n"));
			zone_write(&z, VIEW("X"), VIEW(""), &text);
			buf_add(&text, VIEW("END:VCALENDAR\r\n"));
			if (buf_result(&text).is == OK
			    && ical_clock_read(buf_view(&text), other, &clock)
				    .is
				!= OK)
				abort();
		}
	}
	buf_free(&text);
	arena_free(&other);
	arena_free(&arena);
	return 0;
}
