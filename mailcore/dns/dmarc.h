/*
 * dmarc.h - what the domain of From wants done with mail that nobody vouches
 * for (RFC 9989).
 *
 * The organizational domain is found by walking up the DNS tree (4.10), so
 * there is no list of public suffixes.
 */
#ifndef DNS_DMARC_H
#define DNS_DMARC_H

#include "mailcore/dns/lookup.h"

enum dmarc_result {
	DMARC_NONE, /* no policy */
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR
};

enum dmarc_policy { DMARC_ACCEPT, DMARC_QUARANTINE, DMARC_REJECT };

struct dmarc_question {
	view from; /* domain in A-labels and lower case */
	view spf;  /* the domain that SPF passed for; empty: none */
	const view *dkim; /* those of signatures that passed */
	size_t dkim_count;
};

struct dmarc_answer {
	enum dmarc_result result;
	/* For mail that fails, test mode (t=y) taken into account. */
	enum dmarc_policy policy;
	view policy_domain; /* whose record it is */
	/* Also without a policy; then alignment is relaxed. */
	bool spf_aligned, dkim_aligned;
};

/* "temperror" (RFC 8601 2.7, RFC 9989 9). */
const char *dmarc_name(enum dmarc_result);
const char *dmarc_policy_name(enum dmarc_policy);

/* Views live in the arena, or in the question. */
void dmarc_check(const struct lookup *, struct arena *,
    const struct dmarc_question *, struct dmarc_answer *out);

/* One record, for whoever shows or fuzzes it. */
struct dmarc_record {
	enum dmarc_policy p, sp, np;
	bool strict_dkim, strict_spf;
	bool testing;
	char psd; /* 'y', 'n' or 'u' */
};

/* MALFORMED: not a DMARC record. */
CHECKED result dmarc_read(view text, struct dmarc_record *out);

#endif
