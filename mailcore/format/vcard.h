/*
 * vcard.h - vCards 3.0 (RFC 2426) and 4.0 (RFC 6350) as far as a store must
 * understand them, on a bounded content-line reader of our own.
 */
#ifndef FORMAT_VCARD_H
#define FORMAT_VCARD_H

#include "mailcore/base/arena.h"
#include "mailcore/format/xml_in.h"

struct vcard_facts {
	view uid; /* empty when there is none */
	view version;
	view words; /* vcard_words.h */
};

/* One vCard.  MALFORMED: valid-address-data (RFC 6352 6.3.2.1);
 * DENIED: supported-address-data (version). */
CHECKED result vcard_examine(view text, struct arena *,
    struct vcard_facts *out);

/* Does it match a CARDDAV:filter element (RFC 6352 10.5)? */
CHECKED result vcard_matches(view text, const struct xml_element *filter,
    struct arena *, bool *out);

#endif
