/* The words of IMAP: sets, names, patterns, strings, literals. */
#include "mailcore/base/limits.h"
#include "mailcore/imap/fetch.h"
#include "mailcore/imap/glob.h"
#include "mailcore/imap/idset.h"
#include "mailcore/imap/keywords.h"
#include "mailcore/imap/parse.h"
#include "mailcore/imap/utf7.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static void
test_sets(void)
{
	static const struct {
		const char *text;
		uint32_t last;
		const char *set; /* NULL: refused */
	} cases[] = {
		{ "1", 9, "1" },
		{ "1:3,2:5,7,6", 9, "1:7" },
		{ "5:2", 9, "2:5" },
		{ "*", 9, "9" },
		{ "*:7", 9, "7:9" },
		{ "12:*", 9, "9:12" },
		{ "4294967294", 9, "4294967294" },
		{ "4294967296", 9, NULL },
		{ "0", 9, NULL },
		{ "1:0", 9, NULL },
		{ "", 9, NULL },
		{ "1,", 9, NULL },
		{ "1:", 9, NULL },
		{ "a", 9, NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scan s = scan_over(view_of(cases[i].text));
		struct arena *arena = arena_new(10000);
		struct buf text = buf_new(1000);
		struct idset_writer w = idset_to(&text);
		struct idset set;

		idset_scan(&s, arena, &set);
		ok(scan_ok(&s) == (cases[i].set != NULL), "set '%s'",
		    cases[i].text);
		if (scan_ok(&s)) {
			idset_resolve(&set, cases[i].last);
			for (size_t k = 0; k < set.count; k++) {
				idset_put(&w, set.ranges[k].from);
				for (uint32_t id = set.ranges[k].from;
				     id < set.ranges[k].to;)
					idset_put(&w, ++id);
			}
			idset_end(&w);
			same(buf_view(&text), view_of(cases[i].set),
			    cases[i].text);
			ok(idset_has(&set, idset_largest(&set))
				&& !idset_has(&set, idset_largest(&set) + 1),
			    "has its last");
		}
		buf_free(&text);
		arena_free(&arena);
	}
}

static void
test_names(void)
{
	static const struct {
		const char *wire;
		const char *name; /* NULL: refused */
	} cases[] = {
		{ "INBOX", "INBOX" },
		{ "&-", "&" },
		{ "a&-b", "a&b" },
		{ "&AOk-", "\xc3\xa9" },
		{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
		{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
		{ "~peter/mail/&ZeVnLIqe-/&U,BTFw-",
		    "~peter/mail/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e/"
		    "\xe5\x8f\xb0\xe5\x8c\x97" },
		{ "&", NULL },
		{ "&AOk", NULL },
		{ "&AO-", NULL },  /* no whole character */
		{ "&AOl-", NULL }, /* bits left over */
		{ "&AEE-", NULL }, /* 'A' coded */
		{ "&2D0-", NULL }, /* half a pair */
		{ "&3gA-", NULL }, /* the other half */
		{ "&A!k-", NULL },
		{ "\xc3\xa9", NULL },
		{ "a\x01", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf name = buf_new(1000), wire = buf_new(1000);
		result r = utf7_decode(view_of(cases[i].wire), &name);

		ok((r.is == OK) == (cases[i].name != NULL), "name '%s'",
		    cases[i].wire);
		if (r.is == OK && cases[i].name != NULL) {
			same(buf_view(&name), view_of(cases[i].name), "read");
			utf7_encode(buf_view(&name), &wire);
			same(buf_view(&wire), view_of(cases[i].wire),
			    "written");
		}
		buf_free(&name);
		buf_free(&wire);
	}
}

static void
test_patterns(void)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool fits;
	} cases[] = {
		{ "*", "a/b", true },
		{ "%", "a/b", false },
		{ "%", "a", true },
		{ "%/%", "a/b", true },
		{ "%/%", "a/b/c", false },
		{ "a*c", "a/b/c", true },
		{ "a%c", "abc", true },
		{ "a%c", "a/c", false },
		{ "*%c", "a/b/c", true },
		{ "%*", "a/b", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(glob_matches(view_of(cases[i].pattern),
		       view_of(cases[i].name))
			== cases[i].fits,
		    "%s and %s", cases[i].pattern, cases[i].name);
}

static void
test_keywords(void)
{
	struct arena *a = arena_new(100000);
	view set = keywords_make(VIEW("b $x  A a B"), a);

	same(set, VIEW("$x A b"), "sorted, once each");
	same(keywords_join(set, VIEW("B c"), a), VIEW("$x A b c"), "joined");
	same(keywords_without(set, VIEW("a $X"), a), VIEW("b"), "without");
	ok(keywords_has(set, VIEW("B")) && !keywords_has(set, VIEW("$")),
	    "has");
	is_number((int64_t)keywords_count(set), 3, "count");
	arena_free(&a);
}

static void
test_literals(void)
{
	static const struct {
		const char *line;
		bool there, plus, bad;
		uint64_t size;
	} cases[] = {
		{ "a LOGIN {5}", true, false, false, 5 },
		{ "a LOGIN {5+}", true, true, false, 5 },
		{ "{0}", true, false, false, 0 },
		{ "a {99999999999999999999}", true, false, true, 0 },
		{ "a {}", false, false, false, 0 },
		{ "a {+}", false, false, false, 0 },
		{ "a {5} ", false, false, false, 0 },
		{ "a \"{5}\"", false, false, false, 0 },
		{ "5}", false, false, false, 0 },
		{ "}", false, false, false, 0 },
		{ "", false, false, false, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct literal l;
		bool bad;
		bool there = parse_literal(view_of(cases[i].line), &l, &bad);

		ok(there == cases[i].there && bad == cases[i].bad,
		    "literal in '%s'", cases[i].line);
		if (there && !bad)
			ok(l.size == cases[i].size && l.plus == cases[i].plus,
			    "size and kind");
	}
}

static bool
fetch_reads(view text, struct fetch *f)
{
	struct buf b = buf_new(100000);
	struct arena *a = arena_new(1 << 20);
	struct parse in;
	bool good;

	*f = (struct fetch){ 0 };
	buf_add(&b, text);
	in = parse_over(&b, a);
	fetch_parse(&in, false, f);
	good = scan_ok(&in.s);
	buf_free(&b);
	arena_free(&a);
	return good;
}

static void
test_fetch(void)
{
	static const struct {
		const char *text;
		bool good;
		size_t items;
	} cases[] = {
		{ " 1 FLAGS", true, 1 },
		{ " 1:* (FLAGS UID FLAGS)", true, 2 },
		{ " 1 FULL", true, 5 },
		{ " 1 BODY[]", true, 1 },
		{ " 1 (BODY BODYSTRUCTURE)", true, 2 },
		{ " 1 BODY.PEEK[1.2.HEADER.FIELDS (a \"b c\" {1+}\r\nd)]<0.1>",
		    true, 1 },
		{ " 1 (FLAGS) (CHANGEDSINCE 5)", true, 2 },
		{ " 1 RFC822.HEADER", true, 1 },
		{ " 1 (FULL)", false, 0 },
		{ " 1 BODY[", false, 0 },
		{ " 1 BODY[MIME]", false, 0 },
		{ " 1 BODY[0]", false, 0 },
		{ " 1 BODY[1.]", false, 0 },
		{ " 1 BODY[]<1>", false, 0 },
		{ " 1 BODY[]<1.0>", false, 0 },
		{ " 1 BODY[HEADER.FIELDS ()]", false, 0 },
		{ " 1 ()", false, 0 },
		{ " 1", false, 0 },
		{ " 1 FLAGS x", false, 0 },
		{ " 1 NONSENSE", false, 0 },
	};
	struct buf many = buf_new(100000);
	struct fetch f;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ok(fetch_reads(view_of(cases[i].text), &f) == cases[i].good,
		    "FETCH%s", cases[i].text);
		if (cases[i].good)
			is_number((int64_t)f.count, (int64_t)cases[i].items,
			    "items");
	}
	for (int extra = 0; extra < 2; extra++) {
		buf_reset(&many);
		buf_add(&many, VIEW(" 1 (BODY[]"));
		for (int i = 1; i < LIMIT_IMAP_FETCH_ITEMS + extra; i++)
			buf_add(&many, VIEW(" BODY[]"));
		buf_add_byte(&many, ')');
		ok(fetch_reads(buf_view(&many), &f) == (extra == 0),
		    "most items and one more");
		buf_reset(&many);
		buf_add(&many, VIEW(" 1 BODY[1"));
		for (int i = 1; i < LIMIT_MIME_DEPTH + extra; i++)
			buf_add(&many, VIEW(".1"));
		buf_add_byte(&many, ']');
		ok(fetch_reads(buf_view(&many), &f) == (extra == 0),
		    "deepest section and one more");
	}
	buf_free(&many);
}

/* Each in a block of its own size. */
static void
test_every_prefix(void)
{
	view whole = VIEW(" 1:3,* (FLAGS BODY[1.HEADER.FIELDS (\"a\\\"b\")]"
			  "<1.2>) (CHANGEDSINCE 9)");
	struct fetch f;
	int good = 0;

	for (size_t n = 0; n <= whole.n; n++)
		good += fetch_reads(view_first(whole, n), &f);
	is_number(good, 2, "whole with and without its modifier");
}

int
main(void)
{
	test_sets();
	test_names();
	test_patterns();
	test_keywords();
	test_literals();
	test_fetch();
	test_every_prefix();
	return tap_done();
}
