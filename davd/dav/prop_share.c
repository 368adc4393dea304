/* The properties by which Apple's clients show who shares what. */
#include "davd/dav/acl.h"
#include "davd/dav/prop.h"

static bool
is_owners(const struct dav *d)
{
	return d->rights.all && d->shared.id == 0;
}

static bool
list_grants(struct prop_out *o, const struct resource *r,
    struct right_grant **list, size_t *count)
{
	return is_owners(o->d)
	    && right_list(o->d->services->store, o->scratch, o->d->owner.id,
		   r->collection->kind, r->collection->id, list, count)
		    .is
	    == OK;
}

/* Everyone has accepted: there is nothing to reply to. */
bool
prop_invite(struct prop_out *o, const struct resource *r)
{
	struct right_grant *list;
	size_t count;

	if (!list_grants(o, r, &list, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool writes = (list[i].rights & RIGHT_CHANGE) != 0;

		if (list[i].whom != RIGHT_ACCOUNT
		    || (list[i].rights & RIGHT_READ) == 0)
			continue;
		xml_start(&o->x, "CS:user");
		xml_leaf(&o->x, "D:href",
		    arena_print(o->scratch, "mailto:%.*s",
			(int)list[i].name.n, list[i].name.p));
		xml_leaf(&o->x, "CS:invite-accepted", VIEW(""));
		xml_start(&o->x, "CS:access");
		xml_leaf(&o->x, writes ? "CS:read-write" : "CS:read",
		    VIEW(""));
		xml_end(&o->x, "CS:access");
		xml_end(&o->x, "CS:user");
	}
	return true;
}

static view
open_url(struct prop_out *o, view name)
{
	struct dav d = *o->d;
	view href;

	d.path.open = true;
	href = dav_href(&d, o->scratch, DAV_CALENDAR, name, VIEW(""));
	return arena_print(
	    o->scratch, "%.*s.ics", (int)href.n - 1, href.p);
}

bool
prop_publish_url(struct prop_out *o, const struct resource *r)
{
	struct right_grant *list;
	size_t count;

	if (!o->d->services->publish || !list_grants(o, r, &list, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i].whom == RIGHT_ANYONE
		    && (list[i].rights & (RIGHT_READ | RIGHT_TIMES)) != 0) {
			xml_leaf(&o->x, "D:href",
			    open_url(o, r->collection->name));
			return true;
		}
	return false;
}

bool
prop_sharing_modes(struct prop_out *o, const struct resource *r)
{
	(void)r;
	if (!is_owners(o->d))
		return false;
	xml_leaf(&o->x, "CS:can-be-shared", VIEW(""));
	if (o->d->services->publish)
		xml_leaf(&o->x, "CS:can-be-published", VIEW(""));
	return true;
}
