/* APPEND: RFC 3501 6.3.11, RFC 4315, RFC 7889.  The message goes into a spool
 * as it comes; it is never whole in our memory. */
#include "mailcore/imap/mailbox.h"
#include "mailcore/imap/reply.h"

#include "mailcore/format/message.h"
#include "mailcore/store/item.h"
#include "mailcore/sys/clock.h"

#include <stdlib.h>

struct append {
	struct spool *spool;
	struct collection to;
	struct flag_list flags;
	int64_t received;
	size_t marker_end; /* the command's text up to the message */
	const struct item_summary *summary;
	struct item made;
};

void
append_free(struct append **a)
{
	if (*a == NULL)
		return;
	spool_free(&(*a)->spool);
	free(*a);
	*a = NULL;
}

/* "mailbox (flags) "date" {size}" */
static view
parse_append(struct parse *in, struct append *a)
{
	view name;

	parse_space(in);
	name = parse_mailbox(in);
	parse_space(in);
	if (scan_peek(&in->s) == '(') {
		parse_flags(in, false, &a->flags);
		parse_space(in);
	}
	a->received = clock_now();
	if (scan_peek(&in->s) == '"') {
		a->received = parse_date_time(in);
		parse_space(in);
	}
	return name;
}

static result
check_append(struct imap *s, struct command *c, view name, uint64_t size)
{
	result r;

	if (size > s->services->message_limit) {
		c->code = "[TOOBIG] ";
		return fail(OVER_LIMIT, "message too large");
	}
	r = mailbox_find(s, c, name, &c->append->to);
	if (r.is == NOT_FOUND)
		c->code = "[TRYCREATE] ";
	return r;
}

bool
append_begins(struct imap *s, struct command *c, uint64_t size)
{
	struct parse in = parse_over(&c->text, c->arena);
	struct literal literal;
	view name;
	bool bad;

	if (s->state == STATE_EARLY || c->append != NULL)
		return false;
	(void)parse_tag(&in);
	parse_space(&in);
	if (!view_same(parse_atom(&in), VIEW("APPEND")))
		return false;
	c->append = calloc(1, sizeof *c->append);
	if (c->append == NULL)
		abort();
	name = parse_append(&in, c->append);
	c->append->marker_end = c->text.n;
	/* Nothing but the marker is left: then it is the message's. */
	if (!scan_ok(&in.s)
	    || !parse_literal(view_trim(in.s.rest), &literal, &bad)
	    || scan_peek(&in.s) != '{'
	    || view_find_byte(in.s.rest, '}') + 1
		!= view_trim(in.s.rest).n) {
		append_free(&c->append);
		return false;
	}
	c->refused = check_append(s, c, name, size);
	if (c->refused.is == OK)
		c->append->spool = spool_new(s->services->store,
		    s->services->message_limit);
	return true;
}

void
append_add(struct command *c, view piece)
{
	if (view_find_byte(piece, '\0') != SIZE_MAX) {
		c->code = "[CANNOT] ";
		c->refused = fail(DENIED, "RFC 3501 4.3: NUL in a literal");
		return;
	}
	spool_add(c->append->spool, piece);
}

static result
add_item(struct account *account, void *context)
{
	struct append *a = context;
	const struct item_new new = {
		.received = a->received,
		.flags = a->flags.flags,
		.keywords = a->flags.keywords,
		.bytes = a->spool,
		.summary = a->summary,
	};

	return item_add(account, a->to.id, &new, &a->made);
}

static result
store_message(struct command *c)
{
	struct append *a = c->append;
	struct message_summary m;
	struct item_summary summary;
	view bytes;

	TRY(spool_result(a->spool));
	TRY(spool_view(a->spool, &bytes));
	TRY(message_summarise(bytes, c->arena, &m));
	summary = (struct item_summary){ .envelope = m.envelope,
		.body = m.body, .bodystructure = m.bodystructure,
		.header = m.header, .sent = m.sent };
	a->summary = &summary;
	TRY(item_prepare(c->account, a->spool));
	return account_write(c->account, add_item, a, DURABLE);
}

result
run_append(struct imap *s, struct command *c, struct buf *out)
{
	struct append *a = c->append;
	result r;

	(void)out;
	if (a == NULL)
		return fail(MALFORMED, "RFC 3501 6.3.11: no message literal");
	if (c->text.n != a->marker_end)
		return fail(MALFORMED, "RFC 3501 9: junk behind the message");
	TRY(command_account(s, c));
	r = store_message(c);
	if (r.is == NOT_FOUND)
		c->code = "[TRYCREATE] ";
	TRY(r);
	buf_print(&c->ok_code, "[APPENDUID %u %u] ", a->to.uid_validity,
	    a->made.uid);
	c->text_ok = "kept";
	return done();
}
