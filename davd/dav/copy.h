/*
 * copy.h - COPY and MOVE (RFC 4918 9.8, 9.9): what they say of where to, and
 * what is asked of an object before it goes there.
 */
#ifndef DAV_COPY_H
#define DAV_COPY_H

#include "davd/dav/schedule.h"

/* The Destination field (10.3): false, answered: none, or not of this host. */
bool copy_destination(struct dav *, struct dav_path *out);

/* The Overwrite field (10.6): false, answered: neither T nor F. */
bool copy_overwrite(struct dav *, bool *out);

/* One object or collection on its way. */
struct carry {
	struct dav *d; /* of the account that is asked about */
	struct scheduling schedule;
	struct dav_path to;
	bool move;
	bool overwrite;
	bool created;
	unsigned status; /* of a failed condition */
	unsigned need;   /* a right that is missing */
	const char *condition;
	view href;
};

/* Always DENIED, with what the answer needs. */
CHECKED result carry_refuse(
    struct carry *, unsigned status, const char *condition);

/* May who asks read all of the source? */
CHECKED result carry_check_source(struct carry *,
    const struct collection *from, const struct item *);

/* What is not all shown to somebody is not his to replace, and does not go
 * where it may be. */
CHECKED result carry_check_shown(struct carry *, unsigned need,
    const struct collection *in, const struct item *);

/* May it be there?  Sets `created`; else `there` is to go first. */
CHECKED result carry_find_room(struct carry *, const struct item *,
    const struct collection *to, struct item *there);

/* To or from another's account, where rights allow, and the answer. */
void carry_across(struct carry *);

#endif
