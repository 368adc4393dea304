/*
 * rdata.h - the data of a DNS record (RFC 1035 3.3), as libunbound gives it:
 * names are not compressed.  It comes from strangers.
 */
#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include "mailcore/dns/resolve.h"

/* RFC 1035 3.3.9.  The host is lower case without the last dot; empty for
 * "." (RFC 7505).  MALFORMED: cut off, too long, or no host name. */
CHECKED result rdata_mx(view rdata, struct arena *, struct mx *out);

/* 4 octets or 16, as text.  MALFORMED. */
CHECKED result rdata_address(view rdata, struct arena *, view *out);

#endif
