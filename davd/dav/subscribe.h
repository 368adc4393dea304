/*
 * subscribe.h - collections of others in one's own home, and the commands by
 * which SOGo's and Apple's clients share and subscribe.
 */
#ifndef DAV_SUBSCRIBE_H
#define DAV_SUBSCRIBE_H

#include "davd/dav/acl.h"
#include "davd/dav/change.h"

/* Is the home shown to a client with what others share in it?  Apple's and
 * DAVx5 find that by calendar-proxy, and would show it twice. */
bool subscribe_is_shown(const struct dav *);

/* Show a collection of `owner` in the home of `who`, or no longer. */
CHECKED result subscribe_to(struct dav *, int64_t who,
    const struct dav_person *owner, const struct collection *);
CHECKED result subscribe_end(
    struct dav *, int64_t who, int64_t owner, int64_t collection);

/* What a subscriber sets for himself alone. */
bool subscribe_is_personal(view ns, view name);
CHECKED result subscribe_property(
    struct dav *, struct arena *, view key, view *value);

/* The personal ones of the changes, to the subscription. */
CHECKED result subscribe_patch(struct dav *, const struct changes *);

/* Commands in the body of a POST; each gets its root element and the
 * collection. */
#define NS_INVERSE "urn:inverse:params:xml:ns:inverse-dav"
void subscribe_acl_query(
    struct dav *, const struct xml_element *, const struct collection *);
void subscribe_share(
    struct dav *, const struct xml_element *, const struct collection *);
void subscribe_publish(
    struct dav *, const struct xml_element *, const struct collection *);

/* The account of an address that both sides may know of: of the owner's
 * domain.  NOT_FOUND. */
CHECKED result subscribe_person(
    struct dav *, view address, struct account_info *out);

#endif
