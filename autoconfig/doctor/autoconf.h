/*
 * autoconf.h - a config-v1.1.xml (draft-ietf-mailmaint-autoconfig) as it
 * stands, before any program's own rules.
 */
#ifndef DOCTOR_AUTOCONF_H
#define DOCTOR_AUTOCONF_H

#include "autoconfig/doctor/doctor.h"

enum { AUTOCONF_VALUES = 4, AUTOCONF_SERVERS = 12, AUTOCONF_DOMAINS = 64 };

struct autoconf_server {
	view type, host, port, login; /* not trimmed */
	view sockets[AUTOCONF_VALUES];
	size_t socket_count;
	view auths[AUTOCONF_VALUES];
	size_t auth_count;
	bool odd_attribute; /* one beside `type` */
	bool nested;        /* elements inside a text */
};

struct autoconf {
	view root;
	bool provider; /* there is an emailProvider */
	view id;
	view domains[AUTOCONF_DOMAINS];
	size_t domain_count;
	struct autoconf_server incoming[AUTOCONF_SERVERS];
	size_t incoming_count;
	struct autoconf_server outgoing[AUTOCONF_SERVERS];
	size_t outgoing_count;
};

/* Says the fault of bytes that no program reads, and returns false then. */
bool autoconf_parse(struct autoconf *, const struct document *,
    struct arena *, struct reading *);

/* A host name by the letters, digits, dots and hyphens. */
bool autoconf_host(view);

/* With the placeholders replaced. */
view autoconf_fill(view text, struct arena *, const struct person *);

/* "SSL", "STARTTLS", "plain"; false for another word. */
bool autoconf_socket(view, enum offer_security *);

/* 1 to 65535, or 0. */
unsigned autoconf_port(view);

/* password-cleartext, plain, password-encrypted, secure. */
bool autoconf_password(view);

/* The offer that a server entry means, by its socket type. */
struct offer autoconf_offer(const struct autoconf_server *,
    enum offer_kind, enum offer_security, struct arena *,
    const struct person *);

/* What spoils an offer for everybody: a host that is no full name, no
 * encryption.  Also keeps the offer. */
void autoconf_keep(struct reading *, view where, const struct offer *);

#endif
