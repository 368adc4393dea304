/* The queue as its senders see it: their own mail, and nothing of others. */
#include "mailcore/store/queue.h"
#include "tests/unit/api_talk.h"

static int64_t
queue(struct talk *t, int64_t account, const char *to, int64_t released)
{
	const view list[] = { view_of(to) };
	const struct queue_new q = {
		.sender = VIEW("user@example.org"),
		.account = account,
		.recipients = list,
		.count = 1,
		.released = released,
		.data = VIEW("Subject: s\r\n\r\ntext\r\n"),
	};
	int64_t id = 0;

	must(queue_add(t->home.store, &q, &id), "queue_add");
	return id;
}

/* The status; the answer's text goes to `out`. */
static unsigned
ask(struct talk *t, const char *method, const char *how, int64_t id,
    struct buf *out)
{
	struct buf fields = buf_new(1024), target = buf_new(256);
	struct exchange *x;
	unsigned status;

	buf_print(&fields, "%s%s", t->cookie, t->token);
	buf_add_text(&target, "/api/v1/queue");
	if (id != 0)
		buf_print(&target, "/%lld", (long long)id);
	buf_add_text(&target, how);
	x = talk_ask(t, method, buf_view(&target), buf_view(&fields),
	    VIEW(""));
	status = x->answer.status;
	buf_reset(out);
	buf_add(out, buf_view(&x->answer.body));
	exchange_free(&x);
	buf_free(&fields);
	buf_free(&target);
	return status;
}

static bool
says(const struct buf *text, const char *words)
{
	return view_find(buf_view(text), view_of(words)) != SIZE_MAX;
}

static void
test_own(struct talk *t)
{
	int64_t one = queue(t, t->account, "a@r.example", 0);
	int64_t two = queue(t, t->account, "b@r.example", 0);
	struct buf text = buf_new(65536);

	is_number(ask(t, "GET", "", 0, &text), 200, "the list");
	ok(says(&text, "a@r.example") && says(&text, "b@r.example"),
	    "both are in it");
	is_number(ask(t, "GET", "", one, &text), 200, "one of them");
	ok(says(&text, "a@r.example") && !says(&text, "b@r.example"),
	    "it alone");
	is_number(ask(t, "POST", "/retry", one, &text), 204, "tried now");
	is_number(ask(t, "DELETE", "", one, &text), 204, "deleted");
	is_number(ask(t, "GET", "", one, &text), 404, "and gone");
	must(queue_change(t->home.store, two, QUEUE_HOLD, clock_now()),
	    "queue_change");
	is_number(ask(t, "POST", "/retry", two, &text), 204, "held");
	is_number(ask(t, "GET", "", two, &text), 200, "it is there");
	ok(says(&text, "true"), "and still held");
	buf_free(&text);
}

/* RFC 4865: not before its time. */
static void
test_later(struct talk *t)
{
	int64_t then = clock_now() + 10000;
	int64_t id = queue(t, t->account, "e@r.example", then);
	struct buf text = buf_new(65536), next = buf_new(64);

	buf_print(&next, "%lld", (long long)then);
	is_number(ask(t, "POST", "/retry", id, &text), 204, "tried now");
	must(queue_retry_all(t->home.store, clock_now()), "queue_retry_all");
	is_number(ask(t, "GET", "", id, &text), 200, "it is there");
	ok(says(&text, "\"released\"") && view_find(view_from(buf_view(&text),
	       view_find(buf_view(&text), VIEW("\"next\""))),
	       buf_view(&next)) != SIZE_MAX,
	    "for the time that its sender has said");
	buf_free(&text);
	buf_free(&next);
}

static void
test_others(struct talk *t)
{
	int64_t other = queue(t, t->account + 1, "c@r.example", 0);
	int64_t nobody = queue(t, 0, "d@r.example", 0);
	struct buf text = buf_new(65536);

	is_number(ask(t, "GET", "", 0, &text), 200, "the list");
	ok(!says(&text, "c@r.example") && !says(&text, "d@r.example"),
	    "nothing of others");
	is_number(ask(t, "GET", "/0", 0, &text), 404, "0 is not each one");
	is_number(ask(t, "DELETE", "/0", 0, &text), 404, "nor deleted");
	is_number(ask(t, "GET", "", other, &text), 404, "not to be seen");
	is_number(ask(t, "POST", "/retry", other, &text), 404, "nor tried");
	is_number(ask(t, "DELETE", "", other, &text), 404, "nor deleted");
	is_number(ask(t, "DELETE", "", nobody, &text), 404,
	    "nor what is nobody's");
	buf_free(&text);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	talk_sign_in(&t);
	test_own(&t);
	test_later(&t);
	test_others(&t);
	talk_close(&t);
	return tap_done();
}
