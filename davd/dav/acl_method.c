#include "davd/dav/acl.h"

#include "mailcore/base/limits.h"

/*
 * ACL (RFC 3744 8): all grants for a calendar, an address book or a home, in
 * place of those that were there.  The owner's own cannot be changed, and
 * what a home grants is changed there.
 */
struct acl {
	struct dav *d;
	enum collection_kind kind;
	int64_t collection;
	int64_t domain;
	struct right_grant *list;
	size_t count;
	const char *condition; /* of a refusal */
};

/* What ACL cannot express stays as it was for those who stay. */
enum {
	EXPRESSED = RIGHTS_WRITE | RIGHT_ADMIN | RIGHT_TIMES | RIGHT_POST
};

static bool
refuse(struct acl *a, const char *condition)
{
	a->condition = condition;
	return false;
}

static const struct xml_element *
child(const struct xml_element *e, const char *name)
{
	return xml_child(e, VIEW(NS_DAV), view_of(name));
}

/* A person whom both sides may know of. */
static bool
read_person(struct acl *a, view href, struct right_grant *out)
{
	struct dav *d = a->d;
	struct account_info info;
	struct dav_path path;

	if (!dav_href_path(d, d->arena, href, &path)
	    || path.what != DAV_PRINCIPAL || path.open
	    || account_find(d->services->store, d->arena, path.user, &info).is
		!= OK
	    || info.domain != a->domain)
		return refuse(a, "D:recognized-principal");
	out->whom = RIGHT_ACCOUNT;
	out->id = info.id;
	return true;
}

static bool
read_principal(
    struct acl *a, const struct xml_element *e, struct right_grant *out)
{
	const struct xml_element *href = child(e, "href");
	const struct xml_element *property = child(e, "property");

	if (href != NULL)
		return read_person(a, href->text, out);
	if (property != NULL && child(property, "owner") != NULL) {
		out->whom = RIGHT_ACCOUNT;
		out->id = a->d->owner.id;
	} else if (child(e, "authenticated") != NULL) {
		out->whom = RIGHT_DOMAIN;
		out->id = a->domain;
	} else if (child(e, "all") != NULL) {
		if (!a->d->services->publish)
			return refuse(a, "D:allowed-principal");
		out->whom = RIGHT_ANYONE;
	} else {
		return refuse(a,
		    e->first == NULL ? "D:recognized-principal"
				     : "D:allowed-principal");
	}
	return true;
}

static bool
read_grant(struct acl *a, const struct xml_element *e, unsigned *rights)
{
	for (const struct xml_element *p = e->first; p != NULL; p = p->next) {
		const struct acl_privilege *known;

		if (!xml_is(p, VIEW(NS_DAV), VIEW("privilege"))
		    || p->first == NULL)
			continue;
		known = acl_privilege_find(p->first->ns, p->first->name);
		if (known == NULL)
			return refuse(a, "D:not-supported-privilege");
		if (known->gives == 0)
			return refuse(a, "D:no-abstract");
		*rights |= known->gives;
	}
	return true;
}

/* Two entries for one principal are one grant. */
static void
add_grant(struct acl *a, const struct right_grant *g)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].whom == g->whom && a->list[i].id == g->id) {
			a->list[i].rights |= g->rights;
			return;
		}
	a->list[a->count++] = *g;
}

static bool
read_ace(struct acl *a, const struct xml_element *e)
{
	struct right_grant g = { .kind = a->kind,
		.collection = a->collection };
	const struct xml_element *principal = child(e, "principal");
	const struct xml_element *grant = child(e, "grant");

	if (child(e, "deny") != NULL)
		return refuse(a, "D:grant-only");
	if (child(e, "invert") != NULL)
		return refuse(a, "D:no-invert");
	if (child(e, "inherited") != NULL) /* they stay where they are */
		return true;
	if (principal == NULL || grant == NULL)
		return refuse(a, NULL);
	if (!read_principal(a, principal, &g)
	    || !read_grant(a, grant, &g.rights))
		return false;
	if (g.whom == RIGHT_ACCOUNT && g.id == a->d->owner.id)
		return true;
	add_grant(a, &g);
	return true;
}

static bool
read_all(struct acl *a, const struct xml_element *root)
{
	size_t n = 0;

	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		n++;
	if (n > LIMIT_ACES)
		return refuse(a, "D:limited-number-of-aces");
	a->list = arena_array(a->d->arena, n, sizeof *a->list);
	if (n > 0 && a->list == NULL)
		return refuse(a, NULL);
	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		if (xml_is(e, VIEW(NS_DAV), VIEW("ace")) && !read_ace(a, e))
			return false;
	return true;
}

static result
keep_unexpressed(struct acl *a)
{
	struct right_grant *old;
	size_t count;

	TRY(right_list(a->d->services->store, a->d->arena, a->d->owner.id,
	    a->kind, a->collection, &old, &count));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < a->count; k++)
			if (old[i].whom == a->list[k].whom
			    && old[i].id == a->list[k].id)
				a->list[k].rights |= old[i].rights
				    & ~(unsigned)EXPRESSED;
	return done();
}

static result
store(struct acl *a)
{
	TRY(keep_unexpressed(a));
	return right_replace(a->d->services->store, a->d->owner.id, a->kind,
	    a->collection, a->list, a->count);
}

static result
find_target(struct acl *a)
{
	struct dav *d = a->d;
	struct account_info info;
	struct collection c;

	a->kind = dav_kind(d->path.what);
	if ((d->path.what & DAV_COLLECTIONS) != 0) {
		TRY(dav_collection(d, d->arena, &c));
		a->collection = c.id;
	}
	TRY(account_get(d->services->store, d->arena, d->owner.id, &info));
	a->domain = info.domain;
	return done();
}

void
dav_acl(struct dav *d)
{
	struct acl a = { .d = d };
	struct xml_element *root;
	result r;

	if (d->path.what == DAV_NOTHING) {
		dav_fail(d, fail(NOT_FOUND, "There is nothing here."));
		return;
	}
	if ((d->path.what & (DAV_COLLECTIONS | DAV_HOMES)) == 0) {
		dav_not_allowed(d);
		return;
	}
	if (!dav_body(d, &root))
		return;
	r = find_target(&a);
	if (r.is == OK
	    && (root == NULL || !xml_is(root, VIEW(NS_DAV), VIEW("acl"))))
		r = fail(MALFORMED, "RFC 3744 8.1: not an acl");
	if (r.is == OK && !read_all(&a, root)) {
		if (a.condition != NULL) {
			dav_error(d, 403, a.condition, VIEW(""));
			return;
		}
		r = fail(MALFORMED, "RFC 3744 5.5: not an ace");
	}
	if (r.is == OK)
		r = store(&a);
	if (r.is == OK)
		d->answer->status = 200;
	else
		dav_fail(d, r);
}
