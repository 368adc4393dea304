/* Scripts and what they make of a message: RFC 5228 and its extensions, with
 * the RFCs' own examples where they have some. */
#include "mailcore/base/limits.h"
#include "mailcore/sieve/sieve.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static const char letter[] =
    "Received: from x (x [192.0.2.1]) by y; Tue, 1 Apr 1997 09:06:31 -0800\r\n"
    "Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)\r\n"
    "From: \"Coyote, W.\" <coyote@desert.example.org>\r\n"
    "To: roadrunner@acme.example.com, Ann <ann+lists@acme.example.com>\r\n"
    "Cc: third@c.example\r\n"
    "Subject: =?utf-8?q?I_have_a_pr=C3=A9sent_for_you?=\r\n"
    "X-Priority: 1\r\n"
    "X-Count: 007\r\n"
    "X-Twice: first\r\n"
    "X-Twice: second\r\n"
    "List-Id: Widgets <widgets.example.net>\r\n"
    "Message-ID: <m1@desert.example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Look, MAKE MONEY FAST, a pr=E9sent\r\n"
    "--b\r\n"
    "Content-Type: text/html\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "PGI+aGlkZGVuPC9iPg==\r\n"
    "--b--\r\n";

#define R(what) "require [" what "];\n"

static const struct {
	const char *name;
	const char *script;
	const char *outcome;
} cases[] = {
	{ "comments", "# one\r\n/* two\r\n */ keep; # three", "keep" },
	{ "keep", "keep;", "keep" },
	{ "discard", "discard;", "" },
	{ "stop ends it", "stop; discard;", "keep" },
	{ "discard and keep", "discard; keep;", "keep" },
	{ "fileinto", R("\"fileinto\"") "fileinto \"a\"; fileinto \"a\";"
	    "fileinto \"b\";", "file a, file b" },
	{ "fileinto INBOX is keep", R("\"fileinto\"") "fileinto \"inbox\";",
	    "keep" },
	{ "copy keeps", R("\"fileinto\", \"copy\"") "fileinto :copy \"a\";",
	    "file a, keep" },
	{ "redirect", "redirect \"bart@example.com\";",
	    "redirect bart@example.com" },
	{ "redirect copy", R("\"copy\"")
	    "redirect :copy \"bart@example.com\";",
	    "redirect bart@example.com, keep" },
	{ "if elsif else (RFC 5228 3.1)",
	    R("\"fileinto\"")
	    "if header :contains \"from\" \"nobody\" { discard; }\n"
	    "elsif header :contains [\"subject\"] [\"present\", \"pr\xc3\xa9"
	    "sent\"] { fileinto \"gifts\"; }\n"
	    "else { fileinto \"personal\"; }", "file gifts" },
	{ "else", "if false { keep; } elsif false { keep; } else"
	    " { discard; }", "" },
	{ "an if behind an if", "if true { discard; } if true { keep; }",
	    "keep" },
	{ "an if that ends a chain",
	    "if false { keep; } else { discard; } if false { keep; }", "" },
	{ "not", "if not false { discard; }", "" },
	{ "allof", "if allof (true, not false, true) { discard; }", "" },
	{ "anyof", "if anyof (false, false) { discard; }", "keep" },
	{ "address (RFC 5228 5.1)",
	    "if address :is :all \"from\" \"coyote@DESERT.example.org\""
	    " { discard; }", "" },
	{ "address localpart", "if address :localpart \"to\" \"roadrunner\""
	    " { discard; }", "" },
	{ "address domain", "if address :domain [\"from\", \"to\"]"
	    " \"acme.example.com\" { discard; }", "" },
	{ "address sees no name", "if address :contains \"from\" \"W.\""
	    " { discard; }", "keep" },
	{ "subaddress (RFC 5233)", R("\"subaddress\"")
	    "if allof (address :user \"to\" \"ann\","
	    " address :detail \"to\" \"lists\") { discard; }", "" },
	{ "no detail", R("\"subaddress\"")
	    "if address :detail :contains \"from\" \"\" { discard; }",
	    "keep" },
	{ "envelope", R("\"envelope\"")
	    "if envelope :all :is \"from\" \"bounce@lists.example\""
	    " { discard; }", "" },
	{ "envelope detail", R("\"envelope\", \"subaddress\"")
	    "if envelope :detail \"to\" \"box\" { discard; }", "" },
	{ "exists", "if exists [\"From\", \"Date\"] { discard; }", "" },
	{ "not all exist", "if exists [\"From\", \"X-No\"] { discard; }",
	    "keep" },
	{ "header is whole", "if header \"subject\" \"present\""
	    " { discard; }", "keep" },
	{ "header without field", "if header :contains \"x-no\" \"\""
	    " { discard; }", "keep" },
	{ "octet minds case", "if header :comparator \"i;octet\" :contains"
	    " \"subject\" \"i HAVE\" { discard; }", "keep" },
	{ "casemap does not", "if header :contains \"subject\" \"i HAVE\""
	    " { discard; }", "" },
	{ "matches", "if header :matches \"subject\" \"i*FOR ?ou\""
	    " { discard; }", "" },
	{ "matches one sign, not one byte",
	    "if header :matches \"subject\" \"*pr?sent*\" { discard; }",
	    "" },
	{ "size over", "if size :over 1 { discard; }", "" },
	{ "size with a quantifier", "if size :over 1M { discard; }", "keep" },
	{ "size under", "if size :under 1 { discard; }", "keep" },
	{ "numeric (RFC 4790)", R("\"comparator-i;ascii-numeric\"")
	    "if header :comparator \"i;ascii-numeric\" \"x-count\" \"7\""
	    " { discard; }", "" },
	{ "value (RFC 5231)", R("\"relational\","
		" \"comparator-i;ascii-numeric\"")
	    "if header :value \"lt\" :comparator \"i;ascii-numeric\""
	    " [\"x-priority\"] [\"3\"] { discard; }", "" },
	{ "count (RFC 5231)", R("\"relational\","
		" \"comparator-i;ascii-numeric\"")
	    "if address :count \"ge\" :comparator \"i;ascii-numeric\""
	    " [\"to\", \"cc\"] [\"3\"] { discard; }", "" },
	{ "count too few", R("\"relational\"")
	    "if header :count \"gt\" \"x-twice\" \"2\" { discard; }",
	    "keep" },
	{ "index", R("\"index\"")
	    "if header :index 2 \"x-twice\" \"second\" { discard; }", "" },
	{ "index last", R("\"index\"")
	    "if header :index 2 :last \"x-twice\" \"first\" { discard; }",
	    "" },
	{ "index past", R("\"index\"")
	    "if header :index 3 :contains \"x-twice\" \"s\" { discard; }",
	    "keep" },
	{ "body", R("\"body\"") "if body :contains \"PR\xc3\xa9sent\""
	    " { discard; }", "" },
	{ "body text is no html", R("\"body\"")
	    "if body :text :contains \"plain\" { discard; }", "keep" },
	{ "body content", R("\"body\"")
	    "if body :content \"text/html\" :is \"<b>hidden</b>\""
	    " { discard; }", "" },
	{ "body text of all", R("\"body\"")
	    "if body :contains \"hidden\" { discard; }", "" },
	{ "body raw", R("\"body\"") "if body :raw :contains \"preamble\""
	    " { discard; }", "" },
	{ "body raw is coded", R("\"body\"")
	    "if body :raw :contains \"hidden\" { discard; }", "keep" },
	{ "date (RFC 5260)", R("\"date\", \"relational\"")
	    "if allof (date :originalzone :value \"ge\" \"date\" \"hour\""
	    " \"09\", date :value \"lt\" :originalzone \"date\" \"hour\""
	    " \"17\") { discard; }", "" },
	{ "date in UTC", R("\"date\"")
	    "if date \"date\" \"iso8601\" \"1997-04-01T17:06:31+00:00\""
	    " { discard; }", "" },
	{ "date in a zone", R("\"date\"")
	    "if date :zone \"+0530\" \"date\" \"std11\""
	    " \"Tue, 01 Apr 1997 22:36:31 +0530\" { discard; }", "" },
	{ "date julian, weekday, of Received", R("\"date\"")
	    "if allof (date \"received\" \"julian\" \"50539\","
	    " date \"received\" \"weekday\" \"2\") { discard; }", "" },
	{ "currentdate", R("\"date\"")
	    "if allof (currentdate \"date\" \"2001-09-09\","
	    " currentdate :zone \"-0200\" \"hour\" \"23\","
	    " currentdate \"zone\" \"+0000\") { discard; }", "" },
	{ "currentdate of day", R("\"date\"")
	    "if allof (currentdate \"year\" \"2001\","
	    " currentdate \"time\" \"01:46:40\") { discard; }", "" },
	{ "flags (RFC 5232)", R("\"imap4flags\"")
	    "setflag \"\\\\Deleted\"; addflag [\"$work \\\\Seen\"];"
	    "removeflag \"\\\\deleted\";", "keep ($work \\Seen)" },
	{ "flags of keep", R("\"imap4flags\", \"fileinto\"")
	    "addflag \"a\"; fileinto :flags [\"b\", \"\\\\Recent\"] \"x\";"
	    " keep;", "file x (b), keep (a)" },
	{ "hasflag", R("\"imap4flags\", \"relational\"")
	    "addflag \"A B\"; if allof (hasflag :contains \"b\","
	    " hasflag :count \"eq\" \"2\", not hasflag \"c\")"
	    " { removeflag [\"A\", \"B\"]; discard; }", "" },
	{ "variables (RFC 5229)", R("\"variables\", \"fileinto\"")
	    "set \"name\" \"w\"; fileinto \"${name}\";", "file w" },
	{ "set and use", R("\"variables\", \"fileinto\"")
	    "set \"Folder\" \"w\"; fileinto \"${fOLDER}/${none}/$${1\";",
	    "file w//$${1" },
	{ "match variables", R("\"variables\", \"fileinto\"")
	    "if header :matches \"List-Id\" \"*<*.example.*\""
	    " { fileinto \"l/${2}-${3}-${4}\"; }", "file l/widgets-net>-" },
	{ "the shortest", R("\"variables\", \"fileinto\"")
	    "set \"s\" \"a-b-c-d\"; if string :matches \"${s}\" \"*-*-*\""
	    " { fileinto \"${1},${2},${3}\"; }", "file a,b,c-d" },
	{ "a failed match sets none", R("\"variables\", \"fileinto\"")
	    "if string :matches \"ab\" \"a?\" {} if string :matches \"xy\""
	    " \"a?\" {} fileinto \"${1}\";", "file b" },
	{ "modifiers", R("\"variables\", \"fileinto\"")
	    "set :upperfirst :lower \"a\" \"jumBLED\";"
	    "set :length \"b\" \"pr\xc3\xa9\"; set :quotewildcard \"c\""
	    " \"*?\\\\\"; fileinto \"${a}${b}${c}\";",
	    "file Jumbled3\\*\\?\\\\" },
	{ "encoded-character", R("\"encoded-character\", \"fileinto\"")
	    "fileinto \"$${hex:40 41}${unicode: e9}${hex:4g}\";",
	    "file $@A\xc3\xa9${hex:4g}" },
	{ "not without require", R("\"fileinto\"")
	    "fileinto \"${hex:40}\";", "file ${hex:40}" },
	{ "vacation (RFC 5230)", R("\"vacation\"")
	    "vacation :days 3 :subject \"S\" :addresses [\"a@b\"] \"Gone\";",
	    "vacation 259200 Gone, keep" },
	{ "vacation seconds (RFC 6131)", R("\"vacation-seconds\"")
	    "vacation :seconds 1337 \"Gone\"; discard;",
	    "vacation 1337 Gone" },
	{ "vacation twice", R("\"vacation\"")
	    "vacation \"a\"; vacation \"b\";", "keep !" },
	{ "reject (RFC 5429)", R("\"reject\"") "reject \"No.\";",
	    "reject No." },
	{ "multiline", R("\"ereject\"") "ereject text: # so\r\nOne\r\n..Two"
	    "\r\n.\r\n;", "reject One\r\n.Two\r\n" },
	{ "reject and keep", R("\"reject\"") "keep; reject \"No.\";",
	    "keep !" },
	{ "reject and vacation", R("\"reject\", \"vacation\"")
	    "reject \"No.\"; vacation \"a\";", "keep !" },
	{ "mailboxes (RFC 5490)", R("\"mailbox\", \"fileinto\"")
	    "if mailboxexists [\"There\"] { fileinto :create \"New\"; }"
	    "if mailboxexists [\"There\", \"Not\"] { discard; }",
	    "file New +" },
	{ "special use (RFC 8579)", R("\"special-use\", \"fileinto\"")
	    "if allof (specialuse_exists \"\\\\Junk\", specialuse_exists"
	    " \"There\" \"\\\\Junk\", not specialuse_exists \"\\\\Sent\")"
	    " { fileinto :specialuse \"\\\\Junk\" \"Spam\"; }",
	    "file Spam \\Junk" },
	{ "duplicate (RFC 7352)", R("\"duplicate\"")
	    "if duplicate { discard; }", "remember, keep" },
	{ "duplicate seen", R("\"duplicate\"")
	    "if duplicate :uniqueid \"seen\" { discard; }", "" },
	{ "duplicate last", R("\"duplicate\"")
	    "if duplicate :last :seconds 60 :uniqueid \"seen\""
	    " { discard; }", "remember" },
	{ "duplicate without a value", R("\"duplicate\"")
	    "if duplicate :header \"X-No\" { discard; }", "keep" },
	{ "environment (RFC 5183)", R("\"environment\"")
	    "if allof (environment \"host\" \"mx.example\", environment"
	    " :contains \"version\" \"\", not environment :contains"
	    " \"vnd.no\" \"\") { discard; }", "" },
	{ "the fifth redirect", "redirect \"a@b.example\"; redirect"
	    " \"b@b.example\"; redirect \"c@b.example\"; redirect"
	    " \"d@b.example\"; redirect \"e@b.example\";", "keep !" },
	{ "a bad address", "redirect \"nobody\";",
	    "line 1: RFC 5228 2.4.2.3: not an address: \"nobody\"" },
};

static bool
has_mailbox(void *context, view name)
{
	(void)context;
	return view_eq(name, VIEW("There"));
}

static bool
has_special(void *context, view name, view use)
{
	(void)context;
	return view_same(use, VIEW("\\Junk"))
	    && (name.n == 0 || view_eq(name, VIEW("There")));
}

static bool
has_seen(void *context, view id)
{
	(void)context;
	return view_ends(id, VIEW("\nseen"));
}

static const struct sieve_host host = { .mailbox = has_mailbox,
	.special = has_special, .seen = has_seen };

static void
print_action(const struct sieve_action *a, struct buf *out)
{
	static const char *const names[] = { "keep", "file ", "redirect ",
		"reject ", "vacation ", "remember" };

	if (out->n > 0)
		buf_add(out, VIEW(", "));
	buf_add_text(out, names[a->kind]);
	if (a->kind == SIEVE_VACATION)
		buf_print(out, "%llu ", (unsigned long long)a->seconds);
	if (a->kind != SIEVE_REMEMBER)
		buf_add(out, a->text);
	if (a->special.n > 0)
		buf_print(out, " %.*s", (int)a->special.n, a->special.p);
	if (a->create)
		buf_add(out, VIEW(" +"));
	if (a->flags.n > 0)
		buf_print(out, " (%.*s)", (int)a->flags.n, a->flags.p);
}

/* Compile and run; a script that does not compile says why. */
static void
play(view script, view message, struct buf *out, struct sieve_outcome *o)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct sieve_error error;
	struct sieve *s;
	const struct sieve_mail mail = { .message = message,
		.sender = VIEW("bounce@lists.example"),
		.recipient = VIEW("ann+box@acme.example.com"),
		.hostname = VIEW("mx.example"), .now = 1000000000,
		.host = &host };
	result r = sieve_compile(arena, script, &s, &error);

	if (r.is != OK) {
		sieve_error_write(&error, out);
	} else {
		r = sieve_run(s, &mail, arena, o);
		for (const struct sieve_action *a = o->first; a != NULL;
		    a = a->next)
			print_action(a, out);
		if (r.is != OK)
			buf_add(out, VIEW(" !"));
	}
	o->first = NULL;
	arena_free(&arena);
}

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_new(65536);
		struct sieve_outcome o = { .steps = 0 };

		play(view_of(cases[i].script), view_of(letter), &out, &o);
		same(buf_view(&out), view_of(cases[i].outcome),
		    cases[i].name);
		buf_free(&out);
	}
}

static const struct {
	const char *script;
	const char *error; /* begins so */
} faults[] = {
	{ "nonsense;", "line 1: RFC 5228 2.6: no such command: \"nonsense\"" },
	{ "\n\nkeep", "line 3: RFC 5228 8.2: ; is missing" },
	{ "fileinto \"x\";", "line 1: RFC 5228 3.2: not without its require" },
	{ "require \"vnd.no\";", "line 1: RFC 5228 3.2: no such extension" },
	{ "keep; require \"fileinto\";", "line 1: RFC 5228 3.2: require" },
	{ "else { keep; }", "line 1: RFC 5228 3.1: without its if" },
	{ "if true { keep; } keep; elsif true { }",
	    "line 1: RFC 5228 3.1: without its if" },
	{ "if true keep;", "line 1: RFC 5228 3.1: a block is missing" },
	{ "if { }", "line 1: RFC 5228 2.6" },
	{ "if anyof true { }", "line 1: RFC 5228 2.6" },
	{ "if true { keep;", "line 1: RFC 5228 8.2: } is missing" },
	{ "keep; }", "line 1: RFC 5228 8.2: } without its {" },
	{ "redirect;", "line 1: RFC 5228 2.6: an argument is missing" },
	{ "redirect \"a@b\" \"c\";", "line 1: RFC 5228 2.6: too many" },
	{ "redirect [\"a@b.example\"];", "line 1: RFC 5228 2.6: an argument" },
	{ "redirect :nope \"a\";", "line 1: RFC 5228 2.6.2: it has no such" },
	{ "if header :is :contains \"a\" \"b\" { }",
	    "line 1: RFC 5228 2.7.1: one of its kind" },
	{ "if header :comparator \"i;no\" \"a\" \"b\" { }",
	    "line 1: RFC 5228 2.7.3" },
	{ R("\"comparator-i;ascii-numeric\"") "if header :contains"
	    " :comparator \"i;ascii-numeric\" \"a\" \"b\" { }",
	    "line 2: RFC 4790" },
	{ R("\"relational\"") "if header :value \"xx\" \"a\" \"b\" { }",
	    "line 2: RFC 5231" },
	{ "if size 100 { }", "line 1: RFC 5228 5.9" },
	{ "if size :over 99999999999999999999 { }",
	    "line 1: RFC 5228 2.4.1" },
	{ "if size :over 9000000000G { }", "line 1: RFC 5228 2.4.1" },
	{ "/* no end", "line 1: RFC 5228 2.3" },
	{ "redirect \"no end", "line 1: RFC 5228 2.4.2" },
	{ "redirect \"end\\\"", "line 1: RFC 5228 2.4.2" },
	{ "redirect text:\nx\n", "line 3: RFC 5228 8.1" },
	{ "if header [\"a\" \"b\"] \"c\" { }", "line 1: RFC 5228 2.4.2.1" },
	{ "# \xff", "line 1: RFC 5228 2.1" },
	{ R("\"index\"") "if header :last \"a\" \"b\" { }",
	    "line 2: RFC 5260" },
	{ "if address :detail \"to\" \"x\" { }", "line 1: RFC 5228 3.2" },
};

static void
test_faults(void)
{
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct buf out = buf_new(65536);
		struct sieve_outcome o = { .steps = 0 };
		view found;

		play(view_of(faults[i].script), view_of(letter), &out, &o);
		found = buf_view(&out);
		if (!ok(view_starts(found, view_of(faults[i].error)), "%s",
			faults[i].error))
			note("found: %.*s", (int)found.n, found.p);
		buf_free(&out);
	}
}

/* Every prefix of every script compiles or is refused, and runs. */
static void
test_prefixes(void)
{
	bool fine = true;

	for (size_t i = 0; i < COUNT(cases); i++) {
		view script = view_of(cases[i].script);

		for (size_t n = 0; n < script.n; n++) {
			char *copy = malloc(n + 1);
			struct buf out = buf_new(65536);
			struct sieve_outcome o = { .steps = 0 };

			memcpy(copy, script.p, n);
			play((view){ copy, n }, view_of(letter), &out, &o);
			fine = fine && buf_result(&out).is == OK;
			buf_free(&out);
			free(copy);
		}
	}
	ok(fine, "every prefix of every script");
}

static void
test_nesting(size_t depth, bool fits)
{
	struct buf script = buf_new(1 << 20), out = buf_new(65536);
	struct sieve_outcome o = { .steps = 0 };

	for (size_t i = 0; i < depth; i++)
		buf_add(&script, VIEW("if true {"));
	buf_add(&script, VIEW("discard;"));
	for (size_t i = 0; i < depth; i++)
		buf_add(&script, VIEW("}"));
	play(buf_view(&script), view_of(letter), &out, &o);
	ok((out.n == 0) == fits, "%zu blocks deep", depth);
	buf_free(&script);
	buf_free(&out);
}

/* Wildcards that could be tried in very many ways end within the steps, and
 * the message is kept (RFC 5228 10). */
static void
test_steps(void)
{
	struct buf script = buf_new(1 << 20), out = buf_new(65536);
	struct buf message = buf_new(1 << 20);
	struct sieve_outcome o = { .steps = 0 };

	buf_add(&message, VIEW("Subject: "));
	for (size_t i = 0; i < 60000; i++)
		buf_add_byte(&message, 'a');
	buf_add(&message, VIEW("\r\n\r\n"));
	buf_add(&script, VIEW("if anyof ("));
	for (size_t i = 0; i < 100; i++)
		buf_add(&script, VIEW("header :matches \"subject\""
		    " \"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab*\", "));
	buf_add(&script, VIEW("false) { discard; }"));
	play(buf_view(&script), buf_view(&message), &out, &o);
	same(buf_view(&out), VIEW("keep !"), "too many steps: kept");
	ok(o.steps > LIMIT_SIEVE_STEPS
		&& o.steps < LIMIT_SIEVE_STEPS + 100000,
	    "and stopped soon after");
	same(view_of(o.error.why), VIEW("the script takes too long"), "why");
	buf_free(&script);
	buf_free(&out);
	buf_free(&message);
}

static void
test_size(void)
{
	struct buf script = buf_new(1 << 20), out = buf_new(65536);
	struct sieve_outcome o = { .steps = 0 };

	buf_add(&script, VIEW("discard;"));
	while (script.n < LIMIT_SIEVE_SCRIPT)
		buf_add_byte(&script, ' ');
	play(buf_view(&script), view_of(letter), &out, &o);
	same(buf_view(&out), VIEW(""), "the largest script");
	buf_add_byte(&script, ' ');
	play(buf_view(&script), view_of(letter), &out, &o);
	same(buf_view(&out), VIEW("line 1: the script is too large"),
	    "one byte more");
	buf_free(&script);
	buf_free(&out);
}

int
main(void)
{
	test_cases();
	test_faults();
	test_prefixes();
	test_nesting(LIMIT_SIEVE_NESTING, true);
	test_nesting(LIMIT_SIEVE_NESTING + 1, false);
	test_steps();
	test_size();
	return tap_done();
}
