/* mailbox.h - names of mailboxes: what may be one, and what lies above it. */
#ifndef IMAP_MAILBOX_H
#define IMAP_MAILBOX_H

#include "mailcore/imap/session.h"
#include "mailcore/store/collection.h"

/* May a mailbox be made with that name?  DENIED: no, and why. */
CHECKED result mailbox_check(view name);

/* STATUS items (RFC 3501 6.3.10, 7162, 8438, 7889), in the order asked. */
struct status_items {
	unsigned char list[16];
	size_t count;
};
void parse_status_items(struct parse *, struct status_items *out);
/* "* STATUS name (...)" CRLF; its owner's account is the command's. */
void mailbox_add_status(const struct imap *, const struct collection *,
    const struct status_items *, struct buf *out);
/* One of them enables CONDSTORE (RFC 7162 3.1). */
bool status_wants_modseq(const struct status_items *);

/* "\Sent" and so on; NULL: none. */
const char *mailbox_use(enum special_use);

/* The use "Sent" that a mailbox can be made for (RFC 6154 3), without its
 * backslash; USE_NONE: no such one, or one that no mailbox here can have. */
enum special_use mailbox_use_of(view name);

#endif
