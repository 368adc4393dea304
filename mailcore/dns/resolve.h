/*
 * resolve.h - where mail for a domain goes: MX and addresses, by libunbound.
 * Thread-safe; blocking.
 */
#ifndef DNS_RESOLVE_H
#define DNS_RESOLVE_H

#include "mailcore/base/arena.h"

struct resolver;

/* `server`: "127.0.0.1@5353", or NULL for /etc/resolv.conf.
 * Reads /etc/hosts too. */
CHECKED result resolver_new(struct resolver **, const char *server);
void resolver_free(struct resolver **);

struct mx {
	unsigned preference;
	view host;
};

/* By preference; without MX records the domain itself (RFC 5321 5.1).
 * NOT_FOUND: no such domain, or a null MX (RFC 7505).  BUSY: no answer. */
CHECKED result resolve_mx(struct resolver *, struct arena *, view domain,
    struct mx **out, size_t *count);

/* Textual addresses, IPv6 and IPv4.  NOT_FOUND, BUSY as above. */
CHECKED result resolve_host(struct resolver *, struct arena *, view host,
    view **out, size_t *count);

#endif
