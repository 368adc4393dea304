/*
 * pacc.h - the automatic configuration of draft-ietf-mailmaint-pacc: one
 * JSON document a domain, https://ua-auto-config.DOMAIN/.well-known/
 * user-agent-configuration.json, and the DNS record that vouches for its
 * bytes.  The same service_set gives the same bytes, always.
 */
#ifndef AUTOCONFIG_PACC_H
#define AUTOCONFIG_PACC_H

#include "autoconfig/service_set.h"

/* NOT_FOUND: the format knows only implicit TLS on the standard ports, and
 * there is no service to read or none to send mail of that kind. */
CHECKED result pacc_document(const struct service_set *, struct buf *out);

/* The text of the TXT record that vouches for these very bytes. */
CHECKED result pacc_digest(view document, struct buf *out);

/* The text of the TXT record at _ua-auto-config.DOMAIN:
 * "v=UAAC1; a=sha256; d=<base64>".  NOT_FOUND as above. */
CHECKED result pacc_record(const struct service_set *, struct buf *out);

#endif
