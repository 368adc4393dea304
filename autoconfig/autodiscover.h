/*
 * autodiscover.h - Microsoft's Autodiscover: the XML that Outlook, Thunderbird,
 * eM Client and FairEmail POST (POX, MS-OXDSCLI), the MobileSync twin of
 * phones (MS-ASCMD 2.2.1.1), and the JSON that gives one URL.
 *
 * Nothing here looks for a mailbox: every address of a domain gets the same
 * answer, with that address as the login.
 */
#ifndef AUTOCONFIG_AUTODISCOVER_H
#define AUTOCONFIG_AUTODISCOVER_H

#include "autoconfig/question.h"
#include "autoconfig/service_set.h"

enum autodiscover_schema { AUTODISCOVER_OUTLOOK, AUTODISCOVER_MOBILESYNC };

/* Told in the XML; the HTTP status is 200 (MS-OXDSCLI 2.2.4.1). */
enum autodiscover_error {
	AUTODISCOVER_FINE = 0,
	AUTODISCOVER_NO_ADDRESS = 500, /* not an address, or not ours */
	AUTODISCOVER_INVALID = 600,
	AUTODISCOVER_NO_SCHEMA = 601, /* an answer that we do not give */
	AUTODISCOVER_INTERNAL = 603
};

struct autodiscover_question {
	enum autodiscover_schema schema; /* of the answer, also of an error */
	enum autodiscover_error error;
	view login;  /* the address: "fred+tag@example.org" */
	view domain; /* its domain, in A-labels */
};

/* Read a POST body: UTF-8 or UTF-16, any prefixes, any order of elements, any
 * further elements.  Views live in `arena`. */
void autodiscover_ask(view body, struct arena *,
    struct autodiscover_question *out);

/* The settings, for the Outlook schema. */
void autodiscover_settings(const struct service_set *, view login,
    struct buf *out);

/* `now`: seconds since 1970.  `host`: who says so, as a number. */
struct autodiscover_failure {
	enum autodiscover_schema schema;
	enum autodiscover_error error;
	int64_t now;
	view host;
};
void autodiscover_failure(const struct autodiscover_failure *,
    struct buf *out);

/* JSON: `email` and `protocol` as given, "" without.  OK: the domain to look
 * for.  MALFORMED: `out` has the answer, for HTTP status 400. */
CHECKED result autodiscover_json_ask(view email, view protocol,
    struct arena *, view *domain, struct buf *out);

/* The one URL; without HTTPS, and for a domain that is not ours (NULL), the
 * answer that goes with the status returned. */
unsigned autodiscover_json(const struct service_set *, struct buf *out);

#endif
