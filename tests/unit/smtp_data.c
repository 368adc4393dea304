/* data.h: exactly one thing ends a message, however the bytes are cut. */
#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/smtp/data.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

/* Every text is followed by a second, smuggled mail and the real end. */
static const struct {
	const char *name;
	view text;
	view message; /* what is left of it, when it is good */
	size_t rest;  /* bytes behind the end */
	const char *broken;
} cases[] = {
	{ "empty", VIEW_INIT(".\r\n"), VIEW_INIT(""), 0, NULL },
	{ "one line", VIEW_INIT("a\r\n.\r\n"), VIEW_INIT("a\r\n"), 0, NULL },
	{ "pipelined command", VIEW_INIT("a\r\n.\r\nQUIT\r\n"),
	    VIEW_INIT("a\r\n"), 6, NULL },
	{ "stuffed dots", VIEW_INIT("..\r\n..a\r\n.b\r\na.\r\n.\r\n"),
	    VIEW_INIT(".\r\n.a\r\nb\r\na.\r\n"), 0, NULL },
	{ "a dot line of two", VIEW_INIT("..\r\n.\r\n"), VIEW_INIT(".\r\n"), 0,
	    NULL },
	{ "blank lines", VIEW_INIT("\r\n\r\n.\r\n"), VIEW_INIT("\r\n\r\n"), 0,
	    NULL },
	{ "LF.LF", VIEW_INIT("a\n.\nMAIL\r\n.\r\n"), VIEW_INIT(""), 0, "LF" },
	{ "LF.CRLF", VIEW_INIT("a\n.\r\nMAIL\r\n.\r\n"), VIEW_INIT(""), 0,
	    "LF" },
	{ "CRLF.LF", VIEW_INIT("a\r\n.\nMAIL\r\n.\r\n"), VIEW_INIT(""), 0,
	    "LF" },
	{ "CR.CR", VIEW_INIT("a\r.\rMAIL\r\n.\r\n"), VIEW_INIT(""), 0, "CR" },
	{ "CR.CRLF", VIEW_INIT("a\r.\r\nMAIL\r\n.\r\n"), VIEW_INIT(""), 0,
	    "CR" },
	{ "CRLF.CR", VIEW_INIT("a\r\n.\rMAIL\r\n.\r\n"), VIEW_INIT(""), 0,
	    "CR" },
	{ "LF.CR", VIEW_INIT("a\n.\rMAIL\r\n.\r\n"), VIEW_INIT(""), 0, "LF" },
	{ "CRLF.NULCRLF", VIEW_INIT("a\r\n.\0\r\nMAIL\r\n.\r\n"),
	    VIEW_INIT(""), 0, "NUL" },
	{ "CRCRLF.CRCRLF", VIEW_INIT("a\r\r\n.\r\r\nMAIL\r\n.\r\n"),
	    VIEW_INIT(""), 0, "CR" },
	{ "CRCRLF.CRLF ends", VIEW_INIT("a\r\r\n.\r\nMAIL\r\n"), VIEW_INIT(""),
	    6, "CR" },
	{ "bare LF at the start", VIEW_INIT("\n.\r\nx\r\n.\r\n"),
	    VIEW_INIT(""), 0, "LF" },
	{ "bare LF in a line", VIEW_INIT("a\nb\r\n.\r\n"), VIEW_INIT(""), 0,
	    "LF" },
	{ "bare CR in a line", VIEW_INIT("a\rb\r\n.\r\n"), VIEW_INIT(""), 0,
	    "CR" },
	{ "NUL", VIEW_INIT("a\0b\r\n.\r\n"), VIEW_INIT(""), 0, "NUL" },
	{ "dot CR CR LF dot", VIEW_INIT(".\r\r\n.\r\nMAIL\r\n"),
	    VIEW_INIT(""), 6, "CR" },
};

struct taken {
	struct buf message;
	struct data data;
	size_t rest;
};

/* Feed one piece as a session does: ask for the span, run it. */
static void
feed(struct taken *t, view piece)
{
	while (piece.n > 0 && t->data.state != DATA_END) {
		size_t span = data_span(&t->data, piece);
		view unit = view_first(piece, span);

		piece = view_from(piece, span);
		while (unit.n > 0 && t->data.state != DATA_END)
			buf_add(&t->message, data_next(&t->data, &unit));
		if (unit.n > 0)
			ok(false, "the span went past the end");
	}
	t->rest += piece.n;
}

static struct taken
take(bool framed)
{
	return (struct taken){
		.message = buf_new(1 << 20), .data = data_start(framed)
	};
}

static bool
is_right(const struct taken *t, size_t i)
{
	if (t->data.state != DATA_END || t->rest != cases[i].rest)
		return false;
	if (cases[i].broken != NULL)
		return t->data.r.is == MALFORMED
		    && strstr(t->data.r.why, cases[i].broken) != NULL;
	return t->data.r.is == OK
	    && view_eq(buf_view(&t->message), cases[i].message);
}

static void
test_every_two_cuts(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		view text = cases[i].text;
		size_t right = 0, all = 0;

		for (size_t a = 0; a <= text.n; a++) {
			for (size_t b = a; b <= text.n; b++) {
				struct taken t = take(false);

				feed(&t, view_first(text, a));
				feed(&t, view_first(view_from(text, a), b - a));
				feed(&t, view_from(text, b));
				right += is_right(&t, i) ? 1 : 0;
				all++;
				buf_free(&t.message);
			}
		}
		is_number((int64_t)right, (int64_t)all, cases[i].name);
	}
}

static void
test_every_prefix(void)
{
	view text = VIEW("..a\r\nb\r\n.\r\n");

	for (size_t n = 0; n < text.n; n++) {
		struct taken t = take(false);
		char *exact = malloc(n + 1);

		memcpy(exact, text.p, n);
		feed(&t, (view){ exact, n });
		ok(t.data.state != DATA_END, "no end in %zu bytes", n);
		free(exact);
		buf_free(&t.message);
	}
}

static void
test_long_lines(void)
{
	static char line[LIMIT_SMTP_DATA_LINE + 2];

	memset(line, 'x', sizeof line);
	for (size_t over = 0; over < 2; over++) {
		struct taken t = take(false);

		feed(&t, (view){ line, LIMIT_SMTP_DATA_LINE + over });
		feed(&t, VIEW("\r\n.\r\n"));
		ok(t.data.state == DATA_END, "the end is seen");
		ok(t.data.r.is == (over == 0 ? OK : OVER_LIMIT),
		    "a line of the limit and %zu", over);
		buf_free(&t.message);
	}
}

static void
test_framed(void)
{
	struct taken t = take(true);

	feed(&t, VIEW(".\r\n..a\r\n.\r\nb"));
	same(buf_view(&t.message), VIEW(".\r\n..a\r\n.\r\nb"),
	    "dots mean nothing in BDAT");
	data_finish(&t.data);
	ok(t.data.r.is == OK, "and nothing is wrong with them");
	feed(&t, VIEW("\r"));
	data_finish(&t.data);
	ok(t.data.r.is == MALFORMED, "a CR must not be last");
	buf_free(&t.message);
	t = take(true);
	feed(&t, VIEW("a\nb"));
	ok(t.data.r.is == MALFORMED, "a bare LF in BDAT");
	buf_free(&t.message);
}

int
main(void)
{
	test_every_two_cuts();
	test_every_prefix();
	test_long_lines();
	test_framed();
	return tap_done();
}
