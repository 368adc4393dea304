/*
 * tls_dane.h - certificates of mail servers, checked by what their domain has
 * put into the DNS (RFC 6698, RFC 7671, for SMTP by RFC 7672).
 */
#ifndef SYS_TLS_DANE_H
#define SYS_TLS_DANE_H

#include "mailcore/sys/tls.h"

struct tls_tlsa {
	unsigned usage, selector, matching;
	view data;
};

/* RFC 7672 3.1: usages 2 and 3 alone, and what we can read. */
bool tls_tlsa_usable(const struct tls_tlsa *);

/* A client context that asks for `base` by SNI and wants a certificate that
 * one of the records names; those of usage 2 for one of `names` too.
 * NULL: no record is usable, or out of memory. */
struct ssl_st *tls_connect_dane(struct tls *, view base, const view *names,
    size_t name_count, const struct tls_tlsa *, size_t count);

/* Why a handshake did not prove who is there, in the words of RFC 8460 4.3
 * ("certificate-expired"), and for people; both literals.  `*type` is NULL
 * when the certificate was not the reason. */
const char *tls_fault_words(struct ssl_st *, const char **type);

#endif
