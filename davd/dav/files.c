#include "davd/dav/files.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

static const view root = VIEW_INIT("Files");

view
files_parent(view name)
{
	return view_cut_last(&name, '/');
}

static result
find(struct dav *d, view name, struct collection *out)
{
	return collection_find(
	    d->account, d->arena, COLLECTION_FILES, name, out);
}

static result
make_root(struct account *a, void *context)
{
	int64_t id;
	result r = collection_add(
	    a, COLLECTION_FILES, root, VIEW(""), USE_NONE, &id);

	(void)context;
	return r.is == EXISTS ? done() : r;
}

static view
whole_path(struct dav *d)
{
	return d->path.object.n == 0
	    ? d->path.collection
	    : arena_print(d->arena, "%.*s/%.*s", (int)d->path.collection.n,
		  d->path.collection.p, (int)d->path.object.n,
		  d->path.object.p);
}

result
files_resolve(struct dav *d)
{
	struct collection c;
	view path = whole_path(d);
	result r = find(d, root, &c);

	if (!d->rights.all) /* acl_resolve lets nobody else come here */
		return fail(NOT_FOUND, "There is nothing here.");
	if (r.is == NOT_FOUND)
		r = account_write(d->account, make_root, d, DURABLE_LAZY);
	TRY(r);
	if (d->path.what == DAV_FOLDER || path.n > LIMIT_FILE_PATH)
		return arena_result(d->arena);
	r = find(d, path, &c);
	if (r.is == OK) {
		d->path.what = DAV_FOLDER;
		d->path.collection = c.name;
		d->path.object = VIEW("");
	}
	return r.is == NOT_FOUND ? done() : r;
}

result
files_touch(struct dav *d, view folder)
{
	struct collection c;

	TRY(find(d, folder, &c));
	return collection_touch(d->account, c.id);
}

result
files_place(struct dav *d, view path, unsigned *status)
{
	struct collection c;
	view parent = files_parent(path);
	result r;

	*status = 0;
	if (parent.n == 0) {
		*status = 403;
		return done();
	}
	r = find(d, parent, &c);
	if (r.is == NOT_FOUND)
		*status = 409;
	return r.is == NOT_FOUND ? done() : r;
}

result
files_folders(struct dav *d, struct arena *arena, view folder, bool all,
    struct collection **out, size_t *count)
{
	size_t kept = 0;

	TRY(collection_list(d->account, arena, COLLECTION_FILES, out, count));
	for (size_t i = 0; i < *count; i++) {
		view name = (*out)[i].name;
		bool below = view_starts(name, folder)
		    && view_at(name, folder.n) == '/';

		if (all ? below || view_eq(name, folder)
			: view_eq(files_parent(name), folder))
			(*out)[kept++] = (*out)[i];
	}
	*count = kept;
	return done();
}

result
files_remove(struct dav *d, view folder)
{
	struct collection *list;
	size_t count;

	TRY(files_folders(d, d->arena, folder, true, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(collection_remove(d->account, list[i].id));
	return count == 0 ? fail(NOT_FOUND, "There is nothing here.")
			  : files_touch(d, files_parent(folder));
}

void
files_changes(struct stream *s, const struct collection *c, int64_t since)
{
	struct dav *d = s->out.d;
	struct collection_change *list;
	size_t count;
	result r = collection_changes(d->account, s->out.scratch,
	    COLLECTION_FILES, since, &list, &count);

	/* Half of them would be taken for all, so the answer never ends.
	 * The scratch is emptied with each response. */
	if (r.is != OK) {
		buf_fail(s->out.x.to, r.is, r.why);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct resource one = { .what = DAV_FOLDER };
		struct collection folder;

		if (!view_eq(files_parent(list[i].name), c->name)
		    || (list[i].gone && since == 0))
			continue;
		one.href = dav_href(
		    d, d->arena, DAV_FOLDER, list[i].name, VIEW(""));
		one.collection = &folder;
		if (list[i].gone)
			stream_status(
			    s, one.href, VIEW("HTTP/1.1 404 Not Found"));
		else if (collection_get(
			     d->account, d->arena, list[i].id, &folder).is
		    == OK)
			prop_respond(&s->out, &one, s->wanted);
	}
}

bool
files_fit(struct dav *d)
{
	view path = whole_path(d);
	unsigned status;
	struct collection c;
	struct item item;
	result r = files_place(d, path, &status);

	d->path.collection = path;
	if (r.is == OK && (d->path.what == DAV_FILE || d->path.slash)
	    && status == 0) {
		view name = path;
		view parent = view_cut_last(&name, '/');

		r = find(d, parent, &c);
		if (r.is == OK
		    && item_by_name(d->account, d->arena, c.id, name, &item).is
			== OK)
			status = 405;
	}
	if (r.is == OK && find(d, path, &c).is == OK)
		status = 405;
	if (r.is == OK && path.n > LIMIT_FILE_PATH)
		status = 403;
	d->path.what = DAV_FOLDER;
	d->path.object = VIEW("");
	d->self = dav_href(d, d->arena, DAV_FOLDER, path, VIEW(""));
	if (r.is != OK)
		dav_fail(d, r);
	else if (status == 405)
		dav_not_allowed(d);
	else if (status != 0)
		answer_text(d->answer, status, "RFC 4918 9.3.1: no parent");
	return r.is == OK && status == 0;
}

/* Whatever it holds, in a browser it is a download and never a page of
 * ours. */
static void
make_harmless(struct answer *a)
{
	answer_header(a, "Content-Security-Policy",
	    VIEW("default-src 'none'; sandbox; frame-ancestors 'none'"));
	answer_header(a, "Content-Disposition", VIEW("attachment"));
	answer_header(a, "Cross-Origin-Resource-Policy", VIEW("same-origin"));
}

static void
give(struct dav *d, const struct item *item)
{
	struct buf date = buf_new(64);
	unsigned status = dav_precondition(d, item->etag, item->received);
	struct body body;
	result r;

	answer_header(d->answer, "ETag",
	    arena_print(
		d->arena, "\"%.*s\"", (int)item->etag.n, item->etag.p));
	date_add_http(&date, item->received);
	answer_header(d->answer, "Last-Modified", buf_view(&date));
	buf_free(&date);
	if (status == 412)
		answer_text(d->answer, 412, "RFC 9110 13.1.1: it has changed");
	d->answer->status = status;
	if (status != 0)
		return;
	r = body_open(d->account, item->body, &body);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	make_harmless(d->answer);
	answer_header(d->answer, "Content-Type", item->component);
	buf_add(&d->answer->body, body.bytes);
	body_close(&body);
	d->answer->status = 200;
}

static void
get(struct dav *d)
{
	struct collection c;
	struct item item;
	result r = dav_collection(d, d->arena, &c);

	if (r.is == OK && d->path.what == DAV_FOLDER) {
		dav_not_allowed(d);
		return;
	}
	if (r.is == OK)
		r = item_by_name(
		    d->account, d->arena, c.id, d->path.object, &item);
	if (r.is == OK)
		give(d, &item);
	else
		dav_fail(d, r);
}

static result
remove_one(struct account *a, void *context)
{
	struct dav *d = context;
	struct collection c;
	struct item item;
	int64_t modseq;

	(void)a; /* d->account */
	TRY(dav_collection(d, d->arena, &c));
	if (d->path.what == DAV_FOLDER) {
		TRY(dav_if(d));
		return files_remove(d, d->path.collection);
	}
	TRY(item_by_name(d->account, d->arena, c.id, d->path.object, &item));
	if (dav_precondition(d, item.etag, item.received) != 0)
		return fail(STALE, "RFC 9110 13.1.1: it has changed");
	return item_remove(d->account, c.id, item.uid, &modseq);
}

static void
delete_any(struct dav *d)
{
	result r;

	if (view_eq(d->path.collection, root) && d->path.object.n == 0) {
		answer_text(d->answer, 403, "This is there for good.");
		return;
	}
	if (d->path.what == DAV_FOLDER
	    && dav_depth_of(d->request, DEPTH_INFINITY) != DEPTH_INFINITY) {
		answer_text(d->answer, 400, "RFC 4918 9.6.1: bad Depth");
		return;
	}
	r = account_write(d->account, remove_one, d, DURABLE);
	if (r.is == OK)
		d->answer->status = 204;
	else
		dav_fail(d, r);
}

static void
refuse_calendar(struct dav *d)
{
	dav_error(d, 403, "C:calendar-collection-location-ok", VIEW(""));
}

bool
files_handle(struct dav *d)
{
	static const struct {
		view method;
		void (*run)(struct dav *);
	} ours[] = {
		{ VIEW_INIT("GET"), get },
		{ VIEW_INIT("HEAD"), get },
		{ VIEW_INIT("PUT"), files_put },
		{ VIEW_INIT("DELETE"), delete_any },
		{ VIEW_INIT("COPY"), files_copy },
		{ VIEW_INIT("MOVE"), files_move },
		{ VIEW_INIT("MKCALENDAR"), refuse_calendar },
		{ VIEW_INIT("POST"), dav_not_allowed },
		{ VIEW_INIT("ACL"), dav_not_allowed },
	};

	if ((d->path.what & DAV_FILES) == 0)
		return false;
	for (size_t i = 0; i < COUNT(ours); i++)
		if (view_eq(d->request->method, ours[i].method)) {
			ours[i].run(d);
			return true;
		}
	return false;
}
