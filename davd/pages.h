/*
 * pages.h - what the web role answers beside DAV: the autoconfig document and
 * the page for people.  Handlers for davd/http's routes.
 */
#ifndef DAVD_PAGES_H
#define DAVD_PAGES_H

#include "davd/api/api.h"
#include "davd/dav/dav.h"
#include "davd/http/http.h"
#include "davd/page_cache.h"
#include "mailcore/auth/signer.h"
#include "mailcore/sys/conf.h"

/* The one `services` of all routes of the web role. */
struct page_services {
	struct dav_services dav; /* first: dav_* take this very pointer */
	const struct conf *conf;
	struct signer *signer;
	struct page_cache *cache;
	struct zones *zones; /* davd/web/zones.h */
	struct api_services api;
};

/* /mail/config-v1.1.xml, /.well-known/autoconfig/mail/config-v1.1.xml,
 * /.well-known/mail-v1.xml, all of them in any case.  The same bytes for
 * every address of a domain, whether there is such a mailbox or not. */
void page_autoconfig(void *services, const struct request *,
    struct answer *);

/* /autodiscover/autodiscover.xml, in any case: POX over https. */
void page_autodiscover(void *services, const struct request *,
    struct answer *);

/* The same over plain http: 302 to the https of this server's own name. */
void page_autodiscover_plain(void *services, const struct request *,
    struct answer *);

/* /autodiscover/autodiscover.json?Email=..., and the same with /v1.0/ADDRESS
 * behind it. */
void page_autodiscover_json(void *services, const struct request *,
    struct answer *);

/* /.well-known/user-agent-configuration.json for the Host's domain. */
void page_pacc(void *services, const struct request *, struct answer *);

/* /.well-known/mta-sts.txt, by the name mta-sts.DOMAIN. */
void page_mta_sts(void *services, const struct request *, struct answer *);

/* /metrics, when it is set so, for programs of this machine: what has been
 * counted, in Prometheus' text format 0.0.4. */
void page_metrics(void *services, const struct request *, struct answer *);

/* /.well-known/change-password: to the page that changes it. */
void page_change_password(void *services, const struct request *,
    struct answer *);

/* /tzdist, and what leads there: /.well-known/timezone (RFC 7808). */
void page_zones(void *services, const struct request *, struct answer *);
void page_zones_known(void *services, const struct request *,
    struct answer *);

/* /.well-known/acme-challenge/TOKEN, over plain HTTP too. */
void page_acme(void *services, const struct request *, struct answer *);

/* /p/TOKEN: a profile behind a link that works once. */
void page_profile_link(void *services, const struct request *,
    struct answer *);

/* "/": the page for people, and PROPFIND and OPTIONS as dav_root; the files of
 * www/; what no other route takes is 404. */
void page_root(void *services, const struct request *, struct answer *);

/* /help: how a device is set up, for who cannot sign in.  The same bytes
 * whether there is such a mailbox or not. */
void page_help(void *services, const struct request *, struct answer *);

/* /sign-in, /sign-out: forms lead there. */
void page_sign_in(void *services, const struct request *, struct answer *);
void page_sign_out(void *services, const struct request *, struct answer *);

/* What follows is for who is signed in.  A GET shows, a POST changes; where
 * there is nothing to show, a GET leads back.
 * /device: makes a profile, or a code. */
void page_device(void *services, const struct request *, struct answer *);

/* /app-passwords, /app-passwords/revoke */
void page_apps(void *services, const struct request *, struct answer *);
void page_apps_revoke(void *services, const struct request *,
    struct answer *);

/* /calendars, and under it: download, undo, import */
void page_calendars(void *services, const struct request *, struct answer *);
void page_calendars_download(void *services, const struct request *,
    struct answer *);
void page_calendars_undo(void *services, const struct request *,
    struct answer *);
void page_import(void *services, const struct request *, struct answer *);

/* /mail, and under it: forward, reply */
void page_mail(void *services, const struct request *, struct answer *);
void page_mail_forward(void *services, const struct request *,
    struct answer *);
void page_mail_reply(void *services, const struct request *, struct answer *);

/* For who administers some: /domains, /domains/ID, /domains/mailbox/ID, and
 * forms under both. */
void page_domains(void *services, const struct request *, struct answer *);
void page_domain_mailbox(void *services, const struct request *,
    struct answer *);

/* /security, and under it: password, end (of a session), everywhere */
void page_security(void *services, const struct request *, struct answer *);
void page_security_password(void *services, const struct request *,
    struct answer *);
void page_security_end(void *services, const struct request *,
    struct answer *);
void page_security_everywhere(void *services, const struct request *,
    struct answer *);

/* /.well-known/security.txt (RFC 9116), when there is a contact. */
void page_security_txt(void *services, const struct request *,
    struct answer *);

/* A hosted domain and its services, by candidate names.  NOT_FOUND. */
struct autoconfig_question;
struct service_set;
CHECKED result page_services_of(const struct page_services *,
    const struct autoconfig_question *, struct arena *,
    struct service_set *out);

/* A document about a domain, the same for whoever asks. */
struct page_document {
	char letter; /* its own: in the cache */
	/* What the store says may change it, and does so at once; else a change
	 * there counts a moment later. */
	bool exact;
	/* NOT_FOUND: that domain has none. */
	result (*write)(const struct page_services *,
	    const struct service_set *, struct arena *, struct buf *);
};

/* Appends it, as it was kept or anew; `etag` lives in the arena.
 * NOT_FOUND. */
CHECKED result page_document(const struct page_services *,
    const struct page_document *, const struct autoconfig_question *,
    struct arena *, struct buf *out, view *etag);

/* Documents that are nobody's own, so that any web page may read them: GET and
 * HEAD go on; false: OPTIONS and what is not allowed, answered. */
bool page_is_public(const struct request *, struct answer *);

/* Every '%' in the query is one of an escape (RFC 3986 2.1). */
bool page_query_decodes(const struct request *);

/* ETag over the body, conditional requests (RFC 9110 13), and what every page
 * carries.  The body is dropped when the client has it. */
void page_finish(const struct request *, struct answer *, view type,
    view cache_control);

/* The same for a body whose ETag is known: what page_etag made of it. */
void page_finish_known(const struct request *, struct answer *, view etag,
    view type, view cache_control);
view page_etag(view body, struct arena *);

#endif
