/* App passwords over a real store: rights, ends, networks, and that a wrong
 * one is like any wrong password. */
#include "mailcore/auth/app.h"

#include "mailcore/auth/network.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

struct bench {
	struct home home;
	struct auth *auth;
	int64_t one, two;
};

static int64_t
add_person(struct bench *b, const char *address)
{
	struct buf hash = buf_new(512);
	int64_t id;

	must(auth_hash(VIEW("main secret"), &hash), "auth_hash");
	must(account_add(b->home.store, view_of(address), VIEW("P"),
		 buf_view(&hash), &id),
	    "account_add");
	buf_free(&hash);
	return id;
}

static enum status
login(struct bench *b, const char *user, view password, const char *protocol,
    const char *peer, int64_t *app)
{
	const struct auth_attempt attempt = { view_of(user), password,
		view_of(protocol), view_of(peer) };
	struct identity who;
	unsigned delay;
	result r = auth_password(b->auth, &attempt, &who, &delay);

	*app = who.app;
	return r.is;
}

static int64_t
make(struct bench *b, struct app_password wanted, struct buf *password)
{
	must(auth_app_add(b->home.store, &wanted, clock_now(), password),
	    "auth_app_add");
	return wanted.id;
}

static void
test_rights(struct bench *b)
{
	static const struct {
		const char *user, *protocol;
		enum status is;
	} cases[] = {
		{ "one@example.org", "imap", OK },
		{ "ONE@example.org", "imap", OK },
		{ "one@example.org", "smtp", OK },
		{ "one@example.org", "dav", DENIED },
		{ "one@example.org", "pop3", DENIED },
		{ "one@example.org", "api", DENIED },
		{ "two@example.org", "imap", DENIED },
		{ "none@example.org", "imap", DENIED },
	};
	struct buf password = buf_new(AUTH_APP_TEXT);
	int64_t id = make(b, (struct app_password){ .account = b->one,
	    .label = VIEW("Phone"), .rights = APP_IMAP | APP_SMTP },
	    &password);
	int64_t app;

	is_number((int64_t)password.n, 34, "seven groups of four");
	for (size_t i = 0; i < COUNT(cases); i++)
		is_number(login(b, cases[i].user, buf_view(&password),
		    cases[i].protocol, "127.0.0.1", &app), cases[i].is,
		    cases[i].protocol);
	(void)login(b, "one@example.org", buf_view(&password), "imap",
	    "127.0.0.1", &app);
	is_number(app, id, "which one it was");
	is_number(login(b, "one@example.org", VIEW("main secret"), "pop3",
	    "127.0.0.1", &app), OK, "the main one still does all");
	is_number(app, 0, "and is no app password");
	must(account_set_enabled(b->home.store, b->one, false), "disable");
	is_number(login(b, "one@example.org", buf_view(&password), "imap",
	    "127.0.0.1", &app), DENIED, "a disabled account");
	must(account_set_enabled(b->home.store, b->one, true), "enable");
	must(app_password_remove(b->home.store, b->one, id), "revoke");
	is_number(login(b, "one@example.org", buf_view(&password), "imap",
	    "127.0.0.1", &app), DENIED, "a revoked one");
	is_number(app_password_remove(b->home.store, b->one, id).is,
	    NOT_FOUND, "revoked twice");
	buf_free(&password);
}

/* As typed by people, and one letter off. */
static void
test_typing(struct bench *b)
{
	struct buf password = buf_new(AUTH_APP_TEXT);
	char typed[3][80] = { "" };
	size_t n = 0;
	int64_t app;

	(void)make(b, (struct app_password){ .account = b->one,
	    .rights = APP_ALL }, &password);
	for (size_t i = 0; i < password.n; i++) {
		char c = password.p[i];

		typed[0][i] = c == '-' ? ' ' : c;
		typed[1][i] = c;
		if (c != '-')
			typed[2][n++] = c;
	}
	typed[1][0] = (char)(typed[1][0] >= 'a' ? typed[1][0] - 32
						: typed[1][0]);
	for (size_t i = 0; i < COUNT(typed); i++)
		is_number(login(b, "one@example.org", view_of(typed[i]),
		    "dav", "127.0.0.1", &app), OK, typed[i]);
	for (size_t i = 0; i < n; i++) {
		char kept = typed[2][i];

		typed[2][i] = kept == 'x' ? 'y' : 'x';
		if (i % 9 == 0)
			is_number(login(b, "one@example.org",
			    view_of(typed[2]), "dav", "127.0.0.1", &app),
			    DENIED, "one letter off");
		typed[2][i] = kept;
	}
	typed[2][n] = 'a';
	is_number(login(b, "one@example.org", view_of(typed[2]), "dav",
	    "127.0.0.1", &app), DENIED, "one letter more");
	is_number(login(b, "one@example.org", (view){ typed[2], n - 1 },
	    "dav", "127.0.0.1", &app), DENIED, "one letter less");
	buf_free(&password);
}

static void
test_end_and_networks(struct bench *b)
{
	struct buf ended = buf_new(AUTH_APP_TEXT);
	struct buf near = buf_new(AUTH_APP_TEXT);
	struct app_password bad = { .account = b->one, .rights = APP_ALL,
		.networks = VIEW("10.0.0.1/8") };
	int64_t app;

	(void)make(b, (struct app_password){ .account = b->two,
	    .rights = APP_ALL, .expires = clock_now() - 1 }, &ended);
	(void)make(b, (struct app_password){ .account = b->two,
	    .rights = APP_ALL, .expires = clock_now() + 3600,
	    .networks = VIEW("192.0.2.0/25, 2001:db8::/32") }, &near);
	is_number(login(b, "two@example.org", buf_view(&ended), "imap",
	    "127.0.0.1", &app), DENIED, "its time is over");
	is_number(login(b, "two@example.org", buf_view(&near), "imap",
	    "192.0.2.127", &app), OK, "from its network");
	is_number(login(b, "two@example.org", buf_view(&near), "imap",
	    "2001:db8:ffff::1", &app), OK, "from its other network");
	is_number(login(b, "two@example.org", buf_view(&near), "imap",
	    "192.0.2.128", &app), DENIED, "from beside it");
	is_number(login(b, "two@example.org", buf_view(&near), "imap",
	    "", &app), DENIED, "from nowhere");
	buf_reset(&ended);
	is_number(auth_app_add(b->home.store, &bad, 1, &ended).is, MALFORMED,
	    "a network with bits behind its length");
	is_number((int64_t)ended.n, 0, "and no password");
	buf_free(&ended);
	buf_free(&near);
}

static void
test_networks(void)
{
	static const struct {
		const char *network, *address;
		bool reads, has;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7", true, true },
		{ "192.0.2.7", "192.0.2.6", true, false },
		{ "192.0.2.0/31", "192.0.2.1", true, true },
		{ "192.0.2.0/31", "192.0.2.2", true, false },
		{ "192.0.2.7", "::ffff:192.0.2.7", true, true },
		{ "0.0.0.0/0", "203.0.113.9", true, true },
		{ "0.0.0.0/0", "2001:db8::1", true, false },
		{ "::/0", "203.0.113.9", true, true },
		{ "2001:db8::/33", "2001:db8:7fff::", true, true },
		{ "2001:db8::/33", "2001:db8:8000::", true, false },
		{ "192.0.2.0/33", "", false, false },
		{ "192.0.2.0/", "", false, false },
		{ "192.0.2/24", "", false, false },
		{ "2001:db8::/129", "", false, false },
		{ "192.0.2.1/24", "", false, false },
		{ "", "", false, false },
		{ "here", "", false, false },
	};
	struct network n;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool reads = network_read(view_of(cases[i].network), &n).is
		    == OK;

		ok(reads == cases[i].reads, "%s reads", cases[i].network);
		if (reads)
			ok(network_has(&n, view_of(cases[i].address))
			        == cases[i].has,
			    "%s has %s", cases[i].network, cases[i].address);
	}
}

static void
test_words(void)
{
	struct buf out = buf_new(64);
	unsigned rights = 0;

	is_number(auth_app_rights(VIEW("dav, IMAP"), &rights).is, OK, "two");
	is_number(rights, APP_DAV | APP_IMAP, "of them");
	auth_app_rights_write(rights, &out);
	same(buf_view(&out), VIEW("imap,caldav,carddav"), "written");
	is_number(auth_app_rights(VIEW("imap,ftp"), &rights).is, MALFORMED,
	    "no such right");
	is_number(auth_app_rights(VIEW(""), &rights).is, MALFORMED, "none");
	buf_free(&out);
}

static void
test_use(struct bench *b)
{
	struct buf password = buf_new(AUTH_APP_TEXT);
	struct app_password *list;
	size_t count;
	int64_t app;

	(void)make(b, (struct app_password){ .account = b->two,
	    .label = VIEW("Tablet"), .rights = APP_ALL }, &password);
	(void)login(b, "two@example.org", buf_view(&password), "dav",
	    "192.0.2.1", &app);
	must(app_password_list(b->home.store, b->home.arena, b->two, &list,
		 &count),
	    "list");
	is_number((int64_t)count, 3, "three of that account");
	same(list[2].label, VIEW("Tablet"), "the last one");
	same(list[2].used_protocol, VIEW("dav"), "used by");
	same(list[2].used_peer, VIEW("192.0.2.1"), "used from");
	ok(list[2].used >= list[2].created && list[2].created > 0, "when");
	is_number(list[0].used, 0, "one that never worked was never used");
	ok(view_find(list[2].hash, buf_view(&password)) == SIZE_MAX
	        && list[2].hash.n == 32, "only a hash is kept");
	must(account_remove(b->home.store, b->two), "account_remove");
	must(app_password_list(b->home.store, b->home.arena, b->two, &list,
		 &count),
	    "list");
	is_number((int64_t)count, 0, "they go with their account");
	buf_free(&password);
}

int
main(void)
{
	struct bench b = { .one = 0 };

	home_begin(&b.home);
	must(auth_new(&b.auth, b.home.store), "auth_new");
	b.one = add_person(&b, "one@example.org");
	b.two = add_person(&b, "two@example.org");
	test_networks();
	test_words();
	test_rights(&b);
	test_typing(&b);
	test_end_and_networks(&b);
	test_use(&b);
	auth_free(&b.auth);
	home_end(&b.home);
	return tap_done();
}
