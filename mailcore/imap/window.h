/* window.h - a part of a result, "1:500" or "-1:-500" (RFC 9394). */
#ifndef IMAP_WINDOW_H
#define IMAP_WINDOW_H

#include "mailcore/imap/parse.h"

struct window {
	bool asked;
	bool from_end;
	uint32_t from, to; /* from 1, from <= to */
};

void window_parse(struct parse *, struct window *);

/* Of `count` results those from `*first` up to, not with, `*end`, counted
 * from 0.  Not asked: all. */
void window_clip(const struct window *, size_t count, size_t *first,
    size_t *end);

#endif
