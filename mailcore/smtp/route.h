/*
 * route.h - one delivery attempt of a lease: where its domain's mail goes,
 * and what came of offering it there.
 */
#ifndef SMTP_ROUTE_H
#define SMTP_ROUTE_H

#include "mailcore/smtp/secure.h"
#include "mailcore/store/tls_policy.h"
#include "mailcore/sys/conf.h"

/* A session with a server of the domain, as RFC 8460 counts them; `day` and
 * `count` are the listener's. */
typedef void route_saw(void *context, const struct tls_session *);

/* May one more talk to that server now?  Until route_send ends, or this is
 * asked about another one. */
typedef bool route_enter(void *context, view host, view address);

struct route_options {
	const struct conf *conf;
	struct secure *secure;
	struct client_options client;
	view domain; /* of all recipients: lower case, A-labels */
	route_saw *saw; /* NULL: nobody counts */
	void *context;
	route_enter *enter; /* NULL: always */
	void *enter_context;
};

/* A report for every recipient; `*host` is the server that gave them, or
 * empty; `*last`: it keeps the mail itself (LMTP).  Views live in `arena`. */
void route_send(const struct route_options *, const struct client_mail *,
    struct arena *, struct client_report *reports, view *host, bool *last);

#endif
