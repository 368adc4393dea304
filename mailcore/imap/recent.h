/*
 * recent.h - which messages are \Recent to a session (RFC 3501 2.3.2): those
 * that it is the first to be told of.
 *
 * What some session was told of is kept with the mailbox in one number, the
 * uid after the last one: written by SELECT when there is anything new, and
 * of what came later when the session leaves the mailbox, so that being told
 * writes nothing.  Sessions that have a mailbox open at the same time know of
 * each other through box_cache_claim.  IMAP4rev2 has no \Recent.
 */
#ifndef IMAP_RECENT_H
#define IMAP_RECENT_H

#include "mailcore/imap/box.h"
#include "mailcore/imap/session.h"

/* The mailbox was just opened. */
void recent_opened(struct imap *, struct command *);

/* What came meanwhile is about to be told. */
void recent_arrived(struct imap *);

/* The mailbox, if any, is about to be left. */
void recent_left(struct imap *);

/* IMAP4rev2 was enabled. */
void recent_forget(struct imap *);

/* How many of the mailbox, for STATUS. */
uint64_t recent_count(const struct imap *, const struct collection *);

#endif
