/* sts.h, https.h, tls_report.h, routes.h: others' words, read and written. */
#include "mailcore/smtp/https.h"
#include "mailcore/smtp/sts.h"
#include "mailcore/smtp/tls_report.h"
#include "mailcore/sys/routes.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "version: STSv1\nmode: enforce\nmax_age: 10\n"

static const struct {
	const char *text;
	enum status is;
	enum sts_mode mode;
	int64_t max_age;
	size_t count;
} policies[] = {
	{ HEAD "mx: a.example\n", OK, STS_ENFORCE, 10, 1 },
	{ "mx:*.a.example\r\nmax_age: 0\r\nmode:testing\r\nversion:STSv1", OK,
	    STS_TESTING, 0, 1 },
	{ "version: STSv1\nmode: none\nmax_age: 31557600\n", OK, STS_NONE,
	    31557600, 0 },
	{ "version: STSv1\nmode: none\nmax_age: 31557601\n", OK, STS_NONE,
	    31557600, 0 },
	{ HEAD "mx: a.example\nmode: none\nmax_age: 5\nnews: x\n\n", OK,
	    STS_ENFORCE, 10, 1 },
	{ HEAD, MALFORMED, STS_NONE, 0, 0 },
	{ "mode: enforce\nmax_age: 1\nmx: a.example\n", MALFORMED, STS_NONE,
	    0, 0 },
	{ "version: STSv2\nmode: none\nmax_age: 1\n", MALFORMED, STS_NONE, 0,
	    0 },
	{ "version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a\n", MALFORMED,
	    STS_NONE, 0, 0 },
	{ "version: STSv1\nmode: none\nmax_age: -1\n", MALFORMED, STS_NONE,
	    0, 0 },
	{ "version: STSv1\nmode: none\nmax_age: 99999999999\n", MALFORMED,
	    STS_NONE, 0, 0 },
	{ HEAD "mx: *\n", MALFORMED, STS_NONE, 0, 0 },
	{ HEAD "mx: a b\n", MALFORMED, STS_NONE, 0, 0 },
	{ HEAD "mx: a.*.example\n", MALFORMED, STS_NONE, 0, 0 },
	{ "<html>", MALFORMED, STS_NONE, 0, 0 },
	{ "", MALFORMED, STS_NONE, 0, 0 },
};

static void
test_policies(void)
{
	for (size_t i = 0; i < COUNT(policies); i++) {
		struct sts_policy p;
		result r = sts_parse(view_of(policies[i].text), &p);

		ok(r.is == policies[i].is, "policy %zu: %s", i, r.why);
		if (r.is != OK)
			continue;
		ok(p.mode == policies[i].mode && p.count == policies[i].count
		    && p.max_age == policies[i].max_age, "as it says");
	}
}

static void
test_bounds(void)
{
	struct buf text = buf_new(2 * LIMIT_STS_POLICY);
	struct sts_policy p;

	buf_add_text(&text, HEAD);
	for (int i = 0; i < LIMIT_STS_MX + 1; i++)
		buf_print(&text, "mx: mx%d.example\n", i);
	ok(sts_parse(buf_view(&text), &p).is == OK
	    && p.count == LIMIT_STS_MX, "servers up to a bound");
	while (text.n < LIMIT_STS_POLICY)
		buf_add_byte(&text, text.n % 500 == 0 ? '\n' : ' ');
	ok(sts_parse(buf_view(&text), &p).is == OK, "as long as may be");
	buf_add_byte(&text, '\n');
	ok(sts_parse(buf_view(&text), &p).is == MALFORMED, "one more");
	buf_free(&text);
}

static void
test_matches(void)
{
	static const struct {
		const char *mx, *host;
		bool fits;
	} cases[] = {
		{ "mx.a.example", "MX.A.example", true },
		{ "mx.a.example", "mx.a.example.", true },
		{ "mx.a.example", "x.mx.a.example", false },
		{ "*.a.example", "mx.a.example", true },
		{ "*.a.example", "x.mx.a.example", false },
		{ "*.a.example", "a.example", false },
		{ "*.a.example", "xa.example", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sts_policy p = { .mx = { view_of(cases[i].mx) },
			.count = 1 };

		ok(sts_matches(&p, view_of(cases[i].host)) == cases[i].fits,
		    "%s and %s", cases[i].mx, cases[i].host);
	}
}

static void
test_records(void)
{
	const view one[] = { VIEW("v=spf1 -all"), VIEW("v=STSv1; id=a1;") };
	const view two[] = { VIEW("v=STSv1; id=1"), VIEW("v=STSv1;id=2") };
	const view bad[] = { VIEW("v=STSv1; id=a-1;") };
	const view rua[] = { VIEW("v=TLSRPTv1;rua=mailto:a@b.example,"
	    "https://r.example/x, ftp://no") };
	view id, places[TLS_REPORT_PLACES];
	size_t n;

	ok(sts_find_id(one, 2, &id), "one record among others");
	same(id, VIEW("a1"), "its id");
	ok(!sts_find_id(two, 2, &id), "two are none");
	ok(!sts_find_id(bad, 1, &id), "an id of other characters");
	ok(tls_report_places(rua, 1, places, &n) && n == 2, "two places");
	same(places[1], VIEW("https://r.example/x"), "the second one");
	ok(!tls_report_places(two, 2, places, &n), "no such record");
}

static void
test_report(void)
{
	const struct tls_session list[] = {
		{ .day = 20000, .domain = VIEW("a.example"),
		    .policy = VIEW("sts"), .outcome = VIEW("successful"),
		    .count = 7 },
		{ .day = 20000, .domain = VIEW("a.example"),
		    .policy = VIEW("sts"),
		    .outcome = VIEW("certificate-expired"),
		    .host = VIEW("mx.\"a"), .address = VIEW("192.0.2.1"),
		    .count = 2 },
	};
	struct buf out = buf_new(65536);

	tls_report_write(&out, "mail.example", VIEW("id1"), list, 2,
	    VIEW("version: STSv1\r\nmode: enforce\r\n"));
	same(buf_view(&out), VIEW(
	    "{\"organization-name\": \"mail.example\",\r\n"
	    " \"date-range\": {\"start-datetime\": \"2024-10-04T00:00:00Z\","
	    " \"end-datetime\": \"2024-10-04T23:59:59Z\"},\r\n"
	    " \"contact-info\": \"postmaster@mail.example\",\r\n"
	    " \"report-id\": \"id1\",\r\n \"policies\": [\r\n"
	    "  {\"policy\": {\"policy-type\": \"sts\","
	    " \"policy-domain\": \"a.example\", \"policy-string\": [\r\n"
	    "    \"version: STSv1\",\r\n    \"mode: enforce\"]},\r\n"
	    "   \"summary\": {\"total-successful-session-count\": 7,"
	    " \"total-failure-session-count\": 2},\r\n"
	    "   \"failure-details\": [\r\n"
	    "    {\"result-type\": \"certificate-expired\","
	    " \"receiving-mx-hostname\": \"mx.\\\"a\","
	    " \"receiving-ip\": \"192.0.2.1\","
	    " \"failed-session-count\": 2}]}]}\r\n"), "a report");
	buf_free(&out);
}

#define OKAY "HTTP/1.1 200 OK\r\nContent-Type: text/plain; x=y\r\n"

static const struct {
	const char *text;
	enum status is;
	const char *body;
} answers[] = {
	{ OKAY "Content-Length: 3\r\n\r\nabc", OK, "abc" },
	{ OKAY "content-length:0\r\n\r\n", OK, "" },
	{ OKAY "Transfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\n"
	  "\r\n", OK, "abc" },
	{ OKAY "Content-Length: 9\r\n\r\nabcdefghi", OVER_LIMIT, "" },
	{ OKAY "Transfer-Encoding: chunked\r\n\r\n9\r\nabcdefghi\r\n0\r\n\r\n",
	  OVER_LIMIT, "" },
	{ OKAY "\r\nabc", MALFORMED, "" },
	{ OKAY "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
	  MALFORMED, "" },
	{ "HTTP/1.0 200 OK\nContent-Type: text/plain\n"
	  "Content-Length: 5\n\n\r\n\r\nx", OK, "\r\n\r\nx" },
	{ OKAY "Content-Length: 5\r\n\r\na\n\nbc", OK, "a\n\nbc" },
	{ OKAY "Transfer-Encoding: chunked\n\n2\nab\n1\nc\n0\n\n", OK, "abc" },
	{ OKAY "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
	  MALFORMED, "" },
	{ OKAY "Transfer-Encoding: gzip\r\n\r\nabc", MALFORMED, "" },
	{ OKAY "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", MALFORMED, "" },
	{ "HTTP/1.1 100 Continue\r\n\r\n", BUSY, "" },
	{ "HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n"
	  OKAY "Content-Length: 3\r\n\r\nabc", OK, "abc" },
	{ "HTTP/1.1 204 No\r\nContent-Type: text/plain\r\n\r\nabc", OK,
	  "" },
	{ "SSH-2.0-x\r\n\r\n", MALFORMED, "" },
	{ OKAY "Content-Length: -1\r\n\r\n", MALFORMED, "" },
};

static const struct https_request eight = { .most = 8 };

/* What is sent until the connection ends. */
static void
test_open_end(void)
{
	const struct https_request q = { .most = 8, .open_end = true };
	struct arena *arena = arena_new(1 << 20);
	struct https_answer a;
	view name, value;

	ok(https_parse(VIEW(OKAY "\r\nabc"), false, &q, arena, &a).is == BUSY,
	    "more may come");
	ok(https_parse(VIEW(OKAY "\r\nabc"), true, &q, arena, &a).is == OK,
	    "no more comes");
	same(a.body, VIEW("abc"), "its body");
	ok(https_parse(VIEW(OKAY "\r\nabcdefghi"), false, &q, arena, &a).is
	    == OVER_LIMIT, "more than was wanted");
	ok(https_parse(VIEW(OKAY "Location:  /b \r\nContent-Length: 0\r\n\r\n"),
	    false, &q, arena, &a).is == OK, "an answer with fields");
	ok(https_field(&a.fields, &name, &value)
	    && https_field(&a.fields, &name, &value), "two fields");
	same(name, VIEW("Location"), "the name of one");
	same(value, VIEW("/b"), "its value");
	ok(https_field(&a.fields, &name, &value)
	    && !https_field(&a.fields, &name, &value), "and a third");
	arena_free(&arena);
}

static void
test_answers(void)
{
	struct arena *arena = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(answers); i++) {
		struct https_answer a;
		result r = https_parse(view_of(answers[i].text), false,
		    &eight, arena, &a);

		ok(r.is == answers[i].is, "answer %zu: %s", i, r.why);
		if (r.is != OK)
			continue;
		same(a.body, view_of(answers[i].body), "its body");
		same(a.type, VIEW("text/plain"), "its type");
	}
	arena_free(&arena);
}

/* Each prefix of a good answer, in a block of its own size. */
static void
test_prefixes(void)
{
	view text = view_of(answers[2].text);
	struct arena *arena = arena_new(1 << 20);
	size_t whole = 0, good = 0;

	for (size_t n = 1; n <= text.n; n++) {
		char *exact = malloc(n);
		struct https_answer a;

		if (exact == NULL)
			abort();
		memcpy(exact, text.p, n);
		whole += https_parse((view){ exact, n }, false, &eight,
		    arena, &a).is == OK ? 1 : 0;
		good += https_parse((view){ exact, n }, true, &eight,
		    arena, &a).is == MALFORMED ? 1 : 0;
		free(exact);
	}
	/* The end of the last chunk's line is enough. */
	ok(whole == 3 && good == text.n - 3, "%zu prefixes are whole", whole);
	arena_free(&arena);
}

static void
test_routes(void)
{
	static const struct {
		const char *line;
		bool good;
	} cases[] = {
		{ "a.example smtp relay.example:587 me secret", true },
		{ "a.example mx", false }, /* again */
		{ "B.example lmtp /run/lmtp", true },
		{ "c.example lmtp [::1]:24", true },
		{ "d.example mx", true },
		{ "e.example smtp relay.example", true },
		{ "f.example lmtp 127.0.0.1:24 me secret", false },
		{ "f.example smtp relay.example me", false },
		{ "f.example smtp relay.example:0", false },
		{ "f.example lmtp host", false },
		{ "f.example http host", false },
		{ "f.example mx host", false },
		{ "f.example", false },
		{ "", false },
	};
	struct arena *arena = arena_new(1 << 20);
	struct buf out = buf_new(4096);
	struct routes routes = { .count = 0 };
	const struct route_line *l;

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(routes_add(arena, &routes, view_of(cases[i].line))
		        == cases[i].good, "route %s", cases[i].line);
	l = routes_find(&routes, VIEW("b.example"));
	ok(l != NULL && l->kind == ROUTE_LMTP && l->port == 0, "by domain");
	routes_write(&routes, &out);
	same(buf_view(&out), VIEW(
	    "\n# Domains whose mail goes another way than by MX.\n"
	    "route a.example smtp relay.example:587 me secret\n"
	    "route b.example lmtp /run/lmtp\n"
	    "route c.example lmtp [::1]:24\n"
	    "route d.example mx\n"
	    "route e.example smtp relay.example:25\n"), "written again");
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	test_policies();
	test_bounds();
	test_matches();
	test_records();
	test_report();
	test_answers();
	test_open_end();
	test_prefixes();
	test_routes();
	return tap_done();
}
