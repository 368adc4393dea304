/* LIST and LSUB: RFC 3501 6.3.8, 6.3.9; RFC 5258, 5819, 6154. */
#include "mailcore/imap/glob.h"
#include "mailcore/imap/lost.h"
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/metadata.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"

#include <stdlib.h>

struct list {
	/* Selection options. */
	bool subscribed, recursive, special;
	/* Return options. */
	bool tell_subscribed, tell_status, tell_rights;
	bool extended, lsub;
	struct status_items status;
	struct metadata_question metadata; /* RFC 9590 */
	view reference;
	view *patterns;
	size_t pattern_count;
};

/* A mailbox, or a name that is only above others or was deleted (`there` is
 * NULL). */
struct entry {
	view name;
	const struct collection *there;
	bool lost; /* deleted, and still subscribed */
	int64_t owner;
	unsigned rights;
	bool has_children;
	bool child_subscribed; /* somewhere below */
	bool fits; /* is asked for, and has a name that is */
};

static void
parse_selection_option(struct parse *in, struct list *l)
{
	view name = parse_atom(in);

	if (view_same(name, VIEW("SUBSCRIBED")))
		l->subscribed = l->tell_subscribed = true;
	else if (view_same(name, VIEW("RECURSIVEMATCH")))
		l->recursive = true;
	else if (view_same(name, VIEW("SPECIAL-USE")))
		l->special = true;
	else if (!view_same(name, VIEW("REMOTE")))
		scan_fail(&in->s, MALFORMED,
		    "RFC 5258 3.1: no such selection option");
}

static void
parse_return_option(struct parse *in, struct list *l)
{
	view name = parse_atom(in);

	if (view_same(name, VIEW("SUBSCRIBED"))) {
		l->tell_subscribed = true;
	} else if (view_same(name, VIEW("STATUS"))) {
		l->tell_status = true;
		parse_space(in);
		parse_status_items(in, &l->status);
	} else if (view_same(name, VIEW("MYRIGHTS"))) { /* RFC 8440 */
		l->tell_rights = true;
	} else if (view_same(name, VIEW("METADATA"))) {
		l->metadata.max_size = UINT64_MAX;
		parse_space(in);
		metadata_parse_names(in, &l->metadata.names);
	} else if (!view_same(name, VIEW("CHILDREN"))
	    && !view_same(name, VIEW("SPECIAL-USE"))) {
		/* Those two are told always. */
		scan_fail(&in->s, MALFORMED,
		    "RFC 5258 3.2: no such return option");
	}
}

static void
parse_options(struct parse *in, struct list *l,
    void (*option)(struct parse *, struct list *))
{
	l->extended = true;
	scan_byte(&in->s, '(', "RFC 5258 6: options are a list");
	if (scan_peek(&in->s) != ')')
		do
			option(in, l);
		while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5258 6: options are a list");
}

static void
add_pattern(struct parse *in, struct list *l)
{
	view pattern = parse_pattern(in);

	if (l->pattern_count == LIMIT_IMAP_PATTERNS) {
		scan_fail(&in->s, OVER_LIMIT, "too many patterns");
		return;
	}
	/* The reference is the name of a level, or stands in front. */
	if (l->reference.n > 0)
		pattern = arena_print(in->arena, "%.*s%.*s",
		    (int)l->reference.n, l->reference.p, (int)pattern.n,
		    pattern.p);
	l->patterns[l->pattern_count++] = pattern;
}

static void
parse_patterns(struct parse *in, struct list *l)
{
	l->patterns = arena_array(in->arena, LIMIT_IMAP_PATTERNS,
	    sizeof *l->patterns);
	if (!scan_try_byte(&in->s, '(')) {
		add_pattern(in, l);
		return;
	}
	l->extended = true;
	do
		add_pattern(in, l);
	while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 5258 6: patterns are a list");
}

static result
parse_list(struct parse *in, struct list *l)
{
	parse_space(in);
	if (!l->lsub && scan_peek(&in->s) == '(') {
		parse_options(in, l, parse_selection_option);
		parse_space(in);
	}
	l->reference = parse_mailbox(in);
	parse_space(in);
	parse_patterns(in, l);
	if (!l->lsub && scan_try(&in->s, VIEW(" RETURN ")))
		parse_options(in, l, parse_return_option);
	parse_end(in);
	if (l->recursive && !l->subscribed)
		scan_fail(&in->s, MALFORMED,
		    "RFC 5258 3.1: RECURSIVEMATCH needs another option");
	return scan_result(&in->s);
}

static int
rank(const struct entry *e)
{
	if (e->there != NULL)
		return 0;
	return e->lost ? 1 : 2;
}

/* INBOX first; below a name come at once those of the next level. */
static int
by_tree(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	bool inbox = view_eq(a->name, VIEW("INBOX"));

	if (inbox || view_eq(b->name, VIEW("INBOX")))
		return inbox ? -!view_eq(b->name, VIEW("INBOX")) : 1;
	for (size_t i = 0; i < a->name.n && i < b->name.n; i++) {
		int c = view_at(a->name, i), d = view_at(b->name, i);

		if (c == d)
			continue;
		return c == '/' ? -1 : d == '/' ? 1 : c - d;
	}
	if (a->name.n == b->name.n) /* what is there before what is not */
		return rank(a) - rank(b);
	return a->name.n < b->name.n ? -1 : 1;
}

static size_t
count_levels(view name)
{
	size_t n = 1;

	for (size_t j = 0; j < name.n; j++)
		n += name.p[j] == '/';
	return n;
}

static bool
is_below(view name, view above)
{
	return view_starts(name, above) && view_at(name, above.n) == '/';
}

static bool
is_subscribed(const struct entry *e)
{
	return e->lost || (e->there != NULL && e->there->subscribed);
}

/* Each once, sorted, with what is below known. */
static size_t
join_entries(struct entry *e, size_t count)
{
	size_t n = 0;

	if (count > 1)
		qsort(e, count, sizeof *e, by_tree);
	for (size_t i = 0; i < count; i++)
		if (n == 0 || !view_eq(e[n - 1].name, e[i].name))
			e[n++] = e[i];
	for (size_t i = 0; i < n; i++) {
		/* INBOX stands first, apart from what is below it. */
		bool inbox = view_eq(e[i].name, VIEW("INBOX"));

		for (size_t j = i + 1; j < n; j++) {
			if (is_below(e[j].name, e[i].name)) {
				e[i].has_children |= !e[j].lost;
				e[i].child_subscribed |= is_subscribed(&e[j]);
			} else if (!inbox) {
				break;
			}
		}
	}
	return n;
}

/* The mailbox and the names above it. */
static size_t
add_levels(struct entry *e, size_t made, struct entry one)
{
	view name = one.lost ? one.name : one.there->name;

	one.name = name;
	e[made++] = one;
	for (size_t j = 0; j < name.n; j++)
		if (name.p[j] == '/')
			e[made++] = (struct entry){ .name = view_first(name,
							j) };
	return made;
}

static result
make_entries(struct imap *s, struct command *c, bool with_lost,
    struct entry **out, size_t *count)
{
	struct place_shared *shared;
	struct collection *all;
	struct entry *e;
	view *lost;
	size_t n, shared_count, lost_count = 0, levels = 1, made = 0;

	TRY(place_list(s, c, &shared, &shared_count));
	TRY(command_account_of(s, c, s->account));
	TRY(collection_list(c->account, c->arena, COLLECTION_MAILBOX, &all,
	    &n));
	if (with_lost)
		TRY(lost_list(c->account, c->arena, &lost, &lost_count));
	for (size_t i = 0; i < n; i++)
		levels += count_levels(all[i].name);
	for (size_t i = 0; i < lost_count; i++)
		levels += count_levels(lost[i]);
	for (size_t i = 0; i < shared_count; i++)
		levels += count_levels(shared[i].c.name);
	e = arena_array(c->arena, levels, sizeof *e);
	TRY(arena_result(c->arena));
	for (size_t i = 0; i < n; i++)
		made = add_levels(e, made,
		    (struct entry){ .there = &all[i], .owner = s->account,
			.rights = RIGHT_ALL });
	for (size_t i = 0; i < shared_count; i++)
		made = add_levels(e, made,
		    (struct entry){ .there = &shared[i].c,
			.owner = shared[i].owner,
			.rights = shared[i].rights });
	for (size_t i = 0; i < lost_count; i++)
		made = add_levels(e, made,
		    (struct entry){ .name = lost[i], .lost = true });
	*count = join_entries(e, made);
	*out = e;
	return done();
}

static bool
fits_pattern(const struct list *l, view name)
{
	for (size_t i = 0; i < l->pattern_count; i++) {
		view pattern = l->patterns[i];

		if (glob_matches(pattern, name))
			return true;
		/* INBOX is in any case (RFC 3501 5.1). */
		if (view_eq(name, VIEW("INBOX"))
		    && (glob_matches(pattern, VIEW("inbox"))
			|| view_same(pattern, name)))
			return true;
	}
	return false;
}

static bool
is_selected(const struct list *l, const struct entry *e)
{
	bool there = e->there != NULL;

	if (l->special && (!there || e->there->use == USE_NONE))
		return false;
	if (l->subscribed || l->lsub) {
		if (is_subscribed(e))
			return true;
		/* RFC 3501 6.3.9: "%" shows the name above; RFC 5258 3.5. */
		return e->child_subscribed && (l->lsub || l->recursive);
	}
	return true;
}

/* RFC 5258 3.5: a name that is told of for what is below it, all of which is
 * told of. */
static bool
is_redundant(const struct list *l, const struct entry *e,
    const struct entry *end)
{
	bool inbox = view_eq(e->name, VIEW("INBOX"));

	if (!l->recursive || is_subscribed(e))
		return false;
	for (const struct entry *in = e + 1; in < end; in++) {
		bool below = is_below(in->name, e->name);

		if (!below && !inbox) /* which stands first, apart from it */
			break;
		if (below && is_subscribed(in) && !in->fits)
			return false;
	}
	return true;
}

static void
add_attributes(const struct list *l, const struct entry *e, struct buf *out)
{
	const char *use = e->there == NULL ? NULL
					   : mailbox_use(e->there->use);
	bool subscribed = is_subscribed(e);

	if (e->lost && !l->lsub) /* that implies \Noselect: RFC 5258 3.4 */
		buf_add(out, VIEW("\\NonExistent "));
	else if (e->there == NULL || (l->lsub && !subscribed))
		buf_add_text(out, l->extended ? "\\NonExistent \\Noselect "
					      : "\\Noselect ");
	else if (!l->lsub && (e->rights & RIGHT_READ) == 0)
		buf_add(out, VIEW("\\Noselect ")); /* RFC 5819 2 */
	buf_add_text(out, e->has_children ? "\\HasChildren"
					  : "\\HasNoChildren");
	if (use != NULL && !l->lsub)
		buf_print(out, " %s", use);
	if (l->tell_subscribed && subscribed)
		buf_add(out, VIEW(" \\Subscribed"));
}

static void
add_entry(const struct imap *s, const struct list *l, const struct entry *e,
    struct buf *out)
{
	buf_add_text(out, l->lsub ? "* LSUB (" : "* LIST (");
	add_attributes(l, e, out);
	buf_add(out, VIEW(") \"/\" "));
	reply_mailbox(s, out, e->name);
	if (l->recursive && e->child_subscribed)
		buf_add(out, VIEW(" (\"CHILDINFO\" (\"SUBSCRIBED\"))"));
	buf_add(out, VIEW("\r\n"));
}

/* What follows the line: RFC 5819, RFC 8440. */
static result
add_more(struct imap *s, struct command *c, struct list *l,
    const struct entry *e, struct buf *out)
{
	if (l->tell_status && (e->rights & RIGHT_READ) != 0) {
		TRY(command_account_of(s, c, e->owner));
		mailbox_add_status(s, e->there, &l->status, out);
	}
	if (l->tell_rights) {
		buf_add(out, VIEW("* MYRIGHTS "));
		reply_mailbox(s, out, e->name);
		buf_add_byte(out, ' ');
		place_add_letters(e->rights, out);
		buf_add(out, VIEW("\r\n"));
	}
	if (l->metadata.names.count > 0 && metadata_may_ask(e->rights))
		TRY(metadata_tell(s, c, e->there, e->owner, &l->metadata,
		    out));
	return done();
}

static result
list(struct imap *s, struct command *c, struct list *l, struct buf *out)
{
	struct entry *e;
	size_t count;

	TRY(make_entries(s, c, l->subscribed || l->lsub, &e, &count));
	for (size_t i = 0; i < count; i++)
		e[i].fits = is_selected(l, &e[i])
		    && fits_pattern(l, e[i].name);
	for (size_t i = 0; i < count; i++) {
		if (!e[i].fits || is_redundant(l, &e[i], e + count))
			continue;
		/* LSUB "*" shows the subscribed ones alone. */
		if (l->lsub && !is_subscribed(&e[i])
		    && view_find_byte(l->patterns[0], '%') == SIZE_MAX)
			continue;
		add_entry(s, l, &e[i], out);
		if (e[i].there != NULL)
			TRY(add_more(s, c, l, &e[i], out));
	}
	return done();
}

result
run_list(struct imap *s, struct command *c, struct buf *out)
{
	struct list l = { 0 };

	TRY(parse_list(&c->in, &l));
	TRY(arena_result(c->arena));
	if ((l.tell_rights && reply_is_without(s, VIEW("LIST-MYRIGHTS")))
	    || (l.metadata.names.count > 0
		&& reply_is_without(s, VIEW("LIST-METADATA")))
	    || (l.tell_status && reply_is_without(s, VIEW("LIST-STATUS"))))
		return fail(MALFORMED, "switched off here");
	if (status_wants_modseq(&l.status))
		select_enable_condstore(s, out);
	c->text_ok = "listed";
	/* An empty pattern asks for the delimiter (RFC 3501 6.3.8). */
	if (!l.extended && l.pattern_count == 1
	    && l.patterns[0].n == l.reference.n) {
		buf_add(out, VIEW("* LIST (\\Noselect) \"/\" \"\"\r\n"));
		return done();
	}
	return list(s, c, &l, out);
}

result
run_lsub(struct imap *s, struct command *c, struct buf *out)
{
	struct list l = { .lsub = true };

	TRY(parse_list(&c->in, &l));
	TRY(arena_result(c->arena));
	c->text_ok = "listed";
	return list(s, c, &l, out);
}
