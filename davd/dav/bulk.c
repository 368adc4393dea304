#include "davd/dav/bulk.h"

#include "davd/dav/data.h"
#include "davd/http/exchange.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/split.h"

#include <openssl/rand.h>

struct bulk {
	struct dav *d;
	struct xml_out x;
	size_t count;
	bool changed_data; /* X-MobileMe-DAV-Options: return-changed-data */
};

/* One of them. */
struct one {
	struct dav sub;
	struct request request;
	struct request_field field; /* the condition that stands in it */
	struct request_fields fields;
	struct answer answer;
	view method;
	view href;  /* empty: it is to be created */
	view etag;  /* of If-Match; empty: none */
	view uid;   /* as far as it is known */
	unsigned refused; /* before it was tried; 0: it is not */
};

view
bulk_name(struct arena *arena, enum dav_what what)
{
	unsigned char random[16];
	struct buf name = buf_new(64);
	view out = VIEW("");

	if (RAND_bytes(random, sizeof random) == 1) {
		encode_hex(&name, (view){ (char *)random, sizeof random });
		buf_add_text(&name, what == DAV_EVENT ? ".ics" : ".vcf");
		out = arena_copy(arena, buf_view(&name));
	}
	buf_free(&name);
	return out;
}

static view
uid_of(view text, struct arena *arena)
{
	struct content_lines lines = content_lines_of(text, arena);
	struct content_line line;

	while (content_line_next(&lines, &line))
		if (view_same(line.name, VIEW("UID")))
			return view_trim(line.value);
	return VIEW("");
}

/* The first answer field of that name; empty: there is none. */
static view
field_of(const struct answer *a, const char *name)
{
	view fields = buf_view(&a->headers);
	const char *found, *value;

	while (exchange_header(&fields, &found, &value))
		if (view_same(view_of(found), view_of(name)))
			return view_of(value);
	return VIEW("");
}

static view
line_of(struct arena *arena, unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} lines[] = {
		{ 200, "OK" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 409, "Conflict" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 429, "Too Many Requests" },
		{ 503, "Service Unavailable" },
		{ 507, "Insufficient Storage" }
	};
	const char *text = "Failed";

	for (size_t i = 0; i < COUNT(lines); i++)
		if (lines[i].status == status)
			text = lines[i].text;
	return arena_print(arena, "HTTP/1.1 %u %s", status, text);
}

/* What stands in the DAV:error of an answer. */
static view
condition_of(const struct answer *a)
{
	view body = buf_view(&a->body);
	size_t from = view_find(body, VIEW("<D:error"));
	size_t to = view_find(body, VIEW("</D:error>"));

	if (from == SIZE_MAX || to == SIZE_MAX || to < from)
		return VIEW("");
	body = view_from(view_first(body, to), from);
	(void)view_cut(&body, '>');
	return body;
}

static void
write_failure(struct bulk *b, struct one *o)
{
	view condition = o->refused == 403
	    ? VIEW("<D:cannot-modify-protected-property/>")
	    : condition_of(&o->answer);
	struct xml_out *x = &b->x;

	xml_leaf(x, "D:href", o->href);
	xml_leaf(x, "D:status", line_of(o->sub.arena, o->answer.status));
	if (condition.n == 0 && o->uid.n == 0)
		return;
	xml_start(x, "D:error");
	xml_raw(x, condition);
	if (o->uid.n > 0)
		xml_leaf(x, "CS:uid", o->uid);
	xml_end(x, "D:error");
}

/* The text that is stored, which is another one than was sent. */
static void
write_changed(struct bulk *b, struct one *o)
{
	struct dav *d = &o->sub;
	bool calendar = d->path.what == DAV_EVENT;
	struct answer whole = { .body = buf_new(DATA_MOST) };

	d->answer = &whole;
	if (dav_represent(d).is == OK) {
		xml_leaf(&b->x, "D:getetag", field_of(&whole, "ETag"));
		xml_leaf(&b->x,
		    calendar ? "C:calendar-data" : "CR:address-data",
		    buf_view(&whole.body));
	}
	buf_free(&whole.body);
	buf_free(&whole.headers);
}

static void
write_success(struct bulk *b, struct one *o)
{
	view etag = field_of(&o->answer, "ETag");
	struct xml_out *x = &b->x;

	xml_leaf(x, "D:href", o->sub.self);
	if (view_eq(o->method, VIEW("DELETE"))) {
		xml_leaf(x, "D:status", VIEW("HTTP/1.1 200 OK"));
		return;
	}
	xml_start(x, "D:propstat");
	xml_start(x, "D:prop");
	if (etag.n > 0)
		xml_leaf(x, "D:getetag", etag);
	else if (b->changed_data)
		write_changed(b, o);
	if (o->href.n == 0)
		xml_leaf(x, "CS:uid", o->uid);
	xml_end(x, "D:prop");
	xml_leaf(x, "D:status", VIEW("HTTP/1.1 200 OK"));
	xml_end(x, "D:propstat");
}

/* As if it had come by itself. */
static void
ask(struct bulk *b, struct one *o, view text)
{
	struct dav *d = &o->sub;

	o->field = o->href.n == 0
	    ? (struct request_field){ VIEW("If-None-Match"), VIEW("*") }
	    : (struct request_field){ VIEW("If-Match"), o->etag };
	o->fields = (struct request_fields){ &o->field,
		o->href.n == 0 || o->etag.n > 0 ? 1 : 0 };
	o->request = *b->d->request;
	o->request.method = o->method;
	o->request.query = VIEW("");
	o->request.body = text;
	o->request.arena = d->arena;
	o->request.inside = &o->fields;
	d->request = &o->request;
	d->self = dav_href(d, d->arena, d->path.what, d->path.collection,
	    d->path.object);
	if (text.n == 0 && !view_eq(o->method, VIEW("DELETE")))
		dav_error(d, 403,
		    d->path.what == DAV_EVENT ? "C:max-resource-size"
					      : "CR:max-resource-size",
		    VIEW(""));
	else if (!acl_gate(d, o->method))
		return;
	else if (view_eq(o->method, VIEW("DELETE")))
		dav_delete(d);
	else
		dav_put(d);
}

static void
run(struct bulk *b, struct one *o, view object, view text)
{
	struct dav *d = &o->sub;
	struct arena *arena = arena_new(LIMIT_HTTP_ARENA);
	enum dav_what what = b->d->path.what == DAV_CALENDAR ? DAV_EVENT
							     : DAV_CARD;

	*d = *b->d;
	d->arena = arena;
	d->answer = &o->answer;
	d->minimal = d->representation = false;
	d->path.what = what;
	d->path.slash = false;
	d->path.object = object.n > 0 ? object : bulk_name(arena, what);
	o->answer = (struct answer){ .body = buf_new(DATA_MOST) };
	if (o->uid.n == 0)
		o->uid = uid_of(text, arena);
	o->answer.status = o->refused;
	if (o->refused == 0)
		ask(b, o, text);
	xml_start(&b->x, "D:response");
	if (o->answer.status >= 200 && o->answer.status < 300)
		write_success(b, o);
	else
		write_failure(b, o);
	xml_end(&b->x, "D:response");
	buf_free(&o->answer.body);
	buf_free(&o->answer.headers);
	arena_free(&arena);
}

static result
count_visit(void *context, view id, view text)
{
	struct bulk *b = context;

	(void)id;
	(void)text;
	return ++b->count > LIMIT_BULK
	    ? fail(OVER_LIMIT, "More objects than LIMIT_BULK.")
	    : done();
}

static result
simple_visit(void *context, view id, view text)
{
	struct one o = { .method = VIEW("PUT"), .href = VIEW(""),
		.etag = VIEW(""), .uid = id };

	run(context, &o, VIEW(""), text);
	return done();
}

static result
split(struct bulk *b, split_visit *visit)
{
	struct dav *d = b->d;
	struct arena *arena;
	result r;

	if (d->path.what == DAV_BOOK)
		return split_cards(d->request->body, visit, b);
	arena = arena_new(DATA_MOST);
	r = split_calendar(d->request->body, arena, visit, b);
	arena_free(&arena);
	return r;
}

static void
refuse_ctag(struct dav *d)
{
	struct xml_out x = xml_to(&d->answer->body);

	xml_start(&x, "D:error");
	xml_set(&x, "xmlns:D", VIEW(NS_DAV));
	xml_set(&x, "xmlns:MM", VIEW(NS_ME));
	xml_leaf(&x, "MM:ctag-ok", VIEW(""));
	xml_end(&x, "D:error");
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	d->answer->status = 412;
}

/* "If: (<http://me.com/_namespace/ctag/...>)": nothing may have changed
 * (section 6).  false: refused. */
static bool
check_ctag(struct dav *d, const struct collection *c)
{
	static const view begin = VIEW_INIT("<" NS_ME "ctag/");
	struct buf b = buf_new(LIMIT_HTTP_HEADER);
	view field, token;
	size_t at;
	bool good;

	if (!request_header(d->request, VIEW("If"), &field))
		return true;
	at = view_find(field, begin);
	token = at == SIZE_MAX ? VIEW("") : view_from(field, at + begin.n);
	token = view_cut(&token, '>');
	good = at != SIZE_MAX && decode_percent(&b, token).is == OK
	    && view_eq(buf_view(&b), dav_token(d, d->arena, c, c->modseq));
	buf_free(&b);
	if (!good)
		refuse_ctag(d);
	return good;
}

static void
start(struct bulk *b, struct dav *d)
{
	view options;

	b->d = d;
	b->changed_data = request_header(
	    d->request, VIEW("X-MobileMe-DAV-Options"), &options)
	    && view_find_same(options, VIEW("return-changed-data"))
		!= SIZE_MAX;
	b->x = xml_to(&d->answer->body);
	xml_start(&b->x, "D:multistatus");
	dav_prefixes(&b->x);
}

static void
finish(struct bulk *b)
{
	struct dav *d = b->d;
	struct collection c;

	xml_end(&b->x, "D:multistatus");
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	if (dav_collection(d, d->arena, &c).is == OK)
		answer_header(d->answer, "CTag",
		    dav_token(d, d->arena, &c, c.modseq));
	d->answer->status = 207;
}

bool
bulk_is_meant(const struct dav *d)
{
	bool calendar = d->path.what == DAV_CALENDAR;
	view type;

	if ((!calendar && d->path.what != DAV_BOOK) || d->request->query.n > 0
	    || !request_header(d->request, VIEW("Content-Type"), &type))
		return false;
	/* With a METHOD it is for the outbox of old clients. */
	return calendar
	    ? view_starts_same(view_trim(type), VIEW("text/calendar"))
		&& view_find_same(d->request->body, VIEW("\nMETHOD"))
		    == SIZE_MAX
	    : view_starts_same(view_trim(type), VIEW("text/vcard"));
}

void
bulk_simple(struct dav *d)
{
	struct bulk b = { .d = d };
	struct collection c;
	result r = dav_collection(d, d->arena, &c);

	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	if (!acl_may(d, &c, RIGHT_INSERT)) {
		dav_need(d, RIGHT_INSERT);
		return;
	}
	r = split(&b, count_visit);
	if (r.is == MALFORMED) {
		dav_error(d, 403,
		    d->path.what == DAV_BOOK ? "CR:valid-address-data"
					     : "C:valid-calendar-data",
		    VIEW(""));
		return;
	}
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	if (!check_ctag(d, &c))
		return;
	start(&b, d);
	r = split(&b, simple_visit);
	(void)r; /* as before */
	finish(&b);
}

/* XML has made LF of each line's end. */
static view
with_line_ends(view text, struct arena *arena)
{
	struct buf b = buf_new(2 * text.n + 2);
	view line, out;

	while (view_line(&text, &line)) {
		buf_add(&b, line);
		buf_add(&b, VIEW("\r\n"));
	}
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* The object that an href names in this very collection; empty: none. */
static view
member_of(const struct dav *d, view href)
{
	struct dav_path to;

	return dav_href_path(d, d->arena, href, &to)
		&& (to.what == DAV_EVENT) == (d->path.what == DAV_CALENDAR)
		&& (to.what & (DAV_EVENT | DAV_CARD)) != 0 && !to.slash
		&& view_same(to.user, d->tree.address)
		&& view_eq(to.collection, d->path.collection)
	    ? to.object
	    : VIEW("");
}

/* The data alone can be set here: what else would have to be undone. */
static const struct xml_element *
data_of(const struct dav *d, const struct xml_element *resource)
{
	bool calendar = d->path.what == DAV_CALENDAR;
	const struct xml_element *e = xml_child(
	    resource, VIEW(NS_DAV), VIEW("set"));

	e = e == NULL ? NULL : e->first; /* some leave DAV:prop out */
	e = e != NULL && view_eq(e->name, VIEW("prop")) ? e->first : e;
	return e != NULL && e->next == NULL
		&& xml_is(e, calendar ? VIEW(NS_CALDAV) : VIEW(NS_CARDDAV),
		    calendar ? VIEW("calendar-data") : VIEW("address-data"))
		&& xml_child(resource, VIEW(NS_DAV), VIEW("remove")) == NULL
	    ? e
	    : NULL;
}

static view
etag_of(const struct xml_element *resource)
{
	const struct xml_element *e = xml_child(
	    resource, VIEW(NS_ME), VIEW("if-match"));

	e = e == NULL ? NULL : xml_child(e, VIEW(NS_DAV), VIEW("getetag"));
	return e == NULL ? VIEW("*") : view_trim(e->text);
}

static void
crud_one(struct bulk *b, const struct xml_element *resource)
{
	struct dav *d = b->d;
	const struct xml_element *href = xml_child(
	    resource, VIEW(NS_DAV), VIEW("href"));
	const struct xml_element *data = data_of(d, resource);
	bool removes = xml_child(resource, VIEW(NS_ME), VIEW("delete")) != NULL;
	struct one o = { .method = removes ? VIEW("DELETE") : VIEW("PUT"),
		.href = href == NULL ? VIEW("") : view_trim(href->text),
		.etag = href == NULL ? VIEW("") : etag_of(resource),
		.uid = VIEW("") };
	view object = VIEW("");

	if (href != NULL)
		object = member_of(d, o.href);
	if (href != NULL ? object.n == 0 : removes)
		o.refused = 404;
	else if (!removes && data == NULL)
		o.refused = 403;
	run(b, &o, object,
	    removes || data == NULL ? VIEW("")
				    : with_line_ends(data->text, d->arena));
}

void
bulk_crud(struct dav *d, const struct xml_element *root,
    const struct collection *c)
{
	struct bulk b = { .d = d };

	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		b.count += xml_is(e, VIEW(NS_ME), VIEW("resource"));
	if (b.count == 0 || b.count > LIMIT_BULK) {
		answer_text(d->answer, b.count == 0 ? 400 : 413,
		    "At least one and at most LIMIT_BULK objects.");
		return;
	}
	if (!check_ctag(d, c))
		return;
	start(&b, d);
	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		if (xml_is(e, VIEW(NS_ME), VIEW("resource")))
			crud_one(&b, e);
	finish(&b);
}
