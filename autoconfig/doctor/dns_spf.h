/*
 * dns_spf.h - what an SPF record (RFC 7208) really says: is it in order, do
 * our servers pass, does everybody?
 */
#ifndef DOCTOR_DNS_SPF_H
#define DOCTOR_DNS_SPF_H

#include "mailcore/dns/query.h"

/* Where to look up what a record leads to. */
struct spf_look {
	struct panel *panel; /* its resolver is asked */
	int64_t until;       /* clock_steady_ms: no look-ups after it */
};

struct spf_finding {
	const char *broken; /* the rule that it breaks, or NULL */
	bool silent;   /* a look-up had no answer: nothing certain */
	bool anybody;  /* a stranger's server is not refused at all */
	bool ours;     /* each of our addresses passes */
};

/* The record of `domain` is `text`. */
void spf_examine(struct spf_look *, struct arena *, view domain, view text,
    const struct record *addresses, size_t count, struct spf_finding *out);

/* "v=spf1", alone or before a space (RFC 7208 4.5). */
bool spf_is_record(view text);

#endif
