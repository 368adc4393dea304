/*
 * pages.h - what the web role answers beside DAV: the autoconfig document and
 * the page for people.  Handlers for davd/http's routes.
 */
#ifndef DAVD_PAGES_H
#define DAVD_PAGES_H

#include "davd/dav/dav.h"
#include "davd/http/http.h"
#include "mailcore/auth/signer.h"
#include "mailcore/sys/conf.h"

/* The one `services` of all routes of the web role. */
struct page_services {
	struct dav_services dav; /* first: dav_* take this very pointer */
	const struct conf *conf;
	struct signer *signer;
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

/* /.well-known/change-password: to the page for people. */
void page_change_password(void *services, const struct request *,
    struct answer *);

/* /p/TOKEN: a profile behind a link that works once. */
void page_profile_link(void *services, const struct request *,
    struct answer *);

/* "/" and whatever no other route takes: the page with the settings for the
 * Host's domain, and its files; PROPFIND and OPTIONS on "/" are dav_root's;
 * all else is 404 or 405. */
void page_root(void *services, const struct request *, struct answer *);

/* A hosted domain and its services, by candidate names.  NOT_FOUND. */
struct autoconfig_question;
struct service_set;
CHECKED result page_services_of(const struct page_services *,
    const struct autoconfig_question *, struct arena *,
    struct service_set *out);

/* Documents that are nobody's own, so that any web page may read them: GET and
 * HEAD go on; false: OPTIONS and what is not allowed, answered. */
bool page_is_public(const struct request *, struct answer *);

/* Every '%' in the query is one of an escape (RFC 3986 2.1). */
bool page_query_decodes(const struct request *);

/* ETag over the body, conditional requests (RFC 9110 13), and what every page
 * carries.  The body is dropped when the client has it. */
void page_finish(const struct request *, struct answer *, view type,
    view cache_control);

/* The files of www/, embedded at build time (www/embed.awk). */
struct page_file {
	const char *path;
	const char *type;
	const char *const *lines;
	size_t count;
};
extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
