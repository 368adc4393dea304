#include "mailcore/format/wire.h"

/* How many bytes stand before the first CR or LF. */
static size_t
line_run(view text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != '\r' && text.p[n] != '\n')
		n++;
	return n;
}

static void
end_line(struct wire *w, struct buf *out)
{
	buf_add(out, VIEW("\r\n"));
	w->state = WIRE_LINE_START;
}

void
wire_add(struct wire *w, view text, struct buf *out)
{
	while (text.n > 0) {
		size_t n;

		if (w->state == WIRE_CR) {
			end_line(w, out);
			if (view_at(text, 0) == '\n')
				text = view_from(text, 1);
			continue;
		}
		if (w->state == WIRE_LINE_START && w->stuff
		    && view_at(text, 0) == '.')
			buf_add_byte(out, '.');
		n = line_run(text);
		buf_add(out, view_first(text, n));
		if (n > 0)
			w->state = WIRE_TEXT;
		if (view_at(text, n) == '\r')
			w->state = WIRE_CR;
		else if (view_at(text, n) == '\n')
			end_line(w, out);
		text = view_from(text, n + 1);
	}
}

void
wire_end(struct wire *w, struct buf *out)
{
	if (w->state != WIRE_LINE_START)
		end_line(w, out);
}
