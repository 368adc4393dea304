#include "autoconfig/json_text.h"

#include "mailcore/base/utf8.h"

void
json_add_text(struct buf *out, view text)
{
	buf_add_byte(out, '"');
	while (text.n > 0) {
		uint32_t code = utf8_next(&text);
		char bytes[4];
		size_t n = utf8_put(bytes, code);

		if (code == '"' || code == '\\')
			buf_add_byte(out, '\\');
		if (code < 0x20 || code == 0x7f)
			buf_print(out, "\\u%04x", (unsigned)code);
		else
			buf_add(out, (view){ bytes, n });
	}
	buf_add_byte(out, '"');
}
