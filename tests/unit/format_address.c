/* Addresses: one, and lists of them. */
#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/address.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define L60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static void
test_one(void)
{
	static const struct {
		const char *text;
		enum status is;
		const char *local;
		const char *domain;
		const char *back;
	} cases[] = {
		{ "a@b.example", OK, "a", "b.example", "a@b.example" },
		{ "A.b+c@B.Example", OK, "A.b+c", "b.example",
		    "A.b+c@b.example" },
		{ "\"a b\\\"\"@b", OK, "a b\"", "b", "\"a b\\\"\"@b" },
		{ "\"\"@b", OK, "", "b", "\"\"@b" },
		{ "a@m\xc3\xbcnchen.example", OK, "a",
		    "xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example" },
		{ "j\xc3\xbcrgen@b", OK, "j\xc3\xbcrgen", "b",
		    "j\xc3\xbcrgen@b" },
		{ "a@[192.0.2.1]", OK, "a", "[192.0.2.1]",
		    "a@[192.0.2.1]" },
		{ "a@[IPv6:2001:db8::1]", OK, "a", "[IPv6:2001:db8::1]",
		    "a@[IPv6:2001:db8::1]" },
		{ L60 "1234@b", OK, L60 "1234", "b", L60 "1234@b" },
		{ L60 "12345@b", OVER_LIMIT, "", "", "" },
		{ "\"" L60 "12345\"@b", OVER_LIMIT, "", "", "" },
		{ "a", MALFORMED, "", "", "" },
		{ "", MALFORMED, "", "", "" },
		{ "@b", MALFORMED, "", "", "" },
		{ "a@", MALFORMED, "", "", "" },
		{ ".a@b", MALFORMED, "", "", "" },
		{ "a.@b", MALFORMED, "", "", "" },
		{ "a..b@c", MALFORMED, "", "", "" },
		{ "a b@c", MALFORMED, "", "", "" },
		{ "a@b c", MALFORMED, "", "", "" },
		{ "a@b.", MALFORMED, "", "", "" },
		{ "a@-b", MALFORMED, "", "", "" },
		{ "a@b..c", MALFORMED, "", "", "" },
		{ "a@[192.0.2.256]", MALFORMED, "", "", "" },
		{ "a@[192.0.2.1", MALFORMED, "", "", "" },
		{ "a@xn--zz--", MALFORMED, "", "", "" },
		{ "a@b@c", MALFORMED, "", "", "" },
		{ "\"a@b", MALFORMED, "", "", "" },
		{ "\"a\r\nb\"@c", MALFORMED, "", "", "" },
		{ "a\xff@b", MALFORMED, "", "", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new(10000);
		struct address found;
		result r = address_parse(view_of(cases[i].text), a, &found);

		ok(r.is == cases[i].is, "%s: %s", cases[i].text, r.why);
		if (r.is == OK && cases[i].is == OK) {
			same(found.local, view_of(cases[i].local), "local");
			same(found.domain, view_of(cases[i].domain),
			    "domain");
			same(address_text(&found, a), view_of(cases[i].back),
			    "and back");
		}
		arena_free(&a);
	}
}

static void
test_domain_limits(void)
{
	struct arena *a = arena_new(10000);
	char name[300];
	view out;

	memset(name, 'a', sizeof name);
	for (size_t i = 63; i < sizeof name; i += 64)
		name[i] = '.';
	ok(domain_normalise((view){ name, 63 }, a, &out).is == OK,
	    "a label of 63");
	ok(domain_normalise((view){ name, 255 }, a, &out).is == OK,
	    "a name of 255");
	ok(domain_normalise((view){ name, 257 }, a, &out).is == OVER_LIMIT,
	    "longer");
	name[63] = 'a';
	ok(domain_normalise((view){ name, 64 }, a, &out).is == MALFORMED,
	    "a label of 64");
	arena_free(&a);
}

static void
test_list(void)
{
	static const struct {
		const char *field;
		const char *found; /* "name|local|domain;" each */
	} cases[] = {
		{ "a@b", "|a|b;" },
		{ "a@b, c@d", "|a|b;|c|d;" },
		{ "Jane Doe <a@b>", "Jane Doe|a|b;" },
		{ "\"Doe, Jane\" <a@b>,c@d", "Doe, Jane|a|b;|c|d;" },
		{ "=?utf-8?q?J=C3=BC?= <a@b>", "J\xc3\xbc|a|b;" },
		{ "a@b (Jane)", "Jane|a|b;" },
		{ "(x) Jane (y) <(z) a (w) @ (v) b (u)> (t)", "Jane|a|b;" },
		{ "Team: a@b, C <c@d>;, e@f", "|a|b;C|c|d;|e|f;" },
		{ "undisclosed-recipients:;", "" },
		{ "<@x,@y:a@b>", "|a|b;" },
		{ "John Q. Public <a@b>", "John Q. Public|a|b;" },
		{ "<\"a b\"@c>", "|a b|c;" },
		{ "a@[192.0.2.1]", "|a|[192.0.2.1];" },
		{ "lonely", "|lonely|;" },
		{ "<>", "||;" },
		{ ", ,a@b,,", "|a|b;" },
		{ "<a@b junk>, c@d", "|a|b;|c|d;" },
		{ "\"never ends", "|never ends|;" },
		{ "(((((", "" },
		{ "Team: a@b", "|a|b;" },
		{ "a@b; c@d", "|a|b;|c|d;" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *a = arena_new(100000);
		struct mailbox_address *list;
		struct buf found = buf_new(1000);
		size_t count;

		ok(address_list_parse(view_of(cases[i].field), a, &list,
		       &count).is == OK,
		    "read");
		for (size_t k = 0; k < count; k++)
			buf_print(&found, "%.*s|%.*s|%.*s;",
			    (int)list[k].name.n, list[k].name.p,
			    (int)list[k].local.n, list[k].local.p,
			    (int)list[k].domain.n, list[k].domain.p);
		same(buf_view(&found), view_of(cases[i].found),
		    cases[i].field);
		buf_free(&found);
		arena_free(&a);
	}
}

static void
test_many(void)
{
	struct buf field = buf_new(LIMIT_HEADER);
	struct arena *a = arena_new(1 << 24);
	struct mailbox_address *list;
	size_t count = 0;

	for (int i = 0; i < LIMIT_HEADER_ADDRESSES + 1; i++)
		buf_add(&field, VIEW("a@b,"));
	ok(address_list_parse(buf_view(&field), a, &list, &count).is == OK,
	    "a long list");
	is_number((int64_t)count, LIMIT_HEADER_ADDRESSES, "has a bound");
	buf_free(&field);
	arena_free(&a);
}

int
main(void)
{
	test_one();
	test_domain_limits();
	test_list();
	test_many();
	return tap_done();
}
