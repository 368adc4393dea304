/* A message: its parts, their decoding, and what a mailbox shows of it. */
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/message.h"
#include "mailcore/format/word.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* Each part lies in its parent, its header right before its body. */
static void
check_part(const struct mime_part *p, view message)
{
	const struct mime_part *up = p->parent;

	check(p->header.p + p->header.n == p->body.p);
	check(p->header.p >= message.p
	    && p->body.p + p->body.n <= message.p + message.n);
	if (up == NULL)
		return;
	check(p->header.p >= up->body.p
	    && p->body.p + p->body.n <= up->body.p + up->body.n);
	if (up->child_count > 0 && p > up->children)
		check(p->header.p >= p[-1].body.p + p[-1].body.n);
}

static void
look(view message, struct arena *arena)
{
	struct mime_part *root;

	check(mime_parse(message, arena, &root).is == OK);
	for (struct mime_part *p = root; p != NULL; p = mime_next(p)) {
		struct buf bytes = buf_new(LIMIT_MESSAGE);
		struct buf text = buf_new(LIMIT_MESSAGE);

		check_part(p, message);
		mime_decode(p, arena, &bytes);
		(void)word_to_utf8(mime_parameter(p, VIEW("charset")),
		    buf_view(&bytes), &text);
		check(utf8_is_valid(buf_view(&text)));
		buf_reset(&text);
		word_decode(p->header, &text);
		check(utf8_is_valid(buf_view(&text)));
		buf_free(&bytes);
		buf_free(&text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new(LIMIT_MIME_WORK);
	struct message_summary s;
	/* A block of its own size, also for nothing. */
	char *exact = malloc(size + 1);
	view message = { exact, size };

	for (size_t i = 0; i < size; i++)
		exact[i] = (char)bytes[i];
	look(message, arena);
	check(message_summarise(message, arena, &s).is == OK);
	check(utf8_is_ascii(s.envelope) && utf8_is_ascii(s.bodystructure)
	    && utf8_is_ascii(s.body));
	arena_free(&arena);
	free(exact);
	return 0;
}
