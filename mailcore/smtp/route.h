/*
 * route.h - one delivery attempt of a lease: where its domain's mail goes,
 * and what came of offering it there.
 */
#ifndef SMTP_ROUTE_H
#define SMTP_ROUTE_H

#include "mailcore/dns/resolve.h"
#include "mailcore/smtp/client.h"
#include "mailcore/sys/conf.h"

struct route_options {
	const struct conf *conf;
	struct resolver *resolver;
	struct client_options client;
};

/* A report for every recipient; `*host` is the server that gave them, or
 * empty.  Views live in `arena`. */
void route_send(const struct route_options *, const struct client_mail *,
    struct arena *, struct client_report *reports, view *host);

#endif
