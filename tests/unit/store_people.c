/* Domains, accounts, addresses, settings, failed logins. */
#include "mailcore/db/db.h"
#include "tests/unit/store_help.h"

static void
test_domains(struct home *h)
{
	static const char *const bad[] = { "", "nodot", "-a.org", "a-.org",
		"a..org", ".org", "a.org.", "a b.org", "\xc3\xbc.org" };
	struct domain d, *all;
	int64_t id;
	size_t count;

	for (size_t i = 0; i < COUNT(bad); i++)
		is_result(domain_add(h->store, view_of(bad[i]), VIEW(""),
			      &id),
		    MALFORMED, bad[i]);
	is_result(domain_add(h->store, VIEW("Club.Example"), VIEW("The Club"),
		      &id),
	    OK, "add");
	is_result(domain_add(h->store, VIEW("club.example"), VIEW(""), &id),
	    EXISTS, "add it again");
	must(domain_find(h->store, h->arena, VIEW("CLUB.example"), &d),
	    "find");
	same(d.name, VIEW("club.example"), "in lower case");
	same(d.display_name, VIEW("The Club"), "display name");
	must(domain_list(h->store, h->arena, &all, &count), "list");
	ok(count == 2, "two domains");
	same(all[1].display_name, VIEW("example.org"), "the name itself");
	is_result(domain_remove(h->store, VIEW("club.example")), OK,
	    "remove");
	is_result(domain_remove(h->store, VIEW("club.example")), NOT_FOUND,
	    "remove it again");
	is_result(domain_find(h->store, h->arena, VIEW("club.example"), &d),
	    NOT_FOUND, "gone");
}

static void
find_is(struct home *h, const char *address, int64_t wanted)
{
	struct account_info info;
	result r = account_find(h->store, h->arena, view_of(address), &info);

	is_number(r.is == OK ? info.id : 0, wanted, address);
}

static void
test_account_columns(struct home *h, int64_t id)
{
	struct account_info info, *all;
	size_t count;

	must(account_set_password(h->store, id, VIEW("{X}q")), "password");
	must(account_set_enabled(h->store, id, false), "enabled");
	must(account_set_quota(h->store, id, 5), "quota");
	is_result(account_set_quota(h->store, 999, 5), NOT_FOUND, "of nobody");
	must(account_get(h->store, h->arena, id, &info), "get");
	ok(info.password_version == 2 && !info.enabled && info.quota == 5
		&& info.used == 0,
	    "as set");
	same(info.password, VIEW("{X}q"), "password");
	same(info.name, VIEW("Ann"), "name");
	must(account_list(h->store, h->arena, VIEW("Example.ORG"), &all,
		 &count),
	    "list");
	ok(count == 2, "two accounts");
	same(all[0].address, VIEW("ann@example.org"), "by address");
}

static int64_t
count_leaving(struct home *h)
{
	char path[512];
	struct db_query q;
	struct db *db;
	int64_t count = -1;

	(void)snprintf(path, sizeof path, "%s/house/posthaste.db", h->data);
	must(db_open(&db, path), path);
	db_ask(db, &q, "SELECT COUNT(*) FROM account_leaving", NULL, 0);
	while (db_next(&q))
		count = db_int_at(&q, 0);
	must(db_end(&q), "count");
	db_close(&db);
	return count;
}

static void
test_accounts(struct home *h)
{
	struct account *a;
	int64_t id, other, again;

	is_result(account_add(h->store, VIEW("A@nowhere.org"), VIEW(""),
		      VIEW("p"), &id),
	    NOT_FOUND, "no such domain");
	is_result(account_add(h->store, VIEW("@example.org"), VIEW(""),
		      VIEW("p"), &id),
	    MALFORMED, "no local part");
	is_result(account_add(h->store, VIEW("Ann@Example.org"), VIEW("Ann"),
		      VIEW("{X}p"), &id),
	    OK, "add");
	is_result(account_add(h->store, VIEW("ann@example.org"), VIEW(""),
		      VIEW("p"), &other),
	    EXISTS, "add it again");
	must(account_add(h->store, VIEW("bob@example.org"), VIEW(""),
		 VIEW("p"), &other),
	    "bob");
	find_is(h, "ann@example.org", id);
	find_is(h, "ANN@EXAMPLE.ORG", id);
	find_is(h, "ann+lists@example.org", id);
	find_is(h, "+ann@example.org", 0);
	find_is(h, "ann", 0);
	find_is(h, "", 0);
	is_result(alias_add(h->store, VIEW("info@example.org"), id), OK,
	    "alias");
	is_result(alias_add(h->store, VIEW("INFO@example.org"), other),
	    EXISTS, "a taken alias");
	is_result(alias_add(h->store, VIEW("bob@example.org"), id), EXISTS,
	    "another's address");
	is_result(alias_add(h->store, VIEW("x@elsewhere.org"), id),
	    NOT_FOUND, "a domain of others");
	is_result(alias_add(h->store, VIEW("x@example.org"), 999), NOT_FOUND,
	    "to nobody");
	find_is(h, "info+x@example.org", id);
	is_result(alias_remove(h->store, VIEW("ann@example.org")), NOT_FOUND,
	    "the primary address is no alias");
	is_result(alias_remove(h->store, VIEW("info@example.org")), OK,
	    "alias removed");
	find_is(h, "info@example.org", 0);
	test_account_columns(h, id);
	is_result(domain_remove(h->store, VIEW("example.org")), DENIED,
	    "a domain with accounts");
	is_result(account_remove(h->store, id), OK, "remove");
	is_result(account_remove(h->store, id), NOT_FOUND, "remove it again");
	find_is(h, "ann@example.org", 0);
	is_result(account_open(h->store, id, &a), NOT_FOUND, "no database");
	is_result(account_open(h->store, 0, &a), NOT_FOUND, "nor of nobody");
	must(account_add(h->store, VIEW("ann@example.org"), VIEW(""),
		 VIEW("p"), &again),
	    "the address again");
	ok(again > id, "an id is never used again");
	is_number(count_leaving(h), 0, "no folder is left to be removed");
}

/* Whoever has read something and finds the same number again need not read
 * again. */
static void
test_changes(struct home *h)
{
	int64_t before, same, after, id;

	must(setting_changes(h->store, &before), "changes");
	must(setting_changes(h->store, &same), "changes");
	is_number(same, before, "nothing has changed");
	must(setting_set(h->store, VIEW("changed"), VIEW("")), "set");
	must(setting_changes(h->store, &after), "changes");
	ok(after > before, "a setting has");
	must(domain_add(h->store, VIEW("changed.example"), VIEW(""), &id),
	    "domain_add");
	must(setting_changes(h->store, &same), "changes");
	ok(same > after, "a domain has");
}

static void
test_small(struct home *h)
{
	int64_t count;
	view value;

	is_result(setting_get(h->store, h->arena, VIEW("key"), &value),
	    NOT_FOUND, "never set");
	must(setting_set(h->store, VIEW("key"), (view){ "a\0b", 3 }), "set");
	must(setting_get(h->store, h->arena, VIEW("key"), &value), "get");
	same(value, (view){ "a\0b", 3 }, "any bytes");
	must(setting_set(h->store, VIEW("key"), VIEW("")), "set");
	must(setting_get(h->store, h->arena, VIEW("key"), &value), "get");
	same(value, VIEW(""), "none too");

	for (int i = 0; i < 3; i++)
		must(throttle_add(h->store, VIEW("net"), 100 + i, 200),
		    "throttle_add");
	must(throttle_get(h->store, VIEW("net"), 199, &count), "get");
	is_number(count, 3, "three failures");
	must(throttle_get(h->store, VIEW("net"), 200, &count), "get");
	is_number(count, 0, "forgotten in time");
	must(throttle_add(h->store, VIEW("net"), 200, 300), "add");
	must(throttle_get(h->store, VIEW("net"), 200, &count), "get");
	is_number(count, 1, "counted anew");
	must(throttle_clear(h->store, VIEW("net")), "clear");
	must(throttle_get(h->store, VIEW("net"), 200, &count), "get");
	is_number(count, 0, "cleared");
}

/* An account that is removed while another thread has it open. */
static void
test_remove_open(struct home *h)
{
	int64_t id = home_person(h, 50);
	struct account *a = home_open(h, id);
	struct account *b;

	is_result(account_remove(h->store, id), OK, "remove an open account");
	account_close(&a);
	is_result(account_open(h->store, id, &b), NOT_FOUND,
	    "its handle is not given out again");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_domains(&h);
	test_accounts(&h);
	test_changes(&h);
	test_small(&h);
	test_remove_open(&h);
	home_end(&h);
	return tap_done();
}
