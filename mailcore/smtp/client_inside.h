/*
 * client_inside.h - what the files of the sending client share:
 *
 *	client.c      a connection until it is ready for mail
 *	client_mail.c one mail over it
 *	client_keep.c and the next one
 *	client_talk.c replies, and what they mean
 */
#ifndef SMTP_CLIENT_INSIDE_H
#define SMTP_CLIENT_INSIDE_H

#include "mailcore/smtp/client.h"
#include "mailcore/smtp/link.h"

/* RFC 5321 4.5.3.2, in milliseconds. */
enum {
	CLIENT_WAIT_CONNECT = 30000,
	CLIENT_WAIT_REPLY = 300000,
	CLIENT_WAIT_DATA = 120000,
	CLIENT_WAIT_BLOCK = 180000,
	CLIENT_WAIT_END = 600000,
	CLIENT_WAIT_QUIT = 10000, /* all is said by then */

	/* Over one connection: others are to have their turn. */
	CLIENT_MAILS = 50,

	REPLY_TEXT = 1000
};

struct client {
	const struct client_options *options;
	const struct client_mail *mail;
	struct arena *arena;
	struct client_report *reports;
	struct link *link;
	bool secure;
	bool pipelining, size, eightbit, utf8, starttls, plain;
	bool dsn, requiretls;
	uint64_t size_most;
	int code;        /* of the last reply */
	struct buf text; /* its lines, joined */
};

/* No longer than a test may want. */
unsigned client_wait(const struct client *, unsigned standard);

/* One reply of one or more lines (RFC 5321 4.2.1), its code; 0: none came. */
int client_read(struct client *, unsigned wait,
    void (*each)(struct client *, view));

/* The command is sent and emptied. */
int client_ask(struct client *, struct buf *command, unsigned wait);
int client_ask_text(struct client *, const char *, unsigned wait);

/* The last reply decides for one; for all that are not decided yet. */
void client_report(struct client *, struct client_report *);
void client_report_rest(struct client *, const bool *open);

/* We decide for all. */
void client_report_ours(struct client *, enum queue_outcome, view status,
    const char *text);

/* MAIL, RCPT, DATA; every recipient has its report then.  false: MAIL was
 * not taken. */
bool client_transact(struct client *);

/* Does the mail ask for what this server cannot do?  It is reported then. */
bool client_cannot(struct client *);

/* Nothing is known yet of any recipient. */
void client_report_none(struct client *);

/* By the connection that was kept.  false: there is none that serves. */
bool client_send_kept(struct client *, view host, view address,
    unsigned port);

/* Kept for the next mail.  false: it is to be ended. */
bool client_keep(struct client *, view host, view address, unsigned port);

#endif
