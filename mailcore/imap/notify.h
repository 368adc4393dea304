/*
 * notify.h - what a session wants to be told unasked (RFC 5465), of the
 * selected mailbox and of its own account's others.
 *
 * What is told lies in the difference between two lists of the account's
 * mailboxes: as they were when last looked at, and now (notify_seen.h).  A
 * change wakes the session when it is idle or between two commands; one that
 * comes while a command is read or run is told behind its end.
 */
#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "mailcore/imap/box.h"
#include "mailcore/imap/session.h"

enum notify_event {
	EVENT_NEW = 1,
	EVENT_EXPUNGE = 2,
	EVENT_FLAGS = 4,
	EVENT_NAME = 8,
	EVENT_SUBSCRIPTION = 16,
	EVENT_NOTES = 32,  /* MailboxMetadataChange */
	EVENT_SERVER = 64, /* ServerMetadataChange */
	EVENT_MESSAGE = EVENT_NEW | EVENT_EXPUNGE | EVENT_FLAGS
};

enum notify_filter {
	FILTER_SELECTED,
	FILTER_DELAYED,
	FILTER_PERSONAL, /* and inboxes: RFC 5465 6.3, with filters */
	FILTER_SUBSCRIBED,
	FILTER_SUBTREE,
	FILTER_MAILBOXES
};

struct notify_group {
	enum notify_filter filter;
	unsigned events; /* set of enum notify_event */
	view *names;
	size_t name_count;
};

struct notify_seen; /* the mailboxes as they were */

struct notify {
	bool implied; /* made by ENABLE METADATA: NOTIFY was not asked for */
	struct arena *arena; /* of what was asked */
	struct notify_group *groups; /* of others than the selected one */
	size_t group_count;
	unsigned selected; /* events of the selected mailbox */
	bool delayed;
	view attributes; /* "(UID FLAGS)" of new messages; or empty */
	struct notify_seen *seen; /* NULL: no others are followed */
	bool due; /* something changed meanwhile */
	uint32_t new_from, new_to; /* UIDs told of and to be fetched */
	uint32_t own_from, own_end; /* but these, which are its own */
};

void notify_free(struct notify **);

/* Did the client say NOTIFY? */
bool notify_asked(const struct imap *);

/* One of these events, of any mailbox? */
bool notify_wants(const struct imap *, unsigned events);

/* ENABLE METADATA (RFC 5464 4.4): from now on changes of all annotations are
 * told, too. */
CHECKED result notify_follow_metadata(struct imap *);

/* account_write, made durable, of which the session is told nothing of what it
 * does itself (RFC 5465 5); what others did before is told at once. */
CHECKED result notify_write(struct imap *, struct account *, account_work *,
    void *context, struct buf *out);

/* Is there anything to be woken for? */
bool notify_watches(const struct imap *);

/* Something else will be asked for: what others did until now is told as it
 * was to be. */
void notify_settle(struct imap *, struct buf *out);

/* The account's own mailboxes as they are now, with a STATUS of each whose
 * messages are followed if `status`. */
CHECKED result notify_begin(
    struct imap *, struct command *, bool status, struct buf *out);

/* box_tell, remembering what is to be fetched. */
bool notify_tell(struct imap *, const struct telling *, struct buf *out);
/* Another mailbox is selected, or none. */
void notify_left(struct imap *);

/* A change, and no unit runs: tell. */
struct step notify_wake(struct imap *, struct buf *out);
/* A command has ended with `step`: tell what had to wait. */
struct step notify_after(struct imap *, struct step, struct buf *out);
/* More of the FETCH that nobody asked for. */
struct step notify_fetch(struct imap *, struct buf *out);

#endif
