/* Packets to the signer and from it. */
#include "mailcore/auth/signer_desk.h"
#include "mailcore/base/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* Nothing is signed: there is no key.  All names are looked for. */
static void
ask(view packet, struct buf *to)
{
	static const char *const nowhere = "/nonexistent";
	struct signer_desk *desk;
	struct signer_answer a;

	check(signer_desk_new(&desk, nowhere, nowhere).is == OK);
	if (signer_desk_answer(desk, 1u << SIGNER_OP_KEYS
	        | 1u << SIGNER_OP_DKIM, packet, to).is == OK) {
		check(signer_answer_read(buf_view(to), &a).is == OK);
		check(a.bytes.n == 0);
	} else {
		check(to->n == 0);
	}
	signer_desk_free(&desk);
}

static void
read_keys(view rest)
{
	struct signer_key k;
	size_t before = rest.n;

	while (rest.n > 0 && signer_key_read(&rest, &k).is == OK) {
		check(signer_is_selector(k.selector) && rest.n < before);
		before = rest.n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view packet = { (const char *)bytes, size };
	struct buf to = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer_request q;
	struct signer_answer a;

	if (signer_request_read(packet, &q).is == OK) {
		check(signer_is_name(q.name));
		signer_request_write(&q, &to);
		check(size > LIMIT_SIGNER_MESSAGE
		    || view_eq(buf_view(&to), packet));
		buf_reset(&to);
	}
	ask(packet, &to);
	buf_reset(&to);
	if (signer_answer_read(packet, &a).is == OK) {
		signer_answer_write(&a, &to);
		check(size > LIMIT_SIGNER_MESSAGE
		    || view_eq(buf_view(&to), packet));
		read_keys(a.bytes);
	}
	read_keys(packet);
	buf_free(&to);
	return 0;
}
