/* What the organizer's plans say, as messages. */
#include "mailcore/format/itip_plan.h"

bool
itip_comes(const struct itip_instance *n, view address)
{
	const struct itip_attendee *a = n == NULL ? NULL
						  : itip_attends(n, address);

	return a != NULL && itip_is_ours(a->line);
}

struct itip_instance *
itip_find(const struct itip *i, int64_t id)
{
	return i == NULL ? NULL : itip_instance_of(i, id);
}

struct itip_instance *
itip_master_of(const struct itip *i)
{
	return i == NULL ? NULL : itip_master(i);
}

static bool
is_among(view address, const struct itip_plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (view_eq(address, p->to[i]))
			return true;
	return false;
}

/* RFC 5546 3.2.5: those who are no longer wanted, and no others. */
static void
add_cancelled(struct itip_work *w, const struct itip_plan *p,
    struct itip_part *to, const struct itip_part *from, int64_t sequence)
{
	struct itip_part *c = itip_sent(from, w->now, w->arena);
	struct itip_line *next;

	if (c == NULL)
		return;
	for (struct itip_line *l = c->first; l != NULL; l = next) {
		next = l->next;
		if (itip_line_is(l, VIEW("ATTENDEE"))
		    && !is_among(itip_address(l, w->arena), p))
			itip_line_remove(c, l);
	}
	itip_line_set(c, w->arena, VIEW("STATUS"), VIEW("CANCELLED"));
	itip_set_number(c, w->arena, VIEW("SEQUENCE"), sequence);
	itip_part_add(to, c);
}

static int64_t
sequence_of(const struct itip *i)
{
	int64_t most = 0;

	for (size_t k = 0; i != NULL && k < i->count; k++)
		if (i->list[k].sequence > most)
			most = i->list[k].sequence;
	return most;
}

static void
write_cancel(struct itip_work *w, const struct itip_plan *p,
    struct itip_part *to)
{
	int64_t sequence = sequence_of(w->old) + (w->new == NULL);
	const struct itip_instance *m = itip_master(w->old);

	if (sequence_of(w->new) > sequence)
		sequence = sequence_of(w->new);
	if (p->kind == CANCEL_ALL) {
		add_cancelled(w, p, to, m->part, sequence);
		return;
	}
	for (size_t k = 0; k < w->id_count; k++) {
		const struct itip_instance *o = w->offs[k].old;
		struct itip_part *from = o != NULL ? o->part : NULL;

		if (p->mask.p[k] != '1')
			continue;
		if (from == NULL)
			from = itip_derive(w->old, &w->ids[k]);
		if (from != NULL)
			add_cancelled(w, p, to, from, sequence);
	}
}

static void
write_request(struct itip_work *w, const struct itip_plan *p,
    struct itip_part *to)
{
	struct itip_part *first = NULL;

	for (size_t k = 0; k < w->new->count; k++) {
		const struct itip_instance *n = &w->new->list[k];
		struct itip_named named = itip_named_of(n);

		if (p->mask.p[k] == '1') {
			struct itip_part *c = itip_sent(
			    n->part, w->now, w->arena);

			first = n->master ? c : first;
			itip_part_add(to, c);
		} else if (first != NULL) {
			itip_line_add(first, w->arena, VIEW("EXDATE"),
			    named.parameters, named.value);
		}
	}
}

void
itip_compose(struct itip_work *w, const struct itip_plan *p)
{
	const struct itip *like = w->new != NULL ? w->new : w->old;
	struct itip_part *to = itip_shell(like->calendar, w->arena);
	bool cancel = p->kind == CANCEL_ALL || p->kind == CANCEL_SOME;
	struct itip_message m = { .method = cancel ? ITIP_CANCEL
						   : ITIP_REQUEST,
		.quiet = p->kind == ASK_QUIETLY,
		.to = p->to,
		.count = p->count };

	if (to == NULL)
		return;
	if (cancel)
		write_cancel(w, p, to);
	else
		write_request(w, p, to);
	m.text = itip_text(to, m.method, w->arena);
	itip_add_message(w->out, w->arena, &m);
}

/* RFC 6638 3.2.9, 7.2: what became of it, and no more forcing. */
static void
mark(struct itip_work *w, struct itip_attendee *a)
{
	const struct itip_person *person = itip_person(w->people, a->address);
	bool told = false;

	if (person == NULL || person->self || !itip_is_ours(a->line))
		return;
	for (const struct itip_plan *p = w->plans; p != NULL; p = p->next)
		told = told || (p->kind == ASK && is_among(a->address, p));
	if (told) {
		itip_parameter_set(a->line, w->arena, VIEW("SCHEDULE-STATUS"),
		    person->status);
		w->out->rewritten = true;
	}
	if (itip_parameter(a->line, VIEW("SCHEDULE-FORCE-SEND")).n > 0) {
		itip_parameter_set(a->line, w->arena,
		    VIEW("SCHEDULE-FORCE-SEND"), VIEW(""));
		w->out->rewritten = true;
	}
}

void
itip_mark_all(struct itip_work *w)
{
	for (size_t k = 0; k < w->new->count; k++)
		for (size_t a = 0; a < w->new->list[k].attendee_count; a++)
			mark(w, &w->new->list[k].attendees[a]);
}

static bool
keep_answer(struct itip_attendee *to, const struct itip_attendee *from,
    struct arena *arena)
{
	static const view names[] = { VIEW_INIT("PARTSTAT"),
		VIEW_INIT("SCHEDULE-STATUS"), VIEW_INIT(ITIP_REPLIED) };
	bool kept = false;

	for (size_t i = 0; i < COUNT(names); i++) {
		view value = itip_parameter(from->line, names[i]);

		if (view_eq(itip_parameter(to->line, names[i]), value))
			continue;
		itip_parameter_set(to->line, arena, names[i], value);
		kept = true;
	}
	return kept;
}

bool
itip_keep_answers(const struct itip *old, struct itip *new,
    const struct itip_people *people)
{
	bool kept = false;

	for (size_t k = 0; k < new->count; k++) {
		struct itip_instance *n = &new->list[k];
		const struct itip_instance *o = n->master
		    ? itip_master(old)
		    : itip_instance_of(old, n->id);

		for (size_t a = 0; o != NULL && a < n->attendee_count; a++) {
			struct itip_attendee *to = &n->attendees[a];
			const struct itip_attendee *from = itip_attends(
			    o, to->address);

			if (from != NULL
			    && !itip_is_self(people, to->address))
				kept |= keep_answer(to, from, new->arena);
		}
	}
	return kept;
}
