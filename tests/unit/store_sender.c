/* Who may send to whom: lists, levels, greylisting. */
#include "mailcore/store/sender.h"

#include "mailcore/base/limits.h"
#include "tests/unit/store_help.h"

static const struct sender_owner server = { 0, 0 };

static const struct {
	const char *text, *kept; /* "": refused */
} patterns[] = {
	{ "Joe@Example.ORG", "joe@example.org" },
	{ "@example.org", "@example.org" },
	{ "*@example.org", "@example.org" },
	{ "*.example.org", ".example.org" },
	{ "*@*.example.org", ".example.org" },
	{ "@*.example.org", ".example.org" },
	{ ".org", ".org" },
	{ "a+b@example.org", "a+b@example.org" },
	{ " joe@example.org ", "joe@example.org" },
	{ "joe@b\303\274cher.example", "joe@xn--bcher-kva.example" },
	{ "example.org", "" },
	{ "joe@*.example.org", "" },
	{ "jo*@example.org", "" },
	{ "joe@exa*mple.org", "" },
	{ "*", "" },
	{ "@", "" },
	{ "", "" },
	{ "a b@example.org", "" },
};

static void
test_patterns(struct home *h)
{
	char text[LIMIT_SENDER_RULE + 8];
	view kept;

	for (size_t i = 0; i < COUNT(patterns); i++) {
		bool good = patterns[i].kept[0] != '\0';
		result r = sender_pattern(view_of(patterns[i].text), h->arena,
		    &kept);

		ok((r.is == OK) == good, "\"%s\": %s", patterns[i].text,
		    r.why);
		if (r.is == OK)
			same(kept, view_of(patterns[i].kept), "as kept");
	}
	memset(text, 'a', sizeof text);
	is_result(sender_pattern((view){ text, LIMIT_SENDER_RULE + 1 },
		      h->arena, &kept),
	    OVER_LIMIT, "too long");
}

static void
expect(struct home *h, int64_t account, const char *address, bool proven,
    enum sender_said said, const char *pattern)
{
	struct sender_verdict v;

	must(sender_ask(h->store, h->arena, account, view_of(address), proven,
		 &v),
	    "sender_ask");
	ok(v.said == said, "%s: %d", address, (int)v.said);
	same(v.pattern, view_of(pattern), "by this line");
}

static void
set(struct home *h, struct sender_owner owner, const char *pattern,
    bool allow)
{
	must(sender_rule_set(h->store, owner, view_of(pattern), allow),
	    pattern);
}

static void
test_rules(struct home *h, int64_t account, int64_t domain)
{
	const struct sender_owner mine = { account, 0 }, ours = { 0, domain };
	struct sender_rule *list;
	size_t count;

	set(h, mine, ".good.test", true);
	set(h, mine, "bad@a.good.test", false);
	expect(h, account, "Joe@a.good.test", true, SENDER_ALLOWED,
	    ".good.test");
	expect(h, account, "joe@a.good.test", false, SENDER_UNKNOWN, "");
	expect(h, account, "joe@good.test", true, SENDER_UNKNOWN, "");
	expect(h, account, "bad@A.good.test", true, SENDER_DENIED,
	    "bad@a.good.test");
	set(h, ours, "@a.good.test", false);
	expect(h, account, "joe@a.good.test", true, SENDER_DENIED,
	    "@a.good.test");
	set(h, server, ".test", true);
	expect(h, account, "joe@a.good.test", true, SENDER_ALLOWED, ".test");
	/* An allow that does not count lets the next one decide. */
	expect(h, account, "joe@a.good.test", false, SENDER_DENIED,
	    "@a.good.test");
	expect(h, account, "", true, SENDER_UNKNOWN, "");
	is_result(sender_rule_set(h->store, server, VIEW(".test"), true), OK,
	    "once more the same");
	is_result(sender_rule_set(h->store, server, VIEW(".test"), false),
	    EXISTS, "not in both lists");
	must(sender_rule_list(h->store, h->arena, mine, &list, &count),
	    "list");
	ok(count == 2, "two lines");
	same(list[0].pattern, VIEW(".good.test"), "the first");
	ok(list[0].allow && !list[1].allow, "what they say");
	is_result(sender_rule_remove(h->store, mine, VIEW(".test")),
	    NOT_FOUND, "not another list's");
	is_result(sender_rule_remove(h->store, server, VIEW(".test")), OK,
	    "removed");
}

static void
test_bound(struct home *h, int64_t account)
{
	const struct sender_owner owner = { account, 0 };
	char pattern[32];
	result r = done();

	/* Two are there. */
	for (int i = 2; i < LIMIT_SENDER_RULES && r.is == OK; i++) {
		(void)snprintf(pattern, sizeof pattern, "a%d@b.test", i);
		r = sender_rule_set(h->store, owner, view_of(pattern), false);
	}
	is_result(r, OK, "as many as there may be");
	is_result(sender_rule_set(h->store, owner, VIEW("x@b.test"), false),
	    OVER_LIMIT, "one more");
	/* They end with the mailbox. */
	must(account_remove(h->store, account), "account_remove");
	must(sender_rule_set(h->store, server, VIEW("y@b.test"), false),
	    "another list");
	is_result(sender_rule_remove(h->store, owner, VIEW("a2@b.test")),
	    NOT_FOUND, "gone with their owner");
}

static struct sender_levels
levels_of(struct home *h, int64_t account)
{
	struct sender_levels l;

	must(sender_levels_of(h->store, account, &l), "sender_levels_of");
	return l;
}

static void
test_levels(struct home *h, int64_t account, int64_t domain)
{
	const struct sender_owner mine = { account, 0 }, ours = { 0, domain };
	const struct sender_levels none = { SENDER_UNSET, SENDER_UNSET,
		SENDER_UNSET };
	struct sender_levels l = levels_of(h, account);

	ok(l.mark == 80 && l.reject == 150 && l.greylist == 0, "by default");
	l = none;
	l.mark = 50;
	l.greylist = 1;
	must(sender_levels_set(h->store, server, &l, false), "server");
	l = none;
	l.reject = 90;
	must(sender_levels_set(h->store, ours, &l, false), "domain");
	l = levels_of(h, account);
	ok(l.mark == 50 && l.reject == 90 && l.greylist == 1, "from above");
	l = none;
	l.greylist = 0;
	must(sender_levels_set(h->store, mine, &l, false), "mailbox");
	l = none;
	l.mark = 95;
	must(sender_levels_set(h->store, mine, &l, false), "a second time");
	l = levels_of(h, account);
	ok(l.mark == 95 && l.greylist == 0, "its own, one by one");
	ok(l.reject == 96, "marked before it is refused");
	must(sender_levels_get(h->store, mine, &l), "get");
	ok(l.mark == 95 && l.reject == SENDER_UNSET, "as set there");
	must(sender_levels_set(h->store, mine, &none, true), "clear");
	ok(levels_of(h, account).mark == 50, "as above again");
	l = levels_of(h, 0);
	ok(l.mark == 80, "nobody has the defaults");
}

enum { NOW = 1000000000, MINUTES = 60, HOURS = 3600, DAYS = 86400 };

static enum status
ask(struct home *h, const char *network, const char *sender, int64_t now)
{
	const struct greylist_key k = { view_of(network), view_of(sender),
		VIEW("b@example.org") };
	int64_t wait;

	return greylist_ask(h->store, &k, now, 15 * MINUTES, &wait).is;
}

static void
test_greylist(struct home *h)
{
	char sender[32];

	ok(ask(h, "n1", "a", NOW) == BUSY, "the first attempt");
	ok(ask(h, "n1", "a", NOW + 15 * MINUTES - 1) == BUSY, "too early");
	ok(ask(h, "n2", "a", NOW + 15 * MINUTES) == BUSY, "another network");
	ok(ask(h, "n1", "b", NOW + 15 * MINUTES) == BUSY, "another sender");
	ok(ask(h, "n1", "a", NOW + 15 * MINUTES) == OK, "in time");
	ok(ask(h, "n1", "a", NOW + 35 * DAYS) == OK, "known");
	ok(ask(h, "n1", "a", NOW + 69 * DAYS) == OK, "since it was seen last");
	ok(ask(h, "n1", "a", NOW + 105 * DAYS) == BUSY, "forgotten");
	ok(ask(h, "n3", "a", NOW) == BUSY, "one that comes");
	ok(ask(h, "n3", "a", NOW + 49 * HOURS) == BUSY, "too late");
	ok(ask(h, "n3", "a", NOW + 50 * HOURS) == OK, "and in time");
	for (int i = 0; i < 5; i++) {
		(void)snprintf(sender, sizeof sender, "s%d", i);
		ok(ask(h, "n4", sender, NOW) == BUSY, "%s waits", sender);
		ok(ask(h, "n4", sender, NOW + HOURS) == OK, "and passes");
	}
	ok(ask(h, "n4", "new", NOW + 2 * HOURS) == OK, "a trusted network");
	ok(ask(h, "n4", "new", NOW + 40 * DAYS) == BUSY, "not for ever");
}

static void
test_release(struct home *h)
{
	struct greylist_row rows[4];
	size_t count;
	int64_t released;

	ok(ask(h, "n9", "late", NOW + 200 * DAYS) == BUSY, "waits");
	must(greylist_list(h->store, h->arena, rows, COUNT(rows), &count),
	    "list");
	ok(count >= 1, "it is listed");
	same(rows[0].sender, VIEW("late"), "the newest first");
	must(greylist_release(h->store, VIEW("x@example.org"), NOW,
		 &released),
	    "release");
	ok(released == 0, "nobody waits for x");
	must(greylist_release(h->store, VIEW("b@example.org"),
		 NOW + 200 * DAYS, &released),
	    "release");
	ok(released >= 1, "somebody for b");
	ok(ask(h, "n9", "late", NOW + 200 * DAYS + 1) == OK, "let in");
}

int
main(void)
{
	struct home h;
	struct domain domain;
	int64_t account;

	home_begin(&h);
	account = home_person(&h, 1);
	must(domain_find(h.store, h.arena, VIEW("example.org"), &domain),
	    "domain_find");
	test_patterns(&h);
	test_rules(&h, account, domain.id);
	test_levels(&h, account, domain.id);
	test_greylist(&h);
	test_release(&h);
	test_bound(&h, account);
	home_end(&h);
	return tap_done();
}
