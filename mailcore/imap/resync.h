/* resync.h - what went while a client was away (RFC 7162 3.2). */
#ifndef IMAP_RESYNC_H
#define IMAP_RESYNC_H

#include "mailcore/imap/box.h"
#include "mailcore/imap/session.h"

/* "* VANISHED (EARLIER) 3:5,9": those of `known` (NULL: all there ever were)
 * that are gone since then; nothing when there are none. */
CHECKED result resync_tell_gone(const struct box *, struct account *,
    int64_t since, const struct idset *known, struct buf *out);

/* "(QRESYNC (1 20 1:9 (1,5 1,7)))" of SELECT, behind its name. */
struct resync {
	bool asked;
	uint32_t uid_validity;
	int64_t since;
	bool knows;
	struct idset known;
};
void resync_parse(struct parse *, struct resync *);

/* All that the client missed: what is gone is told, what has changed is
 * marked to be told. */
CHECKED result resync_box(struct box *, struct account *, struct resync *,
    struct buf *out);

#endif
