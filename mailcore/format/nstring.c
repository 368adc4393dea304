#include "mailcore/format/nstring.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/word.h"

enum { QUOTED_MAX = 1000 };

void
nstring_add(struct buf *out, view v)
{
	if (v.n > QUOTED_MAX || !utf8_is_ascii(v)
	    || view_find_byte(v, '\r') != SIZE_MAX
	    || view_find_byte(v, '\n') != SIZE_MAX) {
		buf_print(out, "{%zu}\r\n", v.n);
		buf_add(out, v);
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '"' || v.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, v.p[i]);
	}
	buf_add_byte(out, '"');
}

void
nstring_add_text(struct buf *out, view v)
{
	struct buf ascii = buf_new(LIMIT_HEADER * 8);

	if (utf8_is_ascii(v) && view_find_byte(v, '\0') == SIZE_MAX) {
		nstring_add(out, v);
		return;
	}
	word_encode(v, &ascii);
	for (size_t i = 0; i < ascii.n; i++)
		if (ascii.p[i] == '\0')
			ascii.p[i] = ' ';
	nstring_add(out, buf_view(&ascii));
	buf_free(&ascii);
}

void
nstring_add_text_or_nil(struct buf *out, view v)
{
	if (v.n == 0)
		buf_add(out, VIEW("NIL"));
	else
		nstring_add_text(out, v);
}
