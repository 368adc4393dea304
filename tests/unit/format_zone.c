/* Time zones from the system's files (RFC 9636), beside the C library, which
 * reads the same. */
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_clock.h"
#include "mailcore/format/ical_zone_list.h"
#include "mailcore/format/tzif.h"
#include "mailcore/format/zone_run.h"
#include "mailcore/sys/file.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOUR = 3600, BUDGET = 16777216 };

static const int64_t begin_1970 = 0, end_2037 = 2145916800,
		     end_2098 = 4070908800;

static void
c_library_zone(view name)
{
	char text[LIMIT_ZONE_NAME + 1];

	if (!view_copy(name, text, sizeof text) || setenv("TZ", text, 1) != 0)
		abort();
	tzset();
}

/* One moment as both have it. */
static bool
is_agreed(const struct zone *z, int64_t at)
{
	struct zone_turn t = zone_last(z, at);
	time_t when = (time_t)at;
	struct tm c;

	if (localtime_r(&when, &c) != NULL
	    && t.after->offset == (int32_t)c.tm_gmtoff
	    && t.after->summer == (c.tm_isdst > 0)
	    && view_eq(t.after->name, view_of(c.tm_zone)))
		return true;
	note("%.*s at %lld: %d %.*s, not %ld %s", (int)z->name.n, z->name.p,
	    (long long)at, (int)t.after->offset, (int)t.after->name.n,
	    t.after->name.p, c.tm_gmtoff, c.tm_zone);
	return false;
}

/* Each turn, the second before it, and days between them. */
static size_t
count_wrong(const struct zone *z, int64_t from, int64_t to)
{
	struct zone_turn t;
	size_t wrong = 0;

	for (int64_t at = from;
	     wrong == 0 && zone_next(z, at, &t) && t.at < to; at = t.at) {
		wrong += !is_agreed(z, t.at - 1);
		wrong += !is_agreed(z, t.at);
	}
	for (int64_t at = from; wrong == 0 && at < to; at += 23 * 86400)
		wrong += !is_agreed(z, at);
	return wrong;
}

/* Around each turn a wall clock time is the moment that shows it: the first
 * one, or by the offset before. */
static size_t
count_wrong_walls(const struct zone *z)
{
	struct zone_turn t;
	size_t wrong = 0;

	for (int64_t at = begin_1970; zone_next(z, at, &t) && t.at < end_2037;
	     at = t.at) {
		int32_t least = t.before->offset < t.after->offset
		    ? t.before->offset
		    : t.after->offset;
		int32_t most = t.before->offset + t.after->offset - least;

		wrong += zone_offset(z, t.at + least - 1) != t.before->offset;
		wrong += zone_offset(z, t.at + most - 1) != t.before->offset;
		wrong += zone_offset(z, t.at + most) != t.after->offset;
	}
	return wrong;
}

/* What a VTIMEZONE tells. */

struct told {
	int64_t at[2000];
	int32_t offset[2000];
	size_t count;
};

static void
tell(struct told *all, int64_t wall, const struct zone_run *r)
{
	if (all->count == COUNT(all->at))
		abort();
	all->at[all->count] = wall - r->before->offset;
	all->offset[all->count++] = r->after->offset;
}

/* The runs say all turns until TZIF_FAR_END, and no others. */
static size_t
count_untold(const struct zone *z)
{
	static struct told all;
	size_t count = 0, found = 0, within = 0;
	struct zone_turn t;

	all.count = 0;
	for (size_t i = 0; i < z->run_count; i++) {
		const struct zone_run *r = &z->runs[i];
		int year = date_of(r->first).year;

		tell(&all, r->first, r);
		while (r->yearly && ++year <= TZIF_FAR_END) {
			int64_t wall = zone_shape_wall(&r->shape, year);

			if (wall - r->before->offset > r->until)
				break;
			tell(&all, wall, r);
		}
	}
	for (int64_t at = INT64_MIN; zone_next(z, at, &t) && t.at < end_2098;
	     at = t.at, count++)
		for (size_t k = 0; k < all.count; k++)
			found += all.at[k] == t.at
			    && all.offset[k] == t.after->offset;
	for (size_t k = 0; k < all.count; k++)
		within += all.at[k] < end_2098;
	return (count - found) + (within - found);
}

static void
test_all(void)
{
	struct arena *arena = arena_new(BUDGET);
	size_t count = 0, zones = 0, wrong = 0, walls = 0, untold = 0, most = 0;
	struct ical_zone_name *names;

	if (ical_zone_list(arena, &names, &zones, &count).is != OK)
		abort();
	ok(zones > 300 && count > zones && count < LIMIT_ZONES,
	    "%zu zones, %zu other names", zones, count - zones);
	for (size_t i = 0; i < count; i++) {
		view name = names[i].name;
		const struct zone *z = zone_find(name);

		if (z == NULL) {
			wrong += names[i].of.n == 0;
			note("there is no %.*s", (int)name.n, name.p);
			continue;
		}
		c_library_zone(name);
		wrong += count_wrong(z, begin_1970, end_2037);
		wrong += count_wrong(z, 3408220800, 3471379200); /* 2078 */
		walls += count_wrong_walls(z);
		untold += count_untold(z);
		most = z->run_count > most ? z->run_count : most;
	}
	ok(wrong == 0, "%zu are not as the C library has them", wrong);
	ok(walls == 0, "%zu wall clock times are other moments", walls);
	ok(untold == 0, "%zu turns are not told, or made up", untold);
	note("%zu runs at most", most);
	arena_free(&arena);
}

/* What is told is understood: as if a client had sent it. */
static size_t
count_misread(view name, struct arena *arena)
{
	const struct zone *z = zone_find(name);
	const struct ical_clock *clock = NULL;
	struct buf text = buf_new(LIMIT_ZONES_ANSWER);
	struct zone_turn t;
	size_t wrong = 0;

	if (ical_zone_fresh(name, VIEW(""), &text).is != OK
	    || ical_clock_read(buf_view(&text), arena, &clock).is != OK)
		wrong++;
	for (int64_t at = begin_1970;
	     wrong == 0 && zone_next(z, at, &t) && t.at < end_2037;
	     at = t.at) {
		wrong += ical_clock_wall(clock, t.at - 1)
		    != t.at - 1 + t.before->offset;
		wrong += ical_clock_wall(clock, t.at)
		    != t.at + t.after->offset;
	}
	if (wrong == 0)
		wrong += ical_clock_wall(clock, end_2037)
		    != end_2037 + zone_last(z, end_2037).after->offset;
	if (wrong > 0)
		note("%.*s is misread", (int)name.n, name.p);
	buf_free(&text);
	return wrong;
}

static void
test_told(void)
{
	struct arena *arena = arena_new(BUDGET), *scratch = arena_new(BUDGET);
	struct ical_zone_name *names;
	size_t count, zones, wrong = 0;

	if (ical_zone_list(arena, &names, &zones, &count).is != OK)
		abort();
	for (size_t i = 0; i < zones; i++) {
		wrong += count_misread(names[i].name, scratch);
		arena_reset(scratch);
	}
	ok(zones > 0 && wrong == 0, "%zu are misread", wrong);
	arena_free(&scratch);
	arena_free(&arena);
}

static void
test_rules(void)
{
	static const struct {
		const char *text;
		bool good;
		int64_t begin, end; /* of summer in 2026; 0: it has none */
	} rows[] = {
		{ "UTC0", true, 0, 0 },
		{ "<+0330>-3:30", true, 0, 0 },
		{ "EST5EDT,M3.2.0,M11.1.0", true, 1772953200, 1793512800 },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", true, 1791043200,
		    1775318400 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true, 1774746000,
		    1792890000 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", true, 1774656000,
		    1792796400 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", true, 1792890000,
		    1774746000 },
		{ "X-Y", false, 0, 0 },
		{ "XXX0YYY,J60/0,J365/0", true, 1772323200, 1798671600 },
		{ "XXX0YYY,59/0,364/0", true, 1772323200, 1798671600 },
		{ "XXX0YYY", false, 0, 0 },
		{ "XXX0YYY,M3.2.0", false, 0, 0 },
		{ "XXX0YYY,M13.2.0,M11.1.0", false, 0, 0 },
		{ "XXX0YYY,M3.6.0,M11.1.0", false, 0, 0 },
		{ "XXX0YYY,M3.2.7,M11.1.0", false, 0, 0 },
		{ "XXX0YYY,J0,J365", false, 0, 0 },
		{ "XXX0YYY,J1,J366", false, 0, 0 },
		{ "XXX0YYY,0,366", false, 0, 0 },
		{ "XXX0YYY,0/167,1/-167", true, 1767826800, 1766707200 },
		{ "XXX0YYY,0/168,1", false, 0, 0 },
		{ "XXX25", false, 0, 0 },
		{ "<XXX0", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "ABCDEFGHIJKLMNOP0", true, 0, 0 },
		{ "ABCDEFGHIJKLMNOPQ0", false, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone_rule r;
		result read = zone_rule_read(view_of(rows[i].text), &r);

		ok((read.is == OK) == rows[i].good, "%s: %s", rows[i].text,
		    read.why);
		if (read.is != OK || rows[i].begin == 0)
			continue;
		ok(r.changes && zone_rule_turn(&r, true, 2026) == rows[i].begin
			&& zone_rule_turn(&r, false, 2026) == rows[i].end,
		    "%s: %lld, %lld", rows[i].text,
		    (long long)zone_rule_turn(&r, true, 2026),
		    (long long)zone_rule_turn(&r, false, 2026));
	}
}

static void
add_four(struct buf *b, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_byte(b, (char)(unsigned char)(n >> shift));
}

static void
add_eight(struct buf *b, int64_t n)
{
	add_four(b, (uint32_t)((uint64_t)n >> 32));
	add_four(b, (uint32_t)(uint64_t)n);
}

/* A file with times of its own: one type an hour ahead of the one before. */
struct made {
	char version;
	uint32_t utc, standard, leaps, turns, types, names;
	const int64_t *at;
	int64_t first; /* type of the first turn */
	const char *footer;
};

static void
add_header(struct buf *b, const struct made *m, bool data)
{
	const uint32_t counts[] = { m->utc, m->standard, m->leaps, m->turns,
		m->types, m->names };

	buf_add(b, VIEW("TZif"));
	buf_add_byte(b, m->version);
	for (int i = 0; i < 15; i++)
		buf_add_byte(b, '\0');
	for (size_t i = 0; i < COUNT(counts); i++)
		add_four(b, data ? counts[i] : 0);
}

static struct buf
make(const struct made *m)
{
	struct buf b = buf_new(LIMIT_ZONE_FILE);

	if (m->version != 0)
		add_header(&b, m, false);
	add_header(&b, m, true);
	for (size_t i = 0; i < m->turns; i++)
		if (m->version != 0)
			add_eight(&b, m->at == NULL ? (int64_t)i : m->at[i]);
		else
			add_four(&b, (uint32_t)m->at[i]);
	for (size_t i = 0; i < m->turns; i++)
		buf_add_byte(&b, (char)((int64_t)i + m->first));
	for (size_t i = 0; i < m->types; i++) {
		add_four(&b, (uint32_t)i * HOUR);
		buf_add_byte(&b, '\0');
		buf_add_byte(&b, '\0');
	}
	for (size_t i = 0; i < m->names; i++)
		buf_add_byte(&b, i + 1 == m->names ? '\0' : 'A');
	for (size_t i = 0; i < m->leaps * (m->version == 0 ? 8U : 12U)
		+ m->standard + m->utc;
	     i++)
		buf_add_byte(&b, '\0');
	if (m->footer != NULL)
		buf_print(&b, "\n%s\n", m->footer);
	return b;
}

static void
test_files(void)
{
	static const int64_t up[] = { 0, 1 }, down[] = { 1, 0 },
			     same_time[] = { 1, 1 }, old[] = { -62135424000 };
	static const struct {
		const char *what;
		struct made m;
		bool good;
	} rows[] = {
		{ "a rule alone", { '2', 0, 0, 0, 0, 1, 4, NULL, 0, "AAA0" },
		    true },
		{ "no footer", { '2', 0, 0, 0, 0, 1, 4, NULL, 0, NULL },
		    false },
		{ "an empty one", { '3', 0, 0, 0, 0, 1, 4, NULL, 0, "" },
		    true },
		{ "a bad one", { '3', 0, 0, 0, 0, 1, 4, NULL, 0, "A" },
		    false },
		{ "version 1", { 0, 0, 0, 0, 2, 3, 4, up, 1, NULL }, true },
		{ "turns", { '4', 3, 3, 0, 2, 3, 4, up, 1, "" }, true },
		{ "another version", { '1', 0, 0, 0, 2, 3, 4, up, 1, "" },
		    false },
		{ "backwards", { '2', 0, 0, 0, 2, 3, 4, down, 1, "" }, false },
		{ "one twice", { '2', 0, 0, 0, 2, 3, 4, same_time, 1, "" },
		    false },
		{ "no such type", { '2', 0, 0, 0, 2, 3, 4, up, 2, "" },
		    false },
		{ "no type", { '2', 0, 0, 0, 0, 0, 4, NULL, 0, "" }, false },
		{ "no names", { '2', 0, 0, 0, 0, 1, 0, NULL, 0, "" }, false },
		{ "a name that is too long",
		    { '2', 0, 0, 0, 0, 1, LIMIT_ZONE_LABEL + 2, NULL, 0, "" },
		    false },
		{ "one that is just so long",
		    { '2', 0, 0, 0, 0, 1, LIMIT_ZONE_LABEL + 1, NULL, 0, "" },
		    true },
		{ "an offset of 26 hours",
		    { '2', 0, 0, 0, 0, 27, 4, NULL, 0, "" }, false },
		{ "and one of 25", { '2', 0, 0, 0, 0, 26, 4, NULL, 0, "" },
		    true },
		{ "leap seconds", { '2', 0, 0, 1, 0, 1, 4, NULL, 0, "" },
		    false },
		{ "indicators", { '2', 1, 0, 0, 0, 2, 4, NULL, 0, "" },
		    false },
		{ "a rule since the first year", { '2', 0, 0, 0, 1, 2, 4, old,
		    1, "AAA0BBB,M3.5.0,M10.5.0" }, true },
		{ "more turns than are taken",
		    { '2', 0, 0, 0, LIMIT_ZONE_TURNS + 1, 1, 4, NULL, 0, "" },
		    false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct buf b = make(&rows[i].m);
		struct zone z;
		result r = tzif_read(buf_view(&b), arena, &z);

		ok((r.is == OK) == rows[i].good, "%s: %s", rows[i].what,
		    r.why);
		buf_free(&b);
		arena_free(&arena);
	}
}

/* What a rule says of all time is what the files say of these years. */
static void
test_ruled(void)
{
	struct arena *arena = arena_new(BUDGET);
	struct made m = { .version = '2', .types = 1, .names = 4,
		.footer = "EST5EDT,M3.2.0,M11.1.0" };
	struct buf b = make(&m);
	struct zone z;

	if (tzif_read(buf_view(&b), arena, &z).is != OK
	    || zone_find_runs(&z, arena).is != OK)
		abort();
	c_library_zone(VIEW("America/New_York"));
	ok(z.run_count == 3 && count_wrong(&z, 1199145600, end_2037) == 0
		&& count_wrong(&z, 4102444800, 4133980800) == 0,
	    "a rule alone, in %zu runs", z.run_count);
	ok(zone_last(&z, INT64_MAX).after != NULL
		&& zone_last(&z, INT64_MIN).at == INT64_MIN
		&& zone_offset(&z, INT64_MAX) <= 0
		&& zone_offset(&z, INT64_MIN) == 0,
	    "at the ends of time");
	buf_free(&b);
	m.footer = "XXX3EDT4,0/0,J365/23"; /* RFC 9636 3.3.1: all year */
	b = make(&m);
	if (tzif_read(buf_view(&b), arena, &z).is != OK)
		abort();
	ok(zone_last(&z, 1767236400).after->summer
		&& zone_last(&z, 1767236399).after->summer
		&& zone_last(&z, 4102444800).after->summer,
	    "summer all year");
	buf_free(&b);
	arena_free(&arena);
}

/* Every prefix of a real file, in a block of exactly its own size. */
static void
test_every_prefix(void)
{
	struct buf b = buf_new(LIMIT_ZONE_FILE);
	size_t accepted = 0;

	if (file_read(ZONE_FOLDER "/Europe/Berlin", &b).is != OK)
		abort();
	for (size_t n = 1; n <= b.n; n++) {
		struct arena *arena = arena_new(BUDGET);
		char *exact = malloc(n);
		struct zone z;

		if (exact == NULL)
			abort();
		memcpy(exact, b.p, n);
		accepted += tzif_read((view){ exact, n }, arena, &z).is == OK;
		free(exact);
		arena_free(&arena);
	}
	ok(accepted == 1, "%zu of %zu prefixes are files", accepted, b.n);
	buf_free(&b);
}

static void
test_names(void)
{
	struct arena *arena = arena_new(BUDGET);
	view version;
	int64_t when;

	ok(zone_any() && zone_find(VIEW("Europe/Berlin")) != NULL
		&& zone_find(VIEW("Europe/Berlin"))
		    == zone_find(VIEW("Europe/Berlin")),
	    "it is read once");
	ok(zone_find(VIEW("Europe")) == NULL
		&& zone_find(VIEW("Europe/Nowhere")) == NULL
		&& zone_find(VIEW("posix/Europe/Berlin")) == NULL
		&& zone_find(VIEW("Europe/../UTC")) == NULL,
	    "no folders, nothing outside");
	ical_zone_version(arena, &version, &when);
	ok(version.n >= 5 && version.p[0] == '2' && when > 0, "version %.*s",
	    (int)version.n, version.p);
	arena_free(&arena);
}

int
main(void)
{
	test_names();
	test_rules();
	test_files();
	test_ruled();
	test_every_prefix();
	test_all();
	test_told();
	return tap_done();
}
