/* POP3 answers that are sent in pieces, and two sessions on one mailbox. */
#include "mailcore/format/wire.h"
#include "mailcore/pop3/pop3.h"
#include "tests/dialog/talk.h"

static struct pop3_services services;

static void
prepare(struct talk *t)
{
	services = (struct pop3_services){
		.store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
	};
	t->services = &services;
}

static void
log_in(struct talk *t)
{
	t->peer.tls = true;
	talk_open(t);
	talk_send(t, VIEW("AUTH PLAIN AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n"));
	t->seen = t->out.n;
}

static void
begin(struct talk *t)
{
	*t = (struct talk){ .protocol = &pop3_protocol, .prepare = prepare,
		.file = "pieces" };
	talk_begin(t);
}

/* Dots and ends of lines at every distance, so that every cut of the engine
 * falls on some of them. */
static void
make_text(struct buf *text, size_t size)
{
	buf_add(text, VIEW("Subject: long\r\n\r\n"));
	for (size_t i = 0; text->n < size; i++) {
		for (size_t k = 0; k < i % 7; k++)
			buf_add_byte(text, k % 2 == 0 ? '.' : 'x');
		buf_add(text, VIEW("\r\n"));
	}
}

static result
add_only(struct account *account, void *context)
{
	struct talk_box *box = context;
	struct arena *arena = arena_new(65536);
	struct collection inbox;
	struct item item;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    VIEW("INBOX"), &inbox);

	if (r.is == OK)
		r = item_add(account, inbox.id, &box->item, &item);
	arena_free(&arena);
	return r;
}

static void
add_item(struct talk *t, view bytes)
{
	const struct item_summary summary = { .envelope = VIEW("NIL") };
	struct talk_box box = { .item = { .summary = &summary } };
	struct account *account = NULL;

	box.item.bytes = spool_new(t->store, 1 << 24);
	spool_add(box.item.bytes, bytes);
	talk_check(account_open(t->store, talk_account(t, VIEW("a")),
		       &account),
	    "account_open");
	talk_check(item_prepare(account, box.item.bytes), "item_prepare");
	talk_check(account_write(account, add_only, &box, DURABLE_LATER),
	    "item_add");
	account_close(&account);
	spool_free(&box.item.bytes);
}

static void
test_long_message(size_t size)
{
	struct buf text = buf_new(1 << 24), wanted = buf_new(1 << 24);
	struct wire wire = { .stuff = true };
	struct talk t;

	begin(&t);
	make_text(&text, size);
	add_item(&t, buf_view(&text));
	log_in(&t);
	buf_print(&wanted, "+OK %zu octets\r\n", text.n);
	wire_add(&wire, buf_view(&text), &wanted);
	wire_end(&wire, &wanted);
	buf_add(&wanted, VIEW(".\r\n+OK\r\n"));
	talk_send(&t, VIEW("RETR 1\r\nNOOP\r\n"));
	ok(view_eq(view_from(buf_view(&t.out), t.seen), buf_view(&wanted)),
	    "a message of %zu octets arrives as it is", text.n);
	t.seen = t.out.n;
	talk_end(&t);
	buf_free(&text);
	buf_free(&wanted);
}

static void
test_long_list(void)
{
	enum { MESSAGES = 2001 };
	struct buf wanted = buf_new(1 << 20);
	struct talk t;

	begin(&t);
	for (int i = 0; i < MESSAGES; i++)
		add_item(&t, VIEW("a\r\n"));
	log_in(&t);
	buf_print(&wanted, "+OK %d messages (%d octets)\r\n", MESSAGES,
	    3 * MESSAGES);
	for (int i = 1; i <= MESSAGES; i++)
		buf_print(&wanted, "%d 3\r\n", i);
	buf_add(&wanted, VIEW(".\r\n+OK\r\n"));
	talk_send(&t, VIEW("LIST\r\nNOOP\r\n"));
	ok(view_eq(view_from(buf_view(&t.out), t.seen), buf_view(&wanted)),
	    "a list of %d messages is whole", MESSAGES);
	t.seen = t.out.n;
	talk_end(&t);
	buf_free(&wanted);
}

/* What `session` says to `line`. */
static void
ask(struct talk *t, void *session, const char *line, const char *wanted)
{
	void *own = t->session;

	t->session = session;
	t->closed = false;
	talk_send(t, view_of(line));
	talk_expect(t, view_of(wanted));
	t->session = own;
}

static void
test_two_sessions(void)
{
	struct talk t;
	void *other;

	begin(&t);
	add_item(&t, VIEW("one\r\n"));
	add_item(&t, VIEW("two\r\n"));
	log_in(&t);
	other = t.protocol->open(t.services, &t.peer, &t.out);
	t.seen = t.out.n;
	ask(&t, other, "AUTH PLAIN AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n",
	    "+OK 2 *");
	ask(&t, t.session, "DELE 1\r\n", "+OK *");
	ask(&t, other, "RETR 1\r\n", "+OK 5 octets");
	talk_expect(&t, VIEW("one"));
	talk_expect(&t, VIEW("."));
	ask(&t, t.session, "QUIT\r\n", "+OK *");
	ask(&t, other, "STAT\r\n", "+OK 2 10");
	ask(&t, other, "RETR 1\r\n", "-ERR *");
	ask(&t, other, "RETR 2\r\n", "+OK 5 octets");
	talk_expect(&t, VIEW("two"));
	talk_expect(&t, VIEW("."));
	ask(&t, other, "DELE 1\r\n", "+OK *");
	ask(&t, other, "QUIT\r\n", "+OK *");
	talk_line(&t, VIEW("! count a 1"));
	t.protocol->close(other);
	talk_end(&t);
}

int
main(void)
{
	test_long_message(40000);
	test_long_message(300000);
	test_long_list();
	test_two_sessions();
	return tap_done();
}
