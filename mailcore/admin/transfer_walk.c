/* Where an import reads: folders, files, archives. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/encode.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_ARENA = 512 << 20, NAMES_ARENA = 512 << 20 };

/* The names in a folder, in the order of their import. */
struct names {
	view *list;
	size_t count;
	size_t room;
};

static void
names_add(struct names *n, struct arena *arena, view name)
{
	view *more = arena_more(
	    arena, n->list, n->count, &n->room, sizeof *more);

	if (more == NULL)
		return;
	n->list = more;
	n->list[n->count++] = arena_copy(arena, name);
}

/* Our own names carry the order in the mailbox, others the time of their
 * delivery. */
static void
order_of(view name, int *foreign, uint64_t *number)
{
	view time = view_cut(&name, '.');
	view mark = view_cut(&name, '.');

	*foreign = !view_starts(mark, VIEW("Q"))
	    || !view_starts(name, VIEW("posthaste,"))
	    || !view_number(view_from(mark, 1), UINT64_MAX, number);
	if (*foreign && !view_number(time, UINT64_MAX, number))
		*number = UINT64_MAX;
}

static int
by_delivery(const void *a, const void *b)
{
	const view *x = a;
	const view *y = b;
	uint64_t m = 0, n = 0;
	int p, q;

	order_of(*x, &p, &m);
	order_of(*y, &q, &n);
	if (p != q)
		return p - q;
	return m != n ? (m < n ? -1 : 1) : view_order(*x, *y);
}

static int
by_name(const void *a, const void *b)
{
	return view_order(*(const view *)a, *(const view *)b);
}

/* NOT_FOUND: no folder. */
static result
read_folder(const char *path, struct arena *arena, struct names *out)
{
	DIR *d = opendir(path);
	struct dirent *e;

	*out = (struct names){ .count = 0 };
	if (d == NULL)
		return fail(NOT_FOUND, "a folder could not be read");
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0
		    && strcmp(e->d_name, "..") != 0)
			names_add(out, arena, view_of(e->d_name));
	(void)closedir(d);
	return arena_result(arena);
}

struct walk {
	struct import *import;
	struct arena *arena;
	const char *root;
};

/* One file by its path below the root. */
static result
take(struct walk *w, view path)
{
	struct mapping file;
	const char *full = arena_text(w->arena,
	    arena_print(w->arena, "%s/%.*s", w->root, (int)path.n, path.p));
	result r;

	TRY(arena_result(w->arena));
	r = mapping_open(&file, full);
	if (r.is == OK) {
		r = import_maildir_file(w->import, path, file.when,
		    file.bytes);
		mapping_close(&file);
		return r;
	}
	import_told(w->import, path, r);
	return done();
}

static result
walk_part(struct walk *w, view folder, const char *part)
{
	struct names files;
	const char *path = arena_text(w->arena, arena_print(w->arena,
	    "%s/%.*s%s", w->root, (int)folder.n, folder.p, part));

	TRY(arena_result(w->arena));
	if (read_folder(path, w->arena, &files).is != OK)
		return done();
	if (files.count > 1)
		qsort(files.list, files.count, sizeof *files.list,
		    by_delivery);
	for (size_t i = 0; i < files.count; i++)
		TRY(take(w, arena_print(w->arena, "%.*s%s/%.*s",
		    (int)folder.n, folder.p, part, (int)files.list[i].n,
		    files.list[i].p)));
	return done();
}

/* `folder` ends in a slash, or is empty. */
static result
walk_folder(struct walk *w, view folder)
{
	static const char *const first[] = { "maildirfolder",
		"dovecot-keywords" };
	struct stat st;

	for (size_t i = 0; i < COUNT(first); i++) {
		view path = arena_print(w->arena, "%.*s%s", (int)folder.n,
		    folder.p, first[i]);
		const char *full = arena_text(w->arena, arena_print(w->arena,
		    "%s/%.*s", w->root, (int)path.n, path.p));

		TRY(arena_result(w->arena));
		if (stat(full, &st) == 0)
			TRY(take(w, path));
	}
	TRY(walk_part(w, folder, "cur"));
	return walk_part(w, folder, "new");
}

static bool
is_maildir(struct walk *w, view folder)
{
	const char *path = arena_text(w->arena, arena_print(w->arena,
	    "%s/%.*s/cur", w->root, (int)folder.n, folder.p));
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static result
walk_maildir(struct walk *w)
{
	struct names all;

	if (!is_maildir(w, VIEW(".")))
		return fail(MALFORMED, "expected a Maildir with a folder cur,"
		    " found none");
	TRY(walk_folder(w, VIEW("")));
	TRY(read_folder(w->root, w->arena, &all));
	if (all.count > 1)
		qsort(all.list, all.count, sizeof *all.list, by_name);
	for (size_t i = 0; i < all.count; i++)
		if (view_at(all.list[i], 0) == '.'
		    && is_maildir(w, all.list[i]))
			TRY(walk_folder(w, arena_print(w->arena, "%.*s/",
			    (int)all.list[i].n, all.list[i].p)));
	return done();
}

/* A file's name without ".mbox" is the mailbox'. */
static result
take_mbox(struct walk *w, const char *path, bool named)
{
	view name = view_of(path);
	struct buf mailbox = buf_new(TRANSFER_PATH);
	struct mapping file;
	result r;

	(void)view_cut_last(&name, '/');
	if (view_ends(name, VIEW(".mbox")))
		name.n -= sizeof ".mbox" - 1;
	if (named && w->import->t->mailbox.n > 0)
		name = VIEW("");
	r = import_mailbox_name(w->import, name, &mailbox);
	if (r.is == OK)
		r = mapping_open(&file, path);
	if (r.is == OK) {
		r = import_enter(w->import, buf_view(&mailbox));
		if (r.is == OK)
			r = import_mbox(w->import, file.bytes);
		mapping_close(&file);
	}
	buf_free(&mailbox);
	return r;
}

static result
walk_mbox(struct walk *w)
{
	struct names all;
	struct stat st;

	if (stat(w->root, &st) == 0 && !S_ISDIR(st.st_mode))
		return take_mbox(w, w->root, true);
	TRY(read_folder(w->root, w->arena, &all));
	if (all.count > 1)
		qsort(all.list, all.count, sizeof *all.list, by_name);
	for (size_t i = 0; i < all.count; i++)
		if (view_ends(all.list[i], VIEW(".mbox")))
			TRY(take_mbox(w, arena_text(w->arena,
			    arena_print(w->arena, "%s/%.*s", w->root,
				(int)all.list[i].n, all.list[i].p)), false));
	return done();
}

static result
walk_objects(struct walk *w, enum collection_kind kind)
{
	struct import *m = w->import;
	struct mapping file;
	int64_t id;
	result r;
	view name = m->t->collection.n > 0 ? m->t->collection
					   : VIEW("personal");

	TRY(name_check(name));
	TRY(mapping_open(&file, w->root));
	r = import_collection(m, kind, name, VIEW(""), &id);
	if (r.is == OK)
		r = kind == COLLECTION_CALENDAR
		    ? import_calendar(m, id, file.bytes)
		    : import_cards(m, id, file.bytes);
	mapping_close(&file);
	return r;
}

static result
walk_sogo(struct walk *w)
{
	struct mapping file;
	result r;

	TRY(mapping_open(&file, w->root));
	r = import_sogo(w->import, file.bytes);
	mapping_close(&file);
	return r;
}

/* A folder is in one that is there, and no file has its name. */
static result
check_above(struct import *m, view name)
{
	struct collection above;
	struct item item;
	view up = name, last = view_cut_last(&up, '/');
	result r;

	if (last.n == 0)
		return done();
	/* view_cut_last gives what stands before, and leaves the rest. */
	TRY(collection_find(m->account, m->folder_arena, COLLECTION_FILES,
	    last, &above));
	r = item_by_name(m->account, m->folder_arena, above.id, up, &item);
	if (r.is == OK)
		return fail(MALFORMED, "a file has the folder's name");
	return r.is == NOT_FOUND ? done() : r;
}

struct naming {
	struct import *import;
	view display_name;
};

/* Such as a new account has is called what it was called before. */
static result
name_place(struct account *a, void *context)
{
	const struct naming *n = context;
	struct import *m = n->import;
	struct collection c;

	TRY(collection_get(a, m->folder_arena, m->place_id, &c));
	return c.modseq != c.created
	        || view_eq(c.display_name, n->display_name)
	    ? done()
	    : collection_set_display_name(a, c.id, n->display_name);
}

static result
enter_place(struct import *m, enum collection_kind kind, view place,
    view display_name)
{
	struct buf name = buf_new(TRANSFER_PATH);
	result r = decode_percent(&name, place);

	m->place_id = 0;
	m->about = m->about_left = VIEW("");
	if (r.is == OK)
		r = buf_result(&name);
	if (r.is == OK)
		r = place_check(kind, buf_view(&name));
	if (r.is == OK && kind == COLLECTION_FILES)
		r = check_above(m, buf_view(&name));
	if (r.is == NOT_FOUND)
		r = fail(MALFORMED, "a folder without the one around it");
	if (r.is == OK && view_copy(place, m->place, sizeof m->place))
		r = import_collection(m, kind, buf_view(&name), display_name,
		    &m->place_id);
	buf_free(&name);
	if (r.is != OK || display_name.n == 0)
		return r;
	return account_write(m->account, name_place,
	    &(struct naming){ m, display_name }, DURABLE_LATER);
}

/* "personal/.name" and what stands beside it, then "personal/<name>", below
 * the kind's folder. */
static result
take_object(struct import *m, enum collection_kind kind, view path,
    int64_t when, view bytes)
{
	struct buf name = buf_new(TRANSFER_PATH);
	struct incoming_object in = { .kind = kind, .when = when,
		.bytes = bytes };
	view place = view_cut_last(&path, '/'); /* leaves the file's name */
	bool here = m->place_id != 0 && view_eq(place, view_of(m->place));
	result r = done();

	if (view_eq(path, VIEW(".name"))) {
		r = enter_place(m, kind, place, bytes);
	} else if (here && view_eq(path, VIEW(".properties"))) {
		r = import_properties(m, place, bytes);
	} else if (here && view_eq(path, VIEW(".about"))) {
		import_about(m, bytes);
	} else if (here) {
		r = file_name_decode(path, &name);
		in.collection = m->place_id;
		in.name = buf_view(&name);
		if (r.is == OK)
			r = import_object(m, &in);
	} else {
		r = fail(MALFORMED, "an object without its collection");
	}
	buf_free(&name);
	/* It shows what another place has, or holds as much as it may. */
	if (r.is != MALFORMED && r.is != DENIED && r.is != OVER_LIMIT)
		return r;
	import_told(m, path, r);
	return done();
}

static result
take_entry(void *context, view path, int64_t when, view bytes)
{
	struct import *m = context;
	view rest = path;
	view top = view_cut(&rest, '/');

	m->t->part = top;
	if (view_eq(top, VIEW("mail")))
		return import_maildir_file(m, rest, when, bytes);
	if (view_eq(top, VIEW("calendars")))
		return take_object(m, COLLECTION_CALENDAR, rest, when, bytes);
	if (view_eq(top, VIEW("contacts")))
		return take_object(m, COLLECTION_ADDRESSBOOK, rest, when,
		    bytes);
	if (view_eq(top, VIEW("attachments")))
		return take_object(m, COLLECTION_ATTACHMENTS, rest, when,
		    bytes);
	if (view_eq(top, VIEW("files")))
		return take_object(m, COLLECTION_FILES, rest, when, bytes);
	if (view_eq(path, VIEW("settings/shares"))
	    || view_eq(path, VIEW("settings/subscriptions")))
		return import_shares(m, path, bytes);
	if (view_eq(top, VIEW("sieve")) || view_eq(top, VIEW("settings")))
		return import_handling(m, path, bytes);
	if (view_eq(path, VIEW("manifest"))
	    && !view_starts(bytes, VIEW("posthaste archive 1\n")))
		return fail(MALFORMED, "an archive of a newer version");
	return done();
}

static result
walk_archive(struct walk *w)
{
	struct mapping file;
	result r;

	TRY(mapping_open(&file, w->root));
	r = tar_each(file.bytes, take_entry, w->import);
	mapping_close(&file);
	return r;
}

static result
walk(struct walk *w, enum transfer_format format)
{
	switch (format) {
	case TRANSFER_MAILDIR:
		return walk_maildir(w);
	case TRANSFER_MBOX:
		return walk_mbox(w);
	case TRANSFER_ICS:
		return walk_objects(w, COLLECTION_CALENDAR);
	case TRANSFER_VCF:
		return walk_objects(w, COLLECTION_ADDRESSBOOK);
	case TRANSFER_SOGO:
		return walk_sogo(w);
	case TRANSFER_ARCHIVE:
		return walk_archive(w);
	}
	return fail(MALFORMED, "no such format");
}

result
transfer_import(struct transfer *t, const char *path,
    enum transfer_format format)
{
	struct import m = { .t = t };
	struct walk w = { &m, NULL, path };
	result r;

	TRY(account_open(t->store, t->account, &m.account));
	m.arena = arena_new(TRANSFER_ARENA);
	m.folder_arena = arena_new(FOLDER_ARENA);
	w.arena = arena_new(NAMES_ARENA);
	r = walk(&w, format);
	account_close(&m.account);
	arena_free(&w.arena);
	arena_free(&m.folder_arena);
	arena_free(&m.arena);
	if (r.is == OK)
		r = store_sync(t->store);
	return r;
}

static result
import_bytes(struct import *m, view bytes, enum transfer_format format)
{
	if (format == TRANSFER_ARCHIVE)
		return tar_each(bytes, take_entry, m);
	TRY(import_enter(m, m->t->mailbox));
	return import_mbox(m, bytes);
}

result
transfer_import_bytes(struct transfer *t, view bytes,
    enum transfer_format format)
{
	struct import m = { .t = t, .compares = LIMIT_IMPORT_COMPARED };
	result r, synced;

	if (format != TRANSFER_ARCHIVE && format != TRANSFER_MBOX)
		return fail(MALFORMED, "expected an archive or an mbox");
	TRY(format == TRANSFER_ARCHIVE ? import_check_archive(bytes)
				       : import_check_mbox(bytes));
	TRY(account_open(t->store, t->account, &m.account));
	m.arena = arena_new(TRANSFER_ARENA);
	m.folder_arena = arena_new(FOLDER_ARENA);
	r = import_bytes(&m, bytes, format);
	account_close(&m.account);
	arena_free(&m.folder_arena);
	arena_free(&m.arena);
	synced = store_sync(t->store);
	return synced.is != OK ? synced : r;
}
