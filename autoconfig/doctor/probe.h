/*
 * probe.h - one mail server, tried as a program would that was told of it:
 * connect, TLS or STARTTLS, certificate, greeting, capabilities, and with a
 * password a login; for SMTP also MAIL and RCPT, without DATA.
 *
 * A password goes only to a server whose certificate verifies.
 */
#ifndef DOCTOR_PROBE_H
#define DOCTOR_PROBE_H

#include "autoconfig/doctor/call.h"

struct probe_report {
	const char *rule, *fix; /* of the first fault; rule NULL: fine */
	view tls;               /* "TLSv1.3"; "" when it came not so far */
	int days;               /* that the certificate is still valid */
	view greeting;
	bool logged_in;
};

/* `o` is for IMAP, POP3 or SMTP. */
void probe_mail(const struct caller *, struct arena *,
    const struct offer *o, struct probe_report *out);

#endif
