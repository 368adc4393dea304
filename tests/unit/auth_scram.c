/* SCRAM: whole exchanges over a real store, and what must be refused. */
#include "mailcore/auth/app.h"
#include "mailcore/auth/sasl_login.h"
#include "mailcore/auth/scram_keys.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/scram_client.h"
#include "tests/unit/store_help.h"

struct bench {
	struct home home;
	struct auth *auth;
	struct peer peer;
	int64_t one;
};

static const struct tls_binding channel = { .exporter = "thirty-two bytes"
	" of an exporter!", .exporter_n = 32, .end_point = "a certificate",
	.end_point_n = 13 };

static void
turn(struct sasl_login *x, view message, struct sasl_login_turn *t)
{
	struct buf answer = buf_new(8192);

	encode_base64(&answer, message);
	sasl_login_go_on(x, buf_view(&answer), t);
	buf_free(&answer);
}

static void
plain_of(view base64, struct buf *out)
{
	buf_reset(out);
	must(decode_base64_strict(out, base64), "base64 of ours");
}

enum { NAMED = 64 };

/* A whole exchange; `salt` gets what came in s=. */
static struct sasl_login_turn
log_in(struct bench *b, const char *mechanism, struct scram_client *c,
    const char *protocol, char salt[NAMED])
{
	const struct sasl_login_way way = { .auth = b->auth, .peer = &b->peer,
		.protocol = protocol };
	struct buf text = buf_new(8192), said = buf_new(8192);
	struct sasl_login *x;
	struct sasl_login_turn t;

	c->nonce = "nonce";
	sasl_login_begin(&x, &way, view_of(mechanism), NULL, &t);
	if (t.next == SASL_MORE) {
		same(t.text, VIEW(""), "nothing to say first");
		scram_client_first(c, &text);
		turn(x, buf_view(&text), &t);
	}
	if (t.next == SASL_MORE) {
		plain_of(t.text, &said);
		(void)view_copy(scram_client_field(buf_view(&said), "s="),
		    salt, NAMED);
		buf_reset(&text);
		scram_client_final(c, buf_view(&said), &text);
		turn(x, buf_view(&text), &t);
	}
	if (t.next == SASL_MORE) {
		plain_of(t.text, &said);
		same(buf_view(&said), view_of(c->server),
		    "the server has the key, too");
		ok(t.who.account == 0, "and nobody is told who it is yet");
		sasl_login_go_on(x, VIEW(""), &t);
	}
	sasl_login_free(&x);
	buf_free(&text);
	buf_free(&said);
	return t;
}

/* Begun, and proven with "secret" or another word: what is left is to send
 * `final`. */
static void
start(struct bench *b, struct sasl_login_way *way, struct sasl_login **x,
    struct scram_client *c, struct buf *final)
{
	struct buf text = buf_new(8192), said = buf_new(8192);
	struct sasl_login_turn t;

	*way = (struct sasl_login_way){ .auth = b->auth, .peer = &b->peer,
		.protocol = "imap", .data_with_success = true };
	c->nonce = "nonce";
	sasl_login_begin(x, way, VIEW("SCRAM-SHA-256"), NULL, &t);
	scram_client_first(c, &text);
	turn(*x, buf_view(&text), &t);
	plain_of(t.text, &said);
	scram_client_final(c, buf_view(&said), final);
	buf_free(&text);
	buf_free(&said);
}

static struct sasl_login_turn
simply(struct bench *b, const char *user, const char *password,
    const char *protocol, char salt[NAMED])
{
	struct scram_client c = { .hash = SCRAM_SHA256, .header = "n,,",
		.user = user, .password = password };

	return log_in(b, "SCRAM-SHA-256", &c, protocol, salt);
}

static void
test_people(struct bench *b)
{
	char known[NAMED] = "", salt[NAMED] = "", nobody[NAMED] = "";
	struct sasl_login_turn t
	    = simply(b, "one@example.org", "secret", "imap", known);

	is_number(t.next, SASL_PASSED, "the right password");
	is_number(t.who.account, b->one, "its account");
	same(view_of(t.who.address), VIEW("one@example.org"), "its address");
	ok(t.who.app == 0 && t.who.rights == APP_ALL, "all rights");
	t = simply(b, "ONE+x@example.org", "secret", "smtp", salt);
	is_number(t.next, SASL_PASSED, "the same, written otherwise");
	same(view_of(salt), view_of(known), "with the same salt");
	t = simply(b, "one@example.org", "Secret", "imap", salt);
	ok(t.next == SASL_REFUSED && t.r.is == DENIED
	        && t.who.account == 0,
	    "a wrong one");
	t = simply(b, "nobody@example.org", "secret", "imap", nobody);
	ok(t.next == SASL_REFUSED && t.r.is == DENIED, "nobody");
	ok(strlen(nobody) == strlen(known) && strcmp(nobody, known) != 0,
	    "who has a salt like anybody");
	t = simply(b, "Nobody+x@Example.org", "secret", "imap", salt);
	same(view_of(salt), view_of(nobody), "and the same at each try");
	must(domain_alias_add(b->home.store, VIEW("alias.example"),
		 VIEW("example.org")),
	    "a domain that stands for another");
	t = simply(b, "one@alias.example", "secret", "imap", salt);
	same(view_of(salt), view_of(known), "one salt in both domains");
	t = simply(b, "nobody@alias.example", "secret", "imap", salt);
	same(view_of(salt), view_of(nobody), "for nobody as well");
	must(account_set_enabled(b->home.store, b->one, false), "disable");
	t = simply(b, "one@example.org", "secret", "imap", salt);
	is_number(t.next, SASL_REFUSED, "a disabled account");
	same(view_of(salt), view_of(known), "does not show");
	must(account_set_enabled(b->home.store, b->one, true), "enable");
}

static int64_t
make_app(struct bench *b, struct app_password wanted, char text[NAMED])
{
	struct buf password = buf_new(AUTH_APP_TEXT);

	wanted.account = b->one;
	must(auth_app_add(b->home.store, &wanted, clock_now(), &password),
	    "auth_app_add");
	(void)view_copy(buf_view(&password), text, NAMED);
	buf_free(&password);
	return wanted.id;
}

static void
test_apps(struct bench *b)
{
	char phone[NAMED], away[NAMED], old[NAMED], salt[NAMED] = "";
	int64_t id = make_app(b, (struct app_password){ .rights = APP_IMAP },
	    phone);
	struct sasl_login_turn t;

	(void)make_app(b, (struct app_password){ .rights = APP_ALL,
	    .networks = VIEW("198.51.100.0/24") }, away);
	(void)make_app(b, (struct app_password){ .rights = APP_ALL,
	    .expires = clock_now() - 1 }, old);
	t = simply(b, "one@example.org", phone, "imap", salt);
	is_number(t.next, SASL_PASSED, "an app password");
	ok(t.who.app == id && t.who.rights == APP_IMAP, "and which it was");
	t = simply(b, "one@example.org", phone, "smtp", salt);
	is_number(t.next, SASL_REFUSED, "for what it may alone");
	t = simply(b, "one@example.org", away, "imap", salt);
	is_number(t.next, SASL_REFUSED, "from where it may alone");
	memcpy(b->peer.address, "198.51.100.9", 13);
	t = simply(b, "one@example.org", away, "imap", salt);
	is_number(t.next, SASL_PASSED, "from there");
	memcpy(b->peer.address, "192.0.2.7", 10);
	t = simply(b, "one@example.org", old, "imap", salt);
	is_number(t.next, SASL_REFUSED, "until its end");
	must(app_password_remove(b->home.store, b->one, id), "revoke");
	t = simply(b, "one@example.org", phone, "imap", salt);
	is_number(t.next, SASL_REFUSED, "a revoked one");
	t = simply(b, "one@example.org", "secret", "pop3", salt);
	ok(t.next == SASL_PASSED && t.who.app == 0,
	    "the main one is still good for all");
}

/* Keys are of one password, and are made at the next login in clear. */
/* The password changes while an exchange about the old one goes on. */
static void
test_meanwhile(struct bench *b, view hash)
{
	struct scram_client c = { .hash = SCRAM_SHA256, .header = "n,,",
		.user = "one@example.org", .password = "secret" };
	struct buf final = buf_new(8192);
	struct sasl_login_way way;
	struct sasl_login_turn t;
	struct sasl_login *x;
	struct auth_watch w;

	start(b, &way, &x, &c, &final);
	must(account_set_password(b->home.store, b->one, hash),
	    "meanwhile, another password");
	turn(x, buf_view(&final), &t);
	if (t.next == SASL_PASSED)
		auth_watch_begin(b->auth, &t.who, &w);
	ok(t.next != SASL_PASSED || auth_still(b->auth, &w).is == DENIED,
	    "the old one does nothing any more, at once");
	sasl_login_free(&x);
	buf_free(&final);
}

static void
test_change(struct bench *b)
{
	struct buf hash = buf_new(512);
	struct auth_attempt attempt = { VIEW("one@example.org"),
		VIEW("other"), VIEW("imap"), VIEW("192.0.2.7") };
	struct identity who;
	struct sasl_login_turn t;
	char salt[NAMED] = "";
	unsigned delay;

	must(auth_hash(VIEW("other"), &hash), "auth_hash");
	test_meanwhile(b, buf_view(&hash));
	t = simply(b, "one@example.org", "secret", "imap", salt);
	is_number(t.next, SASL_REFUSED, "the old password is gone");
	t = simply(b, "one@example.org", "other", "imap", salt);
	is_number(t.next, SASL_REFUSED, "the new one has no keys yet");
	must(auth_scram_keep(b->home.store, b->one, VIEW("{X}another"),
	         VIEW("secret")), "keys of what is not stored");
	t = simply(b, "one@example.org", "secret", "imap", salt);
	is_number(t.next, SASL_REFUSED, "are not kept");
	must(auth_password(b->auth, &attempt, &who, &delay), "PLAIN");
	t = simply(b, "one@example.org", "other", "imap", salt);
	is_number(t.next, SASL_PASSED, "after a login in clear it has");
	buf_free(&hash);
}

static void
test_binding(struct bench *b)
{
	static const struct {
		const char *header;
		view binding;
		enum sasl_login_next next;
	} cases[] = {
		{ "p=tls-exporter,,",
		    VIEW_INIT("thirty-two bytes of an exporter!"),
		    SASL_PASSED },
		{ "p=tls-server-end-point,,", VIEW_INIT("a certificate"),
		    SASL_PASSED },
		{ "p=tls-exporter,,",
		    VIEW_INIT("thirty-two bytes of an exporter?"),
		    SASL_REFUSED },
		{ "p=tls-exporter,,", VIEW_INIT("a certificate"),
		    SASL_REFUSED },
		{ "p=tls-exporter,,", VIEW_INIT(""), SASL_REFUSED },
		{ "p=tls-unique,,", VIEW_INIT(""), SASL_REFUSED },
		{ "n,,", VIEW_INIT(""), SASL_BROKEN },
	};
	char salt[NAMED] = "";

	b->peer.binding = channel;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scram_client c = { .hash = SCRAM_SHA256,
			.header = cases[i].header,
			.binding = cases[i].binding,
			.user = "one@example.org", .password = "other" };

		is_number(log_in(b, "SCRAM-SHA-256-PLUS", &c, "imap", salt)
		              .next, cases[i].next, cases[i].header);
	}
	b->peer.binding = (struct tls_binding){ .exporter_n = 0 };
	is_number(simply(b, "one@example.org", "other", "imap", salt).next,
	    SASL_PASSED, "a connection with nothing to bind to");
}

static void
list(struct bench *b, const char *wanted, const char *what)
{
	const struct sasl_login_way way = { .auth = b->auth, .peer = &b->peer,
		.protocol = "imap" };
	struct buf out = buf_new(256);

	sasl_login_list(&way, " ", &out);
	same(buf_view(&out), view_of(wanted), what);
	buf_free(&out);
}

static void
test_settings(struct bench *b)
{
	struct scram_client old = { .hash = SCRAM_SHA1, .header = "n,,",
		.user = "one@example.org", .password = "other" };
	struct auth_attempt attempt = { VIEW("one@example.org"),
		VIEW("other"), VIEW("imap"), VIEW("192.0.2.7") };
	char salt[NAMED] = "";
	struct identity who;
	struct auth *fresh;
	unsigned delay;

	list(b, " SCRAM-SHA-256 PLAIN LOGIN", "what is offered");
	is_number(log_in(b, "SCRAM-SHA-1", &old, "imap", salt).r.is,
	    NOT_FOUND, "SHA-1 is not");
	must(auth_scram_set(b->auth, AUTH_SCRAM_SHA1), "sha-1");
	b->peer.binding = channel;
	list(b, " SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS"
		" SCRAM-SHA-1 PLAIN LOGIN", "but where it is wanted");
	b->peer.binding = (struct tls_binding){ .exporter_n = 0 };
	is_number(log_in(b, "SCRAM-SHA-1", &old, "imap", salt).next,
	    SASL_REFUSED, "no keys of it yet");
	must(auth_new(&fresh, b->home.store), "auth_new");
	must(auth_scram_set(fresh, AUTH_SCRAM_SHA1), "sha-1");
	must(auth_password(fresh, &attempt, &who, &delay), "PLAIN");
	auth_free(&fresh);
	is_number(log_in(b, "SCRAM-SHA-1", &old, "imap", salt).next,
	    SASL_PASSED, "and now");
	must(auth_scram_set(b->auth, AUTH_SCRAM_OFF), "off");
	list(b, " PLAIN LOGIN", "off");
	is_number(simply(b, "one@example.org", "other", "imap", salt).r.is,
	    NOT_FOUND, "is off");
	must(auth_scram_set(b->auth, AUTH_SCRAM_SHA256), "on");
	is_number(simply(b, "one@example.org", "other", "imap", salt).next,
	    SASL_REFUSED, "and the keys were forgotten");
}

static void
begin(struct bench *b, struct sasl_login **x, struct sasl_login_turn *t)
{
	static struct sasl_login_way way;
	static const view initial = VIEW_INIT("biwsbj11c2VyLHI9YWJj");

	way = (struct sasl_login_way){ .auth = b->auth, .peer = &b->peer,
		.protocol = "imap", .data_with_success = true };
	sasl_login_begin(x, &way, VIEW("scram-sha-256"), &initial, t);
}

static void
test_breaks(struct bench *b)
{
	static const struct {
		const char *answer;
		enum status is;
	} cases[] = {
		{ "*", DENIED },
		{ "", MALFORMED },
		{ "=", MALFORMED },
		{ "!!!", MALFORMED },
		{ "Yz1iaXdzLHI9YWJjLHA9QUFBQQ==", MALFORMED },
	};
	struct sasl_login_turn t;
	struct sasl_login *x;

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(b, &x, &t);
		is_number(t.next, SASL_MORE, "n,,n=user,r=abc");
		sasl_login_go_on(x, view_of(cases[i].answer), &t);
		ok(t.next == SASL_BROKEN && t.r.is == cases[i].is,
		    "'%s': %s", cases[i].answer, t.r.why);
		sasl_login_go_on(x, VIEW(""), &t);
		ok(t.next == SASL_BROKEN, "and it is over");
		sasl_login_free(&x);
	}
}

static void
test_throttle(struct bench *b)
{
	char salt[NAMED] = "";
	struct sasl_login_turn t = { .next = SASL_MORE };
	unsigned longest = 0;
	struct scram_client c = { .hash = SCRAM_SHA256, .header = "n,,",
		.user = "one@example.org", .password = "other" };
	struct buf final = buf_new(8192);
	struct sasl_login_way way;
	struct sasl_login *x;

	start(b, &way, &x, &c, &final);
	for (int i = 0; i < LIMIT_AUTH_FAILURES + 20; i++) {
		t = simply(b, "two@example.org", "guess", "imap", salt);
		longest = t.delay_ms > longest ? t.delay_ms : longest;
		if (t.r.is == BUSY)
			break;
	}
	ok(longest >= 1000, "guessing gets slow: %u ms", longest);
	ok(t.next == SASL_REFUSED && t.r.is == BUSY,
	    "and then pointless");
	turn(x, buf_view(&final), &t);
	ok(t.next == SASL_REFUSED && t.r.is == BUSY && t.who.account == 0,
	    "also what was begun before");
	sasl_login_free(&x);
	buf_free(&final);
}

int
main(void)
{
	struct bench b = { .peer = { .address = "192.0.2.7", .tls = true } };
	struct buf hash = buf_new(512);

	home_begin(&b.home);
	must(auth_hash(VIEW("secret"), &hash), "auth_hash");
	must(account_add(b.home.store, VIEW("one@example.org"), VIEW("One"),
	         buf_view(&hash), &b.one), "account_add");
	must(auth_new(&b.auth, b.home.store), "auth_new");
	must(auth_scram_keep(b.home.store, b.one, buf_view(&hash),
	         VIEW("secret")), "auth_scram_keep");
	test_people(&b);
	test_apps(&b);
	test_change(&b);
	test_binding(&b);
	test_settings(&b);
	test_breaks(&b);
	test_throttle(&b);
	auth_free(&b.auth);
	buf_free(&hash);
	home_end(&b.home);
	return tap_done();
}
