/* DKIM and ARC: a key record on the first line, then a message. */
#include "mailcore/dns/arc.h"
#include "mailcore/dns/dkim.h"

#include <stdlib.h>

enum { MEMORY = 16 << 20, NOW = 1750000000 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
answer(void *context, struct arena *arena, view name, enum lookup_type type,
    struct lookup_answer *out)
{
	const view *record = context;

	(void)name, (void)type;
	out->values = arena_array(arena, 1, sizeof *out->values);
	if (out->values == NULL)
		return;
	out->kind = LOOKUP_DATA;
	out->count = 1;
	out->values[0] = *record;
}

static result
write_zeros(void *context, view domain, view selector,
    const unsigned char hash[32], struct buf *signature)
{
	(void)context, (void)domain, (void)selector;
	buf_add(signature, (view){ (const char *)hash, 32 });
	return done();
}

/* Whatever the message is, sealing it gives fields that can be read. */
static void
seal(const struct lookup *lookup, struct arena *arena, view message,
    const struct arc_chain *chain)
{
	static const struct dkim_signing_key key = { VIEW_INIT("s"),
		VIEW_INIT("rsa-sha256") };
	const struct dkim_signing s = { .sign = write_zeros,
		.domain = VIEW("a.test"), .now = NOW, .keys = &key,
		.count = 1 };
	struct buf out = buf_new(1 << 20);
	struct arc_chain again;

	if (arc_seal(&s, arena, message, chain, VIEW("a; none"), &out).is
	    == OK) {
		size_t before = chain->sets;

		buf_add(&out, message);
		arc_verify(lookup, arena, buf_view(&out), NOW, &again);
		if (buf_result(&out).is == OK && again.sets != before + 1
		    && arena_result(arena).is == OK)
			abort();
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(MEMORY);
	view message = { (const char *)data, size }, record = VIEW("");
	struct lookup lookup = { answer, &record };
	struct dkim_report report;
	struct arc_chain chain;

	(void)view_line(&message, &record);
	dkim_verify(&lookup, arena, message, NOW, &report);
	if (report.count > DKIM_CHECKS)
		abort();
	arc_verify(&lookup, arena, message, NOW, &chain);
	seal(&lookup, arena, message, &chain);
	arena_free(&arena);
	return 0;
}
