/* scan, buf, arena, encode, utf8, secret: failures stick, bounds hold. */
#include "mailcore/base/arena.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"
#include "tests/tap.h"

#include <string.h>

static void
test_scan(void)
{
	struct scan s = scan_over(VIEW("SIZE=42 x"));

	scan_word(&s, VIEW("size="), "no SIZE");
	is_number((int64_t)scan_number(&s, 42, "bad"), 42, "number");
	ok(!scan_try_byte(&s, 'x') && scan_try_byte(&s, ' '), "offered bytes");
	same(scan_run(&s, ascii_is_alpha, 1, "no letter"), VIEW("x"), "run");
	ok(scan_at_end(&s) && scan_result(&s).is == OK, "whole");

	s = scan_over(VIEW("43"));
	(void)scan_number(&s, 42, "bad");
	ok(scan_result(&s).is == OVER_LIMIT, "n + 1 is over the limit");

	s = scan_over(VIEW("abc"));
	(void)scan_run(&s, ascii_is_alpha, 2, "too long");
	ok(scan_result(&s).is == OVER_LIMIT, "a run has a bound");

	s = scan_over(VIEW("abc"));
	scan_byte(&s, 'x', "first");
	scan_byte(&s, 'a', "second");
	ok(!scan_try(&s, VIEW("abc")) && scan_peek(&s) == -1,
	    "nothing is offered after a failure");
	same(view_of(scan_result(&s).why), VIEW("first"),
	    "the first failure stays");

	s = scan_over(VIEW("a\xffz"));
	(void)scan_bytes(&s, 1, "");
	ok(scan_try_byte(&s, '\xff'), "a byte over 127 is found");
	same(scan_bytes(&s, 2, "too few"), VIEW(""), "no byte past the end");
	ok(scan_result(&s).is == MALFORMED, "and that is a failure");
	s = scan_over(VIEW("key=value"));
	same(scan_until(&s, '=', "no ="), VIEW("key"), "until a byte");
	scan_end(&s, "junk");
	ok(scan_result(&s).is == MALFORMED, "junk at the end is seen");
}

static void
test_buf(void)
{
	struct buf b = buf_new(8);

	same(view_of(buf_text(&b)), VIEW(""), "an empty buf is a text");
	buf_add(&b, VIEW("12345678"));
	ok(buf_result(&b).is == OK, "exactly the limit");
	same(view_of(buf_text(&b)), VIEW("12345678"), "with its NUL");
	buf_add_byte(&b, '9');
	ok(buf_result(&b).is == OVER_LIMIT, "one more is over the limit");
	buf_drop(&b, 8);
	buf_add_byte(&b, '9');
	same(buf_view(&b), VIEW(""), "the failure sticks");
	buf_reset(&b);
	buf_print(&b, "%s-%d", "a", 7);
	same(buf_view(&b), VIEW("a-7"), "printed");
	buf_cut(&b, 1);
	buf_add_number(&b, UINT64_MAX % 1000000);
	same(buf_view(&b), VIEW("a551615"), "cut and continued");
	buf_reset(&b);
	buf_print(&b, "%s", "123456789");
	ok(buf_result(&b).is == OVER_LIMIT && buf_view(&b).n == 0,
	    "a print that does not fit adds nothing");
	buf_free(&b);
}

/* An array that grows by one until the budget ends it. */
static void
test_arena_more(void)
{
	struct arena *a = arena_new(1000);
	size_t room = 0, n = 0;
	uint32_t *list = NULL, *more;

	while ((more = arena_more(a, list, n, &room, sizeof *list)) != NULL) {
		list = more;
		list[n] = (uint32_t)n;
		n++;
	}
	/* Room for 8, 16, 32, 64 and 128 was taken: 992 bytes. */
	is_number((int64_t)n, 128, "as many as fit");
	is_number((int64_t)room, 128, "and no room is promised beyond");
	ok(list[0] == 0 && list[7] == 7 && list[8] == 8 && list[127] == 127,
	    "what was there is there");
	ok(arena_result(a).is == OVER_LIMIT, "the arena says why");
	ok(arena_more(a, list, 1, &room, sizeof *list) == NULL,
	    "and that sticks, room or not");
	arena_free(&a);
}

static void
test_arena(void)
{
	struct arena *a = arena_new(1000);
	char *first = arena_alloc(a, 10);
	view copy;

	ok(first != NULL && ((uintptr_t)first & 15) == 0, "aligned");
	copy = arena_copy(a, VIEW("bytes"));
	same(copy, VIEW("bytes"), "a copy");
	ok(copy.p[copy.n] == '\0', "with a NUL behind");
	same(arena_print(a, "%d+%d", 1, 2), VIEW("1+2"), "printed");
	ok(arena_text(a, VIEW("a\0b")) == NULL, "no text with a NUL inside");
	ok(arena_array(a, SIZE_MAX / 2, 3) == NULL
		&& arena_result(a).is == OVER_LIMIT,
	    "a product that overflows is over the budget");
	ok(arena_alloc(a, 1) == NULL, "and that sticks");
	arena_reset(a);
	ok(arena_alloc(a, 992) != NULL && arena_alloc(a, 16) == NULL,
	    "the budget is kept after a reset");
	arena_free(&a);
	ok(a == NULL, "freed and forgotten");
}

static void
test_base64(void)
{
	/* RFC 4648 section 10. */
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Z", "Zg",
		"Zg=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9",
		"Zm9v=", "Z-9v" };
	static const char *const bad_url[] = { "Z", "Zg==", "Z+9v", "Z/9v",
		"Zm9vY", "Zm9v\n" };
	static const char long_text[58];
	struct buf b = buf_new(160);

	for (size_t i = 0; i < COUNT(pairs); i++) {
		buf_reset(&b);
		encode_base64(&b, view_of(pairs[i][0]));
		same(buf_view(&b), view_of(pairs[i][1]), "encoded");
		buf_reset(&b);
		ok(decode_base64_strict(&b, view_of(pairs[i][1])).is == OK,
		    "decodes");
		same(buf_view(&b), view_of(pairs[i][0]), "to the same");
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		buf_reset(&b);
		ok(decode_base64_strict(&b, view_of(bad[i])).is == MALFORMED,
		    "not base64: %s", bad[i]);
	}
	buf_reset(&b);
	decode_base64_mime(&b, VIEW("Zm9v\r\n Ym!Fy=junk"));
	same(buf_view(&b), VIEW("foobar"), "MIME's reading is lenient");
	buf_reset(&b);
	encode_base64url(&b, VIEW("\xfb\xff"));
	same(buf_view(&b), VIEW("-_8"), "for URLs");
	for (size_t i = 0; i < COUNT(bad_url); i++) {
		buf_reset(&b);
		ok(decode_base64url(&b, view_of(bad_url[i])).is == MALFORMED,
		    "not base64url: %s", bad_url[i]);
	}
	buf_reset(&b);
	ok(decode_base64url(&b, VIEW("-_8")).is == OK, "back from URLs");
	same(buf_view(&b), VIEW("\xfb\xff"), "to the same");
	buf_reset(&b);
	encode_base64_lines(&b, VIEW(""));
	ok(b.n == 0, "nothing has no lines");
	encode_base64_lines(&b, (view){ long_text, 57 });
	ok(b.n == 78 && b.p[75] != '\r', "57 bytes are one line");
	buf_reset(&b);
	encode_base64_lines(&b, (view){ long_text, 58 });
	same(view_from(buf_view(&b), 76), VIEW("\r\nAA==\r\n"),
	    "58 bytes are two");
	buf_free(&b);
}

static void
test_percent(void)
{
	struct buf b = buf_new(64);

	encode_percent(&b, VIEW("/a b@\xc3\xa4"), VIEW("@"));
	same(buf_view(&b), VIEW("/a%20b@%C3%A4"), "encoded");
	buf_reset(&b);
	ok(decode_percent(&b, VIEW("a%2Bb+c%40")).is == OK, "decodes");
	same(buf_view(&b), VIEW("a+b+c@"), "plus stays plus");
	buf_reset(&b);
	ok(decode_percent(&b, VIEW("a%4")).is == MALFORMED, "cut short");
	buf_reset(&b);
	ok(decode_percent(&b, VIEW("a%zz")).is == MALFORMED, "no digits");
	buf_reset(&b);
	ok(decode_percent(&b, VIEW("a%00")).is == MALFORMED, "a NUL");
	buf_reset(&b);
	encode_hex(&b, VIEW("\x00\xff"));
	same(buf_view(&b), VIEW("00ff"), "hexadecimal");
	buf_reset(&b);
	ok(decode_hex(&b, VIEW("00F")).is == MALFORMED, "odd");
	buf_free(&b);
}

static void
test_utf8(void)
{
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\xff" };
	view v = VIEW("a\xe2\x82\xac\xff");
	char four[4];

	ok(utf8_is_valid(VIEW("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")),
	    "one to four bytes");
	for (size_t i = 0; i < COUNT(bad); i++)
		ok(!utf8_is_valid(view_of(bad[i])), "malformed %zu", i);
	is_number(utf8_next(&v), 'a', "first");
	is_number(utf8_next(&v), 0x20ac, "second");
	is_number(utf8_next(&v), 0xfffd, "malformed byte");
	is_number((int64_t)v.n, 0, "all taken");
	for (size_t n = 0; n <= 5; n++)
		is_number((int64_t)utf8_first(VIEW("a\xe2\x82\xac" "b"), n).n,
		    n == 0 ? 0 : n < 4 ? 1 : (int64_t)n,
		    "the first bytes, and no part of the euro");
	is_number((int64_t)utf8_put(four, 0x1f600), 4, "put four bytes");
	same((view){ four, 4 }, VIEW("\xf0\x9f\x98\x80"), "the right ones");
}

static void
test_secret(void)
{
	char key[4] = "key";

	ok(secret_eq(VIEW("same"), VIEW("same")), "same");
	ok(!secret_eq(VIEW("same"), VIEW("sane")), "differs");
	ok(!secret_eq(VIEW("same"), VIEW("sam")), "shorter");
	secret_wipe(key, sizeof key);
	ok(memcmp(key, "\0\0\0\0", 4) == 0, "wiped");
}

int
main(void)
{
	test_scan();
	test_buf();
	test_arena();
	test_arena_more();
	test_base64();
	test_percent();
	test_utf8();
	test_secret();
	return tap_done();
}
