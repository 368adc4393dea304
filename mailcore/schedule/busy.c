#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/itip.h"
#include "mailcore/schedule/schedule.h"

#include "mailcore/format/xml_in.h"
#include "mailcore/store/domain.h"

enum { SCRATCH = 67108864, PERSON = 65536 };

struct search {
	struct account *account;
	view but;
	struct ical_busy *busy;
	struct arena *scratch; /* of one object */
};

static result
visit(void *context, const struct item *item)
{
	struct search *s = context;
	struct body body;
	result r;

	if (s->but.n > 0 && view_eq(item->key, s->but))
		return done();
	if (ical_times_touch(item->times, s->busy->from, s->busy->to,
		s->busy->clock)
	    == ICAL_TOUCHES_NOT)
		return done();
	TRY(body_open(s->account, item->body, &body));
	r = ical_busy_add(s->busy, body.bytes, s->scratch);
	body_close(&body);
	arena_reset(s->scratch);
	return r;
}

/* RFC 6638 9.1: a calendar may be kept out of its owner's free-busy time. */
static bool
counts(struct account *a, struct arena *arena, const struct collection *c)
{
	view value;

	return property_get(a, arena, c->id,
		   VIEW("urn:ietf:params:xml:ns:caldav"
			" schedule-calendar-transp"),
		   &value).is
	    != OK
	    || view_find(value, VIEW("transparent")) == SIZE_MAX;
}

/* A property is kept as XML. */
static view
text_of(view inner, struct arena *arena)
{
	struct xml_element *root;
	view whole = arena_print(
	    arena, "<a>%.*s</a>", (int)inner.n, inner.p);

	return arena_result(arena).is == OK
		&& xml_parse(whole, arena, &root).is == OK
	    ? root->text
	    : VIEW("");
}

const struct ical_clock *
schedule_clock(struct account *a, int64_t calendar, struct arena *arena)
{
	const struct ical_clock *clock = NULL;
	view value;

	if (property_get(a, arena, calendar,
		VIEW("urn:ietf:params:xml:ns:caldav calendar-timezone-id"),
		&value).is
	    == OK) {
		value = view_trim(text_of(value, arena));
		return ical_clock_named(value, arena, &clock).is == OK ? clock
								       : NULL;
	}
	if (property_get(a, arena, calendar,
		VIEW("urn:ietf:params:xml:ns:caldav calendar-timezone"), &value)
		.is
	    != OK)
		return NULL;
	value = text_of(value, arena);
	return ical_clock_read(value, arena, &clock).is == OK ? clock : NULL;
}

result
schedule_available(struct account *a, struct ical_busy *busy)
{
	struct arena *scratch = arena_new(SCRATCH);
	struct collection inbox;
	view value;
	result r = collection_find(
	    a, scratch, COLLECTION_INBOX, VIEW("inbox"), &inbox);

	if (r.is == OK)
		r = property_get(a, scratch, inbox.id,
		    VIEW("urn:ietf:params:xml:ns:caldav"
			 " calendar-availability"),
		    &value);
	if (r.is == OK)
		value = text_of(value, scratch);
	/* Such as was kept before it was looked at. */
	if (r.is == OK && ical_available_check(value).is == OK)
		r = ical_available_add(busy, value, scratch);
	arena_free(&scratch);
	return r.is == NOT_FOUND ? done() : r;
}

bool
schedule_is_own(void *owner, view attendee, view email)
{
	struct schedule_owner *o = owner;
	struct arena *arena;
	struct account_info info;
	view address;
	bool own;

	if (o->asked++ >= LIMIT_BUSY_ANSWERS)
		return false;
	arena = arena_new(PERSON);
	address = itip_address_of(view_trim(attendee), email, arena);
	own = account_find(o->store, arena, address, &info).is == OK
	    && info.id == o->account;
	arena_free(&arena);
	return own;
}

result
schedule_busy(struct account *a, view but, struct ical_busy *busy)
{
	struct search s = { .account = a, .but = but, .busy = busy };
	struct collection *list;
	size_t count;
	result r = collection_list(
	    a, busy->arena, COLLECTION_CALENDAR, &list, &count);

	TRY(r);
	s.scratch = arena_new(SCRATCH);
	for (size_t i = 0; r.is == OK && i < count; i++) {
		if (!counts(a, busy->arena, &list[i]))
			continue;
		busy->clock = schedule_clock(a, list[i].id, busy->arena);
		r = item_each_in_span(a, list[i].id, VIEW("VEVENT"),
		    busy->from, busy->to, visit, &s);
	}
	busy->clock = NULL;
	arena_free(&s.scratch);
	return r.is == OK ? schedule_available(a, busy) : r;
}
