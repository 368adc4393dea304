/* XML: read under limits, written so that it is read the same. */
#include "mailcore/base/limits.h"
#include "mailcore/format/xml_in.h"
#include "mailcore/format/xml_out.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

enum { BUDGET = 8388608 };

static void
test_tree(void)
{
	struct arena *arena = arena_new(BUDGET);
	struct xml_element *e, *p, *prop;
	result r = xml_parse(
	    VIEW("<?xml version='1.0'?><d:a xmlns:d='DAV:' x='1&amp;2'>te"
		 "<d:prop><y:z xmlns:y='u:y' y:k='v'>in<y:q/>&lt;</y:z>"
		 "</d:prop><!-- no --><b/><![CDATA[<x>]]>t</d:a>"),
	    arena, &e);

	ok(r.is == OK, "parses: %s", r.why);
	ok(xml_is(e, VIEW("DAV:"), VIEW("a")), "namespaces are resolved");
	same(e->text, VIEW("te<x>t"), "text and CDATA, joined");
	same(xml_attribute(e, VIEW("x")), VIEW("1&2"), "an attribute");
	same(xml_attribute(e, VIEW("k")), VIEW(""), "none");
	ok(xml_child(e, VIEW(""), VIEW("b")) != NULL, "no namespace");
	ok(xml_child(e, VIEW("DAV:"), VIEW("b")) == NULL, "another one");
	prop = xml_child(e, VIEW("DAV:"), VIEW("prop"));
	p = prop == NULL ? NULL : prop->first;
	ok(p != NULL && xml_is(p, VIEW("u:y"), VIEW("z")), "a property");
	if (p != NULL)
		same(p->inner, VIEW("in<y:q xmlns:y=\"u:y\"/>&lt;"),
		    "its inside stands alone");
	arena_free(&arena);
}

static void
test_refused(void)
{
	static const struct {
		const char *text;
		enum status is;
	} cases[] = {
		{ "", MALFORMED },
		{ "x", MALFORMED },
		{ "<a>", MALFORMED },
		{ "<a></b>", MALFORMED },
		{ "<a/><b/>", MALFORMED },
		{ "<d:a/>", MALFORMED },
		{ "<a b='1' b='2'/>", MALFORMED },
		{ "<a>&b;</a>", MALFORMED },
		{ "<a>\x01</a>", MALFORMED },
		{ "<a>\xff</a>", MALFORMED },
		{ "<!DOCTYPE a><a/>", MALFORMED },
		{ "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", MALFORMED },
		{ "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", MALFORMED },
		{ "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
		  "<a>&x;</a>",
		    MALFORMED },
		{ "<a>&lt;&#65;</a>", OK },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(BUDGET);
		struct xml_element *e;
		result r = xml_parse(view_of(cases[i].text), arena, &e);

		ok(r.is == cases[i].is, "%s: %s", cases[i].text, r.why);
		ok((e != NULL) == (r.is == OK), "a tree only then");
		arena_free(&arena);
	}
}

static enum status
parse(struct buf *b)
{
	struct arena *arena = arena_new(BUDGET);
	struct xml_element *e;
	result r = xml_parse(buf_view(b), arena, &e);

	arena_free(&arena);
	buf_reset(b);
	return r.is;
}

static void
nested(struct buf *b, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_add(b, VIEW("<a>"));
	for (int i = 0; i < depth; i++)
		buf_add(b, VIEW("</a>"));
}

static void
attributes(struct buf *b, int count)
{
	buf_add(b, VIEW("<a"));
	for (int i = 0; i < count; i++)
		buf_print(b, " a%d='1'", i);
	buf_add(b, VIEW("/>"));
}

static void
test_limits(void)
{
	struct buf b = buf_new(16777216);

	nested(&b, LIMIT_XML_DEPTH);
	ok(parse(&b) == OK, "LIMIT_XML_DEPTH");
	nested(&b, LIMIT_XML_DEPTH + 1);
	ok(parse(&b) == OVER_LIMIT, "one deeper");
	nested(&b, 100000);
	ok(parse(&b) == OVER_LIMIT, "much deeper");
	attributes(&b, LIMIT_XML_ATTRIBUTES);
	ok(parse(&b) == OK, "LIMIT_XML_ATTRIBUTES");
	attributes(&b, LIMIT_XML_ATTRIBUTES + 1);
	ok(parse(&b) == OVER_LIMIT, "one more");
	buf_add(&b, VIEW("<a>"));
	while (b.n < LIMIT_XML - 4)
		buf_add_byte(&b, 'x');
	buf_add(&b, VIEW("</a>"));
	ok(parse(&b) == OK, "LIMIT_XML");
	buf_add(&b, VIEW("<a>"));
	while (b.n < LIMIT_XML - 3)
		buf_add_byte(&b, 'x');
	buf_add(&b, VIEW("</a>"));
	ok(parse(&b) == OVER_LIMIT, "one byte more");
	buf_add(&b, VIEW("<a>"));
	for (int i = 0; i < 200000; i++)
		buf_add(&b, VIEW("<b/>"));
	buf_add(&b, VIEW("</a>"));
	ok(parse(&b) == OVER_LIMIT, "more than the arena holds");
	buf_free(&b);
}

static void
test_written(void)
{
	struct buf b = buf_new(65536);
	struct arena *arena = arena_new(BUDGET);
	struct xml_out x = xml_to(&b);
	struct xml_element *e;

	xml_start(&x, "a");
	xml_set(&x, "k", VIEW("<\"&>\n\t\r'"));
	xml_text(&x, VIEW(""));
	xml_leaf(&x, "b", VIEW(""));
	xml_text(&x, VIEW("<&>]]>\r\n\x01\xff\xc3\xbc"));
	xml_raw(&x, VIEW("<c/>"));
	xml_end(&x, "a");
	same(buf_view(&b),
	    VIEW("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		 "<a k=\"&lt;&quot;&amp;&gt;&#10;&#9;&#13;'\"><b/>&lt;&amp;"
		 "&gt;]]&gt;&#13;\n\xef\xbf\xbd\xef\xbf\xbd\xc3\xbc<c/></a>"),
	    "everything is escaped");
	ok(xml_parse(buf_view(&b), arena, &e).is == OK, "it is XML");
	same(xml_attribute(e, VIEW("k")), VIEW("<\"&>\n\t\r'"),
	    "the attribute comes back");
	same(e->text, VIEW("<&>]]>\r\n\xef\xbf\xbd\xef\xbf\xbd\xc3\xbc"),
	    "and the text, with what XML cannot hold replaced");
	arena_free(&arena);
	buf_free(&b);
}

/* Long runs are copied at once; the bytes one by one must give the same. */
static void
test_runs(void)
{
	struct buf whole = buf_new(65536), parts = buf_new(65536);
	struct xml_out w = { .to = &whole }, p = { .to = &parts };
	char ascii[128];

	for (size_t i = 0; i < sizeof ascii; i++)
		ascii[i] = (char)i;
	xml_text(&w, (view){ ascii, sizeof ascii });
	for (size_t i = 0; i < sizeof ascii; i++)
		xml_text(&p, (view){ ascii + i, 1 });
	same(buf_view(&whole), buf_view(&parts), "every byte of a text");
	is_number((long long)whole.n,
	    128 + 29 * 2 + 4 + 3 + 3 + 4, "29 controls, & < > and CR grow");
	buf_free(&whole);
	buf_free(&parts);
}

static void
test_every_prefix(void)
{
	view text = VIEW("<a xmlns='DAV:' b='c'>d<prop><e f='g'/></prop>"
			 "<![CDATA[h]]>&amp;</a>");
	int accepted = 0;

	for (size_t n = 1; n <= text.n; n++) {
		struct arena *arena = arena_new(BUDGET);
		struct xml_element *e;
		char *exact = malloc(n);

		if (exact == NULL)
			abort();
		memcpy(exact, text.p, n);
		accepted += xml_parse((view){ exact, n }, arena, &e).is == OK;
		free(exact);
		arena_free(&arena);
	}
	is_number(accepted, 1, "the whole alone is XML");
}

int
main(void)
{
	test_tree();
	test_refused();
	test_limits();
	test_written();
	test_runs();
	test_every_prefix();
	return tap_done();
}
