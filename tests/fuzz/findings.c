/* Authentication-Results, ours and forged; and what rspamd answers. */
#include "mailcore/smtp/findings.h"
#include "mailcore/smtp/rspamd.h"

#include <stdlib.h>

enum { MEMORY = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
no_answer(void *context, struct arena *arena, view name,
    enum lookup_type type, struct lookup_answer *out)
{
	(void)context, (void)arena, (void)name, (void)type;
	out->kind = LOOKUP_MISSING;
}

/* One field, whatever stands in the message. */
static void
check_field(const struct findings *f, const struct inspection *i)
{
	struct buf out = buf_new(1 << 20);
	view rest, line;
	size_t lines = 0;

	findings_results(f, i, VIEW("\r\n\t"), &out);
	rest = view_from(buf_view(&out), 1);
	while (view_line(&rest, &line)) {
		if (lines++ > 0 && view_at(line, 0) != '\t')
			abort();
		for (size_t n = 1; n < line.n; n++)
			if (line.p[n] < ' ')
				abort();
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(MEMORY);
	const struct lookup lookup = { no_answer, NULL };
	view all = { (const char *)data, size }, action;
	struct inspection i = { .peer = VIEW("192.0.2.1"),
		.hostname = VIEW("a.test"), .message = all };
	struct buf out = buf_new(2 * size + 16);
	struct findings f;
	int score;

	(void)view_line(&i.message, &i.sender);
	(void)view_line(&i.message, &i.hello);
	findings_check(&lookup, arena, &i, &f);
	findings_score(&i, &f);
	check_field(&f, &i);
	findings_strip(i.message, i.hostname, &out);
	if (buf_result(&out).is != OK
	    || findings_are_forged(buf_view(&out), i.hostname))
		abort();
	if (rspamd_read(all, &score, &action).is == OK
	    && (score > 100009 || score < -100009))
		abort();
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
