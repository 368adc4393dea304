/* Messages cut into parts: ranges, numbers, and what bad mail does. */
#include "mailcore/base/limits.h"
#include "mailcore/format/header.h"
#include "mailcore/format/mime.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define MIXED                                              \
	"Subject: a\r\n"                                   \
	"Content-Type: multipart/mixed; boundary=\"b 1\"\r\n" \
	"\r\n"                                             \
	"preamble --b 1\r\n"                               \
	"--b 1\r\n"                                        \
	"\r\n"                                             \
	"one\r\n"                                          \
	"--b 1  \r\n"                                      \
	"Content-Type: message/rfc822\r\n"                 \
	"\r\n"                                             \
	"Subject: inner\r\n"                               \
	"Content-Type: multipart/alternative; boundary=b2\r\n" \
	"\r\n"                                             \
	"--b2\r\n"                                         \
	"\r\n"                                             \
	"two\r\n"                                          \
	"lines\r\n"                                        \
	"--b2\r\n"                                         \
	"Content-Type: text/html; charset=\"utf-8\"\r\n"   \
	"Content-Transfer-Encoding: quoted-printable\r\n"  \
	"\r\n"                                             \
	"<p>=C3=\r\n"                                      \
	"=BC\r\n"                                          \
	"--b 1\r\n"                                        \
	"--b 1--\r\n"                                      \
	"epilogue"

static struct arena *arena;

static const struct mime_part *
parse(view message)
{
	struct mime_part *root = NULL;

	arena_free(&arena);
	arena = arena_new(LIMIT_MIME_WORK);
	ok(mime_parse(message, arena, &root).is == OK, "parsed");
	return root;
}

static void
test_numbers(void)
{
	static const struct {
		const char *section;
		const char *body; /* NULL: no such part */
		uint64_t lines;
	} cases[] = {
		{ "1", "one", 0 },
		{ "2.1", "two\r\nlines", 1 },
		{ "2.2", "<p>=C3=\r\n=BC", 1 },
		{ "3", "", 0 },
		{ "4", NULL, 0 },
		{ "1.1", NULL, 0 },
		{ "2.1.1", NULL, 0 },
		{ "2.3", NULL, 0 },
	};
	const struct mime_part *root = parse(VIEW(MIXED));

	for (size_t i = 0; i < COUNT(cases); i++) {
		view rest = view_of(cases[i].section);
		const struct mime_part *part;
		uint32_t numbers[4];
		size_t count = 0;

		while (rest.n > 0) {
			uint64_t n = 0;

			(void)view_number(view_cut(&rest, '.'), 9, &n);
			numbers[count++] = (uint32_t)n;
		}
		part = mime_find(root, numbers, count);
		ok((part == NULL) == (cases[i].body == NULL), "part %s",
		    cases[i].section);
		if (part == NULL || cases[i].body == NULL)
			continue;
		same(part->body, view_of(cases[i].body), cases[i].section);
		ok(part->lines == cases[i].lines, "%s: %llu lines",
		    cases[i].section, (unsigned long long)part->lines);
	}
}

static void
test_inside(void)
{
	const struct mime_part *root = parse(VIEW(MIXED)), *html;
	struct buf text = buf_new(1000);

	is_number((int64_t)root->child_count, 3, "three parts");
	same(root->type, VIEW("multipart"), "type");
	same(root->children[1].message->header,
	    VIEW("Subject: inner\r\nContent-Type: multipart/alternative;"
		 " boundary=b2\r\n\r\n"),
	    "header of the message inside");
	html = &root->children[1].message->children[1];
	same(mime_parameter(html, VIEW("CHARSET")), VIEW("utf-8"), "charset");
	mime_decode(html, arena, &text);
	same(buf_view(&text), VIEW("<p>\xc3\xbc\r\n"), "quoted-printable");
	buf_free(&text);
}

/* Every part lies in its parent, in order, header before body; so the parts
 * and what is between them are the message. */
static bool
check_ranges(const struct mime_part *root, view message)
{
	const char *end = message.p + message.n;

	for (const struct mime_part *p = root; p != NULL; p = mime_next(p)) {
		const struct mime_part *up = p->parent;

		if (p->header.p + p->header.n != p->body.p)
			return false;
		if (p->header.p < message.p || p->body.p + p->body.n > end)
			return false;
		if (up == NULL)
			continue;
		if (p->header.p < up->body.p
		    || p->body.p + p->body.n > up->body.p + up->body.n)
			return false;
		if (up->child_count > 0 && p > up->children
		    && p->header.p < p[-1].body.p + p[-1].body.n)
			return false;
	}
	return root->header.n + root->body.n == message.n;
}

/* Each in a block of its own size, so that the sanitizer sees any step too
 * far. */
static void
test_every_prefix(void)
{
	view whole = VIEW(MIXED);
	size_t good = 0;

	for (size_t n = 1; n <= whole.n; n++) {
		char *exact = malloc(n);
		struct mime_part *root;

		memcpy(exact, whole.p, n);
		arena_free(&arena);
		arena = arena_new(LIMIT_MIME_WORK);
		good += mime_parse((view){ exact, n }, arena, &root).is == OK
		    && check_ranges(root, (view){ exact, n });
		free(exact);
	}
	is_number((int64_t)good, (int64_t)whole.n, "every prefix");
}

static void
test_bad(void)
{
	static const struct {
		const char *what;
		const char *message;
		const char *type;
	} cases[] = {
		{ "nothing", "", "text" },
		{ "only a body", "\r\nhello", "text" },
		{ "LF alone", "A: b\n\nhello\n", "text" },
		{ "no boundary parameter",
		    "Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx\r\n",
		    "text" },
		{ "boundary never comes",
		    "Content-Type: multipart/mixed; boundary=x\r\n\r\nhello",
		    "text" },
		{ "no subtype", "Content-Type: image\r\n\r\nx", "text" },
		{ "type in a comment",
		    "Content-Type: (a(b)) image / (c) png\r\n\r\nx",
		    "image" },
		{ "coded message",
		    "Content-Type: message/rfc822\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\nAAAA",
		    "application" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct mime_part *root = parse(view_of(cases[i].message));

		same(root->type, view_of(cases[i].type), cases[i].what);
		ok(root->child_count == 0 && root->message == NULL,
		    "%s: a leaf", cases[i].what);
	}
}

static size_t
depth_of(const struct mime_part *root)
{
	size_t most = 0;

	for (const struct mime_part *p = root; p != NULL; p = mime_next(p)) {
		size_t depth = 1;

		for (const struct mime_part *q = p; q->parent != NULL;
		     q = q->parent)
			depth++;
		most = depth > most ? depth : most;
	}
	return most;
}

static void
test_limits(void)
{
	struct buf b = buf_new(1 << 20);
	const struct mime_part *root;

	for (int i = 0; i < LIMIT_MIME_DEPTH + 5; i++)
		buf_add(&b, VIEW("Content-Type: message/rfc822\r\n\r\n"));
	root = parse(buf_view(&b));
	is_number((int64_t)depth_of(root), LIMIT_MIME_DEPTH, "deepest part");
	for (int more = 0; more < 2; more++) {
		buf_reset(&b);
		buf_add(&b,
		    VIEW("Content-Type: multipart/mixed; boundary=x\r\n\r\n"));
		for (int i = 0; i < LIMIT_MIME_PARTS - 1 + more; i++)
			buf_add(&b, VIEW("--x\r\n\r\na\r\n"));
		buf_add(&b, VIEW("--x--\r\n"));
		root = parse(buf_view(&b));
		is_number((int64_t)root->child_count,
		    more ? 0 : LIMIT_MIME_PARTS - 1, "most parts");
		ok(root->opaque == (more == 1), "opaque beyond");
	}
	buf_free(&b);
}

static void
test_parameters(void)
{
	static const struct {
		const char *field;
		const char *name;
		const char *value;
	} cases[] = {
		{ "a/b; x=1", "x", "1" },
		{ "a/b; X = \"1 2\\\"3\" ; y=4", "x", "1 2\"3" },
		{ "a/b; x=1 2.pdf; y=4", "x", "1 2.pdf" },
		{ "a/b; x*=utf-8'en'%c3%bc", "x", "\xc3\xbc" },
		{ "a/b; x*=iso-8859-1''%fc", "x", "\xc3\xbc" },
		{ "a/b; x*1=b; x*0=a; x*2=c", "x", "abc" },
		{ "a/b; x*0*=utf-8''%c3; x*1*=%bc; x*3=no", "x", "\xc3\xbc" },
		{ "a/b; x*0*=utf-8''%c3%; x*1=%41", "x", "\xef\xbf\xbd%%41" },
		{ "a/b; x==?utf-8?q?=C3=BC?=", "x", "\xc3\xbc" },
		{ "a/b; x=\"never ends", "x", "never ends" },
		{ "a/b;;; =; x", "x", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct mime_part part = { 0 };
		struct header_value h;

		header_value(view_of(cases[i].field), a, &h);
		header_join(&h, a);
		part.parameters = h.parameters;
		part.parameter_count = h.parameter_count;
		same(h.value, VIEW("a/b"), "value");
		same(mime_parameter(&part, view_of(cases[i].name)),
		    view_of(cases[i].value), cases[i].field);
		arena_free(&a);
	}
}

static void
test_header(void)
{
	view header = VIEW("A: 1\r\nbad line\r\nB : 2\r\n\t3 \r\na: 4\r\n"
			   "\r\nC: 5\r\n");
	struct arena *a = arena_new(10000);
	view value = VIEW(""), rest = header, field, name;
	int n = 0;

	is_number((int64_t)header_length(header), 36, "length");
	ok(header_find(header, VIEW("b"), a, &value), "found");
	same(value, VIEW("2\t3"), "unfolded");
	ok(header_find(header, VIEW("A"), a, &value), "the first");
	same(value, VIEW("1"), "its value");
	ok(!header_find(header, VIEW("C"), a, &value), "not in the body");
	while (header_next(&rest, &field, &name, &value))
		n++;
	is_number(n, 4, "fields");
	same(rest, VIEW("C: 5\r\n"), "and the body");
	arena_free(&a);
}

int
main(void)
{
	test_numbers();
	test_inside();
	test_every_prefix();
	test_bad();
	test_limits();
	test_parameters();
	test_header();
	arena_free(&arena);
	return tap_done();
}
