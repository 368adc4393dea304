/*
 * sts.h - MTA-STS (RFC 8461): a domain's word, by HTTPS, that its servers
 * speak TLS with good certificates.  Reading it and matching names; pure.
 */
#ifndef SMTP_STS_H
#define SMTP_STS_H

#include "mailcore/base/limits.h"
#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts_policy {
	enum sts_mode mode;
	int64_t max_age; /* seconds */
	view mx[LIMIT_STS_MX];
	size_t count;
};

/* The file (RFC 8461 3.2); views point into it.  MALFORMED. */
CHECKED result sts_parse(view text, struct sts_policy *out);

/* The record at _mta-sts (3.1): its id.  false: there is none, or more than
 * one, which is as none. */
bool sts_find_id(const view *records, size_t count, view *id);

/* Is the host one of those that the policy names (4.1)? */
bool sts_matches(const struct sts_policy *, view host);

#endif
