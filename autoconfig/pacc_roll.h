/*
 * pacc_roll.h - changing a domain's PACC document without a moment in which
 * the DNS vouches for other bytes than those that are served.
 *
 * The house keeps the bytes that the plan has given out a digest for.  They
 * are served until a change is announced: then the plan has both digests, and
 * at the switch, a day later, the new bytes are served.  The old digest stays
 * in the plan for those who still have the old bytes.
 */
#ifndef AUTOCONFIG_PACC_ROLL_H
#define AUTOCONFIG_PACC_ROLL_H

#include "autoconfig/service_set.h"
#include "mailcore/store/store.h"

enum {
	/* The old TXT is remembered for an hour (DNS_PLAN_TTL); the rest of a
	 * day is for the person who publishes the new one. */
	PACC_DELAY = 86400,
	/* The old document is kept by clients for five minutes, and TXT that
	 * has gone from the zone does no harm for an hour. */
	PACC_KEEP = 3600,
	PACC_DELAY_HOURS_MOST = 8760
};

struct pacc_roll {
	view served; /* the bytes to serve now; "": there is no document */
	view other;  /* the document to come, or the former one, while its
	              * digest has to be published too; or "" */
	int64_t switches; /* when; 0: no change is announced */
	bool unannounced; /* the configuration says something else by now */
};

/* Views live in `arena`.  Never NOT_FOUND: then `served` is "". */
CHECKED result pacc_roll_look(struct store *, const struct service_set *,
    int64_t now, struct arena *, struct pacc_roll *out);

/* The same, and what the configuration says is announced from now on. */
CHECKED result pacc_roll_announce(struct store *, const struct service_set *,
    int64_t now, struct arena *, struct pacc_roll *out);

/* The announced change happens at `at`.  NOT_FOUND: nothing is announced. */
CHECKED result pacc_roll_switch(struct store *, const struct service_set *,
    int64_t at, struct arena *);

#endif
