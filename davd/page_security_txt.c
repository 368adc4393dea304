/* Whom to tell of a weakness in this server. */
#include "davd/pages.h"

#include "mailcore/base/date.h"
#include "mailcore/sys/clock.h"

enum { DAY = 86400, GOOD_FOR = 180 * DAY };

void
page_security_txt(void *services, const struct request *request,
    struct answer *answer)
{
	const struct page_services *s = services;
	struct buf *body = &answer->body;

	if (s->conf->security_contact == NULL) {
		answer_text(answer, 404, "There is nothing here.");
		return;
	}
	if (!page_is_public(request, answer))
		return;
	buf_print(body, "Contact: %s\nExpires: ", s->conf->security_contact);
	/* By whole days, so that the document stays the same for one. */
	date_add_rfc3339(body, clock_now() / DAY * DAY + GOOD_FOR);
	buf_print(body, "\nCanonical: https://%s/.well-known/security.txt\n"
	    "Preferred-Languages: en, fr, nl, de\n", s->conf->hostname);
	page_finish(request, answer, VIEW("text/plain; charset=utf-8"),
	    VIEW("public, max-age=3600"));
}
