/* /p/TOKEN: a profile, given out once; signed on its way out by the signer, as
 * this process holds no key for that. */
#include "davd/pages.h"

#include "mailcore/auth/one_time.h"
#include "mailcore/sys/clock.h"
#include "profiles/sign.h"

static void
give(const struct page_services *s, const struct request *request,
    struct answer *answer, view name, view document)
{
	answer->status = 200;
	answer_header(answer, "Content-Type",
	    VIEW("application/x-apple-aspen-config"));
	answer_header(answer, "Content-Disposition",
	    arena_print(request->arena, "attachment; filename=\"%.*s\"",
	        (int)name.n, name.p));
	if (profile_sign(s->signer, view_of(s->conf->hostname), document,
	        &answer->body).is != OK)
		answer_text(answer, 503, "Try again later.");
}

void
page_profile_link(void *services, const struct request *request,
    struct answer *answer)
{
	const struct page_services *s = services;
	view token = view_from(request->path, sizeof "/p/" - 1);
	view name, document;
	result r;

	answer_header(answer, "Cache-Control", VIEW("no-store"));
	answer_header(answer, "Referrer-Policy", VIEW("no-referrer"));
	answer_header(answer, "X-Content-Type-Options", VIEW("nosniff"));
	answer_header(answer, "X-Robots-Tag", VIEW("noindex"));
	/* What only looks must not use the link up. */
	if (!view_eq(request->method, VIEW("GET"))) {
		answer_header(answer, "Allow", VIEW("GET"));
		answer_text(answer, 405, "Only GET is answered.");
		return;
	}
	r = one_time_open(s->dav.store, request->arena, token, clock_now(),
	    &name, &document);
	if (r.is == OK)
		give(s, request, answer, name, document);
	else if (r.is == STALE)
		answer_text(answer, 410, "This link has been used, or is too"
		    " old. Make a new one.");
	else if (r.is == NOT_FOUND)
		answer_text(answer, 404, "There is no such link.");
	else
		answer_text(answer, 503, "Try again later.");
}
