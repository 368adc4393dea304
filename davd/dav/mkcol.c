#include "davd/dav/change.h"
#include "davd/dav/files.h"

/* MKCOL (RFC 4918 9.3, extended by RFC 5689) and MKCALENDAR (RFC 4791 5.3.1).
 * Without a body a collection is what its home holds. */
struct make {
	struct dav *d;
	struct changes changes;
};

static result
work(struct account *a, void *context)
{
	struct make *m = context;
	struct dav *d = m->d;
	bool folder = d->path.what == DAV_FOLDER;
	int64_t id;

	(void)a; /* d->account */
	TRY(dav_if(d));
	TRY(collection_add(d->account, dav_kind(d->path.what),
	    d->path.collection, folder ? VIEW("") : d->path.collection,
	    USE_NONE, &id));
	if (folder)
		TRY(files_touch(d, files_parent(d->path.collection)));
	return changes_apply(d, id, &m->changes);
}

/* Nothing was made, and why: RFC 5689 3.4 wants a mkcol-response, RFC
 * 4791 5.3.1.1 a multistatus. */
static void
refuse(struct make *m, bool calendar)
{
	static const char *const tags[] = { "D:mkcol-response",
		"D:multistatus" };
	struct dav *d = m->d;
	struct xml_out x = xml_to(&d->answer->body);

	xml_start(&x, tags[calendar]);
	dav_prefixes(&x);
	if (calendar) {
		xml_start(&x, "D:response");
		xml_leaf(&x, "D:href", d->self);
	}
	changes_write(&x, &m->changes, d->arena);
	if (calendar)
		xml_end(&x, "D:response");
	xml_end(&x, tags[calendar]);
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	d->answer->status = calendar ? 207 : 403;
}

/* Only directly in a home; false: refused. */
static bool
place_fits(struct dav *d, const char *condition)
{
	struct collection c;

	if (d->path.what == DAV_NOTHING) {
		answer_text(d->answer, d->path.deep ? 409 : 403,
		    "Collections are made in Calendar/ and Contacts/.");
		return false;
	}
	if ((d->path.what & DAV_OBJECTS) != 0) {
		if (dav_collection(d, d->arena, &c).is == OK)
			dav_error(d, 403, condition, VIEW(""));
		else
			answer_text(
			    d->answer, 409, "RFC 4918 9.3.1: no parent");
		return false;
	}
	if ((d->path.what & DAV_COLLECTIONS) == 0
	    || dav_collection(d, d->arena, &c).is == OK) {
		answer_header(
		    d->answer, "Allow", view_of(dav_allow(d->path.what)));
		answer_text(d->answer, 405, "RFC 4918 9.3.1: it is there");
		return false;
	}
	return true;
}

static void
make(struct dav *d, view ns, view root_name)
{
	struct make m = { .d = d };
	struct xml_element *root;
	result r = done();
	view type;

	if (view_trim(d->request->body).n > 0
	    && request_header(d->request, VIEW("Content-Type"), &type)
	    && view_find_same(type, VIEW("xml")) == SIZE_MAX) {
		answer_text(d->answer, 415, "RFC 4918 9.3.1: not understood");
		return;
	}
	if (!dav_body(d, &root))
		return;
	if (root != NULL && !xml_is(root, ns, root_name)) {
		answer_text(d->answer, 415, "RFC 4918 9.3.1: not understood");
		return;
	}
	if (root != NULL)
		r = changes_read(d, root, d->path.what, true, &m.changes);
	if (r.is == OK && m.changes.bad) {
		refuse(&m, view_eq(root_name, VIEW("mkcalendar")));
		return;
	}
	if (r.is == OK)
		r = account_write(d->account, work, &m, DURABLE);
	if (r.is == OK) {
		answer_header(d->answer, "Cache-Control", VIEW("no-cache"));
		d->answer->status = 201;
	} else if (r.is == EXISTS) {
		answer_text(d->answer, 405, "RFC 4918 9.3.1: it is there");
	} else if (r.is == OVER_LIMIT) {
		answer_text(d->answer, 507, r.why);
	} else {
		dav_fail(d, r);
	}
}

void
dav_mkcol(struct dav *d)
{
	const char *condition = d->path.what == DAV_CARD
	    ? "CR:addressbook-collection-location-ok"
	    : "C:calendar-collection-location-ok";

	if ((d->path.what & DAV_FILES) != 0 ? files_fit(d)
					    : place_fits(d, condition))
		make(d, VIEW(NS_DAV), VIEW("mkcol"));
}

void
dav_mkcalendar(struct dav *d)
{
	static const char condition[] = "C:calendar-collection-location-ok";

	if (d->path.what == DAV_BOOK || d->path.what == DAV_CARD) {
		dav_error(d, 403, condition, VIEW(""));
		return;
	}
	if (place_fits(d, condition))
		make(d, VIEW(NS_CALDAV), VIEW("mkcalendar"));
}
