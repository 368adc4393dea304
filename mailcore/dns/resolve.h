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
#include "mailcore/sys/tls_dane.h"

struct resolver;

/* `server`: "127.0.0.1@5353", or NULL for /etc/resolv.conf.
 * Reads /etc/hosts too. */
CHECKED result resolver_new(struct resolver **, const char *server);
void resolver_free(struct resolver **);

/* Before the first question: answers are validated (RFC 4035), so that they
 * can be `secure`, and forged ones are none (BUSY).  `anchor`: one record as a
 * zone file has it, "example. IN DS ..."; NULL: the root's keys, as long as
 * the name server passes signatures on.  Whether it does is found out by the
 * first question; once it did, nothing less is taken. */
CHECKED result resolver_validate(struct resolver *, const char *anchor);

struct mx {
	unsigned preference;
	view host;
	bool secure; /* that this is an MX was validated */
};

/* By preference, in random order where that is equal; without MX records the
 * domain itself (RFC 5321 5.1).
 * NOT_FOUND: no such domain.  DENIED: a null MX, the domain takes no mail
 * (RFC 7505).  BUSY: no answer. */
CHECKED result resolve_mx(struct resolver *, struct arena *, view domain,
    struct mx **out, size_t *count);

struct host {
	view *addresses; /* textual, IPv6 first */
	size_t count;
	view name;   /* after CNAMEs */
	bool secure; /* all of it was validated */
};

/* NOT_FOUND: no address.  BUSY: no answer. */
CHECKED result resolve_addresses(struct resolver *, struct arena *,
    view host, struct host *out);

/* The TLSA records of a mail server (RFC 7672 2.2).  NOT_FOUND: none.  BUSY:
 * no answer, and so no safe way to that server. */
CHECKED result resolve_tlsa(struct resolver *, struct arena *, view host,
    unsigned port, struct tls_tlsa **out, size_t *count, bool *secure);

/* Each TXT with its strings joined.  NOT_FOUND: none.  BUSY: no answer. */
CHECKED result resolve_txt(struct resolver *, struct arena *, view name,
    view **out, size_t *count);

/* The addresses alone.  NOT_FOUND: none.  BUSY: no answer. */
CHECKED result resolve_host(struct resolver *, struct arena *, view host,
    view **out, size_t *count);

#endif
