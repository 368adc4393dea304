/*
 * header.h - the fields that a mail server adds or takes away: Return-Path
 * (RFC 5321 4.4), Received, and what a submission server repairs (RFC 6409 8).
 */
#ifndef SMTP_HEADER_H
#define SMTP_HEADER_H

#include "mailcore/base/buf.h"

struct header_trace {
	view id;       /* of this message here */
	view hello;    /* what the client called itself */
	view peer;     /* its address */
	view hostname; /* ours */
	view recipient; /* "for": only with a single one, else empty */
	bool extended; /* EHLO */
	bool tls;
	bool authenticated;
	bool lmtp;
	bool utf8;
	int64_t now;
};

void header_received(struct buf *, const struct header_trace *);

/* "Return-Path: <sender>" and "Delivered-To: recipient". */
void header_delivery(struct buf *, view sender, view recipient);

struct header_repair {
	view id;
	view hostname;
	view account; /* for a missing From */
	int64_t now;
};

/* Copy a submitted header: without Bcc and Return-Path, with Date, From and
 * Message-ID where they are missing (RFC 6409 8.1 to 8.3). */
void header_repaired(struct buf *, view header, const struct header_repair *);

/* How many servers it has passed (RFC 5321 6.3). */
size_t header_hops(view header);

/* Does the message begin with a header field or an empty header?  If not,
 * fields in front need a blank line behind them. */
bool header_is_there(view message);

#endif
