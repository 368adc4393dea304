#include "davd/pages.h"

#include "autoconfig/question.h"
#include "autoconfig/service_set.h"

/* An address names one domain, a Host perhaps two; the first tells both. */
static view
key_of(const struct autoconfig_question *question, struct arena *arena)
{
	view first = question->domains[0];

	return arena_print(arena, "%zu%.*s", question->count, (int)first.n,
	    first.p);
}

static result
make_document(const struct page_services *services,
    const struct autoconfig_question *question, struct arena *arena,
    struct buf *out, view *etag)
{
	view key = key_of(question, arena);
	struct service_set set;

	if (page_cache_find(services->cache, key, arena, out, etag))
		return done();
	TRY(page_services_of(services, question, arena, &set));
	autoconfig_thunderbird(&set, out);
	*etag = page_etag(buf_view(out), arena);
	TRY(arena_result(arena));
	TRY(buf_result(out));
	page_cache_keep(services->cache, key, buf_view(out), *etag);
	return done();
}

static void
answer_document(const struct page_services *services,
    const struct request *request, struct answer *answer)
{
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
		r = make_document(services, &question, request->arena,
		    &answer->body, &etag);
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
