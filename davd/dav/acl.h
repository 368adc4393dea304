/*
 * acl.h - whose things a request is about, and whether it may have its way.
 *
 * What somebody has no right to at all looks as if it were not there: 404,
 * also for what really is not.  What he sees but may not do is 403 with the
 * privilege that is missing (RFC 3744 7.1.1).
 */
#ifndef DAV_ACL_H
#define DAV_ACL_H

#include "davd/dav/inside.h"

/* Fill in tree, owner, shared and rights, and open the owner's account: it is
 * the caller's to close, on failure too.  NOT_FOUND: nothing that who asks
 * may know of. */
CHECKED result acl_resolve(struct dav *);

/* May this method be tried there?  false: answered. */
bool acl_gate(struct dav *, view method);

/* The rights on a resource of the open account; `collection` may be NULL. */
unsigned acl_rights(
    const struct dav *, enum dav_what, const struct collection *);

/* Those on the target of the request. */
CHECKED result acl_target_rights(struct dav *, unsigned *out);

/* Is there one of `any` among the rights on this collection? */
bool acl_may(const struct dav *, const struct collection *, unsigned any);

/* Show another's account in place of the one that is open, and go back. */
struct acl_visit {
	struct account *account;
	struct dav_person owner;
	struct right_set rights;
	struct subscription shared;
};

/* To where a subscription leads.  NOT_FOUND: it may not be seen (any more).
 * Whatever it returns, acl_leave must follow. */
CHECKED result acl_enter(struct dav *, const struct subscription *,
    struct acl_visit *back, struct collection *out);
void acl_leave(struct dav *, struct acl_visit *back);

/* The bytes of an object as who asks may see them: all, or of an event that
 * is not meant for him only when it is, made in `made`. */
view acl_seen(const struct dav *, const struct collection *, view bytes,
    struct buf *made);

/* Would acl_seen make another text of it? */
bool acl_is_masked(
    const struct dav *, const struct collection *, const struct item *);

/* The ETag of what he sees, in `arena`.  That of a masked event says nothing
 * of what is left out, and is another one when he sees all of it. */
view acl_etag(const struct dav *, struct arena *, const struct collection *,
    const struct item *);

/* Is it of a class that he may see, if he may read at all? */
bool acl_sees_whole(
    const struct dav *, const struct collection *, view bytes);

/* The privileges of RFC 3744 and RFC 4791, as sets of rights. */
struct acl_privilege {
	const char *tag;
	view ns;
	view name;
	unsigned depth; /* in the tree of supported-privilege-set */
	unsigned all;   /* who has all of these has it, */
	unsigned any;   /* and one of these, unless 0 */
	int on;         /* set of enum dav_what; 0: everywhere */
	unsigned gives; /* granting it gives these; 0: it cannot be granted */
	const char *description;
};
const struct acl_privilege *acl_privilege_at(size_t i);

/* NULL: not one of ours. */
const struct acl_privilege *acl_privilege_find(view ns, view name);
bool acl_has(const struct acl_privilege *, unsigned rights);

#endif
