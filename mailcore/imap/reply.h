/* reply.h - how a command ends, in words; and what we can do. */
#ifndef IMAP_REPLY_H
#define IMAP_REPLY_H

#include "mailcore/imap/session.h"

/* "tag OK ...", "tag NO [CODE] ...", "tag BAD ...". */
void reply_end(struct imap *, struct command *, result, struct buf *out);

/* "IMAP4rev1 ..." as it is in the session's state. */
void reply_capabilities(const struct imap *, struct buf *out);

/* Has the administrator switched it off? */
bool reply_is_without(const struct imap *, view capability);

/* A mailbox name as an astring, in modified UTF-7 unless UTF-8 is enabled. */
void reply_mailbox(const struct imap *, struct buf *out, view name);

/* "* LIST ..." of a mailbox opened or made; `spelled` is how the client named
 * it, or empty (RFC 9051 6.3.2, 6.3.4). */
void reply_list(const struct imap *, struct buf *out, view name, view spelled);

/* The same of a name that a command took for another one, of a mailbox that
 * may be `gone`: once IMAP4rev2 is enabled, and where it was spelled otherwise
 * (RFC 9051 6.3.5, 6.3.6, 6.3.12). */
void reply_spelled(const struct imap *, struct buf *out, bool gone, view name,
    view spelled);

/* "* BYE ..." */
void reply_bye(struct buf *out, const char *why);

#endif
