/* rdata.h: MX data good, cut off, and hostile; literals need no server. */
#include "mailcore/base/buf.h"
#include "mailcore/dns/rdata.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	view rdata;
	enum status is;
	const char *host;
} cases[] = {
	{ "mail", VIEW_INIT("\0\012\4MAIL\7example\3org\0"), OK,
	    "mail.example.org" },
	{ "null", VIEW_INIT("\0\0\0"), OK, "" },
	{ "underscore", VIEW_INIT("\0\1\2_a\0"), OK, "_a" },
	{ "empty", VIEW_INIT(""), MALFORMED, "" },
	{ "no name", VIEW_INIT("\0\1"), MALFORMED, "" },
	{ "junk behind", VIEW_INIT("\0\1\1a\0x"), MALFORMED, "" },
	{ "compressed", VIEW_INIT("\0\1\300\14"), MALFORMED, "" },
	{ "blank inside", VIEW_INIT("\0\1\3a b\0"), MALFORMED, "" },
	{ "CRLF inside", VIEW_INIT("\0\1\4a\r\nb\0"), MALFORMED, "" },
	{ "dot inside", VIEW_INIT("\0\1\3a.b\0"), MALFORMED, "" },
};

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(4096);
		struct mx mx;
		result r = rdata_mx(cases[i].rdata, arena, &mx);

		ok(r.is == cases[i].is, "%s: %s", cases[i].name, r.why);
		if (r.is == OK)
			same(mx.host, view_of(cases[i].host), cases[i].name);
		arena_free(&arena);
	}
}

static void
test_every_prefix(void)
{
	view whole = cases[0].rdata;

	for (size_t n = 0; n < whole.n; n++) {
		struct arena *arena = arena_new(4096);
		char *exact = malloc(n == 0 ? 1 : n);
		struct mx mx;

		memcpy(exact, whole.p, n);
		ok(rdata_mx((view){ exact, n }, arena, &mx).is == MALFORMED,
		    "%zu bytes are not enough", n);
		free(exact);
		arena_free(&arena);
	}
}

/* Labels of 62 and their length octets, then one that fits or not. */
static void
test_long_names(void)
{
	for (size_t over = 0; over < 2; over++) {
		struct arena *arena = arena_new(4096);
		struct buf b = buf_new(1000);
		struct mx mx;

		buf_add(&b, VIEW("\0\1"));
		for (size_t n = 0; n < 4; n++) {
			size_t label = n < 3 ? 63 : 63 + over;

			buf_add_byte(&b, (char)label);
			for (size_t i = 0; i < label; i++)
				buf_add_byte(&b, 'a');
		}
		buf_add_byte(&b, '\0');
		ok((rdata_mx(buf_view(&b), arena, &mx).is == OK)
			== (over == 0),
		    "a label of 63 and %zu", over);
		buf_free(&b);
		arena_free(&arena);
	}
}

static void
test_literals(void)
{
	struct resolver *r = NULL;
	struct arena *arena = arena_new(65536);
	struct mx *mx;
	view *addresses;
	size_t count;

	/* Nobody is asked: the server does not exist. */
	ok(resolver_new(&r, "127.0.0.1@1").is == OK, "a resolver");
	ok(resolve_mx(r, arena, VIEW("[192.0.2.1]"), &mx, &count).is == OK
		&& count == 1,
	    "a literal is its own MX");
	ok(resolve_host(r, arena, mx[0].host, &addresses, &count).is == OK
		&& count == 1,
	    "it has one address");
	same(addresses[0], VIEW("192.0.2.1"), "without brackets");
	ok(resolve_host(r, arena, VIEW("[IPv6:2001:db8::1]"), &addresses,
	       &count)
		    .is
		== OK,
	    "RFC 5321 4.1.3: IPv6");
	same(addresses[0], VIEW("2001:db8::1"), "without its tag");
	ok(resolve_host(r, arena, VIEW("localhost"), &addresses, &count).is
			== OK
		&& count > 0,
	    "/etc/hosts");
	ok(resolve_mx(r, arena, VIEW(""), &mx, &count).is == NOT_FOUND,
	    "no name");
	resolver_free(&r);
	ok(resolver_new(&r, "not an address").is == FAILED && r == NULL,
	    "no resolver at such an address");
	arena_free(&arena);
}

int
main(void)
{
	test_cases();
	test_every_prefix();
	test_long_names();
	test_literals();
	return tap_done();
}
