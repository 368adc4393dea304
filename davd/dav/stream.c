#include "davd/dav/stream.h"

#include "davd/dav/acl.h"

#include "davd/dav/schedule.h"

#include "mailcore/base/limits.h"

enum {
	PIECE = 131072,
	SCRATCH = 67108864, /* one object and what is made of it */
	CLOCKS = 33554432   /* a calendar's time zone, read */
};

bool
stream_is_full(const struct stream *s)
{
	return s->out.x.to->n >= PIECE;
}

void
stream_resource(struct stream *s, const struct resource *r)
{
	prop_respond(&s->out, r, s->wanted);
	arena_reset(s->out.scratch);
}

/* Thousands of hrefs begin alike. */
static view
item_href(struct stream *s, const struct collection *c, view name)
{
	struct dav *d = s->out.d;
	struct buf b = buf_new(LIMIT_HTTP_TARGET);
	view href;

	if (s->base_of != c->id || s->base.n == 0) {
		s->base = dav_href(d, d->arena, dav_container(c->kind),
		    c->name, VIEW(""));
		s->base_of = c->id;
	}
	buf_add(&b, s->base);
	dav_add_segment(&b, name);
	href = arena_copy(s->out.scratch, buf_view(&b));
	buf_free(&b);
	return href;
}

/* RFC 4791 7.3: which instances of floating times are in a range. */
static void
find_clock(struct stream *s, const struct collection *c)
{
	struct ical_view *v = &s->data.calendar;

	if (s->clock != NULL || (!v->expand && !v->limit)
	    || s->clock_of == c->id)
		return;
	if (s->clocks == NULL)
		s->clocks = arena_new(CLOCKS);
	arena_reset(s->clocks);
	v->clock = schedule_clock(s->out.d->account, c->id, s->clocks);
	s->clock_of = c->id;
}

void
stream_item(
    struct stream *s, const struct collection *c, const struct item *item)
{
	struct resource r = { .what = dav_member(c->kind),
		.collection = c,
		.item = item };
	struct buf made = buf_new(DATA_MOST), seen = buf_new(DATA_MOST);
	struct body body;
	bool open = s->wanted->bytes
	    && body_open(s->out.d->account, item->body, &body).is == OK;

	r.href = item_href(s, c, item->name);
	if (open)
		find_clock(s, c);
	if (open)
		r.bytes = data_given(&s->data, r.what,
		    acl_seen(s->out.d, c, body.bytes, &seen), &made);
	stream_resource(s, &r);
	if (open)
		body_close(&body);
	buf_free(&made);
	buf_free(&seen);
}

void
stream_status(struct stream *s, view href, view status)
{
	xml_start(&s->out.x, "D:response");
	xml_leaf(&s->out.x, "D:href", href);
	xml_leaf(&s->out.x, "D:status", status);
	xml_end(&s->out.x, "D:response");
}

static void
add_error(struct stream *s, view href, view status, const char *condition)
{
	struct xml_out *x = &s->out.x;

	xml_start(x, "D:response");
	xml_leaf(x, "D:href", href);
	xml_leaf(x, "D:status", status);
	xml_start(x, "D:error");
	xml_leaf(x, condition, VIEW(""));
	xml_end(x, "D:error");
	xml_end(x, "D:response");
}

void
stream_refused(struct stream *s, view href, const char *condition)
{
	add_error(s, href, VIEW("HTTP/1.1 403 Forbidden"), condition);
}

void
stream_truncated(struct stream *s)
{
	add_error(s, s->out.d->self,
	    VIEW("HTTP/1.1 507 Insufficient Storage"),
	    "D:number-of-matches-within-limits");
}

/* One piece into `to`, with the account open. */
static result
add_piece(struct stream *s, struct buf *to)
{
	s->out.x = (struct xml_out){ .to = to };
	while (s->more && !stream_is_full(s))
		TRY(s->next(s, &s->more));
	if (s->more)
		return buf_result(to);
	if (s->finish != NULL)
		s->finish(s);
	xml_end(&s->out.x, "D:multistatus");
	return buf_result(to);
}

static result
add_piece_of(struct account *a, void *context)
{
	struct stream *s = context;

	(void)a; /* d->account */
	return add_piece(s, s->to);
}

static bool
stream_piece(void *context, struct buf *to)
{
	struct stream *s = context;
	struct dav *d = s->out.d;
	result r;

	if (s->first.n > 0) {
		buf_add(to, buf_view(&s->first));
		buf_free(&s->first);
		return true;
	}
	s->to = to;
	r = account_open(d->services->store, d->owner.id, &d->account);
	if (r.is == OK)
		r = account_read(d->account, add_piece_of, s);
	account_close(&d->account);
	if (r.is != OK)
		buf_fail(to, r.is, r.why);
	return r.is == OK && s->more;
}

static void
stream_end(void *context)
{
	struct stream *s = context;

	buf_free(&s->first);
	arena_free(&s->out.scratch);
	arena_free(&s->clocks);
}

static void
begin(struct buf *to)
{
	struct xml_out x = xml_to(to);

	xml_start(&x, "D:multistatus");
	dav_prefixes(&x);
	xml_raw(&x, VIEW("\n"));
}

void
stream_start(struct stream *s, struct dav *d)
{
	struct answer *a = d->answer;
	result r;

	if (!data_read(d, s->wanted->data, &s->data))
		return;
	s->data.calendar.clock = s->clock;
	s->out.d = d;
	s->out.scratch = arena_new(SCRATCH);
	s->more = true;
	buf_reset(&a->body);
	begin(&a->body);
	r = add_piece(s, &a->body);
	if (r.is != OK) {
		stream_end(s);
		dav_fail(d, r);
		return;
	}
	a->status = 207;
	answer_header(
	    a, "Content-Type", VIEW("application/xml; charset=utf-8"));
	if (d->minimal)
		answer_header(a, "Preference-Applied", VIEW("return=minimal"));
	if (!s->more) {
		stream_end(s);
		return;
	}
	s->first = a->body;
	a->body = buf_new(s->first.limit);
	a->stream = stream_piece;
	a->stream_end = stream_end;
	a->context = s;
}
