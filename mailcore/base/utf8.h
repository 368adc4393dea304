/*
 * utf8.h - is it UTF-8?  (RFC 3629; folding and IDN are libunistring's.)
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "mailcore/base/view.h"

/* Well-formed UTF-8: no overlong forms, surrogates or values past 10FFFF. */
bool utf8_is_valid(view v);

/* Every byte below 128. */
bool utf8_is_ascii(view v);

/* Take one code point off a valid view; U+FFFD for a malformed byte.
 * Call only while v->n > 0. */
uint32_t utf8_next(view *v);

/* The first bytes of a valid view, at most so many; code points stay whole. */
view utf8_first(view v, size_t most);

/* Write one code point, 1 to 4 bytes; returns how many. */
size_t utf8_put(char to[4], uint32_t code);

#endif
