/*
 * way.h - from a host and a port to what is connected to.
 *
 * The only way to an address: names come from the network, so that an
 * address of a private network is refused unless it was given by hand, and
 * nobody can use this program to reach into the network it runs in.
 */
#ifndef DOCTOR_WAY_H
#define DOCTOR_WAY_H

#include "mailcore/base/arena.h"
#include "mailcore/dns/resolve.h"

struct way {
	struct resolver *resolver; /* NULL: nobody knows other names */
	view domain;        /* with all names under it, ... */
	view at;            /* ... is at this address; "" to look it up */
	unsigned base_port; /* added to ports below 1024 */
	bool inside;        /* private addresses are fine */
};

enum { WAY_ADDRESSES = 4 };

struct way_end {
	view addresses[WAY_ADDRESSES];
	size_t count;
	unsigned port;
};

/* NOT_FOUND: there is no such name.  DENIED: only inner addresses. */
CHECKED result way_find(const struct way *, struct arena *, view host,
    unsigned port, struct way_end *out);

#endif
