/*
 * probe.h - one mail server, tried as a program would that was told of it:
 * connect, TLS or STARTTLS, certificate, greeting, capabilities, and with a
 * password a login; for SMTP also MAIL and RCPT, without DATA.
 *
 * A password goes only to a server whose certificate verifies.
 */
#ifndef DOCTOR_PROBE_H
#define DOCTOR_PROBE_H

#include "autoconfig/doctor/doctor.h"
#include "autoconfig/doctor/way.h"

#include <openssl/ssl.h>

struct probe_world {
	SSL_CTX *trust;
	const struct way *way;
	const struct person *person;
};

struct probe_report {
	const char *rule, *fix; /* of the first fault; rule NULL: fine */
	view tls;               /* "TLSv1.3"; "" when it came not so far */
	int days;               /* that the certificate is still valid */
	view greeting;
	bool logged_in;
};

/* Trusts the system's CAs and those in `ca`, which may be NULL. */
SSL_CTX *probe_context(const char *ca);

/* `o` is for IMAP, POP3 or SMTP. */
void probe_mail(const struct probe_world *, struct arena *,
    const struct offer *o, struct probe_report *out);

#endif
