#include "mailcore/format/zone_run.h"

#include "mailcore/base/date.h"

#include <stdlib.h>

enum {
	RUN_LEAST = 3, /* turns: two are told as well one by one */
	SHAPES = 12,
	SCRATCH = 262144,
	DAY = 86400
};

struct finding {
	const struct zone *zone;
	bool *used; /* which turns are in a run */
	struct zone_run *runs;
	size_t count;
};

static int64_t
wall_of(const struct zone_turn *t)
{
	return t->at + t->before->offset;
}

static bool
is_like(const struct zone_turn *a, const struct zone_turn *b)
{
	return a->before->offset == b->before->offset
	    && a->after->offset == b->after->offset
	    && a->after->summer == b->after->summer
	    && a->before->summer == b->before->summer
	    && view_eq(a->after->name, b->after->name);
}

bool
zone_run_is_like(const struct zone_run *a, const struct zone_run *b)
{
	struct zone_turn x = { 0, a->before, a->after };
	struct zone_turn y = { 0, b->before, b->after };

	return is_like(&x, &y);
}

/* Where summer is the standard and winter the exception, as in Dublin, they
 * are told the other way round, as clients expect them. */
bool
zone_run_is_summer(const struct zone_run *r)
{
	return r->after->summer != r->before->summer
	    ? r->after->offset > r->before->offset
	    : r->after->summer;
}

static struct zone_run *
add_run(struct finding *f, const struct zone_turn *first)
{
	struct zone_run *run = &f->runs[f->count++];

	*run = (struct zone_run){ .first = wall_of(first),
		.until = INT64_MAX, .before = first->before,
		.after = first->after };
	return run;
}

/* The rule of the last years, from the first one on that went by it. */
static void
find_last(struct finding *f, bool to_summer)
{
	const struct zone *z = f->zone;
	const struct zone_date *date = to_summer ? &z->rule.begin
						 : &z->rule.end;
	const struct zone_turn *last = NULL, *first = NULL;
	struct zone_shape shape;
	struct zone_run *run;
	int year = 0;

	if (!zone_shape_of(date, &shape))
		return;
	for (size_t i = z->count; i > 0; i--) {
		const struct zone_turn *t = &z->turns[i - 1];

		if (last == NULL && (t->after->summer != to_summer))
			continue;
		if (last == NULL) {
			last = t;
			year = date_of(wall_of(t)).year;
		} else if (!is_like(t, last)) {
			continue;
		}
		if (year < ZONE_FIRST_YEAR
		    || wall_of(t) != zone_shape_wall(&shape, year))
			break;
		f->used[i - 1] = true;
		first = t;
		year--;
	}
	if (first == NULL)
		return;
	run = add_run(f, first);
	run->yearly = true;
	run->shape = shape;
}

/* How many turns, one a year, are as `shape` says; marks them when told to,
 * and says when the last one is. */
static size_t
follow(const struct finding *f, size_t from, const struct zone_shape *shape,
    bool mark, int64_t *until)
{
	const struct zone *z = f->zone;
	int year = date_of(wall_of(&z->turns[from])).year;
	size_t n = 0;

	for (size_t i = from; i < z->count; i++) {
		const struct zone_turn *t = &z->turns[i];
		int64_t wall = zone_shape_wall(shape, year);

		if (wall_of(t) > wall + DAY)
			break;
		if (f->used[i] || wall_of(t) != wall
		    || !is_like(t, &z->turns[from]))
			continue;
		if (mark)
			f->used[i] = true;
		*until = t->at;
		n++;
		year++;
	}
	return n;
}

/* All rules that have this day; the plainest first. */
static size_t
shapes_of(int64_t wall, struct zone_shape out[SHAPES])
{
	struct date d = date_of(wall);
	int length = zone_month_length(d.year, d.month);
	int most = d.month == 2 ? 28 : length;
	struct zone_shape s = { .month = d.month,
		.weekday = (unsigned)d.weekday,
		.time = d.hour * 3600 + d.minute * 60 + d.second };
	size_t n = 0;

	s.day = (d.day - 1) / 7 * 7 + 1;
	if (s.day <= 22)
		out[n++] = s;
	s.day = -6;
	if (d.day > length - 7)
		out[n++] = s;
	for (s.day = d.day - 6; s.day <= d.day; s.day++)
		if (s.day > 0 && s.day + 6 <= most && s.day % 7 != 1)
			out[n++] = s;
	s.day = d.day;
	s.weekday = ZONE_ANY_DAY;
	if (d.day <= most)
		out[n++] = s;
	return n;
}

static void
find_from(struct finding *f, size_t i)
{
	const struct zone_turn *t = &f->zone->turns[i];
	struct zone_shape shapes[SHAPES];
	size_t n = shapes_of(wall_of(t), shapes), best = 0, most = 0;
	struct zone_run *run;
	int64_t until = 0;

	for (size_t k = 0; k < n; k++) {
		size_t found = follow(f, i, &shapes[k], false, &until);

		if (found > most) {
			most = found;
			best = k;
		}
	}
	run = add_run(f, t);
	f->used[i] = true;
	run->until = t->at;
	if (most < RUN_LEAST)
		return;
	f->used[i] = false;
	(void)follow(f, i, &shapes[best], true, &until);
	run->yearly = true;
	run->shape = shapes[best];
	run->until = until;
}

static int
compare(const void *a, const void *b)
{
	const struct zone_run *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static bool
ends_shaped(const struct zone_rule *r)
{
	struct zone_shape begin, end;

	return r->changes && zone_shape_of(&r->begin, &begin)
	    && zone_shape_of(&r->end, &end);
}

static result
find_all(struct finding *f, struct zone *z, struct arena *arena)
{
	struct zone_run *runs;

	if (ends_shaped(&z->rule)) {
		find_last(f, true);
		find_last(f, false);
	}
	for (size_t i = 0; i < z->count; i++)
		if (!f->used[i])
			find_from(f, i);
	if (f->count > 1)
		qsort(f->runs, f->count, sizeof *f->runs, compare);
	runs = arena_array(arena, f->count, sizeof *runs);
	TRY(arena_result(arena));
	for (size_t i = 0; i < f->count; i++)
		runs[i] = f->runs[i];
	z->runs = runs;
	z->run_count = f->count;
	return done();
}

result
zone_find_runs(struct zone *z, struct arena *arena)
{
	struct arena *scratch = arena_new(SCRATCH);
	struct finding f = { .zone = z };
	result r;

	f.used = arena_array(scratch, z->count, sizeof *f.used);
	f.runs = arena_array(scratch, z->count, sizeof *f.runs);
	r = arena_result(scratch);
	if (r.is == OK)
		r = find_all(&f, z, arena);
	arena_free(&scratch);
	return r;
}
