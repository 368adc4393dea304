/* FETCH, in pieces: each run of the command writes about LIMIT_IMAP_PIECE
 * bytes and remembers where it was. */
#include "mailcore/imap/fetch.h"
#include "mailcore/imap/flags.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"
#include "mailcore/imap/resync.h"
#include "mailcore/imap/without.h"

#include "mailcore/store/search.h"
#include "mailcore/sys/log.h"

enum {
	/* Messages that are asked of the store at once: more than go into
	 * most pieces. */
	RUN = 1024,
	/* So many that have to be read one by one are worth packing. */
	MANY = 512,
	/* A piece may end here, between two packs of messages, so that none
	 * is read for two pieces; and must there, although within one. */
	PIECE_ENOUGH = LIMIT_IMAP_PIECE / 4 * 3,
	PIECE_MOST = 4 * LIMIT_IMAP_PIECE,
	/* When they are marked as read: more would be marked too early. */
	RUN_SEEN = 64
};

/* The command between its pieces; in the command's arena. */
struct fetching {
	struct imap *s;
	struct command *c;
	struct fetch f;
	size_t next;  /* message */
	size_t end;   /* no message from here on */
	size_t item;  /* of the message, when it is half written */
	struct fetch_tail tail;
	bool lost;    /* some were expunged by others */
	size_t stop;  /* of the present run */
	size_t began; /* out->n when this piece began */
	struct buf *out;
	bool full;
	bool packed; /* messages come from a pack */
};

static bool
is_asked(const struct fetching *x, size_t at)
{
	const struct box *b = x->s->box;

	return box_in(b, &x->f.set, x->c->uid, at)
	    && b->messages[at].modseq > x->f.changed_since;
}

/* The next run of messages, all asked for, that lie side by side. */
static bool
next_run(struct fetching *x)
{
	size_t most = x->f.sets_seen ? RUN_SEEN : RUN;

	while (x->next < x->end && !is_asked(x, x->next)) {
		x->next = box_next_in(x->s->box, &x->f.set, x->c->uid,
		    x->next + 1);
		x->next = x->next < x->end ? x->next : x->end;
	}
	x->stop = x->next;
	while (x->stop < x->end && x->stop - x->next < most
	    && is_asked(x, x->stop))
		x->stop++;
	return x->next < x->stop;
}

/* Flags that changed by this very FETCH belong to its answer. */
static void
add_news(struct fetching *x)
{
	struct box *b = x->s->box;
	const struct message *m = &b->messages[x->next];

	if ((m->flags & MARK_FLAGS) != 0 && !x->f.has_flags) {
		buf_add(x->out, VIEW(" FLAGS "));
		flags_add(x->out, box_flags(b, m), box_keywords(b, m));
	}
	if ((m->flags & MARK_FLAGS) != 0 && x->s->condstore
	    && !x->f.has_modseq)
		buf_print(x->out, " MODSEQ (%lld)", (long long)m->modseq);
	if ((m->flags & MARK_FLAGS) != 0 && !x->f.has_uid
	    && session_tells_uid(x->s))
		buf_print(x->out, " UID %u", m->uid);
	box_told_flags(b, x->next);
}

/* The items of one message, from x->item on. */
static result
write_message(struct fetching *x, struct fetched *o)
{
	const struct message *m = &x->s->box->messages[x->next];
	size_t before = x->out->n;
	bool fresh = x->item == 0;

	if (fresh) {
		buf_add(x->out, VIEW("* "));
		buf_add_number(x->out, x->next + 1);
		buf_add(x->out, VIEW(" FETCH ("));
	}
	o->message = m;
	o->flags = box_flags(x->s->box, m);
	o->keywords = box_keywords(x->s->box, m);
	while (x->item < x->f.count) {
		result r;

		if (x->item > 0)
			buf_add_byte(x->out, ' ');
		r = fetch_write(o, &x->f.items[x->item], &x->tail, x->out);
		if (r.is != OK) {
			x->c->code = o->code;
			buf_cut(x->out, before);
			if (!fresh)
				x->s->next = STEP_CLOSE;
			x->item = 0;
			return r;
		}
		x->item++;
		if (x->tail.from < x->tail.to) {
			x->full = true;
			return done();
		}
	}
	add_news(x);
	buf_add(x->out, VIEW(")\r\n"));
	x->item = 0;
	x->next++;
	x->full = x->out->n - x->began > LIMIT_IMAP_PIECE;
	return done();
}

/* Mostly the one that is expected. */
static size_t
at_uid(const struct fetching *x, uint32_t uid)
{
	const struct box *b = x->s->box;

	return x->next < b->count && b->messages[x->next].uid == uid
	    ? x->next : box_find(b, uid);
}

static bool
must_stop(const struct fetching *x)
{
	return x->full
	    && (!x->packed || x->item > 0
		|| x->out->n - x->began > PIECE_MOST);
}

static result
visit(void *context, const struct item *item,
    const struct item_summary *summary)
{
	struct fetching *x = context;
	size_t at = at_uid(x, item->uid);
	struct fetched o = { .item = item, .summary = summary,
		.account = x->c->account,
		.utf8 = x->s->utf8 || x->s->rev2 };
	result r;

	if (at == SIZE_MAX || at < x->next || at >= x->stop)
		return done();
	if (at > x->next && x->item > 0)
		return fail(STALE, "expunged while it was sent");
	x->lost |= at > x->next;
	x->next = at;
	r = write_message(x, &o);
	fetched_close(&o);
	if (r.is == OK && must_stop(x))
		return fail(BUSY, "a piece is full");
	return r;
}

static result
visit_plain(void *context, const struct item *item)
{
	return visit(context, item, NULL);
}

/* All that is asked lies in memory. */
static result
write_run_from_memory(struct fetching *x)
{
	struct fetched o = { 0 };

	while (x->next < x->stop && !x->full)
		TRY(write_message(x, &o));
	return done();
}

static bool
has_enough(const void *context)
{
	const struct fetching *x = context;

	return x->full || x->out->n - x->began > PIECE_ENOUGH;
}

/* What can be told without reading each message, up to `*upto`. */
static result
read_packs(struct fetching *x, uint32_t from, uint32_t to, uint32_t *upto)
{
	const struct search_list list = {
		.collection = x->s->box->collection, .from = from, .to = to,
		.texts = x->f.texts, .visit = visit, .enough = has_enough,
		.context = x };
	result r;

	x->packed = true;
	r = search_each_summary(x->c->account, &list, upto);
	x->packed = false;
	TRY(r);
	x->full = has_enough(x);
	if (!x->full && *upto < to && x->stop - x->next >= MANY)
		searcher_note(x->s->services->searcher,
		    account_id(x->c->account));
	return done();
}

/* Of messages with these uids. */
static result
read_run(struct fetching *x, uint32_t from, uint32_t to)
{
	struct account *a = x->c->account;
	int64_t collection = x->s->box->collection;
	uint32_t upto;

	if (!x->f.needs_bytes) {
		TRY(read_packs(x, from, to, &upto));
		if (x->full || upto >= to)
			return done();
		from = upto + 1;
	}
	return x->f.needs_summary
	    ? item_each_summary(a, collection, from, to, visit, x)
	    : item_each(a, collection, from, to, visit_plain, x);
}

static result
write_run(struct fetching *x)
{
	const struct box *b = x->s->box;
	result r;

	if (!x->f.needs_item && !x->f.needs_summary)
		return write_run_from_memory(x);
	r = read_run(x, b->messages[x->next].uid,
	    b->messages[x->stop - 1].uid);
	if (x->full)
		return done();
	if (r.is == OK && x->item > 0)
		r = fail(STALE, "expunged while it was sent");
	if (r.is != OK && x->item > 0)
		x->s->next = STEP_CLOSE; /* a line stands half written */
	TRY(r);
	x->lost |= x->next < x->stop;
	x->next = x->stop;
	return done();
}

static result
mark_seen(struct account *a, void *context)
{
	struct fetching *x = context;
	struct box *b = x->s->box;

	TRY(box_merge_here(b, a));
	for (size_t i = x->next; i < x->stop; i++) {
		const struct message *m = &b->messages[i];
		uint32_t flags = m->flags & ~(uint32_t)MARK_ALL;
		int64_t modseq;
		result r;

		if ((m->flags & (FLAG_SEEN | MARK_GONE)) != 0)
			continue;
		r = item_set_flags(a, b->collection, m->uid,
		    flags | FLAG_SEEN, box_keywords(b, m), -1, &modseq);
		if (r.is != OK && r.is != NOT_FOUND)
			return r;
	}
	return done();
}

static bool
has_unseen(const struct fetching *x)
{
	for (size_t i = x->next; i < x->stop; i++)
		if ((x->s->box->messages[i].flags & (FLAG_SEEN | MARK_GONE))
		    == 0)
			return true;
	return false;
}

/* Mail can be read when nothing can be written: a failure is only logged. */
static void
see_run(struct fetching *x)
{
	result r;

	if (!x->f.sets_seen || x->s->box->read_only
	    || (x->s->rights & RIGHT_SEEN) == 0 || x->item > 0
	    || !has_unseen(x))
		return;
	r = account_write(x->c->account, mark_seen, x, DURABLE_LAZY);
	if (r.is == OK)
		r = box_merge(x->s->box, x->c->account);
	if (r.is != OK)
		log_line(LOG_WARNING, "imap.seen", "why=\"%s\"", r.why);
	select_tell_new_flags(x->s, x->c, x->out);
}

/* More of the literal that did not fit into the piece before. */
static result
write_tail(struct fetching *x)
{
	struct body body;
	view rest;

	TRY(body_open(x->c->account, x->tail.body, &body));
	rest = view_first(body.bytes, x->tail.to);
	rest = view_first(view_from(rest, x->tail.from), LIMIT_IMAP_PIECE);
	buf_add(x->out, rest);
	x->tail.from += rest.n;
	x->full = rest.n == LIMIT_IMAP_PIECE;
	body_close(&body);
	return rest.n > 0 ? done() : fail(FAILED, "a body is too short");
}

static result
write_piece(struct fetching *x)
{
	TRY(command_account(x->s, x->c));
	if (x->tail.from < x->tail.to) {
		result r = write_tail(x);

		if (r.is != OK) { /* in the middle of a literal */
			x->s->next = STEP_CLOSE;
			return r;
		}
	}
	/* Nothing but the end of the line may be left of a message. */
	if (!x->full && x->item == x->f.count) {
		struct fetched o = { 0 };

		TRY(write_message(x, &o));
	}
	while (!x->full && next_run(x)) {
		see_run(x);
		TRY(write_run(x));
	}
	return done();
}

static result
go_on(struct imap *s, struct command *c, struct buf *out)
{
	struct fetching *x = c->state;
	result r;

	x->s = s;
	x->out = out;
	x->began = out->n;
	x->full = false;
	r = write_piece(x);
	x->out = NULL;
	TRY(r);
	if (x->full) {
		c->more = go_on;
		c->half = x->item > 0;
		return done();
	}
	c->text_ok = "fetched";
	if (x->lost)
		buf_add(&c->ok_code, VIEW("[EXPUNGEISSUED] "));
	return done();
}

/* PARTIAL (RFC 9394 3.4): from which message to which. */
static void
clip(struct fetching *x)
{
	size_t count = 0, first, end, at;

	x->end = x->s->box->told;
	if (!x->f.window.asked)
		return;
	for (at = 0; at < x->end; at++)
		count += is_asked(x, at);
	window_clip(&x->f.window, count, &first, &end);
	for (at = count = 0; at < x->end && count < end; at++) {
		if (!is_asked(x, at))
			continue;
		if (count++ == first)
			x->next = at;
	}
	x->end = first < end ? at : x->next;
}

static result
tell_vanished(struct fetching *x, bool star, struct buf *out)
{
	struct idset *set = &x->f.set;
	const struct box *b = x->s->box;

	/* "*" is the last one that was ever there. */
	if (star && set->count > 0
	    && set->ranges[set->count - 1].to < b->uid_next - 1)
		set->ranges[set->count - 1].to = b->uid_next - 1;
	TRY(command_account(x->s, x->c));
	return resync_tell_gone(b, x->c->account, x->f.changed_since, set,
	    out);
}

result
run_fetch(struct imap *s, struct command *c, struct buf *out)
{
	struct fetching *x = arena_alloc(c->arena, sizeof *x);
	bool star;

	TRY(arena_result(c->arena));
	fetch_parse(&c->in, c->uid, &x->f);
	TRY(scan_result(&c->in.s));
	TRY(arena_result(c->arena));
	TRY(without_check_fetch(s, &x->f));
	if (x->f.vanished && (!c->uid || !s->qresync))
		return fail(MALFORMED, "RFC 7162 3.2.6: VANISHED is for UID"
				       " FETCH, with QRESYNC enabled");
	if (c->unasked)
		x->f.sets_seen = false;
	star = x->f.set.star;
	TRY(box_resolve(s->box, &x->f.set, c->uid));
	if (x->f.has_modseq)
		select_enable_condstore(s, out);
	x->s = s;
	x->c = c;
	c->state = x;
	clip(x);
	if (x->f.vanished)
		TRY(tell_vanished(x, star, out));
	return go_on(s, c, out);
}
