/* What a person does with their own mailbox, and how strong passwords are. */
#include "mailcore/admin/person.h"

#include "mailcore/admin/strength.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

static const struct auth_session_rules rules = { .idle = 600, .end = 3600 };

struct bench {
	struct home home;
	struct auth *auth;
	struct person person;
};

static void
test_strength(void)
{
	static const struct {
		const char *password;
		bool good; /* a score of 3 or 4 */
	} cases[] = {
		{ "password", false },
		{ "P@ssw0rd1", false },
		{ "12345678901234567890", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "qwertyuiop", false },
		{ "20041986", false },
		{ "annemarie.delacroix", false },
		{ "delacroix-example", false },
		{ "Tr0ub4dor&3-zeppelin-9", true },
		{ "correct horse battery stap1e", true },
		{ "k7#mQz!pW2vL", true },
		{ "\xc3\xa9t\xc3\xa9 violon nuage t\xc3\xa9l\xc3\xa9graphe",
		    true },
	};
	view address = VIEW("annemarie.delacroix@example.org");
	view name = VIEW("Anne-Marie Delacroix");

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned score = strength_score(view_of(cases[i].password),
		    address, name);

		ok((score >= 3) == cases[i].good, "%s: %u",
		    cases[i].password, score);
		ok(score <= 4, "a score");
	}
}

static void
test_checks(void)
{
	struct buf text = buf_new(LIMIT_PASSWORD + 1);

	while (text.n < LIMIT_PASSWORD)
		buf_add_byte(&text, (char)('!' + text.n * 37 % 90));
	is_result(strength_check(buf_view(&text), VIEW(""), VIEW(""), 4), OK,
	    "as long as may be");
	buf_add_byte(&text, 'x');
	is_result(strength_check(buf_view(&text), VIEW(""), VIEW(""), 0),
	    OVER_LIMIT, "one more");
	is_result(strength_check(VIEW(""), VIEW(""), VIEW(""), 0), MALFORMED,
	    "none");
	is_result(strength_check(VIEW("a\0b"), VIEW(""), VIEW(""), 0),
	    MALFORMED, "a NUL");
	is_result(strength_check(VIEW("\xff"), VIEW(""), VIEW(""), 0),
	    MALFORMED, "no UTF-8");
	is_result(strength_check(VIEW("a"), VIEW(""), VIEW(""), 0), OK,
	    "weak, where that is allowed");
	is_result(strength_check(VIEW("a"), VIEW(""), VIEW(""), 1), DENIED,
	    "and where it is not");
	buf_free(&text);
}

static void
sign_in(struct bench *b, view password, struct auth_session *s,
    struct buf *token, enum status wanted)
{
	const struct auth_attempt attempt = {
		.user = VIEW("one@example.org"),
		.password = password,
		.peer = VIEW("127.0.0.1"),
	};
	unsigned delay;

	is_number(auth_session_begin(b->auth, &attempt, VIEW(""), &rules, s,
	              token, &delay).is, wanted, "sign in");
}

static bool
lives(struct bench *b, struct buf *token)
{
	struct auth_session s;

	return auth_session_check(b->auth, buf_view(token),
	    VIEW("127.0.0.1"), &rules, &s).is == OK;
}

static enum status
change(struct bench *b, const char *old, const char *fresh, int64_t keep,
    bool *weak)
{
	const struct person_password w = {
		.auth = b->auth,
		.old = { .user = VIEW("one@example.org"),
		    .password = view_of(old),
		    .protocol = VIEW("web"),
		    .peer = VIEW("127.0.0.1") },
		.fresh = view_of(fresh),
		.least = 3,
		.keep = keep,
	};
	unsigned delay;

	return person_set_password(&b->person, &w, weak, &delay).is;
}

static void
test_password(struct bench *b)
{
	static const char good[] = "correct horse battery stap1e";
	struct buf one = buf_new(64), two = buf_new(64), new = buf_new(64);
	struct auth_session s, other;
	bool weak;

	sign_in(b, VIEW("secret"), &s, &one, OK);
	sign_in(b, VIEW("secret"), &other, &two, OK);
	is_number(change(b, "no", good, s.id, &weak), DENIED, "not the old");
	ok(!weak, "which is no matter of strength");
	is_number(change(b, "secret", "password", s.id, &weak), DENIED,
	    "weak");
	ok(weak, "and said to be");
	ok(lives(b, &one) && lives(b, &two), "nothing has changed");
	is_number(change(b, "secret", good, s.id, &weak), OK, "changed");
	ok(lives(b, &one) && !lives(b, &two), "one session goes on");
	sign_in(b, VIEW("secret"), &other, &new, DENIED);
	sign_in(b, VIEW("correct horse battery stap1e"), &other, &new, OK);
	is_number(person_session_end(&b->person, s.id).is, OK, "ended");
	ok(!lives(b, &one) && lives(b, &new), "that one alone");
	is_number(person_sign_out_everywhere(&b->person).is, OK, "all");
	ok(!lives(b, &new), "none is left");
	is_number(person_app_revoke(&b->person, 99).is, NOT_FOUND,
	    "no such app password");
	buf_free(&one);
	buf_free(&two);
	buf_free(&new);
}

int
main(void)
{
	struct bench b = { .person = { .post = NULL } };
	struct buf hash = buf_new(512);

	test_strength();
	test_checks();
	home_begin(&b.home);
	must(auth_new(&b.auth, b.home.store), "auth_new");
	must(auth_hash(VIEW("secret"), &hash), "auth_hash");
	must(account_add(b.home.store, VIEW("one@example.org"), VIEW("One"),
		 buf_view(&hash), &b.person.account),
	    "account_add");
	b.person.store = b.home.store;
	test_password(&b);
	buf_free(&hash);
	auth_free(&b.auth);
	home_end(&b.home);
	return tap_done();
}
