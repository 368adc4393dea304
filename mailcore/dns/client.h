/*
 * client.h - the resolver of this machine behind a lookup (lookup.h), with an
 * end: whoever asks waits no longer than to a deadline, however slow the
 * servers of strangers are.
 *
 * One client serves all threads of a process; it has a thread of its own.
 */
#ifndef DNS_CLIENT_H
#define DNS_CLIENT_H

#include "mailcore/dns/lookup.h"

struct dns_client;

/* `server`: "127.0.0.1@5353", or NULL for /etc/resolv.conf. */
CHECKED result dns_client_new(struct dns_client **, const char *server);

/* Nobody asks any more.  NULL is nothing to free. */
void dns_client_free(struct dns_client **);

/* From now on every question fails at once, also those that wait. */
void dns_client_stop(struct dns_client *);

struct dns_client_budget {
	struct dns_client *client;
	int64_t deadline; /* clock_steady_ms */
};

/* The lookup_function; its context is a budget. */
void dns_client_ask(void *budget, struct arena *, view name,
    enum lookup_type, struct lookup_answer *out);

#endif
