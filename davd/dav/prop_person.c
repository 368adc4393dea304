/* The properties that name principals. */
#include "davd/dav/proxy.h"

static const struct {
	view name;
	enum dav_what proxy;
} directions[] = {
	{ VIEW_INIT("calendar-proxy-read-for"), DAV_PROXY_READ },
	{ VIEW_INIT("calendar-proxy-write-for"), DAV_PROXY_WRITE },
};

/* Who let whom keep his calendars is nobody else's business. */
static bool
is_own(const struct dav *d)
{
	return d->tree.id == d->who.account;
}

/* Whom the row names on this resource, as principals (`to` DAV_PRINCIPAL) or
 * as one of their groups. */
static result
collect(struct dav *d, struct arena *arena, const struct prop_row *row,
    const struct resource *r, struct persons *out)
{
	if ((r->what & DAV_PROXIES) != 0)
		return is_own(d) ? proxy_members(d, arena, r->what, out)
				 : done();
	for (size_t i = 0; i < COUNT(directions); i++)
		if (is_own(d) && view_eq(row->name, directions[i].name))
			return proxy_owners(
			    d, arena, directions[i].proxy, out);
	return done();
}

static void
write_persons(struct prop_out *o, const struct persons *p)
{
	for (size_t i = 0; i < p->count; i++)
		xml_leaf(&o->x, "D:href",
		    dav_principal_href(o->scratch, p->list[i].address));
}

static bool
write_row(struct prop_out *o, const struct resource *r, const char *name)
{
	struct prop_row row = { .name = view_of(name) };
	struct persons p = { .count = 0 };

	if (collect(o->d, o->scratch, &row, r, &p).is != OK)
		return false;
	write_persons(o, &p);
	return true;
}

bool
prop_members(struct prop_out *o, const struct resource *r)
{
	return write_row(o, r, "group-member-set");
}

bool
prop_proxy_read_for(struct prop_out *o, const struct resource *r)
{
	return write_row(o, r, "calendar-proxy-read-for");
}

bool
prop_proxy_write_for(struct prop_out *o, const struct resource *r)
{
	return write_row(o, r, "calendar-proxy-write-for");
}

static bool
write_groups(struct prop_out *o, enum dav_what proxy, const char *tail)
{
	struct persons p = { .count = 0 };

	if (proxy_owners(o->d, o->scratch, proxy, &p).is != OK)
		return false;
	for (size_t i = 0; i < p.count; i++) {
		view href = dav_principal_href(
		    o->scratch, p.list[i].address);

		xml_leaf(&o->x, "D:href",
		    arena_print(o->scratch, "%.*s%s", (int)href.n, href.p,
			tail));
	}
	return true;
}

bool
prop_membership(struct prop_out *o, const struct resource *r)
{
	if (r->what != DAV_PRINCIPAL || !is_own(o->d))
		return true;
	return write_groups(o, DAV_PROXY_READ, "calendar-proxy-read/")
	    && write_groups(o, DAV_PROXY_WRITE, "calendar-proxy-write/");
}

/* RFC 3253 3.8: a response for each in place of its href. */
bool
prop_expand_persons(struct prop_out *o, const struct resource *r,
    const struct prop_row *row, const struct prop_wanted *nested)
{
	struct persons p = { .count = 0 };

	if (collect(o->d, o->scratch, row, r, &p).is != OK)
		return false;
	xml_start(&o->x, row->tag);
	for (size_t i = 0; i < p.count; i++) {
		struct resource to = { .what = DAV_PRINCIPAL };
		struct proxy_stand_in back;

		proxy_stand_in(o->d, &p.list[i], &back);
		to.href = dav_principal_href(o->scratch, p.list[i].address);
		prop_respond(o, &to, nested);
		proxy_stand_back(o->d, &back);
	}
	xml_end(&o->x, row->tag);
	return true;
}
