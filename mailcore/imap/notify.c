#include "mailcore/imap/notify.h"

#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/recent.h"
#include "mailcore/imap/reply.h"

#include <stdlib.h>

struct notify_seen {
	struct arena *arena;
	struct collection *list; /* by name */
	const struct collection **by_id;
	size_t count;
};

static void
seen_free(struct notify_seen **seen)
{
	if (*seen == NULL)
		return;
	arena_free(&(*seen)->arena);
	free(*seen);
	*seen = NULL;
}

void
notify_free(struct notify **n)
{
	if (*n == NULL)
		return;
	seen_free(&(*n)->seen);
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

static int
order_by_id(const void *a, const void *b)
{
	const struct collection *const *x = a, *const *y = b;

	return (*x)->id < (*y)->id ? -1 : (*x)->id > (*y)->id;
}

static result
read_all(struct account *a, struct notify_seen *seen)
{
	TRY(collection_list(a, seen->arena, COLLECTION_MAILBOX, &seen->list,
	    &seen->count));
	seen->by_id = arena_array(seen->arena, seen->count + 1,
	    sizeof(void *));
	TRY(arena_result(seen->arena));
	for (size_t i = 0; i < seen->count; i++)
		seen->by_id[i] = &seen->list[i];
	qsort(seen->by_id, seen->count, sizeof(void *), order_by_id);
	return done();
}

static result
look(struct imap *s, struct notify_seen **out)
{
	struct notify_seen *seen = calloc(1, sizeof *seen);
	struct command *c = s->command;
	result r;

	if (seen == NULL)
		abort();
	seen->arena = arena_new(LIMIT_IMAP_COMMAND_MEMORY);
	r = command_account_of(s, c, s->account);
	if (r.is == OK)
		r = read_all(c->account, seen);
	if (r.is != OK)
		seen_free(&seen);
	*out = seen;
	return r;
}

static const struct collection *
find(const struct notify_seen *seen, int64_t id)
{
	size_t low = 0, high = seen->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (seen->by_id[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < seen->count && seen->by_id[low]->id == id
	    ? seen->by_id[low] : NULL;
}

static bool
is_named(const struct notify_group *g, view name)
{
	for (size_t i = 0; i < g->name_count; i++) {
		view one = g->names[i];

		if (view_eq(name, one))
			return true;
		if (g->filter == FILTER_SUBTREE
		    && (one.n == 0
			|| (view_starts(name, one)
			    && view_at(name, one.n) == '/')))
			return true;
	}
	return false;
}

/* What is wanted of a mailbox: all that any of the filters has. */
static unsigned
wanted(const struct notify *n, const struct collection *c)
{
	unsigned all = 0;

	for (size_t i = 0; c != NULL && i < n->group_count; i++) {
		const struct notify_group *g = &n->groups[i];

		if (g->filter == FILTER_PERSONAL
		    || (g->filter == FILTER_SUBSCRIBED && c->subscribed)
		    || (g->filter >= FILTER_SUBTREE && is_named(g, c->name)))
			all |= g->events;
	}
	return all;
}

/* RFC 5465 3.1, 5.1 to 5.3 */
static void
tell_status(const struct imap *s, const struct collection *c, unsigned events,
    struct buf *out)
{
	bool modseq = (events & EVENT_FLAGS) != 0 || s->condstore;

	if (reply_is_without(s, VIEW("CONDSTORE")))
		modseq = false;
	buf_add(out, VIEW("* STATUS "));
	reply_mailbox(s, out, c->name);
	buf_print(out, " (MESSAGES %lld UIDNEXT %u UIDVALIDITY %u UNSEEN %lld",
	    (long long)c->items, c->uid_next, c->uid_validity,
	    (long long)c->unseen);
	if (modseq)
		buf_print(out, " HIGHESTMODSEQ %lld", (long long)c->modseq);
	buf_add(out, VIEW(")\r\n"));
}

/* RFC 5465 5.4, 5.5; `from` is another name that it had. */
static void
tell_name(const struct imap *s, const struct collection *c, bool gone,
    const struct collection *from, struct buf *out)
{
	const char *use = gone ? NULL : mailbox_use(c->use);

	buf_add(out, VIEW("* LIST ("));
	if (gone)
		buf_add(out, VIEW("\\NonExistent"));
	else if (c->subscribed)
		buf_add(out, VIEW("\\Subscribed"));
	if (use != NULL)
		buf_print(out, "%s%s", c->subscribed ? " " : "", use);
	buf_add(out, VIEW(") \"/\" "));
	reply_mailbox(s, out, c->name);
	if (from != NULL) {
		buf_add(out, VIEW(" (\"OLDNAME\" ("));
		reply_mailbox(s, out, from->name);
		buf_add(out, VIEW("))"));
	}
	buf_add(out, VIEW("\r\n"));
}

static bool
is_selected(const struct imap *s, int64_t id)
{
	return s->box != NULL && s->owner == s->account
	    && s->box->collection == id;
}

static bool
has_news(const struct collection *old, const struct collection *now,
    unsigned events)
{
	if (old == NULL)
		return now->items > 0;
	if (now->uid_next != old->uid_next || now->items != old->items)
		return true;
	return (events & EVENT_FLAGS) != 0 && now->modseq != old->modseq;
}

/* One that is there now. */
static void
tell_one(const struct imap *s, const struct collection *old,
    const struct collection *now, struct buf *out)
{
	unsigned events = wanted(s->notify, now);
	unsigned names = events | wanted(s->notify, old);
	bool renamed = old != NULL && !view_eq(old->name, now->name);
	bool turned = old != NULL && old->subscribed != now->subscribed;

	if (((names & EVENT_NAME) != 0 && (old == NULL || renamed))
	    || ((names & EVENT_SUBSCRIPTION) != 0 && turned))
		tell_name(s, now, false, renamed ? old : NULL, out);
	if ((events & EVENT_MESSAGE) != 0 && !is_selected(s, now->id)
	    && has_news(old, now, events))
		tell_status(s, now, events, out);
}

static bool
is_same(const struct collection *old, const struct collection *now)
{
	return old != NULL && old->modseq == now->modseq
	    && old->subscribed == now->subscribed
	    && view_eq(old->name, now->name);
}

static void
tell_all(const struct imap *s, const struct notify_seen *old,
    const struct notify_seen *now, struct buf *out)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct collection *c = &old->list[i];

		if (find(now, c->id) == NULL
		    && (wanted(s->notify, c) & EVENT_NAME) != 0)
			tell_name(s, c, true, NULL, out);
	}
	for (size_t i = 0; i < now->count; i++) {
		const struct collection *c = &now->list[i];
		const struct collection *before = find(old, c->id);

		if (!is_same(before, c))
			tell_one(s, before, c, out);
	}
}

/* RFC 5465 5.8 */
static void
overflow(struct imap *s, struct buf *out)
{
	struct notify *n = s->notify;

	buf_add(out, VIEW("* OK [NOTIFICATIONOVERFLOW] no longer told\r\n"));
	seen_free(&n->seen);
	n->group_count = 0;
	n->selected = 0;
	n->new_to = 0;
}

static void
tell_others(struct imap *s, struct buf *out)
{
	struct notify *n = s->notify;
	struct notify_seen *now;
	size_t before = out->n;
	result r;

	n->due = false;
	if (n->seen == NULL)
		return;
	r = look(s, &now);
	/* Others spoil nothing: the next change looks again. */
	if (r.is != OK && r.is != OVER_LIMIT)
		return;
	if (r.is == OK)
		tell_all(s, n->seen, now, out);
	if (r.is == OVER_LIMIT || out->n - before > LIMIT_IMAP_PIECE) {
		buf_cut(out, before);
		overflow(s, out);
		seen_free(&now);
		return;
	}
	seen_free(&n->seen);
	n->seen = now;
}

result
notify_begin(struct imap *s, struct command *c, bool status, struct buf *out)
{
	struct notify *n = s->notify;

	(void)c;
	if (n->group_count == 0)
		return done();
	TRY(look(s, &n->seen));
	for (size_t i = 0; status && i < n->seen->count; i++) {
		const struct collection *one = &n->seen->list[i];
		unsigned events = wanted(n, one);

		if ((events & EVENT_MESSAGE) != 0 && !is_selected(s, one->id))
			tell_status(s, one, events, out);
	}
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
	if (s->notify != NULL)
		s->notify->new_to = 0;
}

static const struct verb fetch_of_news = { "FETCH", STATE_SELECTED,
	VERB_KEEPS_NUMBERS, run_fetch };

/* As if the client had asked. */
static void
begin_fetch(struct imap *s)
{
	struct notify *n = s->notify;
	struct command *c = command_new(s);

	c->text.limit = 2 * LIMIT_IMAP_LINE;
	buf_print(&c->text, " %u:%u ", n->new_from, n->new_to);
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
	if (box)
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
	begin_fetch(s);
	step.next = STEP_CONTINUE;
	return step;
}
