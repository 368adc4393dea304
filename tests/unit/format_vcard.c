/* vCards: what may be kept, and what matches a filter. */
#include "mailcore/format/content_line.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/vcard.h"
#include "mailcore/format/vcard_words.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGET = 1048576 };

#define CARD(inside) "BEGIN:VCARD\r\nVERSION:3.0\r\n" inside "END:VCARD\r\n"

static void
test_examine(void)
{
	static const struct {
		const char *text;
		enum status is;
		const char *uid;
	} cases[] = {
		{ CARD("UID:u\r\nFN:x\r\n"), OK, "u" },
		{ CARD("FN:x\r\n"), OK, "" },
		{ CARD("item1.UID;X=1:a\\,b\r\n"), OK, "a,b" },
		{ CARD("UID:lo\r\n ng\r\n"), OK, "long" },
		{ "\xef\xbb\xbf" CARD("UID:u\n"), OK, "u" },
		{ "begin:vcard\nversion:4.0\nuid:u\nend:vcard", OK, "u" },
		{ CARD("UID:B1-5AF9A80.vcf\r\n") "\r\n\r\n", OK,
		    "B1-5AF9A80.vcf" },
		{ "", MALFORMED, "" },
		{ "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", MALFORMED, "" },
		{ "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n", MALFORMED, "" },
		{ "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n", MALFORMED, "" },
		{ CARD("FN:x\r\n") CARD("FN:y\r\n"), MALFORMED, "" },
		{ CARD("FN\r\n"), MALFORMED, "" },
		{ CARD(":x\r\n"), MALFORMED, "" },
		{ CARD("FN;A=\"x:y\r\n"), MALFORMED, "" },
		{ CARD("F N:x\r\n"), MALFORMED, "" },
		{ CARD("FN:\xff\r\n"), MALFORMED, "" },
		{ CARD("BEGIN:VCARD\r\nEND:VCARD\r\n"), MALFORMED, "" },
		{ "BEGIN:VCARD\r\nVERSION:2.1\r\nEND:VCARD\r\n", DENIED, "" },
		{ "BEGIN:VCARD\r\nVERSION:5.0\r\nEND:VCARD\r\n", DENIED, "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct vcard_facts facts;
		result r = vcard_examine(view_of(cases[i].text), arena, &facts);

		ok(r.is == cases[i].is, "card %zu: %s", i, r.why);
		if (r.is == OK)
			same(facts.uid, view_of(cases[i].uid), "its UID");
		arena_free(&arena);
	}
}

/* What its words say of the same filter. */
static bool
may_match(
    const char *text, const struct xml_element *filter, struct arena *arena)
{
	const struct vcard_search *search = vcard_search_of(filter, arena);
	struct vcard_facts facts;

	if (vcard_examine(view_of(text), arena, &facts).is != OK)
		return true;
	return search == NULL || vcard_search_may_match(search, facts.words);
}

static bool
matches(const char *text, const char *attributes, const char *inside)
{
	struct arena *arena = arena_new(BUDGET);
	struct xml_element *filter;
	char xml[1024];
	bool match = false;
	result r;

	snprintf(xml, sizeof xml,
	    "<filter xmlns='urn:ietf:params:xml:ns:carddav' %s>%s</filter>",
	    attributes, inside);
	r = xml_parse(view_of(xml), arena, &filter);
	if (r.is == OK)
		r = vcard_matches(view_of(text), filter, arena, &match);
	if (r.is != OK)
		note("%s: %s", xml, r.why);
	else if (match)
		ok(may_match(text, filter, arena), "its words: %s", inside);
	arena_free(&arena);
	return match;
}

/* Not found by its words, which say no more than the card. */
static bool
is_excluded(const char *text, const char *attributes, const char *inside)
{
	struct arena *arena = arena_new(BUDGET);
	struct xml_element *filter = NULL;
	char xml[1024];
	bool excluded;

	snprintf(xml, sizeof xml,
	    "<filter xmlns='urn:ietf:params:xml:ns:carddav' %s>%s</filter>",
	    attributes, inside);
	if (xml_parse(view_of(xml), arena, &filter).is != OK)
		abort();
	excluded = !may_match(text, filter, arena);
	arena_free(&arena);
	ok(!excluded || !matches(text, attributes, inside),
	    "what is excluded does not match: %s", inside);
	return excluded;
}

#define PROP(name, test, inside) \
	"<prop-filter name='" name "' " test ">" inside "</prop-filter>"
#define TEXT(attributes, text) \
	"<text-match " attributes ">" text "</text-match>"

static void
test_matches(void)
{
	static const char text[] = CARD(
	    "FN:J\xc3\xbcrgen M\xc3\xbcller\r\n"
	    "EMAIL;TYPE=INTERNET,WORK:jm@example.org\r\n"
	    "EMAIL;TYPE=HOME:home@example.net\r\n"
	    "item1.TEL:+49 1\r\nNOTE:one\\ntwo\r\n");
	static const struct {
		const char *attributes, *inside;
		bool match;
	} cases[] = {
		{ "", "", true },
		{ "", PROP("FN", "", ""), true },
		{ "", PROP("NICKNAME", "", ""), false },
		{ "", PROP("NICKNAME", "", "<is-not-defined/>"), true },
		{ "", PROP("TEL", "", ""), true },
		{ "", PROP("item1.TEL", "", ""), true },
		{ "", PROP("item2.TEL", "", ""), false },
		{ "", PROP("FN", "", TEXT("", "J\xc3\x9cRGEN")), true },
		{ "", PROP("FN", "", TEXT("collation='i;octet'", "j\xc3\xbc")),
		    false },
		{ "", PROP("FN", "", TEXT("match-type='equals'", "J")), false },
		{ "", PROP("FN", "", TEXT("match-type='starts-with'", "j")),
		    true },
		{ "", PROP("FN", "", TEXT("match-type='ends-with'", "LLER")),
		    true },
		{ "",
		    PROP("FN", "", TEXT("negate-condition='yes'", "J\xc3\xbc")),
		    false },
		{ "", PROP("NOTE", "", TEXT("", "one\ntwo")), true },
		{ "",
		    PROP("EMAIL", "test='allof'",
			TEXT("", "home") TEXT("", "example.org")),
		    false },
		{ "",
		    PROP("EMAIL", "test='anyof'",
			TEXT("", "home") TEXT("", "example.org")),
		    true },
		{ "",
		    PROP("EMAIL", "",
			"<param-filter name='TYPE'>" TEXT(
			    "match-type='equals'", "work") "</param-filter>"),
		    true },
		{ "", PROP("EMAIL", "", "<param-filter name='PREF'/>"), false },
		{ "test='allof'", PROP("FN", "", "") PROP("X", "", ""), false },
		{ "test='anyof'", PROP("FN", "", "") PROP("X", "", ""), true },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(matches(text, cases[i].attributes, cases[i].inside)
			== cases[i].match,
		    "filter %zu: %s", i, cases[i].inside);
}

static void
test_words(void)
{
	static const char text[] = CARD("UID:u\r\n"
	    "fn;X=Y:J\xc3\xbcrgen M\xc3\xbcl\r\n ler\r\n"
	    "item1.EMAIL;TYPE=WORK:jm@Example.org\r\n"
	    "EMAIL:home@example.net\r\nORG:a\\,b;c\r\n"
	    "NOTE:needle\r\nX-FN:other\r\n");
	static const struct {
		const char *attributes, *inside;
		bool excluded;
	} cases[] = {
		{ "", "", false },
		{ "", PROP("FN", "", TEXT("", "m\xc3\x9cLLER")), false },
		{ "", PROP("FN", "", TEXT("", "example")), true },
		{ "", PROP("fn", "", TEXT("", "other")), true },
		{ "", PROP("X-FN", "", TEXT("", "none")), false },
		{ "", PROP("NOTE", "", TEXT("", "none")), false },
		{ "", PROP("NICKNAME", "", ""), true },
		{ "", PROP("FN", "", "<is-not-defined/>"), false },
		{ "", PROP("ORG", "", TEXT("", "A,B;")), false },
		{ "", PROP("ORG", "", TEXT("", "a\\,b")), true },
		{ "", PROP("item1.EMAIL", "", TEXT("", "@example.org")),
		    false },
		{ "", PROP("item2.EMAIL", "", TEXT("", "@example.com")),
		    true },
		{ "", PROP("FN", "",
		    TEXT("collation='i;ascii-casemap'", "J\xc3\x9c")), false },
		{ "", PROP("FN", "",
		    TEXT("collation='i;ascii-casemap'", "Jo")), true },
		{ "", PROP("FN", "", TEXT("negate-condition='yes'", "zz")),
		    false },
		{ "", PROP("EMAIL", "test='allof'", TEXT("", "example")
		    TEXT("negate-condition='yes'", "zz")), false },
		{ "", PROP("EMAIL", "test='allof'", TEXT("", "zz")
		    "<param-filter name='TYPE'/>"), true },
		{ "", PROP("EMAIL", "", TEXT("", "zz")
		    "<param-filter name='TYPE'/>"), false },
		{ "", PROP("EMAIL", "", TEXT("", "zz") TEXT("", "HOME")),
		    false },
		{ "", PROP("FN", "", TEXT("", "zz"))
		    PROP("NOTE", "", TEXT("", "zz")), false },
		{ "test='allof'", PROP("FN", "", TEXT("", "zz"))
		    PROP("NOTE", "", TEXT("", "needle")), true },
		{ "", PROP("FN", "", TEXT("", "zz"))
		    PROP("EMAIL", "", TEXT("", "zz")), true },
		{ "", PROP("FN", "", TEXT("", "")), false },
		{ "", PROP("FN", "", TEXT("", "fn:")), true },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(is_excluded(text, cases[i].attributes, cases[i].inside)
			== cases[i].excluded,
		    "words %zu: %s", i, cases[i].inside);
}

/* A card with so many octets of words. */
static int64_t
words_of(size_t n)
{
	static const char frame[] = "\1FN:"; /* and a NUL */
	struct buf b = buf_new(2048);
	struct arena *arena = arena_new(BUDGET);
	struct vcard_facts facts;
	int64_t kept;

	buf_add_text(&b, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:");
	for (size_t i = sizeof frame; i < n; i++)
		buf_add_byte(&b, 'x');
	buf_add_text(&b, "\r\nEND:VCARD\r\n");
	if (vcard_examine(buf_view(&b), arena, &facts).is != OK)
		abort();
	kept = (int64_t)facts.words.n;
	arena_free(&arena);
	buf_free(&b);
	return kept;
}

static void
test_many_words(void)
{
	is_number(words_of(LIMIT_VCARD_WORDS), LIMIT_VCARD_WORDS, "the most");
	is_number(words_of(LIMIT_VCARD_WORDS + 1), 0, "more says nothing");
	ok(!is_excluded("none", "", PROP("FN", "", TEXT("", "a"))),
	    "without words who knows");
}

static void
test_parameters(void)
{
	view parameters = VIEW("A=1;B=\"x;y\",z;C"), name, value, one;

	ok(content_parameter_next(&parameters, &name, &value), "one");
	same(name, VIEW("A"), "its name");
	same(value, VIEW("1"), "its value");
	ok(content_parameter_next(&parameters, &name, &value), "quoted");
	ok(content_value_next(&value, &one), "a list");
	same(one, VIEW("x;y"), "without quotes");
	ok(content_value_next(&value, &one), "of two");
	same(one, VIEW("z"), "the second");
	ok(!content_value_next(&value, &one), "and no more");
	ok(content_parameter_next(&parameters, &name, &value) && value.n == 0,
	    "without a value");
	ok(!content_parameter_next(&parameters, &name, &value), "the end");
}

static void
test_every_prefix(void)
{
	view text = VIEW("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:\r\n\tu\r\n"
			 "A.FN;X=\"q\":x\\\r\nEND:VCARD\r\n");
	int accepted = 0;

	for (size_t n = 1; n <= text.n; n++) {
		struct arena *arena = arena_new(BUDGET);
		struct vcard_facts facts;
		char *exact = malloc(n);

		if (exact == NULL)
			abort();
		memcpy(exact, text.p, n);
		accepted += vcard_examine((view){ exact, n }, arena, &facts).is
		    == OK;
		free(exact);
		arena_free(&arena);
	}
	is_number(accepted, 3, "only the end may lack its CRLF");
}

int
main(void)
{
	test_examine();
	test_matches();
	test_words();
	test_many_words();
	test_parameters();
	test_every_prefix();
	return tap_done();
}
