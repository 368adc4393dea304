/*
 * bounce.h - telling a sender what could not be delivered (RFC 3464), from
 * the null sender, so that a bounce never bounces (RFC 5321 4.5.5).
 */
#ifndef SMTP_BOUNCE_H
#define SMTP_BOUNCE_H

#include "mailcore/base/buf.h"
#include "mailcore/store/store.h"

struct bounce_recipient {
	view address;
	view status;     /* RFC 3463: "5.1.1" */
	view diagnostic; /* one printable line */
	view remote;     /* the host that said so; empty: we do */
};

struct bounce {
	const char *hostname;
	view id;      /* for Message-ID */
	view sender;  /* whom to tell */
	view message; /* what was not delivered */
	int64_t arrived, now; /* seconds */
	const struct bounce_recipient *recipients;
	size_t count;
	struct signer *signer; /* when it goes elsewhere; NULL: unsigned */
};

/* The whole message, CRLF lines. */
void bounce_write(struct buf *out, const struct bounce *);

/* Write it and deliver it, here or by the queue.  Not durable before
 * store_sync.  `*queued`: something went into the queue.  A null or unknown
 * sender gets none: OK. */
CHECKED result bounce_send(struct store *, const struct bounce *,
    bool *queued);

#endif
