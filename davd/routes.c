#include "davd/routes.h"

#include "davd/dav/dav.h"
#include "davd/pages.h"
#include "mailcore/base/limits.h"

#include <stdio.h>

/* Where passwords are typed and given out: what was sent there in the clear
 * is neither read nor sent again, so that the mistake shows. */
static bool
is_secret(view path)
{
	static const char *const places[] = { "/api/", "/app-passwords",
		"/calendars", "/device", "/domains", "/p/", "/security",
		"/sign-" };

	for (size_t i = 0; i < COUNT(places); i++)
		if (view_starts_same(path, view_of(places[i])))
			return true;
	return false;
}

/* Thunderbird asks for its document over plain HTTP too, and may then be
 * told; all else belongs on https.  308 keeps method and body (RFC 9110
 * 15.4.9); a browser's GET gets the status that every client knows. */
static void
to_https(void *services, const struct request *request,
    struct answer *answer)
{
	const struct page_services *s = services;
	unsigned port = s->conf->public_ports[SERVICE_HTTPS];
	view host = request->host;
	bool plain = view_eq(request->method, VIEW("GET"))
	    || view_eq(request->method, VIEW("HEAD"));
	char number[16] = "";
	view location;

	if (port == 0) {
		answer_text(answer, 404, "not over plain HTTP");
		return;
	}
	if (!plain && is_secret(request->path)) {
		answer_text(answer, 403, "only over https");
		return;
	}
	if (host.n == 0)
		host = view_of(s->conf->hostname);
	if (port != 443)
		(void)snprintf(number, sizeof number, ":%u", port);
	location = arena_print(request->arena, "https://%.*s%s%.*s%s%.*s",
	    (int)host.n, host.p, number, (int)request->raw_path.n,
	    request->raw_path.p, request->query.n > 0 ? "?" : "",
	    (int)request->query.n, request->query.p);
	answer_redirect(answer, plain ? 301 : 308, location);
}

static void
api(void *services, const struct request *request, struct answer *answer)
{
	struct page_services *s = services;

	api_handle(&s->api, request, answer);
}

const struct route routes[] = {
	{ "/mail/config-v1.1.xml", true, page_autoconfig },
	{ "/.well-known/autoconfig/mail/config-v1.1.xml", true,
	    page_autoconfig },
	{ "/.well-known/mail-v1.xml", true, page_autoconfig },
	{ "/autodiscover/autodiscover.xml", true, page_autodiscover },
	{ "/autodiscover/autodiscover.json", true, page_autodiscover_json },
	{ "/autodiscover/autodiscover.json/v1.0/", true,
	    page_autodiscover_json },
	{ "/.well-known/user-agent-configuration.json", false, page_pacc },
	{ "/.well-known/mta-sts.txt", false, page_mta_sts },
	{ "/.well-known/change-password", false, page_change_password },
	{ "/.well-known/acme-challenge/", false, page_acme },
	{ "/.well-known/caldav", false, dav_well_known },
	{ "/.well-known/carddav", false, dav_well_known },
	{ "/.well-known/caldav/", false, dav_well_known },
	{ "/.well-known/carddav/", false, dav_well_known },
	{ "/.well-known/timezone", false, page_zones_known },
	{ "/.well-known/timezone/", false, page_zones_known },
	{ "/tzdist", false, page_zones },
	{ "/tzdist/", false, page_zones },
	{ "/api/v1/", false, api },
	{ "/SOGo/dav", false, dav_handle },
	{ "/SOGo/dav/", false, dav_handle },
	{ "/.well-known/security.txt", false, page_security_txt },
	{ "/metrics", false, page_metrics },
	{ "/help", false, page_help },
	{ "/sign-in", false, page_sign_in },
	{ "/sign-out", false, page_sign_out },
	{ "/device", false, page_device },
	{ "/app-passwords", false, page_apps },
	{ "/app-passwords/revoke", false, page_apps_revoke },
	{ "/calendars", false, page_calendars },
	{ "/calendars/download", false, page_calendars_download },
	{ "/calendars/undo", false, page_calendars_undo },
	{ "/calendars/import", false, page_import },
	{ "/mail", false, page_mail },
	{ "/mail/forward", false, page_mail_forward },
	{ "/mail/reply", false, page_mail_reply },
	{ "/domains/", false, page_domains },
	{ "/domains/mailbox/", false, page_domain_mailbox },
	{ "/security", false, page_security },
	{ "/security/password", false, page_security_password },
	{ "/security/end", false, page_security_end },
	{ "/security/everywhere", false, page_security_everywhere },
	{ "/p/", false, page_profile_link },
	{ "/principals/", false, dav_root },
	{ "/", false, page_root },
};
const size_t route_count = COUNT(routes);

const struct route routes_plain[] = {
	{ "/mail/config-v1.1.xml", true, page_autoconfig },
	{ "/.well-known/autoconfig/mail/config-v1.1.xml", true,
	    page_autoconfig },
	{ "/.well-known/mail-v1.xml", true, page_autoconfig },
	{ "/autodiscover/autodiscover.xml", true, page_autodiscover_plain },
	{ "/.well-known/acme-challenge/", false, page_acme },
	{ "/", false, to_https },
};
const size_t route_plain_count = COUNT(routes_plain);

const char *
routes_too_large(view path)
{
	return view_starts_same(path, VIEW("/api/"))
	        && view_ends(path, VIEW("/import"))
	    ? API_TOO_LARGE
	    : NULL;
}

uint64_t
routes_body_limit(view path)
{
	static const struct {
		const char *prefix;
		uint64_t most;
	} limits[] = {
		{ "/autodiscover/", LIMIT_AUTODISCOVER },
		{ "/api/v1/calendars/import", LIMIT_IMPORT },
		{ "/api/v1/address-books/import", LIMIT_IMPORT },
		{ "/api/v1/archive/import", LIMIT_IMPORT },
		{ "/api/v1/mailboxes/import", LIMIT_IMPORT },
		{ "/calendars/import", LIMIT_IMPORT },
		{ "/calendars", LIMIT_FORM },
		/* What is a little too much gets a problem document. */
		{ "/api/", 2 * (uint64_t)LIMIT_API_BODY },
		{ "/sign-", LIMIT_FORM },
		{ "/device", LIMIT_FORM },
		{ "/app-passwords", LIMIT_FORM },
		{ "/domains", LIMIT_FORM },
		{ "/security", LIMIT_FORM },
	};

	for (size_t i = 0; i < COUNT(limits); i++)
		if (view_starts_same(path, view_of(limits[i].prefix)))
			return limits[i].most;
	return UINT64_MAX;
}
