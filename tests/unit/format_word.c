/* Encoded words and charsets, both ways. */
#include "mailcore/base/utf8.h"
#include "mailcore/format/word.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static void
test_decode(void)
{
	static const struct {
		const char *from;
		const char *to;
	} cases[] = {
		{ "plain", "plain" },
		{ "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f" "e" },
		{ "=?UTF-8?B?R3LDvMOfZQ==?=", "Gr\xc3\xbc\xc3\x9f" "e" },
		{ "=?iso-8859-1*de?Q?=FC_a?=", "\xc3\xbc a" },
		{ "a =?utf-8?q?b?= c", "a b c" },
		{ "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
		{ "=?utf-8?q?a?=\t =?iso-8859-1?q?b?= c", "ab c" },
		/* a character cut in two */
		{ "=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc" },
		{ "=?utf-8?b?w?= =?utf-8?q?x?=", "x" },
		{ "=?koi8-r?q?=C1?=", "\xd0\xb0" },
		{ "=?iso-2022-jp?b?GyRCJCIbKEI=?=", "\xe3\x81\x82" },
		{ "=?no-such?q?=FC?=", "\xc3\xbc" },
		{ "=?utf-8//TRANSLIT?q?a?=", "a" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8?q?a", "=?utf-8?q?a" },
		{ "=?utf-8?q?a=?=", "a=" },
		{ "a=b =? =?=", "a=b =? =?=" },
		{ "raw \xc3\xbc", "raw \xc3\xbc" },
		{ "raw \xfc", "raw \xc3\xbc" },
		{ "=?utf-8?q?=FF?=", "\xef\xbf\xbd" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_new(1000);

		word_decode(view_of(cases[i].from), &out);
		same(buf_view(&out), view_of(cases[i].to), cases[i].from);
		buf_free(&out);
	}
}

static void
test_encode(void)
{
	static const struct {
		const char *from;
		const char *to;
	} cases[] = {
		{ "plain =?x?=", "plain =?x?=" },
		{ "a Gr\xc3\xbc\xc3\x9f" "e an mich",
		    "a =?utf-8?B?R3LDvMOfZQ==?= an mich" },
		{ "one \xc3\xbc", "one =?utf-8?B?w7w=?=" },
		{ "\xfc", "=?unknown-8bit?Q?=FC?=" },
		{ "abcdefghijk\xc3\xbc \xc3\xbc z",
		    "=?utf-8?Q?abcdefghijk=C3=BC_=C3=BC?= z" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_new(1000);

		word_encode(view_of(cases[i].from), &out);
		same(buf_view(&out), view_of(cases[i].to), cases[i].from);
		buf_free(&out);
	}
}

/* RFC 2047 2: no word over 75 bytes, whole characters, and it comes back. */
static void
test_long(void)
{
	struct buf text = buf_new(100000), coded = buf_new(100000);
	struct buf back = buf_new(100000);
	view rest;
	bool fits = true;

	for (int i = 0; i < 300; i++)
		buf_add_text(&text, i % 7 ? "\xe2\x82\xac" : "a b ");
	word_encode(buf_view(&text), &coded);
	ok(utf8_is_ascii(buf_view(&coded)), "ASCII");
	for (rest = buf_view(&coded); rest.n > 0;) {
		view word = view_cut(&rest, ' ');
		struct buf one = buf_new(1000);

		word_decode(word, &one);
		fits = fits && word.n <= 75 && utf8_is_valid(buf_view(&one))
		    && view_find(buf_view(&one), VIEW("\xef\xbf\xbd"))
			== SIZE_MAX;
		buf_free(&one);
	}
	ok(fits, "each word is short and whole");
	word_decode(buf_view(&coded), &back);
	same(buf_view(&back), buf_view(&text), "and comes back");
	buf_free(&text);
	buf_free(&coded);
	buf_free(&back);
}

static void
test_every_prefix(void)
{
	view whole = VIEW("a =?utf-8?q?=C3=BC?= =?koi8-r?b?wcLD?= \xfc=?");
	size_t good = 0;

	for (size_t n = 1; n <= whole.n; n++) {
		char *exact = malloc(n);
		struct buf out = buf_new(1000);

		memcpy(exact, whole.p, n);
		word_decode((view){ exact, n }, &out);
		good += utf8_is_valid(buf_view(&out));
		buf_free(&out);
		free(exact);
	}
	is_number((int64_t)good, (int64_t)whole.n, "every prefix is text");
}

int
main(void)
{
	test_decode();
	test_encode();
	test_long();
	test_every_prefix();
	return tap_done();
}
