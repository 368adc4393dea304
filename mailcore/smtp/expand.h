/*
 * expand.h - where mail to one address goes in the end, when all aliases are
 * followed: accounts here and addresses elsewhere, each once.  Bounded by
 * LIMIT_ALIAS_DEPTH and LIMIT_ALIAS_ADDRESSES; an alias that leads to itself
 * is followed once.
 */
#ifndef SMTP_EXPAND_H
#define SMTP_EXPAND_H

#include "mailcore/base/arena.h"
#include "mailcore/store/store.h"

struct target {
	struct target *next;
	int64_t account; /* 0: elsewhere */
	view address;    /* ours as it was addressed; the one elsewhere */
	view via;        /* elsewhere: the alias that sends it on; empty: no
	                  * alias, it keeps its sender */
};

/* Who wants to send. */
struct expand_who {
	int64_t account;  /* 0: a stranger */
	bool null_sender; /* <>: may write to rewritten senders (srs.h) */
};

struct expansion {
	struct target *first, *last;
	size_t count; /* 0: it is to be forgotten */
	view refusal; /* what the address says to senders; with DENIED */
};

/* Views live in `arena`.  MALFORMED: not a domain of ours.  NOT_FOUND: leads
 * nowhere.  STALE: did, until it expired.  DENIED: switched off, refused, or
 * not for this sender.  BUSY: its domain is switched off for now.  NO_SPACE:
 * all of them are over quota; one who is, among others who are not, is a
 * target, for the delivery to find.  OVER_LIMIT: too many.  An address of
 * "postmaster" always leads somewhere (RFC 5321 4.5.1), also without a
 * domain. */
CHECKED result expand_address(struct store *, struct arena *, view address,
    const struct expand_who *, struct expansion *out);

#endif
