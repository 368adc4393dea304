/*
 * vapid.h - who sends a push message (RFC 8292): the Authorization field.
 */
#ifndef PUSH_VAPID_H
#define PUSH_VAPID_H

#include "mailcore/auth/signer.h"

/* Appends "vapid t=..., k=...".  `audience`: the origin of the push service,
 * "https://push.example.net"; `host`: whom its operator may turn to.  Good
 * for twelve hours from `now`. */
CHECKED result vapid_write(struct signer *, view audience, view host,
    int64_t now, struct buf *out);

#endif
