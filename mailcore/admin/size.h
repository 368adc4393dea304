/*
 * size.h - how much a mailbox may hold, as people write it.
 */
#ifndef ADMIN_SIZE_H
#define ADMIN_SIZE_H

#include "mailcore/base/buf.h"

/* "500M", "10 GB", "1,5 Gio": units of 1024, in either case; a number alone
 * is of bytes; "none" is 0.  false: none of these, 0, or above 8 TiB, and
 * *out is 0. */
bool size_read(view text, int64_t *out);

/* As size_read takes it, to the byte: "5G", "1536M"; "" for 0. */
void size_write(int64_t bytes, struct buf *out);

#endif
