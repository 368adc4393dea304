/*
 * arc.h - the chain of those who passed a message on and changed it
 * (RFC 8617), checked, and our own link in it.
 */
#ifndef DNS_ARC_H
#define DNS_ARC_H

#include "mailcore/dns/dkim.h"

enum arc_result { ARC_NONE, ARC_PASS, ARC_FAIL };

struct arc_chain {
	enum arc_result result;
	const char *why;
	size_t sets;  /* how many links there are */
	view sealer;  /* the domain of the last one */
	/* What its first link says (RFC 8617 4.1.1), with a pass. */
	view results;
};

/* "none", "pass", "fail": also for cv=. */
const char *arc_name(enum arc_result);

/* A server that gives no answer is a failure (RFC 8617 5.2).  Views live in
 * the arena or the message.  Without a chain it does next to nothing. */
void arc_verify(const struct lookup *, struct arena *, view message,
    int64_t now, struct arc_chain *out);

/* Append the three fields of a new link, to be put in front of the message.
 * `results`: what our Authentication-Results says, from the authserv-id on;
 * `chain`: what arc_verify found.  OVER_LIMIT: no link can be added; the
 * message then goes on without (RFC 8617 5.1.2). */
CHECKED result arc_seal(const struct dkim_signing *, struct arena *,
    view message, const struct arc_chain *chain, view results,
    struct buf *out);

#endif
