/* flags.h - system flags (RFC 3501 2.3.2) and keywords, read and written. */
#ifndef IMAP_FLAGS_H
#define IMAP_FLAGS_H

#include "mailcore/base/buf.h"

/* Beside enum item_flag: what a session is shown alone. */
enum { FLAGS_RECENT = 0x100 };

/* "(\Seen \Recent $Junk)" */
void flags_add(struct buf *, uint32_t flags, view keywords);

/* The bit of "\Seen" and so on; 0: not a system flag that can be set. */
uint32_t flag_of(view name);

#endif
