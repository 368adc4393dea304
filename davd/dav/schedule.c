#include "davd/dav/schedule.h"

#include "davd/dav/acl.h"
#include "davd/dav/attach.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/smtp/sign.h"

static void
sign(const void *context, int64_t account, view sender, view header,
    view body, struct buf *out)
{
	sign_outgoing(context, account, sender, header, body, out);
}

void
scheduling_services(
    const struct dav_services *services, struct schedule *out)
{
	*out = (struct schedule){ .store = services->store,
		.post = services->post,
		.sign = services->signing == NULL ? NULL : sign,
		.signing = services->signing };
}

void
scheduling_new(struct dav *d, struct scheduling *s)
{
	*s = (struct scheduling){ .d = d, .href = VIEW(""),
		.text = VIEW("") };
	scheduling_services(d->services, &s->services);
}

result
scheduling_write(struct scheduling *s, account_work *work, void *context)
{
	s->turn.s = &s->services;
	return schedule_write(&s->turn, s->d->account, work, context);
}

static result
refuse(struct scheduling *s, unsigned status, const char *condition)
{
	s->status = status;
	s->condition = condition;
	return fail(status == 412 ? STALE : DENIED,
	    "RFC 6638 3.2.4: this cannot be scheduled");
}

static result
read_old(struct scheduling *s, const struct item *old, view *out)
{
	struct dav *d = s->d;
	struct body body;

	*out = VIEW("");
	if (old == NULL)
		return done();
	TRY(body_open(d->account, old->body, &body));
	if (view_find_same(body.bytes, VIEW("ORGANIZER")) != SIZE_MAX
	    || ical_attach_any(body.bytes))
		*out = arena_copy(d->arena, body.bytes);
	body_close(&body);
	return arena_result(d->arena);
}

/* RFC 6638 8.3 */
static result
check_tag(struct scheduling *s, view old)
{
	struct dav *d = s->d;
	view wanted, tag;

	if (!request_header(
		d->request, VIEW("If-Schedule-Tag-Match"), &wanted))
		return done();
	wanted = view_trim(wanted);
	if (wanted.n >= 2 && view_starts(wanted, VIEW("\""))
	    && view_ends(wanted, VIEW("\"")))
		wanted = view_first(view_from(wanted, 1), wanted.n - 2);
	tag = schedule_tag(d->services->store, d->owner.id, old, d->arena);
	return tag.n > 0 && view_eq(tag, wanted) ? done()
						 : refuse(s, 412, NULL);
}

/* RFC 6638 3.2.4.1: of one event there is one copy in a home. */
static result
check_unique(struct scheduling *s, const struct collection *c, view uid)
{
	struct dav *d = s->d;
	struct collection where;
	struct item there;
	result r = schedule_find(d->account, d->arena, uid, &where, &there);

	if (r.is == NOT_FOUND || (r.is == OK && where.id == c->id))
		return done();
	TRY(r);
	s->href = dav_href(d, d->arena, DAV_EVENT, where.name, there.name);
	return refuse(s, 403, "C:unique-scheduling-object-resource");
}

/* RFC 6638 6.2: a delegate speaks for the owner only when he may. */
static result
change_of(struct scheduling *s, struct arena *arena,
    const struct collection *c, struct schedule_change *change)
{
	change->mute = !s->d->rights.all && !acl_may(s->d, c, RIGHT_POST);
	s->need = 0;
	TRY(schedule_change(s->d->account, &s->turn, arena, change));
	s->need = change->muted ? RIGHT_POST : 0;
	if (change->muted)
		return refuse(s, 403, NULL);
	return change->flooded ? refuse(s, 429, NULL) : done();
}

static result
check_change(struct scheduling *s, const struct schedule_change *change)
{
	if (change->crowded)
		return refuse(s, 403, "C:max-attendees-per-instance");
	if (change->mixed)
		return refuse(s, 403, "C:same-organizer-in-all-components");
	if (change->fault == ITIP_BAD_ORGANIZER_CHANGE)
		return refuse(
		    s, 403, "C:allowed-organizer-scheduling-object-change");
	if (change->fault == ITIP_BAD_ATTENDEE_CHANGE)
		return refuse(
		    s, 403, "C:allowed-attendee-scheduling-object-change");
	return done();
}

/* RFC 8607 3.11 */
static result
refuse_attached(struct scheduling *s, result r)
{
	if (r.is == DENIED)
		return refuse(s, 403, "C:valid-managed-id");
	return r.is == OVER_LIMIT
	    ? refuse(s, 403, "C:max-attachments-per-resource")
	    : r;
}

/* RFC 8607 3.7 */
static result
check_attached(struct scheduling *s, const struct collection *c, view uid,
    view old, view new)
{
	return refuse_attached(s, attach_changed(s->d, c, uid, old, new));
}

/* RFC 8607 3.7 */
static result
adopt_attached(struct scheduling *s, view uid, view old, view *text)
{
	TRY(refuse_attached(s, attach_adopt(s->d, uid, old, text)));
	return text->n > LIMIT_CALENDAR_OBJECT
	    ? refuse(s, 403, "C:max-resource-size")
	    : done();
}

static result
store_other(struct scheduling *s, view text, struct item_new *new)
{
	struct ical_facts facts;

	TRY(ical_examine(text, s->d->arena, &facts));
	new->span_from = facts.span_from;
	new->span_to = facts.span_to;
	new->times = facts.times;
	new->etag = schedule_etag(text, s->d->arena);
	new->bytes = schedule_turn_spool(&s->turn, text);
	return new->bytes == NULL ? fail(FAILED, "no room for another text")
				  : arena_result(s->d->arena);
}

/* Who asks only for the tag may not have seen the newest answers. */
static bool
keeps_answers(const struct dav *d)
{
	view value;

	return request_header(
	    d->request, VIEW("If-Schedule-Tag-Match"), &value);
}

result
scheduling_put(struct scheduling *s, const struct collection *c,
    const struct item *old, view text, struct item_new *new)
{
	struct schedule_change change = { .new = text };

	s->status = 0;
	s->rewritten = s->scheduled = false;
	s->text = text;
	if (c->kind != COLLECTION_CALENDAR)
		return done();
	TRY(read_old(s, old, &change.old));
	TRY(check_tag(s, change.old));
	TRY(adopt_attached(s, new->key, change.old, &change.new));
	change.answers = keeps_answers(s->d);
	TRY(change_of(s, s->d->arena, c, &change));
	TRY(check_change(s, &change));
	if (change.scheduled)
		TRY(check_unique(s, c, new->key));
	TRY(check_attached(s, c, new->key, change.old, change.text));
	s->scheduled = change.scheduled;
	s->rewritten = change.rewritten || !view_eq(change.new, text);
	s->text = change.text;
	return s->rewritten ? store_other(s, change.text, new) : done();
}

/* RFC 6638 8.1 */
static bool
is_silent(const struct dav *d)
{
	view value;

	return request_header(d->request, VIEW("Schedule-Reply"), &value)
	    && view_same(view_trim(value), VIEW("F"));
}

result
scheduling_remove(struct scheduling *s, const struct collection *c,
    const struct item *old)
{
	struct schedule_change change = { .silent = is_silent(s->d) };

	s->status = 0;
	if (c->kind != COLLECTION_CALENDAR)
		return done();
	TRY(read_old(s, old, &change.old));
	TRY(check_tag(s, change.old));
	if (change.old.n == 0)
		return done();
	TRY(change_of(s, s->d->arena, c, &change));
	return check_attached(s, c, old->key, change.old, VIEW(""));
}

struct removal {
	struct scheduling *s;
	const struct collection *c;
	struct arena *arena; /* of one object */
};

static result
remove_visit(void *context, const struct item *item)
{
	struct removal *m = context;
	struct scheduling *s = m->s;
	struct schedule_change change = { .silent = is_silent(s->d) };
	struct body body;
	result r;

	TRY(body_open(s->d->account, item->body, &body));
	change.old = body.bytes;
	r = change_of(s, m->arena, m->c, &change);
	if (r.is == OK)
		r = check_attached(
		    s, m->c, item->key, body.bytes, VIEW(""));
	body_close(&body);
	arena_reset(m->arena);
	return r;
}

result
scheduling_remove_all(struct scheduling *s, const struct collection *c)
{
	struct removal m = { .s = s, .c = c };
	result r;

	if (c->kind != COLLECTION_CALENDAR)
		return done();
	m.arena = arena_new(LIMIT_HTTP_ARENA);
	r = item_each(
	    s->d->account, c->id, 0, UINT32_MAX, remove_visit, &m);
	arena_free(&m.arena);
	return r;
}

result
scheduling_copy(struct scheduling *s, const struct collection *from,
    const struct item *item)
{
	struct dav *d = s->d;
	view text;

	s->status = 0;
	if (from->kind != COLLECTION_CALENDAR)
		return done();
	TRY(read_old(s, item, &text));
	if (schedule_tag(d->services->store, d->owner.id, text, d->arena).n
	    == 0)
		return done();
	s->href = dav_href(d, d->arena, DAV_EVENT, from->name, item->name);
	return refuse(s, 403, "C:unique-scheduling-object-resource");
}

result
scheduling_replace(struct scheduling *s, const struct collection *c,
    const struct item *there, const struct item *by)
{
	struct dav *d = s->d;
	struct schedule_change change = { .silent = false };

	s->status = 0;
	if (c->kind != COLLECTION_CALENDAR)
		return done();
	TRY(read_old(s, there, &change.old));
	if (change.old.n == 0)
		return done();
	TRY(read_old(s, by, &change.new));
	TRY(change_of(s, d->arena, c, &change));
	TRY(check_change(s, &change));
	TRY(check_attached(s, c, there->key, change.old, change.new));
	/* Of one event there would be two, one of which is about to go. */
	if (!change.rewritten)
		return done();
	s->href = dav_href(d, d->arena, DAV_EVENT, c->name, there->name);
	return refuse(s, 403, "C:unique-scheduling-object-resource");
}

bool
scheduling_answer(struct scheduling *s)
{
	if (s->status == 0)
		return false;
	if (s->need != 0)
		dav_need(s->d, s->need);
	else if (s->condition != NULL)
		dav_error(s->d, s->status, s->condition, s->href);
	else if (s->status == 412 && s->d->representation
	    && dav_represent(s->d).is == OK) /* RFC 8144 3.2 */
		s->d->answer->status = 412;
	else
		answer_text(s->d->answer, s->status,
		    s->status == 429
			? "Too many people elsewhere were written to;"
			  " please try again in an hour."
			: "RFC 6638 8.3: it has changed");
	return true;
}

void
scheduling_tag(struct dav *d, view text)
{
	view tag = schedule_tag(
	    d->services->store, d->owner.id, text, d->arena);

	if (tag.n > 0)
		answer_header(d->answer, "Schedule-Tag",
		    arena_print(d->arena, "\"%.*s\"", (int)tag.n, tag.p));
}

static result
make_inbox(struct account *a, void *context)
{
	struct dav *d = context;
	struct collection c;

	return schedule_inbox(a, d->arena, LIMIT_SCHEDULE_INBOX + 1, &c);
}

result
scheduling_ready(struct dav *d)
{
	enum dav_what what = d->path.what;
	struct collection c;
	result r;

	if ((what & (DAV_CALENDARS | DAV_INBOX | DAV_MESSAGE)) == 0)
		return done();
	r = collection_find(
	    d->account, d->arena, COLLECTION_INBOX, VIEW("inbox"), &c);
	return r.is == NOT_FOUND
	    ? account_write(d->account, make_inbox, d, DURABLE_LAZY)
	    : r;
}

enum dav_what
dav_member(enum collection_kind kind)
{
	if (kind == COLLECTION_INBOX)
		return DAV_MESSAGE;
	if (kind == COLLECTION_FILES)
		return DAV_FILE;
	return kind == COLLECTION_CALENDAR ? DAV_EVENT : DAV_CARD;
}

enum dav_what
dav_container(enum collection_kind kind)
{
	if (kind == COLLECTION_INBOX)
		return DAV_INBOX;
	if (kind == COLLECTION_FILES)
		return DAV_FOLDER;
	return kind == COLLECTION_CALENDAR ? DAV_CALENDAR : DAV_BOOK;
}
