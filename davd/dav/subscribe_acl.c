#include "davd/dav/subscribe.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/right_role.h"

/* acl-query: how SOGo's clients ask for rights and set them, in roles. */
static bool
read_roles(const struct xml_element *e, enum collection_kind kind,
    unsigned *out)
{
	*out = 0;
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		if (!right_role_add(kind, c->name, out))
			return false;
	return true;
}

/* SOGo's "<default>" is everyone with an account, "anonymous" everyone. */
static result
read_grantee(struct dav *d, view user, struct right_grant *out)
{
	struct account_info info;

	user = view_trim(user);
	if (view_eq(user, VIEW("<default>"))) {
		TRY(account_get(
		    d->services->store, d->arena, d->owner.id, &info));
		out->whom = RIGHT_DOMAIN;
		out->id = info.domain;
		return done();
	}
	if (view_eq(user, VIEW("anonymous"))) {
		out->whom = RIGHT_ANYONE;
		out->id = 0;
		return d->services->publish
		    ? done()
		    : fail(DENIED, "nothing is open to everyone here");
	}
	TRY(subscribe_person(d, user, &info));
	out->whom = RIGHT_ACCOUNT;
	out->id = info.id;
	return done();
}

/* `user` or the list `users`. */
static result
set_all(struct dav *d, const struct xml_element *e, struct right_grant *g)
{
	view users = xml_attribute(e, VIEW("user"));
	size_t count = 0;

	if (users.n == 0)
		users = xml_attribute(e, VIEW("users"));
	if (users.n == 0)
		return fail(MALFORMED, "nobody is named");
	while (users.n > 0) {
		if (count++ == LIMIT_ACES)
			return fail(MALFORMED, "more than LIMIT_ACES users");
		TRY(read_grantee(d, view_cut(&users, ','), g));
		TRY(right_grant(d->services->store, d->owner.id, g));
	}
	return done();
}

static void
write_user(struct dav *d, struct xml_out *x, const struct right_grant *g)
{
	struct account_info info;

	if (g->whom == RIGHT_DOMAIN) {
		xml_start(x, "default-user");
		xml_leaf(x, "id", VIEW("<default>"));
		xml_end(x, "default-user");
		return;
	}
	if (g->whom == RIGHT_ANYONE) {
		xml_start(x, "user");
		xml_leaf(x, "id", VIEW("anonymous"));
		xml_end(x, "user");
		return;
	}
	if (account_find(d->services->store, d->arena, g->name, &info).is != OK)
		return;
	xml_start(x, "user");
	xml_leaf(x, "id", g->name);
	xml_leaf(x, "displayName", info.name.n > 0 ? info.name : g->name);
	xml_leaf(x, "email", g->name);
	xml_end(x, "user");
}

static void
begin(struct dav *d, struct xml_out *x, const char *root)
{
	*x = xml_to(&d->answer->body);
	xml_start(x, root);
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	d->answer->status = 207;
}

static void
list_users(struct dav *d, const struct collection *c)
{
	struct right_grant *list;
	struct xml_out x;
	size_t count;
	result r = right_list(d->services->store, d->arena, d->owner.id,
	    c->kind, c->id, &list, &count);

	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	begin(d, &x, "user-list");
	for (size_t i = 0; i < count; i++)
		write_user(d, &x, &list[i]);
	xml_end(&x, "user-list");
}

static void
list_roles(
    struct dav *d, const struct xml_element *e, const struct collection *c)
{
	struct right_grant *list, wanted = { .whom = RIGHT_ANYONE };
	unsigned rights = 0;
	struct xml_out x;
	size_t count;
	result r = read_grantee(d, xml_attribute(e, VIEW("user")), &wanted);

	if (r.is == OK)
		r = right_list(d->services->store, d->arena, d->owner.id,
		    c->kind, c->id, &list, &count);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (list[i].whom == wanted.whom && list[i].id == wanted.id)
			rights = list[i].rights;
	begin(d, &x, "roles");
	for (size_t i = 0; i < right_role_count; i++) {
		const struct right_role *role = &right_roles[i];

		if ((c->kind == COLLECTION_CALENDAR ? role->of_calendars
		                                    : role->of_books)
		    && role->tells != 0
		    && (rights & role->tells) == role->tells)
			xml_leaf(&x, role->name, VIEW(""));
	}
	xml_end(&x, "roles");
}

void
subscribe_acl_query(
    struct dav *d, const struct xml_element *root, const struct collection *c)
{
	struct right_grant g = { .kind = c->kind, .collection = c->id };
	const struct xml_element *e = root->first;
	view name = e == NULL ? VIEW("") : e->name;
	result r = fail(MALFORMED, "That is no question about rights.");

	if (view_eq(name, VIEW("user-list"))) {
		list_users(d, c);
		return;
	}
	if (view_eq(name, VIEW("roles"))) {
		list_roles(d, e, c);
		return;
	}
	if (view_eq(name, VIEW("set-roles"))) {
		if (read_roles(e, c->kind, &g.rights))
			r = set_all(d, e, &g);
		else
			r = fail(MALFORMED, "That is no role of SOGo's.");
	} else if (view_eq(name, VIEW("remove-user"))
	    || view_eq(name, VIEW("remove-users"))) {
		r = set_all(d, e, &g);
	} else if (view_eq(name, VIEW("add-user"))
	    || view_eq(name, VIEW("add-users"))) {
		r = done(); /* who has no role yet has no right */
	}
	if (r.is == OK)
		d->answer->status = 204;
	else
		dav_fail(d, r);
}
