/* Mailboxes made, renamed, removed and asked about: RFC 3501 6.3.3 to 6.3.7,
 * 6.3.10; RFC 2342. */
#include "mailcore/imap/box.h"
#include "mailcore/imap/lost.h"
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/notify.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"

struct change {
	struct place at;
	view name; /* in the account of `at` */
	view to;
	enum special_use use;
	bool unknown_use; /* one that we cannot give */
	bool mine;        /* the account is that of the session */
	int64_t above;    /* the nearest one, when it began */
	int64_t *made;    /* the last one is that asked for */
	size_t made_count;
	struct arena *arena;
};

/* All that is above `name` and is not there is made with it (RFC 3501
 * 6.3.3). */
static result
make_with_parents(struct account *a, struct change *change, view name,
    enum special_use use)
{
	change->made = arena_array(change->arena, name.n + 1,
	    sizeof *change->made);
	change->made_count = 0;
	TRY(arena_result(change->arena));
	for (size_t i = 0; i <= name.n; i++) {
		bool whole = i == name.n;
		struct collection there;
		result r;

		if (!whole && name.p[i] != '/')
			continue;
		r = collection_find(a, change->arena, COLLECTION_MAILBOX,
		    view_first(name, i), &there);
		if (r.is == OK && whole)
			return fail(EXISTS, "there is one of that name");
		if (r.is == NOT_FOUND)
			r = collection_add(a, COLLECTION_MAILBOX,
			    view_first(name, i), VIEW(""),
			    whole ? use : USE_NONE,
			    &change->made[change->made_count++]);
		TRY(r);
	}
	return done();
}

/* The grants of the new ones are in another database. */
static result
inherit(struct imap *s, struct command *c, const struct change *change)
{
	for (size_t i = 0; i < change->made_count; i++)
		TRY(place_inherit(s, c, change->at.owner, change->above,
		    change->made[i]));
	return done();
}

/* One of that name was there before, and is still subscribed. */
static result
find_again(struct account *a, struct change *change, view name)
{
	bool was;

	if (!change->mine)
		return done();
	TRY(lost_take(a, change->arena, name, &was));
	return was ? collection_subscribe(a,
			 change->made[change->made_count - 1], true)
		   : done();
}

static result
create(struct account *a, void *context)
{
	struct change *change = context;
	struct collection *all;
	size_t count;

	TRY(collection_list(a, change->arena, COLLECTION_MAILBOX, &all,
	    &count));
	for (size_t i = 0; change->use != USE_NONE && i < count; i++)
		change->unknown_use |= all[i].use == change->use;
	if (change->unknown_use)
		return fail(DENIED, "RFC 6154 3: that use is not to be had");
	TRY(make_with_parents(a, change, change->name, change->use));
	return find_again(a, change, change->name);
}

/* " (USE (\Sent))": RFC 6154 3.  One mailbox has one use. */
static void
parse_use(struct parse *in, struct change *change)
{
	if (!parse_more(in))
		return;
	scan_word(&in->s, VIEW("(USE ("), "RFC 6154 6: not USE (...)");
	while (scan_ok(&in->s) && scan_peek(&in->s) != ')') {
		enum special_use use;

		scan_byte(&in->s, '\\', "RFC 6154 6: not a use");
		use = mailbox_use_of(parse_atom(in));
		change->unknown_use |= use == USE_NONE
		    || change->use != USE_NONE;
		change->use = use;
		if (!parse_more(in))
			break;
	}
	scan_word(&in->s, VIEW("))"), "RFC 6154 6: not USE (...)");
}

/* "a/" asks for a name that will have others below (RFC 3501 6.3.3). */
static view
without_slash(view name)
{
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	return name;
}

static result
check_name(struct imap *s, struct command *c, view name)
{
	result r = mailbox_check(name);

	if (r.is == OK && !reply_is_without(s, VIEW("ACL"))
	    && (view_eq(name, VIEW(PLACE_OTHERS))
		|| view_starts(name, VIEW(PLACE_OTHERS "/"))))
		r = fail(DENIED, "RFC 2342 5: the names of others");
	if (r.is != OK)
		c->code = "[CANNOT] ";
	return r;
}

/* Whose will it be, and may it be made there? */
static result
find_new(struct imap *s, struct command *c, view name, struct change *change)
{
	TRY(place_of(s, c, name, &change->at));
	TRY(check_name(s, c, change->at.name));
	if (change->use != USE_NONE && change->at.owner != s->account)
		change->unknown_use = true;
	TRY(command_account_of(s, c, change->at.owner));
	return place_check_make(c, &change->at, change->at.name,
	    &change->above);
}

result
run_create(struct imap *s, struct command *c, struct buf *out)
{
	struct change change = { .arena = c->arena };
	view name;
	result r;

	parse_space(&c->in);
	name = without_slash(parse_mailbox(&c->in));
	parse_use(&c->in, &change);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(find_new(s, c, name, &change));
	change.name = change.at.name;
	change.mine = change.at.owner == s->account;
	r = notify_write(s, c->account, create, &change, out);
	if (change.unknown_use)
		c->code = "[USEATTR] ";
	TRY(r);
	TRY(inherit(s, c, &change));
	reply_spelled(s, out, false, name, c->in.spelled);
	c->text_ok = "created";
	buf_print(&c->ok_code, "[MAILBOXID (F%lld)] ",
	    (long long)change.made[change.made_count - 1]);
	return done();
}

static result
remove_mailbox(struct account *a, void *context)
{
	const struct change *change = context;
	const struct collection *gone = &change->at.there;

	TRY(collection_remove(a, gone->id));
	return change->mine && gone->subscribed
	    ? lost_keep(a, change->arena, gone)
	    : done();
}

result
run_delete(struct imap *s, struct command *c, struct buf *out)
{
	struct change change = { .arena = c->arena };
	view name;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(place_find(s, c, name, RIGHT_REMOVE, &change.at));
	if (view_eq(change.at.name, VIEW("INBOX"))) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3501 6.3.4: INBOX stays");
	}
	change.mine = change.at.owner == s->account;
	TRY(notify_write(s, c->account, remove_mailbox, &change, out));
	reply_spelled(s, out, true, name, c->in.spelled);
	c->text_ok = "deleted";
	return place_forget(s, c, change.at.owner, change.at.there.id);
}

static bool
is_below(view name, view above)
{
	return view_starts(name, above) && view_at(name, above.n) == '/';
}

/* Is there a mailbox below that name? */
static result
check_above(struct account *a, const struct change *change)
{
	struct collection *all;
	size_t count;

	TRY(collection_list(a, change->arena, COLLECTION_MAILBOX, &all,
	    &count));
	for (size_t i = 0; i < count; i++)
		if (is_below(all[i].name, change->name))
			return done();
	return fail(NOT_FOUND, "no such mailbox");
}

/* What is below follows.  A name that is only above others becomes a mailbox
 * for that. */
static result
rename_tree(struct account *a, const struct change *change)
{
	struct collection there;
	int64_t id;
	result r = collection_find(a, change->arena, COLLECTION_MAILBOX,
	    change->name, &there);

	if (r.is == OK)
		return collection_rename(a, there.id, change->to);
	if (r.is != NOT_FOUND)
		return r;
	TRY(check_above(a, change));
	TRY(collection_add(a, COLLECTION_MAILBOX, change->name, VIEW(""),
	    USE_NONE, &id));
	return collection_rename(a, id, change->to);
}

/* RFC 3501 6.3.5: INBOX itself stays, its messages move. */
static result
rename_inbox(struct account *a, struct change *change)
{
	struct collection inbox, to;
	struct item moved;
	struct box *b;
	result r;

	TRY(make_with_parents(a, change, change->to, USE_NONE));
	TRY(collection_find(a, change->arena, COLLECTION_MAILBOX, change->name,
	    &inbox));
	TRY(collection_find(a, change->arena, COLLECTION_MAILBOX, change->to,
	    &to));
	r = box_open_here(a, inbox.id, &b);
	for (size_t i = 0; r.is == OK && i < b->count; i++)
		r = item_move(a, inbox.id, b->messages[i].uid, to.id, &moved);
	box_free(&b);
	return r;
}

static result
make_parents(struct account *a, struct change *change)
{
	view above = change->to;
	struct collection there;

	if (view_find_byte(above, '/') == SIZE_MAX)
		return done();
	above = view_cut_last(&above, '/');
	if (collection_find(a, change->arena, COLLECTION_MAILBOX, above,
		&there).is == OK)
		return done();
	return make_with_parents(a, change, above, USE_NONE);
}

static result
rename_mailbox(struct account *a, void *context)
{
	struct change *change = context;
	struct collection there;
	result r = collection_find(a, change->arena, COLLECTION_MAILBOX,
	    change->to, &there);

	if (r.is == OK)
		return fail(EXISTS, "there is one of that name");
	if (r.is != NOT_FOUND)
		return r;
	if (view_eq(change->name, VIEW("INBOX")))
		return rename_inbox(a, change);
	TRY(make_parents(a, change));
	return rename_tree(a, change);
}

/* RFC 4314 4: "x" on what moves, "k" where it goes.  What is only above
 * others has no rights; its owner alone renames it. */
static result
find_both(struct imap *s, struct command *c, view from, view to,
    struct change *change)
{
	struct change new = { .use = USE_NONE };
	result r;

	TRY(place_of(s, c, from, &change->at));
	r = place_find(s, c, from, RIGHT_REMOVE, &change->at);
	if (r.is != OK
	    && (r.is != NOT_FOUND || change->at.owner != s->account))
		return r;
	change->name = change->at.name;
	TRY(find_new(s, c, to, &new));
	change->to = new.at.name;
	change->above = new.above;
	if (new.at.owner != change->at.owner
	    || (change->at.owner != s->account
		&& view_eq(change->name, VIEW("INBOX")))) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "it stays in its account");
	}
	return done();
}

result
run_rename(struct imap *s, struct command *c, struct buf *out)
{
	struct change change = { .arena = c->arena };
	view from, to, spelled;

	parse_space(&c->in);
	from = parse_mailbox(&c->in);
	spelled = c->in.spelled;
	parse_space(&c->in);
	to = without_slash(parse_mailbox(&c->in));
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(find_both(s, c, from, to, &change));
	if (is_below(change.to, change.name)
	    && !view_eq(change.name, VIEW("INBOX"))) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "a mailbox cannot move below itself");
	}
	TRY(notify_write(s, c->account, rename_mailbox, &change, out));
	if (spelled.n == 0 && c->in.spelled.n > 0)
		spelled = from;
	reply_spelled(s, out, false, to, spelled);
	c->text_ok = "renamed";
	return inherit(s, c, &change);
}

struct subscribing {
	int64_t collection;
	bool on;
	view lost; /* what is to be taken off the list; nothing is there */
	struct arena *arena;
};

static result
forget_lost(struct account *a, void *context)
{
	const struct subscribing *x = context;
	bool was;

	return lost_take(a, x->arena, x->lost, &was);
}

static result
subscribe(struct account *a, void *context)
{
	const struct subscribing *x = context;

	return collection_subscribe(a, x->collection, x->on);
}

static result
run_subscription(struct imap *s, struct command *c, bool on,
    struct buf *out)
{
	struct subscribing x = { .on = on, .arena = c->arena };
	struct place p;
	view name;
	result r;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	/* RFC 4314 4: no right is needed to be told less. */
	r = place_find(s, c, name, on ? RIGHT_LOOKUP : 0, &p);
	/* What is gone may still be on the list. */
	if (r.is == NOT_FOUND && !on) {
		x.lost = name;
		TRY(command_account_of(s, c, s->account));
		return account_write(c->account, forget_lost, &x, DURABLE);
	}
	TRY(r);
	if (p.owner != s->account)
		return place_subscribe(s, c, &p, on);
	x.collection = p.there.id;
	return notify_write(s, c->account, subscribe, &x, out);
}

result
run_subscribe(struct imap *s, struct command *c, struct buf *out)
{
	return run_subscription(s, c, true, out);
}

result
run_unsubscribe(struct imap *s, struct command *c, struct buf *out)
{
	return run_subscription(s, c, false, out);
}

result
run_status(struct imap *s, struct command *c, struct buf *out)
{
	struct status_items items;
	struct place found;
	view name;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_space(&c->in);
	parse_status_items(&c->in, &items);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(place_find(s, c, name, RIGHT_READ, &found));
	if (status_wants_modseq(&items))
		select_enable_condstore(s, out);
	mailbox_add_status(s, &found.there, &items, out);
	return done();
}

result
run_namespace(struct imap *s, struct command *c, struct buf *out)
{
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	buf_add_text(out, reply_is_without(s, VIEW("ACL"))
		? "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"
		: "* NAMESPACE ((\"\" \"/\")) ((\"" PLACE_OTHERS
		  "/\" \"/\")) NIL\r\n");
	return done();
}
