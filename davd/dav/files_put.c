#include "davd/dav/files.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/schedule/schedule.h"
#include "mailcore/sys/clock.h"

/* PUT of any bytes (RFC 4918 9.7); conditions are decided inside the
 * transaction. */
struct put {
	struct dav *d;
	struct item_new item;
	bool created;
	unsigned status; /* of a refusal */
};

enum { TYPE_MOST = 255 };

/* What it says that it is, to be said again. */
static view
type_of(struct dav *d)
{
	static const view unknown = VIEW_INIT("application/octet-stream");
	view type;

	if (!request_header(d->request, VIEW("Content-Type"), &type))
		return unknown;
	type = view_trim(type);
	for (size_t i = 0; i < type.n; i++)
		if (ascii_is_control(type.p[i]) || (type.p[i] & 0x80) != 0)
			return unknown;
	return type.n == 0 || type.n > TYPE_MOST
		|| view_find_byte(type, '/') == SIZE_MAX
	    ? unknown
	    : type;
}

static result
refuse(struct put *p, unsigned status, const char *why)
{
	p->status = status;
	return fail(DENIED, why);
}

static result
work(struct account *a, void *context)
{
	struct put *p = context;
	struct dav *d = p->d;
	struct collection folder, same;
	struct item old, out;
	result r;

	(void)a; /* d->account */
	p->status = 0;
	r = dav_collection(d, d->arena, &folder);
	if (r.is == NOT_FOUND)
		return refuse(p, 409, "RFC 4918 9.7.1: no such folder");
	TRY(r);
	r = collection_find(d->account, d->arena, COLLECTION_FILES,
	    arena_print(d->arena, "%.*s/%.*s", (int)folder.name.n,
		folder.name.p, (int)d->path.object.n, d->path.object.p),
	    &same);
	if (r.is == OK)
		return refuse(p, 405, "RFC 4918 9.7.2: this is a folder");
	r = item_by_name(
	    d->account, d->arena, folder.id, d->path.object, &old);
	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	p->created = r.is == NOT_FOUND;
	if (p->created && folder.items >= LIMIT_FILES_CARRIED)
		return fail(NO_SPACE, "More than LIMIT_FILES_CARRIED.");
	if (dav_precondition(d, p->created ? VIEW("") : old.etag,
		p->created ? INT64_MIN : old.received)
	    != 0)
		return refuse(p, 412, "RFC 9110 13.1: it has changed");
	return p->created
	    ? item_add(d->account, folder.id, &p->item, &out)
	    : item_replace(d->account, folder.id, old.uid, old.etag, &p->item,
		  &out);
}

/* false: refused. */
static bool
check_request(struct dav *d)
{
	view value;

	if (d->path.what == DAV_FOLDER || d->path.slash) {
		answer_text(d->answer, 405, "This is a folder.");
		return false;
	}
	if (request_header(d->request, VIEW("Content-Range"), &value)) {
		answer_text(d->answer, 400, "RFC 9110 14.5: no partial PUT");
		return false;
	}
	if (request_header(d->request, VIEW("Content-Encoding"), &value)
	    && !view_same(view_trim(value), VIEW("identity"))) {
		answer_text(d->answer, 415, "No content coding, please.");
		return false;
	}
	if (d->request->body.n <= LIMIT_FILE)
		return true;
	answer_text(d->answer, 413, "More than LIMIT_FILE.");
	return false;
}

void
files_put(struct dav *d)
{
	struct put p = { .d = d };
	struct spool *bytes;
	result r;

	if (!check_request(d))
		return;
	bytes = spool_new(d->services->store, LIMIT_FILE);
	spool_add(bytes, d->request->body);
	p.item = (struct item_new){ .name = d->path.object,
		.key = VIEW(""),
		.received = clock_now(),
		.keywords = VIEW(""),
		.component = type_of(d),
		.etag = schedule_etag(d->request->body, d->arena),
		.bytes = bytes };
	r = spool_result(bytes);
	if (r.is == OK)
		r = item_prepare(d->account, bytes);
	if (r.is == OK)
		r = account_write(d->account, work, &p, DURABLE);
	spool_free(&bytes);
	if (r.is == OK) {
		answer_header(d->answer, "ETag",
		    arena_print(d->arena, "\"%.*s\"", (int)p.item.etag.n,
			p.item.etag.p));
		d->answer->status = p.created ? 201 : 204;
	} else if (p.status != 0) {
		answer_text(d->answer, p.status, r.why);
	} else {
		dav_fail(d, r);
	}
}
