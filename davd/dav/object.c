#include "davd/dav/acl.h"
#include "davd/dav/data.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/date.h"

/* GET and DELETE of what is there. */

static result
find_object(struct dav *d, struct collection *c, struct item *item)
{
	if ((d->path.what & DAV_OBJECTS) == 0)
		return fail(NOT_FOUND, "There is nothing here.");
	TRY(dav_collection(d, d->arena, c));
	return item_by_name(d->account, d->arena, c->id, d->path.object, item);
}

static void
answer_etag(struct dav *d, view etag)
{
	answer_header(d->answer, "ETag",
	    arena_print(d->arena, "\"%.*s\"", (int)etag.n, etag.p));
}

static view
content_type(enum dav_what what)
{
	return what == DAV_CARD ? VIEW("text/vcard; charset=utf-8")
				: VIEW("text/calendar; charset=utf-8");
}

static void
add_body(struct dav *d, const struct collection *c, view bytes)
{
	struct buf made = buf_new(DATA_MOST), seen = buf_new(DATA_MOST);
	struct data_view data = { .whole = true };

	if (d->path.what == DAV_CARD) {
		answer_header(d->answer, "Vary", VIEW("Accept"));
		data_accept(d, &data);
	} else if ((d->path.what & (DAV_EVENT | DAV_MESSAGE)) != 0) {
		answer_header(
		    d->answer, "Vary", VIEW("CalDAV-Timezones"));
		data_zones(d, &data);
	}
	buf_add(&d->answer->body,
	    data_given(
		&data, d->path.what, acl_seen(d, c, bytes, &seen), &made));
	buf_free(&made);
	buf_free(&seen);
}

void
dav_get(struct dav *d)
{
	struct collection c;
	struct item item;
	struct body body;
	struct buf date = buf_new(64);
	unsigned status;
	view etag;
	result r;

	if (d->path.busy) {
		dav_busy(d);
		return;
	}
	if ((d->path.what & (DAV_CALENDAR | DAV_BOOK)) != 0) {
		dav_export(d);
		return;
	}
	if (d->path.what != DAV_NOTHING && (d->path.what & DAV_OBJECTS) == 0) {
		dav_not_allowed(d);
		return;
	}
	r = find_object(d, &c, &item);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	etag = acl_etag(d, d->arena, &c, &item);
	answer_etag(d, etag);
	date_add_http(&date, item.received);
	answer_header(d->answer, "Last-Modified", buf_view(&date));
	buf_free(&date);
	status = dav_precondition(d, etag, item.received);
	if (status == 412)
		answer_text(d->answer, 412, "RFC 9110 13.1.1: it has changed");
	if (status != 0) {
		d->answer->status = status;
		return;
	}
	r = body_open(d->account, item.body, &body);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	if (d->path.what == DAV_EVENT && !acl_is_masked(d, &c, &item))
		scheduling_tag(d, body.bytes);
	add_body(d, &c, body.bytes);
	body_close(&body);
	answer_header(d->answer, "Content-Type", content_type(d->path.what));
	d->answer->status = 200;
}

result
dav_represent(struct dav *d)
{
	struct buf seen = buf_new(DATA_MOST);
	struct collection c;
	struct item item;
	struct body body;

	TRY(find_object(d, &c, &item));
	TRY(body_open(d->account, item.body, &body));
	answer_etag(d, acl_etag(d, d->arena, &c, &item));
	answer_header(
	    d->answer, "Preference-Applied", VIEW("return=representation"));
	answer_header(d->answer, "Content-Location", d->self);
	answer_header(d->answer, "Content-Type", content_type(d->path.what));
	buf_reset(&d->answer->body);
	buf_add(&d->answer->body, acl_seen(d, &c, body.bytes, &seen));
	buf_free(&seen);
	body_close(&body);
	return buf_result(&d->answer->body);
}

/* In the transaction, so that nobody's change is deleted unseen. */
static result
remove_object(struct account *a, void *context)
{
	struct scheduling *s = context;
	struct dav *d = s->d;
	struct collection c;
	struct item item;
	int64_t modseq;

	(void)a; /* d->account */
	TRY(find_object(d, &c, &item));
	if (!acl_may(d, &c, RIGHT_DELETE))
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	if (dav_precondition(d, acl_etag(d, d->arena, &c, &item),
		item.received)
	    != 0)
		return fail(STALE, "RFC 9110 13.1.1: it has changed");
	TRY(scheduling_remove(s, &c, &item));
	return item_remove(d->account, c.id, item.uid, &modseq);
}

static result
remove_collection(struct account *a, void *context)
{
	struct scheduling *s = context;
	struct dav *d = s->d;
	struct collection c;

	(void)a; /* d->account */
	TRY(dav_collection(d, d->arena, &c));
	if (!acl_may(d, &c, RIGHT_REMOVE))
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	TRY(dav_if(d));
	TRY(scheduling_remove_all(s, &c));
	return collection_remove(d->account, c.id);
}

/* A collection's number is never given out again: what is left when this
 * fails means nothing. */
static void
forget_grants(struct dav *d, enum collection_kind kind, int64_t id)
{
	result r = right_replace(
	    d->services->store, d->owner.id, kind, id, NULL, 0);

	(void)r;
}

void
dav_delete(struct dav *d)
{
	bool collection = (d->path.what & DAV_COLLECTIONS) != 0;
	enum collection_kind kind = dav_kind(d->path.what);
	struct collection c = { .id = 0 };
	struct scheduling s;
	result r;

	if (d->path.what == DAV_NOTHING) {
		dav_fail(d, fail(NOT_FOUND, "There is nothing here."));
		return;
	}
	if (collection
	    && dav_depth_of(d->request, DEPTH_INFINITY) != DEPTH_INFINITY) {
		answer_text(d->answer, 400, "RFC 4918 9.6.1: bad Depth");
		return;
	}
	if ((!collection && (d->path.what & DAV_OBJECTS) == 0)
	    || d->path.what == DAV_INBOX) {
		answer_text(d->answer, 403, "This is there for good.");
		return;
	}
	if (collection && d->shared.id != 0) {
		dav_unsubscribe(d);
		return;
	}
	if (collection && view_eq(d->path.collection, VIEW("personal"))) {
		if (d->path.what == DAV_CALENDAR) /* RFC 6638 4.3 */
			dav_error(d, 403, "C:default-calendar-needed",
			    VIEW(""));
		else
			answer_text(d->answer, 403,
			    "The personal collection is there for good.");
		return;
	}
	if (collection && dav_collection(d, d->arena, &c).is != OK)
		c.id = 0;
	scheduling_new(d, &s);
	r = scheduling_write(
	    &s, collection ? remove_collection : remove_object, &s);
	if (r.is != OK && scheduling_answer(&s))
		return;
	if (r.is == OK && c.id != 0)
		forget_grants(d, kind, c.id);
	if (r.is != OK)
		dav_fail(d, r);
	else
		d->answer->status = 204;
}
