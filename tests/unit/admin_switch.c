/* What the operator switches off: mailboxes and whole domains. */
#include "mailcore/admin/admin.h"
#include "mailcore/admin/domain_admin.h"
#include "tests/unit/store_help.h"

enum { MB = 1 << 20 };

static struct account_info
get(struct home *h, int64_t id)
{
	struct account_info info;

	must(account_get(h->store, h->arena, id, &info), "account_get");
	return info;
}

/* user2 by the operator; `by` is user1, who administers the domain. */
static void
test_mailbox(struct home *h, const struct domain_admin *by, int64_t two)
{
	const view address = VIEW("user2@example.org");

	must(admin_mailbox_enable(h->store, address, false), "the operator");
	ok(!get(h, two).enabled && get(h, two).withheld, "off");
	is_result(domain_admin_enable(by, two, true), DENIED, "not on again");
	is_result(domain_admin_state(by, two, true, MB), DENIED,
	    "nor with a quota");
	is_number(get(h, two).quota, 0, "which is not set either");
	is_result(account_set_enabled_limited(h->store, two, true), DENIED,
	    "nor where it is written");
	is_result(domain_admin_state(by, two, false, MB), OK,
	    "as it is, with a quota");
	is_result(domain_admin_mailbox_remove(by, two), DENIED,
	    "nor removed, to be made anew");
	must(admin_mailbox_enable(h->store, address, true), "the operator");
	ok(get(h, two).enabled && !get(h, two).withheld, "on");
	is_result(domain_admin_state(by, two, false, 0), OK, "off");
	ok(!get(h, two).enabled && !get(h, two).withheld,
	    "by who administers the domain");
	is_result(domain_admin_enable(by, two, true), OK, "who may think"
	    " better of it");
}

/* user2 is off before, a mailbox of another domain has nothing to do with
 * it. */
static void
test_domain(struct home *h, const struct domain_admin *by, int64_t two)
{
	int64_t foreign, far;

	must(domain_add(h->store, VIEW("other.example"), VIEW(""), &foreign),
	    "domain_add");
	must(account_add(h->store, VIEW("far@other.example"), VIEW(""),
		 VIEW("{X}x"), &far),
	    "account_add");
	is_result(domain_admin_enable(by, two, false), OK, "one is off");
	must(admin_domain_enable(h->store, VIEW("Example.ORG"), false), "off");
	ok(!get(h, by->account).enabled && get(h, by->account).withheld
	    && get(h, two).withheld, "all of it is off");
	is_result(domain_admin_enable(by, two, true), DENIED, "none goes on");
	is_result(domain_admin_mailbox_remove(by, two), DENIED, "nor away");
	ok(get(h, far).enabled, "nothing of another domain is");
	must(admin_domain_enable(h->store, VIEW("example.org"), true), "on");
	ok(get(h, by->account).enabled && !get(h, two).enabled,
	    "on, but for what was off before");
	is_result(domain_admin_enable(by, two, true), OK, "on");
	is_result(admin_domain_enable(h->store, VIEW("no.example"), false),
	    NOT_FOUND, "no such domain");
}

int
main(void)
{
	struct home h;
	struct domain_admin by;
	int64_t two;

	memset(&h, 0, sizeof h);
	home_begin(&h);
	by = (struct domain_admin){ .store = h.store,
		.account = home_person(&h, 1) };
	two = home_person(&h, 2);
	must(domain_admin_add(h.store, VIEW("example.org"),
		 VIEW("user1@example.org")),
	    "domain_admin_add");
	test_mailbox(&h, &by, two);
	test_domain(&h, &by, two);
	home_end(&h);
	return tap_done();
}
