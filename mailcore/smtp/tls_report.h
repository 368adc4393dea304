/*
 * tls_report.h - telling a domain once a day how TLS with its servers went,
 * when it asks for that (RFC 8460): by mail, or by HTTPS.
 */
#ifndef SMTP_TLS_REPORT_H
#define SMTP_TLS_REPORT_H

#include "mailcore/base/buf.h"
#include "mailcore/smtp/secure.h"
#include "mailcore/store/tls_policy.h"

struct signer;

struct tls_report_services {
	struct store *store;
	struct secure *secure;
	const char *hostname;
	struct signer *signer; /* NULL: unsigned */
};

enum { TLS_REPORT_PLACES = 4 };

/* The record at _smtp._tls (RFC 8460 3): where to report to, "mailto:..." or
 * "https:...".  false: there is none, or more than one. */
bool tls_report_places(const view *records, size_t count,
    view places[TLS_REPORT_PLACES], size_t *found);

/* The report (RFC 8460 4.4), lines below 998 octets; `policy` is the text of
 * the domain's MTA-STS policy, or empty. */
void tls_report_write(struct buf *out, const char *hostname, view id,
    const struct tls_session *, size_t count, view policy);

/* Tell one domain of the days before `today`, and forget what was told.
 * true: that was all.  `*queued`: something went into the queue. */
bool tls_report_send(const struct tls_report_services *, int64_t today,
    bool *queued);

#endif
