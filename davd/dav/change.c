#include "davd/dav/change.h"

#include "davd/dav/dead.h"
#include "davd/dav/schedule.h"
#include "davd/dav/subscribe.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_busy.h"
#include "mailcore/format/ical_clock.h"
#include "mailcore/format/ical_zone.h"

static void
refuse(struct changes *all, struct change *c, unsigned status,
    const char *condition)
{
	c->status = status;
	c->condition = condition;
	all->bad = true;
}

/* "#RRGGBB" or "#RRGGBBAA"; empty takes it away. */
static bool
is_color(view v)
{
	v = view_trim(v);
	if (v.n == 0)
		return true;
	if ((v.n != 7 && v.n != 9) || v.p[0] != '#')
		return false;
	for (size_t i = 1; i < v.n; i++)
		if (ascii_hex(v.p[i]) < 0)
			return false;
	return true;
}

static bool
is_making_only(const struct prop_row *row)
{
	return view_eq(row->name, VIEW("resourcetype"))
	    || view_eq(row->name, VIEW("supported-calendar-component-set"));
}

/* What a new collection is must fit the place where it is made. */
static bool
type_fits(const struct xml_element *e, enum dav_what what)
{
	view ns = what == DAV_CALENDAR ? VIEW(NS_CALDAV) : VIEW(NS_CARDDAV);
	view name = what == DAV_CALENDAR ? VIEW("calendar")
					 : VIEW("addressbook");

	if (what == DAV_FOLDER)
		return e->first != NULL && e->first->next == NULL
		    && xml_is(e->first, VIEW(NS_DAV), VIEW("collection"));
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		if (!xml_is(c, ns, name)
		    && !xml_is(c, VIEW(NS_DAV), VIEW("collection")))
			return false;
	return xml_child(e, ns, name) != NULL;
}

/* Beside it, DAV:collection alone. */
static bool
is_subscribed(const struct xml_element *e, enum dav_what what)
{
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		if (!xml_is(c, VIEW(NS_SERVER), VIEW("subscribed"))
		    && !xml_is(c, VIEW(NS_DAV), VIEW("collection")))
			return false;
	return what == DAV_CALENDAR
	    && xml_child(e, VIEW(NS_SERVER), VIEW("subscribed")) != NULL;
}

static const view subscribed_key = VIEW_INIT(NS_SERVER " subscribed");

bool
change_is_subscribed(
    struct dav *d, struct arena *arena, const struct collection *c)
{
	view value;

	return c->kind == COLLECTION_CALENDAR
	    && property_get(d->account, arena, c->id, subscribed_key, &value)
		    .is
	    == OK
	    && value.n > 0;
}

static bool
components_fit(const struct xml_element *e)
{
	for (const struct xml_element *c = e->first; c != NULL; c = c->next) {
		view name = xml_attribute(c, VIEW("name"));

		if (xml_is(c, VIEW(NS_CALDAV), VIEW("comp"))
		    && (view_eq(name, VIEW("VEVENT"))
			|| view_eq(name, VIEW("VTODO"))
			|| view_eq(name, VIEW("VJOURNAL"))))
			return true;
	}
	return false;
}

/* RFC 6638 9.1 */
static bool
is_transparency(const struct xml_element *e)
{
	const struct xml_element *c = e->first;

	return c != NULL && c->next == NULL
	    && (xml_is(c, VIEW(NS_CALDAV), VIEW("opaque"))
		|| xml_is(c, VIEW(NS_CALDAV), VIEW("transparent")));
}

static void
judge_row(
    struct changes *all, struct change *c, enum dav_what what, bool making)
{
	view name = c->row->name, text = c->element->text;

	if (making && view_eq(name, VIEW("resourcetype"))) {
		if (!type_fits(c->element, what)
		    && !is_subscribed(c->element, what))
			refuse(all, c, 403, "D:valid-resourcetype");
	} else if (making && is_making_only(c->row)) {
		if (what == DAV_CALENDAR && !components_fit(c->element))
			refuse(all, c, 403, "C:supported-calendar-component");
	} else if (c->row->kind == PROP_LIVE) {
		refuse(all, c, 403, "D:cannot-modify-protected-property");
	} else if (c->remove) {
		return;
	} else if (c->row->kind == PROP_NAME) {
		if (view_trim(text).n == 0)
			refuse(all, c, 403, NULL);
	} else if (view_eq(name, VIEW("calendar-color"))) {
		if (!is_color(text))
			refuse(all, c, 403, NULL);
	} else if (view_eq(name, VIEW("schedule-calendar-transp"))) {
		if (!is_transparency(c->element))
			refuse(all, c, 400, NULL);
	} else if (view_eq(name, VIEW("calendar-availability"))) {
		if (ical_available_check(text).is != OK)
			refuse(all, c, 403, "C:valid-calendar-data");
	} else if (view_eq(name, VIEW("calendar-timezone-id"))) {
		if (!ical_zone_is_known(view_trim(text)))
			refuse(all, c, 403, "C:valid-timezone");
	} else if (view_eq(name, VIEW("calendar-timezone"))) {
		if (text.n > 0 && ical_clock_check(text).is != OK)
			refuse(all, c, 403, "C:valid-calendar-data");
	}
}

static void
judge(struct changes *all, struct change *c, enum dav_what what, bool making)
{
	c->status = 200;
	if ((what & DAV_PROXIES) != 0 && c->row != NULL
	    && view_eq(c->row->name, VIEW("group-member-set")))
		return;
	if ((what & DAV_COLLECTIONS) == 0 && !dead_fits(what, c->row))
		refuse(all, c, 403,
		    c->row != NULL && c->row->kind == PROP_LIVE
			? "D:cannot-modify-protected-property"
			: NULL);
	else if (c->element->inner.n > LIMIT_DAV_PROPERTY)
		refuse(all, c, 507, "D:quota-not-exceeded");
	else if (c->row != NULL && (what & DAV_OBJECTS) == 0)
		judge_row(all, c, what, making);
}

static void
judge_default(struct dav *d, struct changes *all, struct change *c)
{
	c->status = 200;
	if (!scheduling_judge_default(d, c))
		refuse(all, c, 403, "C:valid-schedule-default-calendar-URL");
}

/* What a subscriber sets for himself, and what for all who see it. */
static void
judge_shared(struct dav *d, struct changes *all, struct change *c)
{
	c->personal = subscribe_is_personal(c->element->ns, c->element->name);
	if (!c->personal && c->status == 200
	    && (right_in(&d->rights, d->shared.kind, d->shared.collection)
		   & RIGHT_PROPERTIES)
		== 0)
		refuse(all, c, 403, "D:need-privileges");
}

/* The first of the properties in a DAV:set or DAV:remove. */
static const struct xml_element *
first_property(const struct xml_element *e)
{
	const struct xml_element *prop = NULL;

	if (xml_is(e, VIEW(NS_DAV), VIEW("set"))
	    || xml_is(e, VIEW(NS_DAV), VIEW("remove")))
		prop = xml_child(e, VIEW(NS_DAV), VIEW("prop"));
	return prop == NULL ? NULL : prop->first;
}

static size_t
count_changes(const struct xml_element *root)
{
	const struct xml_element *e, *p;
	size_t n = 0;

	for (e = root->first; e != NULL; e = e->next)
		for (p = first_property(e); p != NULL; p = p->next)
			n++;
	return n;
}

result
changes_read(struct dav *d, const struct xml_element *root, enum dav_what what,
    bool making, struct changes *out)
{
	const struct xml_element *e, *p;
	size_t n = count_changes(root);

	*out = (struct changes){ 0 };
	if (n > LIMIT_DAV_PROPERTIES)
		return fail(OVER_LIMIT, "more than LIMIT_DAV_PROPERTIES");
	out->list = arena_array(d->arena, n, sizeof *out->list);
	TRY(arena_result(d->arena));
	for (e = root->first; e != NULL; e = e->next) {
		for (p = first_property(e); p != NULL; p = p->next) {
			struct change *c = &out->list[out->count++];

			c->element = p;
			c->row = prop_find(p->ns, p->name);
			c->remove = xml_is(e, VIEW(NS_DAV), VIEW("remove"));
			if (what == DAV_INBOX && scheduling_is_default(c))
				judge_default(d, out, c);
			else
				judge(out, c, what, making);
			if (c->status == 400)
				return fail(MALFORMED,
				    "RFC 6638 9.1: opaque or transparent");
			if (d->shared.id != 0 && !making
			    && (what & DAV_COLLECTIONS) != 0)
				judge_shared(d, out, c);
		}
	}
	return done();
}

static view
components_kept(struct dav *d, const struct xml_element *e)
{
	struct buf b = buf_new(LIMIT_DAV_PROPERTY);
	view out;

	for (const struct xml_element *c = e->first; c != NULL; c = c->next) {
		static const view known[] = { VIEW_INIT("VEVENT"),
			VIEW_INIT("VTODO"), VIEW_INIT("VJOURNAL") };

		for (size_t i = 0; i < COUNT(known); i++)
			if (view_eq(xml_attribute(c, VIEW("name")), known[i]))
				buf_print(&b,
				    "<comp xmlns=\"" NS_CALDAV
				    "\" name=\"%.*s\"/>",
				    (int)known[i].n, known[i].p);
	}
	out = arena_copy(d->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static result
apply(struct dav *d, int64_t collection, const struct change *c)
{
	if (c->row != NULL && c->row->kind == PROP_NAME)
		return collection_set_display_name(d->account, collection,
		    c->remove ? VIEW("") : c->element->text);
	if (c->row != NULL && is_making_only(c->row)) {
		if (view_eq(c->row->name, VIEW("resourcetype"))
		    && !is_subscribed(c->element, DAV_CALENDAR))
			return done();
		if (view_eq(c->row->name, VIEW("resourcetype")))
			return property_set(
			    d->account, collection, subscribed_key, VIEW("1"));
		return property_set(d->account, collection,
		    prop_key(d->arena, c->element->ns, c->element->name),
		    components_kept(d, c->element));
	}
	if (prop_zone_twin(c->row) != NULL)
		TRY(property_set(d->account, collection,
		    view_of(prop_zone_twin(c->row)), VIEW("")));
	if (scheduling_is_default(c))
		return scheduling_apply_default(d, collection, c);
	return dead_apply(d, collection, c);
}

result
changes_apply(struct dav *d, int64_t collection, const struct changes *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (!all->list[i].personal)
			TRY(apply(d, collection, &all->list[i]));
	return done();
}

static const char *
line_of(unsigned status)
{
	switch (status) {
	case 200:
		return "HTTP/1.1 200 OK";
	case 403:
		return "HTTP/1.1 403 Forbidden";
	case 507:
		return "HTTP/1.1 507 Insufficient Storage";
	default:
		return "HTTP/1.1 424 Failed Dependency";
	}
}

static void
write_one(struct xml_out *x, const struct change *c, unsigned status,
    struct arena *arena)
{
	const struct xml_element *e = c->element;
	view tag = arena_print(arena, "x:%.*s", (int)e->name.n, e->name.p);
	const char *name = e->ns.n == 0 ? e->name.p : tag.p;

	if (arena_result(arena).is != OK)
		return;
	xml_start(x, "D:propstat");
	xml_start(x, "D:prop");
	xml_start(x, name);
	if (e->ns.n > 0)
		xml_set(x, "xmlns:x", e->ns);
	xml_end(x, name);
	xml_end(x, "D:prop");
	xml_leaf(x, "D:status", view_of(line_of(status)));
	if (status == c->status && c->condition != NULL) {
		xml_start(x, "D:error");
		xml_start(x, c->condition);
		xml_end(x, c->condition);
		xml_end(x, "D:error");
	}
	xml_end(x, "D:propstat");
}

void
changes_write(struct xml_out *x, const struct changes *all, struct arena *arena)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct change *c = &all->list[i];

		write_one(x, c, all->bad && c->status == 200 ? 424 : c->status,
		    arena);
	}
}
