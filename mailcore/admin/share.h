/*
 * share.h - grants (store/right.h) in the words of people.
 *
 * A collection is "Calendar/personal", "Contacts/personal" or "Mail/INBOX";
 * "Calendar", "Contacts" or "Mail" alone are all of that kind.  Who has it is
 * an address, "domain" (everyone in the owner's) or "anyone".  Rights are
 * busy, times, read, write, private, confidential, schedule, admin, all, or
 * letters of RFC 4314, joined by commas.
 */
#ifndef ADMIN_SHARE_H
#define ADMIN_SHARE_H

#include "mailcore/base/buf.h"
#include "mailcore/store/right.h"

/* In place of what `who` had there.  NOT_FOUND, MALFORMED. */
CHECKED result admin_share_add(struct store *, view owner, view collection,
    view who, view rights);

/* NOT_FOUND: there was nothing to take away. */
CHECKED result admin_share_remove(
    struct store *, view owner, view collection, view who);

struct share {
	view collection;
	view who;
	view rights; /* as admin_share_add reads them */
};

/* Rights as it reads them and admin_share_list tells them: words, and letters
 * for what no word says.  In `arena`. */
view admin_rights_text(struct arena *, unsigned rights);

/* All that an account has granted, in `arena`. */
CHECKED result admin_share_list(struct store *, struct arena *, view owner,
    struct share **out, size_t *count);

#endif
