/*
 * copy.h - what COPY and MOVE (RFC 4918 9.8, 9.9) say of where to.
 */
#ifndef DAV_COPY_H
#define DAV_COPY_H

#include "davd/dav/inside.h"

/* The Destination field (10.3): false, answered: none, or not of this host. */
bool copy_destination(struct dav *, struct dav_path *out);

/* The Overwrite field (10.6): false, answered: neither T nor F. */
bool copy_overwrite(struct dav *, bool *out);

#endif
