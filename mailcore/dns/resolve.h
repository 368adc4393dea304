/*
 * resolve.h - where mail for a domain goes: MX and addresses, by libunbound.
 * Thread-safe; blocking, but never longer than libunbound's own time-outs
 * for a few tries.
 *
 * Address literals ("[192.0.2.1]", "[IPv6:2001:db8::1]", with or without
 * brackets) need no name server.
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

/* By preference, in random order where that is equal; without MX records the
 * domain itself (RFC 5321 5.1).
 * NOT_FOUND: no such domain.  DENIED: a null MX, the domain takes no mail
 * (RFC 7505).  BUSY: no answer. */
CHECKED result resolve_mx(struct resolver *, struct arena *, view domain,
    struct mx **out, size_t *count);

/* Textual addresses, IPv6 first.  NOT_FOUND: none.  BUSY: no answer. */
CHECKED result resolve_host(struct resolver *, struct arena *, view host,
    view **out, size_t *count);

#endif
