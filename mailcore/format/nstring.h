/*
 * nstring.h - strings as IMAP sends them (RFC 3501 4.3): quoted where that
 * is possible, otherwise a literal.
 */
#ifndef FORMAT_NSTRING_H
#define FORMAT_NSTRING_H

#include "mailcore/base/buf.h"

/* Bytes as they are, without NUL; a quoted string only for ASCII. */
void nstring_add(struct buf *, view);

/* Text in ASCII: what is not becomes encoded words (RFC 2047), so that
 * sessions without UTF8=ACCEPT never see raw bytes. */
void nstring_add_text(struct buf *, view);

/* The same; NIL when empty. */
void nstring_add_text_or_nil(struct buf *, view);

#endif
