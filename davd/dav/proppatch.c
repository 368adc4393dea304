#include "davd/dav/acl.h"
#include "davd/dav/dead.h"
#include "davd/dav/proxy.h"
#include "davd/dav/subscribe.h"

struct patch {
	struct dav *d;
	struct changes changes;
	bool full; /* more than one resource, or one account, may keep */
};

/* Nobody may write to what he does not see all of. */
static result
patch_item(struct patch *p, const struct collection *c)
{
	struct dav *d = p->d;
	struct item item;

	TRY(item_by_name(d->account, d->arena, c->id, d->path.object, &item));
	if (acl_is_masked(d, c, &item))
		return fail(DENIED, "RFC 3744 3: it is not all shown");
	if (dav_precondition(d, item.etag, item.received) != 0)
		return fail(STALE, "RFC 9110 13.1.1: it has changed");
	return dead_apply_all(d, &item, &p->changes);
}

static result
work(struct account *a, void *context)
{
	struct patch *p = context;
	struct dav *d = p->d;
	struct collection c;

	(void)a; /* d->account */
	TRY(dav_collection(d, d->arena, &c));
	if ((d->path.what & DAV_OBJECTS) != 0)
		return patch_item(p, &c);
	TRY(dav_if(d));
	return changes_apply(d, c.id, &p->changes);
}

static result
apply(struct patch *p)
{
	struct dav *d = p->d;

	if ((d->path.what & DAV_PROXIES) != 0)
		return proxy_set(d, &p->changes);
	TRY(account_write(d->account, work, p, DURABLE));
	return d->shared.id != 0 && (d->path.what & DAV_COLLECTIONS) != 0
	    ? subscribe_patch(d, &p->changes)
	    : done();
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

/* None of them, as there is no room for all. */
static void
write_full(struct xml_out *x)
{
	xml_leaf(x, "D:status", VIEW("HTTP/1.1 507 Insufficient Storage"));
	xml_start(x, "D:error");
	xml_leaf(x, "D:quota-not-exceeded", VIEW(""));
	xml_end(x, "D:error");
}

static void
answer(struct patch *p)
{
	struct dav *d = p->d;
	struct xml_out x;

	if (d->minimal && !p->changes.bad && !p->full) { /* RFC 8144 2.1 */
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
	if (p->full)
		write_full(&x);
	else
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
	p.full = r.is == OVER_LIMIT || r.is == NO_SPACE;
	if (r.is == OK || p.full)
		answer(&p);
	else
		dav_fail(d, r);
}
