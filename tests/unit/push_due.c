/* Which accounts are looked at for their subscribers: none too early, none
 * twice at once, and none forgotten. */
#include "mailcore/base/limits.h"
#include "mailcore/push/due.h"
#include "tests/tap.h"

enum { ONE = 1, TWO = 2, MINUTE = 60000 };

static void
test_order(void)
{
	struct push_due *d = push_due_new();
	int64_t next;

	is_number(push_due_take(d, 10, &next), 0, "nobody is due");
	ok(next == INT64_MAX, "nor ever");
	ok(push_due_add(d, ONE, 10, 30, false), "one is, later");
	ok(push_due_add(d, TWO, 10, 20, false), "another is, before");
	ok(!push_due_add(d, ONE, 10, 31, false), "later says nothing new");
	is_number(push_due_take(d, 19, &next), 0, "not yet");
	is_number(next, 20, "but then");
	is_number(push_due_take(d, 30, &next), TWO, "the first first");
	is_number(push_due_take(d, 30, &next), ONE, "then the other");
	is_number(push_due_take(d, 30, &next), 0, "and nobody twice");
	ok(push_due_add(d, ONE, 30, 30, false), "it changes meanwhile");
	is_number(push_due_take(d, 40, &next), 0, "it is being looked at");
	push_due_done(d, ONE, 40, 0);
	is_number(push_due_take(d, 40, &next), ONE, "and looked at again");
	push_due_done(d, ONE, 40, 50);
	push_due_done(d, TWO, 40, 0);
	is_number(push_due_take(d, 49, &next), 0, "what waits");
	is_number(push_due_take(d, 50, &next), ONE, "comes at its time");
	push_due_free(&d);
	ok(d == NULL, "freed");
}

static void
test_none(void)
{
	struct push_due *d = push_due_new();
	int64_t next;

	(void)push_due_add(d, ONE, 1, 1, false);
	is_number(push_due_take(d, 1, &next), ONE, "looked at");
	push_due_done(d, ONE, 0, -MINUTE);
	ok(!push_due_add(d, ONE, MINUTE - 1, MINUTE, false),
	    "who has no subscriptions is let alone");
	ok(push_due_add(d, ONE, MINUTE - 1, MINUTE, true),
	    "but for a fresh one");
	is_number(push_due_take(d, MINUTE, &next), ONE, "looked at again");
	push_due_done(d, ONE, MINUTE, -MINUTE);
	ok(push_due_add(d, ONE, 2 * MINUTE, 2 * MINUTE, false),
	    "a minute is a minute");
	push_due_free(&d);
}

/* Somebody subscribes while it is found that nobody has. */
static void
test_fresh_meanwhile(void)
{
	struct push_due *d = push_due_new();
	int64_t next;

	(void)push_due_add(d, ONE, 1, 1, false);
	is_number(push_due_take(d, 1, &next), ONE, "looked at");
	ok(push_due_add(d, ONE, 2, 2, true), "a fresh one");
	push_due_done(d, ONE, 2, -MINUTE);
	is_number(push_due_take(d, 2, &next), ONE, "is looked at");
	push_due_done(d, ONE, 3, 0);
	ok(push_due_add(d, ONE, 4, 4, false), "and its changes are heard of");
	push_due_free(&d);
}

static void
test_many(void)
{
	struct push_due *d = push_due_new();
	int64_t next;
	int taken = 0;

	for (int64_t i = 1; i <= LIMIT_PUSH_ACCOUNTS; i++)
		taken += push_due_add(d, i, 1, 1, false);
	is_number(taken, LIMIT_PUSH_ACCOUNTS, "as many as there may be");
	ok(!push_due_add(d, LIMIT_PUSH_ACCOUNTS + 1, 1, 1, false),
	    "one more must wait for its next change");
	push_due_done(d, push_due_take(d, 1, &next), 0, -MINUTE);
	ok(push_due_add(d, LIMIT_PUSH_ACCOUNTS + 1, 1, 1, false),
	    "one that has none makes room");
	push_due_free(&d);
}

int
main(void)
{
	test_order();
	test_none();
	test_fresh_meanwhile();
	test_many();
	return tap_done();
}
