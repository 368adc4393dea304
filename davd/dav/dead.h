/*
 * dead.h - properties that clients keep with collections and objects, and
 * which we only give back (RFC 4918 4): the inner XML with its language.
 *
 * On objects that is also what a row calls stored, or a name: nobody but
 * clients reads it there.
 */
#ifndef DAV_DEAD_H
#define DAV_DEAD_H

#include "davd/dav/change.h"

/* May a client keep that (NULL: no row of ours) with what lies in a
 * collection? */
bool dead_fits(enum dav_what, const struct prop_row *);

/* false: nobody has set it, or who asks may not see it.  Views live in the
 * scratch. */
bool dead_find(struct prop_out *, const struct resource *, view ns, view name,
    struct property *out);

/* All that no row describes, for allprop and propname. */
void dead_write_all(
    struct prop_out *, const struct resource *, bool names_only);

/* An element of that name with what stands in it. */
void dead_write(struct prop_out *, view ns, view name, const struct property *);

/* Inside account_write: of a collection, of an object. */
CHECKED result dead_apply(
    struct dav *, int64_t collection, const struct change *);
CHECKED result dead_apply_all(
    struct dav *, struct item *, const struct changes *);

#endif
