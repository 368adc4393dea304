/* APPEND: RFC 3501 6.3.11, RFC 3502, RFC 4315, RFC 7889; REPLACE: RFC 8508.
 * Messages go into spools as they come; they are never whole in our memory,
 * and none of them is kept unless all are. */
#include "mailcore/imap/append.h"
#include "mailcore/imap/notify.h"
#include "mailcore/imap/reply.h"

#include "mailcore/format/message.h"
#include "mailcore/sys/clock.h"

#include <stdlib.h>

void
append_free(struct append **a)
{
	if (*a == NULL)
		return;
	while ((*a)->first != NULL) {
		struct append_message *m = (*a)->first;

		(*a)->first = m->next;
		spool_free(&m->spool);
		free(m);
	}
	free(*a);
	*a = NULL;
}

static struct append_message *
message_new(struct append *a)
{
	struct append_message *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	if (a->last == NULL)
		a->first = m;
	else
		a->last->next = m;
	a->last = m;
	a->count++;
	return m;
}

/* " (flags) "date" {size}" */
static void
parse_message(struct parse *in, struct append_message *m)
{
	parse_space(in);
	if (scan_peek(&in->s) == '(') {
		parse_flags(in, false, &m->flags);
		parse_space(in);
	}
	m->received = clock_now();
	if (scan_peek(&in->s) == '"') {
		m->received = parse_date_time(in);
		parse_space(in);
	}
	m->utf8 = scan_try(&in->s, VIEW("UTF8 ("));
	m->binary = scan_try_byte(&in->s, '~');
}

/* Nothing but the marker is left: then it is the message's. */
static bool
is_marker(const struct parse *in)
{
	struct literal literal;
	view rest = view_trim(in->s.rest);
	bool bad;

	return scan_ok(&in->s) && view_at(rest, 0) == '{'
	    && parse_literal(rest, &literal, &bad)
	    && view_find_byte(rest, '}') + 1 == rest.n;
}

/* Which message does REPLACE replace?  0: none that is there. */
static uint32_t
parse_replaced(struct imap *s, struct parse *in, bool uid)
{
	const struct box *b = s->box;
	uint32_t n;

	parse_space(in);
	n = scan_try_byte(&in->s, '*')
	    ? (uid ? box_last_uid(b) : (uint32_t)b->told)
	    : (uint32_t)parse_number(in, UINT32_MAX);
	if (uid)
		return box_find(b, n) == SIZE_MAX ? 0 : n;
	return n == 0 || n > b->told ? 0 : b->messages[n - 1].uid;
}

static result
check_replace(struct imap *s, struct command *c)
{
	/* RFC 8508 5; whether they still are there is asked at the end. */
	if ((s->rights & RIGHT_DELETE) == 0
	    || (s->rights & RIGHT_EXPUNGE) == 0)
		return fail(DENIED, "RFC 4314 4: not with these rights");
	if (s->box->read_only) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3501 6.3.2: opened by EXAMINE");
	}
	return c->append->replaces == 0
	    ? fail(NOT_FOUND, "RFC 8508 3: no such message")
	    : done();
}

static result
check_mailbox(struct imap *s, struct command *c, view name)
{
	result r;

	if (c->append->replace)
		TRY(check_replace(s, c));
	r = place_find(s, c, name, RIGHT_INSERT, &c->append->to);
	if (r.is == NOT_FOUND && c->append->to.owner == s->account)
		c->code = "[TRYCREATE] ";
	return r;
}

static result
check_size(struct imap *s, struct command *c, uint64_t size)
{
	struct append *a = c->append;

	if (size > s->services->message_limit) {
		c->code = "[TOOBIG] ";
		return fail(OVER_LIMIT, "message too large");
	}
	if (size == 0) {
		c->code = "[CANNOT] ";
		return fail(DENIED, "RFC 3502 6.3.11: an empty message");
	}
	a->size += size;
	if (a->count > LIMIT_IMAP_APPENDS
	    || (a->count > 1 && a->size > LIMIT_IMAP_APPEND_BYTES))
		return fail(OVER_LIMIT, "too many messages at once");
	return done();
}

static bool
parse_verb(struct imap *s, struct parse *in, struct append *a)
{
	bool uid = false;
	view verb;

	(void)parse_tag(in);
	parse_space(in);
	verb = parse_atom(in);
	if (view_same(verb, VIEW("APPEND")))
		return true;
	if (s->box == NULL)
		return false;
	if (view_same(verb, VIEW("UID"))) {
		uid = true;
		parse_space(in);
		verb = parse_atom(in);
	}
	if (!view_same(verb, VIEW("REPLACE")))
		return false;
	a->replace = true;
	a->from = s->box->collection;
	a->from_owner = s->owner;
	a->replaces = parse_replaced(s, in, uid);
	return true;
}

/* The first message: what stands before it is read too. */
static bool
begins_first(struct imap *s, struct command *c, struct parse *in)
{
	struct append *a = calloc(1, sizeof *a);
	view name = VIEW("");
	bool begins;

	if (a == NULL)
		abort();
	c->append = a;
	begins = parse_verb(s, in, a);
	if (begins) {
		parse_space(in);
		name = parse_mailbox(in);
		a->spelled = in->spelled;
		parse_message(in, message_new(a));
		begins = is_marker(in);
	}
	if (begins)
		c->refused = check_mailbox(s, c, name);
	else
		append_free(&c->append);
	return begins;
}

/* Another one: RFC 3502. */
static bool
begins_next(struct command *c, struct parse *in)
{
	struct append *a = c->append;

	in->s.rest = view_from(in->s.rest, a->marker_end);
	if (a->last->utf8)
		scan_byte(&in->s, ')', "RFC 6855 4: not UTF8 (...)");
	parse_message(in, message_new(a));
	if (a->replace)
		scan_fail(&in->s, MALFORMED,
		    "RFC 8508 3: one message alone");
	if (scan_ok(&in->s) && !is_marker(in))
		scan_fail(&in->s, MALFORMED, "RFC 3502: no message literal");
	c->refused = scan_result(&in->s);
	return true;
}

bool
append_begins(struct imap *s, struct command *c, uint64_t size)
{
	struct parse in = parse_over(&c->text, c->arena);

	in.utf8 = s->utf8 || s->rev2;
	if (s->state == STATE_EARLY)
		return false;
	if (c->append != NULL ? !begins_next(c, &in)
			      : !begins_first(s, c, &in))
		return false;
	c->append->marker_end = c->text.n;
	if (c->refused.is == OK)
		c->refused = check_size(s, c, size);
	/* Bare line ends become two bytes. */
	if (c->refused.is == OK)
		c->append->last->spool = spool_new(s->services->store,
		    2 * s->services->message_limit);
	return true;
}

/* Every line ends in CRLF here: sizes are those that POP3 sends, and no peer
 * is shown an end of line that is none. */
void
append_add(struct command *c, view piece)
{
	struct append_message *m = c->append->last;
	struct buf clean = buf_new(SIZE_MAX / 2);

	if (m->binary) { /* looked at when it is whole */
		spool_add(m->spool, piece);
		buf_free(&clean);
		return;
	}
	if (view_find_byte(piece, '\0') != SIZE_MAX) {
		c->code = "[CANNOT] ";
		c->refused = fail(DENIED, "RFC 3501 4.3: NUL in a literal");
		return;
	}
	wire_add(&m->wire, piece, &clean);
	spool_add(m->spool, buf_view(&clean));
	buf_free(&clean);
}

static result
add_all(struct account *account, void *context)
{
	struct append *a = context;
	bool words = (a->to.rights & RIGHT_CHANGE) != 0;
	int64_t modseq;

	for (struct append_message *m = a->first; m != NULL; m = m->next) {
		/* RFC 4314 4: flags that may not be set are left out. */
		const struct item_new new = {
			.received = m->received,
			.flags = m->flags.flags & place_flags(a->to.rights),
			.keywords = words ? m->flags.keywords : VIEW(""),
			.bytes = m->spool,
			.summary = &m->summary,
		};

		TRY(item_add(account, a->to.there.id, &new, &m->made));
	}
	if (!a->replace || a->from_owner != a->to.owner)
		return done();
	return item_remove(account, a->from, a->replaces, &modseq);
}

static result
remove_replaced(struct account *account, void *context)
{
	const struct append *a = context;
	int64_t modseq;

	return item_remove(account, a->from, a->replaces, &modseq);
}

static result
convert(struct imap *s, struct command *c, struct append_message *m)
{
	struct spool *to = spool_new(s->services->store,
	    2 * s->services->message_limit);
	view raw;
	result r = spool_view(m->spool, &raw);

	if (r.is == OK)
		r = append_convert(raw, to);
	if (r.is == DENIED)
		c->code = "[UNKNOWN-CTE] ";
	spool_free(&m->spool);
	m->spool = to;
	return r;
}

static result
prepare_message(struct imap *imap, struct command *c,
    struct append_message *m)
{
	struct arena *work;
	struct message_summary s;
	view bytes;
	result r;

	TRY(spool_result(m->spool));
	if (m->binary)
		TRY(convert(imap, c, m));
	if (m->wire.state == WIRE_CR)
		spool_add(m->spool, VIEW("\r\n"));
	TRY(spool_result(m->spool));
	TRY(spool_view(m->spool, &bytes));
	work = arena_new(LIMIT_MIME_WORK);
	r = message_summarise(bytes, work, &s);
	if (r.is == OK)
		m->summary = (struct item_summary){
			.envelope = arena_copy(c->arena, s.envelope),
			.body = arena_copy(c->arena, s.body),
			.bodystructure = arena_copy(c->arena, s.bodystructure),
			.header = s.header,
			.sent = s.sent,
		};
	arena_free(&work);
	TRY(r);
	TRY(arena_result(c->arena));
	return item_prepare(c->account, m->spool);
}

static result
store_messages(struct imap *s, struct command *c, struct buf *out)
{
	struct append *a = c->append;

	for (struct append_message *m = a->first; m != NULL; m = m->next)
		TRY(prepare_message(s, c, m));
	return notify_write(s, c->account, add_all, a, out);
}

/* "[APPENDUID 1 2:4] " */
static void
add_uids(const struct append *a, struct buf *out)
{
	struct idset_writer w = idset_to(out);

	buf_print(out, "[APPENDUID %u ", a->to.there.uid_validity);
	for (const struct append_message *m = a->first; m != NULL; m = m->next)
		idset_put(&w, m->made.uid);
	idset_end(&w);
	buf_add(out, VIEW("] "));
}

/* RFC 4315 3: to whoever may not read the mailbox, they are not told. */
static bool
may_know_uids(const struct append *a)
{
	return (a->to.rights & RIGHT_READ) != 0;
}

/* No message came: why not? */
static result
explain(struct imap *s, struct command *c)
{
	struct append_message nothing = { 0 };

	if (c->verb->run == run_replace)
		(void)parse_replaced(s, &c->in, c->uid);
	parse_space(&c->in);
	(void)parse_mailbox(&c->in);
	parse_message(&c->in, &nothing);
	TRY(scan_result(&c->in.s));
	return fail(MALFORMED, "RFC 3501 6.3.11: no message literal");
}

/* A message may have been long under way: the rights of now count. */
static result
check_insert(struct imap *s, struct command *c, struct place *to)
{
	struct right_set set;

	if (to->owner == s->account)
		return done();
	TRY(right_read(s->services->store, c->arena, s->account, to->owner,
	    &set));
	to->rights = right_in(&set, COLLECTION_MAILBOX, to->there.id);
	return (to->rights & RIGHT_INSERT) != 0 ? done()
						: place_refuse(to->rights);
}

static result
remove_made(struct account *account, void *context)
{
	const struct append *a = context;
	int64_t modseq;

	return item_remove(account, a->to.there.id, a->first->made.uid,
	    &modseq);
}

/* Between two accounts a message may for a moment be there twice, never in
 * none.  An old one that is gone by now is as replaced as it can be. */
static result
replace_across(struct imap *s, struct command *c)
{
	struct append *a = c->append;
	result r = command_account_of(s, c, a->from_owner);

	if (r.is == OK)
		r = account_write(c->account, remove_replaced, a, DURABLE);
	if (r.is == OK || r.is == NOT_FOUND)
		return done();
	/* RFC 8508 3: a NO leaves all as it was. */
	if (command_account_of(s, c, a->to.owner).is == OK)
		(void)account_write(c->account, remove_made, a, DURABLE).is;
	return r;
}

static result
finish(struct imap *s, struct command *c, struct buf *out)
{
	struct append *a = c->append;
	view rest;
	result r;

	if (a == NULL)
		return explain(s, c);
	rest = view_from(buf_view(&c->text), a->marker_end);
	if (!view_eq(rest, a->last->utf8 ? VIEW(")") : VIEW("")))
		return fail(MALFORMED, "RFC 3501 9: junk behind the message");
	TRY(check_insert(s, c, &a->to));
	TRY(command_account_of(s, c, a->to.owner));
	r = store_messages(s, c, out);
	if (r.is == NOT_FOUND && !a->replace)
		c->code = "[TRYCREATE] ";
	TRY(r);
	if (!a->replace || a->from_owner == a->to.owner)
		return r;
	return replace_across(s, c);
}

result
run_append(struct imap *s, struct command *c, struct buf *out)
{
	TRY(finish(s, c, out));
	reply_spelled(s, out, false, c->append->to.there.name,
	    c->append->spelled);
	if (may_know_uids(c->append))
		add_uids(c->append, &c->ok_code);
	c->text_ok = "kept";
	return done();
}

/* RFC 8508 4: the new UID is told before the old message goes. */
result
run_replace(struct imap *s, struct command *c, struct buf *out)
{
	TRY(finish(s, c, out));
	if (may_know_uids(c->append)) {
		buf_add(out, VIEW("* OK "));
		add_uids(c->append, out);
		buf_add(out, VIEW("kept\r\n"));
	}
	c->text_ok = "replaced";
	return select_end_modseq(s, c);
}
