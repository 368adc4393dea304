/*
 * notify_note.h - annotations as a session last heard of them: what is told
 * (RFC 5465 5.6, 5.7, RFC 5464 4.4.2) are the names of those that differ.
 * Of a value a hash is kept.
 */
#ifndef IMAP_NOTIFY_NOTE_H
#define IMAP_NOTIFY_NOTE_H

#include "mailcore/imap/session.h"
#include "mailcore/store/collection.h"

struct note {
	int64_t collection; /* 0: the account's own */
	view name;          /* without /private or /shared */
	uint64_t hash;
	bool shared;
	bool differs;
};

struct notes {
	struct note *list; /* by collection */
	size_t count;
	size_t room;
};

/* Those that are shared and those of `whose`; `out` lives in `arena`. */
CHECKED result notes_read(struct account *, struct arena *, int64_t whose,
    struct notes *out);

/* Which differ; and does any? */
bool notes_compare(struct notes *old, struct notes *now);

/* "* METADATA name entry entry" CRLF of those of a mailbox that differ, and
 * of its use if that does; nothing where none does. */
void notes_tell(const struct imap *, const struct notes *old,
    const struct notes *now, const struct collection *, bool use,
    struct buf *out);

#endif
