/*
 * doctor.h - what every mail, calendar and contact program would make of a
 * domain: its own requests, in its own order, read by its own rules.
 *
 * A reader is an engine: it asks the world through two functions, and so
 * runs in a test without a socket.  A reading says what that program would
 * configure, and the first rule that an answer breaks, with what to do.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/dns/record.h"

struct person {
	view address, local, domain; /* domain: A-labels, lower case */
	view password;               /* "" when not to be used */
};

enum ask_method {
	ASK_GET,
	ASK_POST, /* Autodiscover's request */
	ASK_PROPFIND,
	ASK_OPTIONS,
	ASK_PUT /* empty, and only where nothing is */
};

struct ask {
	enum ask_method method;
	view url;
	view body;     /* of POST and PROPFIND */
	bool log_in;   /* with the person's address and password */
	bool follow;   /* redirections */
	bool untyped;  /* POST without a Content-Type of XML */
};

struct document {
	result r;      /* of the transport; all else counts when OK */
	bool reached;  /* somebody answered, so that a failure is a fault */
	unsigned status;
	view type;     /* Content-Type */
	view location; /* absolute; of a redirection not followed */
	view dav;      /* all DAV header fields */
	bool basic;    /* WWW-Authenticate offers Basic */
	bool open_hop; /* some part of the way was not encrypted */
	view url;      /* where the answer came from */
	view body;
};

struct world {
	void *self;
	void (*fetch)(void *self, struct arena *, const struct ask *,
	    struct document *out);
	/* How many; none also when nobody answers. */
	size_t (*lookup)(void *self, struct arena *, view name,
	    enum record_type, struct record **out);
};

enum offer_kind {
	OFFER_IMAP,
	OFFER_POP3,
	OFFER_SMTP,
	OFFER_CALDAV,
	OFFER_CARDDAV
};

enum offer_security { SECURITY_TLS, SECURITY_STARTTLS, SECURITY_PLAIN };

struct offer {
	enum offer_kind kind;
	view host;
	unsigned port;
	enum offer_security security;
	view login;
	view url; /* DAV */
};

enum verdict {
	VERDICT_OK,
	VERDICT_NONE, /* nothing found: people type it in */
	VERDICT_FAULT
};

enum { READING_OFFERS = 12 };

struct reading {
	const char *client;
	struct offer offers[READING_OFFERS];
	size_t offer_count;
	enum verdict verdict;
	const char *rule, *fix; /* of the first fault; literals */
	view where;             /* the URL or name that has it */
	bool optional;          /* few need it: none is no fault */
	bool checked;           /* something else than an offer is right */
};

/* Names of kinds and securities: "imap", "caldav"; "TLS", "STARTTLS". */
const char *offer_name(enum offer_kind);
const char *security_name(enum offer_security);

/* Keep this fault, unless there is one already. */
void reading_fault(struct reading *, view where, const char *rule,
    const char *fix);

/* Forgotten when there is no room. */
void reading_add(struct reading *, const struct offer *);

/* What `from` found, and its fault. */
void reading_join(struct reading *, const struct reading *from);
bool reading_has(const struct reading *, enum offer_kind);

/* The readers, in the order of the report. */
typedef void reader(struct reading *, const struct world *, struct arena *,
    const struct person *);
reader read_thunderbird_140, read_thunderbird_153, read_k9, read_evolution,
    read_kmail, read_goa, read_geary, read_fairemail, read_deltachat,
    read_davx5, read_apple, read_outlook, read_emclient, read_pacc,
    read_servers;

enum { DOCTOR_READERS = 15 };

/* All readers.  What one finds and another misses is a fault of the other:
 * the domain offers it. */
void doctor_read(const struct world *, struct arena *, const struct person *,
    struct reading out[DOCTOR_READERS]);

#endif
