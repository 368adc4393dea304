/* Items: each call, good and bad, and what changed, against a model. */
#include "tests/unit/store_help.h"

#include "mailcore/base/limits.h"

#include <sys/stat.h>

static result
visit_count(void *context, const struct item *i)
{
	(void)i;
	++*(int *)context;
	return done();
}

static int
count_files(const char *data)
{
	char command[512];
	int count = 0;
	FILE *f;

	(void)snprintf(command, sizeof command,
	    "find '%s/accounts' '%s/tmp' -type f -not -name 'account.db*'"
	    " | wc -l",
	    data, data);
	f = popen(command, "r");
	if (f == NULL || fscanf(f, "%d", &count) != 1)
		exit(1);
	(void)pclose(f);
	return count;
}

static bool
body_is(struct account *a, int64_t id, view wanted)
{
	struct body b;
	bool is = body_open(a, id, &b).is == OK && view_eq(b.bytes, wanted);

	body_close(&b);
	return is;
}

static void
test_copies(struct home *h, struct account *a, int64_t inbox, int64_t body)
{
	int64_t sent = home_collection(h, a, COLLECTION_MAILBOX, "Sent");
	struct change c = { .kind = COPY, .collection = inbox, .uid = 1,
		.to = sent };
	int64_t modseq;

	is_result(change_run(h, a, &c), OK, "copy");
	ok(c.out.uid == 1 && c.out.collection == sent, "its place");
	c.kind = REMOVE;
	is_result(change_run(h, a, &c), OK, "remove the first");
	is_result(change_run(h, a, &c), NOT_FOUND, "remove it again");
	ok(body_is(a, body, VIEW("A: b\r\n\r\nhello")),
	    "the copy still has the bytes");
	c = (struct change){ .kind = MOVE, .collection = sent, .uid = 1,
		.to = inbox };
	is_result(change_run(h, a, &c), OK, "move");
	is_number(c.out.uid, 2, "a uid never used before");
	c = (struct change){ .kind = REMOVE, .collection = inbox, .uid = 2 };
	is_result(change_run(h, a, &c), OK, "remove the last");
	ok(!body_is(a, body, VIEW("A: b\r\n\r\nhello")),
	    "then the bytes are gone");
	c = (struct change){ .kind = ADD, .collection = 999,
		.bytes = VIEW("x") };
	is_result(change_run(h, a, &c), NOT_FOUND, "add into nothing");
	is_result(item_remove(a, inbox, 1, &modseq), FAILED,
	    "a change outside of account_write");
}

static void
test_mail(struct home *h, struct account *a)
{
	int64_t inbox = home_collection(h, a, COLLECTION_MAILBOX, "Inbox");
	const struct item_summary summary = { .envelope = VIEW("(e)"),
		.body = VIEW("(b)"), .bodystructure = VIEW("(s)"),
		.header = VIEW("A: b\r\n\r\n"), .sent = 77 };
	struct change c = { .kind = ADD, .collection = inbox,
		.bytes = VIEW("A: b\r\n\r\nhello"), .unchanged_since = -1,
		.item = { .received = 5, .flags = FLAG_FLAGGED,
		    .keywords = VIEW("$Forwarded x"), .summary = &summary } };
	struct item_summary s;
	struct item i;
	int64_t modseq;

	is_result(change_run(h, a, &c), OK, "add");
	is_number(c.out.uid, 1, "the first uid");
	must(item_get(a, h->arena, inbox, 1, &i), "item_get");
	ok(i.received == 5 && i.flags == FLAG_FLAGGED && i.size == 13
		&& i.modseq == c.out.modseq && i.body == c.out.body,
	    "numbers of the item");
	same(i.keywords, VIEW("$Forwarded x"), "keywords");
	ok(body_is(a, i.body, c.bytes), "its bytes");
	must(item_summary(a, h->arena, i.body, &s), "item_summary");
	same(s.envelope, VIEW("(e)"), "envelope");
	same(s.body, VIEW("(b)"), "body");
	same(s.bodystructure, VIEW("(s)"), "bodystructure");
	same(s.header, VIEW("A: b\r\n\r\n"), "header");
	is_number(s.sent, 77, "sent");

	c.kind = FLAGS;
	c.uid = 1;
	c.flags = FLAG_SEEN;
	c.item.keywords = VIEW("");
	is_result(change_run(h, a, &c), OK, "flags");
	ok(c.modseq > i.modseq, "a new modseq");
	modseq = c.modseq;
	is_result(change_run(h, a, &c), OK, "the same flags again");
	is_number(c.modseq, modseq, "no new modseq");
	c.unchanged_since = modseq - 1;
	c.flags = 0;
	is_result(change_run(h, a, &c), STALE, "RFC 7162 UNCHANGEDSINCE");
	c.unchanged_since = modseq;
	is_result(change_run(h, a, &c), OK, "the same, just right");
	c.uid = 9;
	is_result(change_run(h, a, &c), NOT_FOUND, "flags of no item");

	test_copies(h, a, inbox, i.body);
}

static void
test_large(struct home *h, struct account *a)
{
	static char bytes[LIMIT_BODY_INLINE + 1];
	int64_t inbox = home_collection(h, a, COLLECTION_MAILBOX, "INBOX");
	int64_t sent = home_collection(h, a, COLLECTION_MAILBOX, "Sent");
	struct change c = { .kind = ADD, .collection = inbox };
	struct spool *s;
	view v;

	memset(bytes, 'x', sizeof bytes);
	c.bytes = (view){ bytes, LIMIT_BODY_INLINE };
	is_result(change_run(h, a, &c), OK, "as much as fits in a row");
	is_number(count_files(h->data), 0, "no file");
	ok(body_is(a, c.out.body, c.bytes), "its bytes");
	c.bytes = (view){ bytes, LIMIT_BODY_INLINE + 1 };
	is_result(change_run(h, a, &c), OK, "one byte more");
	is_number(count_files(h->data), 1, "a file");
	ok(body_is(a, c.out.body, c.bytes), "its bytes");
	c = (struct change){ .kind = COPY, .collection = inbox,
		.uid = c.out.uid, .to = sent };
	is_result(change_run(h, a, &c), OK, "a copy");
	is_number(count_files(h->data), 1, "shares the file");
	c.kind = REMOVE;
	is_result(change_run(h, a, &c), OK, "one of them removed");
	is_number(count_files(h->data), 1, "the other needs it");
	c = (struct change){ .kind = REMOVE, .collection = sent,
		.uid = c.out.uid };
	is_result(change_run(h, a, &c), OK, "the last one removed");
	is_number(count_files(h->data), 0, "the file is gone");
	c = (struct change){ .kind = ADD, .collection = 999,
		.bytes = (view){ bytes, sizeof bytes } };
	is_result(change_run(h, a, &c), NOT_FOUND, "a file for nothing");
	is_number(count_files(h->data), 0, "is taken back");

	s = spool_new(h->store, 10);
	spool_add(s, VIEW("01234"));
	spool_add(s, VIEW("56789"));
	must(spool_view(s, &v), "spool_view");
	same(v, VIEW("0123456789"), "as much as allowed");
	spool_add(s, VIEW("x"));
	is_result(spool_result(s), OVER_LIMIT, "one byte more");
	is_number((int64_t)spool_size(s), 10, "its size");
	spool_free(&s);
	s = spool_new(h->store, UINT64_MAX);
	for (size_t i = 0; i < sizeof bytes; i += 1000)
		spool_add(s, view_first(view_from((view){ bytes,
			sizeof bytes }, i), 1000));
	must(spool_view(s, &v), "spool_view");
	ok(view_eq(v, (view){ bytes, sizeof bytes }), "a spool in pieces");
	spool_free(&s);
	is_number(count_files(h->data), 0, "a spool leaves nothing");
}

static int
count_in_span(struct account *a, int64_t calendar, int64_t from, int64_t to)
{
	int count = 0;

	must(item_each_in_span(a, calendar, VIEW("VEVENT"), from, to,
		 visit_count, &count),
	    "item_each_in_span");
	return count;
}

static void
test_dav(struct home *h, struct account *a)
{
	int64_t calendar = home_collection(h, a, COLLECTION_CALENDAR,
	    "personal");
	struct change c = { .kind = ADD, .collection = calendar,
		.bytes = VIEW("one"),
		.item = { .name = VIEW("a.ics"), .key = VIEW("uid-a"),
		    .etag = VIEW("e1"), .component = VIEW("VEVENT"),
		    .span_from = 100, .span_to = 200 } };
	struct item i;
	uint32_t uid;

	is_result(change_run(h, a, &c), OK, "put");
	uid = c.out.uid;
	is_result(change_run(h, a, &c), EXISTS, "the same name");
	c.item.name = VIEW("b.ics");
	is_result(change_run(h, a, &c), EXISTS, "the same UID");
	c.item.key = VIEW("uid-b");
	c.item.span_from = c.item.span_to = 300;
	is_result(change_run(h, a, &c), OK, "another");
	must(item_by_name(a, h->arena, calendar, VIEW("a.ics"), &i), "name");
	is_number(i.uid, uid, "found by name");
	must(item_by_key(a, h->arena, calendar, VIEW("uid-b"), &i), "key");
	same(i.name, VIEW("b.ics"), "found by UID");
	is_result(item_by_name(a, h->arena, calendar, VIEW(""), &i),
	    NOT_FOUND, "no name");
	is_number(count_in_span(a, calendar, 0, 100), 0, "before");
	is_number(count_in_span(a, calendar, 0, 101), 1, "its first second");
	is_number(count_in_span(a, calendar, 199, 300), 1, "its last one");
	is_number(count_in_span(a, calendar, 200, 300), 0, "between");
	is_number(count_in_span(a, calendar, 300, 301), 1,
	    "one without length");
	is_number(count_in_span(a, calendar, 301, 400), 0, "after it");
	c = (struct change){ .kind = REPLACE, .collection = calendar,
		.uid = uid, .expected = VIEW("e0"), .bytes = VIEW("two"),
		.item = { .name = VIEW("a.ics"), .key = VIEW("uid-a"),
		    .etag = VIEW("e2"), .component = VIEW("VEVENT") } };
	is_result(change_run(h, a, &c), STALE, "another ETag");
	c.expected = VIEW("e1");
	is_result(change_run(h, a, &c), OK, "the right ETag");
	must(item_by_name(a, h->arena, calendar, VIEW("a.ics"), &i), "name");
	ok(i.uid == uid && body_is(a, i.body, VIEW("two")), "replaced");
	same(i.etag, VIEW("e2"), "its new ETag");
	c.item.key = VIEW("uid-b");
	c.expected = VIEW("");
	is_result(change_run(h, a, &c), EXISTS, "another's UID");
	c.uid = 77;
	is_result(change_run(h, a, &c), NOT_FOUND, "no such item");
}

/* Those gone by ones, the others by hundreds. */
static result
tell_count(void *context, const struct item *i, bool gone)
{
	(void)i;
	*(int *)context += gone ? 1 : 100;
	return done();
}

/* A resource that goes to another calendar and comes back. */
static void
test_dav_moves(struct home *h, struct account *a)
{
	int64_t one = home_collection(h, a, COLLECTION_CALENDAR, "personal");
	struct change c = { .kind = MAKE, .of = COLLECTION_CALENDAR,
		.name = VIEW("work") };
	int64_t two;
	int gone = 0, live = 0;
	struct item i;

	must(change_run(h, a, &c), "make");
	two = c.to;
	must(item_by_name(a, h->arena, one, VIEW("a.ics"), &i), "name");
	c = (struct change){ .kind = COPY, .collection = one, .uid = i.uid,
		.to = one };
	is_result(change_run(h, a, &c), EXISTS, "a copy beside itself");
	c.to = two;
	is_result(change_run(h, a, &c), OK, "a copy elsewhere");
	is_result(change_run(h, a, &c), EXISTS, "but once");
	c.kind = MOVE;
	is_result(change_run(h, a, &c), EXISTS, "a move onto it");
	c = (struct change){ .kind = REMOVE, .collection = two,
		.uid = c.out.uid };
	c.uid = 1;
	must(change_run(h, a, &c), "remove the copy");
	c = (struct change){ .kind = MOVE, .collection = one, .uid = i.uid,
		.to = two };
	is_result(change_run(h, a, &c), OK, "a move");
	c = (struct change){ .kind = MOVE, .collection = two,
		.uid = c.out.uid, .to = one };
	is_result(change_run(h, a, &c), OK, "and back");
	must(item_changes(a, two, 0, 0, tell_count, &gone), "changes");
	ok(gone == 1, "gone there, told once (%d)", gone);
	must(item_changes(a, one, i.modseq, 0, tell_count, &live), "changes");
	ok(live == 100, "back here, not gone (%d)", live);
}

/* The model: what a client that synced at some moment must be told. */
enum { NAMES = 12, STEPS = 3000, LOG = 2 * STEPS };

struct event {
	int64_t modseq;
	int name;
	bool gone;
};

static struct event events[LOG];
static size_t event_count;
static uint32_t uids[NAMES]; /* 0: not there */

struct told {
	int64_t last[NAMES];
	bool gone[NAMES];
	int times[NAMES];
	int64_t order;
	bool ordered;
};

static result
tell(void *context, const struct item *i, bool gone)
{
	struct told *t = context;
	int n = i->name.p[0] - 'a';

	t->times[n]++;
	t->gone[n] = gone;
	t->last[n] = i->modseq;
	t->ordered = t->ordered && i->modseq >= t->order;
	t->order = i->modseq;
	return done();
}

static bool
check_model(struct account *a, int64_t book, int64_t since)
{
	struct told t = { .ordered = true };
	struct told model = { .ordered = true };
	bool right = true;

	for (size_t i = 0; i < event_count; i++)
		if (events[i].modseq > since) {
			model.last[events[i].name] = events[i].modseq;
			model.gone[events[i].name] = events[i].gone;
			model.times[events[i].name] = 1;
		}
	if (item_changes(a, book, since, 0, tell, &t).is != OK)
		return false;
	for (int n = 0; n < NAMES; n++)
		right = right && t.times[n] == model.times[n]
		    && t.gone[n] == model.gone[n]
		    && t.last[n] == model.last[n];
	return right && t.ordered;
}

static void
random_step(struct home *h, struct account *a, int64_t book)
{
	int n = rand() % NAMES;
	char name[] = { (char)('a' + n), 0 };
	struct change c = { .collection = book, .uid = uids[n],
		.bytes = VIEW("x"), .item = { .name = view_of(name) } };

	if (uids[n] == 0)
		c.kind = ADD;
	else
		c.kind = rand() % 2 ? REPLACE : REMOVE;
	must(change_run_as(h, a, &c, DURABLE_LAZY), "random step");
	if (c.kind == ADD)
		uids[n] = c.out.uid;
	if (c.kind == REMOVE)
		uids[n] = 0;
	events[event_count++] = (struct event){
		.modseq = c.kind == REMOVE ? c.modseq : c.out.modseq,
		.name = n,
		.gone = c.kind == REMOVE,
	};
}

/* Page by page must come to the same as all at once. */
struct pages {
	struct told told;
	int64_t last;
	int count;
};

static result
tell_page(void *context, const struct item *i, bool gone)
{
	struct pages *p = context;

	p->last = i->modseq;
	p->count++;
	return tell(&p->told, i, gone);
}

static void
test_pages(struct account *a, int64_t book)
{
	struct pages p = { .told = { .ordered = true } };
	struct told all = { .ordered = true };
	int before;

	must(item_changes(a, book, 0, 0, tell, &all), "all");
	do {
		before = p.count;
		must(item_changes(a, book, p.last, 3, tell_page, &p), "page");
	} while (p.count > before);
	ok(memcmp(p.told.times, all.times, sizeof all.times) == 0
		&& p.told.ordered,
	    "pages of 3 come to the same");
}

static void
test_model(struct home *h, struct account *a)
{
	int64_t book = home_collection(h, a, COLLECTION_ADDRESSBOOK,
	    "personal");
	int wrong = 0, checks = 0;
	int64_t modseq;

	srand(1);
	for (int i = 0; i < STEPS; i++) {
		random_step(h, a, book);
		if (i % 10 != 0)
			continue;
		checks++;
		wrong += !check_model(a, book,
		    events[(size_t)rand() % event_count].modseq - rand() % 2);
		wrong += !check_model(a, book, 0);
	}
	ok(wrong == 0, "%d of %d looks at the changes are wrong", wrong,
	    checks);
	test_pages(a, book);
	must(account_modseq(a, &modseq), "account_modseq");
	is_result(item_changes(a, book, modseq, 0, tell, NULL), OK, "now");
	is_result(item_changes(a, book, modseq + 1, 0, tell, NULL), STALE,
	    "newer than the account");
	is_result(item_changes(a, 999, 0, 0, tell, NULL), NOT_FOUND,
	    "no collection");
}

static result
fail_after_add(struct account *a, void *context)
{
	struct change *c = context;

	TRY(item_add(a, c->collection, &c->item, &c->out));
	return fail(DENIED, "changed my mind");
}

static result
nest(struct account *a, void *context)
{
	return account_write(a, fail_after_add, context, DURABLE);
}

static result
read_twice(struct account *a, void *context)
{
	struct home *h = context;
	struct account *other = home_open(h, account_id(a));
	struct change c = { .kind = ADD, .collection = 1,
		.bytes = VIEW("x") };
	int before = 0, after = 0;

	TRY(item_each(a, 1, 1, UINT32_MAX, visit_count, &before));
	must(change_run(h, other, &c), "another writes");
	account_close(&other);
	TRY(item_each(a, 1, 1, UINT32_MAX, visit_count, &after));
	return before == after ? done() : fail(FAILED, "it moved");
}

static void
test_transactions(struct home *h, struct account *a)
{
	struct change c = { .kind = ADD, .collection = 1 };
	struct collection before, after;

	must(collection_get(a, h->arena, 1, &before), "before");
	c.item.bytes = spool_new(h->store, 100);
	is_result(account_write(a, fail_after_add, &c, DURABLE), DENIED,
	    "what the work returns");
	must(collection_get(a, h->arena, 1, &after), "after");
	ok(after.uid_next == before.uid_next && after.modseq == before.modseq,
	    "nothing of it stays");
	is_result(account_write(a, nest, &c, DURABLE), FAILED,
	    "transactions do not nest");
	spool_free(&c.item.bytes);
	is_result(account_read(a, read_twice, h), OK, "one snapshot");
}

int
main(void)
{
	struct home h;
	struct account *a;

	home_begin(&h);
	a = home_open(&h, home_person(&h, 1));
	test_mail(&h, a);
	test_large(&h, a);
	test_dav(&h, a);
	test_dav_moves(&h, a);
	test_model(&h, a);
	test_transactions(&h, a);
	account_close(&a);
	home_end(&h);
	return tap_done();
}
