/*
 * sending.h - to how many people somebody may send, and has sent; in
 * posthaste.db, so that all processes and nodes count together.
 *
 * Counted by clock hours and days in UTC: one row for each account, one
 * upsert for each message.
 */
#ifndef STORE_SENDING_H
#define STORE_SENDING_H

#include "mailcore/store/store.h"

enum { SENDING_ANY = -1 }; /* no limit */

/* Recipients; 0: none at all. */
struct sending_limit {
	int64_t hour;
	int64_t day;
};

struct sending {
	int64_t account;
	int64_t recipients;
	int64_t now;
	struct sending_limit usual; /* where the account has none of its own */
	bool warn; /* set: it is too much, for the first time today */
};

/* BUSY: too much for now.  OVER_LIMIT: more than is ever allowed at once.
 * Then nothing is counted.  Kept lazily. */
CHECKED result sending_take(struct store *, struct sending *);

/* An account's own limits.  NOT_FOUND: it has none. */
CHECKED result sending_limit_get(struct store *, int64_t account,
    struct sending_limit *);
CHECKED result sending_limit_set(struct store *, int64_t account,
    const struct sending_limit *);
CHECKED result sending_limit_remove(struct store *, int64_t account);

/* So far in this hour and this day. */
CHECKED result sending_count(struct store *, int64_t account, int64_t now,
    struct sending_limit *);

/* In a transaction of the house.  Whoever may remove mailboxes and add others
 * would have the limits anew with each: what one has sent that goes stays with
 * its domain (the most of all), and is what one begins with that comes. */
CHECKED result sending_leave(struct account *house, int64_t account);
CHECKED result sending_begin(struct account *house, int64_t domain,
    int64_t account);

#endif
