/* What differs between the mailboxes as they were and as they are. */
#include "mailcore/base/heap.h"
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/notify_seen.h"
#include "mailcore/imap/reply.h"

#include <stdlib.h>
#include <string.h>

struct difference {
	const struct imap *s;
	const struct notify_seen *old, *now;
	const struct collection **names; /* of `now`, in order, once needed */
	bool notes; /* any of them differs */
	struct buf *out;
};

/* What is left of a name behind one above it; empty: it is not below. */
static view
tail_below(view name, view above)
{
	return view_starts(name, above) && view_at(name, above.n) == '/'
	    ? view_from(name, above.n)
	    : VIEW("");
}

static int
order_by_name(const void *a, const void *b)
{
	const struct collection *const *x = a, *const *y = b;

	return view_order((*x)->name, (*y)->name);
}

/* As view_order, to `other` or to the names below it. */
static int
order_to(view name, view other, bool below)
{
	int order = view_order(below ? view_first(name, other.n) : name,
	    other);

	return below && order == 0 ? view_at(name, other.n) - '/' : order;
}

/* The first of now that is called so or comes behind, or that is below the
 * name or comes behind.  A session may have to look for many. */
static const struct collection *
find_from(struct difference *d, view name, bool below)
{
	size_t low = 0, high = d->now->count;

	if (d->names == NULL) {
		d->names = heap_resize(NULL, high, sizeof(void *));
		for (size_t i = 0; i < high; i++)
			d->names[i] = &d->now->list[i];
		qsort(d->names, high, sizeof(void *), order_by_name);
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order_to(d->names[middle]->name, name, below) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->now->count ? d->names[low] : NULL;
}

/* What is right above one, or NULL. */
static const struct collection *
find_above(struct difference *d, view name)
{
	view above = view_cut_last(&name, '/');
	const struct collection *c = find_from(d, above, false);

	return c != NULL && view_eq(c->name, above) ? c : NULL;
}

static bool
is_named(const struct notify_group *g, view name)
{
	for (size_t i = 0; i < g->name_count; i++) {
		view one = g->names[i];

		if (view_eq(name, one))
			return true;
		if (g->filter == FILTER_SUBTREE
		    && (one.n == 0 || tail_below(name, one).n > 0))
			return true;
	}
	return false;
}

/* What is wanted of a mailbox: all that any of the filters has. */
static unsigned
wanted(const struct imap *s, const struct collection *c)
{
	const struct notify *n = s->notify;
	unsigned all = s->metadata ? EVENT_NOTES : 0;

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

static bool
has_children(struct difference *d, view name)
{
	const struct collection *c = find_from(d, name, true);

	return c != NULL && tail_below(c->name, name).n > 0;
}

/* RFC 5465 5.4, 5.5; `from` is another name that it had. */
static void
tell_name(struct difference *d, const struct collection *c, bool gone,
    const struct collection *from)
{
	const char *use = gone ? NULL : mailbox_use(c->use);
	struct buf *out = d->out;

	buf_add(out, VIEW("* LIST ("));
	if (gone)
		buf_add(out, VIEW("\\NonExistent "));
	buf_add_text(out, has_children(d, c->name) ? "\\HasChildren"
							 : "\\HasNoChildren");
	if (use != NULL)
		buf_print(out, " %s", use);
	if (!gone && c->subscribed)
		buf_add(out, VIEW(" \\Subscribed"));
	buf_add(out, VIEW(") \"/\" "));
	reply_mailbox(d->s, out, c->name);
	if (from != NULL) {
		buf_add(out, VIEW(" (\"OLDNAME\" ("));
		reply_mailbox(d->s, out, from->name);
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

static bool
is_renamed(const struct collection *old, const struct collection *now)
{
	return old != NULL && !view_eq(old->name, now->name);
}

static bool
names_wanted(const struct difference *d, const struct collection *old,
    const struct collection *now)
{
	return ((wanted(d->s, now) | wanted(d->s, old)) & EVENT_NAME) != 0;
}

/* RFC 5465 5.4: what is below a renamed mailbox is renamed with it and not
 * told of; it is where nothing was told of what is above. */
static bool
follows_another(struct difference *d, const struct collection *old,
    const struct collection *now)
{
	for (size_t n = now->name.n; n > 0; n--) {
		view up_to = view_first(now->name, n);
		const struct collection *c, *before;

		if (view_at(up_to, n - 1) != '/')
			continue;
		c = find_above(d, up_to);
		before = c == NULL ? NULL : notify_seen_find(d->old, c->id);
		if (is_renamed(before, c) && names_wanted(d, before, c)
		    && view_eq(tail_below(now->name, c->name),
			tail_below(old->name, before->name)))
			return true;
	}
	return false;
}

static bool
name_is_news(struct difference *d, const struct collection *old,
    const struct collection *now)
{
	if (!names_wanted(d, old, now))
		return false;
	return old == NULL
	    || (is_renamed(old, now) && !follows_another(d, old, now));
}

/* One that is there now. */
static void
tell_one(struct difference *d, const struct collection *old,
    const struct collection *now)
{
	unsigned events = wanted(d->s, now);
	unsigned names = events | wanted(d->s, old);
	bool turned = old != NULL && old->subscribed != now->subscribed;

	if (name_is_news(d, old, now)
	    || ((names & EVENT_SUBSCRIPTION) != 0 && turned))
		tell_name(d, now, false, is_renamed(old, now) ? old : NULL);
	if ((events & EVENT_MESSAGE) != 0 && !is_selected(d->s, now->id)
	    && has_news(old, now, events))
		tell_status(d->s, now, events, d->out);
}

static bool
is_same(const struct collection *old, const struct collection *now)
{
	return old != NULL && old->modseq == now->modseq
	    && old->subscribed == now->subscribed
	    && view_eq(old->name, now->name);
}

static bool
is_parent(view name, view of)
{
	view tail = tail_below(of, name);

	return tail.n > 0
	    && view_find_byte(view_from(tail, 1), '/') == SIZE_MAX;
}

/* Was any made or removed?  Mostly not. */
static bool
has_others(const struct notify_seen *a, const struct notify_seen *b)
{
	if (a->count != b->count)
		return true;
	for (size_t i = 0; i < a->count; i++)
		if (a->by_id[i]->id != b->by_id[i]->id)
			return true;
	return false;
}

/* Of those of `list` that `other` has not. */
static void
mark_above(struct difference *d, const struct notify_seen *list,
    const struct notify_seen *other, bool *marked)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct collection *c = &list->list[i];

		if (notify_seen_find(other, c->id) == NULL)
			c = find_above(d, c->name);
		else
			c = NULL;
		if (c != NULL)
			marked[c - d->now->list] = true;
	}
}

/* RFC 5465 5.4: what is right above one that was made or removed is affected,
 * too. */
static void
tell_parents(struct difference *d)
{
	bool *marked = heap_resize(NULL, d->now->count, sizeof *marked);

	memset(marked, 0, d->now->count * sizeof *marked);
	mark_above(d, d->now, d->old, marked);
	mark_above(d, d->old, d->now, marked);
	for (size_t i = 0; i < d->now->count; i++) {
		const struct collection *c = &d->now->list[i];
		const struct collection *before =
		    notify_seen_find(d->old, c->id);

		if (marked[i] && (wanted(d->s, c) & EVENT_NAME) != 0
		    && before != NULL && !is_renamed(before, c))
			tell_name(d, c, false, NULL);
	}
	free(marked);
}

/* The same where nothing is but the name: it goes with the last below it. */
static void
tell_lost_parent(struct difference *d, size_t at)
{
	struct collection above = { .name = d->old->list[at].name };

	above.name = view_cut_last(&above.name, '/');
	if (above.name.n == 0 || (wanted(d->s, &above) & EVENT_NAME) == 0)
		return;
	for (size_t i = 0; i < d->old->count; i++) {
		const struct collection *c = &d->old->list[i];

		if (view_eq(c->name, above.name)
		    || (i < at && is_parent(above.name, c->name)
			&& notify_seen_find(d->now, c->id) == NULL))
			return;
	}
	tell_name(d, &above, true, NULL);
}

/* RFC 5465 5.6, 5.7 */
static void
tell_notes(const struct difference *d)
{
	static const struct collection account = { .name = VIEW_INIT("") };

	for (size_t i = 0; i < d->now->count; i++) {
		const struct collection *c = &d->now->list[i];
		const struct collection *before =
		    notify_seen_find(d->old, c->id);
		bool use = before != NULL && before->use != c->use;

		if ((d->notes || use)
		    && (wanted(d->s, c) & EVENT_NOTES) != 0)
			notes_tell(d->s, &d->old->notes, &d->now->notes, c,
			    use, d->out);
	}
	if (d->notes && notify_wants(d->s, EVENT_SERVER))
		notes_tell(d->s, &d->old->notes, &d->now->notes, &account,
		    false, d->out);
}

void
notify_seen_status(const struct imap *s, const struct notify_seen *seen,
    struct buf *out)
{
	for (size_t i = 0; i < seen->count; i++) {
		const struct collection *c = &seen->list[i];
		unsigned events = wanted(s, c);

		if ((events & EVENT_MESSAGE) != 0 && !is_selected(s, c->id))
			tell_status(s, c, events, out);
	}
}

void
notify_seen_tell(const struct imap *s, struct notify_seen *old,
    struct notify_seen *now, struct buf *out)
{
	struct difference d = { .s = s, .old = old, .now = now, .out = out };

	for (size_t i = 0; i < old->count; i++) {
		const struct collection *c = &old->list[i];

		if (notify_seen_find(now, c->id) == NULL
		    && (wanted(s, c) & EVENT_NAME) != 0)
			tell_name(&d, c, true, NULL);
		if (notify_seen_find(now, c->id) == NULL)
			tell_lost_parent(&d, i);
	}
	for (size_t i = 0; i < now->count; i++) {
		const struct collection *c = &now->list[i];
		const struct collection *before = notify_seen_find(old, c->id);

		if (!is_same(before, c))
			tell_one(&d, before, c);
	}
	if (notify_wants(s, EVENT_NAME) && has_others(old, now))
		tell_parents(&d);
	if (notify_wants(s, EVENT_NOTES | EVENT_SERVER)) {
		d.notes = notes_compare(&old->notes, &now->notes);
		tell_notes(&d);
	}
	free(d.names);
}
