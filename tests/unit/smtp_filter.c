/* What scripts ask of a delivery: mailboxes by number, other scripts,
 * notifications, and names that are no own ones. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/store/handling.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

#include <stdio.h>

static result
use_script(struct account *a, void *context)
{
	TRY(script_put(a, VIEW("s"), view_of(context)));
	return script_activate(a, VIEW("s"));
}

static result
keep_other(struct account *a, void *context)
{
	return script_put(a, VIEW("other"), view_of(context));
}

static void
work(struct home *h, account_work *what, char *text)
{
	struct account *a = home_open(h, 1);

	must(account_write(a, what, text, DURABLE), text);
	account_close(&a);
}

static void
deliver(struct home *h, const char *sender, const char *text)
{
	const struct deliver_mail mail = { .hostname = "mx.example",
		.id = VIEW("id"), .sender = view_of(sender),
		.message = view_of(text) };
	const struct target to = { .account = 1,
		.address = VIEW("user1@example.org") };
	struct deliver_outcome out;

	must(deliver_account(h->store, h->arena, &mail, &to, NULL, &out),
	    text);
}

struct found {
	const char *box;
	int64_t id, count;
};

static result
look(struct account *a, void *context)
{
	struct found *f = context;
	struct arena *arena = arena_new(65536);
	struct collection c = { .id = 0 };
	result r = collection_find(a, arena, COLLECTION_MAILBOX,
	    view_of(f->box), &c);

	f->id = c.id;
	f->count = r.is == OK ? c.items : -1;
	arena_free(&arena);
	return r.is == NOT_FOUND ? done() : r;
}

/* Below 0: no such mailbox. */
static int64_t
count_in(struct home *h, const char *box, int64_t *id)
{
	struct account *a = home_open(h, 1);
	struct found f = { .box = box };

	must(account_read(a, look, &f), "look");
	account_close(&a);
	if (id != NULL)
		*id = f.id;
	return f.count;
}

static int64_t
queued(struct home *h)
{
	int64_t messages, recipients, oldest;

	must(queue_counts(h->store, &messages, &recipients, &oldest),
	    "queue_counts");
	return messages;
}

static void
test_names(struct home *h)
{
	static char others[] = "require [\"fileinto\", \"mailbox\"];"
	    "fileinto :create \"Other Users/x/INBOX\";";
	static char itself[] = "require [\"fileinto\", \"mailbox\"];"
	    "fileinto :create \"Other Users\";";
	static char empty[] = "require [\"fileinto\", \"mailbox\"];"
	    "fileinto :create \"a//b\";";
	static char like[] = "require [\"fileinto\", \"mailbox\"];"
	    "fileinto :create \"Other Users of it\";";

	work(h, use_script, others);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Other Users/x/INBOX", NULL), -1,
	    "no own mailbox among those of others");
	is_number(count_in(h, "INBOX", NULL), 1, "the mail is in INBOX");
	work(h, use_script, itself);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Other Users", NULL), -1, "nor above them");
	work(h, use_script, empty);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "a//b", NULL), -1, "nor an empty level");
	is_number(count_in(h, "INBOX", NULL), 3, "all of it in INBOX");
	work(h, use_script, like);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Other Users of it", NULL), 1,
	    "another name is one");
}

static void
test_numbers(struct home *h)
{
	int64_t id, before = count_in(h, "INBOX", NULL);
	char text[512];

	is_number(count_in(h, "Other Users of it", &id), 1, "a mailbox");
	(void)snprintf(text, sizeof text, "require [\"fileinto\","
	    " \"mailboxid\"]; if not mailboxidexists \"F%lld\" { stop; }"
	    " if mailboxidexists [\"F%lld\", \"F999999\", \"F\", \"x\"]"
	    " { stop; } fileinto :mailboxid \"F%lld\" \"INBOX\";",
	    (long long)id, (long long)id, (long long)id);
	work(h, use_script, text);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Other Users of it", NULL), 2, "by its number");
	(void)snprintf(text, sizeof text, "require [\"fileinto\","
	    " \"mailboxid\"]; fileinto :mailboxid \"F999999\""
	    " \"Other Users of it\";");
	work(h, use_script, text);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Other Users of it", NULL), 3, "by its name");
	is_number(count_in(h, "INBOX", NULL), before, "nothing elsewhere");
}

/* What was taken once sorts mail as it did, though it is refused today. */
static void
test_stored(struct home *h)
{
	static char old[] = "require [\"fileinto\", \"mailbox\","
	    " \"vacation\"]; fileinto :create \"Old\";"
	    " vacation :from \"Ann (Sales) <ann@b.example>\" \"Gone\";";
	static char twice[] = "require [\"fileinto\", \"mailbox\"];"
	    " fileinto \"Made\"; fileinto :create \"Made\";";

	work(h, use_script, old);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Old", NULL), 1, "a script of old");
	work(h, use_script, twice);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Made", NULL), 1, "made for the second");
}

static void
test_include(struct home *h)
{
	static char other[] = "require [\"fileinto\", \"mailbox\"];"
	    "fileinto :create \"Included\";";
	static char uses[] = "require \"include\"; include \"other\";";
	static char misses[] = "require \"include\"; discard;"
	    " include \"none\";";
	int64_t before = count_in(h, "INBOX", NULL);

	work(h, keep_other, other);
	work(h, use_script, uses);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "Included", NULL), 1, "an included script");
	work(h, use_script, misses);
	deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(count_in(h, "INBOX", NULL), before + 1,
	    "one that is missing loses nothing");
}

static bool
has(view text, const char *what)
{
	return view_find(text, view_of(what)) != SIZE_MAX;
}

static void
test_notify(struct home *h)
{
	static char notifies[] = "require [\"enotify\", \"fileinto\"];"
	    "notify :importance \"1\" :from \"not@mine.example\" :message"
	    " \"You have\r\nBcc: x@y.example\""
	    " \"mailto:phone@far.example,two@far.example?body=Look%20here\";"
	    " discard;";
	struct queue_lease lease;
	view sent;
	int64_t before = queued(h), wake;

	work(h, use_script, notifies);
	deliver(h, "s@far.example", "Auto-Submitted: auto-replied\r\n"
	    "Subject: a\r\n\r\nx\r\n");
	deliver(h, "s@far.example", "Auto-Submitted: auto-notified; a=b\r\n"
	    "Subject: a\r\n\r\nx\r\n");
	deliver(h, "s@far.example", "Delivered-To: user1@example.org\r\n"
	    "Subject: a\r\n\r\nx\r\n");
	is_number(queued(h), before, "nothing for what a program sent");
	deliver(h, "s@far.example", "Auto-Submitted: no\r\n"
	    "Subject: a\r\n\r\nx\r\n");
	is_number(queued(h), before + 1, "a notification is sent");
	must(queue_lease_newest(h->store, h->arena, clock_now() + 1, 60,
		 &lease, &wake), "queue_lease_newest");
	sent = lease.message.data;
	same(lease.message.sender, VIEW("user1@example.org"), "by the person");
	ok(has(sent, "From: <user1@example.org>\r\n"), "from them");
	ok(has(sent, "To: <phone@far.example>,\r\n"
	    " <two@far.example>\r\n"), "to both");
	ok(has(sent, "Auto-Submitted: auto-notified;"
	    " owner-email=\"user1@example.org\"\r\n"), "RFC 5436 2.7.1");
	ok(has(sent, "Importance: high\r\n"), "important");
	ok(has(sent, "Subject: You have  Bcc: x@y.example\r\n"),
	    "its message is one line");
	ok(has(sent, "\r\n\r\nTG9vayBoZXJl"), "and its body");
	deliver(h, "", "Subject: a\r\n\r\nx\r\n");
	is_number(queued(h), before + 2, "null senders may notify");
	must(queue_lease_newest(h->store, h->arena, clock_now() + 1, 60,
		 &lease, &wake), "queue_lease_newest");
	same(lease.message.sender, VIEW(""), "without a sender (2.7)");
	for (int i = 0; i < LIMIT_NOTIFIES_HOUR; i++)
		deliver(h, "s@far.example", "Subject: a\r\n\r\nx\r\n");
	is_number(queued(h), LIMIT_NOTIFIES_HOUR,
	    "no more than so many in an hour");
}

/* A header that names the owner needs SMTPUTF8 though no path does. */
static void
test_notify_utf8(struct home *h)
{
	static char notifies[] = "require \"enotify\";"
	    " notify \"mailto:phone@far.example\"; discard;";
	const struct deliver_mail mail = { .hostname = "mx.example",
		.id = VIEW("id"), .sender = VIEW(""),
		.message = VIEW("Subject: a\r\n\r\nx\r\n") };
	struct target to = { .address = VIEW("j\xc3\xb6@example.org") };
	struct deliver_outcome out;
	struct queue_lease lease;
	struct account *a;
	int64_t wake;

	must(account_add(h->store, to.address, VIEW("J"), VIEW("{X}x"),
		 &to.account), "account_add");
	a = home_open(h, to.account);
	must(account_write(a, use_script, notifies, DURABLE), notifies);
	account_close(&a);
	must(deliver_account(h->store, h->arena, &mail, &to, NULL, &out),
	    "deliver");
	must(queue_lease_newest(h->store, h->arena, clock_now() + 1, 60,
		 &lease, &wake), "queue_lease_newest");
	ok(has(lease.message.data, "From: <j\xc3\xb6@example.org>\r\n"),
	    "from an address beyond ASCII");
	ok(lease.message.sender.n == 0 && lease.message.smtputf8,
	    "RFC 6531 3.4: which needs SMTPUTF8");
}

static void
test_refused(struct home *h)
{
	static char refuses[] = "require [\"enotify\", \"reject\"];"
	    "notify \"mailto:phone@far.example\"; reject \"no\";";
	const struct deliver_mail mail = { .hostname = "mx.example",
		.id = VIEW("id"), .sender = VIEW("s@far.example"),
		.message = VIEW("Subject: a\r\n\r\nx\r\n") };
	const struct target to = { .account = 1,
		.address = VIEW("user1@example.org") };
	struct deliver_outcome out;
	int64_t before = queued(h);

	work(h, use_script, refuses);
	must(deliver_account(h->store, h->arena, &mail, &to, NULL, &out),
	    "deliver_account");
	same(out.refusal, VIEW("no"), "refused");
	is_number(queued(h), before + 1, "and told of");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	is_number(home_person(&h, 1), 1, "a person");
	test_names(&h);
	test_numbers(&h);
	test_stored(&h);
	test_include(&h);
	test_refused(&h);
	test_notify(&h);
	test_notify_utf8(&h);
	home_end(&h);
	return tap_done();
}
