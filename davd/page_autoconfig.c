#include "davd/pages.h"

#include "autoconfig/question.h"
#include "autoconfig/service_set.h"

static void
answer_document(const struct page_services *services,
    const struct request *request, struct answer *answer)
{
	struct autoconfig_question question;
	struct service_set set;
	view address = VIEW("");
	result r;

	if (!request_query(request, VIEW("emailaddress"), &address))
		address = VIEW("");
	if (!page_query_decodes(request)) {
		answer_text(answer, 400, "RFC 3986 2.1: bad escape");
		return;
	}
	r = autoconfig_ask(address, request->host, request->arena, &question);
	if (r.is == OK)
		r = page_services_of(services, &question, request->arena,
		    &set);
	switch (r.is) {
	case OK:
		autoconfig_thunderbird(&set, &answer->body);
		page_finish(request, answer, VIEW("text/xml; charset=utf-8"),
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
