/* Of an archive or an mbox that anybody may send: is it one, and would it take
 * too long?  Looked at before anything is stored. */
#include "mailcore/admin/transfer_inside.h"

enum { CHECK_ARENA = 8 << 20 };

struct checking {
	struct arena *arena;
	view folders[LIMIT_IMPORT_MAILBOXES];
	size_t folder_count;
	size_t files;
	size_t aside; /* octets of what is no message or object */
	bool manifest;
};

static result
too_much(void)
{
	return fail(OVER_LIMIT, "too much for one request; what the operator"
	    " reads by posthaste import has no such limit");
}

/* The messages of a mailbox stand together: each change to another one reads
 * what is in it. */
static result
check_folder(struct checking *c, view folder)
{
	size_t n = c->folder_count;

	if (n > 0 && view_same(c->folders[n - 1], folder))
		return done();
	for (size_t i = 0; i < n; i++)
		if (view_same(c->folders[i], folder))
			return fail(MALFORMED, "a mailbox is in two places of"
			    " the archive");
	if (n == COUNT(c->folders))
		return too_much();
	c->folders[c->folder_count++] = arena_copy(c->arena, folder);
	return arena_result(c->arena);
}

static bool
is_aside(view top, view name)
{
	static const view names[] = { VIEW_INIT(".name"),
		VIEW_INIT(".properties"), VIEW_INIT(".about"),
		VIEW_INIT("dovecot-keywords") };

	for (size_t i = 0; i < COUNT(names); i++)
		if (view_eq(name, names[i]))
			return true;
	return view_eq(top, VIEW("settings"));
}

static result
check_file(void *context, view path, int64_t when, view bytes)
{
	struct checking *c = context;
	view rest = path, top = view_cut(&rest, '/'), name = rest;

	(void)when;
	if (view_eq(path, VIEW("manifest")))
		c->manifest = view_starts(bytes,
		    VIEW("posthaste archive 1\n"));
	(void)view_cut_last(&name, '/');
	if (is_aside(top, name))
		c->aside += bytes.n;
	if (++c->files > LIMIT_IMPORT_ITEMS || c->aside > LIMIT_IMPORT_ASIDE)
		return too_much();
	if (!view_eq(top, VIEW("mail")))
		return done();
	if (view_at(rest, 0) != '.')
		rest = VIEW(".INBOX/");
	return check_folder(c, view_cut(&rest, '/'));
}

result
import_check_archive(view tar)
{
	struct checking c = { .arena = arena_new(CHECK_ARENA) };
	result r = tar_each(tar, check_file, &c);

	arena_free(&c.arena);
	TRY(r);
	return c.manifest
	    ? done()
	    : fail(MALFORMED, "not an archive of posthaste export: its"
	        " manifest is missing, or of a newer version");
}

result
import_check_mbox(view text)
{
	bool empty = true;
	size_t count = 0;
	view line;

	if (!view_starts(text, VIEW("From ")))
		return fail(MALFORMED, "RFC 4155: an mbox begins with From");
	while (view_line(&text, &line)) {
		if (empty && view_starts(line, VIEW("From ")))
			count++;
		if (count > LIMIT_IMPORT_ITEMS)
			return too_much();
		empty = line.n == 0;
	}
	return done();
}
