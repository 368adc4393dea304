#include "mailcore/format/ical_busy.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/ical_inside.h"

#include <stdlib.h>

/* One event whose instances are gone through. */
struct event {
	struct ical_busy *busy;
	int64_t from, to; /* of its own time */
	enum ical_taken kind;
	const struct ical_clock *clock; /* NULL: it does not float */
	bool full;
};

bool
ical_busy_keep(struct ical_busy *b, const struct ical_period *p)
{
	struct ical_period *more = b->count >= ICAL_BUSY_MOST ? NULL
	    : arena_more(b->arena, b->list, b->count, &b->room, sizeof *more);

	if (more == NULL)
		return false;
	b->list = more;
	b->list[b->count++] = *p;
	return true;
}

static bool
visit(void *context, icalcomponent *c, int64_t shift)
{
	struct event *e = context;
	struct ical_busy *b = e->busy;
	struct ical_period p = { ical_clock_moment(e->clock, e->from + shift),
		ical_clock_moment(e->clock, e->to + shift), e->kind };

	(void)c;
	if (p.from < b->from)
		p.from = b->from;
	if (p.to > b->to)
		p.to = b->to;
	if (p.from < p.to && !ical_busy_keep(b, &p))
		e->full = true;
	return e->full;
}

/* RFC 4791 7.10: transparent and cancelled ones take no time. */
static bool
takes_time(icalcomponent *c)
{
	icalproperty *transp = icalcomponent_get_first_property(
	    c, ICAL_TRANSP_PROPERTY);

	if (icalcomponent_isa(c) != ICAL_VEVENT_COMPONENT)
		return false;
	if (transp != NULL
	    && icalproperty_get_transp(transp) != ICAL_TRANSP_OPAQUE
	    && icalproperty_get_transp(transp) != ICAL_TRANSP_OPAQUENOCONFLICT)
		return false;
	return icalcomponent_get_status(c) != ICAL_STATUS_CANCELLED;
}

bool
ical_busy_instances(struct ical_busy *b, icalcomponent *c,
    const struct ical_moments *overridden, enum ical_taken kind)
{
	struct ical_range range = { b->from, b->to }, extent;
	struct event e = { .busy = b, .kind = kind };
	bool floating;

	if (!ical_moment(c, ICAL_DTSTART_PROPERTY, &e.from, &floating))
		return true;
	extent = ical_extent(c);
	e.to = extent.to - 1 - (floating ? ICAL_FLOAT : 0);
	if (floating) {
		e.clock = b->clock;
		range = ical_by_clock(b->clock, &range);
	}
	if (ical_is_single(c))
		(void)visit(&e, c, 0);
	else
		(void)ical_any_instance(c, &range, overridden, visit, &e);
	return !e.full;
}

/* The octets of a fold (RFC 5545 3.1), 0 when there is none. */
static size_t
fold_at(view text, size_t at)
{
	size_t end = at + (view_at(text, at) == '\r');
	int next = view_at(text, end + 1);

	return view_at(text, end) == '\n' && (next == ' ' || next == '\t')
	    ? end + 2 - at : 0;
}

static bool
says_at(view text, size_t at, view word)
{
	for (size_t i = 0; i < word.n; i++, at++) {
		if (i > 0)
			at += fold_at(text, at);
		if (ascii_lower((char)view_at(text, at))
		    != ascii_lower(word.p[i]))
			return false;
	}
	return true;
}

/* Has somebody answered other than that he comes?  `times_only` leaves out
 * who does. */
static bool
has_answers(const struct ical_busy *b, view text)
{
	if (b->is_own == NULL)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (says_at(text, i, VIEW("DECLINED"))
		    || says_at(text, i, VIEW("TENTATIVE")))
			return true;
	return false;
}

static bool
is_own(const struct ical_busy *b, icalproperty *attendee)
{
	icalparameter *email = icalproperty_get_first_parameter(
	    attendee, ICAL_EMAIL_PARAMETER);

	return b->is_own(b->context,
	    view_of(icalproperty_get_attendee(attendee)),
	    view_of(email == NULL ? NULL : icalparameter_get_email(email)));
}

static icalparameter_partstat
own_answer(const struct ical_busy *b, icalcomponent *c)
{
	icalproperty *p;

	if (b->is_own == NULL)
		return ICAL_PARTSTAT_NONE;
	for (p = icalcomponent_get_first_property(c, ICAL_ATTENDEE_PROPERTY);
	     p != NULL; p = icalcomponent_get_next_property(
			    c, ICAL_ATTENDEE_PROPERTY)) {
		icalparameter *a = icalproperty_get_first_parameter(
		    p, ICAL_PARTSTAT_PARAMETER);
		icalparameter_partstat said = a == NULL
		    ? ICAL_PARTSTAT_NONE : icalparameter_get_partstat(a);

		if ((said == ICAL_PARTSTAT_DECLINED
			|| said == ICAL_PARTSTAT_TENTATIVE)
		    && is_own(b, p))
			return said;
	}
	return ICAL_PARTSTAT_NONE;
}

static void
add_event(struct ical_busy *b, icalcomponent *c,
    const struct ical_moments *overridden, bool *full)
{
	icalparameter_partstat said = own_answer(b, c);
	enum ical_taken kind = ICAL_TAKEN;

	if (!takes_time(c) || said == ICAL_PARTSTAT_DECLINED)
		return;
	if (icalcomponent_get_status(c) == ICAL_STATUS_TENTATIVE
	    || said == ICAL_PARTSTAT_TENTATIVE)
		kind = ICAL_TENTATIVE;
	*full = !ical_busy_instances(b, c, overridden, kind) || *full;
}

static struct ical_moments
overrides_of(icalcomponent *calendar, struct arena *arena)
{
	int n = icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT);
	struct ical_moments m = { .list = arena_array(
				      arena, (size_t)n + 1, sizeof *m.list) };
	icalcomponent *c;

	if (m.list == NULL)
		return m;
	for (c = icalcomponent_get_first_component(
		 calendar, ICAL_VEVENT_COMPONENT);
	     c != NULL && m.count < (size_t)n;
	     c = icalcomponent_get_next_component(
		 calendar, ICAL_VEVENT_COMPONENT))
		if (ical_is_override(c)
		    && ical_moment(
			c, ICAL_RECURRENCEID_PROPERTY, &m.list[m.count], NULL))
			m.count++;
	ical_sort(m.list, m.count);
	return m;
}

result
ical_busy_add(struct ical_busy *b, view text, struct arena *arena)
{
	icalcomponent *calendar = ical_read(
	    text, !has_answers(b, text), arena), *c;
	struct ical_moments overridden;
	bool full = false;

	if (calendar == NULL)
		return done();
	overridden = overrides_of(calendar, arena);
	for (c = icalcomponent_get_first_component(
		 calendar, ICAL_VEVENT_COMPONENT);
	     c != NULL && overridden.list != NULL && !full;
	     c = icalcomponent_get_next_component(
		 calendar, ICAL_VEVENT_COMPONENT))
		add_event(b, c, &overridden, &full);
	icalcomponent_free(calendar);
	if (full)
		return fail(OVER_LIMIT, "more periods than ICAL_BUSY_MOST");
	return arena_result(arena);
}

static int
compare(const void *a, const void *b)
{
	const struct ical_period *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* One kind of periods, joined. */
static void
write_kind(const struct ical_busy *b, enum ical_taken kind, struct buf *out)
{
	static const char *const types[] = {
		[ICAL_TAKEN] = "FREEBUSY;FBTYPE=BUSY:",
		[ICAL_TENTATIVE] = "FREEBUSY;FBTYPE=BUSY-TENTATIVE:",
		[ICAL_UNAVAILABLE] = "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:",
	};
	size_t i = 0;

	while (i < b->count) {
		struct ical_period p = b->list[i++];

		if (p.kind != kind)
			continue;
		for (; i < b->count && b->list[i].from <= p.to; i++)
			if (b->list[i].kind == kind && b->list[i].to > p.to)
				p.to = b->list[i].to;
		buf_add_text(out, types[kind]);
		date_add_ical(out, p.from);
		buf_add_byte(out, '/');
		date_add_ical(out, p.to);
		buf_add(out, VIEW("\r\n"));
	}
}

static void
write_moment(struct buf *out, const char *name, int64_t t)
{
	buf_add_text(out, name);
	date_add_ical(out, t);
	buf_add(out, VIEW("\r\n"));
}

static void
write_line(struct buf *out, view name, view value)
{
	const struct content_line line = { .name = name, .value = value };

	if (value.n > 0)
		content_line_add(out, &line);
}

void
ical_busy_reply(struct ical_busy *b, const struct ical_busy_reply *reply,
    int64_t now, struct buf *out)
{
	if (b->count > 1)
		qsort(b->list, b->count, sizeof *b->list, compare);
	buf_add(out,
	    VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		 "PRODID:-//Posthaste//EN\r\n"));
	if (reply->attendee.n > 0)
		buf_add(out, VIEW("METHOD:REPLY\r\n"));
	buf_add(out, VIEW("BEGIN:VFREEBUSY\r\n"));
	write_line(out, VIEW("UID"), reply->uid);
	write_line(out, VIEW("ORGANIZER"), reply->organizer);
	write_line(out, VIEW("ATTENDEE"), reply->attendee);
	write_moment(out, "DTSTAMP:", now);
	write_moment(out, "DTSTART:", b->from);
	write_moment(out, "DTEND:", b->to);
	write_kind(b, ICAL_TAKEN, out);
	write_kind(b, ICAL_TENTATIVE, out);
	write_kind(b, ICAL_UNAVAILABLE, out);
	buf_add(out, VIEW("END:VFREEBUSY\r\nEND:VCALENDAR\r\n"));
}

void
ical_busy_write(struct ical_busy *b, view uid, int64_t now, struct buf *out)
{
	const struct ical_busy_reply nobody = { .uid = uid };

	ical_busy_reply(b, &nobody, now, out);
}

bool
ical_busy_collide(struct ical_busy *a, struct ical_busy *b)
{
	int64_t busy_until = INT64_MIN;
	size_t k = 0;

	if (a->count == 0 || b->count == 0)
		return false;
	qsort(a->list, a->count, sizeof *a->list, compare);
	qsort(b->list, b->count, sizeof *b->list, compare);
	for (size_t i = 0; i < a->count; i++) {
		const struct ical_period *p = &a->list[i];

		for (; k < b->count && b->list[k].from < p->to; k++)
			if (b->list[k].to > busy_until)
				busy_until = b->list[k].to;
		if (busy_until > p->from)
			return true;
	}
	return false;
}

bool
ical_read_duration(view text, int64_t *seconds)
{
	char plain[32];
	struct icaldurationtype d;

	if (!view_copy(text, plain, sizeof plain))
		return false;
	ical_start_library();
	d = icaldurationtype_from_string(plain);
	if (icaldurationtype_is_bad_duration(d) || d.is_neg)
		return false;
	*seconds = ((int64_t)d.weeks * 7 + (int64_t)d.days) * ICAL_DAY
	    + (int64_t)d.hours * 3600 + (int64_t)d.minutes * 60
	    + (int64_t)d.seconds;
	return *seconds > 0;
}
