/* Mail on its way out. */
#include "mailcore/base/limits.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

static int64_t
add(struct home *h, view data, const char *const *recipients, size_t count)
{
	view all[8];
	struct queue_new n = { .sender = VIEW("me@example.org"),
		.account = 7, .eightbit = true, .envelope_id = VIEW("id"),
		.recipients = all, .count = count, .data = data };
	int64_t id;

	for (size_t i = 0; i < count; i++)
		all[i] = view_of(recipients[i]);
	must(queue_add(h->store, &n, &id), "queue_add");
	return id;
}

static result
count_visits(void *context, const struct queue_message *m,
    const struct queue_recipient *r)
{
	(void)m;
	(void)r;
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
	    "find '%s/queue' -type f | wc -l", data);
	f = popen(command, "r");
	if (f == NULL || fscanf(f, "%d", &count) != 1)
		exit(1);
	(void)pclose(f);
	return count;
}

static void
test_wants(struct home *h)
{
	static const view to[] = { VIEW_INIT("a@wants.net"),
		VIEW_INIT("b@wants.net") };
	static const struct queue_want wants[] = {
		{ QUEUE_NOTIFY_SUCCESS | QUEUE_NOTIFY_DELAY,
		    VIEW_INIT("rfc822;a+2Bb@wants.net") },
		{ QUEUE_NOTIFY_NEVER, VIEW_INIT("") },
	};
	int64_t later = clock_now() + 3600, id, wake;
	const struct queue_new n = { .sender = VIEW("me@example.org"),
		.recipients = to, .wants = wants, .count = 2,
		.ret = QUEUE_RET_HEADERS, .requiretls = true,
		.released = later, .envelope_id = VIEW("QQ+3D314159"),
		.data = VIEW("Subject: later\r\n\r\n") };
	struct queue_lease l;

	must(queue_add(h->store, &n, &id), "queue_add");
	is_result(queue_lease(h->store, h->arena, later - 1, 60, &l, &wake),
	    NOT_FOUND, "RFC 4865: not before its time");
	ok(wake == later, "but then");
	is_result(queue_retry_all(h->store, later - 1), OK, "retry all");
	is_result(queue_lease(h->store, h->arena, later - 1, 60, &l, &wake),
	    NOT_FOUND, "which is not for what was not tried");
	is_result(queue_change(h->store, id, QUEUE_HOLD, later - 1), OK,
	    "held");
	is_result(queue_change(h->store, id, QUEUE_RELEASE, later - 1), OK,
	    "and released");
	is_result(queue_lease(h->store, h->arena, later - 1, 60, &l, &wake),
	    NOT_FOUND, "it still has its time");
	is_result(queue_lease(h->store, h->arena, later, 60, &l, &wake), OK,
	    "its time has come");
	ok(l.message.ret == QUEUE_RET_HEADERS && l.message.requiretls
	        && l.message.released == later
	        && queue_since(&l.message) == later,
	    "what the sender asked for");
	same(l.message.envelope_id, VIEW("QQ+3D314159"), "ENVID");
	is_number((long long)l.recipients[0].want.notify,
	    QUEUE_NOTIFY_SUCCESS | QUEUE_NOTIFY_DELAY, "NOTIFY");
	same(l.recipients[0].want.original,
	    VIEW("rfc822;a+2Bb@wants.net"), "ORCPT");
	is_number((long long)l.recipients[1].want.notify, QUEUE_NOTIFY_NEVER,
	    "each has its own");
	is_result(queue_warned(h->store, id, 2, later), OK, "told");
	is_result(queue_get(h->store, h->arena, id, &l), OK, "queue_get");
	ok(l.recipients[0].warned == 0 && l.recipients[1].warned == later
	        && l.recipients[1].want.notify == QUEUE_NOTIFY_NEVER,
	    "of that one alone");
	for (int i = 1; i <= 2; i++)
		is_result(queue_settle(h->store, id, i, QUEUE_SENT, 0,
		              VIEW("")), OK, "settled");
}

static void
test_lease(struct home *h)
{
	static const char *const to[] = { "a@One.net", "b@two.net",
		"c@one.net" };
	int64_t now = clock_now() + 1, wake, messages, recipients, oldest;
	struct queue_lease one, two, none;
	int visits = 0;
	int64_t id;

	is_result(queue_lease(h->store, h->arena, now, 60, &none, &wake),
	    NOT_FOUND, "an empty queue");
	ok(wake == INT64_MAX, "never");
	id = add(h, VIEW("Subject: x\r\n\r\nhi\r\n"), to, 3);
	must(queue_lease(h->store, h->arena, now, 60, &one, &wake), "lease");
	must(queue_lease(h->store, h->arena, now, 60, &two, &wake), "lease");
	ok(one.count + two.count == 3 && one.message.id == id,
	    "one lease a domain");
	if (one.count == 1) {
		struct queue_lease swap = one;

		one = two;
		two = swap;
	}
	ok(one.count == 2 && two.count == 1, "two recipients and one");
	same(one.recipients[0].address, VIEW("a@One.net"), "as written");
	same(one.message.data, VIEW("Subject: x\r\n\r\nhi\r\n"), "its bytes");
	same(one.message.sender, VIEW("me@example.org"), "its sender");
	same(one.message.envelope_id, VIEW("id"), "ENVID");
	ok(one.message.account == 7 && one.message.eightbit
		&& !one.message.smtputf8 && one.message.size == 18,
	    "the rest");
	is_result(queue_lease(h->store, h->arena, now, 60, &none, &wake),
	    NOT_FOUND, "all is leased");
	is_number(wake, now + 60, "until then");
	must(queue_lease(h->store, h->arena, now + 60, 60, &none, &wake),
	    "a lease that nobody settled");
	must(queue_settle(h->store, id, two.recipients[0].id, QUEUE_RETRY,
		 now + 1000, VIEW("451 later")),
	    "retry");
	for (int i = 0; i < 2; i++)
		must(queue_settle(h->store, id, one.recipients[i].id,
			 i == 0 ? QUEUE_SENT : QUEUE_FAILED, 0, VIEW("")),
		    "settle");
	is_result(queue_settle(h->store, id, one.recipients[0].id, QUEUE_SENT,
		      0, VIEW("")),
	    NOT_FOUND, "settled twice");
	must(queue_lease(h->store, h->arena, now + 1000, 60, &one, &wake),
	    "again");
	ok(one.count == 1 && one.recipients[0].attempts == 1, "once tried");
	same(one.recipients[0].error, VIEW("451 later"), "its error");
	must(queue_each(h->store, count_visits, &visits), "each");
	is_number(visits, 1, "one is left");
	must(queue_settle(h->store, id, one.recipients[0].id, QUEUE_SENT, 0,
		 VIEW("")),
	    "the last one");
	must(queue_counts(h->store, &messages, &recipients, &oldest),
	    "counts");
	ok(messages == 0 && recipients == 0, "nothing is left");
}

static void
test_release(struct home *h)
{
	static const char *const to[] = { "a@one.net" };
	struct home other = *h;
	int64_t now = clock_now() + 1, wake, id;
	struct queue_lease l;

	id = add(h, VIEW("x"), to, 1);
	home_reopen(&other, "other");
	must(queue_lease(other.store, h->arena, now, 60, &l, &wake), "lease");
	same(l.domain, VIEW("one.net"), "its domain");
	must(queue_renew(h->store, id, l.domain, now + 999), "not mine");
	is_result(queue_lease(h->store, h->arena, now, 60, &l, &wake),
	    NOT_FOUND, "it is leased");
	is_number(wake, now + 60, "only its owner renews a lease");
	must(queue_renew(other.store, id, VIEW("one.net"), now + 90),
	    "renew");
	is_result(queue_lease(h->store, h->arena, now + 89, 60, &l, &wake),
	    NOT_FOUND, "it is still leased");
	must(queue_release(other.store, now), "one's own");
	is_result(queue_lease(h->store, h->arena, now + 89, 60, &l, &wake),
	    NOT_FOUND, "one's own leases stay");
	is_number(wake, now + 90, "as long as renewed");
	must(queue_release(h->store, now), "those of others");
	must(queue_lease(h->store, h->arena, now, 60, &l, &wake),
	    "a lease of somebody who is no more");
	must(queue_settle(h->store, id, 1, QUEUE_RETRY, now + 5, VIEW("")),
	    "retry");
	must(queue_release(other.store, now), "nothing to release");
	is_result(queue_lease(h->store, h->arena, now + 4, 60, &l, &wake),
	    NOT_FOUND, "who waits for a retry goes on waiting");
	must(queue_settle(h->store, id, 1, QUEUE_SENT, 0, VIEW("")), "sent");
	store_close(&other.store);
}

static void
test_large(struct home *h)
{
	static char bytes[LIMIT_BODY_INLINE + 1];
	static const char *const to[] = { "a@one.net" };
	int64_t now = clock_now() + 1, wake, id;
	struct queue_lease l;

	memset(bytes, 'x', sizeof bytes);
	id = add(h, (view){ bytes, sizeof bytes }, to, 1);
	is_number(count_files(h->data), 1, "a large message is a file");
	must(queue_lease(h->store, h->arena, now, 60, &l, &wake), "lease");
	ok(view_eq(l.message.data, (view){ bytes, sizeof bytes }),
	    "its bytes");
	must(queue_settle(h->store, id, 1, QUEUE_SENT, 0, VIEW("")),
	    "settle");
	is_number(count_files(h->data), 0, "gone with the message");
}

static void
test_many(struct home *h)
{
	static const char *const to[] = { "a@one.net", "b@two.net" };
	int64_t now, wake, begun;
	struct queue_lease l;
	int count = 0;

	for (int i = 0; i < 300; i++)
		(void)add(h, VIEW("x"), to, 2);
	now = clock_now() + 1;
	begun = clock_steady_ms();
	while (queue_lease(h->store, h->arena, now, 60, &l, &wake).is == OK)
		count += (int)l.count;
	is_number(count, 600, "each recipient is leased once");
	note("600 leases in %lld ms", (long long)(clock_steady_ms() - begun));
}

static void
test_bad(struct home *h)
{
	view recipients[] = { VIEW("good@one.net"), VIEW("bad") };
	struct queue_new n = { .recipients = recipients, .count = 2 };
	int64_t id, messages, count, oldest;

	is_result(queue_add(h->store, &n, &id), MALFORMED, "no address");
	must(queue_counts(h->store, &messages, &count, &oldest), "counts");
	ok(messages == 0 && count == 0, "nothing of it stays");
}

static void
takes(struct home *h, struct queue_turn t, const char *domain,
    const char *what)
{
	struct queue_lease l;
	int64_t wake;
	result r = queue_lease_in_turn(h->store, h->arena, &t,
	    clock_now() + 1, 60, &l, &wake);

	if (domain == NULL) {
		is_result(r, NOT_FOUND, what);
		ok(wake > clock_now() + 30 && wake < clock_now() + 90,
		    "and not at once again");
		return;
	}
	must(r, what);
	same(l.domain, view_of(domain), what);
	for (size_t i = 0; i < l.count; i++)
		must(queue_settle(h->store, l.message.id, l.recipients[i].id,
		    QUEUE_SENT, 0, VIEW("")), "settle");
}

/* Domains that come first, and those that are passed over. */
static void
test_turns(struct home *h)
{
	static const char *const to[][1] = { { "a@one.net" },
		{ "a@two.net" }, { "b@one.net" }, { "a@three.net" },
		{ "c@one.net" } };
	struct queue_turn t = { .busy = { VIEW("three.net") },
		.busy_count = 1 };
	struct queue_lease l;
	int64_t wake;

	for (size_t i = 0; i < COUNT(to); i++)
		(void)add(h, VIEW("x"), to[i], 1);
	t.first = VIEW("two.net");
	takes(h, t, "two.net", "first");
	t.newest = true;
	t.busy[1] = VIEW("one.net");
	t.busy_count = 2;
	must(queue_lease(h->store, h->arena, clock_now() + 1, 60, &l, &wake),
	    "queue_lease");
	takes(h, t, NULL, "all are busy");
	t.busy[1] = VIEW("two.net");
	takes(h, t, "one.net", "not that one");
	t.busy_count = 0;
	t.first = VIEW("");
	takes(h, t, "three.net", "nobody is busy");
	takes(h, t, "one.net", "the rest");
	must(queue_settle(h->store, l.message.id, 1, QUEUE_SENT, 0,
	    VIEW("")), "settle");
	/* What comes before and after a backlog is found from either end. */
	(void)add(h, VIEW("x"), to[1], 1);
	for (int i = 0; i < 300; i++)
		(void)add(h, VIEW("x"), to[0], 1);
	(void)add(h, VIEW("x"), to[3], 1);
	t = (struct queue_turn){ .busy = { VIEW("one.net") },
		.busy_count = 1, .newest = true };
	takes(h, t, "three.net", "behind a backlog");
	takes(h, t, "two.net", "before it, from the other end");
	for (result r = done(); r.is == OK;) {
		struct arena *arena = arena_new(1 << 20);

		r = queue_lease(h->store, arena, clock_now() + 1, 60, &l,
		    &wake);
		if (r.is == OK)
			must(queue_settle(h->store, l.message.id, 1,
			    QUEUE_SENT, 0, VIEW("")), "settle");
		arena_free(&arena);
	}
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_wants(&h);
	test_lease(&h);
	test_release(&h);
	test_turns(&h);
	test_large(&h);
	test_bad(&h);
	test_many(&h);
	home_end(&h);
	return tap_done();
}
