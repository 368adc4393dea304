/*
 * tls_policy.h - what is known of how other domains' servers are reached
 * safely (RFC 8461), and what was seen there (RFC 8460); posthaste.db.
 */
#ifndef STORE_TLS_POLICY_H
#define STORE_TLS_POLICY_H

#include "mailcore/store/store.h"

struct sts_row {
	view id;   /* of the DNS record with which it came */
	int64_t tried, expires; /* seconds */
	view text; /* empty: the policy could not be had */
};

/* NOT_FOUND: nothing is known, or it has expired. */
CHECKED result sts_row_get(struct store *, struct arena *, view domain,
    int64_t now, struct sts_row *out);

/* Instead of what was known.  Of more than LIMIT_STS_DOMAINS those go first
 * that would expire first. */
CHECKED result sts_row_put(struct store *, view domain, int64_t now,
    const struct sts_row *);

/* Is any known?  So that nobody has to ask for each mail. */
CHECKED result sts_row_any(struct store *, bool *out);

/* Sessions of one kind with one domain's servers. */
struct tls_session {
	int64_t day; /* since 1970 */
	view domain;
	view policy; /* "sts", "tlsa", "no-policy-found" */
	view outcome; /* "successful", or RFC 8460 4.3 */
	view host, address;
	int64_t count;
};

/* Adds to what is there; lazily durable. */
CHECKED result tls_session_add(struct store *, const struct tls_session *,
    size_t count);

/* The earliest domain of the days before `today`, all of its sessions; views
 * live in `arena`.  `*count` 0: none.  At most LIMIT_TLS_SESSIONS. */
CHECKED result tls_session_take(struct store *, struct arena *,
    int64_t today, struct tls_session **out, size_t *count);

/* They have been told, or nobody wants to know. */
CHECKED result tls_session_forget(struct store *, int64_t day, view domain);

#endif
