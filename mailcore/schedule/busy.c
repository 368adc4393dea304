#include "mailcore/schedule/schedule.h"

enum { SCRATCH = 67108864 };

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
	for (size_t i = 0; r.is == OK && i < count; i++)
		if (counts(a, busy->arena, &list[i]))
			r = item_each_in_span(a, list[i].id, VIEW("VEVENT"),
			    busy->from, busy->to, visit, &s);
	arena_free(&s.scratch);
	return r;
}
