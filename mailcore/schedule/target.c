/* The calendar into which invitations come (RFC 6638 4.3). */
#include "mailcore/schedule/schedule.h"

static const view key = VIEW_INIT(
    "urn:ietf:params:xml:ns:caldav schedule-default-calendar-URL");

/* NOT_FOUND: none was chosen, or it is no longer there. */
static result
chosen(struct account *a, struct arena *arena, struct collection *out)
{
	struct collection inbox;
	uint64_t id;
	view value;

	TRY(collection_find(
	    a, arena, COLLECTION_INBOX, VIEW("inbox"), &inbox));
	TRY(property_get(a, arena, inbox.id, key, &value));
	if (!view_number(value, INT64_MAX, &id))
		return fail(NOT_FOUND, "no calendar is chosen");
	TRY(collection_get(a, arena, (int64_t)id, out));
	return out->kind == COLLECTION_CALENDAR
	    ? done()
	    : fail(NOT_FOUND, "that is no calendar");
}

result
schedule_target(struct account *a, struct arena *arena, struct collection *out)
{
	struct collection *list;
	size_t count;
	result r = chosen(a, arena, out);

	if (r.is != NOT_FOUND)
		return r;
	TRY(collection_list(a, arena, COLLECTION_CALENDAR, &list, &count));
	if (count == 0)
		return fail(NOT_FOUND, "there is no calendar");
	*out = list[0]; /* "personal" */
	return done();
}

result
schedule_set_target(
    struct account *a, struct arena *arena, int64_t inbox, int64_t calendar)
{
	view value = calendar == 0
	    ? VIEW("")
	    : arena_print(arena, "%lld", (long long)calendar);

	TRY(arena_result(arena));
	return property_set(a, inbox, key, value);
}
