/*
 * deliver.h - a finished message into the mailboxes of local accounts, and
 * all that they want done with it: scripts, forwarding, automatic replies.
 * Nothing is durable before store_sync.
 */
#ifndef SMTP_DELIVER_H
#define SMTP_DELIVER_H

#include "mailcore/base/arena.h"
#include "mailcore/smtp/expand.h"
#include "mailcore/smtp/verdict.h"
#include "mailcore/store/body.h"

/* For the arena of one delivery: a script, its run, answers. */
enum { DELIVER_MEMORY = 64 * 1024 * 1024 };

/* One message on its way to one or more people. */
struct deliver_mail {
	const char *hostname;
	view id;      /* in logs and Message-IDs */
	view sender;  /* reverse-path; empty for <> */
	view message; /* CRLF lines, our Received field in front */
	view remote;  /* the client's address; empty: unknown */
	struct signer *signer; /* seals what is sent on; may be NULL */
	int64_t submitter;     /* who has logged in; 0: nobody */
};

/* What came of it for one of them.  Views live in the arena. */
struct deliver_outcome {
	bool full;    /* there is no room for it: nothing was delivered */
	view refusal; /* not empty: a script refuses it, with this text */
	bool queued;  /* something went into the queue */
	size_t taken; /* deliver_address: by so many of its targets */
};

/* Deliver to an account: its script (RFC 5228) if it has one, else INBOX, or
 * Junk when the verdict says so; then its forwarding and automatic reply.
 * Return-Path (RFC 5321 4.4), Delivered-To and the verdict's fields are put
 * in front.  NO_SPACE: the disk is full. */
CHECKED result deliver_account(struct store *, struct arena *,
    const struct deliver_mail *, const struct target *,
    const struct verdict *, struct deliver_outcome *out);

/* One address elsewhere that an alias or a person of ours sends it on to. */
struct onward {
	view to;
	view via; /* whose wish it is: an address of ours */
	bool smtputf8;
	const struct verdict *verdict;
};

/* Into the queue: with a sender that SPF allows us, sealed (RFC 8617), and
 * with Delivered-To: `via` in front.  MALFORMED: deliver_was_here. */
CHECKED result deliver_forward(struct store *, struct arena *,
    const struct deliver_mail *, const struct onward *);

/* `via` has sent this message on before: a loop. */
bool deliver_was_here(const struct deliver_mail *, view via);

/* Both for all targets of one address, for mail that does not come by a
 * session.  As expand_address; `out->refusal` also for its DENIED. */
CHECKED result deliver_address(struct store *, struct arena *,
    const struct deliver_mail *, view address, struct deliver_outcome *out);

/* Into any mailbox, with flags, without adding fields: for APPEND by
 * `posthaste init` and imports.  Bare CR and LF become CRLF. */
CHECKED result deliver_append(struct store *, int64_t account, view mailbox,
    view message, int64_t received, uint32_t flags);

#endif
