/*
 * compose.h - text in Unicode's normal form C, as Net-Unicode wants it
 * (RFC 5198 2): a letter and its accent are one code point where there is
 * one.  Names that look the same are then the same bytes.
 */
#ifndef FORMAT_COMPOSE_H
#define FORMAT_COMPOSE_H

#include "mailcore/base/arena.h"

/* In `arena`, or the text itself: when nothing changes, or it is no UTF-8. */
view compose(view text, struct arena *);

#endif
