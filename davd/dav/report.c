#include "davd/dav/report.h"

#include "davd/dav/acl.h"

#include "mailcore/base/limits.h"

static const struct report {
	view ns;
	view name;
	int on;
	void (*run)(struct dav *, const struct xml_element *);
	enum {
		PLAIN,
		READS, /* what is in a collection */
		FLAT   /* RFC 3744 9.2 to 9.5: Depth: 0 alone, one DAV:prop */
	} kind;
} reports[] = {
	{ VIEW_INIT(NS_DAV), VIEW_INIT("sync-collection"), DAV_COLLECTIONS,
	    report_sync, READS },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("sync-collection"), DAV_HOMES,
	    report_sync_home, PLAIN },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("expand-property"), DAV_ALL,
	    report_expand, PLAIN },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("principal-property-search"),
	    DAV_ALL, report_principal_search, FLAT },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("principal-search-property-set"),
	    DAV_ROOT | DAV_PRINCIPAL | DAV_HOMES, report_principal_properties,
	    FLAT },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("principal-match"), DAV_ROOT,
	    report_principal_match, FLAT },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("principal-match"),
	    DAV_PRINCIPAL | DAV_HOMES | DAV_CALENDAR | DAV_BOOK | DAV_INBOX,
	    report_member_match, FLAT },
	{ VIEW_INIT(NS_DAV), VIEW_INIT("acl-principal-prop-set"),
	    DAV_ALL & ~DAV_ROOT, report_acl_principals, FLAT },
	{ VIEW_INIT(NS_CALDAV), VIEW_INIT("calendar-multiget"),
	    DAV_CALENDARS | DAV_CALENDAR | DAV_INBOX | DAV_EVENT | DAV_MESSAGE,
	    report_multiget, READS },
	{ VIEW_INIT(NS_CALDAV), VIEW_INIT("calendar-query"),
	    DAV_CALENDAR | DAV_INBOX | DAV_EVENT | DAV_MESSAGE,
	    report_calendar_query, READS },
	{ VIEW_INIT(NS_CALDAV), VIEW_INIT("free-busy-query"),
	    DAV_PRINCIPAL | DAV_CALENDARS | DAV_CALENDAR, report_busy, PLAIN },
	{ VIEW_INIT(NS_CARDDAV), VIEW_INIT("addressbook-multiget"),
	    DAV_BOOKS | DAV_BOOK | DAV_CARD, report_multiget, READS },
	{ VIEW_INIT(NS_CARDDAV), VIEW_INIT("addressbook-query"),
	    DAV_BOOK | DAV_CARD, report_book_query, READS },
};

static const struct report *
report_find(const struct xml_element *root, enum dav_what what)
{
	for (size_t i = 0; i < COUNT(reports); i++)
		if ((reports[i].on & (int)what) != 0
		    && xml_is(root, reports[i].ns, reports[i].name))
			return &reports[i];
	return NULL;
}

result
report_wanted(
    struct dav *d, const struct xml_element *root, struct prop_wanted *out)
{
	if (xml_child(root, VIEW(NS_DAV), VIEW("allprop")) != NULL)
		return prop_want_all(d->arena, NULL, false, out);
	if (xml_child(root, VIEW(NS_DAV), VIEW("propname")) != NULL)
		return prop_want_all(d->arena, NULL, true, out);
	return prop_want(
	    d->arena, xml_child(root, VIEW(NS_DAV), VIEW("prop")), out);
}

result
report_limit(const struct xml_element *root, view ns, uint64_t *out)
{
	const struct xml_element *e = xml_child(root, ns, VIEW("limit"));

	*out = 0;
	if (e == NULL)
		return done();
	e = xml_child(e, ns, VIEW("nresults"));
	if (e == NULL || !view_number(view_trim(e->text), UINT32_MAX, out)
	    || *out == 0)
		return fail(MALFORMED, "RFC 5323 5.17: bad nresults");
	return done();
}

static bool
target_exists(struct dav *d)
{
	struct collection c = { .id = 0 };
	struct item item;
	result r = done();

	if (d->path.what == DAV_NOTHING)
		r = fail(NOT_FOUND, "There is nothing here.");
	else if ((d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0)
		r = dav_collection(d, d->arena, &c);
	if (r.is == OK && (d->path.what & DAV_OBJECTS) != 0)
		r = item_by_name(
		    d->account, d->arena, c.id, d->path.object, &item);
	if (r.is != OK)
		dav_fail(d, r);
	return r.is == OK;
}

static bool
may_read(struct dav *d)
{
	unsigned rights;

	return acl_target_rights(d, &rights).is == OK
	    && (rights & (RIGHT_READ | RIGHT_TIMES)) != 0;
}

static bool
is_flat(const struct dav *d, const struct xml_element *root)
{
	size_t props = 0;

	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		props += xml_is(e, VIEW(NS_DAV), VIEW("prop"));
	return props <= 1 && dav_depth_of(d->request, DEPTH_0) == DEPTH_0;
}

void
dav_report(struct dav *d)
{
	const struct report *report;
	struct xml_element *root;

	if (!dav_body(d, &root) || !target_exists(d))
		return;
	if (root == NULL) {
		answer_text(d->answer, 400, "RFC 3253 3.6: no report");
		return;
	}
	report = report_find(root, d->path.what);
	if (report == NULL) {
		dav_error(d, 403, "D:supported-report", VIEW(""));
		return;
	}
	if (report->kind == FLAT && !is_flat(d, root))
		answer_text(d->answer, 400,
		    "RFC 3744 9: Depth is 0, and there is one DAV:prop");
	else if (report->kind == READS
	    && (d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0
	    && !may_read(d))
		dav_need(d, RIGHT_READ);
	else
		report->run(d, root);
}

/* RFC 3253 3.8, for the target itself. */
struct expand {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection collection;
	struct item item;
};

static result
expand_next(struct stream *s, bool *more)
{
	struct expand *e = (struct expand *)s;
	struct dav *d = s->out.d;
	struct resource r = { .what = d->path.what, .href = d->self };

	*more = false;
	if ((r.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0)
		r.collection = &e->collection;
	if ((r.what & DAV_OBJECTS) != 0)
		r.item = &e->item;
	stream_resource(s, &r);
	return done();
}

void
report_expand(struct dav *d, const struct xml_element *root)
{
	struct expand *e = arena_alloc(d->arena, sizeof *e);
	result r = arena_result(d->arena);

	if (r.is == OK)
		r = prop_want_nested(d->arena, root, &e->wanted);
	if (r.is == OK && (d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0)
		r = dav_collection(d, d->arena, &e->collection);
	if (r.is == OK && (d->path.what & DAV_OBJECTS) != 0)
		r = item_by_name(d->account, d->arena, e->collection.id,
		    d->path.object, &e->item);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	e->s.next = expand_next;
	e->s.wanted = &e->wanted;
	stream_start(&e->s, d);
}
