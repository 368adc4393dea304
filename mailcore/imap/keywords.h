/*
 * keywords.h - sets of keywords as the store keeps them: sorted without
 * case, once each, between single spaces.
 */
#ifndef IMAP_KEYWORDS_H
#define IMAP_KEYWORDS_H

#include "mailcore/base/arena.h"

/* Make such a set of any list of words; in `arena`. */
view keywords_make(view words, struct arena *);

bool keywords_has(view set, view word);
size_t keywords_count(view set);

view keywords_join(view a, view b, struct arena *);
view keywords_without(view a, view b, struct arena *);

#endif
