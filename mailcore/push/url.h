/*
 * url.h - the address of a push resource, as a client gave it (RFC 8030 2).
 */
#ifndef PUSH_URL_H
#define PUSH_URL_H

#include "mailcore/base/url.h"

/* https, a host name or an address, nothing that has no place in a request
 * line.  MALFORMED; OVER_LIMIT: LIMIT_PUSH_URL. */
CHECKED result push_url_parse(view text, struct url *out);

/* May this machine connect to it, as far as the text tells?  A name that
 * leads to an inner address is found out when it is looked up. */
bool push_url_is_inner(const struct url *);

#endif
