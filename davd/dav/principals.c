#include "davd/dav/report.h"

/*
 * The reports about principals (RFC 3744 9).  Of all principals everyone is
 * shown his own.
 */
struct principals {
	struct stream s; /* first */
	struct prop_wanted wanted;
	bool found;
};

static result
next(struct stream *s, bool *more)
{
	struct principals *p = (struct principals *)s;
	struct resource r = { .what = DAV_PRINCIPAL };

	*more = false;
	if (!p->found)
		return done();
	r.href = dav_href(s->out.d, s->out.scratch, r.what, VIEW(""), VIEW(""));
	stream_resource(s, &r);
	return done();
}

static void
answer(struct dav *d, const struct xml_element *root, bool found)
{
	struct principals *p = arena_alloc(d->arena, sizeof *p);
	result r = arena_result(d->arena);

	if (r.is == OK)
		r = report_wanted(d, root, &p->wanted);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	p->found = found;
	p->s.next = next;
	p->s.wanted = &p->wanted;
	stream_start(&p->s, d);
}

/* Both are compared as they stand in XML. */
static bool
holds(struct dav *d, const struct prop_row *row, view text)
{
	struct buf value = buf_new(65536), wanted = buf_new(65536);
	struct prop_out o = { .d = d, .scratch = d->arena };
	struct xml_out escaped = { .to = &wanted };
	struct resource r = { .what = DAV_PRINCIPAL };
	bool found = false;

	o.x = (struct xml_out){ .to = &value };
	xml_text(&escaped, text);
	if (row != NULL && (row->on & DAV_PRINCIPAL) != 0 && row->inside != NULL
	    && row->inside(&o, &r))
		found = buf_result(&wanted).is == OK
		    && view_find_same(buf_view(&value), buf_view(&wanted))
			!= SIZE_MAX;
	buf_free(&value);
	buf_free(&wanted);
	return found;
}

/* One DAV:property-search: all of its properties hold the text. */
static bool
matches(struct dav *d, const struct xml_element *search)
{
	const struct xml_element *prop = xml_child(
				     search, VIEW(NS_DAV), VIEW("prop")),
				 *match = xml_child(
				     search, VIEW(NS_DAV), VIEW("match"));

	if (prop == NULL || prop->first == NULL || match == NULL)
		return false;
	for (const struct xml_element *e = prop->first; e != NULL; e = e->next)
		if (!holds(
			d, prop_find(e->ns, e->name), view_trim(match->text)))
			return false;
	return true;
}

void
report_principal_search(struct dav *d, const struct xml_element *root)
{
	bool all = !view_eq(xml_attribute(root, VIEW("test")), VIEW("anyof"));
	bool found = all, any = false;

	for (const struct xml_element *e = root->first; e != NULL;
	     e = e->next) {
		bool good;

		if (!xml_is(e, VIEW(NS_DAV), VIEW("property-search")))
			continue;
		any = true;
		good = matches(d, e);
		found = all ? found && good : found || good;
	}
	if (!any) {
		answer_text(
		    d->answer, 400, "RFC 3744 9.4: nothing to search for");
		return;
	}
	if (d->path.what != DAV_ROOT
	    && xml_child(root, VIEW(NS_DAV),
		   VIEW("apply-to-principal-collection-set"))
		== NULL)
		found = false;
	answer(d, root, found);
}

/* What report_principal_search finds people by. */
static const struct {
	const char *tag;
	const char *description;
} searchable[] = {
	{ "D:displayname", "Name" },
	{ "CS:email-address-set", "E-mail address" },
	{ "C:calendar-user-address-set", "Calendar address" },
	{ "C:calendar-home-set", "Calendars" },
};

void
report_principal_properties(struct dav *d, const struct xml_element *root)
{
	struct xml_out x = xml_to(&d->answer->body);

	(void)root;
	xml_start(&x, "D:principal-search-property-set");
	dav_prefixes(&x);
	for (size_t i = 0; i < COUNT(searchable); i++) {
		xml_start(&x, "D:principal-search-property");
		xml_start(&x, "D:prop");
		xml_leaf(&x, searchable[i].tag, VIEW(""));
		xml_end(&x, "D:prop");
		xml_start(&x, "D:description");
		xml_set(&x, "xml:lang", VIEW("en"));
		xml_text(&x, view_of(searchable[i].description));
		xml_end(&x, "D:description");
		xml_end(&x, "D:principal-search-property");
	}
	xml_end(&x, "D:principal-search-property-set");
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	d->answer->status = 200;
}

/* Which of the principals here is the one who asks, or belongs to it. */
void
report_principal_match(struct dav *d, const struct xml_element *root)
{
	const struct xml_element *by = xml_child(
	    root, VIEW(NS_DAV), VIEW("principal-property"));
	const struct prop_row *row;

	if (xml_child(root, VIEW(NS_DAV), VIEW("self")) != NULL) {
		answer(d, root, true);
		return;
	}
	if (by == NULL || by->first == NULL) {
		answer_text(d->answer, 400, "RFC 3744 9.3: nothing to match");
		return;
	}
	row = prop_find(by->first->ns, by->first->name);
	answer(d, root, row != NULL && row->to == DAV_PRINCIPAL);
}

/* Who is named in DAV:acl: the owner. */
void
report_acl_principals(struct dav *d, const struct xml_element *root)
{
	answer(d, root, true);
}
