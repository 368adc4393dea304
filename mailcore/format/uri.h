/*
 * uri.h - a reference in the light of where it was read (RFC 3986 5).
 */
#ifndef FORMAT_URI_H
#define FORMAT_URI_H

#include "mailcore/base/arena.h"

/* `reference`, absolute and without a fragment, its scheme in lower case and
 * encoded where it was not; in the arena.  Empty: one of the two is no URI. */
view uri_join(struct arena *, view base, view reference);

/* A reference at all?  The name of a namespace has to be one, or libxml2 takes
 * the document for none. */
bool uri_is_reference(struct arena *, view text);

#endif
