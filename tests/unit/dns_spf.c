/* RFC 7208, by a table of zones and a table of mail. */
#include "mailcore/dns/spf.h"
#include "mailcore/base/result.h"
#include "tests/tap.h"
#include "tests/unit/dns_table.h"

#include <stdlib.h>
#include <string.h>

static const struct table_row zone[] = {
	{ "all.test", LOOKUP_TXT, "v=spf1 -all", 0 },
	{ "neutral.test", LOOKUP_TXT, "v=spf1", 0 },
	{ "upper.test", LOOKUP_TXT, "V=SPF1 IP4:192.0.2.0/24 -ALL", 0 },
	{ "other.test", LOOKUP_TXT, "v=spf10 -all", 0 },
	{ "other.test", LOOKUP_TXT, "something else", 0 },
	{ "twice.test", LOOKUP_TXT, "v=spf1 -all", 0 },
	{ "twice.test", LOOKUP_TXT, "v=spf1 +all", 0 },
	{ "quiet.test", 0, NULL, 0 },
	{ "a.test", LOOKUP_TXT, "v=spf1 a -all", 0 },
	{ "a.test", LOOKUP_A, "192.0.2.1", 0 },
	{ "a.test", LOOKUP_AAAA, "2001:db8::1", 0 },
	{ "net.test", LOOKUP_TXT, "v=spf1 a:a.test/24//64 ~all", 0 },
	{ "mx.test", LOOKUP_TXT, "v=spf1 mx ?all", 0 },
	{ "mx.test", LOOKUP_MX, "gone.test", 0 },
	{ "mx.test", LOOKUP_MX, "a.test", 0 },
	{ "manymx.test", LOOKUP_TXT, "v=spf1 mx -all", 0 },
	{ "manymx.test", LOOKUP_MX, "m1.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m2.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m3.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m4.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m5.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m6.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m7.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m8.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m9.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m10.test", 0 },
	{ "manymx.test", LOOKUP_MX, "m11.test", 0 },
	{ "six.test", LOOKUP_TXT, "v=spf1 ip6:2001:db8::/32 -all", 0 },
	{ "incl.test", LOOKUP_TXT, "v=spf1 include:a.test -all", 0 },
	{ "inclnone.test", LOOKUP_TXT, "v=spf1 include:gone.test +all", 0 },
	{ "incltemp.test", LOOKUP_TXT, "v=spf1 include:quiet.test +all", 0 },
	{ "inclfail.test", LOOKUP_TXT, "v=spf1 include:all.test ~all", 0 },
	{ "redir.test", LOOKUP_TXT, "v=spf1 redirect=a.test", 0 },
	{ "redirall.test", LOOKUP_TXT, "v=spf1 ?all redirect=a.test", 0 },
	{ "redirnone.test", LOOKUP_TXT, "v=spf1 redirect=gone.test", 0 },
	{ "loop.test", LOOKUP_TXT, "v=spf1 include:loop.test", 0 },
	{ "rloop.test", LOOKUP_TXT, "v=spf1 redirect=rloop.test", 0 },
	{ "void2.test", LOOKUP_TXT, "v=spf1 a:gone.test a:gone2.test -all",
	    0 },
	{ "void3.test", LOOKUP_TXT,
	    "v=spf1 a:gone.test a:gone2.test a:gone3.test -all", 0 },
	{ "ten.test", LOOKUP_TXT,
	    "v=spf1 a:z.test a:z.test a:z.test a:z.test a:z.test a:z.test"
	    " a:z.test a:z.test a:z.test a:z.test -all", 0 },
	{ "eleven.test", LOOKUP_TXT,
	    "v=spf1 a:z.test a:z.test a:z.test a:z.test a:z.test a:z.test"
	    " a:z.test a:z.test a:z.test a:z.test a:z.test -all", 0 },
	{ "z.test", LOOKUP_A, "198.51.100.9", 0 },
	{ "exists.test", LOOKUP_TXT,
	    "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} -all", 0 },
	{ "1.2.0.192.joe._spf.exists.test", LOOKUP_A, "127.0.0.2", 0 },
	{ "ptr.test", LOOKUP_TXT, "v=spf1 ptr -all", 0 },
	{ "1.2.0.192.in-addr.arpa", LOOKUP_PTR, "liar.test", 0 },
	{ "1.2.0.192.in-addr.arpa", LOOKUP_PTR, "host.ptr.test", 0 },
	{ "host.ptr.test", LOOKUP_A, "192.0.2.1", 0 },
	{ "liar.test", LOOKUP_A, "198.51.100.1", 0 },
	{ "exp.test", LOOKUP_TXT, "v=spf1 -all exp=why.exp.test", 0 },
	{ "why.exp.test", LOOKUP_TXT,
	    "%{i} is not one of %{d}'s: %{S} %% %{c}%_%{r}", 0 },
	{ "expbad.test", LOOKUP_TXT, "v=spf1 -all exp=bad.exp.test", 0 },
	{ "bad.exp.test", LOOKUP_TXT, "%{x}", 0 },
	{ "expctl.test", LOOKUP_TXT, "v=spf1 -all exp=ctl.exp.test", 0 },
	{ "ctl.exp.test", LOOKUP_TXT, "one\r\ntwo", 0 },
	{ "lone.test", LOOKUP_TXT, "v=spf1 a:lone -all", 0 },
	{ "num.test", LOOKUP_TXT, "v=spf1 a:192.0.2.1 -all", 0 },
	{ "mech.test", LOOKUP_TXT, "v=spf1 a mecha -all", 0 },
	{ "allarg.test", LOOKUP_TXT, "v=spf1 all:foo.test", 0 },
	{ "cidr.test", LOOKUP_TXT, "v=spf1 ip4:192.0.2.0/33 -all", 0 },
	{ "cidr0.test", LOOKUP_TXT, "v=spf1 ip4:192.0.2.0/024 -all", 0 },
	{ "late.test", LOOKUP_TXT, "v=spf1 +all junk", 0 },
	{ "mod.test", LOOKUP_TXT, "v=spf1 moo=cow%{d} +all", 0 },
	{ "modbad.test", LOOKUP_TXT, "v=spf1 moo=%c +all", 0 },
	{ "redir2.test", LOOKUP_TXT, "v=spf1 redirect=a.test redirect=a.test",
	    0 },
	{ "tab.test", LOOKUP_TXT, "v=spf1\t-all", 0 },
	{ "zero.test", LOOKUP_TXT, "v=spf1 a:%{d0}.test +all", 0 },
	{ "spaces.test", LOOKUP_TXT, "v=spf1   ip4:192.0.2.1   -all  ", 0 },
};

static const struct {
	const char *ip, *hello, *sender;
	enum spf_result result;
	const char *why;
} cases[] = {
	{ "192.0.2.1", "h.test", "joe@all.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@neutral.test", SPF_NEUTRAL, "" },
	{ "192.0.2.1", "h.test", "joe@upper.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "joe@other.test", SPF_NONE, "" },
	{ "192.0.2.1", "h.test", "joe@gone.test", SPF_NONE, "" },
	{ "192.0.2.1", "h.test", "joe@twice.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@quiet.test", SPF_TEMPERROR, "" },
	{ "192.0.2.1", "h.test", "joe@test", SPF_NONE, "" },
	{ "192.0.2.1", "h.test", "joe@a..test", SPF_NONE, "" },
	{ "192.0.2.1", "h.test", "joe@[192.0.2.1]", SPF_NONE, "" },
	/* The null sender: the name of the host. */
	{ "192.0.2.1", "a.test", "", SPF_PASS, "" },
	{ "192.0.2.2", "a.test", "", SPF_FAIL, "" },
	{ "192.0.2.1", "[192.0.2.1]", "", SPF_NONE, "" },
	{ "192.0.2.1", "h.test", "joe@a.test", SPF_PASS, "" },
	{ "::ffff:192.0.2.1", "h.test", "joe@a.test", SPF_PASS, "" },
	{ "2001:db8::1", "h.test", "joe@a.test", SPF_PASS, "" },
	{ "2001:db8::2", "h.test", "joe@a.test", SPF_FAIL, "" },
	{ "192.0.2.77", "h.test", "joe@net.test", SPF_PASS, "" },
	{ "192.0.3.1", "h.test", "joe@net.test", SPF_SOFTFAIL, "" },
	{ "2001:db8::77", "h.test", "joe@net.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "joe@mx.test", SPF_PASS, "" },
	{ "192.0.2.2", "h.test", "joe@mx.test", SPF_NEUTRAL, "" },
	{ "192.0.2.1", "h.test", "joe@manymx.test", SPF_PERMERROR, "" },
	{ "2001:db8:1::1", "h.test", "joe@six.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "joe@six.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@incl.test", SPF_PASS, "" },
	{ "192.0.2.2", "h.test", "joe@incl.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@inclnone.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@incltemp.test", SPF_TEMPERROR, "" },
	{ "192.0.2.1", "h.test", "joe@inclfail.test", SPF_SOFTFAIL, "" },
	{ "192.0.2.1", "h.test", "joe@redir.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "joe@redirall.test", SPF_NEUTRAL, "" },
	{ "192.0.2.1", "h.test", "joe@redirnone.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@loop.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@rloop.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@void2.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@void3.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@ten.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@eleven.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe-news@exists.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "news-joe@exists.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@exists.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "joe@ptr.test", SPF_PASS, "" },
	{ "192.0.2.2", "h.test", "joe@ptr.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "a b@exp.test", SPF_FAIL,
	    "192.0.2.1 is not one of exp.test's: a%20b%40exp.test % 192.0.2.1"
	    " mx.ours.test" },
	{ "192.0.2.1", "h.test", "joe@expbad.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@expctl.test", SPF_FAIL, "" },
	{ "192.0.2.1", "h.test", "joe@lone.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@num.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@mech.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@allarg.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@cidr.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@cidr0.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@late.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@mod.test", SPF_PASS, "" },
	{ "192.0.2.1", "h.test", "joe@modbad.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@redir2.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@tab.test", SPF_NONE, "" },
	{ "192.0.2.1", "h.test", "joe@zero.test", SPF_PERMERROR, "" },
	{ "192.0.2.1", "h.test", "joe@spaces.test", SPF_PASS, "" },
};

static view
octets(const char *text, char bytes[16])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return (view){ bytes, 4 };
	if (inet_pton(AF_INET6, text, bytes) != 1)
		abort();
	return (view){ bytes, 16 };
}

static struct spf_answer
check(struct arena *arena, struct table *t, size_t i)
{
	struct lookup lookup = table_lookup(t);
	struct spf_answer a;
	char bytes[16];
	const struct spf_question q = { .ip = octets(cases[i].ip, bytes),
		.hello = view_of(cases[i].hello),
		.sender = view_of(cases[i].sender),
		.receiver = VIEW("mx.ours.test"), .now = 1000 };

	spf_check(&lookup, arena, &q, &a);
	return a;
}

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct table t = { zone, COUNT(zone), 0 };
		struct spf_answer a = check(arena, &t, i);

		ok(a.result == cases[i].result, "%s from %s, %s: %s",
		    cases[i].sender, cases[i].hello, cases[i].ip,
		    spf_name(a.result));
		same(a.explanation, view_of(cases[i].why), "explanation");
		ok(t.asked <= 25, "%u questions are enough", t.asked);
		arena_free(&arena);
	}
}

/* However little memory there is, an answer comes, and none is a pass that
 * was not one before. */
static void
test_little_memory(void)
{
	for (size_t room = 0; room < 3000; room += 37) {
		struct arena *arena = arena_new(room);
		struct table t = { zone, COUNT(zone), 0 };
		struct spf_answer a;

		/* a.test from an address that fails. */
		a = check(arena, &t, 16);
		if (a.result == SPF_PASS)
			ok(false, "a pass with %zu octets", room);
		arena_free(&arena);
	}
	ok(true, "no pass for want of memory");
}

int
main(void)
{
	test_cases();
	test_little_memory();
	return tap_done();
}
