#include "davd/dav/copy.h"

#include "davd/dav/acl.h"
#include "davd/dav/schedule.h"

#include "davd/http/request.h"
#include "mailcore/sys/clock.h"

/*
 * COPY and MOVE (RFC 4918 9.8, 9.9): objects between collections of one kind,
 * and collections to another name.  All that the target must fulfil is
 * decided inside the transaction.
 */
result
carry_refuse(struct carry *c, unsigned status, const char *condition)
{
	c->status = status;
	c->condition = condition;
	return fail(DENIED, "RFC 4918 9.8.5: the destination does not fit");
}

static result
refuse_uid(struct carry *c, const struct collection *to, const struct item *i)
{
	c->href = dav_href(c->d, c->d->arena, c->to.what, to->name, i->name);
	return carry_refuse(c, 403,
	    to->kind == COLLECTION_CALENDAR ? "C:no-uid-conflict"
					    : "CR:no-uid-conflict");
}

static bool
same_item(const struct item *a, const struct item *b)
{
	return a->collection == b->collection && a->uid == b->uid;
}

/* What is not all shown to somebody is not his to replace, and does not go
 * where it may be. */
result
carry_check_shown(struct carry *c, unsigned need, const struct collection *in,
    const struct item *item)
{
	struct dav *d = c->d;
	struct body body;
	bool whole;

	if (d->rights.all)
		return done();
	c->need = need;
	TRY(body_open(d->account, item->body, &body));
	whole = acl_sees_whole(d, in, body.bytes);
	body_close(&body);
	if (!whole)
		return fail(DENIED, "RFC 3744 3: it is not all shown");
	c->need = 0;
	return done();
}

/* Nothing but the item itself may have its UID where it goes, and what it
 * replaces must be another version of it (RFC 4791 5.3.2.1). */
result
carry_find_room(struct carry *c, const struct item *item,
    const struct collection *to, struct item *there)
{
	struct dav *d = c->d;
	struct item other;
	result r = item_by_name(
	    d->account, d->arena, to->id, c->to.object, there);

	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	c->created = r.is == NOT_FOUND;
	c->need = c->created ? RIGHT_INSERT : RIGHT_CHANGE;
	if (!acl_may(d, to, c->need))
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	c->need = 0;
	if (!c->created)
		TRY(carry_check_shown(c, RIGHT_CHANGE, to, there));
	if (!c->created && same_item(item, there))
		return carry_refuse(c, 403, NULL);
	if (!c->created && !c->overwrite)
		return carry_refuse(c, 412, NULL);
	if (!c->created && !view_eq(there->key, item->key))
		return refuse_uid(c, to, there);
	r = item_by_key(d->account, d->arena, to->id, item->key, &other);
	if (r.is == OK && !view_eq(other.name, c->to.object)
	    && !(c->move && same_item(item, &other)))
		return refuse_uid(c, to, &other);
	return r.is == NOT_FOUND ? done() : r;
}

static result
make_room(struct carry *c, const struct item *item, const struct collection *to)
{
	struct dav *d = c->d;
	struct item there;
	int64_t modseq;

	TRY(carry_find_room(c, item, to, &there));
	if (c->created)
		return done();
	TRY(scheduling_replace(&c->schedule, to, &there, item));
	return item_remove(d->account, to->id, there.uid, &modseq);
}

static result
carry_item(struct carry *c, const struct item *item,
    const struct collection *from, const struct collection *to)
{
	struct dav *d = c->d;
	struct item out;
	bool fits;

	TRY(dav_component_fits(d, to, item->component, &fits));
	if (!fits)
		return carry_refuse(c, 403, "C:supported-calendar-component");
	if (!c->move)
		TRY(scheduling_copy(&c->schedule, from, item));
	TRY(make_room(c, item, to));
	TRY(c->move
	    ? item_move_as(d->account, item, to->id, c->to.object, &out)
	    : item_copy_as(d->account, item, to->id, c->to.object, &out));
	return c->created
	    ? done()
	    : item_set_received(d->account, &out, clock_now());
}

result
carry_check_source(struct carry *c, const struct collection *from,
    const struct item *item)
{
	c->need = RIGHT_READ;
	if (!c->d->rights.all && !acl_may(c->d, from, RIGHT_READ))
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	c->need = 0;
	return carry_check_shown(c, RIGHT_READ, from, item);
}

static result
find_there(
    struct carry *c, const struct collection *from, struct collection *to)
{
	struct dav *d = c->d;

	if (d->shared.id != 0) {
		*to = *from;
		return done();
	}
	TRY(collection_find(d->account, d->arena, dav_kind(c->to.what),
	    c->to.collection, to));
	return acl_rights(d, c->to.what, to) != 0
	    ? done()
	    : fail(NOT_FOUND, "There is nothing here.");
}

static result
work_item(struct account *a, void *context)
{
	struct carry *c = context;
	struct dav *d = c->d;
	struct collection from, to;
	struct item item;
	result r;

	(void)a; /* d->account */
	c->status = 0;
	c->need = 0;
	c->condition = NULL;
	c->href = VIEW("");
	TRY(dav_collection(d, d->arena, &from));
	TRY(item_by_name(d->account, d->arena, from.id, d->path.object, &item));
	TRY(carry_check_source(c, &from, &item));
	if (dav_precondition(d, acl_etag(d, d->arena, &from, &item),
		item.received)
	    != 0)
		return carry_refuse(c, 412, NULL);
	r = find_there(c, &from, &to);
	if (r.is == NOT_FOUND)
		return carry_refuse(c, 409, NULL);
	TRY(r);
	return carry_item(c, &item, &from, &to);
}

static result
work_collection(struct account *a, void *context)
{
	struct carry *c = context;
	struct dav *d = c->d;
	struct collection from, there;
	result r;

	(void)a; /* d->account */
	c->status = 0;
	c->need = RIGHT_MAKE;
	TRY(dav_collection(d, d->arena, &from));
	if (d->shared.id != 0
	    || (!d->rights.all
		&& (right_in_all(&d->rights, from.kind) & RIGHT_MAKE) == 0))
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	c->need = 0;
	if (dav_if(d).is != OK)
		return carry_refuse(c, 412, NULL);
	r = collection_find(
	    d->account, d->arena, from.kind, c->to.collection, &there);
	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	c->created = r.is == NOT_FOUND;
	if (!c->created && there.id == from.id)
		return carry_refuse(c, 403, NULL);
	if (!c->created && !c->overwrite)
		return carry_refuse(c, 412, NULL);
	if (!c->created) {
		c->need = RIGHT_REMOVE;
		if (!acl_may(d, &there, RIGHT_REMOVE))
			return fail(DENIED, "RFC 3744 3: not granted");
		c->need = 0;
		TRY(scheduling_remove_all(&c->schedule, &there));
		TRY(collection_remove(d->account, there.id));
	}
	return collection_rename(d->account, from.id, c->to.collection);
}

static view
without_default_port(view authority)
{
	static const view ports[] = { VIEW_INIT(":443"), VIEW_INIT(":80") };

	for (size_t i = 0; i < COUNT(ports); i++)
		if (view_ends(authority, ports[i]))
			return view_first(authority, authority.n - ports[i].n);
	return authority;
}

/* What stands between "//" and the path; empty: there is none. */
static view
authority_of(view url)
{
	size_t at = view_find(url, VIEW("://"));
	view rest;

	if (view_at(url, 0) == '/' || at == SIZE_MAX)
		return VIEW("");
	rest = view_from(url, at + 3);
	return without_default_port(view_cut(&rest, '/'));
}

bool
copy_destination(struct dav *d, struct dav_path *out)
{
	struct request to = { .arena = d->arena, .path = VIEW("") };
	view value, authority;

	if (!request_header(d->request, VIEW("Destination"), &value)) {
		answer_text(d->answer, 400, "RFC 4918 10.3: no Destination");
		return false;
	}
	value = view_trim(value);
	authority = authority_of(value);
	if (authority.n > 0
	    && !view_same(authority, authority_of(d->request->origin))) {
		answer_text(
		    d->answer, 502, "RFC 4918 9.8.5: that is another server");
		return false;
	}
	if (request_target(&to, value).is != OK) {
		answer_text(d->answer, 400, "RFC 4918 10.3: bad Destination");
		return false;
	}
	*out = dav_path_parse(to.path, d->arena);
	return true;
}

bool
copy_overwrite(struct dav *d, bool *out)
{
	view value;

	*out = true;
	if (!request_header(d->request, VIEW("Overwrite"), &value))
		return true;
	value = view_trim(value);
	*out = !view_same(value, VIEW("F"));
	if (view_same(value, VIEW("F")) || view_same(value, VIEW("T")))
		return true;
	answer_text(d->answer, 400, "RFC 4918 10.6: bad Overwrite");
	return false;
}

/* Another's tree, or another account by a subscription, whose name holds an
 * escaped '@'. */
static bool
is_elsewhere(const struct carry *c)
{
	const struct dav *d = c->d;

	if (c->to.open
	    || (c->to.user.n > 0 && !view_same(c->to.user, d->tree.address)))
		return true;
	return !view_eq(c->to.collection, d->path.collection)
	    && (d->shared.id != 0
		|| view_find(c->to.collection, VIEW("_A_")) != SIZE_MAX);
}

/* The place itself, whatever is there; false: refused. */
static bool
place_fits(struct carry *c)
{
	struct dav *d = c->d;
	bool object = (d->path.what & DAV_OBJECTS) != 0;

	if (is_elsewhere(c)) {
		(void)request_header(
		    d->request, VIEW("Destination"), &d->self);
		dav_need(d, RIGHT_INSERT);
		return false;
	}
	if (c->to.what == DAV_NOTHING) {
		answer_text(d->answer, c->to.deep ? 409 : 403,
		    "RFC 4918 9.8.5: nothing can be there.");
		return false;
	}
	if (object && (c->to.what & (DAV_EVENT | DAV_CARD)) != 0
	    && c->to.what != d->path.what) {
		dav_error(d, 403,
		    c->to.what == DAV_EVENT ? "C:supported-calendar-data"
					    : "CR:supported-address-data",
		    VIEW(""));
		return false;
	}
	if (c->to.what == d->path.what && !(object && c->to.slash))
		return true;
	if (!object && (c->to.what & (DAV_EVENT | DAV_CARD)) != 0)
		dav_error(d, 403,
		    c->to.what == DAV_EVENT
			? "C:calendar-collection-location-ok"
			: "CR:addressbook-collection-location-ok",
		    VIEW(""));
	else
		answer_text(d->answer, 403, "That cannot be replaced.");
	return false;
}

static void
answer(struct carry *c, result r)
{
	struct dav *d = c->d;

	if (r.is == OK) {
		d->answer->status = c->created ? 201 : 204;
		if (c->created)
			answer_header(d->answer, "Location",
			    dav_href(d, d->arena, c->to.what, c->to.collection,
				c->to.object));
	} else if (c->need != 0) {
		dav_need(d, c->need);
	} else if (scheduling_answer(&c->schedule)) {
		return;
	} else if (c->condition != NULL) {
		dav_error(d, c->status, c->condition, c->href);
	} else if (c->status != 0) {
		answer_text(d->answer, c->status, r.why);
	} else {
		dav_fail(d, r);
	}
}

static void
carry(struct dav *d, bool move)
{
	bool object = (d->path.what & DAV_OBJECTS) != 0;
	struct carry c = { .d = d, .move = move, .href = VIEW("") };

	if (d->path.what == DAV_NOTHING) {
		dav_fail(d, fail(NOT_FOUND, "There is nothing here."));
		return;
	}
	if ((!object && ((d->path.what & DAV_COLLECTIONS) == 0 || !move))
	    || (d->path.what & DAV_SCHEDULING) != 0) {
		dav_not_allowed(d);
		return;
	}
	if (!object
	    && dav_depth_of(d->request, DEPTH_INFINITY) != DEPTH_INFINITY) {
		answer_text(d->answer, 400, "RFC 4918 9.9.2: bad Depth");
		return;
	}
	if (!copy_destination(d, &c.to) || !copy_overwrite(d, &c.overwrite))
		return;
	if (object && !c.to.open && c.to.what == d->path.what && !c.to.slash
	    && is_elsewhere(&c)) {
		carry_across(&c);
		return;
	}
	if (!place_fits(&c))
		return;
	scheduling_new(d, &c.schedule);
	answer(&c,
	    scheduling_write(
		&c.schedule, object ? work_item : work_collection, &c));
}

void
dav_copy(struct dav *d)
{
	carry(d, false);
}

void
dav_move(struct dav *d)
{
	carry(d, true);
}
