/* Scripts that ask what there is (RFC 5463), include others (RFC 6609), file
 * by a mailbox' number (RFC 9042) and notify (RFC 5435, RFC 5436). */
#include "mailcore/base/limits.h"
#include "mailcore/sieve/sieve.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static const char letter[] =
    "From: coyote@desert.example.org\r\n"
    "Subject: a present\r\n"
    "\r\n"
    "Hello.\r\n";

#define R(what) "require [" what "];\n"
#define INC R("\"include\"")
#define VAR R("\"include\", \"variables\", \"fileinto\"")
#define NOTE R("\"enotify\"")

/* The scripts of the person. */
static const struct {
	const char *name, *text;
} scripts[] = {
	{ "discards", "discard;" },
	{ "files", R("\"fileinto\"") "fileinto \"a\";" },
	{ "returns", INC "if header :contains \"subject\" \"present\""
	    " { return; } discard;" },
	{ "stops", "stop;" },
	{ "self", INC "include \"self\";" },
	{ "ping", INC "include \"pong\";" },
	{ "pong", INC "include \"ping\";" },
	{ "bad", "\nnonsense;" },
	{ "spam", VAR "global [\"test\"]; set \"test\" \"spam-${test}\";" },
	{ "local", VAR "set \"own\" \"theirs\"; fileinto \"${own}\";" },
	{ "prefix", VAR "set \"global.test\" \"by prefix\";" },
	{ "match", VAR "if header :matches \"subject\" \"a *\" {"
	    " fileinto \"${1}\"; }" },
	{ "again", INC "include :once \"files\";" },
	{ "deep1", INC "include \"deep2\";" },
	{ "deep2", INC "include \"deep3\";" },
	{ "deep3", INC "include \"deep4\";" },
	{ "deep4", INC "include \"deep5\";" },
	{ "deep5", INC "include \"deep6\";" },
	{ "deep6", INC "include \"deep7\";" },
	{ "deep7", INC "include \"deep8\";" },
	{ "deep8", "discard;" },
};

static const struct {
	const char *name;
	const char *script;
	const char *outcome;
} cases[] = {
	{ "ihave of what is there", R("\"ihave\"")
	    "if ihave \"fileinto\" { fileinto \"a\"; }", "file a" },
	{ "of what is not", R("\"ihave\"")
	    "if ihave [\"fileinto\", \"vnd.no\"] { vnd_no :tag \"x\"; }"
	    " else { discard; }", "" },
	{ "not", R("\"ihave\"") "if not ihave \"vnd.no\" { discard; }"
	    " else { vnd_no; }", "" },
	{ "in front of its test", R("\"ihave\"")
	    "if allof (ihave \"vnd.no\", vnd_test \"x\") { vnd_no; }",
	    "keep" },
	{ "an elsif behind it", R("\"ihave\"")
	    "if ihave \"fileinto\" { fileinto \"a\"; }"
	    " elsif vnd_test { vnd_no; } else { vnd_no; }", "file a" },
	{ "anyof", R("\"ihave\"")
	    "if anyof (ihave \"body\", vnd_test) { discard; }", "" },
	{ "error (RFC 5463 5)", R("\"ihave\"")
	    "if not ihave \"vnd.no\" { error \"not here\"; } vnd_no;",
	    "keep ! line 2: RFC 5463 5: the script says: \"not here\"" },
	{ "what is always reached is checked", R("\"ihave\"")
	    "if header \"a\" \"b\" { stop; } vnd_no;",
	    "line 2: RFC 5228 2.6: no such command: \"vnd_no\"" },
	{ "without require", "if ihave \"fileinto\" { }",
	    "line 1: RFC 5228 3.2: not without its require: \"ihave\"" },
	{ "error without require", "error \"x\";",
	    "line 1: RFC 5228 3.2: not without its require: \"error\"" },
	{ "nothing is skipped without ihave", "if false { vnd_no; }",
	    "line 1: RFC 5228 2.6: no such command: \"vnd_no\"" },

	{ "mailboxid (RFC 9042)", R("\"fileinto\", \"mailboxid\"")
	    "fileinto :mailboxid \"F12\" \"INBOX.harassment\";",
	    "file INBOX.harassment #F12" },
	{ "and INBOX", R("\"fileinto\", \"mailboxid\"")
	    "fileinto :mailboxid \"F12\" \"inbox\";", "file INBOX #F12" },
	{ "with create", R("\"fileinto\", \"mailboxid\", \"mailbox\"")
	    "fileinto :mailboxid \"F12\" :create \"a\";", "file a #F12 +" },
	{ "mailboxidexists", R("\"mailboxid\"")
	    "if mailboxidexists [\"F1\"] { discard; }", "" },
	{ "not all", R("\"mailboxid\"")
	    "if mailboxidexists [\"F1\", \"F2\"] { discard; }", "keep" },
	{ "never with specialuse", R("\"fileinto\", \"mailboxid\","
		" \"special-use\"") "fileinto :mailboxid \"F1\""
	    " :specialuse \"\\\\Junk\" \"a\";",
	    "line 2: RFC 5228 2.7.1: one of its kind stands already:"
	    " \"specialuse\"" },
	{ "mailboxid without require", R("\"fileinto\"")
	    "fileinto :mailboxid \"F1\" \"a\";",
	    "line 2: RFC 5228 3.2: not without its require:"
	    " \"mailboxid\"" },

	{ "include", INC "include \"discards\";", "" },
	{ "personal", INC "include :personal \"files\"; keep;",
	    "file a, keep" },
	{ "return", INC "include \"returns\";", "keep" },
	{ "what follows a return", INC "include \"returns\"; discard;", "" },
	{ "return of the first script", INC "return; discard;", "keep" },
	{ "stop stops all", INC "include \"stops\"; discard;", "keep" },
	{ "its own requires", INC "include \"files\"; fileinto \"b\";",
	    "line 2: RFC 5228 3.2: not without its require: \"fileinto\"" },
	{ "missing", INC "include \"no\";",
	    "keep ! line 2: RFC 6609 3.2: there is no such script: \"no\"" },
	{ "optional", INC "include :optional \"no\"; discard;", "" },
	{ "none is global", INC "include :global \"discards\";",
	    "keep ! line 2: RFC 6609 3.2: there is no such script:"
	    " \"discards\"" },
	{ "global and optional", INC "include :global :optional"
	    " \"discards\";", "keep" },
	{ "once", INC "include \"files\"; include \"again\"; include :once"
	    " \"files\";", "file a" },
	{ "itself", INC "include \"self\";",
	    "keep ! line 2: RFC 6609 3.2: it includes itself: \"self\"" },
	{ "in a ring", INC "include \"ping\";",
	    "keep ! line 2: RFC 6609 3.2: it includes itself: \"ping\"" },
	{ "with a fault", INC "discard; include \"bad\";",
	    "keep ! line 2: RFC 5228 2.6: no such command: \"nonsense\"" },
	{ "a constant name", VAR "set \"a\" \"files\";"
	    " include :optional \"${a}\";", "keep" },
	{ "no name", INC "include \"\";",
	    "line 2: RFC 6609 3.2: not the name of a script" },
	{ "eight deep", INC "include \"deep1\";", "" },
	{ "nine deep", INC "include \"deep0\";",
	    "keep ! line 2: RFC 6609 3.2: too many scripts in scripts:"
	    " \"deep8\"" },
	{ "both places", INC "include :personal :global \"files\";",
	    "line 2: RFC 5228 2.7.1: one of its kind stands already:"
	    " \"global\"" },

	{ "global (RFC 6609 3.4.1)", VAR "global \"test\"; set \"test\""
	    " \"1\"; include \"spam\"; fileinto \"${test}\";",
	    "file spam-1" },
	{ "the others' own", VAR "set \"own\" \"mine\"; include \"local\";"
	    " fileinto \"${own}\";", "file theirs, file mine" },
	{ "global. (RFC 6609 3.4.2)", VAR "include \"prefix\"; global"
	    " \"test\"; fileinto \"${test}/${global.test}\";",
	    "file by prefix/by prefix" },
	{ "case is one", VAR "global \"TeSt\"; set \"GLOBAL.test\" \"x\";"
	    " fileinto \"${tEsT}\";", "file x" },
	{ "not yet global", VAR "set \"global.test\" \"x\";"
	    " fileinto \"a${test}\";", "file a" },
	{ "set before", VAR "set \"test\" \"x\"; global \"test\";",
	    "keep ! line 2: RFC 6609 3.4.1: it has been set in this script"
	    " already: \"test\"" },
	{ "twice", VAR "global \"test\"; set \"test\" \"x\"; global"
	    " \"test\"; fileinto \"${test}\";", "file x" },
	{ "not a name", VAR "global \"1\";",
	    "line 2: RFC 6609 3.4.1: not the name of a variable: \"1\"" },
	{ "no prefix there", VAR "global \"global.a\";", "line 2: RFC 6609"
	    " 3.4.1: not the name of a variable: \"global.a\"" },
	{ "needs both", INC "global \"a\";",
	    "line 2: RFC 5228 3.2: not without its require: \"global\"" },
	{ "global. without include", R("\"variables\", \"fileinto\"")
	    "fileinto \"${global.a}\";",
	    "line 2: RFC 5229 3: no such namespace: \"global.a\"" },
	{ "match variables are their own", VAR "if header :matches"
	    " \"subject\" \"* present\" { include \"match\";"
	    " fileinto \"${1}\"; }", "file present, file a" },

	{ "notify (RFC 5435 3)", NOTE "notify :importance \"1\" :message"
	    " \"This is probably very important\""
	    " \"mailto:alm@example.com\";",
	    "notify 1 <alm@example.com> This is probably very important,"
	    " keep" },
	{ "its URI (RFC 5436 3)", NOTE "notify :message \"stop\" :from"
	    " \"me@x.example\" :options [\"a=b\"]"
	    " \"mailto:a@x.example,b@x.example?to=c%40x.example"
	    "&subject=a%20b&body=c%0d%0ad&from=evil@x.example\";",
	    "notify 0 <a@x.example><b@x.example><c@x.example> stop"
	    " [me@x.example] [a b] [c\r\nd], keep" },
	{ "keeps what is discarded gone", NOTE "discard; notify"
	    " \"mailto:a@x.example\";", "notify 0 <a@x.example> " },
	{ "goes with reject (RFC 5435 3.8)", R("\"enotify\", \"reject\"")
	    "notify \"mailto:a@x.example\"; reject \"no\";",
	    "notify 0 <a@x.example> , reject no" },
	{ "and behind it", R("\"enotify\", \"reject\"") "reject \"no\";"
	    " notify \"mailto:a@x.example\";",
	    "reject no, notify 0 <a@x.example> " },
	{ "with variables", R("\"enotify\", \"variables\"") "set \"a\""
	    " \"x@y.example\"; notify :message \"${a}\" \"mailto:${a}\";",
	    "notify 0 <x@y.example> x@y.example, keep" },
	{ "a bad one by variables", R("\"enotify\", \"variables\"")
	    "notify \"mailto:${a}\";",
	    "keep ! line 2: RFC 5436 2.2: it goes to nobody: \"mailto:\"" },
	{ "another way", NOTE "notify \"xmpp:a@x.example\";",
	    "line 2: RFC 5435 3.1: no such way to notify:"
	    " \"xmpp:a@x.example\"" },
	{ "no address", NOTE "notify \"mailto:nobody\";",
	    "line 2: RFC 5436 2.2: not a mailto URI: \"mailto:nobody\"" },
	{ "too many addresses", NOTE "notify \"mailto:a@x.example,"
	    "b@x.example,c@x.example,d@x.example,e@x.example\";",
	    "line 2: RFC 5436 2.2: too many addresses:"
	    " \"mailto:a@x.example,b@x.example,c@x.example,d@x.example,e@x"
	    ".e\"" },
	{ "a header by the back door", NOTE "notify :message \"a\""
	    " \"mailto:a@x.example%0d%0aBcc:%20b@x.example\";",
	    "line 2: RFC 5436 2.2: not a mailto URI: \"mailto:a@x.example"
	    "%0d%0aBcc:%20b@x.example\"" },
	{ "an importance", NOTE "notify :importance \"4\""
	    " \"mailto:a@x.example\";",
	    "line 2: RFC 5435 3.4: the importance is 1, 2 or 3: \"4\"" },
	{ "the fifth", NOTE "notify \"mailto:a@x.example\"; notify"
	    " \"mailto:a@x.example\"; notify \"mailto:a@x.example\";"
	    " notify \"mailto:a@x.example\"; notify"
	    " \"mailto:a@x.example\";",
	    "keep ! line 2: RFC 5435 8: too many notifications" },
	{ "valid_notify_method (RFC 5435 4)", NOTE "if"
	    " not valid_notify_method [\"mailto:\", \"http://x.example\"]"
	    " { discard; }", "" },
	{ "and one that is", NOTE "if valid_notify_method"
	    " \"mailto:a@x.example\" { discard; }", "" },
	{ "not all of them", NOTE "if valid_notify_method"
	    " [\"mailto:a@x.example\", \"tel:+1\"] { discard; }", "keep" },
	{ "notify_method_capability (RFC 5435 5)", NOTE "if"
	    " notify_method_capability \"mailto:a@x.example\" \"Online\""
	    " [\"yes\", \"maybe\"] { discard; }", "" },
	{ "nobody knows", NOTE "if notify_method_capability"
	    " \"mailto:a@x.example\" \"online\" \"yes\" { discard; }",
	    "keep" },
	{ "of another", NOTE "if notify_method_capability"
	    " \"xmpp:a@x.example\" \"online\" \"maybe\" { discard; }",
	    "keep" },
	{ "another capability", NOTE "if notify_method_capability"
	    " \"mailto:a@x.example\" \"vnd\" :contains \"\" { discard; }",
	    "keep" },
	{ "encodeurl (RFC 5435 6)", R("\"enotify\", \"variables\","
		" \"fileinto\"") "set :encodeurl \"a\" \"b?c=/d e~\xc3\xa4\";"
	    " fileinto \"${a}\";", "file b%3Fc%3D%2Fd%20e~%C3%A4" },
	{ "its length", R("\"enotify\", \"variables\", \"fileinto\"")
	    "set :length :encodeurl \"a\" \"/\"; fileinto \"${a}\";",
	    "file 3" },
	{ "encodeurl needs both", R("\"variables\"")
	    "set :encodeurl \"a\" \"b\";", "line 2: RFC 5228 3.2: not"
	    " without its require: \"encodeurl\"" },
};

static bool
no_mailbox(void *context, view name)
{
	(void)context, (void)name;
	return false;
}

static bool
no_special(void *context, view name, view use)
{
	(void)context, (void)name, (void)use;
	return false;
}

static bool
has_id(void *context, view id)
{
	(void)context;
	return view_eq(id, VIEW("F1"));
}

static result
find_script(void *context, struct arena *arena, view name, view *text)
{
	(void)context, (void)arena;
	*text = VIEW(INC "include \"deep1\";");
	if (view_eq(name, VIEW("deep0")))
		return done();
	for (size_t i = 0; i < COUNT(scripts); i++) {
		*text = view_of(scripts[i].text);
		if (view_eq(name, view_of(scripts[i].name)))
			return done();
	}
	return fail(NOT_FOUND, "");
}

static const struct sieve_host host = { NULL, no_mailbox, no_special, has_id,
	find_script, no_mailbox };

static void
print_notify(const struct sieve_action *a, struct buf *out)
{
	buf_print(out, "notify %u ", a->importance);
	for (size_t i = 0; i < a->address_count; i++)
		buf_print(out, "<%.*s>", (int)a->addresses[i].n,
		    a->addresses[i].p);
	buf_print(out, " %.*s", (int)a->text.n, a->text.p);
	if (a->from.n > 0)
		buf_print(out, " [%.*s] [%.*s] [%.*s]", (int)a->from.n,
		    a->from.p, (int)a->subject.n, a->subject.p,
		    (int)a->body.n, a->body.p);
}

static void
print_action(const struct sieve_action *a, struct buf *out)
{
	static const char *const names[] = { "keep", "file ", "redirect ",
		"reject " };

	if (out->n > 0)
		buf_add(out, VIEW(", "));
	if (a->kind == SIEVE_NOTIFY) {
		print_notify(a, out);
		return;
	}
	buf_add_text(out, a->kind < COUNT(names) ? names[a->kind] : "other");
	buf_add(out, a->text);
	if (a->mailbox_id.n > 0)
		buf_print(out, " #%.*s", (int)a->mailbox_id.n,
		    a->mailbox_id.p);
	if (a->create)
		buf_add(out, VIEW(" +"));
}

static void
play(view script, struct buf *out)
{
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct sieve_outcome o = { .steps = 0 };
	struct sieve_error error;
	struct sieve *s;
	const struct sieve_mail mail = { .message = view_of(letter),
		.sender = VIEW("bounce@lists.example"),
		.recipient = VIEW("ann@acme.example.com"),
		.now = 1000000000, .host = &host };

	if (sieve_compile(arena, script, &s, &error).is != OK) {
		sieve_error_write(&error, out);
	} else {
		result r = sieve_run(s, &mail, arena, &o);

		for (const struct sieve_action *a = o.first; a != NULL;
		    a = a->next)
			print_action(a, out);
		if (r.is != OK) {
			buf_add(out, VIEW(" ! "));
			sieve_error_write(&o.error, out);
		}
	}
	arena_free(&arena);
}

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_new(65536);

		play(view_of(cases[i].script), &out);
		same(buf_view(&out), view_of(cases[i].outcome),
		    cases[i].name);
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

			if (copy == NULL)
				abort();
			memcpy(copy, script.p, n);
			play((view){ copy, n }, &out);
			fine = fine && buf_result(&out).is == OK;
			buf_free(&out);
			free(copy);
		}
	}
	ok(fine, "every prefix of every script");
}

static void
test_number(int includes, const char *outcome)
{
	struct buf script = buf_new(65536), out = buf_new(65536);

	buf_add_text(&script, INC);
	for (int i = 0; i < includes; i++)
		buf_add(&script, VIEW("include \"files\";"));
	play(buf_view(&script), &out);
	ok(view_starts(buf_view(&out), view_of(outcome)), "%d includes",
	    includes);
	buf_free(&script);
	buf_free(&out);
}

int
main(void)
{
	test_cases();
	test_prefixes();
	test_number(LIMIT_SIEVE_INCLUDES, "file a");
	test_number(LIMIT_SIEVE_INCLUDES + 1,
	    "keep ! line 2: RFC 6609 3.2: too many included scripts");
	return tap_done();
}
