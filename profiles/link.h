/*
 * link.h - what a phone's camera hands to an app: the import text of
 * Thunderbird for Android (format version 1), and DAVx5's deep link.
 */
#ifndef PROFILES_LINK_H
#define PROFILES_LINK_H

#include "autoconfig/service_set.h"

/* IMAP before POP3, and of each the first, which is TLS from the start; NULL:
 * none. */
const struct service_entry *link_incoming(const struct service_set *);

/* `password` may be empty: the app asks.  MALFORMED: the format takes ASCII
 * addresses only.  OVER_LIMIT: more than fits one code.  NOT_FOUND: the server
 * has no mail to offer. */
CHECKED result link_thunderbird(const struct service_set *, view address,
    view name, view password, struct buf *out);

/* NOT_FOUND: the server has no DAV to offer. */
CHECKED result link_davx5(const struct service_set *, view address,
    view password, struct buf *out);

#endif
