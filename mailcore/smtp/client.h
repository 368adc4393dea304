/*
 * client.h - SMTP as the one who sends (RFC 5321): one mail to one server
 * over one connection, which may be kept for the next mail.  Blocking.
 *
 * TLS is used whenever it is offered, without looking at the certificate
 * (RFC 7435), and, when the handshake fails, done without; unless a rule asks
 * for more.  With a user name the server is a relay that must prove its name
 * before it sees a password.
 *
 * 8-bit text goes to servers without 8BITMIME as it is: RFC 6152 wants it
 * converted, which would break signatures, and every server in use passes
 * eight bits on.  Mail that needs SMTPUTF8 is refused there (RFC 6531 3.2).
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "mailcore/base/arena.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/tls_dane.h"

/* How sure we must be of a server before it gets mail. */
enum client_trust {
	CLIENT_ANYBODY,
	CLIENT_TRY_NAME,  /* as CLIENT_NAMED, but then all the same */
	CLIENT_ENCRYPTED, /* TLS, with whoever it is */
	CLIENT_NAMED,     /* a certificate that proves the host's name */
	CLIENT_DANE       /* one that TLSA records name */
};

struct client_security {
	enum client_trust trust;
	const char *rule; /* who asks for it: "MTA-STS (RFC 8461)" */
	/* Of CLIENT_DANE: whose records they are, and what else the server
	 * may be called (RFC 7672 3.2.2). */
	const struct tls_tlsa *records;
	size_t count;
	view base;
	view names[2];
};

/* What was seen of TLS, in the words of RFC 8460 4.3. */
struct client_seen {
	bool tls;          /* it was used, and was as wanted */
	const char *fault; /* "starttls-not-supported"; NULL: none */
};

struct client_options {
	const char *hostname; /* our name, for EHLO */
	struct tls *tls;      /* NULL: never use TLS */
	const char *user;     /* NULL: do not log in */
	const char *password;
	bool tls_first;       /* RFC 8314: port 465 */
	unsigned most_wait_ms; /* 0: as RFC 5321 4.5.3.2 says */
	int64_t deadline_ms;  /* of clock_steady_ms, for all together */
	int stop;             /* readable: give up; -1: none */
	bool lmtp;            /* RFC 2033, and no TLS */
	const struct client_security *security; /* NULL: CLIENT_ANYBODY */
	struct client_seen *seen;               /* NULL: nobody wants to know */
	struct client_kept *kept; /* NULL: each mail has its connection */
};

/* A connection that took a mail: the next one goes over it, too, if it is for
 * the same server by the same rules; if not, or when MAIL is refused, over a
 * new one. */
struct client_kept;
struct client_kept *client_kept_new(void);
bool client_kept_is_open(const struct client_kept *);
void client_kept_end(struct client_kept *); /* QUIT */
void client_kept_free(struct client_kept **);

struct client_mail {
	view sender;
	const view *recipients;
	size_t count;
	view data;
	bool smtputf8;
	bool eightbit;
	bool requiretls;  /* RFC 8689 */
	enum queue_ret ret; /* what follows goes to servers with DSN */
	view envelope_id;
	const struct queue_want *wants; /* one a recipient; NULL: none */
};

/* What became of one recipient. */
struct client_report {
	enum queue_outcome outcome;
	view status; /* RFC 3463: "5.1.1" */
	view text;   /* what the server said, or we say; one printable line */
	bool remote; /* the server said it */
	bool dsn;    /* and tells the sender what becomes of it (RFC 3461) */
};

/* One report a recipient.  `address` is textual, or the path of a socket;
 * `host` is its name.
 * BUSY: the server did not get so far as to see the mail, or is not what the
 * rule asks for: try the next one.
 * FAILED: this relay's certificate or our password is wrong.
 * `why` is in `text` of the first report, with what the server said. */
CHECKED result client_send(const struct client_options *, view host,
    view address, unsigned port, const struct client_mail *, struct arena *,
    struct client_report *reports);

#endif
