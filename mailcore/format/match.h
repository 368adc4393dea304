/*
 * match.h - the text-match element of CalDAV (RFC 4791 9.7.5) and CardDAV
 * (RFC 6352 10.5.4), and its collations (RFC 4790, RFC 5051).
 */
#ifndef FORMAT_MATCH_H
#define FORMAT_MATCH_H

#include "mailcore/base/arena.h"
#include "mailcore/format/xml_in.h"

/* i;ascii-casemap, i;octet or i;unicode-casemap; "" and "default" too. */
bool match_knows_collation(view name);

/* As that collation compares it; a view of `v` or in the arena. */
view match_fold(view v, view collation, struct arena *);

/* Does `value` match?  Without a collation attribute `collation` holds.
 * negate-condition is applied. */
bool match_text(const struct xml_element *text_match, view value,
    view collation, struct arena *);

#endif
