/* Logins over a real store: right, wrong and unknown ones; what is
 * remembered; how guessing gets slow. */
#include "mailcore/auth/auth.h"

#include "mailcore/auth/cache.h"
#include "mailcore/auth/throttle.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct bench {
	char folder[64];
	struct store *store;
	struct auth *auth;
	int64_t fred;
};

static void
set_up(struct bench *b)
{
	struct store_options options = { .journal = "test" };
	struct buf hash = buf_new(512);
	int64_t id;
	result r;

	(void)snprintf(b->folder, sizeof b->folder, "/tmp/auth-XXXXXX");
	options.data = mkdtemp(b->folder);
	r = store_recover(b->folder);
	if (r.is == OK)
		r = store_open(&b->store, &options);
	if (r.is == OK)
		r = domain_add(b->store, VIEW("a.test"), VIEW("A"), &id);
	if (r.is == OK)
		r = auth_hash(VIEW("secret"), &hash);
	if (r.is == OK)
		r = account_add(b->store, VIEW("Fred@a.test"), VIEW("Fred"),
		    buf_view(&hash), &b->fred);
	if (r.is == OK)
		r = account_add(b->store, VIEW("odd@a.test"), VIEW("Odd"),
		    VIEW("{PLAIN}secret"), &id);
	if (r.is == OK)
		r = auth_new(&b->auth, b->store);
	buf_free(&hash);
	ok(r.is == OK, "a store with an account: %s", r.why);
	if (r.is != OK)
		exit(tap_done());
}

static void
tear_down(struct bench *b)
{
	char command[96];

	auth_free(&b->auth);
	store_close(&b->store);
	(void)snprintf(command, sizeof command, "rm -rf %s", b->folder);
	ok(system(command) == 0, "the folder is removed");
}

static result
login(struct bench *b, const char *user, const char *password,
    const char *peer, unsigned *delay)
{
	const struct auth_attempt attempt = { view_of(user),
		view_of(password), VIEW("test"), view_of(peer) };
	struct identity who = { .account = -1 };
	result r = auth_password(b->auth, &attempt, &who, delay);

	if (r.is == OK) {
		is_number(who.account, b->fred, "whose account it is");
		same(view_of(who.address), VIEW("fred@a.test"), "its address");
	} else {
		is_number(who.account, 0, "nobody");
	}
	return r;
}

static void
test_right_and_wrong(struct bench *b)
{
	static const struct {
		const char *user;
		const char *password;
		enum status is;
	} cases[] = {
		{ "Fred@a.test", "secret", OK },
		{ "fred@A.TEST", "secret", OK },
		{ "fred+news@a.test", "secret", OK },
		{ "fred@a.test", "Secret", DENIED },
		{ "fred@a.test", "", DENIED },
		{ "nobody@a.test", "secret", DENIED },
		{ "fred@b.test", "secret", DENIED },
		{ "odd@a.test", "secret", DENIED },
		{ "fred", "secret", DENIED },
		{ "", "", DENIED },
		{ "\xff@a.test", "secret", DENIED },
		{ "' OR 1=1 --@a.test", "secret", DENIED },
	};
	const char *why = "";

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned delay;
		result r = login(b, cases[i].user, cases[i].password,
		    "127.0.0.1", &delay);

		ok(r.is == cases[i].is, "'%s' '%s': %s", cases[i].user,
		    cases[i].password, r.why);
		if (r.is == OK)
			continue;
		if (why[0] == '\0')
			why = r.why;
		same(view_of(r.why), view_of(why), "all refused alike");
	}
}

static void
test_long(struct bench *b)
{
	char text[4096];
	unsigned delay;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	is_number(login(b, text, "secret", "127.0.0.1", &delay).is, DENIED,
	    "a user name of 4 KiB");
	is_number(login(b, "fred@a.test", text, "127.0.0.1", &delay).is,
	    DENIED, "a password of 4 KiB");
}

/* Of this thread alone: the store has others. */
static double
thread_seconds(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		abort();
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cost(struct bench *b, const char *user)
{
	double before = thread_seconds();
	unsigned delay;

	for (int i = 0; i < 4; i++)
		if (login(b, user, "wrong", "127.0.0.1", &delay).is != DENIED)
			return 0;
	return thread_seconds() - before;
}

/* Both pay argon2; without it they would be hundreds of times apart. */
static void
test_same_cost(struct bench *b)
{
	double known = cost(b, "fred@a.test");
	double unknown = cost(b, "nobody@a.test");

	note("known %.3f s, unknown %.3f s", known, unknown);
	ok(known > 0 && unknown > known / 2 && unknown < known * 2,
	    "an unknown address costs what a known one does");
}

static void
test_throttle_growth(struct bench *b)
{
	static const unsigned wanted[] = { 0, 0, 250, 500, 1000, 2000, 3000,
		4000, 5000, 5000 };
	struct auth_throttle here, elsewhere;
	int64_t now = clock_now();

	auth_throttle_peer(&here, VIEW("192.0.2.7"));
	auth_throttle_account(&here, VIEW("grow@a.test"));
	auth_throttle_peer(&elsewhere, VIEW("198.51.100.7"));
	auth_throttle_account(&elsewhere, VIEW("grow@a.test"));
	for (size_t i = 0; i < COUNT(wanted); i++)
		is_number(auth_throttle_failed(b->store, &here, now),
		    wanted[i], "delay grows");
	ok(auth_throttle_failed(b->store, &elsewhere, now) < 500,
	    "from elsewhere it is another matter");
	auth_throttle_passed(b->store, &here, now);
	ok(auth_throttle_failed(b->store, &here, now) <= 500,
	    "after a right password a slip is a slip");
	is_number(auth_throttle_failed(b->store, &here,
	              now + LIMIT_AUTH_WINDOW + 1), 0, "time forgives");
}

static void
test_throttle_busy(struct bench *b)
{
	struct auth_throttle here, neighbour, elsewhere, local;
	int64_t now = clock_now();
	unsigned delay;

	auth_throttle_peer(&here, VIEW("2001:db8:1:2::1"));
	auth_throttle_account(&here, VIEW("busy@a.test"));
	auth_throttle_peer(&neighbour, VIEW("2001:db8:1:2:ffff::9"));
	auth_throttle_peer(&elsewhere, VIEW("2001:db8:1:3::1"));
	auth_throttle_peer(&local, VIEW("127.0.0.1"));
	auth_throttle_account(&local, VIEW("busy@a.test"));
	for (int i = 0; i < LIMIT_AUTH_FAILURES; i++) {
		if (i == LIMIT_AUTH_FAILURES - 1)
			ok(auth_throttle_check(b->store, &here, now).is == OK,
			    "the last before the limit");
		(void)auth_throttle_failed(b->store, &here, now);
		delay = auth_throttle_failed(b->store, &local, now);
	}
	ok(auth_throttle_check(b->store, &here, now).is == BUSY, "the limit");
	ok(auth_throttle_check(b->store, &neighbour, now).is == BUSY,
	    "for the whole /64");
	ok(auth_throttle_check(b->store, &elsewhere, now).is == OK,
	    "not for the next");
	ok(auth_throttle_check(b->store, &local, now).is == OK,
	    "loopback is never refused");
	is_number(delay, 100, "and hardly held back");
	is_number(login(b, "fred@a.test", "secret", "2001:db8:1:2::3",
	              &delay).is, BUSY, "not even with the right password");
	is_number(login(b, "fred@a.test", "secret", "2001:db8:1:3::3",
	              &delay).is, OK, "the owner comes from elsewhere");
	is_number(delay, 0, "at once");
	ok(auth_throttle_check(b->store, &here, now + LIMIT_AUTH_WINDOW + 1).is
	        == OK, "and time forgives");
}

static void
test_networks(void)
{
	static const struct {
		const char *peer;
		const char *network;
		bool loopback;
	} cases[] = {
		{ "192.0.2.77", "192.0.2.0/24", false },
		{ "::ffff:192.0.2.77", "192.0.2.0/24", false },
		{ "127.9.9.9", "127.9.9.0/24", true },
		{ "::ffff:127.0.0.1", "127.0.0.0/24", true },
		{ "::1", "::/64", true },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", false },
		{ "", "", false },
		{ "nonsense", "", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct auth_throttle t;

		auth_throttle_peer(&t, view_of(cases[i].peer));
		same(view_of(t.network), view_of(cases[i].network),
		    cases[i].peer);
		ok(t.loopback == cases[i].loopback, "%s: loopback",
		    cases[i].peer);
	}
}

/* "+detail" and case are the same account; so are no two addresses. */
static void
test_account_keys(void)
{
	struct auth_throttle a, b;

	auth_throttle_account(&a, VIEW("fred@a.test"));
	auth_throttle_account(&b, VIEW("FRED+x@A.test"));
	same(view_of(a.account), view_of(b.account), "case and detail");
	auth_throttle_account(&b, VIEW("freda@.test"));
	ok(strcmp(a.account, b.account) != 0, "other addresses are others");
}

static void
test_cache(void)
{
	struct auth_cache *cache = auth_cache_new();
	struct account_info account = { .id = 1, .password_version = 1,
		.password = VIEW("{X}y"), .enabled = true };
	unsigned char tag[AUTH_TAG], other[AUTH_TAG];

	auth_cache_tag(cache, &account, VIEW("secret"), tag);
	ok(!auth_cache_has(cache, tag, 5), "empty at first");
	auth_cache_add(cache, tag, 5);
	ok(auth_cache_has(cache, tag, 5 + LIMIT_AUTH_CACHE_MS - 1),
	    "remembered to the end of its time");
	ok(!auth_cache_has(cache, tag, 5 + LIMIT_AUTH_CACHE_MS), "no longer");
	auth_cache_tag(cache, &account, VIEW("secret2"), other);
	ok(!auth_cache_has(cache, other, 6), "another password");
	account.password_version = 2;
	auth_cache_tag(cache, &account, VIEW("secret"), other);
	ok(!auth_cache_has(cache, other, 6), "a newer password");
	account.password_version = 1;
	account.id = 2;
	auth_cache_tag(cache, &account, VIEW("secret"), other);
	ok(!auth_cache_has(cache, other, 6), "another account");
	for (int64_t i = 3; i < 3 + 4 * LIMIT_AUTH_CACHE; i++) {
		account.id = i;
		auth_cache_tag(cache, &account, VIEW("secret"), other);
		auth_cache_add(cache, other, i);
	}
	ok(!auth_cache_has(cache, tag, 6), "the oldest give way");
	ok(auth_cache_has(cache, other, 6), "the newest is there");
	auth_cache_free(&cache);
}

int
main(void)
{
	struct bench b = { .store = NULL };

	log_open("test", LOG_ERROR);
	set_up(&b);
	test_right_and_wrong(&b);
	test_long(&b);
	test_same_cost(&b);
	test_throttle_growth(&b);
	test_throttle_busy(&b);
	test_networks();
	test_account_keys();
	test_cache();
	tear_down(&b);
	return tap_done();
}
