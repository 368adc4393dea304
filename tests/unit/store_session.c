/* Sessions, last logins, rates, and what logins rest on. */
#include "mailcore/store/session.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/app_password.h"
#include "tests/unit/store_help.h"

enum { NOW = 1000000, IDLE = 1000, END = 5000 };

static int64_t
add_person(struct home *h, const char *address)
{
	int64_t id;

	must(account_add(h->store, view_of(address), VIEW("P"), VIEW("{x}"),
		 &id),
	    "account_add");
	return id;
}

static int64_t
begin(struct home *h, int64_t account, const char *hash, int64_t now)
{
	struct session_row s = { .account = account, .hash = view_of(hash),
		.created = now, .used = now, .expires = now + END,
		.peer = VIEW("192.0.2.1"), .agent = VIEW("Browser"),
		.password_version = 1 };

	must(session_add(h->store, &s, now - IDLE), "session_add");
	return s.id;
}

static enum status
find(struct home *h, const char *hash, int64_t now, struct session_row *out)
{
	return session_find(h->store, h->arena, view_of(hash), now,
	    now - IDLE, out).is;
}

static void
test_ends(struct home *h)
{
	int64_t one = add_person(h, "ends@example.org");
	int64_t id = begin(h, one, "e1", NOW);
	struct session_row s;

	is_number(find(h, "e1", NOW + IDLE, &s), OK, "just used enough");
	is_number(s.id, id, "that one");
	same(s.address, VIEW("ends@example.org"), "whose it is");
	same(s.agent, VIEW("Browser"), "by what");
	is_number(find(h, "e1", NOW + IDLE + 1, &s), NOT_FOUND, "idle");
	is_number(find(h, "e2", NOW, &s), NOT_FOUND, "another");
	for (int64_t at = NOW; at < NOW + END; at += IDLE)
		must(session_used(h->store, id, at, VIEW("192.0.2.9")),
		    "session_used");
	must(session_used(h->store, id, NOW + END - 1, VIEW("192.0.2.9")),
	    "session_used");
	is_number(find(h, "e1", NOW + END - 1, &s), OK, "its last second");
	same(s.peer, VIEW("192.0.2.9"), "from where it was used");
	is_number(find(h, "e1", NOW + END, &s), NOT_FOUND, "its end");
	is_number(session_remove(h->store, one + 1, id).is, NOT_FOUND,
	    "not by another");
	is_number(session_remove(h->store, one, id).is, OK, "ended");
	is_number(session_remove(h->store, one, id).is, NOT_FOUND, "once");
}

static void
test_changes(struct home *h)
{
	int64_t one = add_person(h, "changes@example.org");
	int64_t kept = begin(h, one, "c1", NOW);
	struct standing before, after;
	struct session_row s, *list;
	size_t count;

	(void)begin(h, one, "c2", NOW);
	must(account_set_enabled(h->store, one, false), "disable");
	is_number(find(h, "c1", NOW, &s), NOT_FOUND, "of a disabled account");
	must(account_set_enabled(h->store, one, true), "enable");
	is_number(find(h, "c1", NOW, &s), OK, "of an enabled one");
	must(session_set_password(h->store, one, VIEW("{y}"), kept), "set");
	is_number(find(h, "c1", NOW, &s), OK, "the one that set it stays");
	is_number(find(h, "c2", NOW, &s), NOT_FOUND, "the other does not");
	must(account_set_password(h->store, one, VIEW("{z}")), "set");
	is_number(find(h, "c1", NOW, &s), NOT_FOUND,
	    "none stays when an operator sets one");
	must(standing_get(h->store, one, 0, NOW, &before), "standing");
	is_number(before.password_version, 3, "three passwords");
	must(session_end_all(h->store, one), "end all");
	must(standing_get(h->store, one, 0, NOW, &after), "standing");
	is_number(after.sign_outs, before.sign_outs + 1, "one sign-out");
	must(session_list(h->store, h->arena, one, NOW, 0, &list, &count),
	    "list");
	is_number((int64_t)count, 0, "and nobody is signed in");
	is_number(session_end_all(h->store, 999999).is, NOT_FOUND, "nobody's");
}

static void
test_many(struct home *h)
{
	int64_t one = add_person(h, "many@example.org");
	struct session_row s, *list;
	size_t count;
	char hash[16];

	for (int i = 0; i <= LIMIT_SESSIONS; i++) {
		(void)snprintf(hash, sizeof hash, "m%d", i);
		(void)begin(h, one, hash, NOW + i);
	}
	must(session_list(h->store, h->arena, one, NOW + 60, 0, &list,
		 &count),
	    "list");
	is_number((int64_t)count, LIMIT_SESSIONS, "no more than that");
	is_number(list[0].used, NOW + LIMIT_SESSIONS, "the newest first");
	is_number(find(h, "m0", NOW, &s), NOT_FOUND, "the oldest gave way");
	is_number(find(h, "m1", NOW, &s), OK, "the next did not");
	must(account_remove(h->store, one), "account_remove");
	is_number(find(h, "m1", NOW, &s), NOT_FOUND, "gone with the account");
}

static void
test_logins(struct home *h)
{
	int64_t one = add_person(h, "logins@example.org");
	struct login_row *list;
	size_t count;
	int64_t number;
	bool kept;

	must(login_note(h->store, one, 0, VIEW("imap"), VIEW("192.0.2.1"),
		 NOW, &kept),
	    "note");
	ok(kept, "the first is kept");
	must(login_note(h->store, one, 0, VIEW("imap"), VIEW("192.0.2.2"),
		 NOW + LIMIT_LOGIN_SECONDS - 1, &kept),
	    "note");
	ok(!kept, "not again within a minute");
	must(login_list(h->store, h->arena, one, 0, &list, &count), "list");
	is_number((int64_t)count, 1, "one");
	same(list[0].peer, VIEW("192.0.2.1"), "from there");
	number = list[0].number;
	must(login_note(h->store, one, 0, VIEW("imap"), VIEW("192.0.2.3"),
		 NOW + LIMIT_LOGIN_SECONDS, &kept),
	    "note");
	ok(kept, "again after a minute");
	must(login_note(h->store, one, 7, VIEW("imap"), VIEW("::1"), NOW,
		 &kept),
	    "note");
	ok(kept, "by another password");
	must(login_list(h->store, h->arena, one, number, &list, &count),
	    "list");
	is_number((int64_t)count, 2, "two since");
	ok(list[0].app == 0 && list[1].app == 7
	        && list[0].number < list[1].number && list[0].number > number,
	    "in their order");
	must(login_list(h->store, h->arena, one, list[1].number, &list,
		 &count),
	    "list");
	is_number((int64_t)count, 0, "none since then");
}

static void
test_standing(struct home *h)
{
	int64_t one = add_person(h, "standing@example.org");
	struct app_password p = { .account = one, .hash = VIEW("hash"),
		.label = VIEW(""), .networks = VIEW(""), .created = NOW,
		.rights = 1 << 3 | APP_IMAP, .expires = NOW + 10 };
	struct standing s;
	bool kept;

	must(app_password_add(h->store, &p), "add");
	must(standing_get(h->store, one, p.id, NOW + 9, &s), "standing");
	ok(s.enabled && s.app, "it stands");
	must(standing_get(h->store, one, p.id, NOW + 10, &s), "standing");
	ok(!s.app, "until its end");
	must(standing_get(h->store, one + 1, p.id, NOW, &s).is == NOT_FOUND
	        ? done() : fail(FAILED, "an account of nobody"), "standing");
	must(login_note(h->store, one, p.id, VIEW("imap"), VIEW("::1"), NOW,
		 &kept),
	    "note");
	must(app_password_find(h->store, h->arena, VIEW("hash"), &p), "find");
	is_number(p.rights, APP_IMAP | APP_CALDAV | APP_CARDDAV,
	    "the right for DAV of old is two now");
	same(p.used_protocol, VIEW("imap"), "its use is noted");
	must(app_password_remove(h->store, one, p.id), "remove");
	must(standing_get(h->store, one, p.id, NOW, &s), "standing");
	ok(!s.app, "revoked");
	{
		struct login_row *list;
		size_t count;

		must(login_list(h->store, h->arena, one, 0, &list, &count),
		    "list");
		is_number((int64_t)count, 0, "with its logins");
	}
}

static void
test_rates(struct home *h)
{
	struct rate two[2] = { { .key = VIEW("a") }, { .key = VIEW("b") } };
	struct rate *a = &two[0];

	for (int i = 1; i <= 3; i++)
		must(rate_take(h->store, NOW + i, 60, two, 2), "rate");
	is_number(two[0].count, 3, "three");
	is_number(two[1].count, 3, "of both");
	is_number(a->ends, NOW + 61, "in a window that does not grow");
	must(rate_take(h->store, NOW + 60, 60, a, 1), "rate");
	is_number(a->count, 4, "its last second");
	must(rate_take(h->store, NOW + 61, 60, a, 1), "rate");
	is_number(a->count, 1, "the next window");
	is_number(a->ends, NOW + 121, "and its end");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_ends(&h);
	test_changes(&h);
	test_many(&h);
	test_logins(&h);
	test_standing(&h);
	test_rates(&h);
	home_end(&h);
	return tap_done();
}
