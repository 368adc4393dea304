#include "mailcore/format/itip.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

#include <stdlib.h>

struct itip_instance *
itip_master(const struct itip *i)
{
	return i->count > 0 && i->list[0].master ? &i->list[0] : NULL;
}

struct itip_instance *
itip_instance_of(const struct itip *i, int64_t id)
{
	size_t low = itip_master(i) != NULL, high = i->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (i->list[mid].id == id)
			return &i->list[mid];
		if (i->list[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool
itip_same_object(const struct itip *a, const struct itip *b)
{
	return view_eq(a->uid, b->uid) && view_eq(a->component, b->component);
}

bool
itip_excludes(const struct itip_instance *n, int64_t id)
{
	size_t low = 0, high = n->excluded_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (n->excluded[mid].id == id)
			return true;
		if (n->excluded[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

struct itip_attendee *
itip_attends(const struct itip_instance *n, view address)
{
	for (size_t k = 0; k < n->attendee_count; k++)
		if (view_eq(n->attendees[k].address, address))
			return &n->attendees[k];
	return NULL;
}

bool
itip_is_ours(const struct itip_line *l)
{
	view agent = l == NULL ? VIEW("")
			       : itip_parameter(l, VIEW("SCHEDULE-AGENT"));

	return agent.n == 0 || view_same(agent, VIEW("SERVER"));
}

view
itip_partstat(const struct itip_line *l)
{
	view status = itip_parameter(l, VIEW("PARTSTAT"));

	for (size_t i = 0; i < status.n; i++)
		if (!ascii_is_alnum(status.p[i]) && status.p[i] != '-')
			return VIEW("NEEDS-ACTION");
	return status.n == 0 || status.n > 64 ? VIEW("NEEDS-ACTION") : status;
}

static bool
same_views(const view *a, size_t n, const view *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!view_eq(a[i], b[i]))
			return false;
	return true;
}

bool
itip_same_time(const struct itip_instance *a, const struct itip_instance *b)
{
	return a->date == b->date && a->from == b->from && a->to == b->to
	    && same_views(a->rules, a->rule_count, b->rules, b->rule_count);
}

bool
itip_same_text(const struct itip_instance *a, const struct itip_instance *b)
{
	return same_views(
	    a->shared, a->shared_count, b->shared, b->shared_count);
}

bool
itip_wall(view value, struct arena *arena, int64_t *out)
{
	view full = arena_print(arena, "%.*s%sZ", (int)view_first(value, 15).n,
	    value.p, value.n == 8 ? "T000000" : "");

	return date_parse_ical_utc(full, out).is == OK;
}

/* In the form that `like` has. */
static view
wall_text(int64_t t, view like, struct arena *arena)
{
	struct buf b = buf_new(64);
	view out;

	date_add_ical(&b, t);
	out = arena_copy(arena,
	    view_first(buf_view(&b), like.n < 16 ? like.n : 16));
	buf_free(&b);
	return out;
}

static view
utc(int64_t t, struct arena *arena)
{
	struct buf b = buf_new(64);
	view out;

	date_add_ical(&b, t);
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static bool
same_zone(const struct itip_line *l, view tzid, view like)
{
	return view_eq(itip_parameter(l, VIEW("TZID")), tzid)
	    && view_ends(view_trim(l->text.value), VIEW("Z"))
	    == view_ends(like, VIEW("Z"))
	    && (view_trim(l->text.value).n == 8) == (like.n == 8);
}

/* By the wall clock, where all is in one zone, so that an hour stays an hour
 * across a change of it. */
static bool
shift_wall(const struct itip *i, struct itip_line *l,
    const struct itip_line *start, const struct itip_named *to)
{
	const struct itip_line named = { .text = {
		.parameters = to->parameters, .value = to->value } };
	view tzid = itip_parameter(start, VIEW("TZID"));
	view from = view_trim(start->text.value);
	view value = view_trim(l->text.value);
	int64_t begun, begins, at;

	if (!same_zone(&named, tzid, from) || !same_zone(l, tzid, from)
	    || !itip_wall(from, i->arena, &begun)
	    || !itip_wall(to->value, i->arena, &begins)
	    || !itip_wall(value, i->arena, &at))
		return false;
	l->text.value = wall_text(at + begins - begun, value, i->arena);
	return true;
}

/* DTSTART, DTEND and DUE of the instance.  What libical reads and we do not
 * is written anew, or it would stay behind. */
static void
shift_line(const struct itip *i, struct itip_part *p, view name,
    const struct itip_named *to)
{
	const struct itip_instance *master = itip_master(i);
	const struct itip_line *start = master == NULL
	    ? NULL
	    : itip_line_find(master->part, VIEW("DTSTART"));
	struct itip_line *l = itip_line_find(p, name);
	int64_t at = to->id, was;

	if (l == NULL || start == NULL || shift_wall(i, l, start, to))
		return;
	if (!view_same(name, VIEW("DTSTART")))
		at += master->to - master->from;
	if (view_trim(l->text.value).n == 8
	    && itip_wall(view_trim(l->text.value), i->arena, &was)) {
		l->text.value = wall_text(at, VIEW("20260101"), i->arena);
		return;
	}
	itip_parameter_set(l, i->arena, VIEW("TZID"), VIEW(""));
	itip_parameter_set(l, i->arena, VIEW("VALUE"), VIEW(""));
	l->text.value = utc(at, i->arena);
}

bool
itip_is_named(const struct itip_instance *master, const struct itip_named *n)
{
	return master->date == (view_find_byte(n->value, 'T') == SIZE_MAX);
}

struct itip_part *
itip_derive(const struct itip *i, const struct itip_named *to)
{
	static const view rules[] = { VIEW_INIT("RRULE"), VIEW_INIT("RDATE"),
		VIEW_INIT("EXDATE"), VIEW_INIT("EXRULE"),
		VIEW_INIT("RECURRENCE-ID") };
	const struct itip_instance *master = itip_master(i);
	struct itip_part *p;

	if (master == NULL || !itip_is_named(master, to))
		return NULL;
	p = itip_part_copy(master->part, i->arena);
	if (p == NULL)
		return NULL;
	for (size_t k = 0; k < COUNT(rules); k++)
		itip_line_drop(p, rules[k]);
	shift_line(i, p, VIEW("DTEND"), to);
	shift_line(i, p, VIEW("DUE"), to);
	shift_line(i, p, VIEW("DTSTART"), to);
	itip_line_add(p, i->arena, VIEW("RECURRENCE-ID"),
	    to->parameters, to->value);
	return p;
}

struct itip_named
itip_named_of(const struct itip_instance *n)
{
	const struct itip_line *l = itip_line_find(
	    n->part, VIEW("RECURRENCE-ID"));
	struct itip_named named = { .id = n->id, .parameters = VIEW(""),
		.value = VIEW("") };

	if (l != NULL) {
		named.parameters = l->text.parameters;
		named.value = view_trim(l->text.value);
	}
	return named;
}

static int
compare_people(const void *a, const void *b)
{
	const struct itip_person *x = a, *y = b;

	return view_order(x->address, y->address);
}

static size_t
count_addresses(const struct itip *i)
{
	size_t n = 0;

	for (size_t k = 0; i != NULL && k < i->count; k++)
		n += 1 + i->list[k].attendee_count;
	return n;
}

static void
add_addresses(const struct itip *i, struct itip_people *out)
{
	for (size_t k = 0; i != NULL && k < i->count; k++) {
		const struct itip_instance *n = &i->list[k];

		if (n->organizer.n > 0)
			out->list[out->count++].address = n->organizer;
		for (size_t a = 0; a < n->attendee_count; a++)
			out->list[out->count++].address
			    = n->attendees[a].address;
	}
}

result
itip_people_of(const struct itip *a, const struct itip *b,
    struct arena *arena, struct itip_people *out)
{
	size_t n = 0;

	*out = (struct itip_people){ .list = arena_array(arena,
	    count_addresses(a) + count_addresses(b) + 1, sizeof *out->list) };
	TRY(arena_result(arena));
	add_addresses(a, out);
	add_addresses(b, out);
	if (out->count == 0)
		return done();
	qsort(out->list, out->count, sizeof *out->list, compare_people);
	for (size_t i = 0; i < out->count; i++) {
		if (n > 0
		    && view_eq(
			out->list[n - 1].address, out->list[i].address))
			continue;
		out->list[n] = (struct itip_person){
			.address = out->list[i].address, .status = VIEW("")
		};
		n++;
	}
	out->count = n;
	if (n > LIMIT_ATTENDEES + 1)
		return fail(OVER_LIMIT, "more people than LIMIT_ATTENDEES");
	return done();
}

const struct itip_person *
itip_person(const struct itip_people *people, view address)
{
	const struct itip_person wanted = { .address = address };

	return people->count == 0
	    ? NULL
	    : bsearch(&wanted, people->list, people->count,
		sizeof *people->list, compare_people);
}

bool
itip_is_self(const struct itip_people *people, view address)
{
	const struct itip_person *p = itip_person(people, address);

	return p != NULL && p->self;
}

struct itip_attendee *
itip_own(const struct itip_instance *n, const struct itip_people *people)
{
	for (size_t k = 0; k < n->attendee_count; k++)
		if (itip_is_self(people, n->attendees[k].address))
			return &n->attendees[k];
	return NULL;
}

enum itip_role
itip_role(const struct itip *i, const struct itip_people *people)
{
	bool others = false, own = false;

	if (i == NULL || i->organizer.n == 0)
		return ITIP_PLAIN;
	for (size_t k = 0; k < i->count; k++) {
		const struct itip_instance *n = &i->list[k];

		others = others || n->attendee_count > 0;
		own = own || itip_own(n, people) != NULL;
	}
	if (itip_is_self(people, i->organizer))
		return others ? ITIP_ORGANIZER : ITIP_PLAIN;
	return own && itip_is_ours(i->list[0].organizer_line) ? ITIP_ATTENDEE
							      : ITIP_PLAIN;
}

/* What answers to an invitation change. */
static void
calm(struct itip_part *p, const struct itip_people *people,
    struct arena *arena)
{
	static const view names[] = { VIEW_INIT("PARTSTAT"),
		VIEW_INIT("SCHEDULE-STATUS"), VIEW_INIT("RSVP"),
		VIEW_INIT(ITIP_REPLIED) };

	itip_line_drop(p, VIEW("DTSTAMP"));
	itip_line_drop(p, VIEW("LAST-MODIFIED"));
	itip_line_drop(p, VIEW("REQUEST-STATUS"));
	for (struct itip_line *l = p->first; l != NULL; l = l->next) {
		bool attendee = itip_line_is(l, VIEW("ATTENDEE"));

		if (!attendee && !itip_line_is(l, VIEW("ORGANIZER")))
			continue;
		if (attendee && people != NULL
		    && itip_is_self(people, itip_address(l, arena)))
			itip_parameter_set(l, arena, names[1], VIEW(""));
		else
			for (size_t i = 0; i < COUNT(names); i++)
				itip_parameter_set(
				    l, arena, names[i], VIEW(""));
	}
	for (struct itip_part *c = p->child; c != NULL; c = c->next)
		calm(c, people, arena);
}

view
itip_stable(view text, const struct itip_people *people, struct arena *arena)
{
	struct itip_part *calendar;

	if (itip_tree_read(text, arena, &calendar).is != OK)
		return VIEW("");
	calm(calendar, people, arena);
	return itip_text(calendar, ITIP_NONE, arena);
}
