/* Small documents under /.well-known/ (RFC 8615). */
#include "davd/pages.h"

#include "autoconfig/mta_sts.h"
#include "autoconfig/pacc_roll.h"
#include "autoconfig/question.h"
#include "mailcore/sys/clock.h"

static result
write_pacc(const struct page_services *services, const struct service_set *set,
    struct arena *arena, struct buf *out)
{
	struct pacc_roll roll;

	TRY(pacc_roll_look(services->dav.store, set, clock_now(), arena,
	    &roll));
	if (roll.served.n == 0)
		return fail(NOT_FOUND, "PACC has no words for these ports");
	buf_add(out, roll.served);
	return buf_result(out);
}

static result
write_policy(const struct page_services *services,
    const struct service_set *set, struct arena *arena, struct buf *out)
{
	(void)services;
	(void)arena;
	return mta_sts_policy(set, out);
}

/* The document of the Host's domain. */
static void
answer_document(const struct page_services *services,
    const struct request *request, struct answer *answer,
    const struct page_document *document, view type)
{
	struct autoconfig_question question;
	view etag;
	result r = autoconfig_ask(VIEW(""), request->host, request->arena,
	    &question);

	if (r.is == OK)
		r = page_document(services, document, &question,
		    request->arena, &answer->body, &etag);
	if (r.is == OK)
		page_finish_known(request, answer, etag, type,
		    VIEW("public, max-age=300"));
	else if (r.is == NOT_FOUND || r.is == MALFORMED)
		answer_text(answer, 404, "There is nothing here.");
	else
		answer_text(answer, 503, "Try again later.");
}

void
page_pacc(void *services, const struct request *request,
    struct answer *answer)
{
	/* The DNS vouches for these very bytes. */
	static const struct page_document document = { .letter = 'p',
		.exact = true, .write = write_pacc };

	if (page_is_public(request, answer))
		answer_document(services, request, answer, &document,
		    VIEW("application/json"));
}

/* RFC 8461 3.3: from this name alone, and never by a redirect. */
void
page_mta_sts(void *services, const struct request *request,
    struct answer *answer)
{
	static const struct page_document document = { .letter = 'm',
		.write = write_policy };

	if (!view_starts(request->host, VIEW("mta-sts."))) {
		answer_text(answer, 404, "There is nothing here.");
		return;
	}
	if (page_is_public(request, answer))
		answer_document(services, request, answer, &document,
		    VIEW("text/plain"));
}

/* Password managers open what this leads to (W3C, A Well-Known URL for
 * Changing Passwords). */
void
page_change_password(void *services, const struct request *request,
    struct answer *answer)
{
	(void)services;
	answer_redirect(answer, 302,
	    arena_print(request->arena, "%.*s/security",
	        request->host.n > 0 ? (int)request->origin.n : 0,
	        request->origin.p));
}
