/* Where mail goes: addresses expanded, senders rewritten, replies refused. */
#include "mailcore/base/limits.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/smtp/srs.h"
#include "mailcore/smtp/vacation.h"
#include "mailcore/store/alias.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/handling.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

static void
put(struct home *h, const char *address, enum alias_kind kind,
    const char *target)
{
	const struct alias a = { .address = view_of(address), .kind = kind,
		.target = view_of(target) };

	must(alias_put(h->store, &a, 0), address);
}

/* All targets of an address, "account 1 a@b" or "a@b via c@d", a comma
 * between; else why there is none. */
static void
expands(struct home *h, const char *address, int64_t who, const char *wanted)
{
	const struct expand_who w = { .account = who };
	struct expansion e;
	struct buf out = buf_new(1 << 20);
	result r = expand_address(h->store, h->arena, view_of(address), &w,
	    &e);

	if (r.is != OK)
		buf_add_text(&out, r.why);
	for (const struct target *t = e.first; r.is == OK && t != NULL;
	    t = t->next) {
		if (out.n > 0)
			buf_add(&out, VIEW(", "));
		if (t->account != 0)
			buf_print(&out, "%lld", (long long)t->account);
		else
			buf_add(&out, t->address);
		if (t->via.n > 0)
			buf_print(&out, " via %.*s", (int)t->via.n, t->via.p);
	}
	same(buf_view(&out), view_of(wanted), address);
	buf_free(&out);
}

static void
test_expansion(struct home *h)
{
	int64_t one = home_person(h, 1), two = home_person(h, 2);

	ok(one == 1 && two == 2, "two people");
	must(domain_alias_add(h->store, VIEW("short.example"),
		 VIEW("example.org")),
	    "domain_alias_add");
	expands(h, "user1@example.org", 0, "1");
	expands(h, "USER1+x@Short.Example", 0, "1");
	expands(h, "nobody@short.example", 0, "no such address");
	expands(h, "a@elsewhere.example", 0, "not a domain of ours");
	put(h, "list@example.org", ALIAS_FORWARD,
	    "user1@example.org\nuser2+d@short.example\nx@far.example\n"
	    "X@far.example\nlist@example.org\nuser1@example.org\n");
	expands(h, "list@example.org", 0,
	    "1, 2, x@far.example via list@example.org");
	put(h, "ping@example.org", ALIAS_FORWARD, "pong@example.org");
	put(h, "pong@example.org", ALIAS_FORWARD, "ping@example.org");
	expands(h, "ping@example.org", 0, "this alias leads nowhere");
	put(h, "gone@example.org", ALIAS_FORWARD, "nobody@example.org");
	expands(h, "gone@example.org", 0, "no such address");
	put(h, "void@example.org", ALIAS_DISCARD, "");
	expands(h, "void@example.org", 0, "");
	put(h, "old@example.org", ALIAS_REFUSE, "moved");
	expands(h, "old@example.org", 0, "this address takes no mail");
	put(h, "all@example.org", ALIAS_EVERYONE, "");
	expands(h, "all@example.org", 0,
	    "only people of this domain may write to it");
	expands(h, "all@example.org", two, "1, 2");
	put(h, "@example.org", ALIAS_FORWARD, "rest@far.example");
	expands(h, "whoever@short.example", 0,
	    "rest@far.example via @example.org");
	must(alias_remove(h->store, VIEW("@example.org")), "alias_remove");
	expands(h, "postmaster@example.org", 0, "1");
	expands(h, "postmaster", 0, "1");
}

/* A domain that is switched off for now. */
static void
test_off(struct home *h)
{
	struct domain org, other;

	must(domain_add(h->store, VIEW("off.example"), VIEW(""), &other.id),
	    "domain_add");
	must(domain_find(h->store, h->arena, VIEW("example.org"), &org),
	    "domain_find");
	put(h, "far@off.example", ALIAS_FORWARD, "user1@example.org");
	put(h, "two@off.example", ALIAS_FORWARD,
	    "user1@example.org\nx@far.example");
	must(domain_set_enabled(h->store, org.id, false), "off");
	expands(h, "user1@example.org", 0,
	    "this domain is switched off for now");
	expands(h, "nobody@short.example", 0,
	    "this domain is switched off for now");
	expands(h, "far@off.example", 0,
	    "user1@example.org via far@off.example");
	expands(h, "two@off.example", 0, "user1@example.org via"
	    " two@off.example, x@far.example via two@off.example");
	must(alias_add(h->store, VIEW("own@off.example"), 1), "alias_add");
	expands(h, "own@off.example", 0,
	    "this domain is switched off for now");
	put(h, "sub@off.example", ALIAS_FORWARD, "own@off.example");
	expands(h, "sub@off.example", 0,
	    "user1@example.org via sub@off.example");
	must(domain_set_enabled(h->store, org.id, true), "on");
	expands(h, "far@off.example", 0, "1");
	expands(h, "own@off.example", 0, "1");
	must(domain_remove(h->store, VIEW("off.example")), "remove");
}

/* Aliases behind aliases: the last that is followed, and one more. */
static void
test_depth(struct home *h)
{
	for (int i = 0; i <= LIMIT_ALIAS_DEPTH; i++)
		put(h, arena_text(h->arena, arena_print(h->arena,
			"d%d@example.org", i)), ALIAS_FORWARD,
		    i == 0 ? "end@far.example"
			   : arena_text(h->arena, arena_print(h->arena,
				 "d%d@example.org", i - 1)));
	expands(h, "d9@example.org", 0, "end@far.example via d0@example.org");
	expands(h, "d10@example.org", 0, "too many aliases behind aliases");
}

static void
test_expiry(struct home *h)
{
	const struct alias a = { .address = VIEW("temp@example.org"),
		.expires = 1000 };
	struct destination to;
	int64_t id;

	must(alias_put(h->store, &a, 1), "alias_put");
	is_result(alias_resolve(h->store, h->arena, a.address, 999, &to), OK,
	    "a second before its end");
	is_result(alias_resolve(h->store, h->arena, a.address, 1000, &to),
	    STALE, "at its end");
	is_result(account_add(h->store, a.address, VIEW(""), VIEW("{X}x"),
		      &id),
	    EXISTS, "nobody else gets it");
	is_result(alias_add(h->store, VIEW("void@example.org"), 1), EXISTS,
	    "an address has one meaning");
	is_result(domain_add(h->store, VIEW("short.example"), VIEW(""), &id),
	    EXISTS, "an alias domain is not hosted too");
	is_result(domain_alias_add(h->store, VIEW("example.org"),
		      VIEW("example.org")),
	    EXISTS, "nor a hosted one an alias");
}

static void
test_srs(struct home *h)
{
	const int64_t day = 86400, now = 20000 * day;
	unsigned char key[SRS_KEY], again[SRS_KEY];
	view out, back, local;
	char *forged;

	must(srs_key(h->store, key), "srs_key");
	must(srs_key(h->store, again), "srs_key again");
	ok(memcmp(key, again, sizeof key) == 0, "one key");
	must(srs_forward(key, h->arena, VIEW("Some.One@Far.example"),
		 VIEW("example.org"), now, &out),
	    "srs_forward");
	ok(view_starts(out, VIEW("SRS0="))
		&& view_ends(out, VIEW("=Far.example=Some.One@example.org")),
	    "SRS0: %.*s", (int)out.n, out.p);
	back = out;
	local = view_cut(&back, '@');
	ok(srs_is(local) && !srs_is(VIEW("srs0")) && !srs_is(VIEW("SRS")),
	    "is recognised");
	must(srs_back(key, h->arena, local, now + SRS_DAYS * day, &back),
	    "its last day");
	same(back, VIEW("Some.One@Far.example"), "whom it means");
	is_result(srs_back(key, h->arena, local, now + (SRS_DAYS + 1) * day,
		      &back),
	    NOT_FOUND, "a day later");
	for (size_t i = 0; i < local.n; i++) {
		result r;

		forged = (char *)(uintptr_t)arena_copy(h->arena, local).p;
		forged[i] = forged[i] == 'x' ? 'y' : 'x';
		r = srs_back(key, h->arena, (view){ forged, local.n }, now,
		    &back);
		if (r.is == OK)
			ok(false, "forged at %zu", i);
	}
	for (size_t n = 0; n < local.n; n++)
		if (srs_back(key, h->arena, view_first(local, n), now,
			&back).is == OK)
			ok(false, "cut at %zu", n);
	must(srs_forward(key, h->arena, out, VIEW("two.example"), now, &out),
	    "a second hop");
	ok(view_starts(out, VIEW("SRS1=")), "SRS1: %.*s", (int)out.n, out.p);
	local = view_cut(&out, '@');
	must(srs_back(key, h->arena, local, now, &back), "back one hop");
	ok(view_starts(back, VIEW("SRS0="))
		&& view_ends(back, VIEW("@example.org")),
	    "to the first: %.*s", (int)back.n, back.p);
	is_result(srs_forward(key, h->arena,
		      VIEW("a-very-long-local-part-that-fills-almost-all-of-it"
			   "@far.example"),
		      VIEW("example.org"), now, &out),
	    OVER_LIMIT, "too long");
	is_result(srs_forward(key, h->arena,
		      VIEW("\"a> SIZE=1\"@far.example"), VIEW("example.org"),
		      now, &out),
	    OVER_LIMIT, "quoted");
}

static void
test_answers(void)
{
	static const struct {
		const char *sender, *header;
		bool yes;
	} rows[] = {
		{ "a@b.example", "Subject: x\r\n\r\n", true },
		{ "a@b.example", "Auto-Submitted: no (really)\r\n\r\n",
		    false },
		{ "a@b.example", "Auto-Submitted: no; x=y\r\n\r\n", true },
		{ "a@b.example", "Auto-Submitted: auto-replied\r\n\r\n",
		    false },
		{ "a@b.example", "Precedence: Bulk\r\n\r\n", false },
		{ "a@b.example", "Precedence: first-class\r\n\r\n", true },
		{ "a@b.example", "List-Unsubscribe: <x>\r\n\r\n", false },
		{ "a@b.example", "X-Auto-Response-Suppress: DR, OOF\r\n\r\n",
		    false },
		{ "a@b.example", "X-Spam-Flag: YES\r\n\r\n", false },
		{ "", "Subject: x\r\n\r\n", false },
		{ "MAILER-DAEMON@b.example", "\r\n", false },
		{ "no-reply@b.example", "\r\n", false },
		{ "owner-list@b.example", "\r\n", false },
		{ "list-request@b.example", "\r\n", false },
		{ "SRS0=x=y=z@b.example", "\r\n", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ok(vacation_may_answer(view_of(rows[i].sender),
		       view_of(rows[i].header))
			== rows[i].yes,
		    "%s: %s", rows[i].sender, rows[i].header);
}

/* RFC 5230 5.3, 5.8: who it is from, and what it answers, however long. */
static void
test_reply(void)
{
	static const struct {
		const char *name, *from;
	} rows[] = {
		{ "", "\r\nFrom: <a@b.example>\r\n" },
		{ "O, \"A\"\r\n",
		    "\r\nFrom: \"O, \\\"A\\\"  \" <a@b.example>" },
		{ "J\xc3\xb6", "\r\nFrom: =?utf-8?B?SsO2?= <a@b.example>" },
	};
	struct buf header = buf_new(4096);

	buf_add(&header, VIEW("Message-ID: <new@c.example>\r\nReferences:"));
	for (int i = 0; i < 30; i++)
		buf_print(&header, "\r\n <%d-abcdefghijkl@c.example>", i);
	buf_add(&header, VIEW("\r\n\r\n"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new(65536);
		struct buf out = buf_new(65536);
		const struct vacation_reply r = { .hostname = "mx.example",
			.id = VIEW("id"), .from = VIEW("a@b.example"),
			.from_name = view_of(rows[i].name),
			.to = VIEW("c@c.example"), .text = VIEW("Gone."),
			.header = buf_view(&header) };

		vacation_write(&r, arena, &out);
		ok(view_find(buf_view(&out), view_of(rows[i].from))
			!= SIZE_MAX, "From with \"%s\"", rows[i].name);
		ok(view_find(buf_view(&out), VIEW("<29-abcdefghijkl@c.example>"
		    "\r\n <new@c.example>\r\n")) != SIZE_MAX,
		    "References are whole");
		buf_free(&out);
		arena_free(&arena);
	}
	buf_free(&header);
}

/* What account 1 wants: a script. */
static result
use_script(struct account *a, void *context)
{
	TRY(script_put(a, VIEW("s"), view_of(context)));
	return script_activate(a, VIEW("s"));
}

struct found {
	const char *box;
	size_t count;
	uint32_t flags;
	char keywords[64];
};

static result
see(void *context, const struct item *item)
{
	struct found *f = context;

	f->count++;
	f->flags = item->flags;
	(void)view_copy(item->keywords, f->keywords, sizeof f->keywords);
	return done();
}

static result
look(struct account *a, void *context)
{
	struct found *f = context;
	struct arena *arena = arena_new(65536);
	struct collection c;
	result r = collection_find(a, arena, COLLECTION_MAILBOX,
	    view_of(f->box), &c);

	if (r.is == OK)
		r = item_each(a, c.id, 1, UINT32_MAX, see, f);
	arena_free(&arena);
	return r.is == NOT_FOUND ? done() : r;
}

static size_t
count_in(struct home *h, const char *box, struct found *f)
{
	struct account *a = home_open(h, 1);

	*f = (struct found){ .box = box };
	must(account_read(a, look, f), "look");
	account_close(&a);
	return f->count;
}

static void
deliver(struct home *h, const char *text, const struct verdict *v,
    struct deliver_outcome *out)
{
	const struct deliver_mail mail = { .hostname = "mx.example",
		.id = VIEW("id"), .sender = VIEW("s@far.example"),
		.message = view_of(text) };
	const struct target to = { .account = 1,
		.address = VIEW("user1@example.org") };

	must(deliver_account(h->store, h->arena, &mail, &to, v, out), text);
}

static void
script(struct home *h, char *text)
{
	struct account *a = home_open(h, 1);

	must(account_write(a, use_script, text, DURABLE), "use_script");
	account_close(&a);
}

static void
test_delivery(struct home *h)
{
	static char sorting[] = "require [\"fileinto\", \"imap4flags\","
	    " \"mailbox\", \"duplicate\", \"reject\"];"
	    "if header \"subject\" \"no\" { reject \"never\r\nBcc: x\"; stop; }"
	    "if duplicate { discard; stop; }"
	    "if header \"subject\" \"gone\" { fileinto \"Nowhere\"; stop; }"
	    "addflag \"b a\"; keep; fileinto :create :flags \"\\\\Seen\""
	    " \"New/Box\";";
	static char broken[] = "nonsense;";
	const struct verdict junk = { .junk = true,
		.fields = VIEW("X-Spam-Flag: YES\r\n") };
	struct deliver_outcome out;
	struct found f;

	deliver(h, "Subject: a\r\n\r\nx\r\n", NULL, &out);
	same(VIEW(""), out.refusal, "nobody refuses");
	is_number((int64_t)count_in(h, "INBOX", &f), 1, "INBOX by itself");
	deliver(h, "Subject: a\r\n\r\nx\r\n", &junk, &out);
	is_number((int64_t)count_in(h, "Junk", &f), 1, "junk in Junk");
	script(h, sorting);
	deliver(h, "Message-ID: <1@x>\r\n\r\nx\r\n", NULL, &out);
	is_number((int64_t)count_in(h, "INBOX", &f), 2, "kept");
	same(view_of(f.keywords), VIEW("a b"), "with sorted keywords");
	is_number((int64_t)count_in(h, "New/Box", &f), 1, "and filed");
	ok(f.flags == FLAG_SEEN && f.keywords[0] == '\0',
	    "with flags of its own");
	deliver(h, "Message-ID: <1@x>\r\n\r\nx\r\n", NULL, &out);
	is_number((int64_t)count_in(h, "INBOX", &f), 2, "a duplicate is not");
	deliver(h, "Subject: no\r\n\r\nx\r\n", NULL, &out);
	same(out.refusal, VIEW("never  Bcc: x"), "refused, on one line");
	deliver(h, "Subject: gone\r\n\r\nx\r\n", NULL, &out);
	is_number((int64_t)count_in(h, "INBOX", &f), 3,
	    "for want of the mailbox in INBOX");
	script(h, broken);
	deliver(h, "Subject: a\r\n\r\nx\r\n", NULL, &out);
	is_number((int64_t)count_in(h, "INBOX", &f), 4,
	    "a broken script loses nothing");
	deliver(h, "Subject: a\r\n\r\nx\r\n", &junk, &out);
	is_number((int64_t)count_in(h, "Junk", &f), 2,
	    "nor does it let junk in");
}

/* What a script uses up is not missed where its mail is kept. */
static void
test_hungry(struct home *h)
{
	struct buf text = buf_new(1 << 20);
	struct deliver_outcome out;
	struct found f;
	size_t before = count_in(h, "INBOX", &f);

	buf_add_text(&text, "require \"variables\"; set \"a\" \"");
	for (size_t i = 0; i < LIMIT_SIEVE_VARIABLE; i++)
		buf_add_byte(&text, '*');
	buf_add_text(&text, "\";");
	for (size_t i = 0; i < 150; i++) {
		buf_add_text(&text, "set :quotewildcard \"b\" \"");
		for (size_t n = 0; n < 31; n++)
			buf_add_text(&text, "${a}");
		buf_add_text(&text, "\";");
	}
	buf_add_text(&text, "discard;");
	script(h, (char *)(uintptr_t)arena_text(h->arena, buf_view(&text)));
	deliver(h, "Subject: h\r\n\r\nx\r\n", NULL, &out);
	is_number((int64_t)(count_in(h, "INBOX", &f) - before), 1,
	    "a script without memory loses nothing");
	buf_free(&text);
}

/* RFC 7352 3: what failed is no duplicate the next time. */
static void
test_again(struct home *h)
{
	static char sends[] = "require \"duplicate\";"
	    "if duplicate { discard; stop; } redirect \"x@far.example\";";
	const struct deliver_mail mail = { .hostname = "mx.example",
		.id = VIEW("id"), .sender = VIEW("s@far.example"),
		.message = VIEW("Message-ID: <again@x>\r\n\r\nx\r\n") };
	const struct target to = { .account = 1,
		.address = VIEW("user1@example.org") };
	unsigned char key[SRS_KEY];
	struct deliver_outcome out;

	script(h, sends);
	must(srs_key(h->store, key), "srs_key");
	must(setting_set(h->store, VIEW("srs-key"), VIEW("damaged")), "set");
	is_result(deliver_account(h->store, h->arena, &mail, &to, NULL, &out),
	    FAILED, "it cannot be sent on");
	must(setting_set(h->store, VIEW("srs-key"),
		 (view){ (const char *)key, sizeof key }),
	    "set");
	must(deliver_account(h->store, h->arena, &mail, &to, NULL, &out),
	    "again");
	ok(out.queued, "is sent on with the next try");
	must(deliver_account(h->store, h->arena, &mail, &to, NULL, &out),
	    "a third time");
	ok(!out.queued, "and then it is a duplicate");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_expansion(&h);
	test_off(&h);
	test_depth(&h);
	test_expiry(&h);
	test_srs(&h);
	test_answers();
	test_reply();
	test_delivery(&h);
	test_hungry(&h);
	test_again(&h);
	home_end(&h);
	return tap_done();
}
