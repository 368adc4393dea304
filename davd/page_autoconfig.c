#include "davd/pages.h"

#include "autoconfig/question.h"
#include "autoconfig/service_set.h"

static result
write_thunderbird(const struct page_services *services,
    const struct service_set *set, struct arena *arena, struct buf *out)
{
	(void)services;
	(void)arena;
	autoconfig_thunderbird(set, out);
	return done();
}

static void
answer_document(const struct page_services *services,
    const struct request *request, struct answer *answer)
{
	static const struct page_document document = { .letter = 'a',
		.write = write_thunderbird };
	struct autoconfig_question question;
	view address = VIEW(""), etag;
	result r;

	if (!request_query(request, VIEW("emailaddress"), &address))
		address = VIEW("");
	if (!page_query_decodes(request)) {
		answer_text(answer, 400, "RFC 3986 2.1: bad escape");
		return;
	}
	r = autoconfig_ask(address, request->host, request->arena, &question);
	if (r.is == OK)
		r = page_document(services, &document, &question,
		    request->arena, &answer->body, &etag);
	switch (r.is) {
	case OK:
		page_finish_known(request, answer, etag,
		    VIEW("text/xml; charset=utf-8"),
		    VIEW("public, max-age=300"));
		break;
	case NOT_FOUND:
		answer_text(answer, 404, "That domain is not hosted here.");
		break;
	case MALFORMED:
		answer_text(answer, 400, "Expected emailaddress=user@domain.");
		break;
	case OVER_LIMIT:
	case EXISTS:
	case STALE:
	case DENIED:
	case BUSY:
	case NO_SPACE:
	case FAILED:
		answer_text(answer, 503, "Try again later.");
		break;
	}
}

void
page_autoconfig(void *services, const struct request *request,
    struct answer *answer)
{
	if (page_is_public(request, answer))
		answer_document(services, request, answer);
}
