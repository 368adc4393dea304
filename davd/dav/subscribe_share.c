#include "davd/dav/subscribe.h"

#include "mailcore/base/limits.h"

/*
 * Sharing as Apple's Calendar does it (caldav-sharing.txt of Apple's server):
 * who is invited has the calendar at once; there is nothing to reply to.
 */

static const struct xml_element *
child(const struct xml_element *e, const char *name)
{
	return xml_child(e, VIEW(NS_SERVER), view_of(name));
}

static view
href_of(const struct xml_element *e)
{
	const struct xml_element *href = xml_child(
	    e, VIEW(NS_DAV), VIEW("href"));

	return href == NULL ? VIEW("") : href->text;
}

static unsigned
rights_of(const struct xml_element *set)
{
	return child(set, "read-write") != NULL ? RIGHTS_WRITE : RIGHTS_READ;
}

/* One CS:set or CS:remove. */
static result
apply(struct dav *d, const struct xml_element *e, const struct collection *c)
{
	bool set = view_eq(e->name, VIEW("set"));
	struct right_grant g = { .whom = RIGHT_ACCOUNT,
		.kind = c->kind,
		.collection = c->id,
		.rights = set ? rights_of(e) : 0 };
	struct account_info info;

	TRY(subscribe_person(d, href_of(e), &info));
	if (info.id == d->owner.id)
		return fail(DENIED, "It is the owner's already.");
	g.id = info.id;
	TRY(right_grant(d->services->store, d->owner.id, &g));
	return set ? subscribe_to(d, info.id, &d->owner, c)
		   : subscribe_end(d, info.id, d->owner.id, c->id);
}

void
subscribe_share(
    struct dav *d, const struct xml_element *root, const struct collection *c)
{
	struct account_info info;
	result r = done();
	size_t count = 0;

	/* All are known, or none is invited. */
	for (const struct xml_element *e = root->first;
	     e != NULL && r.is == OK; e = e->next) {
		r = subscribe_person(d, href_of(e), &info);
		if (count++ == LIMIT_ACES)
			r = fail(MALFORMED, "more than LIMIT_ACES persons");
	}
	for (const struct xml_element *e = root->first;
	     e != NULL && r.is == OK; e = e->next)
		r = apply(d, e, c);
	if (r.is == OK)
		d->answer->status = 200;
	else if (r.is == NOT_FOUND)
		answer_text(d->answer, 403, "Nobody of that address is here.");
	else
		dav_fail(d, r);
}

void
subscribe_publish(
    struct dav *d, const struct xml_element *root, const struct collection *c)
{
	bool publish = view_eq(root->name, VIEW("publish-calendar"));
	const struct right_grant g = { .whom = RIGHT_ANYONE,
		.kind = c->kind,
		.collection = c->id,
		.rights = publish ? RIGHTS_READ : 0 };
	result r;

	if (publish && !d->services->publish) {
		answer_text(
		    d->answer, 403, "Nothing is open to everyone here.");
		return;
	}
	r = right_grant(d->services->store, d->owner.id, &g);
	if (r.is == OK)
		d->answer->status = publish ? 202 : 204;
	else
		dav_fail(d, r);
}
