#include "davd/dav/acl.h"

/* To who asks, another's account is there when something in it is. */

static const result hidden = { NOT_FOUND, "There is nothing here." };

static view
domain_of(view address)
{
	view rest = address;

	(void)view_cut(&rest, '@');
	return rest;
}

/* Everyone in a domain may know who else is there. */
static bool
is_colleague(const struct dav *d, view address)
{
	return d->who.account != 0
	    && view_same(
		domain_of(view_of(d->who.address)), domain_of(address));
}

/* The tree that the URL names.  One's own costs no question. */
static result
find_tree(struct dav *d)
{
	struct account_info info;
	view self = view_of(d->who.address);
	result r;

	d->tree = (struct dav_person){ d->who.account, self };
	if (d->path.user.n == 0 || view_same(d->path.user, self))
		return done();
	r = account_find(d->services->store, d->arena, d->path.user, &info);
	if (r.is == NOT_FOUND || (r.is == OK && !info.enabled))
		return hidden;
	TRY(r);
	if (info.id != d->who.account || d->path.open)
		d->tree = (struct dav_person){ info.id, info.address };
	return done();
}

static result
open_owner(struct dav *d, const struct dav_person *owner)
{
	result r;

	account_close(&d->account);
	d->owner = *owner;
	TRY(right_read(d->services->store, d->arena, d->who.account, owner->id,
	    &d->rights));
	r = account_open(d->services->store, owner->id, &d->account);
	return r.is == NOT_FOUND ? hidden : r;
}

static result
follow(struct dav *d, const struct subscription *s)
{
	struct account_info info;
	struct dav_person owner;
	result r = account_get(d->services->store, d->arena, s->owner, &info);

	if (r.is == NOT_FOUND)
		return hidden;
	TRY(r);
	owner = (struct dav_person){ info.id, info.address };
	d->shared = *s;
	TRY(open_owner(d, &owner));
	return right_in(&d->rights, s->kind, s->collection) == 0 ? hidden
								 : done();
}

/* Names that subscribe.c makes hold an escaped '@'. */
static result
find_subscription(struct dav *d)
{
	enum collection_kind kind = dav_kind(d->path.what);
	struct subscription s;
	result r;

	if ((d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) == 0
	    || view_find(d->path.collection, VIEW("_A_")) == SIZE_MAX)
		return done();
	r = subscription_find(
	    d->account, d->arena, kind, d->path.collection, &s);
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	return follow(d, &s);
}

static bool
makes_collection(const struct dav *d)
{
	return view_eq(d->request->method, VIEW("MKCOL"))
	    || view_eq(d->request->method, VIEW("MKCALENDAR"));
}

/* May he know of the target in another's tree? */
static result
show(struct dav *d)
{
	enum dav_what what = d->path.what;
	struct collection c;
	result r;

	if ((what & DAV_SCHEDULING) != 0)
		return hidden;
	if (what == DAV_NOTHING && !d->path.busy)
		return right_any(&d->rights, COLLECTION_CALENDAR)
			|| right_any(&d->rights, COLLECTION_ADDRESSBOOK)
		    ? done()
		    : hidden;
	if (what == DAV_PRINCIPAL || (what & DAV_PROXIES) != 0)
		return !d->path.open
			&& (is_colleague(d, d->tree.address)
			    || right_any(&d->rights, COLLECTION_CALENDAR)
			    || right_any(&d->rights, COLLECTION_ADDRESSBOOK))
		    ? done()
		    : hidden;
	if (!right_any(&d->rights, dav_kind(what)))
		return hidden;
	if ((what & (DAV_COLLECTIONS | DAV_OBJECTS)) == 0)
		return done();
	r = dav_collection(d, d->arena, &c);
	if (r.is == NOT_FOUND && makes_collection(d)
	    && right_in_all(&d->rights, dav_kind(what)) != 0)
		return done();
	return r.is == NOT_FOUND ? hidden : r;
}

/* GET of "name.ics" or "name.vcf" is of the collection "name", unless there is
 * one of the longer name.  So is OPTIONS where nothing else can be done. */
static result
read_export(struct dav *d)
{
	view suffix = d->path.what == DAV_CALENDAR ? VIEW(".ics")
						   : VIEW(".vcf");
	view name = d->path.collection;
	struct collection c;
	result r;

	if ((d->path.what & DAV_COLLECTIONS) == 0 || d->path.slash
	    || !view_ends(name, suffix)
	    || (!view_eq(d->request->method, VIEW("GET"))
		&& !view_eq(d->request->method, VIEW("HEAD"))
		&& !(d->path.open
		    && view_eq(d->request->method, VIEW("OPTIONS")))))
		return done();
	r = collection_find(
	    d->account, d->arena, dav_kind(d->path.what), name, &c);
	if (r.is != NOT_FOUND)
		return r;
	d->path.collection = view_first(name, name.n - suffix.n);
	d->path.whole = true;
	return done();
}

result
acl_resolve(struct dav *d)
{
	TRY(find_tree(d));
	TRY(open_owner(d, &d->tree));
	TRY(read_export(d));
	if (d->rights.all)
		return find_subscription(d);
	return show(d);
}

unsigned
acl_rights(
    const struct dav *d, enum dav_what what, const struct collection *c)
{
	if (what == DAV_ROOT)
		return RIGHT_LOOKUP | RIGHT_READ;
	if (c != NULL)
		return right_in(&d->rights, c->kind, c->id);
	if ((what & (DAV_PRINCIPAL | DAV_PROXIES)) != 0 && !d->rights.all)
		return RIGHT_LOOKUP | RIGHT_READ;
	return RIGHT_LOOKUP | RIGHT_READ
	    | right_in_all(&d->rights, dav_kind(what));
}

result
acl_target_rights(struct dav *d, unsigned *out)
{
	enum dav_what what = d->path.what;
	struct collection c;
	result r;

	*out = d->rights.all ? RIGHT_ALL : acl_rights(d, what, NULL);
	if (d->rights.all
	    || (what & (DAV_COLLECTIONS | DAV_OBJECTS)) == 0)
		return done();
	r = dav_collection(d, d->arena, &c);
	if (r.is == OK)
		*out = acl_rights(d, what, &c);
	return r.is == NOT_FOUND ? done() : r;
}

bool
acl_may(const struct dav *d, const struct collection *c, unsigned any)
{
	return (acl_rights(d, DAV_NOTHING, c) & any) != 0;
}

/* One of `any` is needed for the method on one of `on`; what each method does
 * beside that (which name a PUT makes, where a COPY goes) it asks itself.
 * What is not here, everyone may try who sees the target. */
static const struct gate {
	view method;
	int on;
	unsigned any;
} gates[] = {
	{ VIEW_INIT("GET"), DAV_COLLECTIONS | DAV_OBJECTS,
	    RIGHT_READ | RIGHT_TIMES },
	{ VIEW_INIT("HEAD"), DAV_COLLECTIONS | DAV_OBJECTS,
	    RIGHT_READ | RIGHT_TIMES },
	{ VIEW_INIT("PROPFIND"), DAV_OBJECTS, RIGHT_READ | RIGHT_TIMES },
	{ VIEW_INIT("REPORT"), DAV_OBJECTS, RIGHT_READ | RIGHT_TIMES },
	{ VIEW_INIT("PUT"), DAV_OBJECTS, RIGHT_CHANGE | RIGHT_INSERT },
	{ VIEW_INIT("PROPPATCH"), DAV_COLLECTIONS | DAV_HOMES | DAV_PRINCIPAL
		| DAV_PROXIES,
	    RIGHT_PROPERTIES },
	{ VIEW_INIT("PROPPATCH"), DAV_OBJECTS, RIGHT_CHANGE },
	{ VIEW_INIT("DELETE"), DAV_OBJECTS, RIGHT_DELETE },
	{ VIEW_INIT("DELETE"), DAV_ALL & ~(DAV_OBJECTS | DAV_ROOT),
	    RIGHT_REMOVE },
	{ VIEW_INIT("MKCOL"), DAV_ALL & ~DAV_ROOT, RIGHT_MAKE },
	{ VIEW_INIT("MKCALENDAR"), DAV_ALL & ~DAV_ROOT, RIGHT_MAKE },
	{ VIEW_INIT("COPY"), DAV_OBJECTS, RIGHT_READ },
	{ VIEW_INIT("MOVE"), DAV_OBJECTS, RIGHT_DELETE },
	{ VIEW_INIT("MOVE"), DAV_COLLECTIONS, RIGHT_REMOVE },
	{ VIEW_INIT("ACL"), DAV_ALL & ~DAV_ROOT, RIGHT_ADMIN },
};

/* What a subscriber does with a subscription itself is his own affair. */
static bool
is_own_affair(const struct dav *d, view method)
{
	return d->shared.id != 0 && (d->path.what & DAV_COLLECTIONS) != 0
	    && (view_eq(method, VIEW("DELETE"))
		|| view_eq(method, VIEW("PROPPATCH")));
}

bool
acl_gate(struct dav *d, view method)
{
	unsigned rights;
	result r;

	if (d->rights.all || is_own_affair(d, method))
		return true;
	r = acl_target_rights(d, &rights);
	if (r.is != OK) {
		dav_fail(d, r);
		return false;
	}
	for (size_t i = 0; i < COUNT(gates); i++) {
		if (!view_eq(gates[i].method, method)
		    || (gates[i].on & (int)d->path.what) == 0
		    || (rights & gates[i].any) != 0)
			continue;
		dav_need(d, gates[i].any);
		return false;
	}
	return true;
}

result
acl_enter(struct dav *d, const struct subscription *s, struct acl_visit *back,
    struct collection *out)
{
	*back = (struct acl_visit){ d->account, d->owner, d->rights,
		d->shared };
	d->account = NULL;
	TRY(follow(d, s));
	TRY(collection_get(d->account, d->arena, s->collection, out));
	if (out->kind != s->kind)
		return hidden;
	out->name = s->name;
	return done();
}

void
acl_leave(struct dav *d, struct acl_visit *back)
{
	account_close(&d->account);
	d->account = back->account;
	d->owner = back->owner;
	d->rights = back->rights;
	d->shared = back->shared;
}
