/*
 * text.h - the text of a message as people read it: decoded, in UTF-8,
 * without case.  What searches compare (RFC 3501 6.4.4) and what the index
 * of the store holds are the same, as both are made here.
 */
#ifndef FORMAT_TEXT_H
#define FORMAT_TEXT_H

#include "mailcore/base/buf.h"
#include "mailcore/base/view.h"

/* Text (UTF-8) without case. */
void text_fold(view text, struct buf *out);

/* Called for each piece of text, which lives until it returns.  true: go no
 * further. */
typedef bool text_visit(void *context, view folded);

/* The fields of a header block that are called `name` (NULL: all), a piece
 * each: their values, or `whole` with their names; and one more for addresses
 * that have quotes or comments: as ENVELOPE has them.  true: a visit was. */
bool text_header(view header, const view *name, bool whole, text_visit *,
    void *context);

/* The text of a message: of every text part, the headers of parts and of
 * messages inside, and with `header` its own header. */
bool text_message(view message, bool header, text_visit *, void *context);

#endif
