#include "davd/dav/data.h"

#include "mailcore/format/ical_zone.h"

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

static bool
read_card(struct dav *d, const struct xml_element *asked, struct data_view *out)
{
	result r = vcard_view_read(asked, &out->card);

	out->whole = false;
	if (r.is == OK)
		return true;
	dav_error(d, 403, "CR:supported-address-data", VIEW(""));
	return false;
}

bool
data_read(struct dav *d, const struct xml_element *asked, struct data_view *out)
{
	*out = (struct data_view){ .whole = true };
	data_zones(d, out);
	if (asked == NULL)
		return true;
	return view_eq(asked->ns, VIEW(NS_CALDAV))
	    ? read_calendar(d, asked, out)
	    : read_card(d, asked, out);
}

void
data_zones(const struct dav *d, struct data_view *out)
{
	view value;

	if (!request_header(d->request, VIEW("CalDAV-Timezones"), &value))
		return;
	value = view_trim(value);
	out->with_zones = view_same(value, VIEW("T"));
	out->without_zones = view_same(value, VIEW("F"));
}

/* RFC 9110 12.5.1: the first of text/vcard that names a version of ours. */
void
data_accept(const struct dav *d, struct data_view *out)
{
	view list, version;

	*out = (struct data_view){ .whole = true };
	if (!request_header(d->request, VIEW("Accept"), &list))
		return;
	while (list.n > 0) {
		view range = view_cut(&list, ',');
		view type = view_trim(view_cut(&range, ';'));

		while (view_same(type, VIEW("text/vcard")) && range.n > 0) {
			view value = view_trim(view_cut(&range, ';'));

			version = view_cut(&value, '=');
			if (!view_same(view_trim(version), VIEW("version")))
				continue;
			value = view_trim(value);
			out->card.version = view_find(value, VIEW("4.0"))
				!= SIZE_MAX
			    ? VCARD_4
			    : VCARD_3;
			out->whole = false;
			return;
		}
	}
}

static view
with_zones(const struct data_view *data, view bytes, struct buf *made)
{
	struct arena *arena = arena_new(SCRATCH);
	struct buf zoned = buf_new(DATA_MOST);
	result r = ical_zones_write(
	    bytes, data->with_zones, arena, &zoned);

	if (r.is == OK) {
		buf_reset(made);
		buf_add(made, buf_view(&zoned));
		bytes = buf_view(made);
	}
	buf_free(&zoned);
	arena_free(&arena);
	return bytes;
}

static view
formed(const struct data_view *data, enum dav_what what, view bytes,
    struct buf *made)
{
	struct arena *arena;
	result r;

	if (data->whole)
		return bytes;
	arena = arena_new(SCRATCH);
	r = what != DAV_CARD
	    ? ical_view_write(&data->calendar, bytes, arena, made)
	    : vcard_view_write(&data->card, bytes, arena, made);
	arena_free(&arena);
	return r.is == OK ? buf_view(made) : bytes;
}

view
data_given(const struct data_view *data, enum dav_what what, view bytes,
    struct buf *made)
{
	bytes = formed(data, what, bytes, made);
	return (what & (DAV_EVENT | DAV_MESSAGE)) != 0
		&& (data->with_zones || data->without_zones)
	    ? with_zones(data, bytes, made)
	    : bytes;
}
