/*
 * header.h - the insides of structured header fields (RFC 5322 3.2.2, RFC
 * 2045 5.1, RFC 2231): comments skipped, quotes taken off, folds undone.
 * Fields are found with header_find and header_next of mime.h.
 */
#ifndef FORMAT_HEADER_H
#define FORMAT_HEADER_H

#include "mailcore/format/mime.h"

/* A raw value on one line, trimmed; NUL bytes are dropped.  In `arena`, or
 * `raw` itself when nothing had to change. */
view header_unfold(view raw, struct arena *);

/* "value; name=value; ..." */
struct header_value {
	view value; /* "text/plain", "attachment" */
	struct mime_parameter *parameters;
	size_t parameter_count;
};

/* The parameters as they are spelled, at most LIMIT_MIME_PARAMETERS. */
void header_value(view raw, struct arena *, struct header_value *out);

/* Join the pieces of RFC 2231 and decode them to UTF-8, in place. */
void header_join(struct header_value *, struct arena *);

/* Join the pieces of RFC 2231 3 to one parameter each, in place, coded as 4
 * says ("filename*", "utf-8''%41") where one of them was.  What is no piece,
 * or one behind a gap, stays as it is spelled. */
void header_rejoin(struct header_value *, struct arena *);

/* Skip white space and comments (nested ones too). */
void header_skip(view *);

/* Take a quoted string that begins here: without its quotes and
 * backslashes, folds undone.  Without an end it goes to the end. */
view header_quoted(view *, struct arena *);

/* A byte that may stand in an RFC 5322 atom, or any above ASCII. */
bool header_is_atom(char);

#endif
