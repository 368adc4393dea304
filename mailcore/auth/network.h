/*
 * network.h - a range of addresses, "192.0.2.0/24" or "2001:db8::/32".
 * IPv4 is its mapped form in IPv6 (RFC 4291 2.5.5.2), so both compare alike.
 */
#ifndef AUTH_NETWORK_H
#define AUTH_NETWORK_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct network {
	unsigned char bytes[16];
	unsigned bits; /* of them that count */
};

/* An address alone is a network of one.  MALFORMED: neither, or bits are set
 * behind the length, which mostly is a slip. */
CHECKED result network_read(view text, struct network *out);

bool network_has(const struct network *, view address);

#endif
