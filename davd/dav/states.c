/* What the If header of a request may ask (RFC 4918 10.4): ETags of other
 * resources, and sync tokens of collections (RFC 6578 5). */
#include "davd/dav/acl.h"

#include "davd/http/request.h"

static result
find_collection(
    struct dav *d, const struct dav_path *p, struct collection *out)
{
	result none = fail(NOT_FOUND, "There is nothing here.");

	if (p->open != d->path.open || !view_same(p->user, d->tree.address))
		return none;
	/* In what is another's that collection alone is known. */
	if (d->shared.id != 0)
		return dav_kind(p->what) == dav_kind(d->path.what)
			&& view_eq(p->collection, d->path.collection)
		    ? dav_collection(d, d->arena, out)
		    : none;
	TRY(collection_find(
	    d->account, d->arena, dav_kind(p->what), p->collection, out));
	return acl_may(d, out, RIGHT_READ | RIGHT_TIMES) ? done() : none;
}

static bool
holds(void *context, view path, view state, bool tag)
{
	struct dav *d = context;
	struct dav_path p = dav_path_parse(path, d->arena);
	bool object = (p.what & DAV_OBJECTS) != 0;
	struct collection c;
	struct item item;

	if ((p.what & (DAV_COLLECTIONS | DAV_OBJECTS)) == 0 || object != tag
	    || find_collection(d, &p, &c).is != OK)
		return false;
	if (!tag)
		return view_eq(state, dav_token(d, d->arena, &c, c.modseq));
	return item_by_name(d->account, d->arena, c.id, p.object, &item).is
	    == OK
	    && view_eq(state, acl_etag(d, d->arena, &c, &item));
}

unsigned
dav_precondition(struct dav *d, view etag, int64_t changed)
{
	const struct request_states states = { changed, holds, d };

	return request_precondition_of(d->request, etag, &states);
}

result
dav_if(struct dav *d)
{
	const struct request_states states = { INT64_MIN, holds, d };

	return request_if(d->request, VIEW(""), &states)
	    ? done()
	    : fail(STALE, "RFC 4918 10.4: it is another by now");
}
