/*
 * dav_find.h - how programs come from a mail domain to calendars and
 * contacts (RFC 6764): SRV and TXT, /.well-known/, the root.
 */
#ifndef DOCTOR_DAV_FIND_H
#define DOCTOR_DAV_FIND_H

#include "autoconfig/doctor/doctor.h"

struct dav_rules {
	bool srv;          /* asks for SRV (all look at TXT beside it) */
	bool same_origin;  /* drops a redirection to another origin */
	bool root;         /* tries / at last */
	bool options;      /* the principal's DAV header must name it */
	bool multistatus_200; /* wants "HTTP/1.1 200 OK", literally */
};

/* Adds the offer, or a fault of what answers wrongly. */
void dav_find(struct reading *, const struct dav_rules *, enum offer_kind,
    const struct world *, struct arena *, const struct person *);

/* A web site that accepts PUT / is taken for a calendar. */
void dav_bogus(struct reading *, const struct world *, struct arena *,
    const struct person *);

#endif
