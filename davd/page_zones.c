/* Time zones for everybody (RFC 7808). */
#include "davd/pages.h"

#include "davd/web/zones.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

void
page_zones(void *services, const struct request *request,
    struct answer *answer)
{
	const struct page_services *s = services;

	if (page_is_public(request, answer))
		zones_answer(s->zones, request, answer);
}

/* RFC 7808 4.2.1.3: to the context path, with what stands behind. */
void
page_zones_known(void *services, const struct request *request,
    struct answer *answer)
{
	static const view known = VIEW_INIT("/.well-known/timezone");
	view rest = view_from(request->path, known.n);
	struct buf to = buf_new(4 * LIMIT_HTTP_TARGET);

	(void)services;
	if (!page_is_public(request, answer))
		return;
	if (request->host.n > 0)
		buf_add(&to, request->origin);
	buf_add(&to, VIEW(ZONES_CONTEXT));
	if (!view_eq(rest, VIEW("/")))
		encode_percent(&to, rest, VIEW(""));
	if (request->query.n > 0)
		buf_add_byte(&to, '?');
	buf_add(&to, request->query);
	answer_header(answer, "Cache-Control", VIEW("public, max-age=86400"));
	answer_redirect(answer, 301, buf_view(&to));
	buf_free(&to);
}
