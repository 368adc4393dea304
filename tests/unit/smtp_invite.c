/* An invitation that comes by mail reaches the calendar, when it was proved
 * who sent it, and the mailbox in any case. */
#include "mailcore/schedule/schedule.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/store/domain.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char invitation[] =
    "From: far@elsewhere.example\r\nTo: user@example.org\r\n"
    "Subject: Tea\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nTea?\r\n"
    "--b\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
    "\r\n"
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
    "METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:tea\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:20300301T090000Z\r\n"
    "ORGANIZER:mailto:far@elsewhere.example\r\n"
    "ATTENDEE:mailto:user@example.org\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n";

static void
must(result r, const char *what)
{
	if (r.is == OK)
		return;
	printf("Bail out! %s: %s\n", what, r.why);
	exit(1);
}

static int64_t
items(struct store *store, int64_t id, enum collection_kind kind,
    const char *name)
{
	struct arena *arena = arena_new(65536);
	struct collection c;
	struct account *a;
	int64_t n;

	must(account_open(store, id, &a), "open");
	must(collection_find(a, arena, kind, view_of(name), &c), name);
	n = c.items;
	account_close(&a);
	arena_free(&arena);
	return n;
}

static void
deliver(struct store *store, int64_t id, const struct verdict *v)
{
	const struct deliver_mail mail = { .hostname = "mx.example.org",
		.id = VIEW("1"),
		.sender = VIEW("far@elsewhere.example"),
		.message = view_of(invitation),
		.remote = VIEW("") };
	const struct target to = { .account = id,
		.address = VIEW("user@example.org") };
	struct arena *arena = arena_new(DELIVER_MEMORY);
	struct deliver_outcome out;

	must(deliver_account(store, arena, &mail, &to, v, &out), "deliver");
	arena_free(&arena);
}

static void
test(struct store *store, int64_t id)
{
	struct verdict v = { .authenticated_from = VIEW(""),
		.fields = VIEW(""), .results = VIEW("") };

	deliver(store, id, NULL);
	deliver(store, id, &v);
	is_number((long)items(store, id, COLLECTION_CALENDAR, "personal"), 0,
	    "not proved: not taken in");
	v.authenticated_from = VIEW("far@elsewhere.example");
	v.junk = true;
	deliver(store, id, &v);
	is_number((long)items(store, id, COLLECTION_CALENDAR, "personal"), 0,
	    "nor what is junk");
	v.junk = false;
	v.dmarc = VERDICT_DMARC_FAIL;
	deliver(store, id, &v);
	is_number((long)items(store, id, COLLECTION_CALENDAR, "personal"), 0,
	    "nor what its domain disowns");
	v.dmarc = VERDICT_DMARC_PASS;
	deliver(store, id, &v);
	is_number((long)items(store, id, COLLECTION_CALENDAR, "personal"), 1,
	    "proved: in the calendar");
	is_number((long)items(store, id, COLLECTION_INBOX, "inbox"), 1,
	    "and in the inbox of the calendars");
	is_number((long)(items(store, id, COLLECTION_MAILBOX, "INBOX")
		      + items(store, id, COLLECTION_MAILBOX, "Junk")),
	    5, "and each time among the mail");
}

/* From, ORGANIZER and who is asked, of a mail that somebody submits. */
#define SUBMITTED(from, organizer, uid)                                  \
	from "To: user@example.org\r\nMIME-Version: 1.0\r\n"            \
	     "Content-Type: text/calendar; method=REQUEST\r\n\r\n"      \
	     "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"   \
	     "METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:" uid "\r\n"       \
	     "DTSTAMP:20260101T000000Z\r\nDTSTART:20300301T090000Z\r\n" \
	     "ORGANIZER:mailto:" organizer "\r\n"                       \
	     "ATTENDEE:mailto:user@example.org\r\n"                     \
	     "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define FROM(address) "From: <" address ">\r\n"

static void
submit(struct store *store, int64_t id, int64_t submitter, const char *text)
{
	const struct deliver_mail mail = { .hostname = "mx.example.org",
		.id = VIEW("2"),
		.sender = VIEW("boss@example.org"),
		.message = view_of(text),
		.remote = VIEW(""),
		.submitter = submitter };
	const struct target to = { .account = id,
		.address = VIEW("user@example.org") };
	struct arena *arena = arena_new(DELIVER_MEMORY);
	struct deliver_outcome out;

	must(deliver_account(store, arena, &mail, &to, NULL, &out), "deliver");
	arena_free(&arena);
}

static void
test_submitted(struct store *store, int64_t id)
{
	static const struct {
		const char *text, *what;
		bool submitted, taken;
	} cases[] = {
		{ SUBMITTED(FROM("boss@example.org"), "boss@example.org", "a"),
		    "nobody has logged in", false, false },
		{ SUBMITTED(FROM("user@example.org"), "user@example.org", "b"),
		    "From somebody else here", true, false },
		{ SUBMITTED(FROM("far@elsewhere.example"),
		      "far@elsewhere.example", "c"),
		    "From somebody elsewhere", true, false },
		{ SUBMITTED(FROM("boss@example.org"), "user@example.org", "d"),
		    "another organizer", true, false },
		{ SUBMITTED(FROM("boss@example.org") FROM("user@example.org"),
		      "boss@example.org", "e"),
		    "two From fields", true, false },
		{ SUBMITTED("From: boss@example.org, user@example.org\r\n",
		      "boss@example.org", "f"),
		    "two addresses in From", true, false },
		{ SUBMITTED("", "boss@example.org", "g"), "no From", true,
		    false },
		{ SUBMITTED(FROM("Boss@Example.org"), "boss@example.org",
		      "h"),
		    "the organizer himself", true, true },
		{ SUBMITTED(FROM("boss@example.org"), "boss@example.org",
		      "h"),
		    "once more", true, false },
	};
	int64_t boss, before;

	must(account_add(store, VIEW("boss@example.org"), VIEW("Boss"),
		 VIEW(""), &boss),
	    "account");
	for (size_t i = 0; i < COUNT(cases); i++) {
		before = items(store, id, COLLECTION_CALENDAR, "personal");
		submit(store, id, cases[i].submitted ? boss : 0,
		    cases[i].text);
		is_number((long)(items(store, id, COLLECTION_CALENDAR,
				     "personal")
			      - before),
		    cases[i].taken ? 1 : 0, cases[i].what);
	}
}

int
main(void)
{
	const char *parent = getenv("TMPDIR");
	char folder[256], command[512];
	struct store *store;
	int64_t domain, id;

	(void)snprintf(folder, sizeof folder, "%s/invite.XXXXXX",
	    parent == NULL ? "/tmp" : parent);
	if (mkdtemp(folder) == NULL)
		must(fail(FAILED, "no folder"), "mkdtemp");
	must(store_recover(folder), "recover");
	must(store_open(&store,
		 &(struct store_options){ .data = folder, .journal = "mail" }),
	    "store");
	must(domain_add(store, VIEW("example.org"), VIEW(""), &domain),
	    "domain");
	must(account_add(store, VIEW("user@example.org"), VIEW("User"),
		 VIEW(""), &id),
	    "account");
	test(store, id);
	test_submitted(store, id);
	store_close(&store);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0)
		note("%s is left", folder);
	return tap_done();
}
