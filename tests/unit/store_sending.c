/* To how many people somebody may send. */
#include "mailcore/store/sending.h"
#include "tests/unit/store_help.h"

enum { START = 1700000000 / 86400 * 86400, HOUR = 3600, DAY = 86400 };

static result
take(struct home *h, int64_t account, int64_t n, int64_t now, bool *warn)
{
	struct sending s = { .account = account, .recipients = n, .now = now,
		.usual = { 10, 25 } };
	result r = sending_take(h->store, &s);

	*warn = s.warn;
	return r;
}

static void
test_usual(struct home *h)
{
	struct sending_limit so_far;
	bool warn;

	is_result(take(h, 1, 9, START, &warn), OK, "nine");
	is_result(take(h, 1, 1, START + HOUR - 1, &warn), OK, "ten");
	ok(!warn, "nobody is told");
	is_result(take(h, 1, 1, START + HOUR - 1, &warn), BUSY, "one more");
	ok(warn, "the owner is told");
	is_result(take(h, 1, 2, START + HOUR - 1, &warn), BUSY, "again");
	ok(!warn, "once a day");
	is_result(take(h, 2, 10, START + HOUR - 1, &warn), OK, "another");
	is_result(take(h, 1, 10, START + HOUR, &warn), OK, "the next hour");
	is_result(take(h, 1, 6, START + 2 * HOUR, &warn), BUSY, "the day");
	is_result(take(h, 1, 5, START + 2 * HOUR, &warn), OK, "its last");
	is_result(sending_count(h->store, 1, START + 2 * HOUR, &so_far), OK,
	    "sending_count");
	ok(so_far.hour == 5 && so_far.day == 25, "what is refused is not"
						 " counted");
	is_result(take(h, 1, 1, START + 3 * HOUR, &warn), BUSY, "no more");
	is_result(take(h, 1, 11, START + DAY, &warn), OVER_LIMIT,
	    "more than ever");
	ok(warn, "another day, another word");
	is_result(take(h, 1, 10, START + DAY, &warn), OK, "the next day");
}

static void
test_own(struct home *h)
{
	struct sending_limit own = { SENDING_ANY, 30 }, found;
	bool warn;

	is_result(sending_limit_get(h->store, 3, &found), NOT_FOUND, "none");
	must(sending_limit_set(h->store, 3, &own), "set");
	is_result(take(h, 3, 30, START, &warn), OK, "as many in an hour");
	is_result(take(h, 3, 1, START, &warn), BUSY, "but not in a day");
	own = (struct sending_limit){ 0, 0 };
	must(sending_limit_set(h->store, 3, &own), "set again");
	is_result(sending_limit_get(h->store, 3, &found), OK, "get");
	ok(found.hour == 0 && found.day == 0, "nothing at all");
	is_result(take(h, 3, 1, START + DAY, &warn), OVER_LIMIT, "not one");
	must(sending_limit_remove(h->store, 3), "remove");
	is_result(take(h, 3, 10, START + DAY, &warn), OK, "as usual");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_usual(&h);
	test_own(&h);
	home_end(&h);
	return tap_done();
}
