/* wire.h: every line ends in CRLF, dots are doubled, cuts do not matter. */
#include "mailcore/format/wire.h"
#include "tests/tap.h"

static const struct {
	const char *text;
	const char *wire;
} cases[] = {
	{ "", "" },
	{ "a\r\n", "a\r\n" },
	{ "a", "a\r\n" },
	{ "a\n\nb\n", "a\r\n\r\nb\r\n" },
	{ "a\rb\r\r\nc", "a\r\nb\r\n\r\nc\r\n" },
	{ ".\r\n..\r\n.a\r\na.\r\n", "..\r\n...\r\n..a\r\na.\r\n" },
	{ "a\n.\nb", "a\r\n..\r\nb\r\n" },
	{ "a\r.\rb", "a\r\n..\r\nb\r\n" },
	{ "a\r\n.\r", "a\r\n..\r\n" },
	{ "\r", "\r\n" },
	{ "\n\r", "\r\n\r\n" },
};

static void
add_in_two(view text, size_t cut, struct buf *out)
{
	struct wire w = { .state = WIRE_LINE_START, .stuff = true };

	wire_add(&w, view_first(text, cut), out);
	wire_add(&w, view_from(text, cut), out);
	wire_end(&w, out);
	wire_end(&w, out); /* nothing more to complete */
}

int
main(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		view text = view_of(cases[i].text);
		size_t right = 0;

		for (size_t cut = 0; cut <= text.n; cut++) {
			struct buf out = buf_new(100);

			add_in_two(text, cut, &out);
			right += view_eq(buf_view(&out),
			    view_of(cases[i].wire));
			buf_free(&out);
		}
		is_number((int64_t)right, (int64_t)text.n + 1,
		    "cuts that give the same");
	}
	return tap_done();
}
