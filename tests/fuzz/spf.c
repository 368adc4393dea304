/* SPF: records, macros and names that a stranger wrote. */
#include "mailcore/base/limits.h"
#include "mailcore/dns/spf.h"

#include <stdlib.h>

enum { MEMORY = 4 << 20, LINES = 16, QUESTIONS_MOST = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Line i of the input answers every question number i, over and over. */
struct world {
	view lines[LINES];
	size_t count, asked;
};

static void
answer(void *context, struct arena *arena, view name, enum lookup_type type,
    struct lookup_answer *out)
{
	struct world *w = context;
	view line = w->lines[w->asked++ % w->count];
	char octets[16] = { 0 };

	if (name.n == 0 || name.n > LIMIT_DOMAIN)
		abort();
	out->kind = LOOKUP_DATA;
	out->values = arena_array(arena, 2, sizeof *out->values);
	if (out->values == NULL || line.n == 0) {
		*out = (struct lookup_answer){ .kind = line.p == NULL
			? LOOKUP_FAILED : LOOKUP_MISSING };
		return;
	}
	out->count = 1;
	out->values[0] = line;
	for (size_t i = 0; i < sizeof octets && i < line.n; i++)
		octets[i] = line.p[i];
	if (type == LOOKUP_A)
		out->values[0] = arena_copy(arena, (view){ octets, 4 });
	if (type == LOOKUP_AAAA)
		out->values[0] = arena_copy(arena, (view){ octets, 16 });
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(MEMORY);
	view rest = { (const char *)data, size }, line;
	struct world w = { .count = 0 };
	struct lookup lookup = { answer, &w };
	struct spf_question q = { .ip = { "\300\0\2\1", 4 },
		.hello = VIEW("mx.a.test"), .receiver = VIEW("b.test") };
	struct spf_answer out;

	if (view_line(&rest, &line))
		q.sender = line;
	while (w.count < LINES && view_line(&rest, &line))
		w.lines[w.count++] = line;
	if (w.count == 0)
		w.lines[w.count++] = VIEW("v=spf1 -all");
	spf_check(&lookup, arena, &q, &out);
	if (w.asked > QUESTIONS_MOST || out.result > SPF_PERMERROR)
		abort();
	for (size_t i = 0; i < out.explanation.n; i++)
		if (out.explanation.p[i] < ' ')
			abort();
	arena_free(&arena);
	return 0;
}
