/*
 * word.h - text of any charset as UTF-8, and encoded words (RFC 2047).
 *
 * Never fails on bad text: what cannot be read becomes U+FFFD.  The common
 * charsets are built in; of the others only those that mail uses reach iconv.
 */
#ifndef FORMAT_WORD_H
#define FORMAT_WORD_H

#include "mailcore/base/buf.h"

/* `bytes` in `charset` as UTF-8.  An unknown charset is read as UTF-8 when
 * that works, and as windows-1252 otherwise; false then. */
bool word_to_utf8(view charset, view bytes, struct buf *out);

/* A header value, on one line, with its encoded words decoded. */
void word_decode(view text, struct buf *out);

/* A header value in ASCII: words with bytes above 127 become encoded words
 * (charset utf-8, or unknown-8bit when they are not UTF-8); all else stays,
 * encoded words too. */
void word_encode(view text, struct buf *out);

#endif
