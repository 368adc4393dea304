/* DMARC: names on the first two lines, then a record for each question. */
#include "mailcore/dns/dmarc.h"

#include <stdlib.h>

enum { MEMORY = 1 << 20, QUESTIONS_MOST = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct world {
	view rest;
	unsigned asked;
};

static void
answer(void *context, struct arena *arena, view name, enum lookup_type type,
    struct lookup_answer *out)
{
	struct world *w = context;
	view line = VIEW("");

	(void)name, (void)type;
	w->asked++;
	out->kind = LOOKUP_MISSING;
	out->values = arena_array(arena, 1, sizeof *out->values);
	if (out->values == NULL || !view_line(&w->rest, &line))
		return;
	out->kind = LOOKUP_DATA;
	out->count = 1;
	out->values[0] = line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(MEMORY);
	struct world w = { .rest = { (const char *)data, size } };
	struct lookup lookup = { answer, &w };
	view dkim = VIEW("");
	struct dmarc_question q = { .from = VIEW(""), .dkim = &dkim,
		.dkim_count = 1 };
	struct dmarc_answer a;

	(void)view_line(&w.rest, &q.from);
	(void)view_line(&w.rest, &dkim);
	q.from = view_first(q.from, 255);
	dmarc_check(&lookup, arena, &q, &a);
	if (w.asked > QUESTIONS_MOST)
		abort();
	if (a.result == DMARC_PASS && !a.spf_aligned && !a.dkim_aligned)
		abort();
	arena_free(&arena);
	return 0;
}
