#include "davd/dav/acl.h"
#include "davd/dav/copy.h"
#include "davd/dav/directory.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/vcard.h"
#include "mailcore/sys/clock.h"

/*
 * Each account has its transactions for itself.  The copy is on the disk
 * before the original goes, so whatever happens between leaves the object in
 * both places and never in none.  An event with attendees is its owner's to
 * schedule (RFC 6638 3.2.4.1) and stays with him.
 */
struct across {
	struct carry here, there;
	struct dav other; /* the destination, with its account open */
	struct collection from;
	struct item item;
	view text;
	struct spool *bytes;
	struct properties {
		struct property *list;
		size_t count, room;
	} properties;
};

static result
keep_property(void *context, const struct property *p)
{
	struct across *x = context;
	struct properties *all = &x->properties;
	struct arena *arena = x->here.d->arena;
	struct property *more = arena_more(
	    arena, all->list, all->count, &all->room, sizeof *more);

	if (more == NULL)
		return arena_result(arena);
	all->list = more;
	all->list[all->count++] = (struct property){
		arena_copy(arena, p->name), arena_copy(arena, p->language),
		arena_copy(arena, p->value)
	};
	return arena_result(arena);
}

static result
read_source(struct across *x)
{
	struct carry *c = &x->here;
	struct dav *d = c->d;
	struct body body;

	TRY(dav_collection(d, d->arena, &x->from));
	TRY(item_by_name(
	    d->account, d->arena, x->from.id, d->path.object, &x->item));
	TRY(carry_check_source(c, &x->from, &x->item));
	if (dav_precondition(d, acl_etag(d, d->arena, &x->from, &x->item),
		x->item.received)
	    != 0)
		return carry_refuse(c, 412, NULL);
	TRY(scheduling_copy(&c->schedule, &x->from, &x->item));
	TRY(item_property_each(d->account, &x->item, keep_property, x));
	TRY(body_open(d->account, x->item.body, &body));
	x->text = arena_copy(d->arena, body.bytes);
	spool_add(x->bytes, body.bytes);
	body_close(&body);
	TRY(arena_result(d->arena));
	return spool_result(x->bytes);
}

/* By which a query finds it; without them it is read instead. */
static view
times_of(struct across *x, const struct collection *to)
{
	struct arena *arena = x->here.d->arena;
	struct ical_facts event;
	struct vcard_facts card;

	if (to->kind == COLLECTION_CALENDAR
	    && ical_examine(x->text, arena, &event).is == OK)
		return event.times;
	if (to->kind == COLLECTION_ADDRESSBOOK
	    && vcard_examine(x->text, arena, &card).is == OK)
		return card.words;
	return VIEW("");
}

static result
put_there(struct across *x, const struct collection *to)
{
	struct carry *c = &x->there;
	struct dav *d = c->d;
	struct item_new new = { .name = c->to.object,
		.key = x->item.key,
		.received = x->item.received,
		.keywords = VIEW(""),
		.etag = x->item.etag,
		.component = x->item.component,
		.span_from = x->item.span_from,
		.span_to = x->item.span_to,
		.bytes = x->bytes };
	/* Numbers of another account mean nothing here.  It may be the same,
	 * that a subscription leads to. */
	bool same = d->owner.id == x->here.d->owner.id;
	struct item item = { .collection = same ? x->item.collection : -1,
		.uid = x->item.uid, .key = x->item.key };
	struct item there, out;
	int64_t modseq;

	TRY(carry_find_room(c, &item, to, &there));
	new.times = times_of(x, to);
	if (!c->created)
		new.received = clock_now();
	TRY(scheduling_put(
	    &c->schedule, to, c->created ? NULL : &there, x->text, &new));
	if (!c->created)
		TRY(item_remove(d->account, to->id, there.uid, &modseq));
	TRY(item_add(d->account, to->id, &new, &out));
	for (size_t i = 0; i < x->properties.count; i++)
		TRY(item_property_put(
		    d->account, &out, &x->properties.list[i]));
	return done();
}

static result
work_there(struct account *a, void *context)
{
	struct across *x = context;
	struct carry *c = &x->there;
	struct dav *d = c->d;
	struct collection to;
	bool fits;
	result r;

	(void)a; /* d->account */
	c->status = 0;
	c->need = 0;
	c->condition = NULL;
	c->href = VIEW("");
	r = dav_collection(d, d->arena, &to);
	if (r.is == NOT_FOUND)
		return carry_refuse(c, 409, NULL);
	TRY(r);
	TRY(dav_component_fits(d, &to, x->item.component, &fits));
	if (!fits)
		return carry_refuse(c, 403, "C:supported-calendar-component");
	return put_there(x, &to);
}

static result
work_here(struct account *a, void *context)
{
	struct across *x = context;
	struct carry *c = &x->here;
	struct dav *d = c->d;
	struct item item;
	int64_t modseq;

	(void)a; /* d->account */
	c->status = 0;
	TRY(item_by_name(
	    d->account, d->arena, x->from.id, d->path.object, &item));
	if (item.modseq != x->item.modseq)
		return carry_refuse(c, 412, NULL);
	return item_remove(d->account, x->from.id, item.uid, &modseq);
}

/* It has changed meanwhile, and stays where it is. */
static result
take_back(struct account *a, void *context)
{
	struct across *x = context;
	struct dav *d = x->there.d;
	struct collection to;
	struct item item;
	int64_t modseq;

	(void)a; /* d->account */
	TRY(dav_collection(d, d->arena, &to));
	TRY(item_by_name(
	    d->account, d->arena, to.id, x->there.to.object, &item));
	return view_eq(item.etag, x->item.etag)
	    ? item_remove(d->account, to.id, item.uid, &modseq)
	    : done();
}

static result
carry(struct across *x)
{
	struct dav *d = x->here.d;
	result r = read_source(x), back;

	if (r.is == OK)
		r = item_prepare(x->other.account, x->bytes);
	if (r.is == OK)
		r = scheduling_write(&x->there.schedule, work_there, x);
	if (r.is != OK || !x->here.move)
		return r;
	r = account_write(d->account, work_here, x, DURABLE);
	if (r.is == OK || !x->there.created)
		return r;
	back = account_write(x->other.account, take_back, x, DURABLE);
	(void)back; /* then it is in both */
	return r;
}

static void
answer(struct across *x, result r)
{
	struct dav *d = x->here.d;
	struct carry *c = x->here.status != 0 || x->here.need != 0
	    ? &x->here
	    : &x->there;

	if (r.is == OK) {
		d->answer->status = c->created ? 201 : 204;
		if (c->created)
			answer_header(
			    d->answer, "Location", x->other.self);
		return;
	}
	if (c == &x->there)
		d->self = x->other.self;
	if (c->need != 0)
		dav_need(d, c->need);
	else if (scheduling_answer(&x->here.schedule)
	    || scheduling_answer(&x->there.schedule))
		return;
	else if (c->condition != NULL)
		dav_error(d, c->status, c->condition, c->href);
	else if (c->status != 0)
		answer_text(d->answer, c->status, r.why);
	else
		dav_fail(d, r);
}

void
carry_across(struct carry *c)
{
	struct dav *d = c->d;
	struct across x = { .here = *c, .there = *c, .other = *d };
	result r;

	x.other.path = c->to;
	x.other.account = NULL;
	x.other.shared = (struct subscription){ .id = 0 };
	x.there.d = &x.other;
	x.there.move = false; /* there it is added */
	r = acl_resolve(&x.other);
	x.other.self = dav_href(&x.other, d->arena, c->to.what,
	    c->to.collection, c->to.object);
	if (r.is == NOT_FOUND || (r.is == OK && directory_is_meant(&x.other))) {
		(void)request_header(
		    d->request, VIEW("Destination"), &d->self);
		dav_need(d, RIGHT_INSERT);
	} else if (r.is != OK) {
		dav_fail(d, r);
	} else {
		scheduling_new(d, &x.here.schedule);
		scheduling_new(&x.other, &x.there.schedule);
		x.bytes = spool_new(
		    d->services->store, LIMIT_CALENDAR_OBJECT);
		answer(&x, carry(&x));
		spool_free(&x.bytes);
	}
	account_close(&x.other.account);
}
