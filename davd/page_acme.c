/* /.well-known/acme-challenge/TOKEN (RFC 8555 8.3): what an ACME client has
 * put into <data>/acme/.  Whoever does not know a token learns nothing. */
#include "davd/pages.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/file.h"

enum { PREFIX = sizeof "/.well-known/acme-challenge/" - 1 };

/* The alphabet of base64url, and so no way out of the folder. */
static bool
is_token(view token)
{
	if (token.n == 0 || token.n > LIMIT_ACME_TOKEN)
		return false;
	for (size_t i = 0; i < token.n; i++)
		if (!ascii_is_alnum(token.p[i]) && token.p[i] != '-'
		    && token.p[i] != '_')
			return false;
	return true;
}

static result
read_answer(const struct page_services *s, const struct request *request,
    struct buf *out)
{
	view token = view_from(request->path, PREFIX);
	const char *path;

	if (!is_token(token))
		return fail(NOT_FOUND, "no token");
	path = arena_text(request->arena, arena_print(request->arena,
	    "%s/acme/%.*s", s->conf->data, (int)token.n, token.p));
	TRY(arena_result(request->arena));
	return file_read(path, out);
}

void
page_acme(void *services, const struct request *request,
    struct answer *answer)
{
	struct buf text = buf_new(LIMIT_ACME_ANSWER);
	result r;

	if (!view_eq(request->method, VIEW("GET"))
	    && !view_eq(request->method, VIEW("HEAD"))) {
		answer_header(answer, "Allow", VIEW("GET, HEAD"));
		answer_text(answer, 405, "Only GET and HEAD are answered.");
		return;
	}
	r = read_answer(services, request, &text);
	if (r.is == OK) {
		answer->status = 200;
		answer_header(answer, "Content-Type",
		    VIEW("application/octet-stream"));
		answer_header(answer, "Cache-Control", VIEW("no-store"));
		buf_add(&answer->body, buf_view(&text));
	} else {
		answer_text(answer, 404, "There is nothing here.");
	}
	buf_free(&text);
}
