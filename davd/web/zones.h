/*
 * zones.h - the time zones of this system for everybody who asks: a time zone
 * data distribution service (RFC 7808), read-only, without logins.
 *
 * All zones that are listed are made into text once, at the first request, and
 * are given out with strong ETags from then on.  Zones are not cut: that is a
 * server's choice, whose "capabilities" tell of no range, so no start and end
 * of a "get" is one (3.9, 5.3).
 */
#ifndef WEB_ZONES_H
#define WEB_ZONES_H

#include "davd/http/http.h"

#define ZONES_CONTEXT "/tzdist" /* "context path"; RFC 7808 4.1.4 */

struct zones; /* for all threads */

struct zones *zones_new(void);
void zones_free(struct zones **);

/* A GET or HEAD of what is below ZONES_CONTEXT. */
void zones_answer(struct zones *, const struct request *, struct answer *);

#endif
