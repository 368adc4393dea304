/*
 * notify_seen.h - the mailboxes of an account as a session last heard of
 * them, and what it is told of the difference to those of now (RFC 5465 5).
 */
#ifndef IMAP_NOTIFY_SEEN_H
#define IMAP_NOTIFY_SEEN_H

#include "mailcore/imap/notify.h"
#include "mailcore/imap/notify_note.h"

struct notify_seen {
	struct arena *arena;
	struct collection *list; /* by name */
	const struct collection **by_id;
	size_t count;
	struct notes notes; /* read only if somebody asks for their changes */
};

/* As they are now, with annotations of `whose` if that is not 0. */
CHECKED result notify_seen_read(
    struct account *, int64_t whose, struct notify_seen **out);

/* The same, with annotations if `notes`.  A command runs. */
CHECKED result notify_seen_look(
    struct imap *, bool notes, struct notify_seen **out);
/* Annotations alone; the mailboxes stay as they were. */
CHECKED result notify_seen_notes(struct imap *, struct notify_seen *);
void notify_seen_free(struct notify_seen **);

/* NULL: none. */
const struct collection *notify_seen_find(
    const struct notify_seen *, int64_t id);

/* notify_tell.c: a STATUS of each whose messages are followed. */
void notify_seen_status(
    const struct imap *, const struct notify_seen *, struct buf *out);

/* What has changed, as far as s->notify wants it. */
void notify_seen_tell(const struct imap *, struct notify_seen *old,
    struct notify_seen *now, struct buf *out);

#endif
