/*
 * mta_sts.h - the policy that other servers fetch at
 * https://mta-sts.DOMAIN/.well-known/mta-sts.txt (RFC 8461 3.2).
 */
#ifndef AUTOCONFIG_MTA_STS_H
#define AUTOCONFIG_MTA_STS_H

#include "autoconfig/service_set.h"

/* Mode "testing": failures are reported and mail still comes.
 * NOT_FOUND: this server takes no mail from others. */
CHECKED result mta_sts_policy(const struct service_set *, struct buf *out);

#endif
