#include "davd/http/http.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

/* Headers are kept as "Name\0value\0", for front.c and for tests. */
void
answer_header(struct answer *a, const char *name, view value)
{
	for (size_t i = 0; i < value.n; i++)
		if (ascii_is_control(value.p[i]) && value.p[i] != '\t')
			return;
	if (a->headers.limit == 0)
		a->headers.limit = LIMIT_HTTP_HEADER;
	buf_add_text(&a->headers, name);
	buf_add_byte(&a->headers, '\0');
	buf_add(&a->headers, value);
	buf_add_byte(&a->headers, '\0');
}

void
answer_text(struct answer *a, unsigned status, const char *text)
{
	a->status = status;
	buf_reset(&a->body);
	answer_header(a, "Content-Type", VIEW("text/plain; charset=utf-8"));
	buf_add_text(&a->body, text);
	buf_add_byte(&a->body, '\n');
}

void
answer_redirect(struct answer *a, unsigned status, view location)
{
	a->status = status;
	answer_header(a, "Location", location);
}
