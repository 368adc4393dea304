/* A file is added to an event, replaced, or taken away (RFC 8607 3.3). */
#include "davd/dav/acl.h"
#include "davd/dav/attach.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/header.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/ical_attach.h"
#include "mailcore/store/attachment.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/random.h"

enum { TYPE_MOST = 127, ID_BYTES = 16 };
enum action { ADD, UPDATE, REMOVE, ACTIONS };

static const view actions[ACTIONS] = {
	[ADD] = VIEW_INIT("attachment-add"),
	[UPDATE] = VIEW_INIT("attachment-update"),
	[REMOVE] = VIEW_INIT("attachment-remove"),
};

struct attach {
	struct dav *d;
	struct scheduling schedule;
	enum action action;
	view rid, id;              /* as they are asked for */
	struct ical_attachment a;  /* what is added */
	struct spool *bytes;
	/* Why it is refused. */
	unsigned status;
	unsigned need;
	const char *condition;
};

bool
attach_is_meant(const struct dav *d)
{
	view value;

	return d->path.what == DAV_EVENT
	    && request_query(d->request, VIEW("action"), &value);
}

static result
refuse(struct attach *t, unsigned status, const char *condition)
{
	t->status = status;
	t->condition = condition;
	return fail(DENIED, "RFC 8607 3.11: this cannot be attached");
}

/* What came of the text. */
static result
judge(struct attach *t, result r)
{
	if (r.is == STALE)
		return refuse(t, 403, "C:valid-rid-parameter");
	if (r.is == NOT_FOUND)
		return refuse(t, 403, "C:valid-managed-id-parameter");
	if (r.is == OVER_LIMIT && arena_result(t->d->arena).is == OK)
		return refuse(t, 403, "C:max-attachments-per-resource");
	return r;
}

static result
change_text(struct attach *t, view old, view *out)
{
	struct arena *arena = t->d->arena;

	if (t->action == ADD)
		return judge(
		    t, ical_attach_add(old, t->rid, &t->a, arena, out));
	if (t->action == UPDATE)
		return judge(
		    t, ical_attach_replace(old, t->id, &t->a, arena, out));
	return judge(
	    t, ical_attach_remove(old, t->id, t->rid, arena, out));
}

static result
find_place(struct attach *t, struct collection *out)
{
	struct dav *d = t->d;
	result r = collection_find(d->account, d->arena,
	    COLLECTION_ATTACHMENTS, VIEW(ATTACHMENTS), out);
	int64_t id;

	if (r.is == NOT_FOUND) {
		TRY(collection_add(d->account, COLLECTION_ATTACHMENTS,
		    VIEW(ATTACHMENTS), VIEW(""), USE_NONE, &id));
		r = collection_get(d->account, d->arena, id, out);
	}
	TRY(r);
	return out->items < LIMIT_ATTACHMENTS_KEPT
	    ? done()
	    : fail(NO_SPACE, "more than LIMIT_ATTACHMENTS_KEPT");
}

static result
keep_file(struct attach *t, view uid)
{
	struct dav *d = t->d;
	struct item_new new = { .name = t->a.id,
		.received = clock_now(),
		.keywords = VIEW(""),
		.component = t->a.type,
		.etag = schedule_etag(d->request->body, d->arena),
		.bytes = t->bytes };
	struct collection place;
	struct item out;

	if (t->action == REMOVE)
		return done();
	new.key = arena_print(d->arena, "%.*s %.*s", (int)t->a.id.n,
	    t->a.id.p, (int)uid.n, uid.p);
	TRY(arena_result(d->arena));
	TRY(find_place(t, &place));
	return item_add(d->account, place.id, &new, &out);
}

static result
keep_event(struct attach *t, const struct collection *c,
    const struct item *old, view text)
{
	struct dav *d = t->d;
	struct ical_facts facts;
	struct item_new new = { .name = old->name, .key = old->key,
		.received = clock_now(), .keywords = VIEW("") };
	struct item out;

	if (text.n > LIMIT_CALENDAR_OBJECT)
		return refuse(t, 403, "C:max-resource-size");
	TRY(ical_examine(text, d->arena, &facts));
	new.component = facts.component;
	new.span_from = facts.span_from;
	new.span_to = facts.span_to;
	new.times = facts.times;
	new.etag = schedule_etag(text, d->arena);
	new.bytes = schedule_turn_spool(&t->schedule.turn, text);
	if (new.bytes == NULL)
		return fail(FAILED, "no room for another text");
	TRY(scheduling_put(&t->schedule, c, old, text, &new));
	return item_replace(
	    d->account, c->id, old->uid, old->etag, &new, &out);
}

/* The event as it is, for who may change it. */
static result
read_event(struct attach *t, struct collection *c, struct item *old,
    view *text)
{
	struct dav *d = t->d;
	struct body body;
	bool whole;

	TRY(dav_collection(d, d->arena, c));
	TRY(item_by_name(d->account, d->arena, c->id, d->path.object, old));
	TRY(body_open(d->account, old->body, &body));
	*text = arena_copy(d->arena, body.bytes);
	whole = d->rights.all || acl_sees_whole(d, c, body.bytes);
	body_close(&body);
	TRY(arena_result(d->arena));
	if (!whole || !acl_may(d, c, RIGHT_CHANGE)) {
		t->need = RIGHT_CHANGE;
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	}
	if (dav_precondition(d, old->etag, old->received) != 0)
		return refuse(t, 412, NULL);
	return done();
}

static result
work(struct account *a, void *context)
{
	struct attach *t = context;
	struct collection c;
	struct item old;
	view text, changed;

	(void)a; /* d->account */
	t->status = t->need = 0;
	t->condition = NULL;
	TRY(read_event(t, &c, &old, &text));
	TRY(change_text(t, text, &changed));
	TRY(keep_file(t, old.key));
	return keep_event(t, &c, &old, changed);
}

static void
answer(struct attach *t, result r)
{
	struct dav *d = t->d;

	if (r.is == OK) {
		d->answer->status = t->action == ADD ? 201 : 204;
		if (t->action != REMOVE) {
			answer_header(d->answer, "Cal-Managed-ID", t->a.id);
			answer_header(d->answer, "Location", t->a.url);
		}
		if (t->schedule.scheduled)
			scheduling_tag(d, t->schedule.text);
		if (d->representation && dav_represent(d).is == OK
		    && t->action != ADD)
			d->answer->status = 200;
	} else if (t->need != 0) {
		dav_need(d, t->need);
	} else if (scheduling_answer(&t->schedule)) {
		return;
	} else if (t->condition != NULL) {
		dav_error(d, t->status, t->condition, VIEW(""));
	} else if (t->status != 0) {
		answer_text(d->answer, t->status, r.why);
	} else {
		dav_fail(d, r);
	}
}

static bool
is_type(view v)
{
	size_t slashes = 0;

	for (size_t i = 0; i < v.n; i++) {
		slashes += v.p[i] == '/';
		if (!ascii_is_alnum(v.p[i])
		    && view_find_byte(VIEW("!#$&-^_.+/"), v.p[i]) == SIZE_MAX)
			return false;
	}
	return v.n <= TYPE_MOST && slashes == 1 && v.p[0] != '/'
	    && v.p[v.n - 1] != '/';
}

/* The last part of a path, as one line. */
static view
file_name(struct dav *d, view name)
{
	view rest = name;
	char *to;

	(void)view_cut_last(&rest, '/');
	(void)view_cut_last(&rest, '\\');
	rest = view_first(rest, LIMIT_ATTACHMENT_NAME);
	while (rest.n > 0 && !utf8_is_valid(rest))
		rest.n--;
	to = arena_alloc(d->arena, rest.n + 1);
	for (size_t i = 0; to != NULL && i < rest.n; i++)
		to[i] = (unsigned char)rest.p[i] < ' ' || rest.p[i] == 127
		    ? '_' : rest.p[i];
	return to == NULL ? VIEW("") : view_trim((view){ to, rest.n });
}

static void
read_headers(struct attach *t)
{
	struct dav *d = t->d;
	struct header_value disposition;
	view value;

	t->a.type = VIEW("application/octet-stream");
	t->a.name = VIEW("");
	if (request_header(d->request, VIEW("Content-Type"), &value)) {
		value = view_trim(view_cut(&value, ';'));
		if (is_type(value))
			t->a.type = value;
	}
	if (!request_header(
		d->request, VIEW("Content-Disposition"), &value))
		return;
	header_value(value, d->arena, &disposition);
	header_join(&disposition, d->arena);
	for (size_t i = 0; i < disposition.parameter_count; i++)
		if (view_same(disposition.parameters[i].name,
			VIEW("filename")))
			t->a.name = file_name(
			    d, disposition.parameters[i].value);
}

void
attach_place(struct dav *d, struct ical_attachment *a)
{
	char bytes[ID_BYTES];
	struct buf b = buf_new(LIMIT_HTTP_TARGET);

	random_bytes(bytes, sizeof bytes);
	encode_hex(&b, (view){ bytes, sizeof bytes });
	a->id = arena_copy(d->arena, buf_view(&b));
	buf_reset(&b);
	buf_add(&b, d->request->origin);
	buf_add(&b, VIEW("/SOGo/dav/"));
	encode_percent(&b, d->owner.address, VIEW("@"));
	buf_add(&b, VIEW("/Attachments/"));
	buf_add(&b, a->id);
	buf_add_byte(&b, '/');
	a->url = arena_copy(d->arena, buf_view(&b));
	buf_free(&b);
}

static void
name_file(struct attach *t)
{
	struct dav *d = t->d;
	struct buf b = buf_new(LIMIT_HTTP_TARGET);

	attach_place(d, &t->a);
	buf_add(&b, t->a.url);
	encode_percent(&b, t->a.name.n > 0 ? t->a.name : VIEW("file"),
	    VIEW(""));
	t->a.url = arena_copy(d->arena, buf_view(&b));
	buf_free(&b);
	t->a.size = d->request->body.n;
}

/* RFC 8607 3.3.2: which parameters go with which action; NULL: well. */
static const char *
check_parameters(struct attach *t)
{
	const struct request *q = t->d->request;
	bool rid = request_query(q, VIEW("rid"), &t->rid);
	bool id = request_query(q, VIEW("managed-id"), &t->id);
	view value = VIEW("");

	(void)request_query(q, VIEW("action"), &value);
	for (t->action = ADD; t->action < ACTIONS; t->action++)
		if (view_eq(value, actions[t->action]))
			break;
	if (t->action == ACTIONS)
		return "C:valid-action-parameter";
	if (rid && (t->rid.n == 0 || t->action == UPDATE))
		return "C:valid-rid-parameter";
	if (id != (t->action != ADD) || (id && t->id.n == 0))
		return "C:valid-managed-id-parameter";
	if (t->d->request->body.n > LIMIT_ATTACHMENT)
		return "C:max-attachment-size";
	return NULL;
}

void
attach_post(struct dav *d)
{
	struct attach t = { .d = d, .rid = VIEW(""), .id = VIEW("") };
	const char *condition = check_parameters(&t);
	result r = done();

	if (condition != NULL) {
		dav_error(d, 403, condition, VIEW(""));
		return;
	}
	read_headers(&t);
	name_file(&t);
	scheduling_new(d, &t.schedule);
	if (t.action != REMOVE) {
		t.bytes = spool_new(d->services->store, LIMIT_ATTACHMENT);
		spool_add(t.bytes, d->request->body);
		r = spool_result(t.bytes);
		if (r.is == OK)
			r = item_prepare(d->account, t.bytes);
	}
	if (r.is == OK)
		r = arena_result(d->arena);
	if (r.is == OK)
		r = scheduling_write(&t.schedule, work, &t);
	answer(&t, r);
	if (t.bytes != NULL)
		spool_free(&t.bytes);
}
