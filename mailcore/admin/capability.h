/*
 * capability.h - what of IMAP one person's mail programs are not to use: the
 * way out when a program misuses something.  It counts from the next login.
 */
#ifndef ADMIN_CAPABILITY_H
#define ADMIN_CAPABILITY_H

#include "mailcore/store/store.h"

/* Capabilities with spaces between, like "COMPRESS=DEFLATE QRESYNC"; "":
 * none is switched off.  NOT_FOUND: no such mailbox.  MALFORMED: not
 * capabilities. */
CHECKED result admin_imap_without(
    struct store *, view address, view capabilities);

/* In `arena`; "" for none. */
CHECKED result admin_imap_without_get(
    struct store *, struct arena *, view address, view *out);

#endif
