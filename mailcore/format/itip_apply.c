#include "mailcore/format/itip_apply.h"

#include "mailcore/base/ascii.h"
#include "mailcore/format/itip_inside.h"

/* Own lines that outlast the organizer's changes, of one component. */
enum { PERSONAL_MOST = 100 };

struct applying {
	const struct itip *stored; /* NULL: none */
	const struct itip *message;
	const struct itip_people *people;
	struct arena *arena;
	struct itip_applied *out;
};

static result
ignore(struct applying *w, const char *why)
{
	w->out->effect = ITIP_IGNORED;
	w->out->why = why;
	return arena_result(w->arena);
}

/* RFC 5546 2.1.5: what came first, by SEQUENCE, then by DTSTAMP. */
static bool
is_older(const struct itip_instance *a, const struct itip_instance *b)
{
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence;
	return a->stamp != 0 && b->stamp != 0 && a->stamp < b->stamp;
}

static const struct itip_instance *
stored_instance(const struct applying *w, const struct itip_instance *m)
{
	if (w->stored == NULL)
		return NULL;
	return m->master ? itip_master(w->stored)
			 : itip_instance_of(w->stored, m->id);
}

static bool
is_stale(const struct applying *w)
{
	for (size_t k = 0; k < w->message->count; k++) {
		const struct itip_instance *m = &w->message->list[k],
					   *s = stored_instance(w, m);

		if (s != NULL && is_older(m, s))
			return true;
		s = w->stored == NULL ? NULL : itip_master(w->stored);
		if (s != NULL && m->sequence < s->sequence)
			return true;
	}
	return false;
}

static bool
is_invited(const struct applying *w)
{
	for (size_t k = 0; k < w->message->count; k++)
		if (itip_own(&w->message->list[k], w->people) != NULL)
			return true;
	return false;
}

/* The answer that was given stays while the time does. */
static void
keep_answer(struct applying *w, struct itip_part *p,
    const struct itip_instance *m, const struct itip_instance *s)
{
	const struct itip_attendee *own = itip_own(s, w->people);

	if (own == NULL
	    || !(s->master == m->master
		    ? itip_same_time(s, m)
		    : m->from == m->id
			&& m->to - m->from == s->to - s->from))
		return;
	for (struct itip_line *l = p->first; l != NULL; l = l->next)
		if (itip_line_is(l, VIEW("ATTENDEE"))
		    && itip_is_self(w->people, itip_address(l, w->arena))
		    && view_same(itip_partstat(l), VIEW("NEEDS-ACTION"))) {
			itip_parameter_set(l, w->arena, VIEW("PARTSTAT"),
			    itip_partstat(own->line));
			itip_parameter_set(
			    l, w->arena, VIEW("RSVP"), VIEW(""));
		}
}

/* What one has put to it stays: alarms, colours, free or busy. */
static void
keep_personal(struct applying *w, struct itip_part *p,
    const struct itip_instance *s)
{
	size_t kept = 0;

	if (itip_line_find(s->part, VIEW("TRANSP")) != NULL)
		itip_line_drop(p, VIEW("TRANSP"));
	for (const struct itip_line *l = s->part->first;
	     l != NULL && kept < PERSONAL_MOST; l = l->next) {
		if (!itip_is_personal(l->text.name))
			continue;
		kept++;
		if (!itip_line_is(l, VIEW("COMMENT"))
		    && itip_line_find(p, l->text.name) == NULL)
			itip_line_copy(p, w->arena, l);
	}
	for (const struct itip_part *c = s->part->child; c != NULL;
	     c = c->next)
		if (itip_is_alarm(c))
			itip_part_add(p, itip_part_copy(c, w->arena));
}

/* A component of the message as it is stored.  Alarms of others are never
 * ours. */
static struct itip_part *
received(struct applying *w, const struct itip_instance *m)
{
	const struct itip_instance *s = stored_instance(w, m);
	struct itip_part *p = itip_part_copy(m->part, w->arena), *next;

	if (p == NULL)
		return NULL;
	for (struct itip_part *c = p->child; c != NULL; c = next) {
		next = c->next;
		if (itip_is_alarm(c))
			itip_part_remove(p, c);
	}
	if (s == NULL && w->stored != NULL)
		s = itip_master(w->stored);
	if (s != NULL) {
		keep_answer(w, p, m, s);
		keep_personal(w, p, s);
	}
	return p;
}

/* An EXDATE of one's own making would hide what the organizer now wants. */
static void
drop_excluded(struct itip_part *p, const struct itip_instance *master,
    int64_t id, struct arena *arena)
{
	if (!itip_excludes(master, id))
		return;
	itip_line_drop(p, VIEW("EXDATE"));
	for (size_t k = 0; k < master->excluded_count; k++)
		if (master->excluded[k].id != id)
			itip_line_add(p, arena, VIEW("EXDATE"),
			    master->excluded[k].parameters,
			    master->excluded[k].value);
}

/* Some instances anew, all others as they are. */
static struct itip_part *
put_instances(struct applying *w)
{
	struct itip_part *to = itip_shell(w->stored->calendar, w->arena);
	const struct itip_instance *master = itip_master(w->stored);
	struct itip_part *first = NULL;

	if (to == NULL)
		return NULL;
	itip_add_zones(to, w->message->calendar, w->arena);
	for (size_t k = 0; k < w->stored->count; k++) {
		const struct itip_instance *s = &w->stored->list[k];
		struct itip_part *p;

		if (!s->master
		    && itip_instance_of(w->message, s->id) != NULL)
			continue;
		p = itip_part_copy(s->part, w->arena);
		first = s->master ? p : first;
		itip_part_add(to, p);
	}
	for (size_t k = 0; k < w->message->count; k++) {
		const struct itip_instance *m = &w->message->list[k];

		if (first != NULL && master != NULL)
			drop_excluded(first, master, m->id, w->arena);
		itip_part_add(to, received(w, m));
	}
	return to;
}

static struct itip_part *
put_all(struct applying *w)
{
	struct itip_part *to = itip_shell(w->message->calendar, w->arena);

	for (size_t k = 0; to != NULL && k < w->message->count; k++)
		itip_part_add(to, received(w, &w->message->list[k]));
	return to;
}

static result
store(struct applying *w, struct itip_part *calendar)
{
	TRY(arena_result(w->arena));
	w->out->effect = ITIP_STORE;
	w->out->text = itip_text(calendar, ITIP_NONE, w->arena);
	return arena_result(w->arena);
}

static bool
fits_series(const struct applying *w)
{
	const struct itip_instance *master = itip_master(w->stored);
	bool fits = true;

	for (size_t k = 0; master != NULL && k < w->message->count; k++) {
		struct itip_named named = itip_named_of(
		    &w->message->list[k]);

		fits = fits && itip_is_named(master, &named);
	}
	return fits;
}

static result
apply_request(struct applying *w)
{
	if (!is_invited(w))
		return ignore(w, "RFC 5546 3.2.2: invites somebody else");
	if (is_stale(w))
		return ignore(w, "RFC 5546 2.1.5: a newer one has come");
	if (itip_master(w->message) != NULL || w->stored == NULL)
		return store(w, put_all(w));
	if (!fits_series(w))
		return ignore(w, "RFC 5545 3.8.4.4: none of that series");
	return store(w, put_instances(w));
}

static void
exclude(struct applying *w, struct itip_part *calendar,
    const struct itip_instance *master, const struct itip_instance *m)
{
	struct itip_named named = itip_named_of(m);
	struct itip_part *p = calendar->child;

	while (p != NULL
	    && (itip_part_is(p, VIEW("VTIMEZONE"))
		|| itip_line_find(p, VIEW("RECURRENCE-ID")) != NULL))
		p = p->next;
	if (p == NULL || itip_excludes(master, m->id))
		return;
	itip_line_add(p, w->arena, VIEW("EXDATE"), named.parameters,
	    named.value);
	if (m->sequence > master->sequence)
		itip_set_number(p, w->arena, VIEW("SEQUENCE"), m->sequence);
}

static result
cancel_instances(struct applying *w)
{
	struct itip_part *to = itip_shell(w->stored->calendar, w->arena);
	const struct itip_instance *master = itip_master(w->stored);
	size_t left = 0;

	TRY(arena_result(w->arena));
	for (size_t k = 0; k < w->stored->count; k++) {
		const struct itip_instance *s = &w->stored->list[k];

		if (!s->master
		    && itip_instance_of(w->message, s->id) != NULL)
			continue;
		itip_part_add(to, itip_part_copy(s->part, w->arena));
		left++;
	}
	for (size_t k = 0; master != NULL && k < w->message->count; k++)
		exclude(w, to, master, &w->message->list[k]);
	if (left > 0)
		return store(w, to);
	w->out->effect = ITIP_REMOVE;
	return done();
}

static result
apply_cancel(struct applying *w)
{
	if (w->stored == NULL)
		return ignore(w, "there is nothing to cancel");
	if (!is_invited(w))
		return ignore(w, "RFC 5546 3.2.5: cancels it for others");
	if (is_stale(w))
		return ignore(w, "RFC 5546 2.1.5: a newer one has come");
	if (itip_master(w->message) == NULL)
		return cancel_instances(w);
	w->out->effect = ITIP_REMOVE;
	return done();
}

/* RFC 5546 3.6: "2.0" of "2.0;Success". */
static view
request_status(const struct itip_part *p)
{
	view rest = itip_value(p, VIEW("REQUEST-STATUS"));
	view code = view_cut(&rest, ';');

	for (size_t i = 0; i < code.n; i++)
		if (!ascii_is_digit(code.p[i]) && code.p[i] != '.')
			return VIEW("2.0");
	return code.n == 0 || code.n > 16 ? VIEW("2.0") : code;
}

/* A reply that an older one has overtaken changes nothing. */
static bool
take_answer(struct applying *w, struct itip_part *p, view sender,
    const struct itip_instance *m)
{
	const struct itip_line *said = m->attendees[0].line;
	view stamp = itip_moment(m->stamp, w->arena), last;

	for (struct itip_line *l = p->first; l != NULL; l = l->next) {
		if (!itip_line_is(l, VIEW("ATTENDEE"))
		    || !view_eq(itip_address(l, w->arena), sender))
			continue;
		last = itip_parameter(l, VIEW(ITIP_REPLIED));
		if (last.n > 0 && view_order(stamp, last) < 0)
			return false;
		w->out->answered = w->out->answered
		    || !view_same(itip_partstat(l), itip_partstat(said));
		itip_parameter_set(
		    l, w->arena, VIEW("PARTSTAT"), itip_partstat(said));
		itip_parameter_set(l, w->arena, VIEW("RSVP"), VIEW(""));
		itip_parameter_set(l, w->arena, VIEW("SCHEDULE-STATUS"),
		    request_status(m->part));
		itip_parameter_set(l, w->arena, VIEW(ITIP_REPLIED), stamp);
		return true;
	}
	return false; /* nobody has invited him: RFC 5546 3.2.3 */
}

/* For an instance that has no override yet one is made. */
static struct itip_part *
part_for(struct applying *w, struct itip_part *to,
    const struct itip_instance *m, bool recurs)
{
	struct itip_named named = itip_named_of(m);
	const struct itip_instance *s = stored_instance(w, m);
	const struct itip_instance *master = itip_master(w->stored);
	struct itip_part *p = to->child;

	if (s != NULL) {
		for (const struct itip_part *q = w->stored->calendar->child;
		     q != s->part; q = q->next)
			p = p->next;
		return p;
	}
	if (m->master || master == NULL || !recurs
	    || itip_excludes(master, m->id))
		return NULL;
	p = itip_derive(w->stored, &named);
	itip_part_add(to, p);
	return p;
}

static bool
is_wild(const struct applying *w, const struct itip_instance *m)
{
	const struct itip_instance *s = stored_instance(w, m);

	if (s == NULL)
		s = itip_master(w->stored);
	return s == NULL || m->attendee_count != 1
	    || m->sequence < s->sequence;
}

static result
apply_reply(struct applying *w)
{
	struct itip_part *to;
	size_t count = w->message->count, taken = 0;
	int64_t *ids = arena_array(w->arena, count, sizeof *ids);
	bool *recurs = arena_array(w->arena, count, sizeof *recurs);

	TRY(arena_result(w->arena));
	if (w->stored == NULL)
		return ignore(w, "it is not known here");
	to = itip_part_copy(w->stored->calendar, w->arena);
	for (size_t k = 0; k < count; k++)
		ids[k] = w->message->list[k].id;
	if (!w->message->list[count - 1].master)
		itip_recurs(w->stored, ids, count, recurs);
	TRY(arena_result(w->arena));
	for (size_t k = 0; k < count; k++) {
		const struct itip_instance *m = &w->message->list[k];
		struct itip_part *p = is_wild(w, m)
		    ? NULL : part_for(w, to, m, recurs[k]);

		if (p != NULL)
			taken += take_answer(
			    w, p, m->attendees[0].address, m);
	}
	if (taken == 0)
		return ignore(w, "RFC 5546 3.2.3: no such attendee, or old");
	return store(w, to);
}

result
itip_apply(const struct itip *stored, const struct itip *message,
    const struct itip_people *people, struct itip_applied *out)
{
	struct applying w = { .stored = stored, .message = message,
		.people = people, .arena = message->arena, .out = out };
	bool reply = message->method == ITIP_REPLY;

	*out = (struct itip_applied){ .why = "", .text = VIEW("") };
	if (message->organizer.n == 0 || message->mixed)
		return ignore(&w, "RFC 5546 3.2: no one organizer");
	if (stored != NULL && !itip_same_object(stored, message))
		return ignore(&w, "RFC 5545 3.8.4.7: something else");
	if (stored != NULL && !view_eq(stored->organizer, message->organizer))
		return ignore(&w, "another one organizes that");
	if (reply != itip_is_self(people, message->organizer))
		return ignore(&w, "RFC 5546 3.2: from the wrong side");
	switch (message->method) {
	case ITIP_REQUEST:
		return apply_request(&w);
	case ITIP_CANCEL:
		return apply_cancel(&w);
	case ITIP_REPLY:
		return apply_reply(&w);
	case ITIP_NONE:
	case ITIP_OTHER:
		break;
	}
	return ignore(&w, "a method that is left to people");
}

/* Anybody can write anything there, so only within one domain. */
static bool
sent_by(const struct itip *message, view sender)
{
	const struct itip_line *l = message->list[0].organizer_line;
	struct itip_line by = { .text = { .parameters = VIEW("") } };
	view a = sender, b = message->organizer;

	if (l == NULL)
		return false;
	by.text.value = itip_parameter(l, VIEW("SENT-BY"));
	(void)view_cut_last(&a, '@');
	(void)view_cut_last(&b, '@');
	return by.text.value.n > 0 && view_eq(a, b)
	    && view_eq(itip_address(&by, message->arena), sender);
}

bool
itip_speaks_for(const struct itip *message, view sender)
{
	if (message->count == 0 || message->mixed || sender.n == 0)
		return false;
	if (message->method != ITIP_REPLY)
		return view_eq(message->organizer, sender)
		    || sent_by(message, sender);
	for (size_t k = 0; k < message->count; k++)
		if (message->list[k].attendee_count != 1
		    || !view_eq(message->list[k].attendees[0].address, sender))
			return false;
	return true;
}
