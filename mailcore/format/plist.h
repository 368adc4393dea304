/*
 * plist.h - property lists as text: the old form of OpenStep that GNUstep
 * writes, and so sogo-tool.  Dictionaries, arrays and strings; what stands
 * in < > (octets, numbers, moments) is a string of what is between them.
 */
#ifndef FORMAT_PLIST_H
#define FORMAT_PLIST_H

#include "mailcore/base/arena.h"

enum plist_kind { PLIST_STRING, PLIST_ARRAY, PLIST_DICTIONARY };

struct plist {
	enum plist_kind kind;
	view key;  /* in a dictionary */
	view text; /* of a string: UTF-8 */
	struct plist *first, *next; /* what is in it, in its order */
};

enum { PLIST_DEPTH = 32 };

/* Views live in `text` or in the arena, whose budget bounds the number of
 * things.  MALFORMED; OVER_LIMIT: deeper than PLIST_DEPTH. */
CHECKED result plist_read(view text, struct arena *, struct plist **out);

/* NULL: not a dictionary with that key; so may `p` be. */
const struct plist *plist_find(const struct plist *p, view key);

/* The string of that key; "" without one. */
view plist_text(const struct plist *, view key);

#endif
