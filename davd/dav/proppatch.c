#include "davd/dav/proxy.h"
#include "davd/dav/subscribe.h"

struct patch {
	struct dav *d;
	struct changes changes;
};

static result
work(struct account *a, void *context)
{
	struct patch *p = context;
	struct collection c;

	(void)a; /* d->account */
	TRY(dav_collection(p->d, p->d->arena, &c));
	return changes_apply(p->d, c.id, &p->changes);
}

static result
apply(struct patch *p)
{
	struct dav *d = p->d;

	if ((d->path.what & DAV_PROXIES) != 0)
		return proxy_set(d, &p->changes);
	TRY(account_write(d->account, work, p, DURABLE));
	return d->shared.id != 0 ? subscribe_patch(d, &p->changes) : done();
}

static result
target_exists(struct dav *d)
{
	struct collection c;
	struct item item;

	if (d->path.what == DAV_NOTHING)
		return fail(NOT_FOUND, "There is nothing here.");
	if ((d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) == 0)
		return done();
	TRY(dav_collection(d, d->arena, &c));
	if ((d->path.what & DAV_COLLECTIONS) != 0)
		return done();
	return item_by_name(d->account, d->arena, c.id, d->path.object, &item);
}

static void
answer(struct patch *p)
{
	struct dav *d = p->d;
	struct xml_out x;

	if (d->minimal && !p->changes.bad) { /* RFC 8144 2.1 */
		answer_header(
		    d->answer, "Preference-Applied", VIEW("return=minimal"));
		d->answer->status = 200;
		return;
	}
	x = xml_to(&d->answer->body);
	xml_start(&x, "D:multistatus");
	dav_prefixes(&x);
	xml_start(&x, "D:response");
	xml_leaf(&x, "D:href", d->self);
	changes_write(&x, &p->changes, d->arena);
	xml_end(&x, "D:response");
	xml_end(&x, "D:multistatus");
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	d->answer->status = 207;
}

void
dav_proppatch(struct dav *d)
{
	struct patch p = { .d = d };
	struct xml_element *root;
	result r;

	if (!dav_body(d, &root))
		return;
	r = target_exists(d);
	if (r.is == OK
	    && (root == NULL
		|| !xml_is(root, VIEW(NS_DAV), VIEW("propertyupdate"))))
		r = fail(MALFORMED, "RFC 4918 9.2: not a propertyupdate");
	if (r.is == OK)
		r = changes_read(d, root, d->path.what, false, &p.changes);
	if (r.is == OK && p.changes.count == 0)
		r = fail(MALFORMED, "RFC 4918 14.19: nothing to change");
	if (r.is == OK && !p.changes.bad)
		r = apply(&p);
	if (r.is == OK)
		answer(&p);
	else
		dav_fail(d, r);
}
