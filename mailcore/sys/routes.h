/*
 * routes.h - domains whose mail goes another way than by MX; the setting
 * "route", one line a domain:
 *
 *	route DOMAIN smtp HOST[:PORT] [USER PASSWORD]
 *	route DOMAIN lmtp HOST:PORT
 *	route DOMAIN lmtp /PATH/OF/SOCKET
 *	route DOMAIN mx                  by MX although there is a relay
 */
#ifndef SYS_ROUTES_H
#define SYS_ROUTES_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

enum route_kind { ROUTE_MX, ROUTE_SMTP, ROUTE_LMTP };

struct route_line {
	view domain; /* lower case */
	enum route_kind kind;
	view host;   /* or an address; "/..." is a socket's path */
	unsigned port;
	const char *user, *password; /* NULL: none */
};

struct routes {
	struct route_line *lines;
	size_t count;
};

/* One more line to a struct routes, from the setting's value; what it points
 * to lives in `arena`.  false: it is not like those above, or the domain has
 * one already. */
bool routes_add(struct arena *, void *routes, view value);

/* NULL: the domain has none. */
const struct route_line *routes_find(const struct routes *, view domain);

/* As lines of a configuration file. */
void routes_write(const struct routes *, struct buf *out);

#endif
