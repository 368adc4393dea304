#include "davd/dav/data.h"

enum { SCRATCH = 67108864 };

static bool
read_calendar(
    struct dav *d, const struct xml_element *asked, struct data_view *out)
{
	result r = ical_view_read(asked, &out->calendar);

	out->whole = out->calendar.whole;
	if (r.is == OK)
		return true;
	if (r.is == DENIED)
		dav_error(d, 403, "C:supported-calendar-data", VIEW(""));
	else if (r.is == OVER_LIMIT)
		dav_error(
		    d, 403, "D:number-of-matches-within-limits", VIEW(""));
	else
		dav_fail(d, r);
	return false;
}

bool
data_read(struct dav *d, const struct xml_element *asked, struct data_view *out)
{
	*out = (struct data_view){ .whole = true };
	if (asked == NULL || !view_eq(asked->ns, VIEW(NS_CALDAV)))
		return true;
	return read_calendar(d, asked, out);
}

view
data_given(const struct data_view *data, enum dav_what what, view bytes,
    struct buf *made)
{
	struct arena *arena;
	result r;

	if (data->whole || what != DAV_EVENT)
		return bytes;
	arena = arena_new(SCRATCH);
	r = ical_view_write(&data->calendar, bytes, arena, made);
	arena_free(&arena);
	return r.is == OK ? buf_view(made) : bytes;
}
