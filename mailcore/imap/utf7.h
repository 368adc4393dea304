/*
 * utf7.h - mailbox names as IMAP spells them (RFC 3501 5.1.3, modified
 * UTF-7) and as the store keeps them (UTF-8).
 */
#ifndef IMAP_UTF7_H
#define IMAP_UTF7_H

#include "mailcore/base/buf.h"

/* MALFORMED: not modified UTF-7.  '&' alone, printable characters in base64
 * and unpaired surrogates are refused, so that a name has one spelling. */
CHECKED result utf7_decode(view name, struct buf *out);

void utf7_encode(view utf8, struct buf *out);

#endif
