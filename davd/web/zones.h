/*
 * zones.h - the time zones of this system for everybody who asks: a time zone
 * data distribution service (RFC 7808), read-only, without logins.
 *
 * All zones that are listed are made into text once, at the first request, and
 * are given out with strong ETags from then on.  Not offered are cut data
 * (start and end of a "get") and leap seconds.
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
