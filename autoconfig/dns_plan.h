/*
 * dns_plan.h - the DNS records that a domain wants, from its services.
 *
 * Eleven core records make mail, calendars and contacts work and be found;
 * the recommended ones make more programs find them and strangers safer.
 * Of another mail system only what leads to its services and to our
 * settings: its MX, SPF and the like are its own business.
 * Pure: the same facts give the same plan.
 */
#ifndef AUTOCONFIG_DNS_PLAN_H
#define AUTOCONFIG_DNS_PLAN_H

#include "autoconfig/service_set.h"
#include "mailcore/dns/record.h"

enum dns_role {
	DNS_MX,
	DNS_NAME, /* a name that clients ask: CNAME of the server */
	DNS_SRV,
	DNS_SPF,
	DNS_DKIM,
	DNS_DMARC,
	DNS_DAV_PATH,
	DNS_MTA_STS,
	DNS_TLS_RPT,
	DNS_PACC,
	DNS_TLSA,
	DNS_CAA,
	DNS_ROLES
};

struct dns_line {
	enum dns_role role;
	bool core;
	view owner; /* in full, A-labels, without the last dot */
	struct record data;
	const char *why; /* why it matters, one sentence */
};

/* What the service_set does not know; views may be empty. */
struct dns_facts {
	view selector; /* of the DKIM key */
	view dkim_key; /* base64 of its public half */
	view tlsa;     /* SHA-256 of the mail host's public key, hexadecimal;
	                * only when that host's zone is signed */
	view ca;       /* who may issue certificates: "letsencrypt.org" */
	view pacc[2];  /* the document that is served, and another one during
	                * a change; "": the one of the service_set */
};

enum { DNS_PLAN_LINES = 32, DNS_PLAN_CORE = 11, DNS_PLAN_TTL = 3600 };

struct dns_plan {
	view domain;
	view host;
	struct dns_line lines[DNS_PLAN_LINES];
	size_t count; /* the core lines come first */
};

/* Views live in `arena` or in the arguments. */
CHECKED result dns_plan_make(const struct service_set *,
    const struct dns_facts *, struct arena *, struct dns_plan *out);

/* Lines for a zone file: one record a line, names below the domain short,
 * others in full with their dot, a long TXT as strings of 255 octets. */
void dns_plan_zone(const struct dns_plan *, struct buf *out);

/* name;type;ttl;priority;weight;port;value */
void dns_plan_csv(const struct dns_plan *, struct buf *out);

/* An array of objects with the same fields. */
void dns_plan_json(const struct dns_plan *, struct buf *out);

/* One record in full ("mail.example.org. 3600 IN A 192.0.2.1"). */
void dns_record_full(view owner, unsigned ttl, const struct record *,
    struct buf *out);

/* The same with its owner as `domain`'s zone file has it. */
void dns_line_short(const struct dns_line *, view domain, struct buf *out);

#endif
