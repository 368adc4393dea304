#include "davd/dav/copy.h"
#include "davd/dav/files.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"

/*
 * COPY and MOVE (RFC 4918 9.8, 9.9) of files and folders, in one transaction
 * of the account: all of it or nothing, so there is no 207.
 */
struct haul {
	struct dav *d;
	view from, to; /* whole paths */
	bool move, overwrite, shallow;
	bool created;
	unsigned status; /* of a refusal */
	struct uids {
		uint32_t *list;
		size_t count, room;
	} uids;       /* of the folder that is being copied */
	size_t total; /* files so far */
};

static result
refuse(struct haul *c, unsigned status, const char *why)
{
	c->status = status;
	return fail(DENIED, why);
}

static result
note_uid(void *context, const struct item *item)
{
	struct haul *c = context;
	struct uids *u = &c->uids;
	uint32_t *more;

	if (++c->total > LIMIT_FILES_CARRIED)
		return refuse(c, 507, "More than LIMIT_FILES_CARRIED.");
	more = arena_more(
	    c->d->arena, u->list, u->count, &u->room, sizeof *more);
	if (more == NULL)
		return arena_result(c->d->arena);
	u->list = more;
	u->list[u->count++] = item->uid;
	return done();
}

static result
copy_files(struct haul *c, int64_t from, int64_t to)
{
	struct dav *d = c->d;
	struct item out;

	c->uids.count = 0;
	TRY(item_each(d->account, from, 0, UINT32_MAX, note_uid, c));
	for (size_t i = 0; i < c->uids.count; i++)
		TRY(item_copy(d->account, from, c->uids.list[i], to, &out));
	return done();
}

static result
copy_folder(struct haul *c, const struct collection *from)
{
	struct dav *d = c->d;
	view rest = view_from(from->name, c->from.n);
	view name = arena_print(d->arena, "%.*s%.*s", (int)c->to.n, c->to.p,
	    (int)rest.n, rest.p);
	int64_t id;

	TRY(arena_result(d->arena));
	if (name.n > LIMIT_FILE_PATH)
		return refuse(c, 403, "More than LIMIT_FILE_PATH.");
	TRY(collection_add(d->account, COLLECTION_FILES, name,
	    from->display_name, USE_NONE, &id));
	TRY(property_copy(d->account, from->id, id));
	return c->shallow ? done() : copy_files(c, from->id, id);
}

static result
carry_folder(struct haul *c, const struct collection *from)
{
	struct dav *d = c->d;
	struct collection *list;
	size_t count;

	if (c->move) {
		TRY(collection_rename(d->account, from->id, c->to));
		TRY(files_touch(d, files_parent(c->from)));
		return files_touch(d, files_parent(c->to));
	}
	if (c->shallow) {
		TRY(copy_folder(c, from));
		TRY(property_check(d->account));
		return files_touch(d, files_parent(c->to));
	}
	TRY(files_folders(d, d->arena, from->name, true, &list, &count));
	for (size_t i = 0; i < count; i++)
		TRY(copy_folder(c, &list[i]));
	TRY(property_check(d->account));
	return files_touch(d, files_parent(c->to));
}

static result
carry_file(struct haul *c, const struct item *item)
{
	struct dav *d = c->d;
	struct collection folder = { .id = 0 };
	struct item out;
	view name = c->to;
	view parent = view_cut_last(&name, '/');

	TRY(collection_find(
	    d->account, d->arena, COLLECTION_FILES, parent, &folder));
	if (folder.items >= LIMIT_FILES_CARRIED
	    && !(c->move && folder.id == item->collection))
		return refuse(c, 507, "More than LIMIT_FILES_CARRIED.");
	TRY(c->move
	    ? item_move_as(d->account, item, folder.id, name, &out)
	    : item_copy_as(d->account, item, folder.id, name, &out));
	return c->created
	    ? done()
	    : item_set_received(d->account, &out, clock_now());
}

/* What is there goes first (RFC 4918 9.8.4). */
static result
make_room(struct haul *c)
{
	struct dav *d = c->d;
	struct collection folder;
	struct item item;
	view name = c->to;
	view parent = view_cut_last(&name, '/');
	int64_t modseq;
	result r = collection_find(
	    d->account, d->arena, COLLECTION_FILES, c->to, &folder);

	c->created = false;
	if (r.is == OK)
		return c->overwrite ? files_remove(d, c->to)
				    : refuse(c, 412, "RFC 4918 10.6: taken");
	if (r.is != NOT_FOUND)
		return r;
	TRY(collection_find(
	    d->account, d->arena, COLLECTION_FILES, parent, &folder));
	r = item_by_name(d->account, d->arena, folder.id, name, &item);
	c->created = r.is == NOT_FOUND;
	if (r.is != OK)
		return c->created ? done() : r;
	return c->overwrite
	    ? item_remove(d->account, folder.id, item.uid, &modseq)
	    : refuse(c, 412, "RFC 4918 10.6: taken");
}

static bool
is_within(view path, view folder)
{
	return view_starts(path, folder)
	    && (path.n == folder.n || view_at(path, folder.n) == '/');
}

static result
work(struct account *a, void *context)
{
	struct haul *c = context;
	struct dav *d = c->d;
	struct collection from;
	struct item item = { .uid = 0 };

	(void)a; /* d->account */
	c->status = 0;
	c->total = 0;
	TRY(dav_collection(d, d->arena, &from));
	if (d->path.what == DAV_FILE) {
		TRY(item_by_name(
		    d->account, d->arena, from.id, d->path.object, &item));
		if (dav_precondition(d, item.etag, item.received) != 0)
			return refuse(c, 412, "RFC 9110 13.1: it has changed");
	} else if (dav_if(d).is != OK) {
		return refuse(c, 412, "RFC 4918 10.4: it has changed");
	}
	TRY(files_place(d, c->to, &c->status));
	if (c->status != 0)
		return refuse(c, c->status, "RFC 4918 9.8.5: no such folder");
	if (is_within(c->from, c->to)
	    || (d->path.what == DAV_FOLDER && !c->shallow
		&& is_within(c->to, c->from)))
		return refuse(c, 403, "RFC 4918 9.8.5: into itself");
	TRY(make_room(c));
	return d->path.what == DAV_FOLDER ? carry_folder(c, &from)
					  : carry_file(c, &item);
}

static view
path_of(struct dav *d, const struct dav_path *p)
{
	return p->object.n == 0
	    ? p->collection
	    : arena_print(d->arena, "%.*s/%.*s", (int)p->collection.n,
		  p->collection.p, (int)p->object.n, p->object.p);
}

/* false: refused. */
static bool
read_request(struct haul *c)
{
	struct dav *d = c->d;
	enum dav_depth depth = dav_depth_of(d->request, DEPTH_INFINITY);
	struct dav_path to;

	if (!copy_destination(d, &to) || !copy_overwrite(d, &c->overwrite))
		return false;
	if (d->path.what == DAV_FOLDER && depth != DEPTH_INFINITY
	    && (c->move || depth != DEPTH_0)) {
		answer_text(d->answer, 400, "RFC 4918 9.8.3: bad Depth");
		return false;
	}
	c->shallow = depth == DEPTH_0;
	if ((to.what & DAV_FILES) == 0 || to.open
	    || !view_same(to.user, d->tree.address)) {
		answer_text(d->answer, 403,
		    "RFC 4918 9.8.5: files stay among the owner's files.");
		return false;
	}
	c->from = path_of(d, &d->path);
	c->to = path_of(d, &to);
	if (c->to.n <= LIMIT_FILE_PATH || d->path.what == DAV_FILE)
		return true;
	answer_text(d->answer, 403, "More than LIMIT_FILE_PATH.");
	return false;
}

static void
carry(struct dav *d, bool move)
{
	struct haul c = { .d = d, .move = move };
	result r;

	if (!read_request(&c))
		return;
	r = account_write(d->account, work, &c, DURABLE);
	if (r.is == OK)
		d->answer->status = c.created ? 201 : 204;
	else if (c.status != 0)
		answer_text(d->answer, c.status, r.why);
	else if (r.is == OVER_LIMIT)
		answer_text(d->answer, 507, r.why);
	else
		dav_fail(d, r);
}

void
files_copy(struct dav *d)
{
	carry(d, false);
}

void
files_move(struct dav *d)
{
	carry(d, true);
}
