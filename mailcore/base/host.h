/*
 * host.h - names of hosts and domains, as they are written.
 *
 * Letters, digits and hyphens in labels of at most 63 bytes (RFC 1123 2.1,
 * RFC 1035 2.3.4), A-labels included; no root dot, no underscores.  Nothing
 * is kept, so all threads may ask.
 */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#include "mailcore/base/view.h"

#include <stdbool.h>
#include <stddef.h>

bool host_is_label(view);

/* How many labels the name of a host has; 0: it is none, or has more than
 * LIMIT_DOMAIN bytes. */
size_t host_labels(view name);

/* Is `name` the domain itself or below it?  ASCII case does not matter. */
bool host_is_under(view name, view domain);

#endif
