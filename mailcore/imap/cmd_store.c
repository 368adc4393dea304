/* STORE: RFC 3501 6.4.6, RFC 7162 3.1.3. */
#include "mailcore/base/heap.h"
#include "mailcore/imap/box.h"
#include "mailcore/imap/keywords.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/reply.h"

#include <stdlib.h>

enum how { REPLACE, ADD, REMOVE };

struct change {
	size_t at;
	uint16_t flags;
	uint16_t keywords;
	int64_t modseq;
};

struct storing {
	struct imap *s;
	struct command *c;
	struct idset set;
	enum how how;
	bool silent;
	int64_t unchanged_since; /* -1: not asked */
	struct flag_list list;
	uint32_t may; /* the flags that the rights are for */
	bool may_keywords;
	struct change *changes;
	size_t count, room;
	struct idset_writer modified;
	struct buf *stale; /* "1,5:7": those that had changed */
	size_t stale_count;
	/* Most messages have the same keywords: the last computation. */
	bool known;
	uint16_t known_had, known_to;
	view known_keywords;
};

static void
parse_unchanged_since(struct parse *in, struct storing *x)
{
	x->unchanged_since = -1;
	if (!scan_try_byte(&in->s, '('))
		return;
	scan_word(&in->s, VIEW("UNCHANGEDSINCE "),
	    "RFC 4466 2.5: no such modifier");
	x->unchanged_since = (int64_t)parse_number(in, INT64_MAX);
	scan_byte(&in->s, ')', "RFC 4466 2.5: modifiers are a list");
	parse_space(in);
}

static result
parse_store(struct imap *s, struct command *c, struct storing *x)
{
	struct parse *in = &c->in;

	parse_space(in);
	parse_set(in, &x->set);
	parse_space(in);
	parse_unchanged_since(in, x);
	if (scan_try_byte(&in->s, '+'))
		x->how = ADD;
	else if (scan_try_byte(&in->s, '-'))
		x->how = REMOVE;
	scan_word(&in->s, VIEW("FLAGS"), "RFC 3501 6.4.6: not FLAGS");
	x->silent = scan_try(&in->s, VIEW(".SILENT"));
	parse_space(in);
	parse_flags(in, true, &x->list);
	parse_end(in);
	TRY(scan_result(&in->s));
	TRY(arena_result(c->arena));
	return box_resolve(s->box, &x->set, c->uid);
}

/* RFC 4314 4: what one has no right to set stays as it is; it is a failure
 * only when nothing is left to be done. */
static result
check_flags(struct storing *x)
{
	bool none = x->list.flags == 0 && x->list.keywords.n == 0;

	x->may = place_flags(x->s->rights);
	x->may_keywords = (x->s->rights & RIGHT_CHANGE) != 0;
	x->list.flags &= x->may;
	if (!x->may_keywords)
		x->list.keywords = VIEW("");
	if (x->may != 0
	    && (none || x->list.flags != 0 || x->list.keywords.n > 0))
		return done();
	return fail(DENIED, "RFC 4314 4: not with these rights");
}

static view
new_keywords(const struct storing *x, view had)
{
	if (!x->may_keywords)
		return had;
	if (x->how == ADD)
		return keywords_join(had, x->list.keywords, x->c->arena);
	if (x->how == REMOVE)
		return keywords_without(had, x->list.keywords, x->c->arena);
	return x->list.keywords;
}

/* The new flags of one message. */
static result
compute(struct storing *x, const struct message *m, struct change *to)
{
	struct box *b = x->s->box;
	uint32_t flags = m->flags & ~(uint32_t)MARK_ALL;

	if (x->how == ADD)
		flags |= x->list.flags;
	else if (x->how == REMOVE)
		flags &= ~x->list.flags;
	else
		flags = (flags & ~x->may) | x->list.flags;
	to->flags = (uint16_t)flags;
	if (!x->known || x->known_had != m->keywords) {
		x->known_had = m->keywords;
		x->known_keywords = new_keywords(x, box_keywords(b, m));
		TRY(arena_result(x->c->arena));
		TRY(box_intern(b, x->known_keywords, &x->known_to));
		x->known = true;
	}
	to->keywords = x->known_to;
	return done();
}

static struct change *
next_change(struct storing *x)
{
	x->changes = heap_more(x->changes, x->count, &x->room,
	    sizeof *x->changes);
	return &x->changes[x->count];
}

static result
store_one(struct account *a, struct storing *x, size_t at)
{
	const struct message *m = &x->s->box->messages[at];
	struct change *to = next_change(x);
	result r;

	*to = (struct change){ .at = at, .modseq = m->modseq };
	if ((m->flags & MARK_GONE) != 0 && x->unchanged_since >= 0)
		return done();
	TRY(compute(x, m, to));
	/* The client was not told yet: to it the message is there, and is
	 * answered for (RFC 2180 4.2). */
	if ((m->flags & MARK_GONE) != 0) {
		x->count++;
		return done();
	}
	r = item_set_flags(a, x->s->box->collection, m->uid, to->flags,
	    x->known_keywords, x->unchanged_since, &to->modseq);
	if (r.is == STALE) {
		idset_put(&x->modified,
		    x->c->uid ? m->uid : (uint32_t)at + 1);
		x->stale_count++;
		return done();
	}
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	x->count++;
	return done();
}

static result
store_all(struct account *a, void *context)
{
	struct storing *x = context;
	struct box *b = x->s->box;
	size_t known = b->told;

	x->count = x->stale_count = 0;
	buf_reset(x->stale);
	x->modified = idset_to(x->stale);
	/* What others set since must not be lost. */
	TRY(box_merge_here(b, a));
	for (size_t i = box_next_in(b, &x->set, x->c->uid, 0); i < known;
	     i = box_next_in(b, &x->set, x->c->uid, i + 1))
		TRY(store_one(a, x, i));
	idset_end(&x->modified);
	return done();
}

/* It is written: now the session knows, and the client is told. */
static void
keep(struct storing *x)
{
	struct box *b = x->s->box;

	for (size_t i = 0; i < x->count; i++) {
		const struct change *to = &x->changes[i];
		struct message *m = &box_own(b)[to->at];
		int marks = m->flags & MARK_ALL;

		/* Silent means that the client knows what it has set; what
		 * others did is told with it (RFC 3501 6.4.6). */
		marks |= x->silent ? MARK_MODSEQ : MARK_FLAGS;
		m->flags = (uint16_t)(marks | to->flags);
		m->keywords = to->keywords;
		m->modseq = to->modseq;
		box_mark(b, to->at);
	}
}

static result
store(struct imap *s, struct command *c, struct storing *x, struct buf *out)
{
	TRY(parse_store(s, c, x));
	TRY(check_flags(x));
	if (s->box->read_only) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3501 6.3.2: opened by EXAMINE");
	}
	if (keywords_count(keywords_join(box_all_keywords(s->box, c->arena),
		x->list.keywords, c->arena))
		> LIMIT_IMAP_KEYWORDS
	    && x->how != REMOVE)
		return fail(OVER_LIMIT, "too many keywords in this mailbox");
	if (x->unchanged_since >= 0)
		select_enable_condstore(s, out);
	TRY(command_account(s, c));
	TRY(account_write(c->account, store_all, x, DURABLE_LAZY));
	keep(x);
	c->text_ok = "stored";
	if (x->stale_count > 0) {
		buf_add(&c->ok_code, VIEW("[MODIFIED "));
		buf_add(&c->ok_code, buf_view(x->stale));
		buf_add(&c->ok_code, VIEW("] "));
		c->text_ok = "some had changed";
	}
	return done();
}

result
run_store(struct imap *s, struct command *c, struct buf *out)
{
	struct buf stale = buf_new(LIMIT_IMAP_COMMAND_MEMORY);
	struct storing x = { .s = s, .c = c, .stale = &stale };
	result r = store(s, c, &x, out);

	buf_free(&stale);
	free(x.changes);
	return r;
}
