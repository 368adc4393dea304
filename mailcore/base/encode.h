/*
 * encode.h - base64, hexadecimal, percent: bytes as text and back.
 */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "mailcore/base/buf.h"

/* RFC 4648 section 4, with padding. */
void encode_base64(struct buf *out, view bytes);

/* Whole groups, padding where due, no other bytes.  MALFORMED otherwise; what
 * was added to `out` before is then to be thrown away.  (libical exports a
 * function that is called decode_base64.) */
CHECKED result decode_base64_strict(struct buf *out, view text);

/* Lenient, for MIME bodies (RFC 2045 6.8): skips bytes outside the
 * alphabet and stops at padding. */
void decode_base64_mime(struct buf *out, view text);

/* The same in lines of 76 (RFC 2045 6.8), each with its CRLF. */
void encode_base64_lines(struct buf *out, view bytes);

/* RFC 4648 section 5, without padding. */
void encode_base64url(struct buf *out, view bytes);

/* No padding, no other bytes (RFC 7515 2).  MALFORMED: as above. */
CHECKED result decode_base64url(struct buf *out, view text);

void encode_hex(struct buf *out, view bytes);
CHECKED result decode_hex(struct buf *out, view text);

/* RFC 3986: keeps unreserved bytes, '/' and those in `keep`. */
void encode_percent(struct buf *out, view bytes, view keep);

/* RFC 3986 2.1.  A '%' without two hexadecimal digits, and a coded NUL, are
 * MALFORMED.  '+' stays '+'. */
CHECKED result decode_percent(struct buf *out, view text);

#endif
