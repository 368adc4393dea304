/* Tables of mailboxes and aliases, into a store of its own. */
#include "mailcore/admin/move_in.h"

#include "mailcore/admin/rows.h"
#include "mailcore/auth/auth.h"
#include "mailcore/store/alias.h"
#include "tests/unit/store_help.h"

static const char *const names[] = { "a", "b", "c" };

static const struct {
	const char *text;
	const char *read; /* rows "a|b|c;"; a bad row "!" ; NULL: no table */
} tables[] = {
	{ "a,b,c\n1,2,3\n", "1|2|3;" },
	{ "c\ta\n3\t1\n", "1||3;" },
	{ "a\n1\n2\n", "1||;2||;" },
	{ "\xef\xbb\xbf" "A , b\r\n 1 , 2 \r\n\r\n3,\r\n", "1|2|;3||;" },
	{ "a,b\n\"x, \"\"y\"\"\",2\n\"\", \"z\" \n", "x, \"y\"|2|;|z|;" },
	{ "a,b\n\"x,2\n3,4\n\"5\"6,7\n", "!3|4|;!" },
	{ "a,b\n1\n1,2,3\n1,2\n", "!!1|2|;" },
	{ "a\tb\nx\\ty\\\\z\tNULL\n\"q\"\t1,2\n", "x\ty\\z||;\"q\"|1,2|;" },
	{ "a,b", "" },
	{ "", NULL },
	{ "\n\n", NULL },
	{ "b\n1\n", NULL },
	{ "a,d\n", NULL },
	{ "a,a\n", NULL },
	{ "a,b,c,a,b,c,a,b,c\n", NULL },
};

static void
read_rows(view text, struct arena *arena, struct buf *out, bool *is_table)
{
	view values[ROWS_COLUMNS];
	struct rows rows;
	result r = rows_begin(&rows, text, names, COUNT(names), arena);

	*is_table = r.is == OK;
	while (r.is == OK) {
		result next = rows_next(&rows, values);

		if (next.is == NOT_FOUND)
			break;
		if (next.is == OK)
			buf_print(out, "%.*s|%.*s|%.*s;", (int)values[0].n,
			    values[0].p, (int)values[1].n, values[1].p,
			    (int)values[2].n, values[2].p);
		else
			buf_add_byte(out, '!');
	}
}

static void
test_rows(void)
{
	for (size_t i = 0; i < COUNT(tables); i++) {
		struct arena *arena = arena_new(65536);
		struct buf out = buf_new(65536);
		bool is_table;

		read_rows(view_of(tables[i].text), arena, &out, &is_table);
		ok(is_table == (tables[i].read != NULL)
		    && (!is_table || view_eq(buf_view(&out),
		           view_of(tables[i].read))),
		    "%s: %s", tables[i].text, buf_text(&out));
		buf_free(&out);
		arena_free(&arena);
	}
}

struct heard {
	int done, there, refused;
	char made[64]; /* the last password */
};

static void
hear(void *context, view address, view password, result r)
{
	struct heard *h = context;

	if (r.is != OK && r.is != EXISTS)
		printf("# %.*s: %s\n", (int)address.n, address.p, r.why);
	h->done += r.is == OK;
	h->there += r.is == EXISTS;
	h->refused += r.is != OK && r.is != EXISTS;
	if (password.n > 0)
		(void)view_copy(password, h->made, sizeof h->made);
}

static struct account_info
find(struct home *h, const char *address)
{
	struct account_info info;
	result r = account_find(h->store, h->arena, view_of(address), &info);

	ok(r.is == OK, "%s is there", address);
	return info;
}

static const char mailboxes[] =
    "address\thash\tname\tquota\tenabled\n"
    "ann@example.org\t{SHA512-CRYPT}$6$abcdefgh$yVfUwsw5T.JApa8POvClA1pQ5pei"
    "q97DUNyXCZN5IrF.BMSkiaLQ5kvpuEm/VQ1Tvh/KV2TcaWh8qinoW5dhA1"
    "\tAnn M\xc3\xbcller\t3221225472\t1\n"
    "bob@example.org\t\tBob\t0\t0\n"
    "eve@elsewhere.org\t\t\t\t\n"
    "fay@example.org\tplain\t\t\t\n"
    "gus@example.org\t\t\tmuch\t\n"
    "hal@example.org\t\t\t\tmaybe\n"
    "no address\t\t\t\t\n";

static void
test_mailboxes(struct home *h)
{
	struct heard heard = { 0 };
	struct account_info ann, bob;

	must(move_in_mailboxes(h->store, view_of(mailboxes), hear, &heard),
	    "move in");
	is_number(heard.done, 2, "two are made");
	is_number(heard.refused, 5, "the others are refused");
	ann = find(h, "ann@example.org");
	is_number(auth_verify(ann.password, VIEW("password")).is, OK,
	    "by the password of before");
	ok(view_eq(ann.name, VIEW("Ann M\xc3\xbcller")), "by name");
	ok(ann.quota == 3221225472 && ann.enabled, "with a quota");
	bob = find(h, "bob@example.org");
	ok(!bob.enabled && bob.quota == 0, "one that may not log in");
	ok(heard.made[0] != '\0'
	    && auth_verify(bob.password, view_of(heard.made)).is == OK,
	    "by a password that was made and told");
	heard = (struct heard){ 0 };
	must(move_in_mailboxes(h->store, view_of(mailboxes), hear, &heard),
	    "again");
	is_number(heard.there, 2, "both are there already");
	ok(heard.made[0] == '\0', "no password is told that is none");
	ok(view_eq(find(h, "bob@example.org").password, bob.password),
	    "and the old one stays");
}

/* What other tables say: of MySQL's tinyint mailcow's 2 (gets mail, may not
 * log in), and of PostgreSQL a boolean. */
static void
test_enabled(struct home *h)
{
	struct heard heard = { 0 };

	must(move_in_mailboxes(h->store, VIEW("address,enabled\n"
	    "ida@example.org,2\njoe@example.org,f\nkim@example.org,t\n"), hear,
	    &heard), "move in");
	is_number(heard.done, 3, "three are made");
	ok(!find(h, "ida@example.org").enabled
	    && !find(h, "joe@example.org").enabled
	    && find(h, "kim@example.org").enabled, "one may log in");
}

/* Before anything of a row is looked at that costs time. */
static void
test_there(struct home *h)
{
	struct heard heard = { 0 };

	must(move_in_mailboxes(h->store, VIEW("address,hash\n"
	    "ann@example.org,plain\n"), hear, &heard), "move in");
	is_number(heard.there, 1, "who is there is not looked at");
}

/* The keys of SCRAM cannot be kept: nobody is told the password. */
static void
test_half(struct home *h)
{
	struct heard heard = { 0 };
	struct account_info info;

	must(setting_set(h->store, VIEW("scram-key"), VIEW("short")), "key");
	is_number(move_in_mailboxes(h->store, VIEW("address\n"
	    "lea@example.org\n"), hear, &heard).is, FAILED, "it stops");
	is_number(heard.done, 0, "nothing is told");
	is_number(account_find(h->store, h->arena, VIEW("lea@example.org"),
	    &info).is, NOT_FOUND, "and nobody is half there");
}

static void
test_aliases(struct home *h)
{
	static const char table[] = "address,target,enabled\n"
	    "info@example.org,ann@example.org,1\n"
	    "both@example.org,\"ann@example.org,x@far.example\",1\n"
	    "@example.org,bob@example.org,\n"
	    "old@example.org,ann@example.org,0\n"
	    "ann@example.org,bob@example.org,1\n"
	    "x@elsewhere.org,ann@example.org,1\n";
	struct heard heard = { 0 };
	struct alias *list;
	size_t count;

	must(move_in_aliases(h->store, view_of(table), hear, &heard),
	    "move in");
	is_number(heard.done, 3, "three are made");
	is_number(heard.there, 2, "one is off, one is a mailbox");
	is_number(heard.refused, 1, "one is of another domain");
	must(alias_list(h->store, h->arena, VIEW("example.org"), &list,
	    &count), "list");
	is_number((int64_t)count, 3, "are there");
}

int
main(void)
{
	struct heard heard = { 0 };
	struct home h;

	test_rows();
	home_begin(&h);
	test_mailboxes(&h);
	test_enabled(&h);
	test_there(&h);
	test_aliases(&h);
	test_half(&h);
	is_number(move_in_mailboxes(h.store, VIEW("user,pass\n"), hear,
	    &heard).is, MALFORMED, "another table");
	home_end(&h);
	return tap_done();
}
