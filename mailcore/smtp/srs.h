/*
 * srs.h - reverse-paths for mail that is sent on (the Sender Rewriting
 * Scheme): receivers ask SPF of the last host, so the sender becomes an
 * address of ours that leads bounces back to the true one.
 *
 * SRS0=hash=day=domain=local@ours, and for what was rewritten elsewhere
 * SRS1=hash=host=its-inside@ours.  The hash is an HMAC under the setting
 * "srs-key"; a day stamp is good for SRS_DAYS.
 */
#ifndef SMTP_SRS_H
#define SMTP_SRS_H

#include "mailcore/base/arena.h"
#include "mailcore/store/store.h"

enum { SRS_KEY = 32, SRS_DAYS = 21 };

CHECKED result srs_key(struct store *, unsigned char key[SRS_KEY]);

/* `sender` as an address of `domain`.  OVER_LIMIT: the local part would be
 * longer than RFC 5321 4.5.3.1.1 allows. */
CHECKED result srs_forward(const unsigned char key[SRS_KEY],
    struct arena *, view sender, view domain, int64_t now, view *out);

/* Does it look like one of ours? */
bool srs_is(view local);

/* Whom a rewritten local part means.  NOT_FOUND: not made by us, or too
 * old. */
CHECKED result srs_back(const unsigned char key[SRS_KEY], struct arena *,
    view local, int64_t now, view *out);

#endif
