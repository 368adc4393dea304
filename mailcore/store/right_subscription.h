/*
 * right_subscription.h - collections of others that somebody wants to see
 * beside his own.  A subscription gives no right: whoever follows one asks
 * right.h first.
 *
 * Calls that change something are made inside account_write of the
 * subscriber, the others anywhere.
 */
#ifndef STORE_RIGHT_SUBSCRIPTION_H
#define STORE_RIGHT_SUBSCRIPTION_H

#include "mailcore/store/collection.h"

struct subscription {
	int64_t id; /* grows with each that is made */
	enum collection_kind kind;
	view name; /* the path segment in the subscriber's home */
	int64_t owner;
	int64_t collection;
};

/* By name.  Views live in `arena`. */
CHECKED result subscription_list(struct account *, struct arena *,
    enum collection_kind, struct subscription **out, size_t *count);
CHECKED result subscription_find(struct account *, struct arena *,
    enum collection_kind, view name, struct subscription *out);

/* Again is no failure, and keeps the name it has.  EXISTS: the name is taken.
 * OVER_LIMIT: LIMIT_COLLECTIONS of them. */
CHECKED result subscription_add(
    struct account *, const struct subscription *);

/* NOT_FOUND: there was none.  collection_changes tells its name as gone. */
CHECKED result subscription_remove(
    struct account *, int64_t owner, int64_t collection);

/* The segment under which another's collection is shown, as SOGo spells it:
 * "user_A_example_D_com_personal".  In the arena; empty: it would be too
 * long. */
view subscription_segment(struct arena *, view owner, view collection);

/* What a subscriber sets for himself (a colour, another name), as
 * property_get and property_set do it. */
CHECKED result subscription_property_get(
    struct account *, struct arena *, int64_t id, view name, view *value);
CHECKED result subscription_property_set(
    struct account *, int64_t id, view name, view value);

#endif
