#include "davd/dav/acl.h"

#include "mailcore/base/limits.h"
#include "mailcore/push/message.h"

void
dav_prefixes(struct xml_out *x)
{
	xml_set(x, "xmlns:D", VIEW(NS_DAV));
	xml_set(x, "xmlns:C", VIEW(NS_CALDAV));
	xml_set(x, "xmlns:CR", VIEW(NS_CARDDAV));
	xml_set(x, "xmlns:CS", VIEW(NS_SERVER));
	xml_set(x, "xmlns:A", VIEW(NS_APPLE));
	xml_set(x, "xmlns:P", VIEW(PUSH_NS));
	xml_set(x, "xmlns:MM", VIEW(NS_ME));
}

void
dav_error(struct dav *d, unsigned status, const char *condition, view href)
{
	struct xml_out x;

	buf_reset(&d->answer->body);
	x = xml_to(&d->answer->body);
	xml_start(&x, "D:error");
	xml_set(&x, "xmlns:D", VIEW(NS_DAV));
	xml_set(&x, "xmlns:C", VIEW(NS_CALDAV));
	xml_set(&x, "xmlns:CR", VIEW(NS_CARDDAV));
	xml_set(&x, "xmlns:P", VIEW(PUSH_NS));
	xml_start(&x, condition);
	if (href.n > 0)
		xml_leaf(&x, "D:href", href);
	xml_end(&x, condition);
	if (d->why != NULL && d->why[0] != '\0') {
		xml_start(&x, "X:error-description");
		xml_set(&x, "xmlns:X", VIEW(NS_TWISTED));
		xml_text(&x, view_of(d->why));
		xml_end(&x, "X:error-description");
	}
	xml_end(&x, "D:error");
	d->answer->status = status;
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
}

void
dav_need(struct dav *d, unsigned right)
{
	const struct acl_privilege *p = NULL, *at;
	struct xml_out x;

	/* The narrowest comes last. */
	for (size_t i = 0; (at = acl_privilege_at(i)) != NULL; i++)
		if ((at->gives & right) != 0)
			p = p == NULL || at->depth >= p->depth ? at : p;
	buf_reset(&d->answer->body);
	x = xml_to(&d->answer->body);
	xml_start(&x, "D:error");
	xml_set(&x, "xmlns:D", VIEW(NS_DAV));
	xml_set(&x, "xmlns:C", VIEW(NS_CALDAV));
	xml_start(&x, "D:need-privileges");
	xml_start(&x, "D:resource");
	xml_leaf(&x, "D:href", d->self);
	xml_start(&x, "D:privilege");
	xml_leaf(&x, p == NULL ? "D:all" : p->tag, VIEW(""));
	xml_end(&x, "D:privilege");
	xml_end(&x, "D:resource");
	xml_end(&x, "D:need-privileges");
	xml_end(&x, "D:error");
	d->answer->status = 403;
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
}

static unsigned
status_of(enum status is)
{
	switch (is) {
	case OK:
		return 200;
	case MALFORMED:
		return 400;
	case OVER_LIMIT:
		return 413;
	case NOT_FOUND:
		return 404;
	case EXISTS:
		return 409;
	case STALE:
		return 412;
	case DENIED:
		return 403;
	case BUSY:
		return 503;
	case NO_SPACE:
		return 507;
	case FAILED:
		return 500;
	}
	return 500;
}

void
dav_fail(struct dav *d, result r)
{
	if (r.is == NO_SPACE) { /* RFC 4331 6 */
		dav_error(d, 507, "D:quota-not-exceeded", VIEW(""));
		return;
	}
	if (r.is == BUSY)
		answer_header(d->answer, "Retry-After", VIEW("5"));
	answer_text(d->answer, status_of(r.is), r.why);
}

const char *
dav_allow(enum dav_what what)
{
	if (what == DAV_FOLDER)
		return "OPTIONS, DELETE, COPY, MOVE, PROPFIND, PROPPATCH, "
		       "REPORT, MKCOL";
	if (what == DAV_INBOX)
		return "OPTIONS, PROPFIND, PROPPATCH, REPORT";
	if (what == DAV_MESSAGE)
		return "OPTIONS, GET, HEAD, DELETE, PROPFIND, REPORT";
	if (what == DAV_OUTBOX)
		return "OPTIONS, POST, PROPFIND, REPORT";
	if (what == DAV_EVENT) /* POST: RFC 8607 */
		return "OPTIONS, GET, HEAD, POST, PUT, DELETE, COPY, MOVE, "
		       "PROPFIND, PROPPATCH, REPORT";
	if ((what & DAV_OBJECTS) != 0)
		return "OPTIONS, GET, HEAD, PUT, DELETE, COPY, MOVE, "
		       "PROPFIND, PROPPATCH, REPORT";
	/* PUT, POST and DELETE as well: Evolution reads there whether a
	 * calendar can be written to, and the objects in it can. */
	if ((what & DAV_COLLECTIONS) != 0)
		return "OPTIONS, GET, HEAD, POST, PUT, DELETE, MOVE, PROPFIND, "
		       "PROPPATCH, REPORT, MKCOL, MKCALENDAR, ACL";
	if ((what & DAV_HOMES) != 0)
		return "OPTIONS, PROPFIND, PROPPATCH, REPORT, ACL";
	return "OPTIONS, PROPFIND, PROPPATCH, REPORT";
}

void
dav_not_allowed(struct dav *d)
{
	answer_header(d->answer, "Allow", view_of(dav_allow(d->path.what)));
	answer_text(d->answer, 405, "This cannot be done here.");
}

bool
dav_body(struct dav *d, struct xml_element **out)
{
	view body = d->request->body;
	result r;

	*out = NULL;
	if (body.n > LIMIT_XML) {
		answer_text(d->answer, 413, "More XML than LIMIT_XML.");
		return false;
	}
	if (view_trim(body).n == 0)
		return true;
	r = xml_parse(body, d->arena, out);
	if (r.is == OK)
		return true;
	answer_text(d->answer, r.is == FAILED ? 500 : 400, r.why);
	return false;
}

enum dav_depth
dav_depth_of(const struct request *q, enum dav_depth missing)
{
	view value;

	if (!request_header(q, VIEW("Depth"), &value))
		return missing;
	value = view_trim(value);
	if (view_eq(value, VIEW("0")))
		return DEPTH_0;
	if (view_eq(value, VIEW("1")))
		return DEPTH_1;
	return view_same(value, VIEW("infinity")) ? DEPTH_INFINITY : DEPTH_BAD;
}

result
dav_collection(struct dav *d, struct arena *arena, struct collection *out)
{
	enum collection_kind kind = dav_kind(d->path.what);

	if (d->shared.id != 0) {
		TRY(collection_get(
		    d->account, arena, d->shared.collection, out));
		out->name = d->shared.name;
		return out->kind == kind
		    ? done()
		    : fail(NOT_FOUND, "There is nothing here.");
	}
	TRY(collection_find(d->account, arena, kind, d->path.collection, out));
	return acl_rights(d, d->path.what, out) != 0
	    ? done()
	    : fail(NOT_FOUND, "There is nothing here.");
}

unsigned
dav_token_rights(const struct dav *d, const struct collection *c)
{
	return d->rights.all ? 0
			     : acl_rights(d, DAV_NOTHING, c)
		& (RIGHT_READ | RIGHT_TIMES | RIGHT_PRIVATE
		    | RIGHT_CONFIDENTIAL);
}

view
dav_token(const struct dav *d, struct arena *arena, const struct collection *c,
    int64_t modseq)
{
	unsigned rights = dav_token_rights(d, c);
	view tail = rights == 0 ? VIEW("") : arena_print(arena, "-%u", rights);

	return arena_print(arena,
	    "http://posthaste.invalid/ns/sync/%lld-%lld%.*s",
	    (long long)c->id, (long long)modseq, (int)tail.n, tail.p);
}
