/*
 * verify.h - are the books of an account right?
 *
 * Sums, numbers and references are kept so that nobody has to count; here
 * everything is counted.  Nothing is written.  A finding is a fault of the
 * program or of the disk, never of what a client sent.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "mailcore/store/store.h"

/* One fault.  `what` is a literal; the numbers are 0 where they say nothing:
 * the collection, and an item's uid or a body's id in it. */
struct verify_finding {
	const char *what;
	int64_t collection, number;
};

typedef void verify_report(void *context, const struct verify_finding *);

/* Look at the account over one snapshot; `bodies`: also read every body and
 * compare its SHA-256.  `*faults`: how many were reported (at most
 * LIMIT_VERIFY_FINDINGS of a kind).  FAILED: cannot be read. */
CHECKED result account_verify(struct account *, bool bodies,
    verify_report *, void *context, size_t *faults);

#endif
