#include "davd/pages.h"

#include "autoconfig/autodiscover.h"
#include "mailcore/sys/clock.h"

/* The one hosted domain of an address. */
static result
services_for(const struct page_services *services, view domain,
    struct arena *arena, struct service_set *out)
{
	struct autoconfig_question question = { .count = 1 };

	question.domains[0] = domain;
	return page_services_of(services, &question, arena, out);
}

/* A question is answered by the address in it alone: nothing here looks at
 * Content-Type, which FairEmail does not send, nor at Authorization, which
 * Thunderbird does. */
static void
answer_pox(const struct page_services *services,
    const struct request *request, struct answer *answer)
{
	struct autodiscover_question asked;
	struct service_set set;

	autodiscover_ask(request->body, request->arena, &asked);
	if (asked.error == AUTODISCOVER_FINE) {
		result r = services_for(services, asked.domain,
		    request->arena, &set);

		if (r.is == NOT_FOUND)
			asked.error = AUTODISCOVER_NO_ADDRESS;
		else if (r.is != OK)
			asked.error = AUTODISCOVER_INTERNAL;
	}
	if (asked.error == AUTODISCOVER_FINE)
		autodiscover_settings(&set, asked.login, &answer->body);
	else
		autodiscover_failure(
		    &(struct autodiscover_failure){
		        .schema = asked.schema,
		        .error = asked.error,
		        .now = clock_now(),
		        .host = view_of(services->conf->hostname),
		    }, &answer->body);
	answer->status = 200;
	answer_header(answer, "Content-Type",
	    VIEW("text/xml; charset=utf-8"));
	answer_header(answer, "Cache-Control", VIEW("private, no-store"));
}

/* GET is refused on purpose: Thunderbird's POST becomes one by a redirect
 * from port 80, and is sent again as a POST only when that fails. */
void
page_autodiscover(void *services, const struct request *request,
    struct answer *answer)
{
	if (!view_eq(request->method, VIEW("POST"))) {
		answer_text(answer, 405, "POST is answered.");
		answer_header(answer, "Allow", VIEW("POST"));
	} else {
		answer_pox(services, request, answer);
	}
}

/* Outlook asks here without TLS and expects to be sent to a host whose
 * certificate is good: a customer's domain need not have one. */
void
page_autodiscover_plain(void *services, const struct request *request,
    struct answer *answer)
{
	struct autoconfig_question question;
	struct service_set set;
	result r = autoconfig_ask(VIEW(""), request->host, request->arena,
	    &question);

	if (r.is == OK)
		r = page_services_of(services, &question, request->arena,
		    &set);
	if (r.is == OK && set.autodiscover.n > 0)
		answer_redirect(answer, 302, set.autodiscover);
	else if (r.is == OK || r.is == NOT_FOUND || r.is == MALFORMED)
		answer_text(answer, 404, "That domain is not hosted here.");
	else
		answer_text(answer, 503, "Try again later.");
}

/* The address in the path or in the query; Outlook writes "Email", others
 * "email". */
static view
email_of(const struct request *request)
{
	static const char folder[] = "/autodiscover/autodiscover.json/v1.0/";
	view email = VIEW("");

	if (view_starts_same(request->path, view_of(folder)))
		return view_from(request->path, sizeof folder - 1);
	if (request_query(request, VIEW("Email"), &email)
	    || request_query(request, VIEW("email"), &email))
		return email;
	return VIEW("");
}

static void
answer_json(const struct page_services *services,
    const struct request *request, struct answer *answer)
{
	view protocol = VIEW(""), domain;
	struct service_set set;
	result r;

	if (!request_query(request, VIEW("Protocol"), &protocol)
	    && !request_query(request, VIEW("protocol"), &protocol))
		protocol = VIEW("");
	r = autodiscover_json_ask(email_of(request), protocol,
	    request->arena, &domain, &answer->body);
	if (r.is == OK) {
		r = services_for(services, domain, request->arena, &set);
		if (r.is != OK && r.is != NOT_FOUND) {
			answer_text(answer, 503, "Try again later.");
			return;
		}
		answer->status = autodiscover_json(r.is == OK ? &set : NULL,
		    &answer->body);
	} else {
		answer->status = 400;
	}
	answer_header(answer, "Content-Type",
	    VIEW("application/json; charset=utf-8"));
	answer_header(answer, "Cache-Control", VIEW("private, no-store"));
}

void
page_autodiscover_json(void *services, const struct request *request,
    struct answer *answer)
{
	if (!view_eq(request->method, VIEW("GET"))
	    && !view_eq(request->method, VIEW("HEAD"))) {
		answer_text(answer, 405, "GET and HEAD are answered.");
		answer_header(answer, "Allow", VIEW("GET, HEAD"));
	} else if (!page_query_decodes(request)) {
		answer_text(answer, 400, "RFC 3986 2.1: bad escape");
	} else {
		answer_json(services, request, answer);
	}
}
