#include "mailcore/schedule/inside.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/address.h"
#include "mailcore/store/alias.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

#include <openssl/evp.h>

view
schedule_etag(view text, struct arena *arena)
{
	unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
	struct buf b = buf_new(64);
	view out;

	(void)EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL);
	encode_hex(&b, (view){ (const char *)hash, 16 });
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* Its domain is switched off for now, and mail to it waits in the queue. */
static bool
is_waiting(struct store *store, struct arena *arena,
    const struct account_info *account)
{
	view name = account->address;
	struct domain domain;

	(void)view_cut_last(&name, '@');
	return domain_find(store, arena, name, &domain).is == OK
	    && !domain.enabled;
}

result
schedule_reach(struct store *store, struct arena *arena, view address,
    struct schedule_way *out)
{
	struct destination d;
	struct address parsed;
	struct domain hosted;
	result r;

	*out = (struct schedule_way){ .reach = SCHEDULE_NOBODY };
	if (address_parse(address, arena, &parsed).is != OK)
		return arena_result(arena);
	out->mail = address_text(&parsed, arena);
	r = account_find(store, arena, address, &out->account);
	if (r.is == OK && out->account.enabled)
		out->reach = SCHEDULE_HERE;
	else if (r.is == OK && is_waiting(store, arena, &out->account))
		out->reach = SCHEDULE_BY_MAIL;
	if (r.is != NOT_FOUND && r.is != MALFORMED)
		return r;
	r = domain_find(store, arena, parsed.domain, &hosted);
	if (r.is == NOT_FOUND)
		out->reach = SCHEDULE_BY_MAIL;
	if (r.is != OK)
		return r.is == NOT_FOUND || r.is == MALFORMED ? done() : r;
	/* A list, or the domain's catch-all: people behind an address. */
	r = alias_resolve(store, arena, address, clock_now(), &d);
	if (r.is == OK && d.kind != ALIAS_REFUSE && d.kind != ALIAS_DISCARD)
		out->reach = SCHEDULE_BY_MAIL;
	return r.is == BUSY || r.is == FAILED ? r : done();
}

/* RFC 6638 3.2.9: 1.2 delivered here, 1.1 sent on its way, 3.7 nobody. */
static result
resolve_one(struct store *store, int64_t account, struct arena *arena,
    struct itip_person *p)
{
	static const view status[] = {
		[SCHEDULE_HERE] = VIEW_INIT("1.2"),
		[SCHEDULE_BY_MAIL] = VIEW_INIT("1.1"),
		[SCHEDULE_NOBODY] = VIEW_INIT("3.7"),
	};
	struct schedule_way way;

	TRY(schedule_reach(store, arena, p->address, &way));
	p->self = way.account.id != 0 && way.account.id == account;
	p->status = status[way.reach];
	return done();
}

result
schedule_resolve(struct store *store, int64_t account, struct arena *arena,
    struct itip_people *people)
{
	for (size_t i = 0; i < people->count; i++)
		TRY(resolve_one(store, account, arena, &people->list[i]));
	return done();
}

view
schedule_tag(struct store *store, int64_t account, view text,
    struct arena *arena)
{
	struct itip_people people;
	struct itip *i;
	view stable;

	if (view_find_same(text, VIEW("ORGANIZER")) == SIZE_MAX
	    || itip_read(text, arena, &i).is != OK || i->organizer.n == 0
	    || itip_people_of(i, NULL, arena, &people).is != OK
	    || schedule_resolve(store, account, arena, &people).is != OK
	    || itip_role(i, &people) == ITIP_PLAIN)
		return VIEW("");
	stable = itip_stable(text, &people, arena);
	return stable.n == 0 ? VIEW("") : schedule_etag(stable, arena);
}

struct spool *
schedule_turn_spool(struct schedule_turn *t, view text)
{
	struct spool *s;

	if (t->spool_count == SCHEDULE_SPOOLS)
		return NULL;
	s = spool_new(t->s->store, 2 * (uint64_t)LIMIT_CALENDAR_OBJECT);
	spool_add(s, text);
	t->spools[t->spool_count++] = s;
	return s;
}

void
schedule_turn_reset(struct schedule_turn *t)
{
	while (t->spool_count > 0)
		spool_free(&t->spools[--t->spool_count]);
	t->queued = false;
	t->unmarked = false;
}

result
schedule_queue(struct account *a, struct schedule_turn *t,
    const struct itip_outcome *o, view sender)
{
	struct buf to = buf_new(
	    (LIMIT_ATTENDEES + 1) * (size_t)LIMIT_CONTENT_LINE);
	result r = done();

	if (o->messages > 0 && t->mark == 0) {
		t->unmarked = true;
		r = fail(DENIED, "not marked yet");
	}
	for (const struct itip_message *m = o->first;
	     r.is == OK && m != NULL; m = m->next) {
		struct schedule_message row = { .method = (int)m->method,
			.quiet = m->quiet, .sender = sender,
			.text = m->text };

		buf_reset(&to);
		for (size_t i = 0; i < m->count; i++) {
			/* Nobody's address, and no line of its own. */
			if (view_find_byte(m->to[i], '\n') != SIZE_MAX)
				continue;
			buf_add(&to, m->to[i]);
			buf_add_byte(&to, '\n');
		}
		row.recipients = buf_view(&to);
		r = buf_result(&to);
		if (r.is == OK)
			r = schedule_outbox_add(a, &row);
		t->queued = true;
	}
	buf_free(&to);
	return r;
}

/* The two versions, and what each is to the account. */
struct both {
	struct itip *old, *new;
	enum itip_role was, is;
	struct itip_people people;
};

static bool
is_candidate(view text)
{
	return view_find_same(text, VIEW("ORGANIZER")) != SIZE_MAX;
}

static result
read_both(struct account *a, struct schedule_turn *t, struct arena *arena,
    struct schedule_change *c, struct both *b)
{
	result r;

	/* What is stored and cannot be read was never scheduled. */
	if (c->old.n > 0 && itip_read(c->old, arena, &b->old).is != OK)
		b->old = NULL;
	if (c->new.n > 0)
		TRY(itip_read(c->new, arena, &b->new));
	r = itip_people_of(b->old, b->new, arena, &b->people);
	c->crowded = r.is == OVER_LIMIT && arena_result(arena).is == OK;
	if (c->crowded)
		return done();
	TRY(r);
	TRY(schedule_resolve(t->s->store, account_id(a), arena, &b->people));
	b->was = itip_role(b->old, &b->people);
	b->is = itip_role(b->new, &b->people);
	c->scheduled = b->is != ITIP_PLAIN;
	c->mixed = b->new != NULL && b->new->mixed
	    && (c->scheduled || b->was != ITIP_PLAIN);
	return done();
}

static bool
is_self(const struct both *b, view address)
{
	return itip_is_self(&b->people, address);
}

static result
organize(struct both *b, bool answers, int64_t now, struct itip_outcome *o)
{
	struct itip *old = b->was == ITIP_ORGANIZER ? b->old : NULL;
	bool kept = false;

	if (b->new != NULL && b->new->organizer.n > 0
	    && !is_self(b, b->new->organizer)) {
		o->fault = ITIP_BAD_ORGANIZER_CHANGE;
		return done();
	}
	if (answers && old != NULL && b->new != NULL)
		kept = itip_keep_answers(old, b->new, &b->people);
	TRY(itip_organize(old, b->new, &b->people, now, o));
	if (kept && !o->rewritten && o->fault == ITIP_FINE) {
		o->rewritten = true;
		o->text = itip_text(
		    b->new->calendar, ITIP_NONE, b->new->arena);
	}
	return done();
}

static result
attend(struct both *b, struct schedule_change *c, int64_t now,
    struct itip_outcome *o)
{
	if (b->new == NULL && c->silent)
		return done();
	if (b->was != ITIP_ATTENDEE || b->new == NULL)
		return itip_attend(b->was == ITIP_ATTENDEE ? b->old : NULL,
		    b->new, &b->people, now, o);
	if (!view_eq(b->new->organizer, b->old->organizer)) {
		o->fault = ITIP_BAD_ATTENDEE_CHANGE;
		return done();
	}
	/* The client has taken it into its own hands. */
	if (!itip_is_ours(b->new->list[0].organizer_line))
		return done();
	return itip_attend(b->old, b->new, &b->people, now, o);
}

/* Our own address, as the object has it. */
static view
speaker(const struct both *b, bool organizer)
{
	const struct itip *i = b->old != NULL && organizer ? b->old : b->new;

	if (i == NULL || (organizer && !is_self(b, i->organizer)))
		i = i == b->old || b->old == NULL ? b->new : b->old;
	if (i == NULL)
		return VIEW("");
	if (organizer)
		return i->organizer;
	for (size_t k = 0; k < i->count; k++) {
		const struct itip_attendee *own = itip_own(
		    &i->list[k], &b->people);

		if (own != NULL)
			return own->address;
	}
	return VIEW("");
}

/* Does it concern somebody who is reached by mail? */
static bool
goes_out(const struct both *b, const struct itip_outcome *o)
{
	if (o->messages == 0)
		return false;
	for (size_t i = 0; i < b->people.count; i++)
		if (view_eq(b->people.list[i].status, VIEW("1.1")))
			return true;
	return false;
}

result
schedule_change(struct account *a, struct schedule_turn *t,
    struct arena *arena, struct schedule_change *c)
{
	struct itip_outcome o = { .text = VIEW("") };
	struct both b = { 0 };
	int64_t now = clock_now();
	bool organizer;

	c->fault = ITIP_FINE;
	c->rewritten = c->scheduled = c->mixed = c->crowded = false;
	c->flooded = c->muted = false;
	c->text = c->new;
	if (!is_candidate(c->old) && !is_candidate(c->new))
		return done();
	TRY(read_both(a, t, arena, c, &b));
	if (c->crowded || c->mixed
	    || (b.was == ITIP_PLAIN && b.is == ITIP_PLAIN))
		return done();
	organizer = b.was == ITIP_ORGANIZER
	    || (b.was == ITIP_PLAIN && b.is == ITIP_ORGANIZER);
	TRY(organizer ? organize(&b, c->answers, now, &o)
		      : attend(&b, c, now, &o));
	c->fault = o.fault;
	if (o.fault != ITIP_FINE)
		return done();
	c->muted = c->mute && o.messages > 0;
	if (c->muted)
		return done();
	if (goes_out(&b, &o))
		TRY(schedule_mailed(t->s->store, arena, account_id(a),
		    &c->flooded));
	if (c->flooded)
		return done();
	c->rewritten = o.rewritten && b.new != NULL;
	if (c->rewritten)
		c->text = o.text;
	return schedule_queue(a, t, &o, speaker(&b, organizer));
}

struct run {
	struct schedule_turn *turn;
	account_work *work;
	void *context;
};

/* Nothing of an earlier try is left. */
static result
run(struct account *a, void *context)
{
	struct run *r = context;

	schedule_turn_reset(r->turn);
	return r->work(a, r->context);
}

/* One that stays is looked at once more, for nothing. */
static void
unmark(const struct schedule_turn *t, int64_t account)
{
	result r = schedule_due_remove(t->s->store, account, t->mark);

	if (r.is != OK)
		log_line(LOG_WARNING, "schedule.mark",
		    "account=%lld why=\"%s\"", (long long)account, r.why);
}

result
schedule_write(struct schedule_turn *t, struct account *a,
    account_work *work, void *context)
{
	struct run w = { t, work, context };
	int64_t account = account_id(a);
	result r = account_write(a, run, &w, DURABLE);

	if (r.is != OK && t->unmarked) {
		t->mark = 1 + (int64_t)random_number(INT64_MAX - 1);
		r = schedule_due_add(t->s->store, account, t->mark);
		if (r.is == OK)
			r = account_write(a, run, &w, DURABLE);
	}
	/* What fails here is tried again: schedule_drain_all. */
	if (t->mark != 0
	    && (r.is != OK || !t->queued
		|| schedule_drain(t->s, account, 0).is == OK))
		unmark(t, account);
	schedule_turn_reset(t);
	return r;
}
