/*
 * What ends a command between two of its pieces: a right that is taken back,
 * and a login that has ended.
 */
#include "mailcore/imap/imap.h"
#include "tests/dialog/imap_fill.h"

enum { MESSAGES = 2100, LONG = 600000 };

static struct imap_services services;
static struct talk owner, guest;
static void (*between)(void); /* done before the next piece */

static struct step
run_between(void *session, view unit, struct buf *out)
{
	void (*now)(void) = between;

	if (unit.n == 0 && now != NULL) {
		between = NULL;
		now();
	}
	return imap_protocol.run(session, unit, out);
}

static void
prepare(struct talk *t)
{
	services = (struct imap_services){ .store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
		.message_limit = 1000000 };
	t->services = &services;
}

static void
guest_end(void)
{
	if (guest.session != NULL)
		imap_protocol.close(guest.session);
	buf_free(&guest.in);
	buf_free(&guest.out);
}

static void
guest_begin(void)
{
	static struct protocol stepping;

	stepping = imap_protocol;
	stepping.run = run_between;
	guest = owner;
	guest.protocol = &stepping;
	guest.in = buf_new(1 << 20);
	guest.out = buf_new(1 << 24);
	guest.session = NULL;
	guest.seen = 0;
	guest.closed = false;
	talk_open(&guest);
	talk_send(&owner, VIEW("s SETACL INBOX b@example.test lr\r\n"));
	talk_send(&guest,
	    VIEW("a LOGIN b@example.test secret\r\n"
		 "b SELECT \"Other Users/a@example.test/INBOX\"\r\n"));
}

static bool
guest_heard(const char *what)
{
	return view_find(buf_view(&guest.out), view_of(what)) != SIZE_MAX;
}

static void
take_back(void)
{
	talk_send(&owner, VIEW("t SETACL INBOX b@example.test l\r\n"));
}

static void
switch_off(void)
{
	talk_check(account_set_enabled(owner.store,
		       talk_account(&owner, VIEW("b")), false),
	    "switch off");
	auth_changed(owner.auth);
}

static void
test_search(void)
{
	guest_begin();
	ok(guest_heard("b OK [READ-ONLY]"), "the guest has opened it");
	talk_send(&guest, VIEW("c SEARCH SUBJECT crowd\r\n"));
	ok(guest_heard("* SEARCH 1 2 "), "and searches it");
	between = take_back;
	talk_send(&guest, VIEW("d SEARCH RETURN (MIN) SUBJECT crowd\r\n"));
	ok(between == NULL && guest_heard("d NO [NONEXISTENT]")
		&& !guest_heard("* ESEARCH"),
	    "not once the right was taken back");
	ok(!guest.closed, "and goes on otherwise");
	guest_end();
}

static void
test_fetch(void)
{
	guest_begin();
	talk_send(&guest, VIEW("c FETCH 1 (BODY.PEEK[] UID)\r\n"));
	ok(guest_heard("UID 1)\r\nc OK"), "a long message is read");
	buf_reset(&guest.out);
	between = take_back;
	talk_send(&guest, VIEW("d FETCH 1 (BODY.PEEK[] UID)\r\n"));
	ok(between == NULL && guest.closed && !guest_heard("UID 1)")
		&& guest.out.n < LONG,
	    "in the middle of one, nothing but an end is left");
	guest_end();
}

static void
test_login(void)
{
	guest_begin();
	between = switch_off;
	talk_send(&guest, VIEW("c SEARCH SUBJECT crowd\r\n"));
	ok(between == NULL && guest.closed && guest_heard("* BYE [EXPIRED]")
		&& !guest_heard("* SEARCH"),
	    "a login that has ended gets no answer any more");
	guest_end();
}

int
main(void)
{
	owner = (struct talk){ .protocol = &imap_protocol,
		.prepare = prepare, .file = "between" };
	talk_begin(&owner);
	owner.peer.tls = true;
	talk_open(&owner);
	talk_send(&owner, VIEW("a LOGIN a@example.test secret\r\n"));
	imap_fill(&owner, 1, LONG / 10);
	imap_fill(&owner, MESSAGES, 1);
	test_search();
	test_fetch();
	test_login();
	owner.seen = owner.out.n;
	talk_end(&owner);
	return tap_done();
}
