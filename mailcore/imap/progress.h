/* progress.h - what keeps a client waiting tells how far it is: RFC 9585. */
#ifndef IMAP_PROGRESS_H
#define IMAP_PROGRESS_H

#include "mailcore/imap/session.h"

/* A piece of the command is done: how far, of what (0: it does not say).
 * Told when nothing was said for the time of RFC 9585 3. */
void progress_tell(struct imap *, struct command *, struct buf *out);

#endif
