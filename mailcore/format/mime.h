/*
 * mime.h - a message cut into its parts (RFC 5322, 2045, 2046).
 *
 * Iterative and bounded: LIMIT_MIME_DEPTH, LIMIT_MIME_PARTS,
 * LIMIT_HEADER_FIELDS, LIMIT_MIME_HEADERS.  Where a message goes beyond, the
 * part in question is one opaque leaf.  Never fails on bad mail: any bytes
 * are some message.
 * Line ends may be CRLF or LF.  All views point into the message.
 */
#ifndef FORMAT_MIME_H
#define FORMAT_MIME_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

struct mime_parameter {
	view name;
	view value; /* RFC 2231 pieces joined, decoded to UTF-8 */
};

struct mime_part {
	view header; /* the header block with the blank line behind it */
	view body;
	view type, subtype; /* "text", "plain"; lower case */
	struct mime_parameter *parameters; /* of Content-Type */
	size_t parameter_count;
	struct mime_part *children; /* of a multipart */
	size_t child_count;
	struct mime_part *message; /* of message/rfc822, message/global */
	struct mime_part *parent;  /* NULL for the whole message */
	uint64_t lines;            /* of body; only text and message */
	bool opaque; /* beyond a limit: the header was not looked at */
};

/* The tree lives in `arena`.  OVER_LIMIT: only by the arena's budget, which
 * LIMIT_MIME_WORK always satisfies. */
CHECKED result mime_parse(view message, struct arena *,
    struct mime_part **out);

/* The part that comes next when each is visited before those inside it; NULL
 * at the end. */
struct mime_part *mime_next(const struct mime_part *);

/* The part that a section number names (RFC 3501 6.4.5: "1.2"); NULL when
 * there is none.  No numbers: the message itself. */
const struct mime_part *mime_find(const struct mime_part *message,
    const uint32_t *numbers, size_t count);

/* The body without its transfer encoding (RFC 2045 6), as far as it can be
 * read; added to `out`. */
void mime_decode(const struct mime_part *, struct arena *, struct buf *out);

/* What stands in a multipart before its first part and behind its last. */
void mime_around(const struct mime_part *, struct arena *, view *before,
    view *after);

/* The parameter's value; empty when there is none. */
view mime_parameter(const struct mime_part *, view name);

/* The first header field `name` of a header block, unfolded, trimmed; in
 * `arena`.  false: none. */
bool header_find(view header, view name, struct arena *, view *value);

/* Take one field (with its continuation lines) off the block.
 * `name` without the colon; `value` raw, with its folds.  false at the end. */
bool header_next(view *header, view *field, view *name, view *value);

/* Where the header block ends: behind its blank line; the length of the
 * message when there is no body. */
size_t header_length(view message);

#endif
