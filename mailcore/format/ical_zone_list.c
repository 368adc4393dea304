#include "mailcore/format/ical_zone_list.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/format/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	VERSION_MOST = 16,
	LEAP_MOST = 999, /* seconds */
	DAY = 86400
};

/* From 1900 on, as leap-seconds.list counts, to 1970. */
static const int64_t ntp_begin = 2208988800;

static int
compare_names(const void *a, const void *b)
{
	const struct ical_zone_name *x = a, *y = b;

	if ((x->of.n > 0) != (y->of.n > 0))
		return x->of.n > 0 ? 1 : -1;
	return view_order(x->name, y->name);
}

/* At most LIMIT_ZONE_TABLE bytes of it; `when` it came here, or 0. */
static view
read_table(const char *path, struct arena *arena, int64_t *when)
{
	struct buf bytes = buf_new(LIMIT_ZONE_TABLE);
	char *room = buf_reserve(&bytes, LIMIT_ZONE_TABLE);
	FILE *file = fopen(path, "re");
	struct stat st;
	view table;

	*when = 0;
	if (file != NULL && room != NULL)
		bytes.n = fread(room, 1, LIMIT_ZONE_TABLE, file);
	if (file != NULL && fstat(fileno(file), &st) == 0)
		*when = st.st_mtime;
	if (file != NULL)
		(void)fclose(file);
	table = arena_copy(arena, buf_view(&bytes));
	buf_free(&bytes);
	return table;
}

static void
keep(struct ical_zone_name *names, size_t *count, view name, view of)
{
	/* "Factory" is of clocks that nobody has set. */
	if (*count == LIMIT_ZONES || !zone_is_name(name)
	    || (of.n > 0 && !zone_is_name(of))
	    || view_eq(name, VIEW("Factory")))
		return;
	names[(*count)++] = (struct ical_zone_name){ name, of };
}

/* "Z name ..." and "L name link": what zic(8) makes the files of. */
static void
take_source(view table, struct ical_zone_name *names, size_t *count)
{
	view line, of;

	while (view_line(&table, &line)) {
		if (view_starts(line, VIEW("Z "))) {
			line = view_from(line, 2);
			keep(names, count, view_cut(&line, ' '), VIEW(""));
		} else if (view_starts(line, VIEW("L "))) {
			line = view_from(line, 2);
			of = view_cut(&line, ' ');
			keep(names, count, view_trim(line), of);
		}
	}
}

/* Country, place, name and words, with tabs between. */
static void
take_places(view table, struct ical_zone_name *names, size_t *count)
{
	view line;

	while (view_line(&table, &line)) {
		if (view_at(line, 0) == '#')
			continue;
		(void)view_cut(&line, '\t');
		(void)view_cut(&line, '\t');
		keep(names, count, view_cut(&line, '\t'), VIEW(""));
	}
	keep(names, count, VIEW("Etc/UTC"), VIEW(""));
}

result
ical_zone_list(struct arena *arena, struct ical_zone_name **names,
    size_t *zones, size_t *count)
{
	int64_t when;
	view table = read_table(ZONE_FOLDER "/tzdata.zi", arena, &when);

	*count = *zones = 0;
	*names = arena_array(arena, LIMIT_ZONES, sizeof **names);
	TRY(arena_result(arena));
	take_source(table, *names, count);
	if (*count == 0) {
		table = read_table(ZONE_FOLDER "/zone.tab", arena, &when);
		TRY(arena_result(arena));
		take_places(table, *names, count);
	}
	qsort(*names, *count, sizeof **names, compare_names);
	while (*zones < *count && (*names)[*zones].of.n == 0)
		++*zones;
	return done();
}

void
ical_zone_version(struct arena *arena, view *version, int64_t *when)
{
	view table = read_table(ZONE_FOLDER "/tzdata.zi", arena, when), line;

	*version = VIEW("unknown");
	if (view_line(&table, &line)
	    && view_starts(line, VIEW("# version "))) {
		struct scan s = scan_over(view_from(line, 10));

		line = scan_run(&s, ascii_is_alnum, VERSION_MOST, "");
		if (scan_ok(&s))
			*version = line;
	}
	if (*when == 0)
		(void)read_table(ZONE_FOLDER "/zone.tab", arena, when);
}

result
ical_zone_fresh(view tzid, view of, struct buf *out)
{
	const struct zone *zone = zone_find(tzid);

	/* Old names may have no files of their own. */
	if (zone == NULL && of.n > 0)
		zone = zone_find(of);
	if (zone == NULL)
		return fail(NOT_FOUND, "RFC 7808 5.3: no such time zone");
	buf_add(out, VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	    "PRODID:-//Posthaste//EN\r\n"));
	zone_write(zone, tzid, of, out);
	buf_add(out, VIEW("END:VCALENDAR\r\n"));
	return buf_result(out);
}

result
ical_zone_onsets(view tzid, int64_t from, int64_t to, struct arena *arena,
    struct ical_onset **out, size_t *count)
{
	static const struct date end = { .year = ICAL_ZONE_END, .month = 1,
		.day = 1 };
	const struct zone *zone = zone_find(tzid);
	struct ical_onset *list = arena_array(
	    arena, ICAL_ONSETS, sizeof *list);
	struct zone_turn t;
	size_t n = 0;

	if (to > date_seconds(&end))
		return fail(OVER_LIMIT, "after ICAL_ZONE_END");
	if (zone == NULL)
		return fail(NOT_FOUND, "RFC 7808 5.3: no such time zone");
	TRY(arena_result(arena));
	t = zone_last(zone, from);
	if (t.at != from)
		t.before = t.after;
	t.at = from;
	do {
		if (n == ICAL_ONSETS)
			return fail(OVER_LIMIT, "more than ICAL_ONSETS");
		list[n++] = (struct ical_onset){ t.at, t.before->offset,
			t.after->offset, t.after->name };
	} while (zone_next(zone, t.at, &t) && t.at < to);
	*out = list;
	*count = n;
	return done();
}

static bool
leap_moment(struct scan *s, int64_t *out)
{
	uint64_t n;

	(void)scan_while(s, ascii_is_space);
	n = scan_number(s, UINT32_MAX * (uint64_t)4, "no moment");
	*out = (int64_t)n - ntp_begin;
	return scan_ok(s) && *out % DAY == 0;
}

/* "2272060800 10 # 1 Jan 1972", and "#@ 3991593600": until then. */
result
ical_leaps_read(view table, struct arena *arena, struct ical_leap **out,
    size_t *count, int64_t *expires)
{
	view line;

	*count = 0;
	*expires = INT64_MIN;
	*out = arena_array(arena, ICAL_LEAPS, sizeof **out);
	TRY(arena_result(arena));
	while (view_line(&table, &line) && *count < ICAL_LEAPS) {
		struct ical_leap leap = { .at = 0 };
		struct scan s = scan_over(line);

		if (scan_try(&s, VIEW("#@"))) {
			if (leap_moment(&s, &leap.at))
				*expires = leap.at;
		} else if (leap_moment(&s, &leap.at)) {
			(void)scan_while(&s, ascii_is_space);
			leap.ahead = (unsigned)scan_number(
			    &s, LEAP_MOST, "no seconds");
			if (scan_ok(&s))
				(*out)[(*count)++] = leap;
		}
	}
	if (*expires == INT64_MIN)
		*count = 0; /* nobody knows how old it is */
	return done();
}

result
ical_zone_leaps(struct arena *arena, struct ical_leap **out, size_t *count,
    int64_t *expires)
{
	int64_t when;

	return ical_leaps_read(
	    read_table(ZONE_FOLDER "/leap-seconds.list", arena, &when), arena,
	    out, count, expires);
}
