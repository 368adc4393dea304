/* Property lists as GNUstep writes them. */
#include "mailcore/format/plist.h"

#include "mailcore/base/buf.h"
#include "tests/tap.h"

#include <string.h>

/* As (a "b" {k="v"}), so that a test reads at a glance. */
static void
write(const struct plist *p, struct buf *out)
{
	if (p->key.n > 0)
		buf_print(out, "%.*s=", (int)p->key.n, p->key.p);
	if (p->kind == PLIST_STRING)
		buf_print(out, "\"%.*s\"", (int)p->text.n, p->text.p);
	else
		buf_add_byte(out, p->kind == PLIST_ARRAY ? '(' : '{');
	for (const struct plist *c = p->first; c != NULL; c = c->next)
		write(c, out);
	if (p->kind != PLIST_STRING)
		buf_add_byte(out, p->kind == PLIST_ARRAY ? ')' : '}');
}

static const struct {
	const char *text;
	const char *read; /* NULL: none */
} cases[] = {
	{ "{ }", "{}" },
	{ "( )", "()" },
	{ " a_1/b:c.d-e+f$ ", "\"a_1/b:c.d-e+f$\"" },
	{ "{ a = b; \"c d\" = ( e, \"f\" ); }", "{a=\"b\"c d=(\"e\"\"f\")}" },
	{ "(a, b,)", "(\"a\"\"b\")" },
	{ "\"two\nlines\"", "\"two\nlines\"" },
	{ "\"\\\"\\\\\\n\\t\\101\"", "\"\"\\\n\tA\"" },
	{ "\"Gr\\U00F6\\U00DFe\"", "\"Gr\xc3\xb6\xc3\x9f" "e\"" },
	{ "\"\xc3\xb6\"", "\"\xc3\xb6\"" },
	{ "\"\\UD83D\\UDE00!\"", "\"\xf0\x9f\x98\x80!\"" },
	/* Half of a pair is no letter. */
	{ "\"\\UD83D!\"", "\"\xef\xbf\xbd!\"" },
	{ "\"\\UDE00\\UD83D\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\"\\UD83D\\U0041\"", "\"\xef\xbf\xbd" "A\"" },
	{ "(<*I0>, <0fa1>)", "(\"*I0\"\"0fa1\")" },
	{ "", NULL },
	{ "{", NULL },
	{ "{a}", NULL },
	{ "{a=}", NULL },
	{ "{a=b}", NULL },
	{ "{a=b;", NULL },
	{ "(a b)", NULL },
	{ "(a,,b)", NULL },
	{ "(,)", NULL },
	{ "a b", NULL },
	{ "\"a", NULL },
	{ "\"a\\", NULL },
	{ "\"a\\\"", NULL },
	{ "<0a", NULL },
	{ "{} {}", NULL },
};

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct buf out = buf_new(65536);
		struct plist *p;
		result r = plist_read(view_of(cases[i].text), arena, &p);

		if (r.is == OK)
			write(p, &out);
		if (cases[i].read == NULL)
			is_number(r.is, MALFORMED, cases[i].text);
		else
			ok(r.is == OK && view_eq(buf_view(&out),
			       view_of(cases[i].read)),
			    "%s: %s", cases[i].text, buf_text(&out));
		buf_free(&out);
		arena_free(&arena);
	}
}

static enum status
nested(size_t depth)
{
	struct arena *arena = arena_new(1 << 20);
	struct buf text = buf_new(65536);
	struct plist *p;
	result r;

	for (size_t i = 0; i < depth; i++)
		buf_add_byte(&text, '(');
	for (size_t i = 0; i < depth; i++)
		buf_add_byte(&text, ')');
	r = plist_read(buf_view(&text), arena, &p);
	buf_free(&text);
	arena_free(&arena);
	return r.is;
}

static void
test_bounds(void)
{
	struct arena *arena = arena_new(1024);
	struct buf text = buf_new(65536);
	struct plist *p;

	is_number(nested(PLIST_DEPTH), OK, "as deep as may be");
	is_number(nested(PLIST_DEPTH + 1), OVER_LIMIT, "deeper");
	is_number(nested(30000), OVER_LIMIT, "much deeper");
	buf_add_byte(&text, '(');
	for (int i = 0; i < 10000; i++)
		buf_add_text(&text, "a,");
	buf_add_byte(&text, ')');
	is_number(plist_read(buf_view(&text), arena, &p).is, OVER_LIMIT,
	    "more than the arena holds");
	buf_free(&text);
	arena_free(&arena);
}

static void
test_find(void)
{
	struct arena *arena = arena_new(65536);
	struct plist *p;
	result r = plist_read(VIEW("{ a = (b); c = d; }"), arena, &p);

	ok(r.is == OK, "read");
	ok(view_eq(plist_text(p, VIEW("c")), VIEW("d")), "a string");
	ok(plist_find(p, VIEW("a"))->kind == PLIST_ARRAY, "an array");
	ok(plist_text(p, VIEW("a")).n == 0, "is no string");
	ok(plist_find(p, VIEW("d")) == NULL, "what is not there");
	ok(plist_find(plist_find(p, VIEW("a")), VIEW("b")) == NULL,
	    "nothing by a key in an array");
	ok(plist_find(NULL, VIEW("a")) == NULL, "nor in nothing");
	arena_free(&arena);
}

int
main(void)
{
	test_cases();
	test_bounds();
	test_find();
	return tap_done();
}
