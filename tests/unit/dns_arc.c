/* Chains of those who send a message on: made, checked, broken. */
#include "mailcore/dns/arc.h"
#include "tests/tap.h"
#include "tests/unit/dns_pen.h"
#include "tests/unit/dns_table.h"

#include <stdlib.h>

static struct arc_chain
chain_of(struct arena *arena, const char *record, const char *text)
{
	const struct table_row rows[] = {
		{ "n._domainkey.hop.test", LOOKUP_TXT, record, 0 },
	};
	struct table t = { rows, record == NULL ? 0 : 1, 0 };
	struct lookup lookup = table_lookup(&t);
	struct arc_chain c;

	arc_verify(&lookup, arena, view_of(text), NOW, &c);
	return c;
}

static void
test_chain(void)
{
	struct arena *arena = arena_new(32 << 20);
	const char *text = letter;
	struct arc_chain c = chain_of(arena, NULL, text);
	struct pen pen;
	struct dkim_signing s;

	make_pen(&pen, 0);
	s = signing_with(&pen, "hop.test");
	ok(c.result == ARC_NONE && c.sets == 0, "no chain");
	for (size_t i = 1; i <= 51; i++) {
		struct buf out = buf_new(1 << 16);
		result r = arc_seal(&s, arena, view_of(text), &c,
		    VIEW("mx.hop.test;\r\n\tspf=pass smtp.mailfrom=a@b.test"),
		    &out);

		if (i == 51) {
			ok(r.is == OVER_LIMIT, "fifty links at most");
			buf_free(&out);
			break;
		}
		text = arena_text(arena, arena_print(arena, "%s%s",
		    buf_text(&out), text));
		c = chain_of(arena, pen.record, text);
		ok(r.is == OK && c.result == ARC_PASS && c.sets == i,
		    "link %zu: %s %s", i, arc_name(c.result), c.why);
		same(c.sealer, VIEW("hop.test"), "its sealer");
		buf_free(&out);
	}
	EVP_PKEY_free(pen.key);
	arena_free(&arena);
}

static void
test_chain_broken(void)
{
	struct arena *arena = arena_new(32 << 20);
	struct buf out = buf_new(1 << 16);
	struct arc_chain c = { .result = ARC_NONE };
	struct pen pen;
	struct dkim_signing s;
	const char *text;

	make_pen(&pen, 0);
	s = signing_with(&pen, "hop.test");
	ok(arc_seal(&s, arena, view_of(letter), &c, VIEW("mx; none"),
	       &out).is == OK, "sealed");
	text = arena_text(arena, arena_print(arena, "%s%s", buf_text(&out),
	    letter));
	ok(chain_of(arena, pen.record, text).result == ARC_PASS, "whole");
	ok(chain_of(arena, NULL, text).result == ARC_FAIL, "no key");
	/* One link without one of its fields, and one octet changed. */
	for (size_t i = 0; i < out.n; i += 7) {
		char *copy = strdup(text);

		copy[i] = copy[i] == 'x' ? 'y' : 'x';
		c = chain_of(arena, pen.record, copy);
		if (c.result == ARC_PASS)
			ok(false, "octet %zu changed: %.20s", i, text + i);
		free(copy);
	}
	text = arena_text(arena, arena_print(arena, "%s%s",
	    buf_text(&out), arena_text(arena, changed(arena, "lost",
	    "won"))));
	c = chain_of(arena, pen.record, text);
	ok(c.result == ARC_FAIL, "the body changed");
	buf_reset(&out);
	ok(arc_seal(&s, arena, view_of(text), &c, VIEW("mx; none"),
	       &out).is == OK, "a broken chain is sealed");
	ok(view_find(buf_view(&out), VIEW("cv=fail")) != SIZE_MAX,
	    "as broken");
	text = arena_text(arena, arena_print(arena, "%s%s", buf_text(&out),
	    text));
	buf_reset(&out);
	ok(arc_seal(&s, arena, view_of(text), &c, VIEW("mx; none"),
	       &out).is == OVER_LIMIT, "once");
	EVP_PKEY_free(pen.key);
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	test_chain();
	test_chain_broken();
	return tap_done();
}
