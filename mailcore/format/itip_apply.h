/*
 * itip_apply.h - an iTIP message into the calendar of the one it is for
 * (RFC 5546 3.2).  Pure; whether the sender may send it, the caller knows.
 */
#ifndef FORMAT_ITIP_APPLY_H
#define FORMAT_ITIP_APPLY_H

#include "mailcore/format/itip.h"

enum itip_effect {
	ITIP_IGNORED, /* stale, or not for this person */
	ITIP_STORE,   /* `text` in place of what there was */
	ITIP_REMOVE   /* nothing is left */
};

struct itip_applied {
	enum itip_effect effect;
	const char *why; /* of ITIP_IGNORED */
	view text;
	bool answered; /* a reply has changed a PARTSTAT */
};

/* `stored` NULL: there is no object of that UID.  `people`: of both.  Texts
 * live in the arena of `message`. */
CHECKED result itip_apply(const struct itip *stored,
    const struct itip *message, const struct itip_people *,
    struct itip_applied *out);

/* Does this message speak for `sender`: is it the organizer (or his SENT-BY)
 * of a REQUEST or CANCEL, the one attendee of a REPLY?  `sender` is
 * canonical. */
bool itip_speaks_for(const struct itip *message, view sender);

#endif
