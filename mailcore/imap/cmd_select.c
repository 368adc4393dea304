/* A mailbox opened and left: RFC 3501 6.3.1, 6.3.2, 6.4.1 to 6.4.3; RFC 3691,
 * 4315, 7162 3.1. */
#include "mailcore/imap/box.h"
#include "mailcore/imap/flags.h"
#include "mailcore/imap/keywords.h"
#include "mailcore/imap/notify.h"
#include "mailcore/imap/place.h"
#include "mailcore/imap/recent.h"
#include "mailcore/imap/reply.h"
#include "mailcore/imap/resync.h"

static void
leave_box(struct imap *s)
{
	recent_left(s);
	box_free(&s->box);
	notify_left(s);
	saved_free(s);
	s->state = STATE_LOGGED_IN;
}

void
select_tell_flags(struct imap *s, struct command *c, struct buf *out)
{
	struct box *b = s->box;
	view keywords = box_all_keywords(b, c->arena);

	buf_add(out, VIEW("* FLAGS "));
	flags_add(out, place_flags(RIGHT_ALL), keywords);
	buf_add(out, VIEW("\r\n* OK [PERMANENTFLAGS "));
	if (b->read_only) {
		buf_add(out, VIEW("()"));
	} else if ((s->rights & RIGHT_CHANGE) == 0) {
		flags_add(out, place_flags(s->rights), VIEW(""));
	} else {
		flags_add(out, place_flags(s->rights), keywords);
		/* RFC 9051 7.1: as long as there is room for more. */
		if (keywords_count(keywords) < LIMIT_IMAP_KEYWORDS) {
			buf_cut(out, out->n - 1);
			buf_add(out, VIEW(" \\*)"));
		}
	}
	buf_add(out, VIEW("] kept\r\n"));
	box_words_told(b, keywords);
}

void
select_tell_new_flags(struct imap *s, struct command *c, struct buf *out)
{
	if (box_has_new_words(s->box))
		select_tell_flags(s, c, out);
}

void
select_enable_condstore(struct imap *s, struct buf *out)
{
	if (!s->condstore && s->box != NULL)
		buf_print(out, "* OK [HIGHESTMODSEQ %lld] so far\r\n",
		    (long long)s->box->modseq);
	s->condstore = true;
}

void
select_tell_modseq(struct imap *s, struct buf *out)
{
	if (s->qresync && s->box != NULL && s->box->gone_modseq > 0)
		buf_print(out, "* OK [HIGHESTMODSEQ %lld] not all is told\r\n",
		    (long long)s->box->gone_modseq - 1);
}

result
select_end_modseq(struct imap *s, struct command *c)
{
	if (!s->condstore || s->box == NULL)
		return done();
	TRY(command_account_of(s, c, s->owner));
	TRY(box_merge(s->box, c->account));
	buf_print(&c->ok_code, "[HIGHESTMODSEQ %lld] ",
	    (long long)s->box->modseq);
	return done();
}

static size_t
first_unseen(const struct box *b)
{
	for (size_t i = 0; i < b->count; i++)
		if ((b->messages[i].flags & FLAG_SEEN) == 0)
			return i + 1;
	return 0;
}

/* RFC 9051 6.3.2 has a LIST in place of RECENT and UNSEEN. */
static void
tell_box(struct imap *s, struct command *c, view name, struct buf *out)
{
	struct box *b = s->box;
	size_t unseen = s->rev2 ? 0 : first_unseen(b);

	select_tell_flags(s, c, out);
	buf_print(out, "* %zu EXISTS\r\n", b->count);
	if (s->rev2) {
		reply_list(s, out, name, c->in.spelled);
	} else {
		b->recent_told = box_count_recent(b);
		buf_print(out, "* %zu RECENT\r\n", b->recent_told);
	}
	if (unseen > 0)
		buf_print(out, "* OK [UNSEEN %zu] first unseen\r\n", unseen);
	buf_print(out,
	    "* OK [UIDVALIDITY %u] stays\r\n"
	    "* OK [UIDNEXT %u] comes next\r\n"
	    "* OK [HIGHESTMODSEQ %lld] so far\r\n"
	    "* OK [MAILBOXID (F%lld)] stays\r\n",
	    b->uid_validity, b->uid_next, (long long)b->modseq,
	    (long long)b->collection);
}

/* "(CONDSTORE)" (RFC 7162 3.1.8), "(QRESYNC (...))" (3.2.5). */
static bool
parse_select_options(struct parse *in, struct resync *resync)
{
	bool condstore = false;

	if (!parse_more(in))
		return false;
	scan_byte(&in->s, '(', "RFC 4466 2.1: not a list");
	do {
		view name = parse_atom(in);

		if (view_same(name, VIEW("CONDSTORE")))
			condstore = true;
		else if (view_same(name, VIEW("QRESYNC")) && !resync->asked)
			resync_parse(in, resync);
		else
			scan_fail(&in->s, MALFORMED,
			    "RFC 4466 2.1: no such parameter");
	} while (parse_more(in));
	scan_byte(&in->s, ')', "RFC 4466 2.1: not a list");
	return condstore;
}

/* RFC 4314 5.2: with none of these there is nothing to write. */
enum { WRITES = RIGHT_INSERT | RIGHT_EXPUNGE | RIGHT_CHANGE | RIGHT_SEEN
	| RIGHT_DELETE };

static result
open_box(struct imap *s, struct command *c, view name, bool read_only)
{
	struct place p;

	TRY(place_find(s, c, name, RIGHT_READ, &p));
	TRY(box_open(c->account, s->services->cache, p.there.id,
	    read_only || (p.rights & WRITES) == 0, &s->box));
	s->owner = p.owner;
	s->rights = p.rights;
	s->state = STATE_SELECTED;
	recent_opened(s, c);
	return done();
}

static result
select_box(struct imap *s, struct command *c, bool read_only, struct buf *out)
{
	struct resync resync = { .asked = false };
	bool condstore;
	view name;

	parse_space(&c->in);
	name = parse_mailbox(&c->in);
	condstore = parse_select_options(&c->in, &resync);
	parse_end(&c->in);
	if (resync.asked && !s->qresync)
		scan_fail(&c->in.s, MALFORMED,
		    "RFC 7162 3.2.5: QRESYNC is not enabled");
	if ((condstore && reply_is_without(s, VIEW("CONDSTORE")))
	    || (resync.asked && reply_is_without(s, VIEW("QRESYNC"))))
		scan_fail(&c->in.s, MALFORMED, "switched off here");
	TRY(scan_result(&c->in.s));
	if (s->box != NULL)
		buf_add(out, VIEW("* OK [CLOSED] the other one\r\n"));
	leave_box(s);
	s->condstore = s->condstore || condstore;
	TRY(open_box(s, c, name, read_only));
	tell_box(s, c, name, out);
	if (resync.asked)
		TRY(resync_box(s->box, c->account, &resync, out));
	buf_add_text(&c->ok_code, s->box->read_only ? "[READ-ONLY] "
						    : "[READ-WRITE] ");
	c->text_ok = "opened";
	return done();
}

result
run_select(struct imap *s, struct command *c, struct buf *out)
{
	return select_box(s, c, false, out);
}

result
run_examine(struct imap *s, struct command *c, struct buf *out)
{
	return select_box(s, c, true, out);
}

result
run_unselect(struct imap *s, struct command *c, struct buf *out)
{
	(void)out;
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	leave_box(s);
	return done();
}

/* Everything is where it belongs at any time; what is to be told follows. */
result
run_check(struct imap *s, struct command *c, struct buf *out)
{
	return run_noop(s, c, out);
}

struct expunging {
	struct imap *s;
	const struct idset *uids; /* NULL: all */
	size_t removed;
};

static result
expunge(struct account *a, void *context)
{
	struct expunging *e = context;
	struct box *b = e->s->box;
	int64_t modseq;

	e->removed = 0;
	TRY(box_merge_here(b, a));
	for (size_t i = 0; i < b->count; i++) {
		const struct message *m = &b->messages[i];
		result r;

		if ((m->flags & FLAG_DELETED) == 0
		    || (m->flags & MARK_GONE) != 0
		    || (e->uids != NULL && !idset_has(e->uids, m->uid)))
			continue;
		r = item_remove(a, b->collection, m->uid, &modseq);
		if (r.is != OK && r.is != NOT_FOUND)
			return r;
		e->removed += r.is == OK;
	}
	return done();
}

static bool
has_deleted(const struct box *b)
{
	for (size_t i = 0; i < b->count; i++)
		if ((b->messages[i].flags & FLAG_DELETED) != 0)
			return true;
	return false;
}

/* Nothing to do is common (CLOSE): then nothing is written. */
static result
expunge_deleted(struct imap *s, struct command *c, struct expunging *e)
{
	TRY(command_account(s, c));
	TRY(box_merge(s->box, c->account));
	if (!has_deleted(s->box))
		return done();
	return account_write(c->account, expunge, e, DURABLE);
}

result
run_expunge(struct imap *s, struct command *c, struct buf *out)
{
	struct expunging e = { .s = s };
	struct idset uids;

	(void)out;
	if (c->uid) {
		parse_space(&c->in);
		parse_set(&c->in, &uids);
		e.uids = &uids;
	}
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	if (s->box->read_only) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3501 6.3.2: opened by EXAMINE");
	}
	if (c->uid)
		idset_resolve(&uids, box_last_uid(s->box));
	TRY(expunge_deleted(s, c, &e));
	if (e.removed > 0)
		TRY(select_end_modseq(s, c));
	c->text_ok = "expunged";
	return done();
}

result
run_close(struct imap *s, struct command *c, struct buf *out)
{
	struct expunging e = { .s = s };
	result r = done();

	(void)out;
	parse_end(&c->in);
	TRY(scan_result(&c->in.s));
	/* RFC 4314 4: without the right CLOSE only closes. */
	if (!s->box->read_only && (s->rights & RIGHT_READ) != 0
	    && (s->rights & RIGHT_EXPUNGE) != 0)
		r = expunge_deleted(s, c, &e);
	leave_box(s);
	return r;
}
