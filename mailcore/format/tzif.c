#include "mailcore/format/tzif.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

enum {
	TYPES_MOST = 256,
	OFFSET_LEAST = -89999, /* RFC 9636 3.2, utoff */
	OFFSET_MOST = 93599,
	RESERVED = 15,
	SCRATCH = 262144,
	FIRST_RULED = 1900 /* a rule is written out from then on */
};

static const int64_t first_of_time = -62135424000; /* in year 1 */
static const int64_t end_of_time = 253370678400;   /* in year 9998 */

/* RFC 9636 3.1, in this order. */
struct counts {
	size_t utc, standard, leaps, turns, types, names;
};

struct reading {
	struct scan in;
	struct arena *arena, *scratch; /* of what stays, of the turns */
	struct counts counts;
	struct zone_type *types;
	struct zone_turn *turns;
	size_t count;
	const struct zone_type *first, *now;
};

static int64_t
take_number(view *bytes, size_t n)
{
	uint64_t sum = view_at(*bytes, 0) >= 128 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		sum = sum << 8 | (uint64_t)(view_at(*bytes, i) & 255);
	*bytes = view_from(*bytes, n);
	return (int64_t)sum;
}

static size_t
take_count(struct reading *r, size_t most)
{
	view four = scan_bytes(&r->in, 4, "RFC 9636 3.1: the header is cut");
	int64_t n = take_number(&four, four.n);

	if (n < 0 || (uint64_t)n > most)
		scan_fail(&r->in, OVER_LIMIT, "RFC 9636 3.1: a count");
	return scan_ok(&r->in) ? (size_t)n : 0;
}

/* Returns the version. */
static int
take_header(struct reading *r)
{
	static const char why[] = "RFC 9636 3.1: no header";
	struct counts *c = &r->counts;
	view version;

	if (!view_eq(scan_bytes(&r->in, 4, why), VIEW("TZif")))
		scan_fail(&r->in, MALFORMED, why);
	version = scan_bytes(&r->in, 1, why);
	(void)scan_bytes(&r->in, RESERVED, why);
	c->utc = take_count(r, TYPES_MOST);
	c->standard = take_count(r, TYPES_MOST);
	c->leaps = take_count(r, LIMIT_ZONE_TURNS);
	c->turns = take_count(r, LIMIT_ZONE_TURNS);
	c->types = take_count(r, TYPES_MOST);
	c->names = take_count(r, LIMIT_ZONE_FILE);
	return view_at(version, 0);
}

static view
take_block(struct reading *r, size_t n)
{
	return scan_bytes(&r->in, n, "RFC 9636 3.2: the data is cut");
}

static void
skip_data(struct reading *r)
{
	const struct counts *c = &r->counts;

	(void)take_block(r, c->turns * 5 + c->types * 6 + c->names
		+ c->leaps * 8 + c->standard + c->utc);
}

static bool
is_label(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-';
}

static bool
take_name(view names, size_t at, view *out)
{
	view rest = view_from(names, at);
	size_t end = view_find_byte(rest, '\0');

	if (end > LIMIT_ZONE_LABEL)
		return false;
	*out = view_first(rest, end);
	for (size_t i = 0; i < end; i++)
		if (!is_label(out->p[i]))
			return false;
	return true;
}

static void
take_types(struct reading *r, view rows, view names)
{
	static const char why[] = "RFC 9636 3.2: a local time type";

	for (size_t i = 0; i < r->counts.types && rows.n > 0; i++) {
		struct zone_type *t = &r->types[i];
		int64_t offset = take_number(&rows, 4);
		int summer = view_at(rows, 0), name = view_at(rows, 1);

		rows = view_from(rows, 2);
		t->offset = (int32_t)offset;
		t->summer = summer == 1;
		if (offset < OFFSET_LEAST || offset > OFFSET_MOST
		    || summer > 1 || name < 0
		    || !take_name(names, (size_t)name, &t->name))
			scan_fail(&r->in, MALFORMED, why);
	}
}

static bool
is_same(const struct zone_type *a, const struct zone_type *b)
{
	return a == b
	    || (a->offset == b->offset && a->summer == b->summer
		&& view_eq(a->name, b->name));
}

/* What changes nothing is left out. */
static void
add_turn(struct reading *r, int64_t at, const struct zone_type *to)
{
	if (at < first_of_time)
		r->first = r->now = to;
	if (at < first_of_time || at >= end_of_time)
		return;
	if (r->count > 0 && r->turns[r->count - 1].at == at)
		r->now = r->turns[--r->count].before;
	if (!is_same(r->now, to))
		r->turns[r->count++] = (struct zone_turn){ at, r->now, to };
	r->now = to;
}

static void
take_turns(struct reading *r, view times, view which, size_t width)
{
	int64_t before = INT64_MIN;

	for (size_t i = 0; i < r->counts.turns && scan_ok(&r->in); i++) {
		int64_t at = take_number(&times, width);
		int type = view_at(which, i);

		if ((i > 0 && at <= before) || type < 0
		    || (size_t)type >= r->counts.types)
			scan_fail(&r->in, MALFORMED,
			    "RFC 9636 3.2: a transition time");
		else
			add_turn(r, at, &r->types[type]);
		before = at;
	}
}

static void
take_data(struct reading *r, size_t width)
{
	const struct counts *c = &r->counts;
	view times = take_block(r, c->turns * width);
	view which = take_block(r, c->turns);
	view types = take_block(r, c->types * 6);
	view names = take_block(r, c->names);

	(void)take_block(r, c->leaps * (width + 4) + c->standard + c->utc);
	if (c->types == 0 || (c->standard > 0 && c->standard != c->types)
	    || (c->utc > 0 && c->utc != c->types))
		scan_fail(&r->in, MALFORMED, "RFC 9636 3.1: a count");
	if (c->leaps > 0)
		scan_fail(&r->in, MALFORMED, "leap seconds are not counted");
	if (!scan_ok(&r->in))
		return;
	names = arena_copy(r->arena, names);
	r->types = arena_array(r->arena, c->types, sizeof *r->types);
	r->turns = arena_array(r->scratch,
	    c->turns + 2 * (TZIF_FAR_END + 2 - FIRST_RULED), sizeof *r->turns);
	if (arena_result(r->arena).is != OK
	    || arena_result(r->scratch).is != OK)
		return;
	r->first = r->now = r->types;
	take_types(r, types, names);
	take_turns(r, times, which, width);
}

/* RFC 9636 3.3: between two line feeds. */
static void
take_footer(struct reading *r, struct zone_rule *out)
{
	static const char why[] = "RFC 9636 3.3: the footer";
	view text;
	result read;

	scan_byte(&r->in, '\n', why);
	text = scan_until(&r->in, '\n', why);
	if (!scan_ok(&r->in) || text.n == 0)
		return;
	if (text.n > LIMIT_ZONE_FOOTER)
		scan_fail(&r->in, OVER_LIMIT, why);
	read = zone_rule_read(arena_copy(r->arena, text), out);
	if (read.is != OK)
		scan_fail(&r->in, read.is, read.why);
}

static void
add_ruled(struct reading *r, const struct zone_rule *rule, bool to_summer,
    int year, int64_t after)
{
	int64_t at = zone_rule_turn(rule, to_summer, year);

	/* A summer may be said to end after the next one began. */
	if (at > after
	    && (r->count == 0 || at >= r->turns[r->count - 1].at))
		add_turn(r, at, to_summer ? &rule->summer : &rule->standard);
}

/* Turns may be told until long after TZIF_END, as Gaza's are until 2086, and
 * the last of them need not be by the rule.  Those of the year after are. */
static int
last_year(const struct zone_rule *rule, int64_t after)
{
	struct zone_shape begin, end;
	int next = date_of(after).year + 1;
	int year = zone_shape_of(&rule->begin, &begin)
		&& zone_shape_of(&rule->end, &end)
	    ? TZIF_END
	    : TZIF_FAR_END;

	return next > year ? next : year;
}

/* What is `summer` all year begins when it ends. */
static void
write_out(struct reading *r, const struct zone_rule *rule)
{
	int64_t after = r->count == 0 ? first_of_time
				      : r->turns[r->count - 1].at;
	int last = last_year(rule, after);

	for (int year = date_of(after).year < FIRST_RULED
		 ? FIRST_RULED
		 : date_of(after).year;
	     year <= last; year++) {
		bool first = zone_rule_turn(rule, true, year)
		    <= zone_rule_turn(rule, false, year);

		add_ruled(r, rule, first, year, after);
		add_ruled(r, rule, !first, year, after);
	}
}

static result
read_all(struct reading *r, struct zone *out)
{
	int version = take_header(r);
	struct zone_turn *turns;

	if (version != 0 && (version < '2' || version > '9'))
		scan_fail(&r->in, MALFORMED, "RFC 9636 3.1: the version");
	if (version != 0) {
		skip_data(r);
		(void)take_header(r);
	}
	take_data(r, version == 0 ? 4 : 8);
	if (version != 0)
		take_footer(r, &out->rule);
	TRY(arena_result(r->scratch));
	TRY(arena_result(r->arena));
	TRY(scan_result(&r->in));
	if (out->rule.changes)
		write_out(r, &out->rule);
	turns = arena_array(r->arena, r->count, sizeof *turns);
	TRY(arena_result(r->arena));
	for (size_t i = 0; i < r->count; i++)
		turns[i] = r->turns[i];
	out->first = r->first;
	out->turns = turns;
	out->count = r->count;
	return done();
}

result
tzif_read(view bytes, struct arena *arena, struct zone *out)
{
	struct reading r = { .in = scan_over(bytes), .arena = arena,
		.scratch = arena_new(SCRATCH) };
	result read;

	*out = (struct zone){ .name = VIEW("") };
	read = read_all(&r, out);
	arena_free(&r.scratch);
	return read;
}
