#include "davd/dav/acl.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical_merge.h"

/*
 * GET of a whole collection: all events in one VCALENDAR, all cards one after
 * the other.  Made piece by piece; an account is held only while a piece is
 * made.
 */
enum { PIECE = 131072, SCRATCH = 67108864 };

struct export
{
	struct dav *d;
	struct collection collection;
	struct arena *scratch;
	struct ical_merge merge;
	struct buf *to;
	uint32_t next_uid;
	bool begun, over;
};

static result
add_bytes(struct export *e, view bytes)
{
	if (e->collection.kind == COLLECTION_CALENDAR)
		return ical_merge_add(&e->merge, bytes, e->scratch, e->to);
	buf_add(e->to, bytes);
	if (!view_ends(bytes, VIEW("\n")))
		buf_add(e->to, VIEW("\r\n"));
	return buf_result(e->to);
}

static result
visit(void *context, const struct item *item)
{
	struct export *e = context;
	struct buf seen = buf_new(LIMIT_CALENDAR_OBJECT);
	struct body body;
	result r;

	if (e->to->n >= PIECE)
		return fail(BUSY, "the piece is full");
	TRY(body_open(e->d->account, item->body, &body));
	r = add_bytes(e, acl_seen(e->d, &e->collection, body.bytes, &seen));
	buf_free(&seen);
	body_close(&body);
	arena_reset(e->scratch);
	e->next_uid = item->uid + 1;
	return r;
}

static void
begin(struct export *e)
{
	const struct collection *c = &e->collection;
	view name = c->display_name.n > 0 ? c->display_name : c->name;

	if (c->kind != COLLECTION_CALENDAR)
		return;
	buf_add(e->to,
	    VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		 "PRODID:-//Posthaste//EN\r\n"));
	ical_add_text(e->to, VIEW("NAME"), name); /* RFC 7986 5.1 */
	ical_add_text(e->to, VIEW("X-WR-CALNAME"), name);
}

static result
add_piece(struct export *e)
{
	result r;

	if (!e->begun)
		begin(e);
	e->begun = true;
	r = item_each(
	    e->d->account, e->collection.id, e->next_uid, UINT32_MAX, visit, e);
	if (r.is == BUSY && e->to->n >= PIECE)
		return done();
	TRY(r);
	e->over = true;
	if (e->collection.kind == COLLECTION_CALENDAR)
		buf_add(e->to, VIEW("END:VCALENDAR\r\n"));
	return buf_result(e->to);
}

static bool
piece(void *context, struct buf *to)
{
	struct export *e = context;
	struct dav *d = e->d;
	result r;

	if (e->over)
		return false;
	e->to = to;
	r = account_open(d->services->store, d->owner.id, &d->account);
	if (r.is == OK)
		r = add_piece(e);
	account_close(&d->account);
	if (r.is != OK)
		buf_fail(to, r.is, r.why);
	return r.is == OK && !e->over;
}

static void
end(void *context)
{
	struct export *e = context;

	arena_free(&e->scratch);
}

/* A browser keeps it under its name (RFC 6266 4.3, RFC 8187). */
static void
add_file_name(struct dav *d, const struct collection *c)
{
	struct buf b = buf_new(LIMIT_HTTP_HEADER);
	view end = c->kind == COLLECTION_CALENDAR ? VIEW(".ics")
						  : VIEW(".vcf");

	buf_add(&b, VIEW("attachment; filename=\""));
	for (size_t i = 0; i < c->name.n; i++)
		buf_add_byte(&b, ascii_is_alnum(c->name.p[i])
			    || c->name.p[i] == '-'
		    ? c->name.p[i] : '_');
	buf_add(&b, end);
	buf_add(&b, VIEW("\"; filename*=UTF-8''"));
	for (view rest = c->name, part; rest.n > 0;) {
		part = view_cut(&rest, '/');
		encode_percent(&b, part, VIEW(""));
	}
	buf_add(&b, end);
	answer_header(d->answer, "Content-Disposition", buf_view(&b));
	buf_free(&b);
}

void
dav_export(struct dav *d)
{
	struct export *e = arena_alloc(d->arena, sizeof *e);
	result r = arena_result(d->arena);
	view etag;

	if (r.is == OK)
		r = dav_collection(d, d->arena, &e->collection);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	etag = dav_token(
	    d, d->arena, &e->collection, e->collection.modseq);
	answer_header(d->answer, "ETag",
	    arena_print(d->arena, "\"%.*s\"", (int)etag.n, etag.p));
	d->answer->status = request_precondition(d->request, etag);
	if (d->answer->status != 0)
		return;
	answer_header(d->answer, "Content-Type",
	    d->path.what == DAV_CALENDAR ? VIEW("text/calendar; charset=utf-8")
					 : VIEW("text/vcard; charset=utf-8"));
	add_file_name(d, &e->collection);
	e->d = d;
	e->merge.arena = d->arena;
	e->scratch = arena_new(SCRATCH);
	d->answer->status = 200;
	d->answer->stream = piece;
	d->answer->stream_end = end;
	d->answer->context = e;
}
