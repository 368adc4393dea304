/* Requests to the API, a byte 0xff between two: the first line is "METHOD
 * target", then header fields, an empty line, and the body.  "$" alone in a
 * field's place stands for the cookie and the form token of a session, so that
 * what is behind them is reached too.  Never 500, every answer is a JSON
 * document, a file or nothing, and the books of the account stay right.
 * Everything is put back after each input. */
#include "davd/api/schema.h"
#include "mailcore/store/queue.h"
#include "tests/dialog/house.h"
#include "tests/dialog/house_back.h"
#include "tests/unit/api_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

enum { REQUESTS = 6, PIECES = 64 };
#define SEPARATOR ((char)0xff)

static struct talk fuzzed;
static struct back backs[2]; /* the account, the house */

static void
finish(void)
{
	for (size_t i = 0; i < COUNT(backs); i++)
		back_close(&backs[i]);
	talk_close(&fuzzed);
}

/* One message is here and one on its way. */
static void
furnish(void)
{
	const view to[] = { VIEW("a@r.example") };
	const struct queue_new q = { .sender = VIEW("user@example.org"),
		.account = fuzzed.account, .recipients = to, .count = 1,
		.data = VIEW("Subject: s\r\n\r\ntext\r\n") };
	int64_t id;

	house_mail(fuzzed.home.store, fuzzed.account,
	    VIEW("Subject: x\r\n\r\nFrom x\r\n"));
	house_check(queue_add(fuzzed.home.store, &q, &id));
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
	house_begin(count, words);
	talk_open(&fuzzed);
	house_hasten(fuzzed.auth);
	house_check(account_set_password(fuzzed.home.store, fuzzed.account,
	    VIEW(HOUSE_HASH)));
	furnish();
	talk_sign_in(&fuzzed);
	house_check(store_sync(fuzzed.home.store));
	back_open(&backs[0], fuzzed.home.data, fuzzed.account, "");
	back_open(&backs[1], fuzzed.home.data, 0, "");
	return atexit(finish);
}

static void
check(struct exchange *x)
{
	view body = buf_view(&x->answer.body);
	char piece[4096];
	json_error_t error;
	json_t *value;

	if (x->answer.status == 0 || x->answer.status == 500)
		abort();
	if (x->answer.stream != NULL) {
		for (int i = 0; i < PIECES
		     && exchange_read(x, piece, sizeof piece) > 0; i++)
			;
		return;
	}
	if (body.n == 0 || body.p[0] != '{')
		return;
	value = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
		abort();
	json_decref(value);
}

static void
add_fields(view *rest, struct buf *fields)
{
	view line;

	for (line = view_cut(rest, '\n'); line.n > 0;
	     line = view_cut(rest, '\n')) {
		if (!view_eq(line, VIEW("$"))) {
			buf_add(fields, line);
			buf_add_byte(fields, '\n');
			continue;
		}
		buf_add_text(fields, fuzzed.cookie);
		buf_add_text(fields, fuzzed.token);
	}
}

static void
ask(view rest)
{
	view line = view_cut(&rest, '\n');
	view method = view_cut(&line, ' ');
	struct buf fields = buf_new(65536);
	struct exchange *x;
	char name[16];

	if (view_copy(method, name, sizeof name)
	    && view_find_byte(line, '\0') == SIZE_MAX) {
		add_fields(&rest, &fields);
		x = talk_ask(&fuzzed, name, line, buf_view(&fields), rest);
		check(x);
		exchange_free(&x);
	}
	buf_free(&fields);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };

	for (int n = 0; n < REQUESTS && input.n > 0; n++)
		ask(view_cut(&input, SEPARATOR));
	if (back_is_due(&backs[0]))
		house_verify(fuzzed.home.store, fuzzed.account);
	for (size_t i = 0; i < COUNT(backs); i++)
		back_put(&backs[i]);
	return 0;
}
