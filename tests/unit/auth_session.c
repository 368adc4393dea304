/* Browsers that are signed in, form tokens, and connections whose login
 * ends. */
#include "mailcore/auth/session.h"

#include "mailcore/auth/app.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

struct bench {
	struct home home;
	struct auth *auth;
	int64_t one;
	int64_t told; /* whose login was told last */
	unsigned times;
};

static const struct auth_session_rules rules = { .idle = 600, .end = 3600 };

static void
on_login(void *context, int64_t account)
{
	struct bench *b = context;

	b->told = account;
	b->times++;
}

static void
add_person(struct bench *b)
{
	struct buf hash = buf_new(512);

	must(auth_hash(VIEW("main secret"), &hash), "auth_hash");
	must(account_add(b->home.store, VIEW("one@example.org"), VIEW("P"),
		 buf_view(&hash), &b->one),
	    "account_add");
	buf_free(&hash);
}

static enum status
begin(struct bench *b, view password, struct auth_session *s,
    struct buf *token)
{
	const struct auth_attempt attempt = {
		.user = VIEW("One@Example.org"),
		.password = password,
		.peer = VIEW("127.0.0.1"),
	};
	unsigned delay;

	return auth_session_begin(b->auth, &attempt, VIEW("A\tBrowser\r\n"),
	    &rules, s, token, &delay).is;
}

static enum status
check(struct bench *b, view token, struct auth_session *s)
{
	return auth_session_check(b->auth, token, VIEW("127.0.0.1"), &rules,
	    s).is;
}

static void
test_session(struct bench *b)
{
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	struct buf second = buf_new(AUTH_SESSION_TOKEN);
	struct auth_session s, t;
	view whole;

	is_number(begin(b, VIEW("wrong"), &s, &token), DENIED, "wrong");
	is_number((int64_t)token.n, 0, "and no token");
	is_number(begin(b, VIEW("main secret"), &s, &token), OK, "right");
	is_number((int64_t)token.n, AUTH_SESSION_TOKEN, "a token");
	is_number(begin(b, VIEW("main secret"), &t, &second), OK, "twice");
	ok(!view_eq(buf_view(&token), buf_view(&second)) && s.id != t.id
	        && strcmp(s.form, t.form) != 0, "all different");
	whole = buf_view(&token);
	is_number(check(b, whole, &t), OK, "known again");
	ok(t.id == s.id && strcmp(t.form, s.form) == 0
	        && strcmp(t.address, "one@example.org") == 0, "as it was");
	for (size_t n = 0; n < whole.n; n++)
		if (check(b, view_first(whole, n), &t) != DENIED)
			ok(false, "half a token of %zu bytes", n);
	token.p[5] = token.p[5] == 'A' ? 'B' : 'A';
	is_number(check(b, whole, &t), DENIED, "one letter off");
	buf_free(&second);
	buf_free(&token);
}

static void
test_app_password(struct bench *b)
{
	struct app_password wanted = { .account = b->one, .rights = APP_ALL };
	struct buf password = buf_new(AUTH_APP_TEXT);
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	struct auth_session s;

	must(auth_app_add(b->home.store, &wanted, clock_now(), &password),
	    "auth_app_add");
	is_number(begin(b, buf_view(&password), &s, &token), DENIED,
	    "no sign-in by an app password");
	buf_free(&token);
	buf_free(&password);
}

static void
test_forms(struct bench *b)
{
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	char form[AUTH_FORM_TOKEN + 1], again[AUTH_FORM_TOKEN + 1];
	struct auth *other;

	auth_guest_make(&token);
	is_number((int64_t)token.n, AUTH_SESSION_TOKEN, "a guest's cookie");
	auth_form(b->auth, buf_view(&token), form);
	is_number((int64_t)strlen(form), AUTH_FORM_TOKEN, "its form token");
	ok(auth_form_fits(form, view_of(form)), "fits");
	ok(!auth_form_fits(form, VIEW("")), "nothing does not");
	ok(!auth_form_fits(form, view_first(view_of(form), 42)), "nor half");
	ok(!auth_form_fits(form, buf_view(&token)), "nor the cookie");
	ok(!auth_form_fits("", VIEW("")), "nothing fits nothing");
	must(auth_new(&other, b->home.store), "auth_new");
	auth_form(other, buf_view(&token), again);
	same(view_of(again), view_of(form), "the same in each process");
	auth_free(&other);
	buf_free(&token);
}

static struct identity
log_in(struct bench *b, view password, const char *protocol)
{
	const struct auth_attempt attempt = {
		.user = VIEW("one@example.org"),
		.password = password,
		.protocol = view_of(protocol),
		.peer = VIEW("127.0.0.1"),
	};
	struct identity who;
	unsigned delay;

	must(auth_password(b->auth, &attempt, &who, &delay), protocol);
	return who;
}

static enum status
still(struct bench *b, struct auth_watch *w)
{
	auth_changed(b->auth);
	return auth_still(b->auth, w).is;
}

static void
test_watch(struct bench *b)
{
	struct app_password wanted = { .account = b->one, .rights = APP_ALL };
	struct buf password = buf_new(AUTH_APP_TEXT);
	struct auth_watch main_one, by_app, nobody = { .account = 0 };
	struct identity who;

	must(auth_app_add(b->home.store, &wanted, clock_now(), &password),
	    "auth_app_add");
	who = log_in(b, VIEW("main secret"), "imap");
	is_number(who.rights, APP_ALL, "the main one may all");
	auth_watch_begin(b->auth, &who, &main_one);
	b->times = 0;
	who = log_in(b, buf_view(&password), "imap");
	ok(b->told == b->one && b->times == 1, "a login is told");
	(void)log_in(b, buf_view(&password), "imap");
	is_number(b->times, 1, "once a minute");
	(void)log_in(b, buf_view(&password), "caldav");
	is_number(b->times, 2, "of each protocol");
	auth_watch_begin(b->auth, &who, &by_app);
	is_number(still(b, &main_one), OK, "stands");
	is_number(still(b, &by_app), OK, "so does this");
	is_number(still(b, &nobody), OK, "nobody's never ends");
	must(session_set_password(b->home.store, b->one, VIEW("{x}"), 0),
	    "set");
	is_number(still(b, &main_one), DENIED, "not by an old password");
	is_number(still(b, &by_app), OK, "an app password is another");
	must(account_set_enabled(b->home.store, b->one, false), "disable");
	is_number(still(b, &by_app), DENIED, "disabled");
	must(account_set_enabled(b->home.store, b->one, true), "enable");
	must(session_end_all(b->home.store, b->one), "end all");
	is_number(still(b, &by_app), DENIED, "signed out everywhere");
	auth_watch_begin(b->auth, &who, &by_app);
	is_number(still(b, &by_app), OK, "and back");
	must(app_password_remove(b->home.store, b->one, wanted.id), "revoke");
	is_number(still(b, &by_app), DENIED, "revoked");
	buf_free(&password);
}

int
main(void)
{
	struct bench b = { .one = 0 };

	home_begin(&b.home);
	must(auth_new(&b.auth, b.home.store), "auth_new");
	auth_listen(b.auth, on_login, &b);
	add_person(&b);
	test_session(&b);
	test_app_password(&b);
	test_forms(&b);
	test_watch(&b);
	auth_free(&b.auth);
	home_end(&b.home);
	return tap_done();
}
