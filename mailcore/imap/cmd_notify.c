/* NOTIFY: RFC 5465 3.1, 8. */
#include "mailcore/imap/fetch.h"
#include "mailcore/imap/notify.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"
#include "mailcore/imap/without.h"

#include <stdlib.h>

static const struct {
	const char *name;
	enum notify_event event;
} events[] = {
	{ "MessageNew", EVENT_NEW },
	{ "MessageExpunge", EVENT_EXPUNGE },
	{ "FlagChange", EVENT_FLAGS },
	{ "MailboxName", EVENT_NAME },
	{ "SubscriptionChange", EVENT_SUBSCRIPTION },
	{ "MailboxMetadataChange", EVENT_NOTES },
	{ "ServerMetadataChange", EVENT_SERVER },
};

#define BAD_EVENT                                   \
	"[BADEVENT (MessageNew MessageExpunge FlagChange" \
	" MailboxName SubscriptionChange"

static const struct {
	const char *name;
	enum notify_filter filter;
} filters[] = {
	{ "SELECTED", FILTER_SELECTED },
	{ "SELECTED-DELAYED", FILTER_DELAYED },
	/* Where Sieve delivers is not known beforehand: RFC 5465 6.3. */
	{ "INBOXES", FILTER_PERSONAL },
	{ "PERSONAL", FILTER_PERSONAL },
	{ "SUBSCRIBED", FILTER_SUBSCRIBED },
	{ "SUBTREE", FILTER_SUBTREE },
	{ "MAILBOXES", FILTER_MAILBOXES },
};

struct asking {
	struct imap *s;
	struct command *c;
	struct notify *n;
	bool set; /* not NONE */
	bool status;
	bool has_selected;
	size_t names;
};

static void
too_many(struct asking *x)
{
	x->c->code = "[NOTIFICATIONOVERFLOW] ";
	scan_fail(&x->c->in.s, OVER_LIMIT, "RFC 5465 3.1: too much to follow");
}

/* " (UID FLAGS)" behind MessageNew.  It is kept as it was sent: reading it
 * undoes escapes in place. */
static void
parse_attributes(struct asking *x, const struct notify_group *g)
{
	struct parse *in = &x->c->in;
	struct fetch f = { .count = 0 };
	view rest;

	if (!scan_ok(&in->s) || !view_starts(in->s.rest, VIEW(" (")))
		return;
	if (g->filter > FILTER_DELAYED) {
		scan_fail(&in->s, MALFORMED,
		    "RFC 5465 8: attributes are for SELECTED");
		return;
	}
	parse_space(in);
	rest = arena_copy(x->n->arena, in->s.rest);
	fetch_parse_list(in, &f);
	x->n->attributes = view_first(rest, rest.n - in->s.rest.n);
	if (scan_ok(&in->s) && without_check_fetch(x->s, &f).is != OK)
		scan_fail(&in->s, MALFORMED, "switched off here");
}

static void
parse_event(struct asking *x, struct notify_group *g)
{
	struct parse *in = &x->c->in;
	view name = parse_atom(in);
	bool notes = !reply_is_without(x->s, VIEW("METADATA"));

	for (size_t i = 0; i < COUNT(events); i++) {
		if (!view_same(name, view_of(events[i].name))
		    || (events[i].event >= EVENT_NOTES && !notes))
			continue;
		g->events |= events[i].event;
		if (events[i].event == EVENT_NEW)
			parse_attributes(x, g);
		return;
	}
	if (scan_ok(&in->s))
		x->c->code = notes ? BAD_EVENT " MailboxMetadataChange"
					       " ServerMetadataChange)] "
				   : BAD_EVENT ")] ";
	scan_fail(&in->s, DENIED, "RFC 5465 3.1: no such event here");
}

static void
parse_events(struct asking *x, struct notify_group *g)
{
	struct parse *in = &x->c->in;

	if (scan_try(&in->s, VIEW("NONE")))
		return;
	scan_byte(&in->s, '(', "RFC 5465 8: events are a list");
	do
		parse_event(x, g);
	while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5465 8: events are a list");
	if (!scan_ok(&in->s))
		return;
	if (((g->events & EVENT_NEW) != 0) != ((g->events & EVENT_EXPUNGE) != 0)
	    || (g->events & EVENT_MESSAGE) == EVENT_FLAGS)
		scan_fail(&in->s, MALFORMED,
		    "RFC 5465 5: MessageNew, MessageExpunge go together");
	if (g->filter <= FILTER_DELAYED && g->events > EVENT_MESSAGE)
		scan_fail(&in->s, MALFORMED,
		    "RFC 5465 6.1: SELECTED has events of messages alone");
}

static void
parse_name(struct asking *x, struct notify_group *g)
{
	struct parse *in = &x->c->in;
	view name = parse_mailbox(in);

	if (!scan_ok(&in->s))
		return;
	/* Only one's own are followed. */
	if (x->names == LIMIT_IMAP_NOTIFY_NAMES
	    || (!reply_is_without(x->s, VIEW("ACL"))
		&& view_starts(name, VIEW(PLACE_OTHERS "/")))) {
		too_many(x);
		return;
	}
	x->names++;
	g->names[g->name_count++] = arena_copy(x->n->arena, name);
}

static void
parse_names(struct asking *x, struct notify_group *g)
{
	struct parse *in = &x->c->in;
	size_t most = in->s.rest.n / 2 + 1; /* a byte and a space each */

	if (most > LIMIT_IMAP_NOTIFY_NAMES)
		most = LIMIT_IMAP_NOTIFY_NAMES;
	g->names = arena_array(x->n->arena, most, sizeof *g->names);
	if (g->names == NULL) {
		too_many(x);
		return;
	}
	parse_space(in);
	if (!scan_try_byte(&in->s, '(')) {
		parse_name(x, g);
		return;
	}
	do
		parse_name(x, g);
	while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5465 8: names are a list");
}

static void
parse_filter(struct asking *x, struct notify_group *g)
{
	struct parse *in = &x->c->in;
	view name = parse_atom(in);
	size_t i = 0;

	while (i < COUNT(filters) && !view_same(name, view_of(filters[i].name)))
		i++;
	if (i == COUNT(filters)) {
		scan_fail(&in->s, MALFORMED, "RFC 5465 8: no such filter");
		return;
	}
	g->filter = filters[i].filter;
	if (g->filter >= FILTER_SUBTREE)
		parse_names(x, g);
	if (g->filter > FILTER_DELAYED)
		return;
	if (x->has_selected)
		scan_fail(&in->s, MALFORMED, "RFC 5465 6.1: SELECTED twice");
	x->has_selected = true;
}

static void
parse_group(struct asking *x)
{
	struct parse *in = &x->c->in;
	struct notify *n = x->n;
	struct notify_group g = { .events = 0 };

	scan_byte(&in->s, '(', "RFC 5465 8: an event group is a list");
	parse_filter(x, &g);
	parse_space(in);
	parse_events(x, &g);
	scan_byte(&in->s, ')', "RFC 5465 8: an event group is a list");
	if (g.filter <= FILTER_DELAYED) {
		n->selected = g.events;
		n->delayed = g.filter == FILTER_DELAYED;
	} else if (n->group_count == LIMIT_IMAP_NOTIFY_GROUPS) {
		too_many(x);
	} else {
		n->groups[n->group_count++] = g;
	}
}

static result
parse_set_of(struct asking *x)
{
	struct parse *in = &x->c->in;

	parse_space(in);
	if (!scan_try(&in->s, VIEW("NONE"))) {
		scan_word(&in->s, VIEW("SET"), "RFC 5465 8: SET or NONE");
		x->set = true;
		x->status = scan_try(&in->s, VIEW(" STATUS"));
		parse_space(in);
		do
			parse_group(x);
		while (parse_more(in));
	}
	parse_end(in);
	return scan_result(&in->s);
}

result
run_notify(struct imap *s, struct command *c, struct buf *out)
{
	struct asking x = { .s = s, .c = c, .n = calloc(1, sizeof *x.n) };
	struct notify *before = s->notify;
	bool metadata;
	result r;

	if (x.n == NULL)
		abort();
	x.n->arena = arena_new(LIMIT_IMAP_NOTIFY_MEMORY);
	x.n->groups = arena_array(x.n->arena, LIMIT_IMAP_NOTIFY_GROUPS,
	    sizeof *x.n->groups);
	r = parse_set_of(&x);
	if (r.is == OK)
		r = arena_result(x.n->arena);
	if (r.is == OK)
		notify_settle(s, out);
	metadata = s->metadata;
	s->notify = x.n;
	s->metadata = metadata && x.set;
	if (r.is == OK)
		r = notify_begin(s, c, x.status, out);
	if (r.is != OK) {
		s->notify = before;
		s->metadata = metadata;
	}
	notify_free(r.is == OK ? &before : &x.n);
	c->text_ok = "so it will be told";
	return r;
}
