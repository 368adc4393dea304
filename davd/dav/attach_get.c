/*
 * An attachment is read.  Who may: the owner, who may read the event in one
 * of the owner's calendars, and who attends the instance that it belongs to.
 * To all others it is not there.
 */
#include "davd/dav/acl.h"
#include "davd/dav/attach.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_attach.h"
#include "mailcore/store/attachment.h"
#include "mailcore/store/schedule.h"

static const view place = VIEW_INIT("Attachments");

/* Takes "/SOGo/dav/<address>/Attachments/<id>/<name>" apart. */
static bool
read_path(const struct dav *d, view *user, view *id, view *name)
{
	view rest = d->request->path, first;

	if (!view_starts(rest, VIEW("/SOGo/dav/")))
		return false;
	rest = view_from(rest, sizeof("/SOGo/dav/") - 1);
	*user = view_cut(&rest, '/');
	first = view_cut(&rest, '/');
	*id = view_cut(&rest, '/');
	*name = rest;
	return view_eq(first, place) && user->n > 0 && id->n > 0
	    && view_find_byte(rest, '/') == SIZE_MAX;
}

bool
attach_is_file(struct dav *d)
{
	view user, id, name;
	bool is = read_path(d, &user, &id, &name);

	/* So that a password for calendars is enough. */
	if (is)
		d->path.busy = true;
	return is;
}

static result
open_owner(struct dav *d, view user)
{
	struct account_info info;
	result r = account_find(d->services->store, d->arena, user, &info);

	if (r.is == OK && !info.enabled)
		r = fail(NOT_FOUND, "There is nothing here.");
	TRY(r);
	d->owner = d->tree = (struct dav_person){ info.id, info.address };
	TRY(right_read(d->services->store, d->arena, d->who.account, info.id,
	    &d->rights));
	return account_open(d->services->store, info.id, &d->account);
}

struct reader {
	struct dav *d;
	view id;
	view *addresses; /* of who asks */
	size_t count;
	bool named; /* by an event that is there */
};

/* Not by words that look like it, which anybody may write. */
static bool
is_named(const struct reader *r, view text)
{
	view *ids;
	size_t count;

	return ical_attach_list(text, r->d->arena, &ids, &count).is == OK
	    && ical_attach_has(ids, count, r->id);
}

static bool
may_see(struct reader *r, const struct collection *c, view text)
{
	struct dav *d = r->d;

	if (!is_named(r, text))
		return false;
	r->named = true;
	if (acl_may(d, c, RIGHT_READ) && acl_sees_whole(d, c, text))
		return true;
	return ical_attach_concerns(
	    text, r->id, r->addresses, r->count, d->arena);
}

static result
look(struct reader *r, view uid)
{
	struct dav *d = r->d;
	struct collection *list;
	bool seen = d->rights.all;
	size_t count;

	TRY(schedule_addresses(d->services->store, d->arena, d->who.account,
	    &r->addresses, &r->count));
	TRY(collection_list(
	    d->account, d->arena, COLLECTION_CALENDAR, &list, &count));
	for (size_t i = 0; i < count && !seen; i++) {
		struct item item;
		struct body body;
		result found = item_by_key(
		    d->account, d->arena, list[i].id, uid, &item);

		if (found.is == NOT_FOUND)
			continue;
		TRY(found);
		TRY(body_open(d->account, item.body, &body));
		seen = may_see(r, &list[i], body.bytes);
		body_close(&body);
	}
	return seen ? arena_result(d->arena)
		    : fail(NOT_FOUND, "There is nothing here.");
}

result
attach_readable(struct dav *d, view id, view uid)
{
	struct reader reader = { .d = d, .id = id };

	return look(&reader, uid);
}

result
attach_is_hidden(struct dav *d, view id, view uid, bool *out)
{
	struct reader reader = { .d = d, .id = id };
	result r = look(&reader, uid);

	*out = r.is == NOT_FOUND && reader.named;
	return r.is == NOT_FOUND ? done() : r;
}

/* It is somebody else's, and comes from where our own pages do: nothing in it
 * is run or shown here. */
static void
add_headers(struct dav *d, const struct item *item, view name)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET);

	buf_add(&b, VIEW("attachment; filename*=UTF-8''"));
	encode_percent(&b, name.n > 0 ? name : VIEW("file"), VIEW(""));
	answer_header(d->answer, "Content-Disposition", buf_view(&b));
	buf_free(&b);
	answer_header(d->answer, "Content-Type", item->component);
	answer_header(d->answer, "X-Content-Type-Options", VIEW("nosniff"));
	answer_header(d->answer, "Content-Security-Policy",
	    VIEW("default-src 'none'; sandbox"));
	answer_header(d->answer, "Cache-Control", VIEW("private, no-cache"));
	answer_header(d->answer, "ETag",
	    arena_print(d->arena, "\"%.*s\"", (int)item->etag.n,
		item->etag.p));
}

static result
give(struct dav *d, view user, view id, view name)
{
	struct collection c;
	struct item item;
	struct body body;

	TRY(open_owner(d, user));
	TRY(attachment_find(d->account, d->arena, id, &c, &item));
	TRY(attach_readable(d, id, attachment_uid(&item)));
	d->answer->status = request_precondition(d->request, item.etag);
	if (d->answer->status == 0) {
		TRY(body_open(d->account, item.body, &body));
		buf_add(&d->answer->body, body.bytes);
		body_close(&body);
		d->answer->status = 200;
	}
	add_headers(d, &item, name);
	return buf_result(&d->answer->body);
}

void
attach_get(struct dav *d)
{
	view user, id, name;
	result r;

	if (!view_eq(d->request->method, VIEW("GET"))
	    && !view_eq(d->request->method, VIEW("HEAD"))) {
		answer_header(d->answer, "Allow", VIEW("GET, HEAD"));
		answer_text(d->answer, 405, "This cannot be done here.");
		return;
	}
	if (!read_path(d, &user, &id, &name))
		return;
	r = give(d, user, id, name);
	account_close(&d->account);
	if (r.is != OK)
		dav_fail(d, r);
}
