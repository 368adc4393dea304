/*
 * service_set.h - one description of the services that a person has.
 *
 * Computed from the configuration, a domain and an address; autoconfig
 * documents, DNS records and pages are pure functions over it.  The services
 * are ours, or those of another mail system that the configuration names
 * (gateway.h); then the names that clients ask are still served by us.
 */
#ifndef AUTOCONFIG_SERVICE_SET_H
#define AUTOCONFIG_SERVICE_SET_H

#include "mailcore/base/arena.h"
#include "mailcore/sys/conf.h"

enum socket_type { SOCKET_TLS, SOCKET_STARTTLS };

struct service_entry {
	const char *protocol; /* "imap", "pop3", "smtp", "sieve" */
	view host;
	unsigned port;
	enum socket_type socket;
};

enum login_form { LOGIN_ADDRESS, LOGIN_LOCAL_PART };

struct service_set {
	view domain;       /* A-labels */
	view display_name; /* at most 60 characters, in one line */
	view short_name;   /* at most 20 */
	view host;         /* of this server */
	bool foreign;      /* mail and DAV are another system's */
	enum login_form login;
	struct service_entry incoming[4]; /* imap TLS first */
	size_t incoming_count;
	struct service_entry outgoing[2]; /* submissions first */
	size_t outgoing_count;
	struct service_entry sieve; /* port 0: not offered, or not known */
	view dav; /* URL, "" without */
	view web; /* URL of the pages, "" without */
	view autodiscover; /* URL of the POX endpoint, "" without */
	bool receives;     /* SMTP from other servers */
};

/* Views live in `arena` or in `conf`. */
CHECKED result service_set_make(const struct conf *, view domain,
    view display_name, struct arena *, struct service_set *out);

/* What the owner of an address logs in with; a view of `address`. */
view service_set_login(const struct service_set *, view address);

/* The Thunderbird autoconfig document (config-v1.1.xml,
 * draft-ietf-mailmaint-autoconfig). */
void autoconfig_thunderbird(const struct service_set *, struct buf *out);

#endif
