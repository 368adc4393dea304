/* Forms as browsers send them, and as nobody should. */
#include "davd/web/form.h"
#include "davd/web/platform.h"
#include "mailcore/base/limits.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static void
test_good(struct arena *arena)
{
	struct form f;

	ok(form_read(VIEW("a=1&b=x+y%2Bz&c=%C3%BC&&d&=e&a=2&e=a%0D%0Ab"),
	    arena, &f).is == OK, "read");
	ok(f.count == 6, "six fields");
	same(form_value(&f, VIEW("a")), VIEW("1"), "the first of a name");
	same(form_value(&f, VIEW("b")), VIEW("x y+z"), "plus and percent");
	same(form_value(&f, VIEW("c")), VIEW("\xc3\xbc"), "UTF-8");
	same(form_value(&f, VIEW("d")), VIEW(""), "no value");
	same(form_value(&f, VIEW("e")), VIEW("a\r\nb"), "lines");
	same(form_value(&f, VIEW("z")), VIEW(""), "no such field");
	ok(form_has(&f, VIEW("a"), VIEW("2"))
	    && !form_has(&f, VIEW("a"), VIEW("3")), "one of several");
	ok(form_read(VIEW(""), arena, &f).is == OK && f.count == 0, "empty");
}

static void
test_bad(struct arena *arena)
{
	static const char *const bad[] = { "a=%", "a=%1", "a=%zz", "%00=1",
		"a=%00", "a=%1b", "a=%FF", "a=%C3", "%80=a", "a=%7f",
		"a=\x01" };
	struct form f;

	for (size_t i = 0; i < COUNT(bad); i++)
		ok(form_read(view_of(bad[i]), arena, &f).is == MALFORMED,
		    "refused: %s", bad[i]);
}

static void
test_bounds(struct arena *arena)
{
	struct form f;
	struct buf b = buf_new(2 * LIMIT_FORM);

	for (size_t i = 0; i < FORM_FIELDS; i++)
		buf_print(&b, "a%zu=&", i);
	ok(form_read(buf_view(&b), arena, &f).is == OK
	    && f.count == FORM_FIELDS, "%d fields", FORM_FIELDS);
	buf_add(&b, VIEW("more=1"));
	ok(form_read(buf_view(&b), arena, &f).is == OVER_LIMIT,
	    "and one more");
	buf_reset(&b);
	buf_add(&b, VIEW("a="));
	while (b.n < LIMIT_FORM)
		buf_add_byte(&b, 'x');
	ok(form_read(buf_view(&b), arena, &f).is == OK
	    && form_value(&f, VIEW("a")).n == LIMIT_FORM - 2, "as large");
	buf_add_byte(&b, 'x');
	ok(form_read(buf_view(&b), arena, &f).is == OVER_LIMIT, "larger");
	buf_free(&b);
}

/* Each in a block of exactly its own size. */
static void
test_every_prefix(struct arena *arena)
{
	view text = VIEW("form-token=abc&label=Zo%C3%AB+x&right=imap");
	struct form f;
	int good = 0;

	for (size_t n = 1; n <= text.n; n++) {
		char *exact = malloc(n);

		if (exact == NULL)
			abort();
		memcpy(exact, text.p, n);
		if (form_read((view){ exact, n }, arena, &f).is == OK)
			good++;
		free(exact);
	}
	/* Not in the middle of an escape or a character. */
	ok(good == (int)text.n - 5, "%d of %zu prefixes", good, text.n);
}

static void
test_platforms(void)
{
	ok(platform_named(VIEW("mac")) == PLATFORM_MAC
	    && platform_named(VIEW("Mac")) == PLATFORM_OTHER
	    && platform_named(VIEW("")) == PLATFORM_OTHER, "by name");
	ok(strcmp(platform_browser(VIEW("Mozilla/5.0 (X11) AppleWebKit/537.36"
	    " (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0")),
	    "Edge") == 0, "Edge calls itself all of them");
	ok(strcmp(platform_browser(VIEW("curl/8")), "") == 0, "another one");
}

int
main(void)
{
	struct arena *arena = arena_new(1 << 20);

	test_good(arena);
	test_bad(arena);
	test_bounds(arena);
	test_every_prefix(arena);
	test_platforms();
	arena_free(&arena);
	return tap_done();
}
