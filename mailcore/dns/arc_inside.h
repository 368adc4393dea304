/*
 * arc_inside.h - the links of a chain, as arc.c and arc_seal.c see them.
 */
#ifndef DNS_ARC_INSIDE_H
#define DNS_ARC_INSIDE_H

#include "mailcore/dns/arc.h"
#include "mailcore/dns/dkim_inside.h"

/* RFC 8617 4.2.1. */
enum { ARC_SETS = 50 };

struct arc_set {
	const struct dkim_field *results, *message, *seal;
};

struct arc_sets {
	struct arc_set set[ARC_SETS];
	size_t count;
};

/* MALFORMED: links are missing or there twice. */
CHECKED result arc_collect(const struct dkim_message *, struct arc_sets *out);

/* What the seal of link `n` (from 0) covers before its own field; all three
 * fields of the links before it, and two of its own. */
void arc_add_covered(struct buf *out, const struct arc_sets *, size_t n);

#endif
