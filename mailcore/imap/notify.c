#include "mailcore/imap/notify_seen.h"
#include "mailcore/imap/recent.h"

#include <stdlib.h>

void
notify_free(struct notify **n)
{
	if (*n == NULL)
		return;
	notify_seen_free(&(*n)->seen);
	arena_free(&(*n)->arena);
	free(*n);
	*n = NULL;
}

bool
notify_watches(const struct imap *s)
{
	const struct notify *n = s->notify;

	return n != NULL
	    && (n->seen != NULL || (s->box != NULL && n->selected != 0));
}

bool
notify_asked(const struct imap *s)
{
	return s->notify != NULL && !s->notify->implied;
}

bool
notify_wants(const struct imap *s, unsigned events)
{
	const struct notify *n = s->notify;

	if (s->metadata && (events & (EVENT_NOTES | EVENT_SERVER)) != 0)
		return true;
	for (size_t i = 0; n != NULL && i < n->group_count; i++)
		if ((n->groups[i].events & events) != 0)
			return true;
	return false;
}

static result
look(struct imap *s, struct notify_seen **out)
{
	return notify_seen_look(s,
	    notify_wants(s, EVENT_NOTES | EVENT_SERVER), out);
}

result
notify_follow_metadata(struct imap *s)
{
	struct notify *n = s->notify;
	bool had = notify_wants(s, EVENT_NOTES | EVENT_SERVER);
	result r;

	s->metadata = true;
	if (had && n->seen != NULL)
		return done();
	if (n == NULL) {
		n = calloc(1, sizeof *n);
		if (n == NULL)
			abort();
		n->implied = true;
		s->notify = n;
	}
	/* What else is to be told of the others waits for its change. */
	r = n->seen == NULL ? look(s, &n->seen)
			    : notify_seen_notes(s, n->seen);
	s->metadata = r.is == OK;
	return r;
}

/* RFC 5465 5.8 */
static void
overflow(struct imap *s, struct buf *out)
{
	struct notify *n = s->notify;

	buf_add(out, VIEW("* OK [NOTIFICATIONOVERFLOW] no longer told\r\n"));
	notify_seen_free(&n->seen);
	s->metadata = false;
	n->group_count = 0;
	n->selected = 0;
	n->new_to = 0;
}

/* `now` is known from here on; with `r` it could not be read. */
static void
tell_until(struct imap *s, result r, struct notify_seen *now, struct buf *out)
{
	struct notify *n = s->notify;
	size_t before = out->n;

	/* Others spoil nothing: the next change looks again. */
	if (r.is != OK && r.is != OVER_LIMIT)
		return;
	if (r.is == OK)
		notify_seen_tell(s, n->seen, now, out);
	if (r.is == OVER_LIMIT || out->n - before > LIMIT_IMAP_PIECE) {
		buf_cut(out, before);
		overflow(s, out);
		notify_seen_free(&now);
		return;
	}
	notify_seen_free(&n->seen);
	n->seen = now;
}

static void
tell_others(struct imap *s, struct buf *out)
{
	struct notify_seen *now;
	result r;

	s->notify->due = false;
	if (s->notify->seen == NULL)
		return;
	r = look(s, &now);
	tell_until(s, r, now, out);
}

void
notify_settle(struct imap *s, struct buf *out)
{
	if (s->notify != NULL)
		tell_others(s, out);
}

struct own_write {
	account_work *work;
	void *context;
	int64_t whose; /* of annotations */
	struct notify_seen *before, *after;
};

/* It may run again.  What cannot be read is told as if others had done it. */
static result
write_own(struct account *a, void *context)
{
	struct own_write *o = context;

	notify_seen_free(&o->before);
	notify_seen_free(&o->after);
	(void)notify_seen_read(a, o->whose, &o->before).is;
	TRY(o->work(a, o->context));
	(void)notify_seen_read(a, o->whose, &o->after).is;
	return done();
}

/* RFC 5465 5.2: nobody else can have added any in one transaction. */
static void
note_own_messages(struct imap *s, const struct own_write *o)
{
	const struct collection *before, *after;

	if (s->box == NULL || s->owner != s->account)
		return;
	before = notify_seen_find(o->before, s->box->collection);
	after = notify_seen_find(o->after, s->box->collection);
	if (before == NULL || after == NULL
	    || before->uid_next == after->uid_next)
		return;
	s->notify->own_from = before->uid_next;
	s->notify->own_end = after->uid_next;
}

result
notify_write(struct imap *s, struct account *a, account_work *work,
    void *context, struct buf *out)
{
	struct notify *n = s->notify;
	struct own_write o = { .work = work, .context = context };
	result r;

	if (n == NULL || (n->seen == NULL && n->attributes.n == 0)
	    || account_id(a) != s->account)
		return account_write(a, work, context, DURABLE);
	if (notify_wants(s, EVENT_NOTES | EVENT_SERVER))
		o.whose = s->account;
	r = account_write(a, write_own, &o, DURABLE);
	if (r.is == OK && o.before != NULL && o.after != NULL)
		note_own_messages(s, &o);
	if (r.is == OK && o.before != NULL && o.after != NULL
	    && n->seen != NULL) {
		tell_until(s, r, o.before, out);
		o.before = NULL;
		if (n->seen != NULL) {
			notify_seen_free(&n->seen);
			n->seen = o.after;
			o.after = NULL;
		}
	}
	notify_seen_free(&o.before);
	notify_seen_free(&o.after);
	return r;
}

result
notify_begin(struct imap *s, struct command *c, bool status, struct buf *out)
{
	struct notify *n = s->notify;

	(void)c;
	if (n->group_count == 0 && !s->metadata)
		return done();
	TRY(look(s, &n->seen));
	if (status)
		notify_seen_status(s, n->seen, out);
	return done();
}

bool
notify_tell(struct imap *s, const struct telling *how, struct buf *out)
{
	struct box *b = s->box;
	struct notify *n = s->notify;
	uint32_t last = b->told == 0 ? 0 : b->messages[b->told - 1].uid, now;
	bool more;

	select_tell_new_flags(s, s->command, out);
	recent_arrived(s);
	more = box_tell(b, how, out);
	if (n == NULL || n->attributes.n == 0)
		return more;
	now = b->told == 0 ? 0 : b->messages[b->told - 1].uid;
	if (now > last && n->new_to == 0)
		n->new_from = last + 1;
	if (now > last)
		n->new_to = now;
	return more;
}

void
notify_left(struct imap *s)
{
	if (s->notify == NULL)
		return;
	s->notify->new_to = 0;
	s->notify->own_end = 0;
}

static const struct verb fetch_of_news = { "FETCH", STATE_SELECTED,
	VERB_KEEPS_NUMBERS, run_fetch };

/* " 4:4,7:9 "; false: none but its own. */
static bool
add_new(const struct notify *n, struct buf *out)
{
	bool own = n->own_from <= n->new_to && n->own_end > n->new_from;
	const char *between = " ";

	if (!own)
		buf_print(out, " %u:%u", n->new_from, n->new_to);
	if (own && n->new_from < n->own_from) {
		buf_print(out, " %u:%u", n->new_from, n->own_from - 1);
		between = ",";
	}
	if (own && n->own_end <= n->new_to)
		buf_print(out, "%s%u:%u", between, n->own_end, n->new_to);
	buf_add_byte(out, ' ');
	return out->n > 1;
}

/* As if the client had asked.  false: there is nothing to ask for. */
static bool
begin_fetch(struct imap *s)
{
	struct notify *n = s->notify;
	struct command *c = command_new(s);

	c->text.limit = 2 * LIMIT_IMAP_LINE;
	if (!add_new(n, &c->text)) {
		n->new_to = 0;
		command_free(&c);
		return false;
	}
	buf_add(&c->text, n->attributes);
	c->in = parse_over(&c->text, c->arena);
	c->in.saved = &s->saved;
	c->in.utf8 = s->utf8 || s->rev2;
	c->verb = &fetch_of_news;
	c->uid = true;
	c->unasked = true;
	n->new_to = 0;
	s->under = s->command;
	s->command = c;
	s->news = true;
	return true;
}

struct step
notify_fetch(struct imap *s, struct buf *out)
{
	struct command *c = s->command;
	command_run *more = c->more;
	result r;
	struct step step = { .next = STEP_READ };

	c->more = NULL;
	r = more == NULL ? run_fetch(s, c, out)
			 : dispatch_more(s, c, more, out);
	/* One that fails only tells nothing. */
	if (r.is == OK && c->more != NULL) {
		account_close(&c->account);
		return (struct step){ .next = STEP_CONTINUE };
	}
	step.next = s->next;
	s->next = STEP_READ;
	command_free(&s->command);
	s->command = s->under;
	s->under = NULL;
	s->news = false;
	return step;
}

static bool
is_between(const struct imap *s)
{
	return s->command == NULL || s->idle;
}

/* With a command to do it in. */
static void
tell_now(struct imap *s, bool box, struct buf *out)
{
	bool mine = s->command == NULL;

	if (mine)
		s->command = command_new(s);
	if (box && (notify_asked(s) || s->idle))
		(void)idle_wake(s, out);
	tell_others(s, out);
	account_close(&s->command->account);
	if (mine)
		command_free(&s->command);
	else
		arena_reset(s->command->arena);
}

struct step
notify_wake(struct imap *s, struct buf *out)
{
	s->notify->due = true;
	if (is_between(s) && !s->news)
		tell_now(s, true, out);
	return notify_after(s, (struct step){ .next = STEP_READ }, out);
}

struct step
notify_after(struct imap *s, struct step step, struct buf *out)
{
	struct notify *n = s->notify;

	if (n == NULL || step.next != STEP_READ || !is_between(s) || s->news)
		return step;
	if (n->due)
		tell_now(s, false, out);
	if (n->new_to == 0 || s->box == NULL)
		return step;
	if (begin_fetch(s))
		step.next = STEP_CONTINUE;
	return step;
}
