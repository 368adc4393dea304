/* The end of data: whatever comes, in whatever pieces, a session that asks
 * for spans and one that is fed byte by byte see the same end and the same
 * message, and the end is where CRLF.CRLF first stands. */
#include "mailcore/base/buf.h"
#include "mailcore/smtp/data.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct taken {
	struct buf message;
	struct data data;
	size_t used;
};

static void
feed(struct taken *t, view piece)
{
	size_t span = data_span(&t->data, piece);
	view unit = view_first(piece, span);

	t->used += span;
	while (unit.n > 0 && t->data.state != DATA_END)
		buf_add(&t->message, data_next(&t->data, &unit));
	if (unit.n > 0)
		abort();
	if (t->data.state != DATA_END && span < piece.n)
		abort();
}

static void
feed_all(struct taken *t, view text, size_t step)
{
	while (text.n > 0 && t->data.state != DATA_END) {
		feed(t, view_first(text, step));
		text = view_from(text, step);
	}
}

/* By definition. */
static size_t
end_of(view text)
{
	size_t at = view_find(text, VIEW("\r\n.\r\n"));

	if (view_starts(text, VIEW(".\r\n")))
		return 3;
	return at == SIZE_MAX ? text.n : at + 5;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct taken whole, split;
	view text = { (const char *)bytes, size };
	size_t step;
	bool framed;

	if (size < 1)
		return 0;
	step = (bytes[0] & 0x7fU) + 1;
	framed = (bytes[0] & 0x80) != 0;
	text = view_from(text, 1);
	whole = (struct taken){ buf_new(1 << 22), data_start(framed), 0 };
	split = (struct taken){ buf_new(1 << 22), data_start(framed), 0 };
	feed_all(&whole, text, SIZE_MAX);
	feed_all(&split, text, step);
	if (whole.data.state != split.data.state || whole.used != split.used
	    || whole.data.r.is != split.data.r.is)
		abort();
	if (!framed && whole.used != end_of(text))
		abort();
	if (framed && whole.used != text.n)
		abort();
	if (whole.data.r.is == OK
	    && !view_eq(buf_view(&whole.message), buf_view(&split.message)))
		abort();
	buf_free(&whole.message);
	buf_free(&split.message);
	return 0;
}
