/*
 * dns_judge.h - one server's answers about one line of a plan: right, or in
 * what way not.  Asks nobody, except that an SPF record of the domain's own
 * making may need look-ups (dns_spf.h).
 */
#ifndef DOCTOR_DNS_JUDGE_H
#define DOCTOR_DNS_JUDGE_H

#include "autoconfig/doctor/dns_check.h"
#include "autoconfig/doctor/dns_spf.h"
#include "mailcore/dns/query.h"

/* What one server said about a line's owner. */
struct dns_evidence {
	const struct dns_answer *data;   /* of the line's type */
	const struct dns_answer *four, *six; /* DNS_NAME: A and AAAA */
	/* At a made-up name, so the work of a wildcard. */
	const struct dns_answer *wild, *wild_four;
};

/* What all lines share. */
struct dns_context {
	struct arena *arena;
	const struct dns_plan *plan;
	const struct record *addresses; /* all of the plan's host */
	size_t address_count;
	bool host_missing; /* it surely has no address */
	bool host_alias;   /* it is a CNAME */
	struct spf_look *look;
};

struct dns_verdict {
	enum dns_state state;
	struct record *found;
	size_t count;
	view note;
	view advice; /* when "replace it by the line" is not right; or "" */
	unsigned ttl;
};

/* A TXT record; dns_judge calls it. */
void dns_judge_text(const struct dns_context *, const struct dns_line *,
    struct dns_verdict *);

void dns_decide(struct dns_verdict *, enum dns_state, const char *note);

void dns_judge(const struct dns_context *, const struct dns_line *,
    const struct dns_evidence *, struct dns_verdict *out);

#endif
