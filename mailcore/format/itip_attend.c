/*
 * The attendee's side (RFC 6638 3.2.2): what may be one's own in the copy of
 * somebody else's event, and what the organizer is told of it.
 *
 * Clients lose properties that they do not know, and write others anew.  So
 * what is stored is the organizer's version with one's own changes in it;
 * only what changes the meaning of the event is refused.
 */
#include "mailcore/format/itip_inside.h"

struct attending {
	const struct itip *old; /* NULL: none yet */
	struct itip *new;
	const struct itip_people *people;
	struct arena *arena;
	int64_t now;
	struct itip_outcome *out;
	struct itip_part *reply; /* NULL: nothing to tell */
	bool lossy; /* the client's version lacks something */
};

static const struct itip_line *
own_line(const struct itip_instance *n, const struct itip_people *people)
{
	const struct itip_attendee *a = n == NULL ? NULL
						  : itip_own(n, people);

	return a == NULL ? NULL : a->line;
}

/* RFC 5546 3.2.3: only the attendee who answers. */
static void
add_answer(struct attending *w, const struct itip_part *from,
    const struct itip_line *own, view partstat)
{
	static const view kept[] = { VIEW_INIT("UID"),
		VIEW_INIT("RECURRENCE-ID"), VIEW_INIT("SEQUENCE"),
		VIEW_INIT("ORGANIZER"), VIEW_INIT("DTSTART"),
		VIEW_INIT("DTEND"), VIEW_INIT("DUE"), VIEW_INIT("DURATION"),
		VIEW_INIT("RRULE"), VIEW_INIT("RDATE"), VIEW_INIT("EXDATE"),
		VIEW_INIT("SUMMARY"), VIEW_INIT("LOCATION"),
		VIEW_INIT("COMMENT"), VIEW_INIT("PERCENT-COMPLETE"),
		VIEW_INIT("COMPLETED"), VIEW_INIT("DTSTAMP") };
	struct itip_part *sent = itip_sent(from, w->now, w->arena);
	struct itip_part *c = itip_part_new(w->arena, from->name);

	if (c == NULL || sent == NULL || own == NULL)
		return;
	for (const struct itip_line *l = sent->first; l != NULL; l = l->next)
		for (size_t i = 0; i < COUNT(kept); i++)
			if (itip_line_is(l, kept[i]))
				itip_line_copy(c, w->arena, l);
	itip_line_copy(c, w->arena, own);
	if (c->last == NULL)
		return;
	itip_parameter_set(c->last, w->arena, VIEW("PARTSTAT"), partstat);
	itip_parameter_set(c->last, w->arena, VIEW("RSVP"), VIEW(""));
	itip_parameter_set(
	    c->last, w->arena, VIEW("SCHEDULE-STATUS"), VIEW(""));
	itip_line_add(c, w->arena, VIEW("REQUEST-STATUS"), VIEW(""),
	    VIEW("2.0;Success"));
	if (w->reply == NULL)
		w->reply = itip_shell(
		    (w->new != NULL ? w->new : w->old)->calendar, w->arena);
	if (w->reply != NULL)
		itip_part_add(w->reply, c);
}

static bool
same_value(const struct itip_part *a, const struct itip_part *b, view name,
    struct arena *arena)
{
	view x = itip_value(a, name), y = itip_value(b, name);

	return y.n == 0
	    || view_eq(view_trim(content_unescape(x, arena)),
		view_trim(content_unescape(y, arena)));
}

/* Everybody else is as the organizer has it. */
static bool
same_others(struct attending *w, const struct itip_instance *n,
    const struct itip_instance *b)
{
	if (n->attendee_count != b->attendee_count)
		return false;
	for (size_t k = 0; k < n->attendee_count; k++) {
		const struct itip_attendee *a = &n->attendees[k],
					   *o = itip_attends(b, a->address);

		if (o == NULL)
			return false;
		if (!itip_is_self(w->people, a->address)
		    && !view_same(itip_partstat(a->line),
			itip_partstat(o->line)))
			w->lossy = true;
	}
	return true;
}

/* Is `n` still what the organizer has sent, as far as it matters? */
static bool
is_allowed(struct attending *w, const struct itip_instance *n,
    const struct itip_instance *b)
{
	bool time = n->master == b->master
	    ? itip_same_time(n, b)
	    : n->from == n->id && n->to - n->from == b->to - b->from;

	if (!itip_same_text(n, b))
		w->lossy = true;
	return time && view_eq(n->organizer, b->organizer)
	    && same_value(b->part, n->part, VIEW("SUMMARY"), w->arena)
	    && same_value(b->part, n->part, VIEW("LOCATION"), w->arena)
	    && same_others(w, n, b);
}

static const struct itip_instance *
base_of(const struct attending *w, const struct itip_instance *n)
{
	const struct itip_instance *b = n->master
	    ? itip_master(w->old)
	    : itip_instance_of(w->old, n->id);

	return b == NULL && !n->master ? itip_master(w->old) : b;
}

/* New overrides are of instances that there are. */
static bool
check_recurrences(struct attending *w)
{
	int64_t *ids = arena_array(w->arena, w->new->count, sizeof *ids);
	bool *found = arena_array(w->arena, w->new->count, sizeof *found);
	size_t count = 0;

	if (ids == NULL || found == NULL)
		return false;
	for (size_t k = 0; k < w->new->count; k++)
		if (!w->new->list[k].master
		    && itip_instance_of(w->old, w->new->list[k].id) == NULL)
			ids[count++] = w->new->list[k].id;
	if (count == 0)
		return true;
	itip_recurs(w->old, ids, count, found);
	for (size_t k = 0; k < count; k++)
		if (!found[k])
			return false;
	return true;
}

static bool
check(struct attending *w)
{
	if ((itip_master(w->old) == NULL) != (itip_master(w->new) == NULL))
		return false;
	for (size_t k = 0; k < w->new->count; k++) {
		const struct itip_instance *n = &w->new->list[k],
					   *b = base_of(w, n);

		if (b == NULL || own_line(n, w->people) == NULL)
			return false;
		if (!is_allowed(w, n, b))
			return false;
	}
	for (size_t k = 0; k < w->old->count; k++)
		if (!w->old->list[k].master
		    && itip_instance_of(w->new, w->old->list[k].id) == NULL)
			w->lossy = true;
	return check_recurrences(w);
}

static bool
is_forced(const struct itip_instance *n)
{
	return n->organizer_line != NULL
	    && view_same(itip_parameter(n->organizer_line,
			     VIEW("SCHEDULE-FORCE-SEND")),
		VIEW("REPLY"));
}

/* Instances whose answer differs from the one given before. */
static void
compare_answers(struct attending *w)
{
	for (size_t k = 0; k < w->new->count; k++) {
		const struct itip_instance *n = &w->new->list[k],
					   *b = w->old == NULL
		    ? NULL : base_of(w, n);
		const struct itip_line *own = own_line(n, w->people),
				       *was = own_line(b, w->people);
		view before = was == NULL ? VIEW("NEEDS-ACTION")
					  : itip_partstat(was);

		if (own == NULL)
			continue;
		if (is_forced(n)
		    || !view_same(itip_partstat(own), before)
		    || (b != NULL && b->master == n->master
			&& !same_value(b->part, n->part, VIEW("COMMENT"),
			    w->arena)))
			add_answer(w, n->part, own, itip_partstat(own));
	}
}

static void
decline_one(struct attending *w, const struct itip_named *at)
{
	const struct itip_instance *m = itip_master(w->old);
	const struct itip_instance *o = itip_instance_of(w->old, at->id);
	struct itip_part *from = o != NULL ? o->part
					   : itip_derive(w->old, at);

	if (from != NULL)
		add_answer(w, from, own_line(o != NULL ? o : m, w->people),
		    VIEW("DECLINED"));
}

/* An instance that was taken out is one that is declined. */
static void
compare_excluded(struct attending *w)
{
	const struct itip_instance *n = itip_master(w->new),
				   *b = itip_master(w->old);
	size_t room = n == NULL ? 0 : n->excluded_count, count = 0;
	struct itip_named *fresh = arena_array(
	    w->arena, room + 1, sizeof *fresh);
	int64_t *ids = arena_array(w->arena, room + 1, sizeof *ids);
	bool *found = arena_array(w->arena, room + 1, sizeof *found);

	if (fresh == NULL || ids == NULL || found == NULL || b == NULL)
		return;
	for (size_t k = 0; k < room; k++) {
		if (itip_excludes(b, n->excluded[k].id))
			continue;
		ids[count] = n->excluded[k].id;
		fresh[count++] = n->excluded[k];
	}
	if (count > 0)
		itip_recurs(w->old, ids, count, found);
	for (size_t k = 0; k < count && k < ITIP_RECURRENCES; k++)
		if (found[k])
			decline_one(w, &fresh[k]);
}

/* One's own lines of `from` in place of those of `to`. */
static void
carry_personal(struct attending *w, struct itip_part *to,
    const struct itip_part *from)
{
	struct itip_part *next;

	itip_line_drop_all(to, itip_is_personal);
	for (const struct itip_line *l = from->first; l != NULL; l = l->next)
		if (itip_is_personal(l->text.name))
			itip_line_copy(to, w->arena, l);
	for (struct itip_part *c = to->child; c != NULL; c = next) {
		next = c->next;
		if (itip_is_alarm(c))
			itip_part_remove(to, c);
	}
	for (const struct itip_part *c = from->child; c != NULL; c = c->next)
		if (itip_is_alarm(c))
			itip_part_add(to, itip_part_copy(c, w->arena));
	itip_line_set(to, w->arena, VIEW("DTSTAMP"),
	    itip_moment(w->now, w->arena));
}

static void
carry_answer(struct attending *w, struct itip_part *to,
    const struct itip_line *own)
{
	for (struct itip_line *l = to->first; l != NULL; l = l->next)
		if (itip_line_is(l, VIEW("ATTENDEE"))
		    && itip_is_self(w->people, itip_address(l, w->arena)))
			l->text.parameters = own->text.parameters;
}

/* A component of the organizer's version with what is one's own. */
static struct itip_part *
merged(struct attending *w, const struct itip_instance *n)
{
	const struct itip_instance *b = base_of(w, n);
	struct itip_named named = itip_named_of(n);
	struct itip_part *p = b->master == n->master
	    ? itip_part_copy(b->part, w->arena)
	    : itip_derive(w->old, &named);
	const struct itip_line *own = own_line(n, w->people);

	if (p == NULL || own == NULL)
		return NULL;
	carry_personal(w, p, n->part);
	carry_answer(w, p, own);
	if (!n->master)
		return p;
	for (size_t k = 0; k < n->excluded_count; k++)
		if (!itip_excludes(b, n->excluded[k].id))
			itip_line_add(p, w->arena, VIEW("EXDATE"),
			    n->excluded[k].parameters, n->excluded[k].value);
	return p;
}

/* The whole: an override that the client no longer has stays, unless it was
 * excluded. */
static struct itip_part *
merge(struct attending *w)
{
	const struct itip_instance *m = itip_master(w->new);
	struct itip_part *to = itip_part_new(w->arena, VIEW("VCALENDAR"));

	if (to == NULL)
		return NULL;
	for (const struct itip_line *l = w->old->calendar->first; l != NULL;
	     l = l->next)
		itip_line_copy(to, w->arena, l);
	itip_add_zones(to, w->old->calendar, w->arena);
	itip_add_zones(to, w->new->calendar, w->arena);
	for (size_t k = 0; k < w->new->count; k++)
		itip_part_add(to, merged(w, &w->new->list[k]));
	for (size_t k = 0; k < w->old->count; k++) {
		const struct itip_instance *o = &w->old->list[k];

		if (!o->master && itip_instance_of(w->new, o->id) == NULL
		    && (m == NULL || !itip_excludes(m, o->id)))
			itip_part_add(to, itip_part_copy(o->part, w->arena));
	}
	return to;
}

/* RFC 6638 3.2.9: on ORGANIZER, what became of the reply. */
static void
mark(struct attending *w, struct itip_part *calendar)
{
	for (struct itip_part *p = calendar->child; p != NULL; p = p->next) {
		struct itip_line *l = itip_line_find(p, VIEW("ORGANIZER"));
		const struct itip_person *person;

		if (l == NULL)
			continue;
		person = itip_person(w->people, itip_address(l, w->arena));
		itip_parameter_set(
		    l, w->arena, VIEW("SCHEDULE-FORCE-SEND"), VIEW(""));
		if (w->reply != NULL && person != NULL)
			itip_parameter_set(l, w->arena,
			    VIEW("SCHEDULE-STATUS"), person->status);
	}
}

static void
send(struct attending *w)
{
	const struct itip *i = w->new != NULL ? w->new : w->old;
	struct itip_message m = { .method = ITIP_REPLY, .count = 1 };

	if (w->reply == NULL)
		return;
	m.to = arena_array(w->arena, 1, sizeof *m.to);
	if (m.to == NULL)
		return;
	m.to[0] = i->organizer;
	m.text = itip_text(w->reply, ITIP_REPLY, w->arena);
	itip_add_message(w->out, w->arena, &m);
}

/* RFC 6638 3.2.2.4: what is removed is declined, unless it was before. */
static void
decline_all(struct attending *w)
{
	const struct itip_instance *m = itip_master(w->old);

	for (size_t k = 0; k < w->old->count; k++) {
		const struct itip_instance *o = &w->old->list[k];
		const struct itip_line *own = own_line(o, w->people);

		if (own == NULL
		    || view_same(itip_partstat(own), VIEW("DECLINED"))
		    || view_same(itip_value(o->part, VIEW("STATUS")),
			VIEW("CANCELLED")))
			continue;
		if (o->master || m == NULL || own_line(m, w->people) == NULL)
			add_answer(w, o->part, own, VIEW("DECLINED"));
	}
}

result
itip_attend(const struct itip *old, struct itip *new,
    const struct itip_people *people, int64_t now, struct itip_outcome *out)
{
	struct attending w = { .old = old, .new = new, .people = people,
		.arena = new != NULL ? new->arena : old->arena, .now = now,
		.out = out };
	struct itip_part *store = new == NULL ? NULL : new->calendar;

	*out = (struct itip_outcome){ .text = VIEW("") };
	if (new == NULL) {
		decline_all(&w);
		send(&w);
		return arena_result(w.arena);
	}
	if (old != NULL
	    && (new->mixed || !itip_same_object(old, new) || !check(&w))) {
		out->fault = ITIP_BAD_ATTENDEE_CHANGE;
		return arena_result(w.arena);
	}
	compare_answers(&w);
	if (old != NULL)
		compare_excluded(&w);
	if (w.lossy)
		store = merge(&w);
	TRY(arena_result(w.arena));
	send(&w);
	if (w.reply == NULL && !w.lossy)
		return arena_result(w.arena);
	mark(&w, store);
	out->rewritten = true;
	out->text = itip_text(store, ITIP_NONE, w.arena);
	return arena_result(w.arena);
}

result
itip_answer(const struct itip *i, const struct itip_people *people,
    view partstat, int64_t now, struct itip_outcome *out)
{
	struct attending w = { .old = i, .people = people,
		.arena = i->arena, .now = now, .out = out };
	struct itip_part *store = itip_part_copy(i->calendar, i->arena);

	*out = (struct itip_outcome){ .text = VIEW("") };
	for (size_t k = 0; k < i->count; k++) {
		const struct itip_line *own = own_line(&i->list[k], people);

		if (own != NULL)
			add_answer(&w, i->list[k].part, own, partstat);
	}
	TRY(arena_result(i->arena));
	for (struct itip_part *p = store->child; p != NULL; p = p->next)
		for (struct itip_line *l = p->first; l != NULL; l = l->next)
			if (itip_line_is(l, VIEW("ATTENDEE"))
			    && itip_is_self(
				people, itip_address(l, i->arena)))
				itip_parameter_set(l, i->arena,
				    VIEW("PARTSTAT"), partstat);
	mark(&w, store);
	send(&w);
	out->rewritten = true;
	out->text = itip_text(store, ITIP_NONE, i->arena);
	return arena_result(i->arena);
}
