/*
 * parse.h - arguments of SMTP commands (RFC 5321 4.1.1, 4.1.2).
 *
 * `argument` is what stands behind the verb, without CRLF.  Lenient where
 * real clients are known to stray and nothing can be misunderstood: blanks
 * around the path, several blanks between parameters.
 */
#ifndef SMTP_PARSE_H
#define SMTP_PARSE_H

#include "mailcore/smtp/parse_ask.h"

struct smtp_mail {
	view sender; /* local@domain, domain in A-labels; empty: <> */
	uint64_t size; /* RFC 1870; 0: not said */
	bool utf8;     /* RFC 6531 SMTPUTF8 */
	bool eightbit; /* RFC 6152 BODY=8BITMIME */
	bool auth;     /* RFC 4954 AUTH= was given; its value means nothing */
	bool bad_path; /* MALFORMED is the path, no parameter */
	struct smtp_ask ask;
};

struct smtp_rcpt {
	view address; /* as above; "postmaster" alone without a domain */
	view domain;  /* empty for <postmaster> */
	bool utf8;    /* cannot be said without SMTPUTF8 */
	bool asks;    /* NOTIFY or ORCPT was said */
	bool bad_path;
	struct queue_want want;
};

/* "FROM:<path> parameters".  Views live in `arena`.
 * MALFORMED: syntax (501).  NOT_FOUND: a parameter that we do not know (555).
 * OVER_LIMIT: a SIZE beyond all sense (552).  DENIED: needs SMTPUTF8 (553). */
CHECKED result smtp_parse_mail(view argument, struct arena *,
    struct smtp_mail *out);

/* "TO:<path> parameters"; statuses as above. */
CHECKED result smtp_parse_rcpt(view argument, struct arena *,
    struct smtp_rcpt *out);

/* The name of EHLO and HELO: taken as it comes as long as it is printable
 * and within LIMIT_DOMAIN; nothing is believed of it. */
CHECKED result smtp_parse_hello(view argument, view *name);

/* RFC 3030 2: "size [LAST]". */
CHECKED result smtp_parse_bdat(view argument, uint64_t *size, bool *last);

#endif
