/*
 * secure.h - which rules of safety a domain has for the way to its servers:
 * DANE (RFC 7672), else MTA-STS (RFC 8461), else none; and REQUIRETLS
 * (RFC 8689), which is the sender's rule.
 */
#ifndef SMTP_SECURE_H
#define SMTP_SECURE_H

#include "mailcore/dns/resolve.h"
#include "mailcore/smtp/client.h"
#include "mailcore/smtp/https.h"
#include "mailcore/smtp/sts.h"
#include "mailcore/store/store.h"

struct secure {
	struct store *store;
	struct resolver *resolver;
	struct https https;
	_Atomic bool known; /* policies may be in the store */
};

/* The rules of one domain, for one attempt. */
struct secure_domain {
	view name;
	bool has_policy; /* MTA-STS, testing or enforce */
	struct sts_policy sts;
	const char *fault; /* RFC 8460 4.3: why there is none; NULL */
	bool requiretls;
};

/* The domain's MTA-STS policy: the one that is remembered, or a newer one.
 * Blocks while it is fetched. */
void secure_find_policy(struct secure *, struct arena *, view domain,
    struct secure_domain *out);

/* What a server of that domain must prove.  `*type`: "tlsa", "sts" or
 * "no-policy-found".  DENIED: no mail may go there; BUSY: not now; FAILED:
 * what the sender requires cannot be.  `why` says so. */
CHECKED result secure_host(struct secure *, struct arena *,
    const struct secure_domain *, const struct mx *, const struct host *,
    unsigned port, struct client_security *out, const char **type);

#endif
