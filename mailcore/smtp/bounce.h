/*
 * bounce.h - telling a sender what became of a mail (RFC 3464): that it could
 * not be delivered, is late, or, for who asks (RFC 3461), that it arrived.
 * From the null sender, so that a bounce never bounces (RFC 5321 4.5.5).
 */
#ifndef SMTP_BOUNCE_H
#define SMTP_BOUNCE_H

#include "mailcore/base/buf.h"
#include "mailcore/store/store.h"

enum bounce_kind {
	BOUNCE_FAILED,
	BOUNCE_DELAYED, /* it is tried on */
	BOUNCE_SUCCESS
};

struct bounce_recipient {
	view address;
	view status;     /* RFC 3463: "5.1.1" */
	view diagnostic; /* one printable line */
	view remote;     /* the host that said so; empty: we do */
	view original;   /* RFC 3461 ORCPT, in xtext; empty: not said */
	bool relayed;    /* of a success: to a server that tells no more */
};

struct bounce {
	enum bounce_kind kind;
	const char *hostname;
	view id;      /* for Message-ID */
	view sender;  /* whom to tell */
	view message; /* what was not delivered */
	int64_t arrived, now; /* seconds */
	int64_t until;        /* of BOUNCE_DELAYED: then it is given up */
	view envelope_id;     /* RFC 3461 ENVID, in xtext; empty: not said */
	bool full;            /* with the whole message (RFC 3461 RET) */
	bool requiretls;      /* RFC 8689 5: the notice needs it too */
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
