#include "mailcore/imap/window.h"

static uint32_t
parse_place(struct parse *in, bool *minus)
{
	uint32_t n;

	*minus = scan_try_byte(&in->s, '-');
	n = (uint32_t)parse_number(in, UINT32_MAX);
	if (scan_ok(&in->s) && n == 0)
		scan_fail(&in->s, MALFORMED, "RFC 9394 3.1: zero in a range");
	return n;
}

void
window_parse(struct parse *in, struct window *w)
{
	bool minus;

	if (w->asked)
		scan_fail(&in->s, MALFORMED, "RFC 9394 3.1: PARTIAL twice");
	w->asked = true;
	w->from = parse_place(in, &w->from_end);
	scan_byte(&in->s, ':', "RFC 9394 3.1: not a range");
	w->to = parse_place(in, &minus);
	if (scan_ok(&in->s) && minus != w->from_end)
		scan_fail(&in->s, MALFORMED,
		    "RFC 9394 3.1: a range from both ends");
	if (w->from > w->to) {
		uint32_t low = w->to;

		w->to = w->from;
		w->from = low;
	}
}

void
window_clip(const struct window *w, size_t count, size_t *first, size_t *end)
{
	size_t from = 0, to = count;

	if (w->asked) {
		from = w->from - 1 < count ? w->from - 1 : count;
		to = w->to < count ? w->to : count;
	}
	*first = w->from_end ? count - to : from;
	*end = w->from_end ? count - from : to;
}
