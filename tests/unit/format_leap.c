/* Leap seconds, as leap-seconds.list has them. */
#include "mailcore/base/date.h"
#include "mailcore/format/ical_zone_list.h"
#include "tests/tap.h"

#include <stdio.h>
#include <string.h>

enum { BUDGET = 1048576 };

#define UNTIL "#@\t3991593600\n"

static void
test_read(void)
{
	static const struct {
		const char *text;
		size_t count;
	} rows[] = {
		{ "", 0 },
		{ UNTIL, 0 },
		{ UNTIL "2272060800\t10\t# 1 Jan 1972\n", 1 },
		{ UNTIL "2272060800 10\r\n  2287785600 11\n", 2 },
		{ "2272060800 10\n", 0 },     /* until when? */
		{ UNTIL "2272060801 10\n", 0 }, /* no midnight */
		{ UNTIL "2272060800 1000\n", 0 },
		{ UNTIL "2272060800\n", 0 },
		{ UNTIL "99999999999999999999 10\n", 0 },
		{ UNTIL "#2272060800 10\n# 2272060800 10\nx\n", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct ical_leap *list;
		size_t count = 99;
		int64_t until;
		result r = ical_leaps_read(
		    view_of(rows[i].text), arena, &list, &count, &until);

		ok(r.is == OK && count == rows[i].count, "%zu of %zu", count,
		    i);
		arena_free(&arena);
	}
}

static void
test_most(void)
{
	struct arena *arena = arena_new(BUDGET);
	struct buf text = buf_new(BUDGET);
	struct ical_leap *list;
	size_t count = 0;
	int64_t until;

	buf_add(&text, VIEW(UNTIL));
	for (int i = 0; i <= ICAL_LEAPS; i++)
		buf_print(&text, "%lld %d\n", 2272060800LL + 86400LL * i, i);
	ok(ical_leaps_read(buf_view(&text), arena, &list, &count, &until).is
		== OK
		&& count == ICAL_LEAPS,
	    "ICAL_LEAPS of them");
	is_number(list[1].ahead, 1, "seconds");
	is_number(list[1].at, 63072000 + 86400, "since 1970");
	buf_free(&text);
	arena_free(&arena);
}

static void
test_system(void)
{
	struct arena *arena = arena_new(BUDGET);
	struct ical_leap *list;
	size_t count;
	int64_t until;

	ok(ical_zone_leaps(arena, &list, &count, &until).is == OK
		&& count >= 28 && list[0].at == 63072000
		&& list[0].ahead == 10 && list[27].at == 1483228800
		&& list[27].ahead == 37 && until > list[count - 1].at,
	    "those of this system");
	arena_free(&arena);
}

int
main(void)
{
	test_read();
	test_most();
	test_system();
	return tap_done();
}
