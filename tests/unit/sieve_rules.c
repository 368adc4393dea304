/* Rules of the RFCs that scripts seldom touch: what is refused when a script
 * is stored, and what a test says of odd mail. */
#include "mailcore/base/limits.h"
#include "mailcore/sieve/sieve.h"
#include "tests/tap.h"

#include <string.h>

#define R(what) "require [" what "];\n"

/* Is it taken?  `why`: with what the refusal begins. */
static const struct {
	const char *name;
	const char *script;
	const char *why;
} compiled[] = {
	{ "an envelope has two parts (RFC 5228 5.4)", R("\"envelope\"")
	    "if envelope \"auth\" \"x\" {}", "line 2: RFC 5228 5.4" },
	{ "an address is in fields of addresses (RFC 5228 5.1)",
	    "if address [\"from\", \"SUBJECT\"] \"x\" {}",
	    "line 1: RFC 5228 5.1" },
	{ "and where it may be",
	    "if address [\"Resent-To\", \"X-Original-To\"] \"x\" {}", NULL },
	{ "whatever their case", R("\"envelope\"")
	    "if envelope [\"From\", \"TO\"] \"x\" {}", NULL },
	{ "no character (RFC 5228 2.4.2.4)", R("\"encoded-character\"")
	    "if header \"a\" \"${unicode:110000}\" {}",
	    "line 2: RFC 5228 2.4.2.4" },
	{ "a surrogate", R("\"encoded-character\"")
	    "if header \"a\" \"${unicode: 40 D800}\" {}",
	    "line 2: RFC 5228 2.4.2.4" },
	{ "beyond what a number holds", R("\"encoded-character\"")
	    "if header \"a\" \"${unicode:100000000000000040}\" {}",
	    "line 2: RFC 5228 2.4.2.4" },
	{ "not well formed is text", R("\"encoded-character\"")
	    "if header \"a\" \"${unicode:110000\" {}", NULL },
	{ "the last character", R("\"encoded-character\"")
	    "if header \"a\" \"${unicode:10FFFF}\" {}", NULL },
	{ "redirect to no address", "redirect \"nobody\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "redirect to two", "redirect \"a@b.example, c@d.example\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "a group", "redirect \"g: a@b.example;\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "a route", "redirect \"<@c.example:a@b.example>\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "half a bracket", "redirect \"A B <a@b.example\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "half a quote", "redirect \"\\\"A B <a@b.example>\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "a comma in a name", "redirect \"B, A <a@b.example>\";",
	    "line 1: RFC 5228 2.4.2.3" },
	{ "one in a quoted name", "redirect \"\\\"B, A\\\" <a@b.example>\";",
	    NULL },
	{ "an address of variables is looked at later", R("\"variables\"")
	    "redirect \"${1}\";", NULL },
	{ "vacation from no address (RFC 5230 4.3)", R("\"vacation\"")
	    "vacation :from \"me\" \"Gone\";", "line 2: RFC 5228 2.4.2.3" },
	{ "a namespace (RFC 5229 3)", R("\"variables\"")
	    "if header \"a\" \"${x.y}\" {}",
	    "line 2: RFC 5229 3: no such namespace: \"x.y\"" },
	{ "of several pieces", R("\"variables\", \"vacation\"")
	    "vacation \"Dear ${a} ${x.1.y}\";", "line 2: RFC 5229 3" },
	{ "global without include", R("\"variables\"")
	    "if header \"a\" \"${global.y}\" {}", "line 2: RFC 5229 3" },
	{ "global with it", R("\"variables\", \"include\"")
	    "if header \"a\" \"${global.y}\" {}", NULL },
	{ "no reference at all", R("\"variables\"")
	    "if header \"a\" \"${x.} ${.x} ${x-y.z} ${x.y\" {}", NULL },
	{ "set takes a name (RFC 5229 4)", R("\"variables\"")
	    "set \"1\" \"\";", "line 2: RFC 5229 4" },
	{ "which is constant", R("\"variables\"") "set \"${a}\" \"\";",
	    "line 2: RFC 5229 4" },
	{ "no line separators in a name (RFC 5804 1.6)",
	    R("\"include\", \"encoded-character\"")
	    "include \"a${unicode:2028}\";", "line 2: RFC 6609 3.2" },
	{ "nor C1 controls", R("\"include\", \"encoded-character\"")
	    "include \"a${unicode:85}\";", "line 2: RFC 6609 3.2" },
	{ "notify from no address (RFC 5435 3.3)", R("\"enotify\"")
	    "notify :from \"me\" \"mailto:a@b.example\";",
	    "line 2: RFC 5228 2.4.2.3" },
	{ "an option is name=value (RFC 5435 3.5)", R("\"enotify\"")
	    "notify :options \"a.b-c_1=\" \"mailto:a@b.example\";", NULL },
	{ "one without =", R("\"enotify\"")
	    "notify :options \"a\" \"mailto:a@b.example\";",
	    "line 2: RFC 5435 3.5" },
	{ "one that begins with a sign", R("\"enotify\"")
	    "notify :options \"_a=b\" \"mailto:a@b.example\";",
	    "line 2: RFC 5435 3.5" },
	{ "a field with a colon", R("\"enotify\"")
	    "notify \"mailto:a@b.example?x%3A=y\";", "line 2: RFC 5436 2.2" },
};

static const char plain[] =
    "From: stephan@\r\n"
    "To: @b.example, ann@c.example\r\n"
    "\r\n"
    "Body\r\n";

static const char nested[] =
    "Content-Type: multipart/mixed; boundary=outer\r\n"
    "\r\n"
    "Before the first.\r\n"
    "\r\n"
    "--outer\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "Text\r\n"
    "--outer\r\n"
    "Content-Type: text/a/b\r\n"
    "\r\n"
    "Odd\r\n"
    "--outer\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inside\r\n"
    "\r\n"
    "Deep\r\n"
    "--outer--\r\n"
    "Behind the last.\r\n";

/* Does the test hold? */
static const struct {
	const char *name;
	const char *message;
	const char *needs;
	const char *test;
	bool answer;
} asked[] = {
	{ "a domain of no address (RFC 5228 2.7.4)", plain, "\"copy\"",
	    "address :domain \"to\" \"b.example\"", false },
	{ "a local part of none", plain, "\"copy\"",
	    "address :localpart \"from\" \"stephan\"", false },
	{ "of an address", plain, "\"copy\"",
	    "address :domain \"to\" \"c.example\"", true },
	{ "<> is empty in every part (RFC 5228 5.4)", plain,
	    "\"envelope\", \"subaddress\"",
	    "envelope :detail \"from\" \"\"", true },
	{ "no body at all (RFC 5173 4)", "Subject: x\r\n", "\"body\"",
	    "body :raw :contains \"\"", false },
	{ "nor a count of it", "Subject: x\r\n",
	    "\"body\", \"relational\"", "body :count \"eq\" \"0\"", false },
	{ "an empty one", "Subject: x\r\n\r\n", "\"body\"",
	    "body :text :is \"\"", true },
	{ "a type that ends with a slash (RFC 5173 5.2)", nested, "\"body\"",
	    "body :content \"text/\" :contains \"\"", false },
	{ "of two slashes", nested, "\"body\"",
	    "body :content \"text/a/b\" :contains \"\"", false },
	{ "what stands before the parts", nested, "\"body\"",
	    "body :content \"multipart\" :is \"Before the first.\r\n\"",
	    true },
	{ "and behind them", nested, "\"body\"",
	    "body :content \"multipart/mixed\" :is \"Behind the last.\r\n\"",
	    true },
	{ "but no delimiter", nested, "\"body\"",
	    "body :content \"multipart\" :contains \"--\"", false },
	{ "the header of a message inside", nested, "\"body\"",
	    "body :content \"message\" :is \"Subject: inside\r\n\"", true },
	{ "but not its body", nested, "\"body\"",
	    "body :content \"message/rfc822\" :contains \"deep\"", false },
	{ "which is text", nested, "\"body\"",
	    "body :content \"text/plain\" :contains \"deep\"", true },
	{ "text is without what stands around", nested, "\"body\"",
	    "body :text :contains \"the last\"", false },
	{ "a body sets no variables (RFC 5173 6)", plain,
	    "\"body\", \"variables\"",
	    "allof(header :matches \"from\" \"st*\","
	    " body :matches \"*d*\", string \"${1}\" \"ephan@\")", true },
	{ "an unknown item has no count (RFC 5183 4)", plain,
	    "\"environment\", \"relational\"",
	    "environment :count \"eq\" \"no\" \"0\"", false },
	{ "ihave of variables (RFC 5463 4)", plain, "\"ihave\"",
	    "ihave \"variables\"", false },
	{ "ihave of encoded-character", plain, "\"ihave\"",
	    "ihave [\"copy\", \"encoded-character\"]", false },
	{ "ihave of what is required", plain, "\"ihave\", \"variables\"",
	    "ihave \"variables\"", true },
	{ "two flags in a string (RFC 5232 2)", plain, "\"imap4flags\"",
	    "hasflag \"no  b\"", true },
	{ "no flag", plain, "\"imap4flags\"",
	    "hasflag [\"\", \" \"]", false },
	{ "no flag is in it", plain, "\"imap4flags\"",
	    "hasflag :contains \"\"", false },
	{ "a character of many digits (RFC 5228 2.4.2.4)", plain,
	    "\"encoded-character\", \"variables\"",
	    "string \"${unicode:0000000040}\" \"@\"", true },
	{ "a dot in front stays (RFC 5228 8.1)", plain, "\"variables\"",
	    "string text:\r\n.a\r\n..b\r\n.\r\n \".a\r\n.b\r\n\"", true },
};

/* What is done by the script. */
static const struct {
	const char *name;
	const char *script;
	const char *outcome;
} run[] = {
	{ "an address behind a name",
	    "redirect \"Ann Other <ann@b.example>\";", "ann@b.example" },
	{ "a quoted name, and white space",
	    "redirect \" \\\"O, A <x>\\\" < ann @ b.example > \";",
	    "ann@b.example" },
	{ "the last flags win (RFC 5232 3)",
	    R("\"fileinto\", \"imap4flags\"") "fileinto :flags \"a\" \"F\";"
	    " fileinto :flags \"b c\" \"F\";", "F (b c)" },
	{ "even none", R("\"fileinto\", \"imap4flags\"")
	    "fileinto :flags \"a\" \"F\"; fileinto \"F\";", "F" },
	{ "flags of a variable, each once",
	    R("\"variables\", \"imap4flags\", \"relational\", \"fileinto\"")
	    "set \"v\" \"a b A  c\";"
	    " if hasflag :count \"eq\" \"v\" \"3\" { fileinto \"three\"; }",
	    "three" },
	{ "an envelope of variables", R("\"envelope\", \"variables\"")
	    "set \"v\" \"auth\"; if envelope \"${v}\" \"\" {}",
	    " ! line 2: RFC 5228 5.4: no such part of an envelope:"
	    " \"auth\"" },
	{ "an address of variables", R("\"variables\"")
	    "redirect \"${1}\";", " ! line 2: RFC 5228 2.4.2.3: not an"
	    " address" },
	{ "an encoded comma (RFC 2368 2)", R("\"enotify\"") "notify"
	    " \"mailto:a@b.example%2C%22c,d%22@e.example?cc=f@g.example\";"
	    " discard;",
	    "<a@b.example><\"c,d\"@e.example><f@g.example>" },
};

/* What is done by a script that was stored before its faults were looked for,
 * and that is refused today. */
static const struct {
	const char *name;
	const char *script;
	const char *outcome;
} stored[] = {
	{ "a vacation from whom we cannot read",
	    R("\"vacation\", \"fileinto\"") "fileinto \"F\";"
	    " vacation :from \"Ann (Sales) <ann@b.example>\" \"Gone\";",
	    "FGone" },
	{ "a field without addresses", R("\"fileinto\"")
	    "if not address \"subject\" \"\" { fileinto \"F\"; }", "F" },
	{ "an unknown part of an envelope", R("\"envelope\", \"fileinto\"")
	    "if not envelope \"auth\" \"\" { fileinto \"F\"; }", "F" },
	{ "an unknown namespace", R("\"variables\", \"fileinto\"")
	    "fileinto \"${x.y}\";", "${x.y}" },
	{ "no character", R("\"encoded-character\", \"fileinto\"")
	    "fileinto \"${unicode:d800}\";", "${unicode:d800}" },
	{ "an odd option", R("\"enotify\"") "notify :from \"me\""
	    " :options \"a\" \"mailto:a@b.example\"; discard;",
	    "<a@b.example>" },
	{ "a way to notify that only looks like a variable",
	    R("\"enotify\", \"fileinto\"")
	    "if false { notify \"${way}\"; } fileinto \"F\";", "F" },
	{ "no address, nor a name, where the run does not come",
	    R("\"variables\", \"include\", \"fileinto\"")
	    "if false { redirect \"me\"; set \"1\" \"\"; include \"\"; }"
	    " fileinto \"F\";", "F" },
	{ "no address, where it comes", "redirect \"me\";",
	    " ! line 1: RFC 5228 2.4.2.3: not an address: \"me\"" },
	{ "no name of a variable, where it comes", R("\"variables\"")
	    "set \"1\" \"\";", " ! line 2: RFC 5229 3: not the name of a"
	    " variable: \"1\"" },
};

static result
no_script(void *context, struct arena *arena, view name, view *text)
{
	(void)context, (void)arena, (void)name;
	*text = VIEW("");
	return fail(NOT_FOUND, "");
}

static const struct sieve_host host = { .script = no_script };

typedef result sieve_compiler(struct arena *, view, struct sieve **,
    struct sieve_error *);

static void
print_outcome(const struct sieve_outcome *o, struct buf *out)
{
	for (const struct sieve_action *a = o->first; a != NULL;
	    a = a->next) {
		for (size_t i = 0; i < a->address_count; i++)
			buf_print(out, "<%.*s>", (int)a->addresses[i].n,
			    a->addresses[i].p);
		buf_add(out, a->text);
		if (a->flags.n > 0)
			buf_print(out, " (%.*s)", (int)a->flags.n,
			    a->flags.p);
	}
}

static void
play(sieve_compiler *compile, view script, view message, struct buf *out)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	const struct sieve_mail mail = { .message = message,
		.sender = VIEW(""), .recipient = VIEW("ann@acme.example.com"),
		.now = 1000000000, .host = &host };
	struct sieve_outcome o = { .steps = 0 };
	struct sieve_error error;
	struct sieve *s;

	if (compile(arena, script, &s, &error).is != OK) {
		sieve_error_write(&error, out);
	} else {
		result r = sieve_run(s, &mail, arena, &o);

		print_outcome(&o, out);
		if (r.is != OK) {
			buf_add(out, VIEW(" ! "));
			sieve_error_write(&o.error, out);
		}
	}
	arena_free(&arena);
}

static void
test_compiled(void)
{
	for (size_t i = 0; i < COUNT(compiled); i++) {
		struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
		struct buf out = buf_new(4096);
		struct sieve_error error;
		struct sieve *s;

		if (sieve_compile(arena, view_of(compiled[i].script), &s,
			&error).is != OK)
			sieve_error_write(&error, &out);
		ok(compiled[i].why == NULL ? out.n == 0
			: view_starts(buf_view(&out),
			    view_of(compiled[i].why)), "%s: %s",
		    compiled[i].name, buf_text(&out));
		buf_free(&out);
		arena_free(&arena);
	}
}

static void
test_asked(void)
{
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct buf script = buf_new(4096), out = buf_new(4096);

		buf_print(&script, "require [%s, \"fileinto\"];\n",
		    asked[i].needs);
		if (strstr(asked[i].needs, "imap4flags") != NULL)
			buf_add(&script, VIEW("setflag \"a b\";\n"));
		buf_print(&script, "if %s { fileinto \"yes\"; }"
		    " else { fileinto \"no\"; }", asked[i].test);
		play(sieve_compile, buf_view(&script),
		    view_of(asked[i].message), &out);
		ok(view_starts(buf_view(&out),
		    asked[i].answer ? VIEW("yes") : VIEW("no")), "%s: %s",
		    asked[i].name, buf_text(&out));
		buf_free(&script);
		buf_free(&out);
	}
}

static void
test_run(void)
{
	for (size_t i = 0; i < COUNT(run); i++) {
		struct buf out = buf_new(4096);

		play(sieve_compile, view_of(run[i].script), view_of(plain),
		    &out);
		same(buf_view(&out), view_of(run[i].outcome), run[i].name);
		buf_reset(&out);
		play(sieve_compile_stored, view_of(run[i].script),
		    view_of(plain), &out);
		same(buf_view(&out), view_of(run[i].outcome), run[i].name);
		buf_free(&out);
	}
}

static void
test_stored(void)
{
	for (size_t i = 0; i < COUNT(stored); i++) {
		struct buf out = buf_new(4096);

		play(sieve_compile_stored, view_of(stored[i].script),
		    view_of(plain), &out);
		same(buf_view(&out), view_of(stored[i].outcome),
		    stored[i].name);
		buf_free(&out);
	}
}

/* Flags are looked for among flags: a script that makes many of them work
 * against each other is stopped, not only who lists many commands. */
static void
test_flags_cost(void)
{
	struct arena *arena = arena_new(2 * (size_t)LIMIT_SIEVE_MEMORY);
	const struct sieve_mail mail = { .message = view_of(plain),
		.sender = VIEW(""), .recipient = VIEW("ann@b.example"),
		.now = 1000000000, .host = &host };
	struct sieve_outcome o = { .steps = 0 };
	struct buf text = buf_new(LIMIT_SIEVE_SCRIPT);
	struct sieve_error error;
	struct sieve *s;

	buf_add(&text, VIEW(R("\"variables\", \"imap4flags\"")
	    "set \"a\" \""));
	for (int i = 0; i < 1300; i++)
		buf_print(&text, "%c%c ", 'a' + i % 26, '0' + i / 26);
	buf_add(&text, VIEW("\";\naddflag \"a\" \"x\";\n"));
	ok(sieve_compile(arena, buf_view(&text), &s, &error).is == OK
	    && sieve_run(s, &mail, arena, &o).is == OK
	    && o.steps > 300000, "flags cost as they are compared: %llu",
	    (unsigned long long)o.steps);
	buf_free(&text);
	arena_free(&arena);
}

int
main(void)
{
	test_compiled();
	test_asked();
	test_run();
	test_stored();
	test_flags_cost();
	return tap_done();
}
