/*
 * verdict.h - what reception has found out about a message, for those who
 * deliver, forward, answer or believe it.
 *
 * One verdict belongs to one message and one recipient: thresholds and lists
 * differ between mailboxes.  Where a `const struct verdict *` is taken, NULL
 * stands for mail that was not received from a stranger: submitted here by
 * somebody who logged in, made by ourselves, or imported.  All views live as
 * long as the transaction.
 */
#ifndef SMTP_VERDICT_H
#define SMTP_VERDICT_H

#include "mailcore/base/view.h"

struct arc_chain;

enum verdict_dmarc {
	VERDICT_DMARC_NONE, /* the domain has no policy, or no From to ask of */
	VERDICT_DMARC_PASS,
	VERDICT_DMARC_FAIL,
	VERDICT_DMARC_UNKNOWN /* the domain's record or the DNS is broken */
};

struct verdict {
	/* Tenths of a point: 80 is 8.0. */
	int score;
	/* From which score on this recipient wants it in Junk. */
	int mark;
	/* It belongs there. */
	bool junk;
	/* An allow or deny list has decided. */
	bool listed;
	enum verdict_dmarc dmarc;
	/* The domain of the sender, or of From, says it is not from there: the
	 * envelope's sender is hardly who wrote it, and gets no answer. */
	bool forged;
	/* The one address of From ("local@domain", domain in lower case) when
	 * SPF or DKIM proved its domain in alignment (RFC 9989 4.4), with or
	 * without a DMARC record; else empty.  Nothing else that stands in the
	 * message may be believed. */
	view authenticated_from;
	/* Whole header fields, each with its CRLF, to be put in front of the
	 * message: Authentication-Results (RFC 8601), X-Spam-Status and, when
	 * it is junk, X-Spam-Flag.  Forged ones are gone from the message. */
	view fields;
	/* What stands in Authentication-Results, from our own name on, and the
	 * chain that the message came with: for the seal of one that is sent on
	 * (sign.h). */
	view results;
	const struct arc_chain *chain;
};

#endif
