/*
 * change.h - setting properties, as PROPPATCH, MKCOL and MKCALENDAR do: all of
 * a request, or none.
 */
#ifndef DAV_CHANGE_H
#define DAV_CHANGE_H

#include "davd/dav/prop.h"

struct change {
	const struct xml_element *element;
	const struct prop_row *row; /* NULL: not one of ours */
	bool remove;
	bool personal;         /* a subscriber's own, see subscribe.h */
	unsigned status;       /* 200, or why not */
	const char *condition; /* "D:cannot-modify-protected-property", NULL */
};

struct changes {
	struct change *list;
	size_t count;
	bool bad; /* one of them is refused */
};

/* What is in the DAV:set and DAV:remove children of `root`, each judged for
 * a collection of that kind.  `making`: also what only a new collection may
 * be given.  MALFORMED, OVER_LIMIT. */
CHECKED result changes_read(struct dav *, const struct xml_element *root,
    enum dav_what, bool making, struct changes *out);

/* Inside account_write of the owner; when none is bad.  Those that are
 * personal are left to subscribe_patch. */
CHECKED result changes_apply(
    struct dav *, int64_t collection, const struct changes *);

/* Was it made as CS:subscribed: no calendar, but the place of one elsewhere
 * (CS:source), which the client fetches? */
bool change_is_subscribed(
    struct dav *, struct arena *, const struct collection *);

/* A propstat for each verdict; those not at fault get 424. */
void changes_write(struct xml_out *, const struct changes *, struct arena *);

#endif
