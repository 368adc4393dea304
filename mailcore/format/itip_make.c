/* The pieces that messages are made of. */
#include "mailcore/format/itip_inside.h"

#include "mailcore/base/date.h"

bool
itip_is_alarm(const struct itip_part *p)
{
	return itip_part_is(p, VIEW("VALARM"));
}

bool
itip_is_personal(view name)
{
	static const view names[] = { VIEW_INIT("TRANSP"), VIEW_INIT("CLASS"),
		VIEW_INIT("CATEGORIES"), VIEW_INIT("PERCENT-COMPLETE"),
		VIEW_INIT("COMPLETED"), VIEW_INIT("COLOR"),
		VIEW_INIT("COMMENT") };

	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(name, names[i]))
			return true;
	return view_starts_same(name, VIEW("X-"));
}

view
itip_moment(int64_t now, struct arena *arena)
{
	struct buf b = buf_new(64);
	view out;

	date_add_ical(&b, now);
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

void
itip_set_number(struct itip_part *p, struct arena *arena, view name,
    int64_t number)
{
	itip_line_set(
	    p, arena, name, arena_print(arena, "%lld", (long long)number));
}

static bool
has_zone(const struct itip_part *calendar, view tzid)
{
	for (const struct itip_part *p = calendar->child; p != NULL;
	     p = p->next)
		if (itip_part_is(p, VIEW("VTIMEZONE"))
		    && view_eq(itip_value(p, VIEW("TZID")), tzid))
			return true;
	return false;
}

void
itip_add_zones(struct itip_part *to, const struct itip_part *from,
    struct arena *arena)
{
	for (const struct itip_part *p = from->child; p != NULL; p = p->next)
		if (itip_part_is(p, VIEW("VTIMEZONE"))
		    && !has_zone(to, itip_value(p, VIEW("TZID"))))
			itip_part_add(to, itip_part_copy(p, arena));
}

struct itip_part *
itip_shell(const struct itip_part *like, struct arena *arena)
{
	struct itip_part *p = itip_part_new(arena, VIEW("VCALENDAR"));

	if (p == NULL)
		return NULL;
	itip_line_add(p, arena, VIEW("VERSION"), VIEW(""), VIEW("2.0"));
	itip_line_add(p, arena, VIEW("PRODID"), VIEW(""),
	    VIEW("-//Posthaste//EN"));
	itip_line_add(p, arena, VIEW("CALSCALE"), VIEW(""),
	    VIEW("GREGORIAN"));
	itip_add_zones(p, like, arena);
	return p;
}

static bool
is_sent(const struct itip_line *l)
{
	return !view_starts_same(l->text.name, VIEW("X-MOZ-"))
	    && !view_starts_same(l->text.name, VIEW("X-EVOLUTION-"))
	    && !itip_line_is(l, VIEW("REQUEST-STATUS"))
	    && !itip_line_is(l, VIEW("DTSTAMP"));
}

static void
clean_person(struct itip_line *l, struct arena *arena)
{
	static const view ours[] = { VIEW_INIT("SCHEDULE-AGENT"),
		VIEW_INIT("SCHEDULE-STATUS"),
		VIEW_INIT("SCHEDULE-FORCE-SEND"), VIEW_INIT(ITIP_REPLIED) };

	for (size_t i = 0; i < COUNT(ours); i++)
		if (itip_parameter(l, ours[i]).n > 0)
			itip_parameter_set(l, arena, ours[i], VIEW(""));
}

struct itip_part *
itip_sent(const struct itip_part *p, int64_t now, struct arena *arena)
{
	struct itip_part *out = itip_part_new(arena, p->name);

	if (out == NULL)
		return NULL;
	for (const struct itip_line *l = p->first; l != NULL; l = l->next) {
		if (!is_sent(l))
			continue;
		itip_line_copy(out, arena, l);
		if (out->last != NULL
		    && (itip_line_is(l, VIEW("ATTENDEE"))
			|| itip_line_is(l, VIEW("ORGANIZER"))))
			clean_person(out->last, arena);
	}
	itip_line_set(out, arena, VIEW("DTSTAMP"), itip_moment(now, arena));
	for (const struct itip_part *c = p->child; c != NULL; c = c->next)
		if (!itip_is_alarm(c))
			itip_part_add(out, itip_part_copy(c, arena));
	return out;
}

void
itip_add_message(struct itip_outcome *o, struct arena *arena,
    const struct itip_message *new)
{
	struct itip_message *m = arena_alloc(arena, sizeof *m);

	if (m == NULL || new->count == 0)
		return;
	*m = *new;
	m->next = NULL;
	if (o->last == NULL)
		o->first = m;
	else
		o->last->next = m;
	o->last = m;
	o->messages++;
}
