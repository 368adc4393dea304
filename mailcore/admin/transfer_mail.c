/* Messages into a mailbox, each once. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/message.h"
#include "mailcore/format/wire.h"
#include "mailcore/sys/clock.h"

#include <stdlib.h>

enum { SUMMARY_BUDGET = 64 << 20 };

/* A message that was there before; stands for one of the import. */
struct known {
	int64_t received;
	uint64_t size;
	int64_t body;
	bool met;
};

struct gathering {
	struct import *import;
	size_t room;
};

static result
gather(void *context, const struct item *item)
{
	struct gathering *g = context;
	struct import *m = g->import;

	struct known *more = arena_more(m->folder_arena, m->known,
	    m->known_count, &g->room, sizeof *more);

	if (more == NULL)
		return arena_result(m->folder_arena);
	m->known = more;
	m->known[m->known_count++] = (struct known){ item->received,
		item->size, item->body, false };
	return done();
}

static int
by_date(const void *a, const void *b)
{
	const struct known *x = a;
	const struct known *y = b;

	if (x->received != y->received)
		return x->received < y->received ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

/* A mailbox with all above it (RFC 9051 6.3.4), subscribed. */
static result
make_mailbox(struct account *a, void *context)
{
	struct import *m = context;

	for (size_t i = 0; i <= m->mailbox.n; i++) {
		view name = view_first(m->mailbox, i);
		struct collection there;
		result r;

		if (i < m->mailbox.n && m->mailbox.p[i] != '/')
			continue;
		r = collection_find(a, m->folder_arena, COLLECTION_MAILBOX,
		    name, &there);
		if (r.is == OK) {
			m->collection = there.id;
			continue;
		}
		if (r.is != NOT_FOUND)
			return r;
		TRY(collection_add(a, COLLECTION_MAILBOX, name, VIEW(""),
		    USE_NONE, &m->collection));
		TRY(collection_subscribe(a, m->collection, true));
	}
	return done();
}

static result
check_mailbox(view name)
{
	view top = name;

	if (view_same(view_cut(&top, '/'), VIEW(COLLECTION_OTHERS)))
		return fail(MALFORMED, "below that name the mailboxes of"
		    " others are shown");
	for (size_t i = 0; i < name.n; i++)
		if (ascii_is_control(name.p[i]))
			return fail(MALFORMED, "a name that no mailbox can"
			    " have");
	if (!utf8_is_valid(name) || name.n == 0
	    || name.n > LIMIT_IMAP_MAILBOX_NAME
	    || view_at(name, 0) == '/' || view_ends(name, VIEW("/"))
	    || view_find(name, VIEW("//")) != SIZE_MAX)
		return fail(MALFORMED, "a name that no mailbox can have");
	return done();
}

result
import_enter(struct import *m, view mailbox)
{
	struct gathering g = { m, 0 };

	if (view_same(mailbox, VIEW("INBOX")))
		mailbox = VIEW("INBOX");
	if (m->collection != 0 && view_eq(mailbox, m->mailbox))
		return done();
	TRY(check_mailbox(mailbox));
	arena_reset(m->folder_arena);
	m->mailbox = arena_copy(m->folder_arena, mailbox);
	m->known = NULL;
	m->known_count = 0;
	m->collection = 0;
	TRY(account_write(m->account, make_mailbox, m, DURABLE_LATER));
	TRY(item_each(m->account, m->collection, 1, UINT32_MAX, gather, &g));
	if (m->known_count > 1)
		qsort(m->known, m->known_count, sizeof *m->known, by_date);
	return done();
}

/* Is there one of these bytes and that date, which stands for no other? */
static result
find_known(struct import *m, view text, int64_t received, bool *out)
{
	const struct known key = { .received = received, .size = text.n };
	size_t low = 0;
	size_t high = m->known_count;

	*out = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_date(&m->known[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < m->known_count && by_date(&m->known[low], &key) == 0
	    && !*out; low++) {
		struct body body;

		if (m->known[low].met)
			continue;
		if (m->compares > 0 && --m->compares == 0)
			return fail(OVER_LIMIT, "too many messages of one"
			    " size and date to be told apart");
		TRY(body_open(m->account, m->known[low].body, &body));
		*out = m->known[low].met = view_eq(body.bytes, text);
		body_close(&body);
	}
	return done();
}

struct addition {
	struct import *import;
	struct item_new item;
};

static result
add(struct account *a, void *context)
{
	struct addition *d = context;
	struct item made;

	return item_add(a, d->import->collection, &d->item, &made);
}

static result
store(struct import *m, const struct incoming *in, view text,
    const struct message_summary *s)
{
	const struct item_summary summary = {
		.envelope = s->envelope,
		.body = s->body,
		.bodystructure = s->bodystructure,
		.header = s->header,
		.sent = s->sent,
	};
	struct spool *spool = spool_new(m->t->store, text.n);
	struct addition d = { m, { .received = in->received,
		.flags = in->flags, .keywords = in->keywords, .bytes = spool,
		.summary = &summary } };
	result r;

	spool_add(spool, text);
	r = spool_result(spool);
	if (r.is == OK)
		r = item_prepare(m->account, spool);
	if (r.is == OK)
		r = account_write(m->account, add, &d, DURABLE_LATER);
	spool_free(&spool);
	if (r.is == OK && ++m->unsynced >= TRANSFER_BATCH) {
		m->unsynced = 0;
		r = store_sync(m->t->store);
	}
	return r;
}

static result
look_and_store(struct import *m, const struct incoming *given, view text)
{
	struct arena *arena = arena_new(SUMMARY_BUDGET);
	struct incoming in = *given;
	struct message_summary s;
	bool known = false;
	result r = message_summarise(text, arena, &s);

	if (r.is == OK && in.received < 0)
		in.received = s.sent > 0 ? s.sent : clock_now();
	if (r.is == OK)
		r = find_known(m, text, in.received, &known);
	if (r.is == OK && known)
		import_told(m, in.what, fail(EXISTS, ""));
	else if (r.is == OK)
		r = store(m, &in, text, &s);
	if (r.is == OK && !known)
		import_told(m, in.what, r);
	arena_free(&arena);
	return r;
}

/* As APPEND keeps it: every line ends in CRLF. */
result
import_message(struct import *m, const struct incoming *in)
{
	struct buf text = buf_new(2 * (size_t)LIMIT_MESSAGE);
	struct wire wire = { .state = WIRE_LINE_START };
	result r = done();

	if (in->text.n > LIMIT_MESSAGE)
		import_told(m, in->what,
		    fail(OVER_LIMIT, "larger than any message here"));
	else if (view_find_byte(in->text, '\0') != SIZE_MAX)
		import_told(m, in->what,
		    fail(MALFORMED, "RFC 5322 2.3: a NUL in a message"));
	else {
		wire_add(&wire, in->text, &text);
		if (wire.state == WIRE_CR)
			buf_add(&text, VIEW("\r\n"));
		r = buf_result(&text);
		if (r.is == OK)
			r = look_and_store(m, in, buf_view(&text));
	}
	buf_free(&text);
	return r;
}
