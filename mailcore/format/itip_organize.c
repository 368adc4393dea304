/* The organizer's side (RFC 6638 3.2.1): who has to be told what. */
#include "mailcore/format/itip_plan.h"

#include <stdlib.h>
#include <string.h>

/* What an instance of `new` was before: itself, or a recurrence. */
static struct itip_instance *
base_of(const struct itip_work *w, const struct itip_instance *n)
{
	struct itip_instance *b = n->master ? itip_master_of(w->old)
					    : itip_find(w->old, n->id);

	return b == NULL && !n->master ? itip_master_of(w->old) : b;
}

static bool
time_kept(const struct itip_instance *n, const struct itip_instance *b)
{
	if (n->master == b->master)
		return itip_same_time(n, b);
	return n->from == n->id && n->to - n->from == b->to - b->from
	    && n->date == b->date;
}

/* Who has to be asked again is told so (RFC 6638 3.2.8). */
static void
ask_again(struct itip_work *w, struct itip_instance *n)
{
	for (size_t k = 0; k < n->attendee_count; k++) {
		struct itip_attendee *a = &n->attendees[k];

		if (itip_is_self(w->people, a->address)
		    || !itip_is_ours(a->line)
		    || view_same(itip_partstat(a->line),
			VIEW("NEEDS-ACTION")))
			continue;
		itip_parameter_set(a->line, w->arena, VIEW("PARTSTAT"),
		    VIEW("NEEDS-ACTION"));
		itip_parameter_set(
		    a->line, w->arena, VIEW("RSVP"), VIEW("TRUE"));
		w->out->rewritten = true;
	}
}

static void
compare_instances(struct itip_work *w)
{
	for (size_t k = 0; k < w->new->count; k++) {
		struct itip_instance *n = &w->new->list[k];
		const struct itip_instance *b = w->before[k].base;
		int64_t least;

		if (b == NULL)
			continue;
		least = b->sequence;
		w->before[k].touched = !itip_same_text(n, b);
		if (!time_kept(n, b)) {
			w->before[k].touched = true;
			least++;
			ask_again(w, n);
		}
		if (n->sequence >= least)
			continue;
		n->sequence = least;
		itip_set_number(n->part, w->arena, VIEW("SEQUENCE"), least);
		w->out->rewritten = true;
	}
}

static bool
same_guests(const struct itip_instance *n, const struct itip_instance *b)
{
	if (n->attendee_count != b->attendee_count)
		return false;
	for (size_t k = 0; k < n->attendee_count; k++)
		if (itip_attends(b, n->attendees[k].address) == NULL)
			return false;
	return true;
}

static void
compare_whole(struct itip_work *w)
{
	const struct itip_instance *m = itip_master_of(w->new);
	const struct itip_instance *o = itip_master_of(w->old);

	for (size_t k = 0; k < w->new->count; k++) {
		const struct itip_instance *n = &w->new->list[k];
		const struct itip_instance *b = w->before[k].base;

		w->guests = w->guests || b == NULL || !same_guests(n, b);
	}
	for (size_t k = 0; w->old != NULL && k < w->old->count; k++)
		if (!w->old->list[k].master
		    && itip_find(w->new, w->old->list[k].id) == NULL)
			w->reverted = true;
	for (size_t k = 0; m != NULL && o != NULL && k < o->excluded_count;
	     k++)
		if (!itip_excludes(m, o->excluded[k].id))
			w->reverted = true;
}

static int
compare_ids(const void *a, const void *b)
{
	const struct itip_named *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void
add_overrides(struct itip_work *w, const struct itip *i)
{
	for (size_t k = 0; i != NULL && k < i->count; k++)
		if (!i->list[k].master)
			w->ids[w->id_count++] = itip_named_of(&i->list[k]);
}

static bool
has_instance(const struct itip_instance *master, const struct itip_named *n)
{
	return itip_is_named(master, n) && !itip_excludes(master, n->id);
}

static result
collect_ids(struct itip_work *w)
{
	const struct itip_instance *m = itip_master_of(w->new);
	const struct itip_instance *o = itip_master_of(w->old);
	size_t room = 1, n = 0;

	room += w->old == NULL ? 0 : w->old->count;
	room += w->new == NULL ? 0 : w->new->count;
	room += m == NULL ? 0 : m->excluded_count;
	w->ids = arena_array(w->arena, room, sizeof *w->ids);
	TRY(arena_result(w->arena));
	add_overrides(w, w->old);
	add_overrides(w, w->new);
	for (size_t k = 0; m != NULL && o != NULL && k < m->excluded_count;
	     k++)
		if (!itip_excludes(o, m->excluded[k].id))
			w->ids[w->id_count++] = m->excluded[k];
	qsort(w->ids, w->id_count, sizeof *w->ids, compare_ids);
	for (size_t k = 0; k < w->id_count; k++)
		if (n == 0 || w->ids[n - 1].id != w->ids[k].id)
			w->ids[n++] = w->ids[k];
	w->id_count = n;
	w->offs = arena_array(w->arena, n + 1, sizeof *w->offs);
	TRY(arena_result(w->arena));
	for (size_t k = 0; k < n; k++)
		w->offs[k] = (struct itip_off){ itip_find(w->old, w->ids[k].id),
			itip_find(w->new, w->ids[k].id),
			o != NULL && !has_instance(o, &w->ids[k]),
			m != NULL && itip_excludes(m, w->ids[k].id) };
	return done();
}

static void
join(struct itip_work *w, enum itip_kind kind, view mask, view address)
{
	struct itip_plan *p = w->plans;
	view *more;

	while (p != NULL && (p->kind != kind || !view_eq(p->mask, mask)))
		p = p->next;
	if (p == NULL) {
		p = arena_alloc(w->arena, sizeof *p);
		if (p == NULL)
			return;
		p->kind = kind;
		p->mask = arena_copy(w->arena, mask);
		if (w->last == NULL)
			w->plans = p;
		else
			w->last->next = p;
		w->last = p;
	}
	more = arena_more(w->arena, p->to, p->count, &p->room, sizeof *more);
	if (more == NULL)
		return;
	p->to = more;
	p->to[p->count++] = address;
}

/* Was somebody to come at this time, and is no longer?  `was`, `is`: he is
 * in the old and the new master. */
static bool
is_off(const struct itip_off *at, view address, bool was, bool is)
{
	if (at->old == NULL && at->old_excluded)
		return false;
	if (at->old != NULL ? !itip_comes(at->old, address) : !was)
		return false;
	if (at->new != NULL)
		return !itip_comes(at->new, address);
	return at->new_excluded || !is;
}

static void
plan_cancels(struct itip_work *w, view address, char *mask)
{
	bool was = itip_comes(itip_master_of(w->old), address);
	bool is = itip_comes(itip_master_of(w->new), address);
	bool any = false;

	if (was && !is) {
		join(w, CANCEL_ALL, VIEW(""), address);
		return;
	}
	for (size_t k = 0; k < w->id_count; k++) {
		bool off = is_off(&w->offs[k], address, was, is);

		mask[k] = off ? '1' : '0';
		any = any || off;
	}
	if (any)
		join(w, CANCEL_SOME, (view){ mask, w->id_count }, address);
}

static bool
is_forced(const struct itip_instance *n, view address)
{
	const struct itip_attendee *a = itip_attends(n, address);

	return a != NULL
	    && view_same(itip_parameter(a->line, VIEW("SCHEDULE-FORCE-SEND")),
		VIEW("REQUEST"));
}

/* Everything that the address attends; which of it is new to it, and whether
 * that needs more than the changed overrides. */
static void
plan_request(struct itip_work *w, view address, char *mask, char *few)
{
	bool loud = false, whole = w->reverted, any = false;
	bool knew = itip_comes(itip_master_of(w->old), address);
	/* All is called off for it first, so all that is left is news. */
	bool anew = knew && !itip_comes(itip_master_of(w->new), address);

	for (size_t k = 0; k < w->new->count; k++) {
		const struct itip_instance *n = &w->new->list[k];
		bool here = itip_comes(n, address), fresh;

		mask[k] = here ? '1' : '0';
		few[k] = '0';
		if (!here)
			continue;
		any = true;
		fresh = anew || w->before[k].touched || is_forced(n, address)
		    || !(w->before[k].base != NULL && w->before[k].base->master
			    ? knew
			    : itip_comes(w->before[k].base, address));
		loud = loud || fresh;
		whole = whole || (fresh && n->master) || !knew;
		few[k] = fresh && !n->master ? '1' : '0';
	}
	loud = loud || (w->reverted && knew);
	if (!any || (!loud && !w->guests))
		return;
	join(w, loud ? ASK : ASK_QUIETLY,
	    (view){ loud && !whole ? few : mask, w->new->count }, address);
}

static result
make_plans(struct itip_work *w)
{
	size_t room = 1 + w->id_count + (w->new == NULL ? 0 : w->new->count);
	char *mask = arena_alloc(w->arena, room);
	char *few = arena_alloc(w->arena, room);

	TRY(arena_result(w->arena));
	for (size_t i = 0; i < w->people->count; i++) {
		const struct itip_person *p = &w->people->list[i];

		if (p->self)
			continue;
		if (w->old != NULL)
			plan_cancels(w, p->address, mask);
		if (w->new != NULL)
			plan_request(w, p->address, mask, few);
	}
	return arena_result(w->arena);
}

static result
compare_versions(struct itip_work *w)
{
	size_t count = w->new == NULL ? 0 : w->new->count;

	w->before = arena_array(w->arena, count + 1, sizeof *w->before);
	TRY(arena_result(w->arena));
	for (size_t k = 0; k < count; k++)
		w->before[k].base = base_of(w, &w->new->list[k]);
	if (w->new != NULL && w->old != NULL)
		compare_instances(w);
	if (w->new != NULL)
		compare_whole(w);
	return collect_ids(w);
}

/* What is called off comes first: what is left may be news after that. */
static void
compose_all(struct itip_work *w, bool cancels)
{
	for (const struct itip_plan *p = w->plans; p != NULL; p = p->next)
		if ((p->kind <= CANCEL_SOME) == cancels)
			itip_compose(w, p);
}

result
itip_organize(const struct itip *old, struct itip *new,
    const struct itip_people *people, int64_t now, struct itip_outcome *out)
{
	struct itip_work w = { .old = old, .new = new, .people = people,
		.arena = new != NULL ? new->arena : old->arena, .now = now,
		.out = out };

	*out = (struct itip_outcome){ .text = VIEW("") };
	if (old != NULL && new != NULL
	    && (!itip_same_object(old, new)
		|| (new->organizer.n > 0
		    && (new->mixed
			|| !view_eq(old->organizer, new->organizer))))) {
		out->fault = ITIP_BAD_ORGANIZER_CHANGE;
		return done();
	}
	TRY(compare_versions(&w));
	TRY(make_plans(&w));
	compose_all(&w, true);
	compose_all(&w, false);
	if (new != NULL)
		itip_mark_all(&w);
	if (new != NULL && out->rewritten)
		out->text = itip_text(new->calendar, ITIP_NONE, w.arena);
	return arena_result(w.arena);
}

result
itip_refresh(const struct itip *i, const view *to, size_t count, int64_t now,
    struct itip_outcome *out)
{
	struct itip_people nobody = { 0 };
	struct itip copy = *i;
	struct itip_work w = { .new = &copy, .people = &nobody,
		.arena = i->arena, .now = now, .out = out };
	char *mask = arena_alloc(i->arena, i->count + 1);

	TRY(arena_result(i->arena));
	for (size_t a = 0; a < count; a++) {
		bool any = false;

		for (size_t k = 0; k < i->count; k++) {
			bool here = itip_comes(&i->list[k], to[a]);

			mask[k] = here ? '1' : '0';
			any = any || here;
		}
		if (any)
			join(&w, ASK_QUIETLY, (view){ mask, i->count }, to[a]);
	}
	for (const struct itip_plan *p = w.plans; p != NULL; p = p->next)
		itip_compose(&w, p);
	return arena_result(i->arena);
}
