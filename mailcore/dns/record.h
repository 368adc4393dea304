/*
 * record.h - DNS records of the types that mail, calendars and contacts
 * need, read from the wire into what people compare: names in lower case
 * without the last dot, a TXT's strings joined (RFC 7208 3.3), a TLSA as
 * "3 1 1 <hex>", a CAA as `0 issue "ca.example"`.
 */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include "mailcore/base/arena.h"

enum record_type {
	RECORD_A = 1,
	RECORD_NS = 2,
	RECORD_CNAME = 5,
	RECORD_MX = 15,
	RECORD_TXT = 16,
	RECORD_AAAA = 28,
	RECORD_SRV = 33,
	RECORD_DS = 43,
	RECORD_TLSA = 52,
	RECORD_CAA = 257
};

struct record {
	enum record_type type;
	unsigned priority; /* MX, SRV */
	unsigned weight, port; /* SRV */
	view value; /* host, address, text; "" for the root, as SRV means it */
};

/* "CNAME"; "" for a type that is none of these. */
const char *record_type_name(enum record_type);

/* `rdata` as libunbound gives it: names not compressed.  Views live in the
 * arena.  MALFORMED: cut off, or junk behind it. */
CHECKED result record_read(enum record_type, view rdata, struct arena *,
    struct record *out);

bool record_same(const struct record *, const struct record *);

/* As a zone file has the data ("10 mail.example.org"), for people: names
 * without the last dot, a TXT without quotes, bytes that are no printable
 * ASCII as \DDD. */
view record_text(const struct record *, struct arena *);

#endif
