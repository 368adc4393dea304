#include "davd/dav/proxy.h"
#include "davd/dav/report.h"

#include "mailcore/base/limits.h"

/*
 * The reports about principals (RFC 3744 9).  Everyone finds himself, and of
 * his domain those whose address he knows; with the directory, all of them.
 */
struct principals {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct persons found;
	size_t at;
};

static result
next(struct stream *s, bool *more)
{
	struct principals *p = (struct principals *)s;
	struct resource r = { .what = DAV_PRINCIPAL };
	struct dav *d = s->out.d;

	*more = p->at < p->found.count;
	if (*more) {
		const struct dav_person *person = &p->found.list[p->at++];
		struct proxy_stand_in back;

		proxy_stand_in(d, person, &back);
		r.href = dav_principal_href(s->out.scratch, person->address);
		stream_resource(s, &r);
		proxy_stand_back(d, &back);
	}
	return done();
}

static void
answer(struct dav *d, const struct xml_element *root,
    const struct persons *found)
{
	struct principals *p = arena_alloc(d->arena, sizeof *p);
	result r = arena_result(d->arena);

	if (r.is == OK)
		r = report_wanted(d, root, &p->wanted);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	p->found = *found;
	p->s.next = next;
	p->s.wanted = &p->wanted;
	stream_start(&p->s, d);
}

static struct dav_person
self_of(const struct dav *d)
{
	return (struct dav_person){ d->who.account,
		view_of(d->who.address) };
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
matches_one(struct dav *d, const struct xml_element *search)
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

static bool
is_search(const struct xml_element *e)
{
	return xml_is(e, VIEW(NS_DAV), VIEW("property-search"));
}

static bool
matches(struct dav *d, const struct xml_element *root,
    const struct dav_person *person)
{
	bool all = !view_eq(xml_attribute(root, VIEW("test")), VIEW("anyof"));
	bool found = all;
	struct proxy_stand_in back;

	proxy_stand_in(d, person, &back);
	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		if (is_search(e))
			found = all ? found && matches_one(d, e)
				    : found || matches_one(d, e);
	proxy_stand_back(d, &back);
	return found;
}

/* The address that is searched for, by itself or in the path of a home. */
static view
address_of(struct dav *d, view text)
{
	struct dav_path path;

	text = view_trim(text);
	if (view_starts_same(text, VIEW("mailto:")))
		text = view_from(text, 7);
	if (view_at(text, 0) != '/')
		return text;
	return dav_href_path(d, d->arena, text, &path) ? path.user : VIEW("");
}

static view
domain_of(const struct dav *d)
{
	view domain = view_of(d->who.address);

	(void)view_cut(&domain, '@');
	return domain;
}

/* Everyone asks for those of his own domain, wherever he asks. */
static result
find_colleague(struct dav *d, view address, struct account_info *out)
{
	view domain;

	TRY(account_find(d->services->store, d->arena, address, out));
	domain = out->address;
	(void)view_cut(&domain, '@');
	return out->enabled && view_same(domain, domain_of(d))
	    ? done()
	    : fail(NOT_FOUND, "no such account");
}

static result
add_known(struct dav *d, const struct xml_element *root, struct persons *out)
{
	for (const struct xml_element *e = root->first; e != NULL;
	     e = e->next) {
		const struct xml_element *match = xml_child(
		    e, VIEW(NS_DAV), VIEW("match"));
		struct account_info info;
		struct dav_person person;

		if (!is_search(e) || match == NULL
		    || out->count > LIMIT_DIRECTORY
		    || find_colleague(d, address_of(d, match->text), &info).is
			!= OK)
			continue;
		person = (struct dav_person){ info.id, info.address };
		TRY(persons_add(out, d->arena, &person));
	}
	return done();
}

static result
add_all(struct dav *d, struct persons *out)
{
	struct account_info *list;
	size_t count;

	TRY(account_list(
	    d->services->store, d->arena, domain_of(d), &list, &count));
	for (size_t i = 0; i < count; i++) {
		const struct dav_person person = { list[i].id,
			list[i].address };

		if (list[i].enabled)
			TRY(persons_add(out, d->arena, &person));
	}
	return done();
}

static result
search(struct dav *d, const struct xml_element *root, struct persons *found)
{
	struct dav_person self = self_of(d);
	struct persons all = { .count = 0 };

	TRY(persons_add(&all, d->arena, &self));
	if (d->services->directory)
		TRY(add_all(d, &all));
	else
		TRY(add_known(d, root, &all));
	for (size_t i = 0; i < all.count; i++)
		if (matches(d, root, &all.list[i]))
			TRY(persons_add(found, d->arena, &all.list[i]));
	return found->count <= LIMIT_DIRECTORY
	    ? done()
	    : fail(OVER_LIMIT, "RFC 3744 9.4: more than LIMIT_DIRECTORY");
}

void
report_principal_search(struct dav *d, const struct xml_element *root)
{
	struct persons found = { .count = 0 };
	bool any = false;
	result r = done();

	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		any = any || is_search(e);
	if (!any) {
		answer_text(
		    d->answer, 400, "RFC 3744 9.4: nothing to search for");
		return;
	}
	if (d->who.account == 0)
		r = done(); /* who does not log in finds nobody */
	else if (d->path.what == DAV_ROOT
	    || xml_child(root, VIEW(NS_DAV),
		   VIEW("apply-to-principal-collection-set"))
		!= NULL)
		r = search(d, root, &found);
	if (r.is == OK)
		answer(d, root, &found);
	else if (r.is == OVER_LIMIT)
		dav_error(
		    d, 403, "D:number-of-matches-within-limits", VIEW(""));
	else
		dav_fail(d, r);
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
	struct persons found = { .count = 0 };
	struct dav_person self = self_of(d);
	const struct prop_row *row;
	result r = done();

	if (xml_child(root, VIEW(NS_DAV), VIEW("self")) != NULL) {
		r = persons_add(&found, d->arena, &self);
	} else if (by == NULL || by->first == NULL) {
		r = fail(MALFORMED, "RFC 3744 9.3: nothing to match");
	} else {
		row = prop_find(by->first->ns, by->first->name);
		if (row != NULL && row->to == DAV_PRINCIPAL)
			r = persons_add(&found, d->arena, &self);
	}
	if (r.is == OK)
		answer(d, root, &found);
	else
		dav_fail(d, r);
}

static result
add_grantees(struct dav *d, int64_t collection, struct persons *out)
{
	struct right_grant *list;
	size_t count;

	TRY(right_list(d->services->store, d->arena, d->owner.id,
	    dav_kind(d->path.what), collection, &list, &count));
	for (size_t i = 0; i < count; i++) {
		const struct dav_person person = { list[i].id, list[i].name };

		if (list[i].whom == RIGHT_ACCOUNT)
			TRY(persons_add(out, d->arena, &person));
	}
	return done();
}

/* Who is named in DAV:acl: the owner, and for those who may read that, whom
 * he granted something. */
void
report_acl_principals(struct dav *d, const struct xml_element *root)
{
	struct persons found = { .count = 0 };
	struct collection c;
	unsigned rights = 0;
	result r = acl_target_rights(d, &rights);

	if (r.is == OK && d->who.account != 0)
		r = persons_add(&found, d->arena, &d->owner);
	if (r.is == OK && (rights & RIGHT_ADMIN) != 0
	    && (d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0) {
		r = dav_collection(d, d->arena, &c);
		if (r.is == OK)
			r = add_grantees(d, c.id, &found);
	}
	if (r.is == OK && (rights & RIGHT_ADMIN) != 0
	    && (d->path.what & (DAV_PRINCIPAL | DAV_PROXIES)) == 0)
		r = add_grantees(d, 0, &found);
	if (r.is == OK)
		answer(d, root, &found);
	else
		dav_fail(d, r);
}
