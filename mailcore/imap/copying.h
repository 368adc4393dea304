/* copying.h - COPY and MOVE (RFC 3501 6.4.7, RFC 6851) while they run. */
#ifndef IMAP_COPYING_H
#define IMAP_COPYING_H

#include "mailcore/imap/place.h"

struct copying {
	struct imap *s;
	struct command *c;
	struct buf *out;
	bool move;
	struct idset set;
	struct place to;
	struct buf from_uids, to_uids; /* sets */
	size_t copied;
};

/* The flags that may come along into x->to: RFC 4314 4. */
void copying_flags(const struct copying *, uint32_t *flags, view *keywords);

/* Into the account of somebody else: bytes are copied, some messages at a
 * time.  A COPY that fails leaves nothing behind (RFC 3501 6.4.7); a MOVE
 * has moved what x->from_uids names, and nothing is in neither mailbox. */
CHECKED result copy_across(struct copying *);

#endif
