/* To how many people somebody has sent and may: his own, and the usual. */
#include "mailcore/store/sending.h"
#include "mailcore/sys/clock.h"
#include "tests/unit/api_talk.h"

#include <sched.h>

static void
says(struct talk *t, const char *wanted, const char *what)
{
	struct buf fields = buf_new(1024);
	struct exchange *x;

	buf_print(&fields, "%s%s", t->cookie, t->token);
	x = talk_ask(t, "GET", VIEW("/api/v1/sending"), buf_view(&fields),
	    VIEW(""));
	is_number(x->answer.status, 200, what);
	same(view_trim(buf_view(&x->answer.body)), view_of(wanted), what);
	exchange_free(&x);
	buf_free(&fields);
}

static void
take(struct talk *t, int64_t recipients)
{
	struct sending s = { .account = t->account,
		.recipients = recipients, .now = clock_now(),
		.usual = { SENDING_ANY, SENDING_ANY } };

	must(sending_take(t->home.store, &s), "sending_take");
}

int
main(void)
{
	const struct sending_limit own = { 7, SENDING_ANY };
	struct talk t;

	talk_open(&t);
	talk_sign_in(&t);
	says(&t, "{\"hour\":{\"used\":0,\"limit\":500},"
	    "\"day\":{\"used\":0,\"limit\":2000}}", "the usual ones");
	t.conf.send_per_hour = 0;
	says(&t, "{\"hour\":{\"used\":0},\"day\":{\"used\":0,"
	    "\"limit\":2000}}", "any number in an hour");
	must(sending_limit_set(t.home.store, t.account, &own), "limit_set");
	/* Both in one hour, of which the last moment is not for this. */
	while (clock_now() % 3600 > 3590)
		(void)sched_yield();
	take(&t, 3);
	says(&t, "{\"hour\":{\"used\":3,\"limit\":7},\"day\":{\"used\":3}}",
	    "of one's own");
	talk_close(&t);
	return tap_done();
}
