/* A page that shows again what a form said, in a language that a header
 * names: whatever it was, no tag is in the page that the template has not. */
#include "davd/web/files.h"
#include "davd/web/form.h"
#include "davd/web/html.h"
#include "davd/web/platform.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t
count(view text, char byte)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == byte;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };
	view field = view_cut(&input, '\n');
	struct arena *arena = arena_new(1 << 20);
	struct buf out = buf_new(1 << 20);
	struct html *h = html_new(arena);
	struct form form;
	bool lasting;

	(void)platform_browser(field);
	(void)web_file_at(field, &lasting);
	if (form_read(input, arena, &form).is == OK)
		html_text(h, "host", form_value(&form, VIEW("a")));
	else
		html_text(h, "host", input);
	html_text(h, "x", field);
	if (html_fill(h, VIEW("<p title=\"{{x}}\">{{=copy.what}}</p>"),
	        text_accepted(field), &out).is == OK
	    && (count(buf_view(&out), '<') != 2
	        || count(buf_view(&out), '>') != 2
	        || count(buf_view(&out), '"') != 2))
		abort();
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
