/* A Sieve script, a NUL, and the message that it runs over.  A failed run
 * keeps the message, and what is taken once is taken always. */
#include "mailcore/base/limits.h"
#include "mailcore/sieve/sieve.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
answer(void *context, view name)
{
	(void)context;
	return name.n % 2 == 0;
}

static bool
answer_use(void *context, view name, view use)
{
	return answer(context, name) && answer(context, use);
}

/* The script "self" includes itself and another; so may all. */
static result
answer_script(void *context, struct arena *arena, view name, view *text)
{
	(void)context;
	*text = view_eq(name, VIEW("self"))
	    ? VIEW("require [\"include\", \"variables\"]; global \"a\";"
		" include :once \"other\"; set \"b\" \"${a}\";"
		" include \"self\";")
	    : VIEW("require [\"include\", \"variables\"];"
		" set \"global.a\" \"${global.a}x\"; return; stop;");
	return name.n < 16 ? arena_result(arena) : fail(NOT_FOUND, "");
}

static void
demand(bool so)
{
	if (!so)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sieve_host host = { NULL, answer, answer_use,
		answer, answer_script, answer };
	struct arena *arena = arena_new(LIMIT_SIEVE_MEMORY);
	struct arena *again = arena_new(LIMIT_SIEVE_MEMORY);
	view message = { (const char *)data, size };
	view script = view_cut(&message, '\0');
	struct buf text = buf_new(4096);
	struct sieve *s, *stored;
	struct sieve_error error, other;
	enum status is;
	struct sieve_outcome o;
	const struct sieve_mail mail = { .message = message,
		.sender = VIEW("a@b.example"),
		.recipient = VIEW("c+d@e.example"), .host = &host };

	is = sieve_compile(arena, script, &s, &error).is;
	demand(sieve_compile_stored(again, script, &stored, &other).is == OK
	    || is != OK);
	if (s == NULL) {
		sieve_error_write(&error, &text);
		demand(text.n > 0);
	}
	if (stored != NULL && sieve_run(stored, &mail, again, &o).is != OK)
		demand(o.first != NULL && o.first->kind == SIEVE_KEEP);
	buf_free(&text);
	arena_free(&again);
	arena_free(&arena);
	return 0;
}
