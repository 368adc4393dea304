/* A message into the account of one whom it is for. */
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/itip_apply.h"
#include "mailcore/schedule/inside.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/random.h"

struct step {
	struct account *account;
	struct taking *t;
	struct arena *arena;
	struct itip *stored, *message;
	struct itip_people people;
	struct collection calendar; /* of what is stored, or of what will be */
	struct item item;           /* uid 0: none */
};

result
schedule_find(struct account *a, struct arena *arena, view uid,
    struct collection *c, struct item *out)
{
	struct collection *list;
	size_t count;

	TRY(collection_list(a, arena, COLLECTION_CALENDAR, &list, &count));
	for (size_t i = 0; i < count; i++) {
		result r = item_by_key(a, arena, list[i].id, uid, out);

		if (r.is == NOT_FOUND)
			continue;
		*c = list[i];
		return r;
	}
	return fail(NOT_FOUND, "no calendar has it");
}

static result
find_stored(struct step *s)
{
	struct body body;
	result r = schedule_find(s->account, s->arena, s->message->uid,
	    &s->calendar, &s->item);

	if (r.is == NOT_FOUND) {
		s->item.uid = 0;
		return schedule_target(
		    s->account, s->arena, &s->calendar);
	}
	TRY(r);
	TRY(body_open(s->account, s->item.body, &body));
	r = itip_read(arena_copy(s->arena, body.bytes), s->arena, &s->stored);
	body_close(&body);
	if (r.is != OK)
		s->stored = NULL;
	return arena_result(s->arena);
}

static view
random_name(struct arena *arena)
{
	char bytes[16];
	struct buf b = buf_new(64);
	view out;

	random_bytes(bytes, sizeof bytes);
	encode_hex(&b, (view){ bytes, sizeof bytes });
	buf_add(&b, VIEW(".ics"));
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static result
put(struct step *s, view text)
{
	struct ical_facts facts;
	struct item_new new = { .received = clock_now(),
		.keywords = VIEW("") };
	struct item out;

	TRY(ical_examine(text, s->arena, &facts));
	new.name = s->item.uid != 0 ? s->item.name : random_name(s->arena);
	new.key = facts.uid;
	new.component = facts.component;
	new.span_from = facts.span_from;
	new.span_to = facts.span_to;
	new.times = facts.times;
	new.etag = schedule_etag(text, s->arena);
	new.bytes = schedule_turn_spool(&s->t->turn, text);
	if (new.bytes == NULL)
		return fail(FAILED, "too many bodies of one message");
	TRY(arena_result(s->arena));
	if (s->item.uid != 0)
		return item_replace(s->account, s->calendar.id, s->item.uid,
		    s->item.etag, &new, &out);
	return item_add(s->account, s->calendar.id, &new, &out);
}

/* RFC 6638 4.3: for clients that show what has come. */
static result
put_into_inbox(struct step *s)
{
	view text = s->t->message->text;
	struct item_new new = { .received = clock_now(),
		.keywords = VIEW(""), .key = VIEW("") };
	const struct itip_instance *first = &s->message->list[0];
	struct collection inbox;
	struct item out;

	TRY(schedule_inbox(
	    s->account, s->arena, LIMIT_SCHEDULE_INBOX, &inbox));
	new.name = random_name(s->arena);
	new.component = s->message->component;
	new.span_from = first->from;
	new.span_to = itip_master(s->message) != NULL ? INT64_MAX : first->to;
	new.etag = schedule_etag(text, s->arena);
	new.bytes = schedule_turn_spool(&s->t->turn, text);
	if (new.bytes == NULL)
		return fail(FAILED, "too many bodies of one message");
	TRY(arena_result(s->arena));
	return item_add(s->account, inbox.id, &new, &out);
}

/* Whoever has answered is seen by the others who live here. */
static result
refresh(struct step *s, view text)
{
	struct itip_outcome o = { .text = VIEW("") };
	view to[LIMIT_SCHEDULE_REFRESH];
	struct itip *i;
	size_t count = 0;

	for (size_t k = 0; k < s->people.count; k++) {
		const struct itip_person *p = &s->people.list[k];

		if (p->self || !view_eq(p->status, VIEW("1.2"))
		    || itip_attends(&s->message->list[0], p->address) != NULL)
			continue;
		if (count == LIMIT_SCHEDULE_REFRESH)
			return done();
		to[count++] = p->address;
	}
	if (count == 0)
		return done();
	TRY(itip_read(text, s->arena, &i));
	TRY(itip_refresh(i, to, count, clock_now(), &o));
	return schedule_queue(
	    s->account, &s->t->turn, &o, s->message->organizer);
}

static bool
is_asked(const struct itip *i, const struct itip_people *people)
{
	for (size_t k = 0; k < i->count; k++) {
		const struct itip_attendee *own = itip_own(
		    &i->list[k], people);

		if (own != NULL
		    && view_same(itip_partstat(own->line),
			VIEW("NEEDS-ACTION")))
			return true;
	}
	return false;
}

/* Does anything of it fall on what is taken already? */
static result
is_free(struct step *s, view text, bool *out)
{
	int64_t from = clock_now() - ICAL_BUSY_DAY;
	int64_t first = s->message->list[0].from - ICAL_BUSY_DAY;
	struct schedule_owner owner = { s->t->turn.s->store,
		account_id(s->account), 0 };
	struct ical_busy taken = { .arena = s->arena }, wanted;

	taken.from = first > from ? first : from;
	taken.to = taken.from + (int64_t)SCHEDULE_HORIZON * ICAL_BUSY_DAY;
	wanted = taken;
	taken.is_own = schedule_is_own;
	taken.context = &owner;
	TRY(schedule_busy(s->account, s->message->uid, &taken));
	TRY(ical_busy_add(&wanted, text, s->arena));
	*out = !ical_busy_collide(&wanted, &taken);
	return done();
}

/* A room or a thing answers by itself: it comes when it is free. */
static result
answer_alone(struct step *s, view *text)
{
	struct itip_outcome o = { .text = VIEW("") };
	enum schedule_kind kind;
	const struct itip_attendee *own = NULL;
	struct itip *i;
	bool free;

	TRY(schedule_kind(s->account, &kind));
	if (kind == SCHEDULE_PERSON)
		return done();
	TRY(itip_read(*text, s->arena, &i));
	if (!is_asked(i, &s->people))
		return done();
	TRY(is_free(s, *text, &free));
	TRY(itip_answer(i, &s->people,
	    free ? VIEW("ACCEPTED") : VIEW("DECLINED"), clock_now(), &o));
	for (size_t k = 0; own == NULL && k < i->count; k++)
		own = itip_own(&i->list[k], &s->people);
	*text = o.text;
	return own == NULL ? done()
			   : schedule_queue(s->account, &s->t->turn, &o,
			       own->address);
}

static result
apply(struct step *s, const struct itip_applied *a)
{
	view text = a->text;
	int64_t modseq;

	if (a->effect == ITIP_REMOVE)
		return item_remove(
		    s->account, s->calendar.id, s->item.uid, &modseq);
	if (s->message->method == ITIP_REQUEST)
		TRY(answer_alone(s, &text));
	TRY(put(s, text));
	if (a->answered)
		return refresh(s, text);
	return done();
}

static result
take(struct step *s)
{
	struct itip_applied a;
	result r = itip_read(s->t->message->text, s->arena, &s->message);

	/* Ours are well-formed; others were read before they came here. */
	TRY(r);
	TRY(find_stored(s));
	/* It is there and nobody can say whose: not to be written over. */
	if (s->item.uid != 0 && s->stored == NULL)
		return done();
	TRY(itip_people_of(s->stored, s->message, s->arena, &s->people));
	TRY(schedule_resolve(s->t->turn.s->store, account_id(s->account),
	    s->arena, &s->people));
	TRY(itip_apply(s->stored, s->message, &s->people, &a));
	if (a.effect == ITIP_IGNORED)
		return done();
	TRY(apply(s, &a));
	return s->t->message->quiet ? done() : put_into_inbox(s);
}

result
schedule_take_in(struct account *account, void *taking)
{
	struct step s = { .account = account, .t = taking,
		.arena = arena_new(SCHEDULE_ARENA) };
	result r = done();

	schedule_turn_reset(&s.t->turn);
	s.t->again = false;
	if (s.t->sender != 0)
		r = schedule_take(account, s.t->sender, s.t->message->id);
	s.t->again = r.is == EXISTS;
	if (r.is == OK)
		r = take(&s);
	arena_free(&s.arena);
	return s.t->again ? done() : r;
}
