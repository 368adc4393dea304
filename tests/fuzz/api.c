/* A whole request to the API: the first line is "METHOD target", then header
 * fields, an empty line, and the body.  "$" alone in a field's place stands for
 * the cookie and the form token of a session, so that what is behind them is
 * reached too.  Never 500, and every answer is a JSON document or nothing. */
#include "davd/api/schema.h"
#include "mailcore/sys/log.h"
#include "tests/unit/api_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

enum { AGAIN = 40 };

static struct talk fuzzed;
static unsigned left; /* of the changes that one session may make */

static void
finish(void)
{
	talk_close(&fuzzed);
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
	(void)count;
	(void)words;
	log_open("fuzz", LOG_ERROR);
	talk_open(&fuzzed);
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
		(void)exchange_read(x, piece, sizeof piece);
		return;
	}
	if (body.n == 0 || body.p[0] != '{')
		return;
	value = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
		abort();
	json_decref(value);
}

/* A session has a bound of its own; one ends with what is asked for. */
static void
renew(void)
{
	if (left-- > 0)
		return;
	talk_sign_in(&fuzzed);
	left = AGAIN;
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
		renew();
		buf_add_text(fields, fuzzed.cookie);
		buf_add_text(fields, fuzzed.token);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view rest = { (const char *)data, size };
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
	return 0;
}
