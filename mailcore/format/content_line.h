/*
 * content_line.h - the lines that iCalendar and vCard are made of (RFC 5545
 * 3.1, RFC 6350 3.3): unfolded, cut into group, name, parameters and value.
 *
 * Bounded by LIMIT_CONTENT_LINE and the arena.  A line without folds is a
 * view of the text; others are joined in the arena.
 */
#ifndef FORMAT_CONTENT_LINE_H
#define FORMAT_CONTENT_LINE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

struct content_line {
	view group;      /* vCard: "item1" of "item1.TEL"; else empty */
	view name;       /* as spelled */
	view parameters; /* raw, without the first ';' */
	view value;      /* raw */
};

/* Sticky: after a failure no more lines come. */
struct content_lines {
	view rest;
	struct arena *arena;
	result r;
};

/* Skips a byte order mark.  MALFORMED: a NUL, or not UTF-8. */
struct content_lines content_lines_of(view text, struct arena *);

/* The next line that is not empty; false at the end and on a failure.
 * MALFORMED: no name or no colon.  OVER_LIMIT. */
bool content_line_next(struct content_lines *, struct content_line *);

/* Take one parameter off: name and raw value (a list, maybe quoted). */
bool content_parameter_next(view *parameters, view *name, view *value);

/* Take one value off a parameter's list, without its quotes. */
bool content_value_next(view *list, view *value);

/* Write a line: folded at 75 octets between characters, with CRLF. */
void content_line_add(struct buf *, const struct content_line *);

/* TEXT without its backslashes (RFC 5545 3.3.11, RFC 6350 3.4). */
view content_unescape(view value, struct arena *);

#endif
