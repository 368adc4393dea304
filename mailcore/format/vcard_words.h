/*
 * vcard_words.h - what people look for in a vCard (RFC 6352 10.5): names,
 * addresses, numbers, folded as i;unicode-casemap compares them, in some
 * hundred bytes that are kept beside it.  A search over them reads no card
 * that it does not find.
 *
 * They say what cannot match; what may match is asked of the card itself.
 */
#ifndef FORMAT_VCARD_WORDS_H
#define FORMAT_VCARD_WORDS_H

#include "mailcore/format/content_line.h"
#include "mailcore/format/xml_in.h"

/* Add a line of a card to its words, if it is one that people look for. */
void vcard_words_add(struct buf *, const struct content_line *,
    struct arena *);

/* All that were added; empty, which says nothing, when they are more than
 * LIMIT_VCARD_WORDS. */
view vcard_words_end(struct buf *, struct arena *);

/* A CARDDAV:filter element as far as words can answer it. */
struct vcard_search;

/* Lives in the arena, with views of the filter.  NULL: words say nothing. */
struct vcard_search *vcard_search_of(
    const struct xml_element *filter, struct arena *);

/* false: no card of these words matches.  `words` empty: who knows. */
bool vcard_search_may_match(const struct vcard_search *, view words);

#endif
