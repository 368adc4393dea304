/* What goes into the API: bodies, cookies, tokens, limits; and its streams. */
#include "tests/unit/api_talk.h"

#include "davd/api/routes.h"
#include "davd/api/schemas.h"

static const char json[] = "Content-Type: application/json\n";

/* As the signed-in browser; the status, and what was said. */
static unsigned
ask(struct talk *t, const char *method, const char *target, const char *more,
    view body, struct buf *said)
{
	struct buf fields = buf_new(4096);
	struct exchange *x;
	unsigned status;

	buf_add_text(&fields, t->cookie);
	buf_add_text(&fields, more);
	x = talk_ask(t, method, view_of(target), buf_view(&fields), body);
	status = x->answer.status;
	if (said != NULL) {
		buf_reset(said);
		buf_add(said, buf_view(&x->answer.body));
	}
	exchange_free(&x);
	buf_free(&fields);
	return status;
}

static const char *
with_token(struct talk *t, char to[256])
{
	(void)snprintf(to, 256, "%s%s", json, t->token);
	return to;
}

/* Every prefix of a good body but the whole is refused, each in a block of
 * exactly its own size. */
static void
test_prefixes(void)
{
	view whole = VIEW("{\"label\":\"T\\u00e9l\\u00e9phone\",\"rights\":"
			  "[\"imap\",\"caldav\"],\"networks\":[\"::1\"],"
			  "\"expires_days\":30}");
	struct arena *arena = arena_new(65536);
	size_t taken = 0;
	json_t *body;
	view field;

	for (size_t n = 0; n <= whole.n; n++) {
		char *exact = malloc(n + 1);

		if (exact == NULL)
			abort();
		memcpy(exact, whole.p, n);
		if (api_read(&schema_app_wanted, (view){ exact, n }, arena,
		        &body, &field).is == OK) {
			taken += n == whole.n;
			json_decref(body);
		}
		free(exact);
	}
	is_number((int64_t)taken, 1, "only the whole is a body");
	arena_free(&arena);
}

static void
test_bodies(void)
{
	static const struct {
		const char *text;
		enum status is;
		const char *field;
	} cases[] = {
		{ "{}", OK, "" },
		{ "", MALFORMED, "" },
		{ "null", MALFORMED, "" },
		{ "[]", MALFORMED, "" },
		{ "{} {}", MALFORMED, "" },
		{ "{\"label\":\"\\u0000\"}", MALFORMED, "" },
		{ "{\"label\":\"\xff\"}", MALFORMED, "" },
		{ "{\"label\":null}", MALFORMED, "label" },
		{ "{\"label\":{}}", MALFORMED, "label" },
		{ "{\"rights\":\"imap\"}", MALFORMED, "rights" },
		{ "{\"rights\":[1]}", MALFORMED, "rights" },
		{ "{\"rights\":[[]]}", MALFORMED, "rights" },
		{ "{\"rights\":[\"IMAP\"]}", MALFORMED, "rights" },
		{ "{\"expires_days\":1}", OK, "" },
		{ "{\"expires_days\":3650}", OK, "" },
		{ "{\"expires_days\":3651}", MALFORMED, "expires_days" },
		{ "{\"expires_days\":0}", MALFORMED, "expires_days" },
		{ "{\"expires_days\":-1}", MALFORMED, "expires_days" },
		{ "{\"expires_days\":1.0}", MALFORMED, "expires_days" },
		{ "{\"expires_days\":1e400}", MALFORMED, "" },
		{ "{\"expires_days\":99999999999999999999}", MALFORMED, "" },
		{ "{\"Label\":\"x\"}", MALFORMED, "Label" },
	};
	struct arena *arena = arena_new(65536);

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *body;
		view field;
		result r = api_read(&schema_app_wanted,
		    view_of(cases[i].text), arena, &body, &field);

		ok(r.is == cases[i].is
		        && view_eq(field, view_of(cases[i].field)),
		    "%s (%s)", cases[i].text, r.why);
		json_decref(body);
	}
	arena_free(&arena);
}

/* 100 characters, not bytes; then one more. */
static void
test_lengths(void)
{
	struct buf text = buf_new(1024);
	struct arena *arena = arena_new(65536);
	json_t *body;
	view field;

	buf_add_text(&text, "{\"label\":\"");
	for (int i = 0; i < LIMIT_APP_LABEL; i++)
		buf_add_text(&text, "\xc3\xa9");
	buf_add_text(&text, "\"}");
	is_number(api_read(&schema_app_wanted, buf_view(&text), arena, &body,
	              &field).is, OK, "as long as may be");
	json_decref(body);
	buf_cut(&text, text.n - 2);
	buf_add_text(&text, "x\"}");
	is_number(api_read(&schema_app_wanted, buf_view(&text), arena, &body,
	              &field).is, MALFORMED, "one more");
	arena_free(&arena);
	buf_free(&text);
}

static void
test_sizes(struct talk *t)
{
	struct buf body = buf_new(LIMIT_API_BODY + 1);
	char fields[256];

	buf_add_text(&body, "{\"password\":\"x\"");
	while (body.n < LIMIT_API_BODY - 1)
		buf_add_byte(&body, ' ');
	buf_add_byte(&body, '}');
	is_number(ask(t, "POST", "/api/v1/password/score",
	              with_token(t, fields), buf_view(&body), NULL),
	    200, "a body as large as may be");
	buf_cut(&body, body.n - 1);
	buf_add_text(&body, " }");
	is_number(ask(t, "POST", "/api/v1/password/score",
	              with_token(t, fields), buf_view(&body), NULL),
	    413, "one byte more");
	is_number(ask(t, "DELETE", "/api/v1/sessions/1",
	              with_token(t, fields), VIEW("{}"), NULL),
	    400, "a body that nobody wants");
	buf_free(&body);
}

static void
test_cookies(struct talk *t)
{
	static const struct {
		const char *value;
		bool found;
		const char *is;
	} cases[] = {
		{ VISIT_COOKIE "=abc", true, "abc" },
		{ "x=y; " VISIT_COOKIE "=abc ; z=1", true, "abc" },
		{ VISIT_COOKIE "=a=b", true, "a=b" },
		{ VISIT_COOKIE "=", true, "" },
		{ VISIT_COOKIE "=a; " VISIT_COOKIE "=b", false, "" },
		{ VISIT_COOKIE "x=a", false, "" },
		{ "x" VISIT_COOKIE "=a", false, "" },
		{ ";;;=;", false, "" },
		{ "", false, "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf fields = buf_new(1024);
		struct exchange *x;
		view value = VIEW("");

		buf_print(&fields, "Cookie: %s\n", cases[i].value);
		x = talk_ask(t, "GET", VIEW("/api/v1/me"),
		    buf_view(&fields), VIEW(""));
		ok(visit_cookie(&x->request, VIEW(VISIT_COOKIE), &value)
		        == cases[i].found, "%s", cases[i].value);
		same(value, view_of(cases[i].is), "its value");
		is_number(x->answer.status, 401, "nobody's");
		exchange_free(&x);
		buf_free(&fields);
	}
}

static void
test_origins(struct talk *t)
{
	static const struct {
		const char *fields;
		unsigned status;
	} cases[] = {
		{ "", 200 },
		{ "Origin: https://mail.example.org\n", 200 },
		{ "Origin: HTTPS://Mail.example.org\n", 200 },
		{ "Origin: http://mail.example.org\n", 403 },
		{ "Origin: https://mail.example.org:444\n", 403 },
		{ "Origin: https://mail.example.org.evil.example\n", 403 },
		{ "Origin: null\n", 403 },
		{ "Origin:\n", 403 },
		{ "Sec-Fetch-Site: same-origin\n", 200 },
		{ "Sec-Fetch-Site: none\n", 200 },
		{ "Sec-Fetch-Site: same-site\n", 403 },
		{ "Sec-Fetch-Site: cross-site\n", 403 },
		{ "Sec-Fetch-Site: same-origin\n"
		  "Origin: https://evil.example\n", 403 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		is_number(ask(t, "GET", "/api/v1/logins", cases[i].fields,
		              VIEW(""), NULL),
		    cases[i].status, cases[i].fields);
}

struct woken {
	unsigned times;
};

static void
on_wake(void *what)
{
	((struct woken *)what)->times++;
}

/* What the stream has to say now, without waiting. */
static view
hear(struct exchange *x, char to[4096])
{
	return (view){ to, exchange_read(x, to, 4096) };
}

static void
test_stream(struct talk *t)
{
	struct exchange *x = talk_ask(t, "GET", VIEW("/api/v1/events"),
	    view_of(t->cookie), VIEW(""));
	struct woken woken = { 0 };
	char text[4096];
	bool kept;

	is_number(x->answer.status, 200, "a stream");
	same(hear(x, text), VIEW("retry: 5000\n\n"), "begins");
	is_number((int64_t)hear(x, text).n, 0, "and waits");
	x->answer.stream_wait(x->answer.context, on_wake, &woken);
	events_wake(t->services.events, t->account + 1);
	is_number(woken.times, 0, "not for others");
	must(login_note(t->home.store, t->account, 7, VIEW("imap"),
		 VIEW("\"peer\""), clock_now(), &kept),
	    "note");
	events_wake(t->services.events, t->account);
	events_wake(t->services.events, t->account);
	is_number(woken.times, 1, "woken once");
	ok(view_find(hear(x, text), VIEW("event: login\nid: ")) == 0
	        && view_find(view_of(text), VIEW("\\\"peer\\\"")) != SIZE_MAX,
	    "a login, with its bytes escaped");
	events_wake(t->services.events, t->account);
	x->answer.stream_wait(x->answer.context, on_wake, &woken);
	is_number(woken.times, 2, "who has news does not wait");
	same(hear(x, text), VIEW(":\n\n"), "which may be none");
	must(session_end_all(t->home.store, t->account), "end all");
	events_wake(t->services.events, t->account);
	same(hear(x, text),
	    VIEW("event: session-ended\ndata: {}\n\n"), "the end");
	is_number((int64_t)hear(x, text).n, 0, "and nothing more");
	ok(x->stream_done, "it is over");
	exchange_free(&x);
	talk_sign_in(t);
}

/* A reload may change how long a session lasts without use. */
static void
test_stream_idle(struct talk *t)
{
	struct exchange *x = talk_ask(t, "GET", VIEW("/api/v1/events"),
	    view_of(t->cookie), VIEW(""));
	char text[4096];

	(void)hear(x, text);
	events_wake(t->services.events, t->account);
	same(hear(x, text), VIEW(":\n\n"), "the session is fresh");
	events_idle(t->services.events, -1);
	events_wake(t->services.events, t->account);
	same(hear(x, text), VIEW("event: session-ended\ndata: {}\n\n"),
	    "by the newest setting it is not");
	events_idle(t->services.events, LIMIT_SESSION_IDLE);
	exchange_free(&x);
}

static void
test_many_streams(struct talk *t)
{
	struct exchange *x[LIMIT_STREAMS_PER_ACCOUNT + 1];
	char text[4096];

	for (size_t i = 0; i < COUNT(x); i++) {
		x[i] = talk_ask(t, "GET", VIEW("/api/v1/events"),
		    view_of(t->cookie), VIEW(""));
		if (hear(x[i], text).n == 0)
			ok(false, "stream %zu says nothing", i);
	}
	(void)hear(x[0], text);
	ok(x[0]->stream_done, "the oldest gives way");
	(void)hear(x[1], text);
	ok(!x[1]->stream_done, "the next does not");
	for (size_t i = 0; i < COUNT(x); i++)
		exchange_free(&x[i]);
}

static void
test_rate(struct talk *t)
{
	unsigned good = 0, status;
	char fields[256];

	do {
		status = ask(t, "POST", "/api/v1/password/score",
		    with_token(t, fields), VIEW("{\"password\":\"x\"}"),
		    NULL);
		good += status == 200;
	} while (status == 200 && good <= 3 * LIMIT_API_CHANGES);
	is_number(status, 429, "too many");
	ok(good > 0 && good <= 2 * LIMIT_API_CHANGES, "%u before", good);
}

int
main(void)
{
	struct talk t;

	test_prefixes();
	test_bodies();
	test_lengths();
	talk_open(&t);
	talk_sign_in(&t);
	test_sizes(&t);
	test_cookies(&t);
	test_origins(&t);
	test_stream(&t);
	test_stream_idle(&t);
	test_many_streams(&t);
	test_rate(&t);
	talk_close(&t);
	return tap_done();
}
