/* view.h, host.h: every function clamps, numbers and names have bounds. */
#include "mailcore/base/host.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/view.h"
#include "tests/tap.h"

#include <string.h>

static void
test_cuts(void)
{
	view v = VIEW("a=b=c");

	same(view_cut(&v, '='), VIEW("a"), "cut at the first");
	same(v, VIEW("b=c"), "the rest");
	same(view_cut_last(&v, '='), VIEW("b"), "cut at the last");
	same(v, VIEW("c"), "behind it");
	same(view_cut_last(&v, '='), VIEW(""), "nothing to cut at the last");
	same(v, VIEW("c"), "all is left");
	same(view_cut(&v, '='), VIEW("c"), "no byte: all");
	same(v, VIEW(""), "no byte: nothing left");
	same(view_from(VIEW("abc"), 9), VIEW(""), "from past the end");
	same(view_first(VIEW("abc"), 9), VIEW("abc"), "first past the end");
	is_number(view_at(VIEW("abc"), 3), -1, "at the end");
	is_number(view_at(VIEW("\xff"), 0), 255, "bytes are unsigned");
}

static void
test_lines(void)
{
	view v = VIEW("one\r\ntwo\n\r\nthree"), line;

	ok(view_line(&v, &line), "first line");
	same(line, VIEW("one"), "without CRLF");
	ok(view_line(&v, &line), "second line");
	same(line, VIEW("two"), "without LF");
	ok(view_line(&v, &line) && line.n == 0, "empty line");
	ok(view_line(&v, &line), "last line");
	same(line, VIEW("three"), "without an end");
	ok(!view_line(&v, &line), "no more");
}

static void
test_numbers(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t number;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "42", 42, true, 42 },
		{ "43", 42, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
		{ "00000000000000000000042", 42, true, 42 },
		{ "", 9, false, 0 },
		{ "4x", 99, false, 0 },
		{ "-1", 99, false, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t n = 0;

		ok(view_number(view_of(cases[i].text), cases[i].max, &n)
			    == cases[i].good
			&& n == cases[i].number,
		    "number '%s' of at most %llu", cases[i].text,
		    (unsigned long long)cases[i].max);
	}
}

static void
test_search(void)
{
	char to[4];

	is_number((int64_t)view_find(VIEW("abcabd"), VIEW("abd")), 3, "found");
	ok(view_find(VIEW("ab"), VIEW("abc")) == SIZE_MAX, "too long");
	is_number((int64_t)view_find_same(VIEW("xABC"), VIEW("abc")), 1,
	    "found without case");
	ok(view_same(VIEW("MixEd"), VIEW("mIXeD")), "same without case");
	ok(!view_same(VIEW("a"), VIEW("ab")), "lengths differ");
	ok(view_starts_same(VIEW("MAIL FROM"), VIEW("mail")), "starts");
	ok(view_ends(VIEW("x.ics"), VIEW(".ics")), "ends");
	same(view_trim(VIEW(" \t a b\r\n")), VIEW("a b"), "trimmed");
	ok(view_copy(VIEW("abc"), to, sizeof to), "fits with its NUL");
	ok(!view_copy(VIEW("abcd"), to, sizeof to) && to[0] == '\0',
	    "does not fit");
	ok(!view_copy(VIEW("a\0b"), to, sizeof to), "NUL inside");
}

static void
test_words(void)
{
	view v = VIEW(" \t one  two\r\n");

	same(view_word(&v), VIEW("one"), "the first word");
	same(view_word(&v), VIEW("two"), "the second");
	same(view_word(&v), VIEW(""), "there is no third");
	is_number((int64_t)v.n, 0, "and nothing is left");
}

/* A name of that many bytes: labels of one letter. */
static size_t
labels_of(size_t n)
{
	char name[LIMIT_DOMAIN + 1];

	for (size_t i = 0; i < n; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	return host_labels((view){ name, n });
}

static void
test_hosts(void)
{
	static const struct {
		const char *name;
		size_t labels;
	} cases[] = {
		{ "example.org", 2 }, { "localhost", 1 }, { "A-1.b", 2 },
		{ "xn--mller-kva.example", 2 }, { "", 0 }, { ".", 0 },
		{ "a.", 0 }, { ".a", 0 }, { "a..b", 0 }, { "-a.b", 0 },
		{ "a-.b", 0 }, { "a_b.c", 0 }, { "a b.c", 0 }, { "\xc3.c", 0 },
	};
	char label[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_number((int64_t)host_labels(view_of(cases[i].name)),
		    (int64_t)cases[i].labels, cases[i].name);
	memset(label, 'a', sizeof label);
	ok(host_is_label((view){ label, 63 }), "63 bytes are a label");
	ok(!host_is_label((view){ label, 64 }), "64 are none");
	is_number((int64_t)labels_of(LIMIT_DOMAIN), 128, "as long as can be");
	is_number((int64_t)labels_of(LIMIT_DOMAIN + 1), 0, "a dot more");
	ok(host_is_under(VIEW("b.A"), VIEW("a")), "below");
	ok(host_is_under(VIEW("a"), VIEW("A")), "the same");
	ok(!host_is_under(VIEW("ba"), VIEW("a")), "an end is not enough");
	ok(!host_is_under(VIEW("a"), VIEW("b.a")), "above");
}

int
main(void)
{
	test_cuts();
	test_lines();
	test_numbers();
	test_search();
	test_words();
	test_hosts();
	return tap_done();
}
