#include "davd/dav/prop.h"

#include "davd/dav/dead.h"
#include "davd/dav/proxy.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/uri.h"
#include "mailcore/push/message.h"

#define ROW(prefix, space, local, where, in_all, what, writer)        \
	{                                                             \
		.tag = prefix ":" local, .ns = VIEW_INIT(space),      \
		.name = VIEW_INIT(local), .on = where, .all = in_all, \
		.kind = what, .inside = writer                        \
	}
#define LINK(prefix, space, local, where, writer, target)                \
	{                                                                \
		.tag = prefix ":" local, .ns = VIEW_INIT(space),         \
		.name = VIEW_INIT(local), .on = where, .inside = writer, \
		.to = target                                             \
	}
#define MANY(prefix, space, local, where, writer)                        \
	{                                                                \
		.tag = prefix ":" local, .ns = VIEW_INIT(space),         \
		.name = VIEW_INIT(local), .on = where, .inside = writer, \
		.to = DAV_PRINCIPAL, .many = true                        \
	}
#define D(local, where, all, writer) \
	ROW("D", NS_DAV, local, where, all, PROP_LIVE, writer)
#define C(local, where, writer) \
	ROW("C", NS_CALDAV, local, where, false, PROP_LIVE, writer)
#define CR(local, where, writer) \
	ROW("CR", NS_CARDDAV, local, where, false, PROP_LIVE, writer)
#define CS(local, where, writer) \
	ROW("CS", NS_SERVER, local, where, false, PROP_LIVE, writer)
#define P(local, writer)                                               \
	ROW("P", PUSH_NS, local, DAV_COLLECTIONS, false, PROP_LIVE,   \
	    writer)
#define STORED(prefix, space, local, where) \
	ROW(prefix, space, local, where, false, PROP_STORED, NULL)

static const struct prop_row rows[] = {
	D("resourcetype", DAV_ALL, true, prop_resourcetype),
	ROW("D", NS_DAV, "displayname", DAV_ALL & ~DAV_OBJECTS, true, PROP_NAME,
	    prop_displayname),
	D("getetag", DAV_OBJECTS, true, prop_etag),
	D("getcontenttype", DAV_OBJECTS, true, prop_type),
	D("getcontentlength", DAV_OBJECTS, true, prop_length),
	D("getlastmodified", DAV_OBJECTS, true, prop_modified),
	D("supportedlock", DAV_ALL, true, prop_nothing),
	D("lockdiscovery", DAV_ALL, true, prop_nothing),
	LINK("D", NS_DAV, "current-user-principal", DAV_ALL, prop_self,
	    DAV_PRINCIPAL),
	LINK("D", NS_DAV, "principal-URL", DAV_PRINCIPAL | DAV_PROXIES,
	    prop_principal,
	    DAV_PRINCIPAL),
	LINK("D", NS_DAV, "owner", DAV_ALL & ~DAV_ROOT, prop_owner,
	    DAV_PRINCIPAL),
	D("group", DAV_ALL & ~DAV_ROOT, false, prop_nothing),
	D("inherited-acl-set", DAV_ALL & ~DAV_ROOT, false, prop_acl_parents),
	LINK("D", NS_DAV, "principal-collection-set", DAV_ALL, prop_principals,
	    DAV_ROOT),
	D("current-user-privilege-set", DAV_ALL, false, prop_privileges),
	D("supported-privilege-set", DAV_ALL, false, prop_known_privileges),
	D("acl", DAV_ALL & ~DAV_ROOT, false, prop_acl),
	D("acl-restrictions", DAV_ALL, false, prop_acl_restrictions),
	D("alternate-URI-set", DAV_PRINCIPAL, false, prop_nothing),
	MANY("D", NS_DAV, "group-member-set", DAV_PRINCIPAL | DAV_PROXIES,
	    prop_members),
	D("group-membership", DAV_PRINCIPAL | DAV_PROXIES, false,
	    prop_membership),
	D("add-member", DAV_COLLECTIONS & ~DAV_FOLDER, false, prop_add_member),
	D("supported-report-set", DAV_ALL, false, prop_reports),
	D("sync-token", DAV_COLLECTIONS | DAV_HOMES, false, prop_token),
	D("resource-id", DAV_ALL & ~DAV_ROOT, false, prop_id),
	D("quota-available-bytes", DAV_ALL & ~(DAV_ROOT | DAV_OBJECTS
		| DAV_PROXIES), false,
	    prop_quota_free),
	D("quota-used-bytes", DAV_ALL & ~(DAV_ROOT | DAV_OBJECTS
		| DAV_PROXIES), false,
	    prop_quota_used),
	LINK("C", NS_CALDAV, "calendar-home-set", DAV_PRINCIPAL,
	    prop_calendar_home, DAV_CALENDARS),
	C("calendar-user-address-set", DAV_PRINCIPAL, prop_user_addresses),
	C("calendar-user-type", DAV_PRINCIPAL, prop_person),
	C("supported-calendar-component-set", DAV_CALENDARS | DAV_CALENDAR,
	    prop_components),
	C("supported-calendar-data", DAV_CALENDAR | DAV_INBOX,
	    prop_calendar_types),
	C("supported-collation-set", DAV_CALENDAR | DAV_INBOX,
	    prop_collations_caldav),
	C("max-resource-size", DAV_CALENDAR, prop_most_calendar),
	C("calendar-data", DAV_EVENT | DAV_MESSAGE, prop_bytes),
	LINK("C", NS_CALDAV, "schedule-inbox-URL", DAV_PRINCIPAL, prop_inbox,
	    DAV_NOTHING),
	LINK("C", NS_CALDAV, "schedule-outbox-URL", DAV_PRINCIPAL,
	    prop_outbox, DAV_NOTHING),
	C("schedule-default-calendar-URL", DAV_INBOX, prop_default_calendar),
	C("calendar-free-busy-set", DAV_INBOX, prop_busy_set),
	STORED("C", NS_CALDAV, "calendar-availability", DAV_INBOX),
	STORED("CS", NS_SERVER, "calendar-availability", DAV_INBOX),
	ROW("C", NS_CALDAV, "schedule-calendar-transp", DAV_CALENDAR, false,
	    PROP_STORED, prop_opaque),
	C("schedule-tag", DAV_EVENT, prop_schedule_tag),
	C("max-attendees-per-instance", DAV_CALENDAR | DAV_INBOX,
	    prop_most_attendees),
	C("managed-attachments-server-URL", DAV_CALENDARS, prop_nothing),
	C("timezone-service-set", DAV_CALENDARS, prop_zone_service),
	C("max-attachment-size", DAV_CALENDAR, prop_most_attachment),
	C("max-attachments-per-resource", DAV_CALENDAR,
	    prop_most_attachments),
	STORED("C", NS_CALDAV, "calendar-description", DAV_CALENDAR),
	ROW("C", NS_CALDAV, "calendar-timezone", DAV_CALENDAR, false,
	    PROP_STORED, prop_zone),
	ROW("C", NS_CALDAV, "calendar-timezone-id", DAV_CALENDAR, false,
	    PROP_STORED, prop_zone_id),
	LINK("CR", NS_CARDDAV, "addressbook-home-set", DAV_PRINCIPAL,
	    prop_book_home, DAV_BOOKS),
	CR("directory-gateway", DAV_PRINCIPAL, prop_directory),
	CR("supported-address-data", DAV_BOOK, prop_card_types),
	CR("supported-collation-set", DAV_BOOK, prop_collations_carddav),
	CR("max-resource-size", DAV_BOOK, prop_most_card),
	CR("address-data", DAV_CARD, prop_bytes),
	STORED("CR", NS_CARDDAV, "addressbook-description", DAV_BOOK),
	CS("getctag", DAV_COLLECTIONS, prop_token),
	P("transports", prop_push_transports),
	P("topic", prop_push_topic),
	P("supported-triggers", prop_push_triggers),
	CS("email-address-set", DAV_PRINCIPAL, prop_mail_addresses),
	MANY("CS", NS_SERVER, "calendar-proxy-read-for", DAV_PRINCIPAL,
	    prop_proxy_read_for),
	MANY("CS", NS_SERVER, "calendar-proxy-write-for", DAV_PRINCIPAL,
	    prop_proxy_write_for),
	CS("invite", DAV_CALENDAR, prop_invite),
	CS("publish-url", DAV_CALENDAR, prop_publish_url),
	CS("allowed-sharing-modes", DAV_CALENDAR, prop_sharing_modes),
	ROW("MM", NS_ME, "bulk-requests", DAV_CALENDAR | DAV_BOOK, false,
	    PROP_LIVE, prop_bulk),
	STORED("A", NS_APPLE, "calendar-color", DAV_COLLECTIONS),
	STORED("A", NS_APPLE, "calendar-order", DAV_COLLECTIONS),
};

const struct prop_row *
prop_find(view ns, view name)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (view_eq(rows[i].name, name) && view_eq(rows[i].ns, ns))
			return &rows[i];
	return NULL;
}

view
prop_key(struct arena *arena, view ns, view name)
{
	struct buf b = buf_new(LIMIT_XML);
	view out;

	/* Apple's is older than RFC 7953, and the same. */
	if (view_eq(ns, VIEW(NS_SERVER))
	    && view_eq(name, VIEW("calendar-availability")))
		ns = VIEW(NS_CALDAV);
	buf_add(&b, ns);
	buf_add_byte(&b, ' ');
	buf_add(&b, name);
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static void
add_row(struct prop_wanted *w, const struct prop_row *row)
{
	w->list[w->count++].row = row;
	if (row->inside == prop_bytes)
		w->bytes = true;
}

static void
add_element(struct prop_wanted *w, const struct xml_element *e)
{
	const struct prop_row *row = prop_find(e->ns, e->name);

	if (row != NULL && row->inside == prop_bytes)
		w->data = e;
	if (row != NULL)
		add_row(w, row);
	else
		w->list[w->count++].element = e;
}

static void
add_elements(struct prop_wanted *w, const struct xml_element *prop)
{
	if (prop == NULL)
		return;
	for (const struct xml_element *e = prop->first; e != NULL; e = e->next)
		add_element(w, e);
}

/* An XML name as far as we write it back: an attribute may hold anything. */
static bool
is_name(view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '-' && v.p[i] != '_'
		    && v.p[i] != '.')
			return false;
	return v.n > 0 && (ascii_is_alpha(v.p[0]) || v.p[0] == '_');
}

static result
make_room(struct arena *arena, const struct xml_element *of, size_t more,
    struct prop_wanted *w)
{
	*w = (struct prop_wanted){ 0 };
	for (const struct xml_element *e = of == NULL ? NULL : of->first;
	     e != NULL; e = e->next)
		more++;
	w->list = arena_array(arena, more, sizeof *w->list);
	if (more > LIMIT_DAV_PROPERTIES)
		return fail(
		    MALFORMED, "more than LIMIT_DAV_PROPERTIES are asked for");
	return arena_result(arena);
}

result
prop_want(struct arena *arena, const struct xml_element *prop,
    struct prop_wanted *out)
{
	TRY(make_room(arena, prop, 0, out));
	add_elements(out, prop);
	return done();
}

result
prop_want_all(struct arena *arena, const struct xml_element *include,
    bool names_only, struct prop_wanted *out)
{
	TRY(make_room(arena, include, COUNT(rows), out));
	out->names_only = names_only;
	out->all = true;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (names_only ? rows[i].inside != prop_bytes : rows[i].all)
			add_row(out, &rows[i]);
	add_elements(out, include);
	return done();
}

result
prop_want_nested(struct arena *arena, const struct xml_element *expand,
    struct prop_wanted *out)
{
	TRY(make_room(arena, expand, 0, out));
	for (const struct xml_element *e = expand->first; e != NULL;
	     e = e->next) {
		struct xml_element *named = arena_alloc(arena, sizeof *named);
		struct prop_wanted *inner = NULL;

		if (!xml_is(e, VIEW(NS_DAV), VIEW("property")))
			continue;
		if (named == NULL)
			return arena_result(arena);
		named->name = xml_attribute(e, VIEW("name"));
		named->ns = xml_attribute(e, VIEW("namespace"));
		if (named->ns.n == 0)
			named->ns = VIEW(NS_DAV);
		if (!is_name(named->name))
			return fail(MALFORMED, "RFC 3253 3.8: no name");
		if (!uri_is_reference(arena, named->ns))
			return fail(MALFORMED, "RFC 3253 3.8: no namespace");
		if (e->first != NULL) {
			inner = arena_alloc(arena, sizeof *inner);
			if (inner == NULL)
				return arena_result(arena);
			TRY(prop_want_nested(arena, e, inner));
		}
		add_element(out, named);
		out->list[out->count - 1].nested = inner;
	}
	return done();
}

/* Kept as a client has set it; with objects that is also their name. */
static bool
is_kept(const struct resource *r, const struct prop_row *row)
{
	return row->kind == PROP_STORED
	    || (row->kind == PROP_NAME && (r->what & DAV_OBJECTS) != 0);
}

static bool
write_row(struct prop_out *o, const struct resource *r,
    const struct prop_row *row, bool name_only)
{
	struct buf *to = o->x.to;
	size_t before = to->n;
	bool open = o->x.open;
	struct property p;

	if (!is_kept(r, row) && (row->on & (int)r->what) == 0)
		return false;
	if (is_kept(r, row)) {
		bool set = dead_find(o, r, row->ns, row->name, &p)
		    && (p.value.n > 0 || r->item != NULL);

		if (!set
		    && (row->inside == NULL || (row->on & (int)r->what) == 0))
			return false;
		xml_start(&o->x, row->tag);
		if (set && !name_only && p.language.n > 0)
			xml_set(&o->x, "xml:lang", p.language);
		if (set && !name_only)
			xml_raw(&o->x, p.value);
		if (!set && !row->inside(o, r)) {
			buf_cut(to, before);
			o->x.open = open;
			return false;
		}
		if (!set && name_only) {
			buf_cut(to, before);
			o->x.open = open;
			xml_start(&o->x, row->tag);
		}
		xml_end(&o->x, row->tag);
		return true;
	}
	xml_start(&o->x, row->tag);
	if (!name_only && !row->inside(o, r)) {
		buf_cut(to, before);
		o->x.open = open;
		return false;
	}
	xml_end(&o->x, row->tag);
	return true;
}

/* RFC 3253 3.8: the resource itself in place of its href. */
static bool
write_link(
    struct prop_out *o, const struct resource *r, const struct prop_want *want)
{
	struct resource to = { .what = want->row->to };
	struct dav *d = o->d;
	struct dav_person person = d->tree;
	struct proxy_stand_in back;

	/* Who does not log in learns of nobody. */
	if ((want->row->on & (int)r->what) == 0 || d->who.account == 0)
		return false;
	if (want->row->many)
		return prop_expand_persons(o, r, want->row, want->nested);
	if (want->row->inside == prop_self)
		person = (struct dav_person){ d->who.account,
			view_of(d->who.address) };
	else if (want->row->inside == prop_owner)
		person = d->owner;
	proxy_stand_in(d, &person, &back);
	to.href = dav_href(d, o->scratch, to.what, VIEW(""), VIEW(""));
	xml_start(&o->x, want->row->tag);
	prop_respond(o, &to, want->nested);
	xml_end(&o->x, want->row->tag);
	proxy_stand_back(d, &back);
	return true;
}

static bool
write_one(struct prop_out *o, const struct resource *r,
    const struct prop_wanted *w, size_t i)
{
	const struct xml_element *e = w->list[i].element;
	struct property p;

	if (w->list[i].nested != NULL && e == NULL
	    && w->list[i].row->to != DAV_NOTHING)
		return write_link(o, r, &w->list[i]);
	if (w->list[i].row != NULL)
		return write_row(o, r, w->list[i].row, w->names_only);
	if (!dead_find(o, r, e->ns, e->name, &p))
		return false;
	dead_write(o, e->ns, e->name, &p);
	return true;
}

static void
write_missing(
    struct prop_out *o, const struct prop_wanted *w, const bool *missing)
{
	static const struct property none = { { "", 0 }, { "", 0 }, { "", 0 } };

	xml_start(&o->x, "D:propstat");
	xml_start(&o->x, "D:prop");
	for (size_t i = 0; i < w->count; i++) {
		if (!missing[i])
			continue;
		if (w->list[i].row != NULL)
			xml_leaf(&o->x, w->list[i].row->tag, VIEW(""));
		else
			dead_write(o, w->list[i].element->ns,
			    w->list[i].element->name, &none);
	}
	xml_end(&o->x, "D:prop");
	xml_leaf(&o->x, "D:status", VIEW("HTTP/1.1 404 Not Found"));
	xml_end(&o->x, "D:propstat");
}

void
prop_respond(
    struct prop_out *o, const struct resource *r, const struct prop_wanted *w)
{
	bool missing[LIMIT_DAV_PROPERTIES] = { false };
	size_t found = 0, absent = 0;
	size_t before;

	xml_start(&o->x, "D:response");
	xml_leaf(&o->x, "D:href", r->href);
	before = o->x.to->n;
	xml_start(&o->x, "D:propstat");
	xml_start(&o->x, "D:prop");
	for (size_t i = 0; i < w->count; i++) {
		missing[i] = !write_one(o, r, w, i);
		found += !missing[i];
		absent += missing[i];
	}
	if (w->all)
		dead_write_all(o, r, w->names_only);
	xml_end(&o->x, "D:prop");
	/* Thunderbird takes the first status, and wants these very bytes. */
	xml_leaf(&o->x, "D:status", VIEW("HTTP/1.1 200 OK"));
	xml_end(&o->x, "D:propstat");
	if (w->all || o->d->minimal)
		absent = 0;
	if (found == 0 && absent > 0)
		buf_cut(o->x.to, before);
	if (absent > 0)
		write_missing(o, w, missing);
	xml_end(&o->x, "D:response");
}
