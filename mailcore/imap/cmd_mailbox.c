/* Mailboxes made, renamed, removed and asked about: RFC 3501 6.3.3 to 6.3.7,
 * 6.3.10; RFC 2342. */
#include "mailcore/imap/box.h"
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/reply.h"

struct change {
	view name;
	view to;
	enum special_use use;
	bool unknown_use; /* one that we cannot give */
	int64_t made;
	struct arena *arena;
};

/* All that is above `name` and is not there is made with it (RFC 3501
 * 6.3.3). */
static result
make_with_parents(struct account *a, view name, enum special_use use,
    struct arena *arena, int64_t *id)
{
	for (size_t i = 0; i <= name.n; i++) {
		bool whole = i == name.n;
		struct collection there;
		result r;

		if (!whole && name.p[i] != '/')
			continue;
		r = collection_find(a, arena, COLLECTION_MAILBOX,
		    view_first(name, i), &there);
		if (r.is == OK && whole)
			return fail(EXISTS, "there is one of that name");
		if (r.is == NOT_FOUND)
			r = collection_add(a, COLLECTION_MAILBOX,
			    view_first(name, i), VIEW(""),
			    whole ? use : USE_NONE, id);
		TRY(r);
	}
	return done();
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
	return make_with_parents(a, change->name, change->use, change->arena,
	    &change->made);
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
check_name(struct command *c, view name)
{
	result r = mailbox_check(name);

	if (r.is != OK)
		c->code = "[CANNOT] ";
	return r;
}

result
run_create(struct imap *s, struct command *c, struct buf *out)
{
	struct change change = { .arena = c->arena };
	result r;

	(void)out;
	parse_space(&c->in);
	change.name = without_slash(parse_mailbox(&c->in));
	parse_use(&c->in, &change);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(check_name(c, change.name));
	TRY(command_account(s, c));
	r = account_write(c->account, create, &change, DURABLE);
	if (change.unknown_use)
		c->code = "[USEATTR] ";
	TRY(r);
	c->text_ok = "created";
	buf_print(&c->ok_code, "[MAILBOXID (F%lld)] ",
	    (long long)change.made);
	return done();
}

static result
remove_mailbox(struct account *a, void *context)
{
	struct change *change = context;
	struct collection found;

	TRY(collection_find(a, change->arena, COLLECTION_MAILBOX, change->name,
	    &found));
	return collection_remove(a, found.id);
}

result
run_delete(struct imap *s, struct command *c, struct buf *out)
{
	struct change change = { .arena = c->arena };

	(void)out;
	parse_space(&c->in);
	change.name = parse_mailbox(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	if (view_eq(change.name, VIEW("INBOX"))) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3501 6.3.4: INBOX stays");
	}
	TRY(command_account(s, c));
	c->text_ok = "deleted";
	return account_write(c->account, remove_mailbox, &change, DURABLE);
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
rename_inbox(struct account *a, const struct change *change)
{
	struct collection inbox, to;
	struct item moved;
	struct box *b;
	result r;

	TRY(make_with_parents(a, change->to, USE_NONE, change->arena,
	    &to.id));
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
make_parents(struct account *a, const struct change *change)
{
	view above = change->to;
	struct collection there;

	if (view_find_byte(above, '/') == SIZE_MAX)
		return done();
	above = view_cut_last(&above, '/');
	if (collection_find(a, change->arena, COLLECTION_MAILBOX, above,
		&there).is == OK)
		return done();
	return make_with_parents(a, above, USE_NONE, change->arena,
	    &there.id);
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

result
run_rename(struct imap *s, struct command *c, struct buf *out)
{
	struct change change = { .arena = c->arena };

	(void)out;
	parse_space(&c->in);
	change.name = parse_mailbox(&c->in);
	parse_space(&c->in);
	change.to = without_slash(parse_mailbox(&c->in));
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(check_name(c, change.to));
	if (is_below(change.to, change.name)
	    && !view_eq(change.name, VIEW("INBOX"))) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "a mailbox cannot move below itself");
	}
	TRY(command_account(s, c));
	c->text_ok = "renamed";
	return account_write(c->account, rename_mailbox, &change, DURABLE);
}

struct subscribing {
	view name;
	bool on;
	struct arena *arena;
};

static result
subscribe(struct account *a, void *context)
{
	struct subscribing *x = context;
	struct collection found;
	result r = collection_find(a, x->arena, COLLECTION_MAILBOX, x->name,
	    &found);

	/* What is gone is not subscribed: RFC 3501 6.3.7 is content. */
	if (r.is == NOT_FOUND && !x->on)
		return done();
	TRY(r);
	return collection_subscribe(a, found.id, x->on);
}

static result
run_subscription(struct imap *s, struct command *c, bool on)
{
	struct subscribing x = { .on = on, .arena = c->arena };

	parse_space(&c->in);
	x.name = parse_mailbox(&c->in);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(command_account(s, c));
	return account_write(c->account, subscribe, &x, DURABLE);
}

result
run_subscribe(struct imap *s, struct command *c, struct buf *out)
{
	(void)out;
	return run_subscription(s, c, true);
}

result
run_unsubscribe(struct imap *s, struct command *c, struct buf *out)
{
	(void)out;
	return run_subscription(s, c, false);
}

result
run_status(struct imap *s, struct command *c, struct buf *out)
{
	struct collection found;
	struct status_items items;
	view name;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	parse_space(&c->in);
	parse_status_items(&c->in, &items);
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	TRY(mailbox_find(s, c, name, &found));
	s->condstore = s->condstore || status_wants_modseq(&items);
	mailbox_add_status(s, &found, &items, out);
	return done();
}

result
run_namespace(struct imap *s, struct command *c, struct buf *out)
{
	(void)s;
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	buf_add(out, VIEW("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"));
	return done();
}
