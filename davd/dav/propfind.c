#include "davd/dav/stream.h"

#include "davd/dav/directory.h"
#include "davd/dav/files.h"
#include "davd/dav/report.h"
#include "davd/dav/subscribe.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/limits.h"

/* A target and, with Depth: 1, what is in it. */
struct find {
	struct stream s; /* first */
	enum dav_depth depth;
	struct prop_wanted wanted;
	bool self_done;
	bool boxes_done;
	struct collection collection; /* of COLLECTIONS and OBJECTS */
	struct collection *list;      /* of HOMES */
	size_t count, at;
	struct subscription *shared; /* with the owner of a home */
	size_t shared_count, shared_at;
	uint32_t next_uid;
};

static void
add_self(struct find *f)
{
	struct dav *d = f->s.out.d;
	struct resource r = { .what = d->path.what, .href = d->self };

	if ((r.what & DAV_COLLECTIONS) != 0)
		r.collection = &f->collection;
	stream_resource(&f->s, &r);
}

/* The fixed children of the upper levels. */
static void
add_fixed(struct find *f, enum dav_what what)
{
	struct dav *d = f->s.out.d;
	struct resource r = { .what = what };

	r.href = dav_href(d, f->s.out.scratch, what, VIEW(""), VIEW(""));
	stream_resource(&f->s, &r);
}

static void
add_collection(struct find *f, const struct collection *c)
{
	struct dav *d = f->s.out.d;
	struct resource r = { .collection = c };

	r.what = dav_container(c->kind);
	r.href = dav_href(d, f->s.out.scratch, r.what, c->name, VIEW(""));
	stream_resource(&f->s, &r);
}

/* One that may not be seen (any more) is not there. */
static void
add_shared(struct find *f, const struct subscription *s)
{
	struct dav *d = f->s.out.d;
	struct acl_visit back;
	struct collection c;

	if (acl_enter(d, s, &back, &c).is == OK)
		add_collection(f, &c);
	acl_leave(d, &back);
}

/* One's own home has an inbox and an outbox (RFC 6638 2). */
static void
add_scheduling(struct find *f)
{
	struct dav *d = f->s.out.d;
	struct collection inbox;

	f->boxes_done = true;
	if (d->path.what != DAV_CALENDARS || !d->rights.all)
		return;
	if (collection_find(d->account, d->arena, COLLECTION_INBOX,
		VIEW("inbox"), &inbox).is
	    == OK)
		add_collection(f, &inbox);
	add_fixed(f, DAV_OUTBOX);
}

static void
add_directory(struct find *f)
{
	struct collection c = directory_collection();

	if (directory_is_listed(f->s.out.d))
		add_collection(f, &c);
}

static void
add_collections(struct find *f, bool *more)
{
	struct stream *s = &f->s;

	while (f->at < f->count && !stream_is_full(s))
		add_collection(f, &f->list[f->at++]);
	while (f->shared_at < f->shared_count && !stream_is_full(s))
		add_shared(f, &f->shared[f->shared_at++]);
	*more = f->at < f->count || f->shared_at < f->shared_count;
	if (!*more && !f->boxes_done)
		add_scheduling(f);
	if (!*more)
		add_directory(f);
}

static result
visit(void *context, const struct item *item)
{
	struct find *f = context;

	if (stream_is_full(&f->s))
		return fail(BUSY, "the piece is full");
	stream_item(&f->s, &f->collection, item);
	f->next_uid = item->uid + 1;
	return done();
}

/* Once there are any. */
static void
add_files(struct find *f)
{
	struct dav *d = f->s.out.d;
	struct collection c;

	if (d->rights.all
	    && collection_find(d->account, d->arena, COLLECTION_FILES,
		   VIEW("Files"), &c).is
		== OK)
		add_collection(f, &c);
}

static result
add_items(struct find *f, bool *more)
{
	result r = item_each(f->s.out.d->account, f->collection.id, f->next_uid,
	    UINT32_MAX, visit, f);

	*more = r.is == BUSY && stream_is_full(&f->s);
	return *more ? done() : r;
}

static result
next(struct stream *s, bool *more)
{
	struct find *f = (struct find *)s;
	enum dav_what what = s->out.d->path.what;

	*more = false;
	if (!f->self_done && (f->depth == DEPTH_0 || !s->out.d->no_root))
		add_self(f);
	f->self_done = true;
	if (f->depth == DEPTH_0)
		return done();
	if (what == DAV_ROOT) {
		add_fixed(f, DAV_PRINCIPAL);
	} else if (what == DAV_PRINCIPAL) {
		add_fixed(f, DAV_CALENDARS);
		add_fixed(f, DAV_BOOKS);
		add_files(f);
	} else if ((what & DAV_HOMES) != 0) {
		add_collections(f, more);
	} else if (f->at < f->count) {
		*more = true;
		add_collection(f, &f->list[f->at++]);
	} else if ((what & DAV_COLLECTIONS) != 0
	    && acl_may(
		s->out.d, &f->collection, RIGHT_READ | RIGHT_TIMES)) {
		return add_items(f, more);
	}
	return done();
}

static result
object_next(struct stream *s, bool *more)
{
	struct find *f = (struct find *)s;
	struct dav *d = s->out.d;
	struct item item;

	*more = false;
	TRY(item_by_name(
	    d->account, d->arena, f->collection.id, d->path.object, &item));
	stream_item(s, &f->collection, &item);
	return done();
}

result
propfind_wanted(
    struct dav *d, const struct xml_element *root, struct prop_wanted *out)
{
	struct xml_element *prop;

	if (root == NULL)
		return prop_want_all(d->arena, NULL, false, out);
	if (!xml_is(root, VIEW(NS_DAV), VIEW("propfind")))
		return fail(MALFORMED, "RFC 4918 9.1: not a propfind");
	prop = xml_child(root, VIEW(NS_DAV), VIEW("prop"));
	if ((prop != NULL)
		+ (xml_child(root, VIEW(NS_DAV), VIEW("propname")) != NULL)
		+ (xml_child(root, VIEW(NS_DAV), VIEW("allprop")) != NULL)
	    > 1)
		return fail(MALFORMED, "RFC 4918 14.20: more than one choice");
	if (prop != NULL)
		return prop_want(d->arena, prop, out);
	if (xml_child(root, VIEW(NS_DAV), VIEW("propname")) != NULL)
		return prop_want_all(d->arena, NULL, true, out);
	if (xml_child(root, VIEW(NS_DAV), VIEW("allprop")) != NULL)
		return prop_want_all(d->arena,
		    xml_child(root, VIEW(NS_DAV), VIEW("include")), false, out);
	return fail(MALFORMED, "RFC 4918 14.20: an empty propfind");
}

static result
list_home(struct find *f)
{
	struct dav *d = f->s.out.d;
	enum collection_kind kind = dav_kind(d->path.what);
	size_t kept = 0;

	TRY(collection_list(d->account, d->arena, kind, &f->list, &f->count));
	for (size_t i = 0; i < f->count; i++)
		if (acl_rights(d, d->path.what, &f->list[i]) != 0)
			f->list[kept++] = f->list[i];
	f->count = kept;
	return d->rights.all && subscribe_is_shown(d)
	    ? subscription_list(d->account, d->arena, kind, &f->shared,
		  &f->shared_count)
	    : done();
}

static result
find_target(struct dav *d, struct find *f)
{
	enum dav_what what = d->path.what;

	if (what == DAV_NOTHING)
		return fail(NOT_FOUND, "There is nothing here.");
	if ((what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0)
		TRY(dav_collection(d, d->arena, &f->collection));
	if ((what & DAV_HOMES) != 0 && f->depth == DEPTH_1)
		TRY(list_home(f));
	if (what == DAV_FOLDER && f->depth == DEPTH_1)
		TRY(files_folders(d, d->arena, f->collection.name, false,
		    &f->list, &f->count));
	f->s.next = next;
	if ((what & DAV_OBJECTS) != 0)
		f->s.next = object_next;
	return done();
}

void
dav_propfind(struct dav *d)
{
	bool leaf = (d->path.what & DAV_OBJECTS) != 0;
	struct find *f = arena_alloc(d->arena, sizeof *f);
	struct xml_element *root;
	result r;

	if (!dav_body(d, &root))
		return;
	if (f == NULL) {
		dav_fail(d, arena_result(d->arena));
		return;
	}
	f->s.out.d = d;
	f->depth = dav_depth_of(d->request, DEPTH_INFINITY);
	if (f->depth == DEPTH_BAD) {
		answer_text(d->answer, 400, "RFC 4918 10.2: bad Depth");
		return;
	}
	if (f->depth == DEPTH_INFINITY && !leaf) {
		dav_error(d, 403, "D:propfind-finite-depth", VIEW(""));
		return;
	}
	r = propfind_wanted(d, root, &f->wanted);
	if (r.is == OK)
		r = find_target(d, f);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	f->s.wanted = &f->wanted;
	stream_start(&f->s, d);
}
