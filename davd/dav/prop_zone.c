/*
 * The time zone of a calendar, by name or in full (RFC 7809 5.2): whichever
 * was set, the other one follows from it.
 */
#include "davd/dav/acl.h"
#include "davd/dav/prop.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical_zone.h"

/* A property is kept as XML; false: nobody has set it, or may see it. */
static bool
text_of(struct prop_out *o, const struct resource *r, const char *key,
    view *out)
{
	struct xml_element *root;
	view inner, whole;

	if ((!o->d->rights.all
		&& !acl_may(o->d, r->collection, RIGHT_READ | RIGHT_TIMES))
	    || property_get(o->d->account, o->scratch, r->collection->id,
		   view_of(key), &inner).is
		!= OK)
		return false;
	whole = arena_print(
	    o->scratch, "<a>%.*s</a>", (int)inner.n, inner.p);
	if (arena_result(o->scratch).is != OK
	    || xml_parse(whole, o->scratch, &root).is != OK)
		return false;
	*out = root->text;
	return true;
}

bool
prop_zone(struct prop_out *o, const struct resource *r)
{
	struct buf text = buf_new(LIMIT_CALENDAR_OBJECT);
	view id;
	bool found = text_of(o, r, NS_CALDAV " calendar-timezone-id", &id)
	    && ical_zone_calendar(view_trim(id), o->scratch, &text).is == OK;

	if (found)
		xml_text(&o->x, buf_view(&text));
	buf_free(&text);
	return found;
}

bool
prop_zone_id(struct prop_out *o, const struct resource *r)
{
	view text, name;

	if (!text_of(o, r, NS_CALDAV " calendar-timezone", &text))
		return false;
	name = ical_zone_name(text, o->scratch);
	if (name.n > 0)
		xml_text(&o->x, name);
	return name.n > 0;
}

/* RFC 7809 5.1: where davd/web/zones.h answers, on this very origin. */
bool
prop_zone_service(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_leaf(&o->x, "D:href", arena_print(o->scratch, "%.*s/tzdist",
	    (int)o->d->request->origin.n, o->d->request->origin.p));
	return true;
}

const char *
prop_zone_twin(const struct prop_row *row)
{
	if (row == NULL)
		return NULL;
	if (row->inside == prop_zone)
		return NS_CALDAV " calendar-timezone-id";
	return row->inside == prop_zone_id ? NS_CALDAV " calendar-timezone"
					   : NULL;
}
