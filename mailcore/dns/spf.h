/*
 * spf.h - may this host send mail in that domain's name (RFC 7208)?
 *
 * Bounded as its section 4.6.4 wants: ten terms that ask the DNS, ten names
 * of an MX or PTR, two answers that are empty.
 */
#ifndef DNS_SPF_H
#define DNS_SPF_H

#include "mailcore/dns/lookup.h"

enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR
};

struct spf_question {
	view ip;       /* 4 octets or 16; mapped IPv4 counts as IPv4 */
	view hello;    /* what the client called itself */
	view sender;   /* local@domain; empty: postmaster@hello */
	view receiver; /* our name, for explanations */
	int64_t now;
};

struct spf_answer {
	enum spf_result result;
	view domain;      /* that was asked about */
	view explanation; /* of a fail, printable ASCII; may be empty */
};

/* "softfail" (RFC 8601 2.7.2). */
const char *spf_name(enum spf_result);

/* Views live in the arena, or in the question. */
void spf_check(const struct lookup *, struct arena *,
    const struct spf_question *, struct spf_answer *out);

#endif
