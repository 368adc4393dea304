/*
 * call.h - a connection to a server that a domain names, in clear or in TLS:
 * the addresses are those of way.h, and the certificate is judged afterwards,
 * so that what is wrong with it can be said.
 */
#ifndef DOCTOR_CALL_H
#define DOCTOR_CALL_H

#include "autoconfig/doctor/doctor.h"
#include "autoconfig/doctor/way.h"
#include "mailcore/smtp/link.h"

#include <openssl/ssl.h>

struct caller {
	SSL_CTX *trust; /* of call_trust */
	const struct way *way;
	const struct person *person;
};

/* The system's CAs and those in `ca`, which may be NULL. */
SSL_CTX *call_trust(const char *ca);

/* The first of its addresses that answers.  NOT_FOUND: it has none.  DENIED:
 * only private ones.  BUSY: nothing answers.  Each wait has LIMIT_DOCTOR_MS,
 * all of them together LIMIT_DOCTOR_CALL_MS. */
CHECKED result call_open(const struct caller *, struct arena *, view host,
    unsigned port, struct link **out);

/* TLS 1.2 or later as `host`.  The session belongs to the link; NULL: none
 * comes about. */
SSL *call_secure(const struct caller *, struct link *, view host);

/* What is wrong with the certificate, for who must mend it; NULL: nothing. */
const char *call_fault(const SSL *);

#endif
