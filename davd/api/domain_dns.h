/*
 * domain_dns.h - the DNS records that a domain wants, from all that this
 * server knows: its services, its DKIM key, its certificate.  For the CLI, the
 * API and the pages.
 */
#ifndef API_DOMAIN_DNS_H
#define API_DOMAIN_DNS_H

#include "autoconfig/dns_plan.h"
#include "autoconfig/pacc_roll.h"
#include "mailcore/auth/signer.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conf.h"

struct domain_dns {
	struct store *store;
	struct signer *signer;
	const struct conf *conf;
	bool announce; /* what PACC shall say from now on (pacc_roll.h) */
	bool ask;      /* name servers, whether the zone is signed: only then
	                * is there a TLSA record.  Takes up to two seconds */
};

/* Views live in `arena` or in `set`.  A DKIM key is made when there is none.
 * BUSY: the signer does not answer. */
CHECKED result domain_dns_plan(const struct domain_dns *,
    const struct service_set *, struct arena *, struct pacc_roll *,
    struct dns_plan *out);

#endif
