/* Domains and mailboxes as an operator makes them, over a store of its own. */
#include "mailcore/admin/admin.h"

#include "mailcore/base/ascii.h"
#include "mailcore/sys/log.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct store *
open_store(char folder[64])
{
	const struct store_options options = { .data = folder,
		.journal = "test" };
	struct store *store = NULL;
	result r;

	(void)snprintf(folder, 64, "/tmp/admin-XXXXXX");
	if (mkdtemp(folder) == NULL)
		abort();
	r = store_recover(folder);
	if (r.is == OK)
		r = store_open(&store, &options);
	ok(r.is == OK, "a store: %s", r.why);
	if (r.is != OK)
		exit(tap_done());
	return store;
}

static void
remove_folder(const char *folder)
{
	char command[96];

	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	ok(system(command) == 0, "the folder is removed");
}

static void
test_domains(struct store *store)
{
	static const struct {
		const char *name;
		const char *shown;
		enum status is;
	} cases[] = {
		{ "example.test", "Example", OK },
		{ "EXAMPLE.test", "", EXISTS },
		{ "m\xc3\xbcller.test", "", OK },
		{ "xn--mller-kva.test", "", EXISTS },
		{ "localhost", "", MALFORMED },
		{ "", "", MALFORMED },
		{ "a..test", "", MALFORMED },
		{ "a b.test", "", MALFORMED },
		{ "[127.0.0.1]", "", MALFORMED },
		{ "x.test", "two\nlines", MALFORMED },
		{ "x.test", "\xff", MALFORMED },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		result r = admin_domain_add(store, view_of(cases[i].name),
		    view_of(cases[i].shown));

		ok(r.is == cases[i].is, "domain '%s': %s", cases[i].name,
		    r.why);
	}
}

static void
test_mailboxes(struct store *store)
{
	static const struct {
		const char *address;
		const char *password;
		enum status is;
	} cases[] = {
		{ "fred@example.test", "secret", OK },
		{ "Fred@EXAMPLE.test", "secret", EXISTS },
		{ "o'hara.x_y-z@example.test", "secret", OK },
		{ "eve@m\xc3\xbcller.test", "secret", OK },
		{ "eve@elsewhere.test", "secret", NOT_FOUND },
		{ "a/b@example.test", "secret", MALFORMED },
		{ "a+b@example.test", "secret", MALFORMED },
		{ "a%b@example.test", "secret", MALFORMED },
		{ "\"a b\"@example.test", "secret", MALFORMED },
		{ "j\xc3\xb6rg@example.test", "secret", MALFORMED },
		{ "fred", "secret", MALFORMED },
		{ "@example.test", "secret", MALFORMED },
		{ "", "secret", MALFORMED },
		{ "empty@example.test", "", MALFORMED },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		result r = admin_mailbox_add(store, view_of(cases[i].address),
		    VIEW("Name"), view_of(cases[i].password));

		ok(r.is == cases[i].is, "mailbox '%s': %s", cases[i].address,
		    r.why);
	}
}

static enum status
login(struct auth *auth, const char *password)
{
	const struct auth_attempt attempt = { VIEW("fred@example.test"),
		view_of(password), VIEW("test"), VIEW("127.0.0.1") };
	struct identity who;
	unsigned delay;

	return auth_password(auth, &attempt, &who, &delay).is;
}

static void
test_passwords(struct store *store)
{
	view fred = VIEW("fred@example.test");
	struct auth *auth = NULL;
	result r = auth_new(&auth, store);

	ok(r.is == OK, "auth: %s", r.why);
	is_number(login(auth, "secret"), OK, "the first password");
	r = admin_password_set(store, fred, VIEW("changed"));
	ok(r.is == OK, "a new password: %s", r.why);
	is_number(login(auth, "secret"), DENIED, "the old one is over at once");
	is_number(login(auth, "changed"), OK, "the new one fits");
	r = admin_password_import(store, fred,
	    VIEW("{SSHA256}oBmrdHcA6OZEkkCLeXh71YAerbvhXz1qqwjrPsXmEtNzYWx0c2"
	         "FsdA=="));
	ok(r.is == OK, "an imported one: %s", r.why);
	is_number(login(auth, "secret"), OK, "it fits");
	r = admin_password_import(store, fred, VIEW("{PLAIN}secret"));
	ok(r.is == MALFORMED, "never in clear: %s", r.why);
	r = admin_mailbox_enable(store, fred, false);
	ok(r.is == OK, "switched off: %s", r.why);
	is_number(login(auth, "secret"), DENIED, "off at once");
	r = admin_mailbox_enable(store, fred, true);
	ok(r.is == OK, "switched on: %s", r.why);
	is_number(login(auth, "secret"), OK, "on again");
	r = admin_password_set(store, VIEW("fred+x@example.test"), VIEW("y"));
	ok(r.is != OK, "not by a detail: %s", r.why);
	r = admin_password_set(store, VIEW("none@example.test"), VIEW("y"));
	ok(r.is == NOT_FOUND, "not for nobody: %s", r.why);
	auth_free(&auth);
}

static void
test_removal(struct store *store)
{
	result r = admin_domain_remove(store, VIEW("example.test"));

	ok(r.is == DENIED, "a domain with mailboxes: %s", r.why);
	r = admin_mailbox_remove(store, VIEW("FRED@example.test"));
	ok(r.is == OK, "a mailbox goes: %s", r.why);
	r = admin_mailbox_remove(store, VIEW("fred@example.test"));
	ok(r.is == NOT_FOUND, "once: %s", r.why);
	r = admin_mailbox_remove(store, VIEW("o'hara.x_y-z@example.test"));
	ok(r.is == OK, "the other too: %s", r.why);
	r = admin_domain_remove(store, VIEW("example.test"));
	ok(r.is == OK, "then the domain: %s", r.why);
	r = admin_domain_remove(store, VIEW("example.test"));
	ok(r.is == NOT_FOUND, "once: %s", r.why);
}

static void
test_made(void)
{
	struct buf a = buf_new(64), b = buf_new(64);
	bool readable = true;

	admin_password_make(&a);
	admin_password_make(&b);
	is_number((int64_t)a.n, 23, "four groups of five");
	ok(!view_eq(buf_view(&a), buf_view(&b)), "never twice");
	for (size_t i = 0; i < a.n; i++)
		readable = readable && (a.p[i] == '-'
		    || ((ascii_is_digit(a.p[i]) || ascii_is_alpha(a.p[i]))
		        && view_find_byte(VIEW("il1o0"), a.p[i]) == SIZE_MAX));
	ok(readable, "letters that look like no other: %s", buf_text(&a));
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	char folder[64];
	struct store *store;

	log_open("test", LOG_ERROR);
	store = open_store(folder);
	test_domains(store);
	test_mailboxes(store);
	test_passwords(store);
	test_removal(store);
	test_made();
	store_close(&store);
	remove_folder(folder);
	return tap_done();
}
