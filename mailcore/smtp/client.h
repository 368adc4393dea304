/*
 * client.h - SMTP as the one who sends (RFC 5321): one mail to one server
 * over one connection.  Blocking.
 *
 * TLS is used whenever it is offered, without looking at the certificate
 * (RFC 7435), and, when the handshake fails, done without.  With a user name
 * the server is a relay that must prove its name before it sees a password.
 *
 * 8-bit text goes to servers without 8BITMIME as it is: RFC 6152 wants it
 * converted, which would break signatures, and every server in use passes
 * eight bits on.  Mail that needs SMTPUTF8 is refused there (RFC 6531 3.2).
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "mailcore/base/arena.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/tls.h"

struct client_options {
	const char *hostname; /* our name, for EHLO */
	struct tls *tls;      /* NULL: never use TLS */
	const char *user;     /* NULL: do not log in */
	const char *password;
	bool tls_first;       /* RFC 8314: port 465 */
	unsigned most_wait_ms; /* 0: as RFC 5321 4.5.3.2 says */
	int64_t deadline_ms;  /* of clock_steady_ms, for all together */
	int stop;             /* readable: give up; -1: none */
};

struct client_mail {
	view sender;
	const view *recipients;
	size_t count;
	view data;
	bool smtputf8;
	bool eightbit;
};

/* What became of one recipient. */
struct client_report {
	enum queue_outcome outcome;
	view status; /* RFC 3463: "5.1.1" */
	view text;   /* what the server said, or we say; one printable line */
	bool remote; /* the server said it */
};

/* One report a recipient.  `address` is textual; `host` is its name.
 * BUSY: the server did not get so far as to see the mail: try the next one.
 * FAILED: this relay's certificate or our password is wrong.
 * `why` is in `text` of the first report, with what the server said. */
CHECKED result client_send(const struct client_options *, view host,
    view address, unsigned port, const struct client_mail *, struct arena *,
    struct client_report *reports);

#endif
