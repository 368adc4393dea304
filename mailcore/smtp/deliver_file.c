/* A message into the mailboxes of one account, and what is remembered of it,
 * in one transaction. */
#include "mailcore/base/ascii.h"
#include "mailcore/smtp/deliver_inside.h"
#include "mailcore/smtp/header.h"

#include <stdlib.h>

enum {
	/* Two addresses, whose local parts may be quoted byte by byte. */
	HEAD_MOST = 4 * LIMIT_ADDRESS + 1024,
	/* Scripts that cost less are not counted. */
	STEPS_FREE = 100000,
	REPLY_LEAST = 600 /* seconds between two replies to one sender */
};

struct filing {
	struct deliver_item item; /* first: it is the context */
	struct plan *plan;
};

enum special_use
plan_use(view name)
{
	static const struct {
		const char *name;
		enum special_use use;
	} uses[] = {
		{ "\\Archive", USE_ARCHIVE }, { "\\Drafts", USE_DRAFTS },
		{ "\\Junk", USE_JUNK }, { "\\Sent", USE_SENT },
		{ "\\Trash", USE_TRASH }, { "\\Flagged", USE_FLAGGED },
		{ "\\All", USE_ALL },
	};

	for (size_t i = 0; i < COUNT(uses); i++)
		if (view_same(name, view_of(uses[i].name)))
			return uses[i].use;
	return USE_NONE;
}

/* The mailbox of that use, NOT_FOUND without. */
static result
find_special(struct account *account, struct arena *arena, view name,
    int64_t *id)
{
	enum special_use use = plan_use(name);
	struct collection *list;
	size_t count;

	TRY(collection_list(account, arena, COLLECTION_MAILBOX, &list,
	    &count));
	for (size_t i = 0; i < count && use != USE_NONE; i++) {
		if (list[i].use == use) {
			*id = list[i].id;
			return done();
		}
	}
	return fail(NOT_FOUND, "no mailbox of that use");
}

static result
find_named(struct account *account, struct arena *arena, view name,
    int64_t *id)
{
	struct collection found;

	TRY(collection_find(account, arena, COLLECTION_MAILBOX, name,
	    &found));
	*id = found.id;
	return done();
}

/* The mailbox of that MAILBOXID (RFC 8474, RFC 9042). */
static result
find_numbered(struct account *account, struct arena *arena, view name,
    int64_t *id)
{
	struct collection found;

	TRY(plan_mailbox_id(account, arena, name, &found));
	*id = found.id;
	return done();
}

/* A name that a client could not ask for is none to make. */
static bool
may_make(view name)
{
	view rest = name;

	if (view_eq(name, VIEW(COLLECTION_OTHERS))
	    || view_starts(name, VIEW(COLLECTION_OTHERS "/"))
	    || view_ends(name, VIEW("/")))
		return false;
	while (rest.n > 0)
		if (view_cut(&rest, '/').n == 0)
			return false;
	for (size_t i = 0; i < name.n; i++)
		if (ascii_is_control(name.p[i]) || name.p[i] == '%'
		    || name.p[i] == '*')
			return false;
	return name.n > 0;
}

/* By its number, its use, its name, made when that is wanted; else INBOX:
 * mail is not lost for a mailbox that is gone (RFC 5228 2.10.6). */
static result
find_mailbox(struct account *account, struct arena *arena,
    const struct sieve_action *a, int64_t *id)
{
	result r = fail(NOT_FOUND, "");

	if (a->kind == SIEVE_FILE && a->mailbox_id.n > 0)
		r = find_numbered(account, arena, a->mailbox_id, id);
	if (r.is == NOT_FOUND && a->kind == SIEVE_FILE && a->special.n > 0)
		r = find_special(account, arena, a->special, id);
	if (r.is == NOT_FOUND && a->kind == SIEVE_FILE) {
		r = find_named(account, arena, a->text, id);
		if (r.is == NOT_FOUND && a->create
		    && may_make(a->text)) {
			r = collection_add(account, COLLECTION_MAILBOX,
			    a->text, VIEW(""), USE_NONE, id);
			if (r.is == OK)
				r = collection_subscribe(account, *id, true);
			if (r.is == OVER_LIMIT || r.is == MALFORMED)
				r = fail(NOT_FOUND, "");
		}
	}
	return r.is == NOT_FOUND
	    ? find_named(account, arena, VIEW("INBOX"), id)
	    : r;
}

static int
by_name(const void *a, const void *b)
{
	const view *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;

	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower(x->p[i]), d = ascii_lower(y->p[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return x->n < y->n ? -1 : x->n > y->n;
}

/* A script's flags as the store keeps them: bits, and sorted keywords. */
static uint32_t
split_flags(view flags, struct arena *arena, view *keywords)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} system[] = {
		{ "\\Seen", FLAG_SEEN }, { "\\Answered", FLAG_ANSWERED },
		{ "\\Flagged", FLAG_FLAGGED }, { "\\Deleted", FLAG_DELETED },
		{ "\\Draft", FLAG_DRAFT },
	};
	view list[LIMIT_IMAP_KEYWORDS];
	struct buf out = buf_new(flags.n + 1);
	uint32_t set = 0;
	size_t n = 0;

	while (flags.n > 0) {
		view flag = view_cut(&flags, ' ');

		for (size_t i = 0; i < COUNT(system); i++)
			if (view_same(flag, view_of(system[i].name)))
				set |= system[i].flag;
		if (view_at(flag, 0) != '\\' && n < COUNT(list))
			list[n++] = flag;
	}
	if (n > 1)
		qsort(list, n, sizeof *list, by_name);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add(&out, VIEW(" "));
		buf_add(&out, list[i]);
	}
	*keywords = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return set;
}

/* Where the message lies already. */
struct placed {
	struct item item;
	int64_t mailboxes[LIMIT_SIEVE_ACTIONS + LIMIT_FORWARDS + 2];
	size_t count;
};

static result
place(struct account *account, struct filing *f, struct arena *arena,
    const struct sieve_action *a, struct placed *at)
{
	struct item_new item = f->item.item;
	struct item copy;
	int64_t mailbox, modseq;

	TRY(find_mailbox(account, arena, a, &mailbox));
	item.flags = split_flags(a->flags, arena, &item.keywords);
	TRY(arena_result(arena));
	for (size_t i = 0; i < at->count; i++)
		if (at->mailboxes[i] == mailbox)
			return done();
	if (at->count == COUNT(at->mailboxes))
		return done();
	at->mailboxes[at->count++] = mailbox;
	if (at->count == 1)
		return item_add(account, mailbox, &item, &at->item);
	TRY(item_copy(account, at->mailboxes[0], at->item.uid, mailbox,
	    &copy));
	return item_set_flags(account, mailbox, copy.uid, item.flags,
	    item.keywords, -1, &modseq);
}

/* One reply to a sender within the time; a full memory gives none. */
static result
note_reply(struct account *account, struct plan *p, struct arena *arena,
    const struct sieve_action *a)
{
	view handle = a->handle.n > 0 ? a->handle : a->text;
	uint64_t seconds = a->seconds < REPLY_LEAST ? REPLY_LEAST
							 : a->seconds;
	view what = arena_print(arena, "vacation\n%.*s\n%.*s\n%.*s",
	    (int)p->mail->sender.n, p->mail->sender.p, (int)a->subject.n,
	    a->subject.p, (int)handle.n, handle.p);
	result r = arena_result(arena);

	if (r.is == OK)
		r = remember(account, what, p->now,
		    p->now + (int64_t)seconds, &p->fresh);
	if (r.is == OVER_LIMIT)
		p->fresh = false;
	return r.is == OVER_LIMIT ? done() : r;
}

static result
note(struct account *account, struct plan *p, struct arena *arena)
{
	if (p->steps > STEPS_FREE)
		TRY(script_charge(account, p->now, (int64_t)p->steps));
	for (const struct sieve_action *a = p->actions; a != NULL;
	    a = a->next) {
		if (a->kind == SIEVE_VACATION)
			TRY(note_reply(account, p, arena, a));
	}
	return done();
}

static result
remember_all(struct account *account, void *context)
{
	const struct plan *p = context;
	bool fresh;

	for (const struct sieve_action *a = p->actions; a != NULL;
	    a = a->next) {
		result r = a->kind != SIEVE_REMEMBER ? done()
		    : remember(account, a->text, p->now,
			p->now + (int64_t)a->seconds, &fresh);

		if (r.is != OK && r.is != OVER_LIMIT)
			return r;
	}
	return done();
}

result
plan_remember(struct plan *p)
{
	return plan_find(p, SIEVE_REMEMBER) == NULL ? done()
	    : account_write(p->account, remember_all, p, DURABLE_LATER);
}

static bool
is_filing(const struct sieve_action *a)
{
	return a->kind == SIEVE_KEEP || a->kind == SIEVE_FILE;
}

static result
write_all(struct account *account, void *context)
{
	struct filing *f = context;
	struct plan *p = f->plan;
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct placed at = { .count = 0 };
	result r = note(account, p, arena);

	for (const struct sieve_action *a = p->actions;
	    a != NULL && r.is == OK; a = a->next)
		if (is_filing(a))
			r = place(account, f, arena, a, &at);
	arena_free(&arena);
	return r;
}

static result
write_with_text(struct plan *p, struct filing *f)
{
	struct buf head = buf_new(HEAD_MOST
	    + (p->verdict != NULL ? p->verdict->fields.n : 0));
	struct spool *spool;
	result r;

	header_delivery(&head, p->mail->sender, p->to->address);
	if (p->verdict != NULL)
		buf_add(&head, p->verdict->fields);
	spool = spool_new(p->store, head.limit + p->mail->message.n);
	spool_add(spool, buf_view(&head));
	spool_add(spool, p->mail->message);
	p->size = spool_size(spool);
	f->item.item.received = p->now;
	f->item.item.bytes = spool;
	r = buf_result(&head);
	if (r.is == OK)
		r = deliver_write(p->account, &f->item);
	spool_free(&spool);
	buf_free(&head);
	return r;
}

result
plan_file(struct plan *p)
{
	struct filing f = { .item = { .work = write_all }, .plan = p };
	const struct sieve_action *a = p->actions;

	for (; a != NULL; a = a->next)
		if (is_filing(a))
			return write_with_text(p, &f);
	if (p->steps <= STEPS_FREE && plan_find(p, SIEVE_VACATION) == NULL)
		return done();
	return account_write(p->account, write_all, &f, DURABLE_LATER);
}
