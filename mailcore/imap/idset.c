#include "mailcore/imap/idset.h"

#include "mailcore/base/ascii.h"

#include <stdlib.h>

static uint32_t
scan_id(struct scan *s, bool *star)
{
	uint64_t n = 0;
	view digits;

	if (scan_try_byte(s, '*')) {
		*star = true;
		return 0;
	}
	digits = scan_while(s, ascii_is_digit);
	if (!view_number(digits, UINT32_MAX, &n))
		scan_fail(s, MALFORMED, "RFC 3501 9: not a sequence-set");
	else if (n == 0)
		scan_fail(s, MALFORMED, "RFC 3501 9: zero in a sequence-set");
	return (uint32_t)n;
}

static size_t
count_ranges(view v)
{
	size_t n = 1;

	for (size_t i = 0; i < v.n && v.p[i] != ' '; i++)
		n += v.p[i] == ',';
	return n;
}

void
idset_scan(struct scan *s, struct arena *arena, struct idset *out)
{
	size_t room = count_ranges(s->rest);

	*out = (struct idset){ 0 };
	out->ranges = arena_array(arena, room, sizeof *out->ranges);
	if (out->ranges == NULL) {
		scan_fail(s, OVER_LIMIT, "sequence-set too long");
		return;
	}
	do {
		struct idrange *r = &out->ranges[out->count];

		r->from = r->to = scan_id(s, &out->star);
		if (scan_try_byte(s, ':'))
			r->to = scan_id(s, &out->star);
		out->count++;
	} while (scan_try_byte(s, ',') && out->count < room);
}

static int
by_from(const void *a, const void *b)
{
	const struct idrange *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

void
idset_resolve(struct idset *set, uint32_t last)
{
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct idrange *r = &set->ranges[i];

		/* "5:*" means the last one too when that is below 5. */
		r->from = r->from == 0 ? last : r->from;
		r->to = r->to == 0 ? last : r->to;
		if (r->from > r->to)
			*r = (struct idrange){ r->to, r->from };
	}
	if (set->count > 1)
		qsort(set->ranges, set->count, sizeof *set->ranges, by_from);
	for (size_t i = 0; i < set->count; i++) {
		struct idrange *r = &set->ranges[i];

		if (n > 0 && (uint64_t)set->ranges[n - 1].to + 1 >= r->from) {
			if (r->to > set->ranges[n - 1].to)
				set->ranges[n - 1].to = r->to;
		} else {
			set->ranges[n++] = *r;
		}
	}
	set->count = n;
}

bool
idset_has(const struct idset *set, uint32_t id)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (id < set->ranges[middle].from)
			high = middle;
		else if (id > set->ranges[middle].to)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

uint32_t
idset_largest(const struct idset *set)
{
	return set->count == 0 ? 0 : set->ranges[set->count - 1].to;
}

struct idset_writer
idset_to(struct buf *to)
{
	return (struct idset_writer){ .to = to };
}

static void
flush(struct idset_writer *w)
{
	if (w->from == 0)
		return;
	if (w->comma)
		buf_add_byte(w->to, ',');
	buf_add_number(w->to, w->from);
	if (w->last != w->from) {
		buf_add_byte(w->to, ':');
		buf_add_number(w->to, w->last);
	}
	w->comma = true;
}

void
idset_put(struct idset_writer *w, uint32_t id)
{
	if (w->from != 0 && id == w->last + 1) {
		w->last = id;
		return;
	}
	flush(w);
	w->from = w->last = id;
}

void
idset_end(struct idset_writer *w)
{
	flush(w);
	w->from = 0;
}
