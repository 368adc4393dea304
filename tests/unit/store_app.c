/* App passwords' bounds, settings kept once, links that work once. */
#include "mailcore/store/app_password.h"

#include "mailcore/base/limits.h"
#include "tests/unit/store_help.h"

static void
test_bound(struct home *h)
{
	struct app_password p = { .account = home_person(h, 1),
		.rights = APP_ALL };
	char hash[8];
	int64_t last = 0, other;
	result r = done();

	for (int i = 0; i < LIMIT_APP_PASSWORDS; i++) {
		(void)snprintf(hash, sizeof hash, "h%06d", i);
		p.hash = view_of(hash);
		r = app_password_add(h->store, &p);
		if (r.is != OK || p.id <= last)
			break;
		last = p.id;
	}
	is_result(r, OK, "as many as there may be");
	p.hash = VIEW("another");
	is_result(app_password_add(h->store, &p), OVER_LIMIT, "one more");
	other = p.account = home_person(h, 2);
	is_result(app_password_add(h->store, &p), OK, "another account's");
	p.account++;
	is_result(app_password_add(h->store, &p), EXISTS, "the same hash");
	is_result(app_password_find(h->store, h->arena, VIEW("h000007"), &p),
	    OK, "found by its hash");
	is_result(app_password_find(h->store, h->arena, VIEW("h"), &p),
	    NOT_FOUND, "not by a part of it");
	is_result(app_password_remove(h->store, other, last),
	    NOT_FOUND, "not another account's");
}

static void
test_keep(struct home *h)
{
	view kept;

	must(setting_keep(h->store, h->arena, VIEW("key"), VIEW("one"),
		 &kept),
	    "keep");
	same(kept, VIEW("one"), "the first stays");
	must(setting_keep(h->store, h->arena, VIEW("key"), VIEW("two"),
		 &kept),
	    "keep");
	same(kept, VIEW("one"), "for ever");
}

static void
test_once(struct home *h)
{
	view name, body;

	must(one_time_add(h->store, VIEW("hash"), 1000, 1600, VIEW("file"),
		 VIEW("body")),
	    "add");
	is_result(one_time_take(h->store, h->arena, VIEW("hasj"), 1001, &name,
	    &body), NOT_FOUND, "another");
	is_result(one_time_take(h->store, h->arena, VIEW("hash"), 1600, &name,
	    &body), STALE, "too late");
	is_result(one_time_take(h->store, h->arena, VIEW("hash"), 1599, &name,
	    &body), OK, "in time");
	same(name, VIEW("file"), "its name");
	same(body, VIEW("body"), "its body");
	is_result(one_time_take(h->store, h->arena, VIEW("hash"), 1599, &name,
	    &body), STALE, "a second time");
	must(one_time_add(h->store, VIEW("next"), 1600 + 86400, 100000,
		 VIEW("f"), VIEW("b")),
	    "add");
	is_result(one_time_take(h->store, h->arena, VIEW("hash"), 1599, &name,
	    &body), NOT_FOUND, "forgotten a day later");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_bound(&h);
	test_keep(&h);
	test_once(&h);
	home_end(&h);
	return tap_done();
}
