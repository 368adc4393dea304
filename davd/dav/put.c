#include "davd/dav/acl.h"
#include "davd/dav/attach.h"
#include "davd/dav/bulk.h"
#include "davd/dav/change.h"
#include "davd/dav/push.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/vcard.h"
#include "mailcore/format/vcard_list.h"
#include "mailcore/sys/clock.h"

#include <openssl/evp.h>

/*
 * PUT (RFC 4791 5.3.2, RFC 6352 6.3.2).  The bytes are kept as they were
 * sent, so the strong ETag of the answer is the promise of these very bytes.
 * Conditions are decided inside the transaction: of two clients that replace
 * the same version, one wins and one is told.
 */
struct put {
	struct dav *d;
	struct scheduling schedule;
	struct spool *bytes; /* what came */
	view text;           /* that, or what was made of it */
	view etag;           /* of that */
	struct item_new item;
	bool converted; /* other bytes than the client's are stored */
	/* What happened inside, as the answer needs it. */
	bool created;
	bool crowded;    /* more than LIMIT_ATTENDEES */
	unsigned status; /* of a failed condition */
	unsigned need;   /* a right that is missing */
	const char *condition;
	view href;
	view zone; /* a TZID that nobody knows */
};

static const struct {
	enum dav_what what;
	uint64_t most;
	view type;
	view other_type;
	const char *size, *media, *data, *object, *component, *uid;
} rules[] = {
	{ DAV_EVENT, LIMIT_CALENDAR_OBJECT, VIEW_INIT("text/calendar"),
	    VIEW_INIT("application/octet-stream"), "C:max-resource-size",
	    "C:supported-calendar-data", "C:valid-calendar-data",
	    "C:valid-calendar-object-resource",
	    "C:supported-calendar-component", "C:no-uid-conflict" },
	{ DAV_CARD, LIMIT_VCARD, VIEW_INIT("text/vcard"),
	    VIEW_INIT("text/x-vcard"), "CR:max-resource-size",
	    "CR:supported-address-data", "CR:valid-address-data",
	    "CR:supported-address-data", NULL, "CR:no-uid-conflict" },
};

/* Empty: none is given. */
static view
type_of(const struct dav *d)
{
	view type = VIEW("");

	(void)request_header(d->request, VIEW("Content-Type"), &type);
	return view_trim(view_cut(&type, ';'));
}

static bool
type_fits(struct dav *d, size_t rule)
{
	view type = type_of(d);

	return type.n == 0 || view_same(type, rules[rule].type)
	    || view_same(type, rules[rule].other_type)
	    || (rules[rule].what == DAV_CARD
		&& view_same(type, VIEW("text/x-vlist")))
	    || view_same(type, VIEW("application/octet-stream"));
}

/* false: refused. */
static bool
check_request(struct dav *d, size_t rule)
{
	view value;

	if (request_header(d->request, VIEW("Content-Range"), &value)) {
		answer_text(d->answer, 400, "RFC 9110 14.5: no partial PUT");
		return false;
	}
	if (request_header(d->request, VIEW("Content-Encoding"), &value)
	    && !view_same(view_trim(value), VIEW("identity"))) {
		answer_text(d->answer, 415, "No content coding, please.");
		return false;
	}
	if (!type_fits(d, rule)) {
		dav_error(d, 403, rules[rule].media, VIEW(""));
		return false;
	}
	if (d->request->body.n > rules[rule].most) {
		dav_error(d, 403, rules[rule].size, VIEW(""));
		return false;
	}
	return true;
}

static result
examine_calendar(struct put *p)
{
	struct ical_facts facts;

	TRY(ical_examine(p->text, p->d->arena, &facts));
	p->crowded = facts.attendees > LIMIT_ATTENDEES;
	p->item.key = facts.uid;
	p->item.component = facts.component;
	p->item.span_from = facts.span_from;
	p->item.span_to = facts.span_to;
	p->zone = facts.unknown_zone;
	p->item.times = facts.times;
	return done();
}

static result
examine_card(struct put *p)
{
	struct vcard_facts facts;

	p->converted = vcard_list_is(p->text);
	if (p->converted)
		TRY(dav_list_convert(p->d, &p->text));
	TRY(vcard_examine(p->text, p->d->arena, &facts));
	p->item.key = facts.uid;
	p->item.times = facts.words;
	return facts.uid.n > 0 ? done()
			       : fail(MALFORMED, "RFC 6352 5.1: no UID");
}

static bool
examine(struct put *p, size_t rule)
{
	struct dav *d = p->d;
	result r = rules[rule].what == DAV_EVENT ? examine_calendar(p)
						 : examine_card(p);

	d->why = r.why;
	switch (r.is) {
	case OK:
		if (p->zone.n == 0 && !p->crowded)
			return true;
		d->why = p->crowded ? "more guests than LIMIT_ATTENDEES"
				    : "a TZID that is neither known nor"
				      " defined in a VTIMEZONE";
		dav_error(d, 403, /* RFC 7809, RFC 4791 5.2.9 */
		    p->crowded ? "C:max-attendees-per-instance"
			       : "C:valid-timezone",
		    VIEW(""));
		break;
	case MALFORMED:
		dav_error(d, 403, rules[rule].data, VIEW(""));
		break;
	case DENIED:
		dav_error(d, 403, rules[rule].object, VIEW(""));
		break;
	case NOT_FOUND:
		dav_error(d, 403, rules[rule].component, VIEW(""));
		break;
	case OVER_LIMIT:
		dav_error(d, 403, rules[rule].size, VIEW(""));
		break;
	case EXISTS:
	case STALE:
	case BUSY:
	case NO_SPACE:
	case FAILED:
		dav_fail(d, r);
		break;
	}
	return false;
}

static void
make_etag(struct put *p)
{
	unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
	view body = p->text;
	struct buf b = buf_new(64);

	(void)EVP_Digest(body.p, body.n, hash, NULL, EVP_sha256(), NULL);
	encode_hex(&b, (view){ (const char *)hash, 16 });
	p->etag = arena_copy(p->d->arena, buf_view(&b));
	buf_free(&b);
}

result
dav_component_fits(
    struct dav *d, const struct collection *c, view component, bool *out)
{
	view chosen, name;
	result r = property_get(d->account, d->arena, c->id,
	    VIEW(NS_CALDAV " supported-calendar-component-set"), &chosen);

	if (change_is_subscribed(d, d->arena, c)) {
		*out = false;
		return done();
	}
	*out = true;
	if (r.is == NOT_FOUND || c->kind != COLLECTION_CALENDAR)
		return done();
	TRY(r);
	name = arena_print(
	    d->arena, "name=\"%.*s\"", (int)component.n, component.p);
	*out = chosen.n == 0 || view_find(chosen, name) != SIZE_MAX;
	return done();
}

static result
check_component(struct put *p, const struct collection *c)
{
	bool fits;

	TRY(dav_component_fits(p->d, c, p->item.component, &fits));
	if (fits)
		return done();
	p->status = 403;
	p->condition = "C:supported-calendar-component";
	return fail(DENIED, "RFC 4791 5.3.2.1: not in this calendar");
}

static result
uid_conflict(struct put *p, size_t rule, const struct collection *c, view name)
{
	p->status = 403;
	p->condition = rules[rule].uid;
	p->href = dav_href(p->d, p->d->arena, p->d->path.what, c->name, name);
	return fail(DENIED, "RFC 4791 5.3.2.1: the UID is taken");
}

/* Nobody may write over what he does not see all of. */
static result
check_right(
    struct put *p, const struct collection *c, const struct item *old)
{
	struct dav *d = p->d;
	struct body body;
	bool whole;

	p->need = p->created ? RIGHT_INSERT : RIGHT_CHANGE;
	if (!acl_may(d, c, p->need))
		return fail(DENIED, "RFC 3744 3: the owner has not granted it");
	if (!p->created && !d->rights.all) {
		TRY(body_open(d->account, old->body, &body));
		whole = acl_sees_whole(d, c, body.bytes);
		body_close(&body);
		if (!whole)
			return fail(DENIED, "RFC 3744 3: it is not all shown");
	}
	p->need = 0;
	return done();
}

static result
add_or_replace(struct put *p, size_t rule, const struct collection *c)
{
	struct dav *d = p->d;
	struct item old, other, out;
	result r = item_by_name(
	    d->account, d->arena, c->id, d->path.object, &old);

	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	p->created = r.is == NOT_FOUND;
	TRY(check_right(p, c, &old));
	p->status = dav_precondition(d, p->created ? VIEW("") : old.etag,
	    p->created ? INT64_MIN : old.received);
	if (p->status != 0)
		return fail(STALE, "RFC 9110 13.1: it has changed");
	if (!p->created && !view_eq(old.key, p->item.key))
		return uid_conflict(p, rule, c, old.name);
	r = item_by_key(d->account, d->arena, c->id, p->item.key, &other);
	if (r.is == OK && (p->created || other.uid != old.uid))
		return uid_conflict(p, rule, c, other.name);
	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	p->item.bytes = p->bytes;
	p->item.etag = p->etag;
	TRY(scheduling_put(&p->schedule, c, p->created ? NULL : &old,
	    p->text, &p->item));
	if (p->created)
		return item_add(d->account, c->id, &p->item, &out);
	return item_replace(
	    d->account, c->id, old.uid, old.etag, &p->item, &out);
}

static size_t
rule_of(enum dav_what what)
{
	return what == DAV_EVENT ? 0 : 1;
}

static result
work(struct account *a, void *context)
{
	struct put *p = context;
	struct collection c;
	result r;

	(void)a; /* d->account */
	p->status = 0;
	p->need = 0;
	p->condition = NULL;
	r = dav_collection(p->d, p->d->arena, &c);
	if (r.is == NOT_FOUND) { /* RFC 4918 9.7.1 */
		p->status = 409;
		return r;
	}
	TRY(r);
	TRY(check_component(p, &c));
	return add_or_replace(p, rule_of(p->d->path.what), &c);
}

static void
answer_stored(struct put *p)
{
	struct dav *d = p->d;

	d->answer->status = p->created ? 201 : 204;
	if (view_eq(d->request->method, VIEW("POST")))
		answer_header(d->answer, "Location",
		    dav_href(d, d->arena, d->path.what, d->path.collection,
			d->path.object));
	if (p->schedule.scheduled)
		scheduling_tag(d, p->schedule.text);
	if (d->representation && dav_represent(d).is == OK) {
		d->answer->status = p->created ? 201 : 200;
		return;
	}
	/* RFC 4791 5.3.4: an ETag would promise the client's own bytes. */
	if (p->schedule.rewritten || p->converted)
		return;
	answer_header(d->answer, "ETag",
	    arena_print(
		d->arena, "\"%.*s\"", (int)p->item.etag.n, p->item.etag.p));
}

static void
answer(struct put *p, result r)
{
	struct dav *d = p->d;

	if (r.is == OK) {
		answer_stored(p);
	} else if (p->need != 0) {
		dav_need(d, p->need);
	} else if (scheduling_answer(&p->schedule)) {
		return;
	} else if (p->condition != NULL) {
		dav_error(d, p->status, p->condition, p->href);
	} else if (p->status == 412 && d->representation
	    && dav_represent(d).is == OK) {
		d->answer->status = 412;
	} else if (p->status != 0) {
		answer_text(d->answer, p->status, r.why);
	} else {
		dav_fail(d, r);
	}
}

static void
store(struct put *p)
{
	struct dav *d = p->d;
	struct spool *bytes = spool_new(d->services->store, rules[0].most);
	result r;

	spool_add(bytes, p->text);
	p->bytes = bytes;
	r = spool_result(bytes);
	if (r.is == OK)
		r = item_prepare(d->account, bytes);
	if (r.is == OK)
		r = scheduling_write(&p->schedule, work, p);
	answer(p, r);
	spool_free(&bytes);
}

void
dav_put(struct dav *d)
{
	struct put p = { .d = d,
		.text = d->request->body,
		.item = { .name = d->path.object,
		    .received = clock_now(),
		    .keywords = VIEW(""),
		    .component = VIEW("") },
		.href = VIEW(""),
		.zone = VIEW("") };

	if ((d->path.what & DAV_OBJECTS) == 0 || d->path.slash
	    || d->path.what == DAV_MESSAGE) {
		if (d->path.what == DAV_NOTHING)
			answer_text(d->answer, 409,
			    "RFC 4918 9.7.1: there is no such collection");
		else
			answer_text(d->answer, 403, "This is a collection.");
		return;
	}
	if (!check_request(d, rule_of(d->path.what))
	    || !examine(&p, rule_of(d->path.what)))
		return;
	make_etag(&p);
	scheduling_new(d, &p.schedule);
	store(&p);
}

/* RFC 5995: we choose the name. */
void
dav_post(struct dav *d)
{
	bool calendar = d->path.what == DAV_CALENDAR;

	if (push_is_meant(d)) {
		push_post(d);
		return;
	}
	if ((d->path.what & DAV_COLLECTIONS) != 0
	    && view_find(type_of(d), VIEW("xml")) != SIZE_MAX) {
		dav_command(d);
		return;
	}
	if (attach_is_meant(d)) {
		attach_post(d);
		return;
	}
	if (bulk_is_meant(d)) {
		bulk_simple(d);
		return;
	}
	if (scheduling_is_outbox(d)) {
		scheduling_post(d);
		return;
	}
	if ((d->path.what & (DAV_CALENDAR | DAV_BOOK)) == 0
	    || !view_eq(d->request->query, VIEW("add-member"))) {
		dav_not_allowed(d);
		return;
	}
	d->path.what = calendar ? DAV_EVENT : DAV_CARD;
	d->path.object = bulk_name(d->arena, d->path.what);
	if (d->path.object.n == 0) {
		dav_fail(d, fail(FAILED, "no random bytes"));
		return;
	}
	d->path.slash = false;
	d->self = dav_href(
	    d, d->arena, d->path.what, d->path.collection, d->path.object);
	dav_put(d);
}
