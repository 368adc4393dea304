/* Targets, conditions, routes and credentials, without a socket. */
#include "davd/http/exchange.h"
#include "mailcore/base/limits.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static void
test_targets(void)
{
	static const struct {
		const char *target;
		enum status is;
		const char *path, *query;
	} cases[] = {
		{ "/", OK, "/", "" },
		{ "*", OK, "/", "" },
		{ "/a%20b?x=%20", OK, "/a b", "x=%20" },
		{ "http://h:80/a/b/?", OK, "/a/b/", "" },
		{ "https://h", OK, "/", "" },
		{ "/u%40d/", OK, "/u@d/", "" },
		{ "/u%2540d/", OK, "/u%40d/", "" },
		{ "/\xc3\xbc", OK, "/\xc3\xbc", "" },
		{ "/a//b", OK, "/a//b", "" },
		{ "/...", OK, "/...", "" },
		{ "", MALFORMED, "/", "" },
		{ "a", MALFORMED, "/", "" },
		{ "/..", MALFORMED, "", "" },
		{ "/a/./b", MALFORMED, "", "" },
		{ "/a/%2e%2E/b", MALFORMED, "", "" },
		{ "/a%2Fb", MALFORMED, "", "" },
		{ "/a%", MALFORMED, "", "" },
		{ "/a%4", MALFORMED, "", "" },
		{ "/a%gg", MALFORMED, "", "" },
		{ "/%00", MALFORMED, "", "" },
		{ "/%0a", MALFORMED, "", "" },
		{ "/%ff", MALFORMED, "", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(65536);
		struct request r = { .arena = arena };
		result got = request_target(&r, view_of(cases[i].target));

		ok(got.is == cases[i].is, "target %s: %s", cases[i].target,
		    got.why);
		if (got.is == OK) {
			same(r.path, view_of(cases[i].path), "its path");
			same(r.query, view_of(cases[i].query), "its query");
		}
		arena_free(&arena);
	}
}

static void
test_target_limit(void)
{
	char *text = malloc(LIMIT_HTTP_TARGET + 1);
	struct arena *arena = arena_new(65536);
	struct request r = { .arena = arena };

	if (text == NULL)
		abort();
	memset(text, 'a', LIMIT_HTTP_TARGET + 1);
	text[0] = '/';
	ok(request_target(&r, (view){ text, LIMIT_HTTP_TARGET }).is == OK,
	    "a target of LIMIT_HTTP_TARGET");
	ok(request_target(&r, (view){ text, LIMIT_HTTP_TARGET + 1 }).is
		== OVER_LIMIT,
	    "one byte more");
	free(text);
	arena_free(&arena);
}

static void
test_conditions(void)
{
	static const struct {
		const char *method, *name, *value, *etag;
		unsigned status;
	} cases[] = {
		{ "PUT", "If-Match", "\"a\"", "a", 0 },
		{ "PUT", "If-Match", "\"b\"", "a", 412 },
		{ "PUT", "If-Match", "\"b\" , \"a\"", "a", 0 },
		{ "PUT", "If-Match", "\"x,y\", \"a\"", "a", 0 },
		{ "PUT", "If-Match", "W/\"a\"", "a", 412 },
		{ "PUT", "If-Match", "a", "a", 0 },
		{ "PUT", "If-Match", "*", "a", 0 },
		{ "PUT", "If-Match", "*", "", 412 },
		{ "PUT", "If-Match", "\"\"", "", 412 },
		{ "PUT", "If-Match", "", "a", 412 },
		{ "PUT", "If-None-Match", "*", "", 0 },
		{ "PUT", "If-None-Match", "*", "a", 412 },
		{ "PUT", "If-None-Match", "\"a\"", "a", 412 },
		{ "PUT", "If-None-Match", "\"b\"", "a", 0 },
		{ "GET", "If-None-Match", "W/\"a\"", "a", 304 },
		{ "HEAD", "If-None-Match", "\"a\"", "a", 304 },
		{ "GET", "If-None-Match", "\"b\"", "a", 0 },
		{ "GET", "X-Other", "*", "a", 0 },
		{ "DELETE", "If", "([\"a\"])", "a", 0 },
		{ "DELETE", "If", "([\"b\"])", "a", 412 },
		{ "DELETE", "If", "(Not [\"b\"])", "a", 0 },
		{ "DELETE", "If", "([\"b\"]) ([\"a\"])", "a", 0 },
		{ "DELETE", "If", "([\"a\"] <urn:x:lock>)", "a", 412 },
		{ "DELETE", "If", "([\"a\"] Not <DAV:no-lock>)", "a", 0 },
		{ "DELETE", "If", "(<urn:x:lock>)(Not <DAV:no-lock>)", "a", 0 },
		{ "DELETE", "If", "([W/\"a\"])", "a", 412 },
		{ "DELETE", "If", "<http://h.test/d/a%20b> ([\"a\"])", "a",
		    0 },
		{ "DELETE", "If", "</d/a%20b> ([\"b\"])", "a", 412 },
		{ "DELETE", "If", "<https://h.test/d/c> ([\"a\"])", "a", 412 },
		{ "PUT", "If", "(Not [\"a\"])", "", 0 },
		{ "PUT", "If", "()", "a", 412 },
		{ "PUT", "If", "([\"a\"]", "a", 412 },
		{ "PUT", "If", "garbage", "a", 412 },
		{ "PUT", "If", "", "a", 412 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request_field field = { view_of(cases[i].name),
			view_of(cases[i].value) };
		struct request_fields fields = { &field, 1 };
		struct request r = { .method = view_of(cases[i].method),
			.path = VIEW("/d/a b"),
			.inside = &fields };

		is_number(request_precondition(&r, view_of(cases[i].etag)),
		    cases[i].status, cases[i].value);
	}
}

static void
test_routes(void)
{
	static const struct route routes[] = {
		{ "/", false, NULL },
		{ "/a/", false, NULL },
		{ "/a/b", false, NULL },
		{ "/C/", true, NULL },
	};
	static const struct {
		const char *path;
		int found;
	} cases[] = {
		{ "/", 0 },
		{ "/x", 0 },
		{ "/a", 1 },
		{ "/a/", 1 },
		{ "/a/c", 1 },
		{ "/a/b", 2 },
		{ "/a/b/", 1 },
		{ "/ab", 0 },
		{ "/A/", 0 },
		{ "/c/d", 3 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		is_number(
		    route_find(routes, COUNT(routes), view_of(cases[i].path))
			- routes,
		    cases[i].found, cases[i].path);
	ok(route_find(routes + 1, 1, VIEW("/b")) == NULL, "no route");
}

static void
test_basic(void)
{
	static const struct {
		const char *value, *user, *password;
	} cases[] = {
		{ "Basic dTpw", "u", "p" },
		{ "basic  dTpwOnc=", "u", "p:w" },
		{ "Basic dTo=", "u", "" },
		{ "Basic Og==", "", "" },
		{ "Basic dQ==", NULL, NULL },
		{ "Basic !", NULL, NULL },
		{ "Basic", NULL, NULL },
		{ "Basic dTr/", NULL, NULL }, /* not UTF-8 */
		{ "Basic dToA", NULL, NULL }, /* a NUL */
		{ "Bearer dTpw", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new(65536);
		struct request_field field = { VIEW("authorization"),
			view_of(cases[i].value) };
		struct request_fields fields = { &field, 1 };
		struct request r = { .inside = &fields, .arena = arena };
		view user, password;
		bool good = request_basic(&r, &user, &password);

		ok(good == (cases[i].user != NULL), "%s", cases[i].value);
		if (good) {
			same(user, view_of(cases[i].user), "user");
			same(password, view_of(cases[i].password), "password");
		}
		arena_free(&arena);
	}
}

static void
test_query(void)
{
	struct arena *arena = arena_new(65536);
	struct request r = { .arena = arena,
		.query = VIEW("a=1&b%20c=x+y%26&d&e=%zz") };
	view value;

	ok(request_query(&r, VIEW("a"), &value), "a parameter");
	same(value, VIEW("1"), "its value");
	ok(request_query(&r, VIEW("b c"), &value), "an encoded name");
	same(value, VIEW("x+y&"), "an encoded value; + stays");
	ok(request_query(&r, VIEW("d"), &value) && value.n == 0, "no value");
	ok(!request_query(&r, VIEW("e"), &value), "a bad escape");
	ok(!request_query(&r, VIEW("f"), &value), "none");
	arena_free(&arena);
}

static void
test_answer_header(void)
{
	struct answer a = { 0 };

	answer_header(&a, "X-A", VIEW("1"));
	answer_header(&a, "X-B", VIEW("1\r\nX-C: 2"));
	same(buf_view(&a.headers), VIEW("X-A\0001\000"),
	    "a value with a line end is not sent");
	buf_free(&a.headers);
}

int
main(void)
{
	test_targets();
	test_target_limit();
	test_conditions();
	test_routes();
	test_basic();
	test_query();
	test_answer_header();
	return tap_done();
}
